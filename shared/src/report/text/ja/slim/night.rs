//! 縮小した夜のまとめ。

use jiff::{SignedDuration, Timestamp};

use crate::{
    kind::Lever,
    report::{
        Cause, HeldSpan, NightTold,
        text::{
            Told, all_run, amount_of_month, bare, grouped, hours,
            ja::{Japanese, code, listed, minutes, money, short},
            shown_minutes,
        },
    },
};

impl Japanese<'_> {
    pub(in crate::report::text) fn night_summary(&self, night: &NightTold) -> Told {
        let estate = self.estate();
        let late = night
            .opening
            .map(|opening| shown_minutes(opening, self.0.now))
            .filter(|late| *late > 0);
        let title = match late {
            Some(late) => format!(
                "🌙 {estate}: 昼の規模に戻ったのは始業の {}後でした",
                minutes(late)
            ),
            None if night.slimmed.is_empty() => format!("🌙 {estate}: 昨夜は縮小しませんでした"),
            None if night.deaths > 0 => format!(
                "🌙 {estate}: 昨夜の縮小中にタスクが {} 回異常終了しました",
                night.deaths
            ),
            None => format!("🌙 {estate}: 昨夜の縮小は問題なし"),
        };
        let mut first = Vec::new();
        if !night.slimmed.is_empty() {
            first.push(self.unused(night));
            first.push(format!("{}。", self.slimmed(night)));
        }
        if !night.services.is_empty() {
            let all: Vec<String> = night
                .services
                .iter()
                .map(|count| {
                    format!(
                        "{} {}/{}",
                        self.brief(&count.service),
                        count.running,
                        count.desired
                    )
                })
                .collect();
            let healthy = if all_run(&night.services) {
                "正常"
            } else {
                "起動済み"
            };
            first.push(format!(
                "{} に {} {healthy}。",
                bare(self.0.now, self.0).in_japanese(),
                listed(&all, "・")
            ));
        }
        first.extend(night.held.iter().map(|span| self.held_span(span)));
        let mut lines = vec![first.concat()];
        let peak = night.highest_cpu.as_ref().map(|peak| {
            format!(
                "CPU の最大 {} %({})",
                peak.percent,
                self.brief(&peak.service)
            )
        });
        let deaths = match night.deaths {
            0 => "タスクの異常終了なし".to_owned(),
            deaths => format!("タスクの異常終了 {deaths} 回"),
        };
        let events = format!("スケールアウト {} 回、{deaths}", night.scale_outs);
        let met: Vec<String> = peak.into_iter().chain([events]).collect();
        lines.push(format!("{}。", met.join("、")));
        lines.retain(|line| !line.is_empty());
        (title, lines)
    }

    /// What did not run, and its worth.
    fn unused(&self, night: &NightTold) -> String {
        let mut amounts = Vec::new();
        if night.task_hours > 0.0 || night.acu_hours <= 0.0 {
            amounts.push(format!("{} タスク時間", hours(night.task_hours)));
        }
        if night.acu_hours > 0.0 {
            amounts.push(format!("{} ACU 時間", hours(night.acu_hours)));
        }
        let worth = night.saved.as_ref().map_or_else(String::new, |saved| {
            let month = night.month.as_ref().map_or_else(String::new, |month| {
                format!(
                    "({}月累計 {} {})",
                    self.0.now.to_zoned(self.0.zone.clone()).month(),
                    amount_of_month(month),
                    month.currency
                )
            });
            format!(" = {}{month}", money(saved))
        });
        format!("減らした {}{worth}。", amounts.join("と "))
    }

    /// `22:14–6:45 api の最小 2→1、web 2→1`.
    fn slimmed(&self, night: &NightTold) -> String {
        let spans = grouped(&night.slimmed).into_iter().map(|(span, group)| {
            let moved: Vec<String> = group
                .iter()
                .map(|slimmed| {
                    let (day, night) = (slimmed.day, slimmed.night);
                    let name = self.brief(&slimmed.resource);
                    match slimmed.lever {
                        Lever::Minimum => format!("{name} の最小 {day}→{night}"),
                        Lever::Count => format!("{name} {day}→{night}"),
                        Lever::Capacity => format!("{name} {day}→{night} ACU"),
                    }
                })
                .collect();
            format!(
                "{}–{} {}",
                self.hour(span.0),
                self.hour(span.1),
                moved.join("、")
            )
        });
        spans.collect::<Vec<_>>().join("。")
    }

    fn held_span(&self, span: &HeldSpan) -> String {
        let by = match &span.by {
            Cause::Alarm { alarm } => format!("アラーム {} が鳴っていた", code(alarm)),
            Cause::Deploying { back: false, .. } => "デプロイ中の".to_owned(),
            Cause::Deploying { back: true, .. } => "ロールバック中の".to_owned(),
            Cause::RolloutBroken { .. } => "失敗したデプロイが元に戻っていなかった".to_owned(),
            Cause::Unrest { database, .. } => {
                format!("{} の状態が変わる途中だった", code(database))
            }
            Cause::Load { .. } => "負荷が減らした台数に収まらなかった".to_owned(),
            Cause::NoLoad => "負荷がわからなかった".to_owned(),
            Cause::NotSteady { .. } => "起動していないタスクがあった".to_owned(),
            other => {
                let (words, found) = self.clause(other);
                let found = found.map_or_else(String::new, |found| format!("({found})"));
                return format!(
                    "{}–{} は縮小を待ちました。{words}{found}。",
                    self.hour(span.from),
                    self.hour(span.until)
                );
            }
        };
        format!(
            "{}–{} は{}ため縮小を待ちました。",
            self.hour(span.from),
            self.hour(span.until),
            by
        )
    }

    /// `6:45` within a day, else with its day.
    fn hour(&self, at: Timestamp) -> String {
        if self.0.now.duration_since(at) < SignedDuration::from_hours(24) {
            bare(at, self.0).in_japanese()
        } else {
            self.clock(at)
        }
    }

    fn brief(&self, name: &str) -> String {
        short(name, self.0)
    }
}
