//! 夜に縮小し、決して停止しない環境について、日本語で言うこと。

mod night;
mod states;

use jiff::Timestamp;

use super::{Japanese, code, duration, names, problem_lines, resource_of};
use crate::{
    config::Problem,
    kind::{Arn, Level, Lever},
    ledger::Order,
    report::{
        News, Waiting,
        text::{LISTED, Told, order_command, some, tag_command},
    },
};

impl Japanese<'_> {
    /// What every function tells, in the words of one that makes smaller; none where the words are
    /// the same for all.
    pub(in crate::report::text) fn slimming(&self, news: &News) -> Option<Told> {
        let estate = self.estate();
        let told = match news {
            News::Gone { resource, saved } => (
                format!("⚠️ {estate}: 縮小中の {} がなくなりました(意図した削除か確認してください)", code(resource)),
                vec![
                    format!(
                        "夜間の縮小のあとに見つからなくなりました。{}",
                        saved.map_or_else(String::new, |saved| format!("昼は {saved} 台でした。"))
                    ),
                    "意図した削除なら、環境の設定から外してください。そうでなければ、作り直してください。".to_owned(),
                ],
            ),
            News::NoConsent { arn, found, asleep } => {
                self.no_consent_to_slimming(arn, found.as_deref(), *asleep)
            }
            News::DocumentBroken { problems, in_force } => {
                self.slim_document_broken(problems, *in_force)
            }
            News::Released { resources } => (
                format!(
                    "↩️ {estate} は対象から外れました。昼の規模に{}(意図したものなら対応は不要です)",
                    self.or("戻します", "戻す想定です")
                ),
                vec![
                    if resources.is_empty() {
                        "設定が削除されました。縮小中のものはありません。".to_owned()
                    } else {
                        format!("設定が削除されました。元に戻すもの: {}。", names(resources))
                    },
                    "意図しない削除なら、設定を元に戻してください。".to_owned(),
                ],
            ),
            _ => return None,
        };
        Some(told)
    }

    /// A person's order to an estate that is slimmed.
    pub(in crate::report::text) fn slim_overridden(
        &self,
        order: Order,
        until: Timestamp,
        who: &str,
        reason: &str,
        set_at: Timestamp,
    ) -> Told {
        let estate = self.estate();
        let (told, at, set_at) = (self.until(until), self.clock(until), self.when(set_at));
        let then = format!("{at} からはカレンダーに従います。");
        match order {
            Order::Night | Order::Sleep => (
                format!(
                    "🕙 {estate} は{told} まで{}",
                    self.or("縮小したままです", "縮小したままの想定です")
                ),
                vec![format!(
                    "{who} が{set_at} に指示しました{reason}。そのまま使えます。必要なら Auto Scaling が増やします。{then}"
                )],
            ),
            Order::Hold => (
                format!(
                    "🕙 {estate} は{told} まで{}",
                    self.or("現状のままにします", "現状のままにする想定です")
                ),
                vec![format!(
                    "{who} が{set_at} に保留しました{reason}。朝になっても、縮小も拡大もしません。{then}"
                )],
            ),
            Order::Day | Order::Wake => (
                format!(
                    "🕙 {estate} は{told} まで{}",
                    self.or("昼の規模です", "昼の規模の想定です")
                ),
                vec![format!("{who} が{set_at} に指示しました{reason}。{then}")],
            ),
        }
    }

    pub(in crate::report::text) fn full_size(&self, news: &News) -> Told {
        let News::FullSize { services, seconds } = news else {
            return Told::default();
        };
        let services = if services.is_empty() {
            String::new()
        } else {
            format!("{}。", self.counts(services))
        };
        (
            format!(
                "☀️ {} は夜間ですが昼の規模になりました(対応は不要です)",
                self.estate()
            ),
            vec![
                format!("{services}所要 {}。", duration(*seconds)),
                "指示の期限が来れば、自動でまた縮小します。".to_owned(),
            ],
        )
    }

    pub(in crate::report::text) fn not_ready(
        &self,
        opening: Option<Timestamp>,
        since: Timestamp,
        waiting: &[Waiting],
    ) -> Told {
        let opened = opening.map_or_else(String::new, |opening| {
            format!("始業は {} でした。", self.clock(opening))
        });
        let mut lines = self.waiting(waiting);
        lines.push(format!("{} から拡大中です。{opened}", self.clock(since)));
        lines.push("ECS コンソールでサービスのイベントとタスクの停止理由を確認してください。それまでは昼より少ない台数で動いています。".to_owned());
        (
            format!(
                "🚨 {} が昼の規模に戻っていません(対応が必要です。利用者に影響するおそれがあります)",
                self.estate()
            ),
            lines,
        )
    }

    pub(in crate::report::text) fn held_back(&self, waiting: &[Waiting], since: Timestamp) -> Told {
        let mut lines = self.waiting(waiting);
        lines.push(format!(
            "{} から続いています。毎分確認します。拡大は待たせません。",
            self.clock(since)
        ));
        (
            format!(
                "🕐 {} にはまだ縮小していないものがあります(対応は不要です)",
                self.estate()
            ),
            lines,
        )
    }

    fn waiting(&self, waiting: &[Waiting]) -> Vec<String> {
        let (shown, rest) = some(waiting, LISTED);
        let mut lines: Vec<String> = shown
            .iter()
            .map(|waiting| {
                let (words, found) = self.clause(&waiting.cause);
                let found = found.map_or_else(String::new, |found| format!("({found})"));
                format!("{}: {words}{found}。", code(&waiting.resource))
            })
            .collect();
        if rest > 0 {
            lines.push(format!("ほか {rest} 件"));
        }
        lines
    }

    pub(in crate::report::text) fn changed_by_hand(&self, news: &News) -> Told {
        let News::ChangedByHand {
            resource,
            lever,
            hand,
            day,
            night,
            since,
            until,
        } = news
        else {
            return Told::default();
        };
        let until = until.map_or_else(
            || "昼になるまで".to_owned(),
            |until| format!("{} まで", self.clock(until)),
        );
        let returns = if hand > day {
            format!("昼の {day} より大きいので、朝もそのままにします。")
        } else {
            format!("朝に昼の {day} へ{}。", self.or("戻します", "戻す想定です"))
        };
        (
            format!(
                "✋ {}: {} が手動で変更されました。{until}そのままにします(対応は不要です)",
                self.estate(),
                code(resource)
            ),
            vec![format!(
                "{}は昼 {day}・夜 {night} のところ、いま {hand} です({} に確認)。{returns}",
                lever_words(*lever),
                self.clock(*since)
            )],
        )
    }

    pub(in crate::report::text) fn put_back(&self, news: &News) -> Told {
        let News::PutBack {
            resource,
            lever,
            day,
            night,
            since,
            until,
        } = news
        else {
            return Told::default();
        };
        let mut lines = vec![format!(
            "{}が昼の {day} に戻っていました({} に確認。terraform apply などで起こります)。{} に {night} へ{}。",
            lever_words(*lever),
            self.clock(*since),
            self.clock(*until),
            self.or("下げます", "下げる想定です")
        )];
        if !self.0.watch {
            lines.push("昼の規模のままにするときは(by と reason は書き換えてください):".to_owned());
            lines.push(order_command("day", *until, self.0));
        }
        (
            format!(
                "🕙 {}: {} が夜間に昼の規模へ戻されました(対応は不要です)",
                self.estate(),
                code(resource)
            ),
            lines,
        )
    }

    pub(in crate::report::text) fn hand_undone(
        &self,
        resource: &str,
        lever: Lever,
        hand: Level,
        night: Level,
    ) -> Told {
        (
            format!(
                "↩️ {}: {} の手動の変更を元に{}(対応は不要です)",
                self.estate(),
                code(resource),
                self.or("戻します", "戻す想定です")
            ),
            vec![format!(
                "{}が夜間に {hand} へ変更されたため、{night} に{}(設定の `enforce: true`)。",
                lever_words(lever),
                self.or("戻します", "戻す想定です")
            )],
        )
    }

    pub(in crate::report::text) fn day_capped(
        &self,
        resource: &str,
        day: Level,
        max: Level,
    ) -> Told {
        (
            format!(
                "⚠️ {}: {} の昼の最小値が最大値を超えています(対応が必要です。{max} で足りなければ利用者に影響します)",
                self.estate(),
                code(resource)
            ),
            vec![format!(
                "昼は {day} でしたが、最大値が {max} に下げられたため、最小値は {max} までしか{}。意図しない変更なら、最大値、最小値の順に上げてください。",
                self.or("戻せません", "戻せない想定です")
            )],
        )
    }

    fn no_consent_to_slimming(&self, arn: &Arn, found: Option<&str>, grows: bool) -> Told {
        let estate = self.estate();
        let resource = resource_of(arn);
        let (says, wrong) = self.tag_says(found);
        let command = tag_command(arn, self.0);
        if grows {
            return (
                format!(
                    "⚠️ {estate}: {resource}が拡大できないおそれがあります。{wrong}(対応が必要です: コマンド 1 つ。このままでは利用者に影響します)"
                ),
                vec![
                    format!(
                        "{says}(正しい値は `{estate}`)。縮小したときにはタグがありました。タグがないと、AWS が昼の規模に戻すのを拒否することがあります。次のコマンドで直ります:"
                    ),
                    command,
                ],
            );
        }
        (
            format!(
                "⚠️ {estate}: {resource}は縮小しません。{wrong}(コマンド 1 つで直ります。利用者への影響なし)"
            ),
            vec![
                format!(
                    "{says}(必要な値は `{estate}`)。このままでは変更の対象にしません。次のコマンドで直ります:"
                ),
                command,
                "いまの規模のままにするなら、代わりに環境の設定から外してください。".to_owned(),
            ],
        )
    }

    fn slim_document_broken(&self, problems: &[Problem], in_force: bool) -> Told {
        let estate = self.estate();
        let mut lines = problem_lines(problems);
        let (title, last) = if in_force {
            (
                "最後の正しい設定で動いています(対応が必要です。利用者への影響なし)",
                "直るまで、最後の正しい設定で縮小と拡大を続けます。",
            )
        } else {
            (
                "以前の正しい設定もありません。何もしません(対応が必要です。利用者への影響なし)",
                "直るまで、縮小しません。",
            )
        };
        lines.push(last.to_owned());
        (format!("⚠️ {estate}: 設定が読めません。{title}"), lines)
    }
}

/// What is moved, at the beginning of a sentence.
fn lever_words(lever: Lever) -> &'static str {
    match lever {
        Lever::Minimum => "最小値",
        Lever::Count => "台数",
        Lever::Capacity => "最小容量(ACU)",
    }
}

#[cfg(test)]
mod tests;
