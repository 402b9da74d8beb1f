//! 日本語。です・ます調で短く、同僚に書くように。`Mode: watch` では「〜する想定です」と書く。

mod rollback;
mod rotation;
mod slim;

use jiff::Timestamp;

use super::{
    HOURS_A_MONTH, LINES, LISTED, MESSAGE, NAME, PERSON, Place, Thing, Told, Tongue, Unit, all_run,
    amount, clean, code, is_rds, is_scalable_target, monthly, needs_somebody, parts, rate, said,
    seconds, short, shown_minutes, sign, slept_seconds, some, tag_command, thing, wake_command,
    word,
};
use crate::{
    config::Problem,
    kind::{Arn, Kind, Lever, Never, Suspension},
    ledger::{Order, Phase},
    report::{
        Cause, Change, Count, CountChange, Deed, Diagnosis, Failure, Finding, Money, News, Report,
        Row, State, Why, rollback::Story,
    },
};

/// Japanese, in one place.
pub(super) struct Japanese<'a>(pub(super) &'a Place<'a>);

impl Tongue for Japanese<'_> {
    #[allow(clippy::too_many_lines, reason = "one arm for each news")]
    fn news(&self, news: &News) -> Told {
        if self.0.slims()
            && let Some(told) = self.slimming(news)
        {
            return told;
        }
        let estate = self.estate();
        match news {
            News::Ready { opening, .. } => (self.ready_title(*opening), self.ready(news)),
            News::Asleep {
                began,
                services,
                databases,
                until,
            } => self.asleep(*began, *services, *databases, *until),
            News::Overridden {
                order,
                until,
                who,
                reason,
                set_at,
            } => self.overridden(*order, *until, &person(who), &because(reason), *set_at),
            News::DeploymentWoke { deployment, until } => (
                format!(
                    "🕙 {estate} はデプロイのため起動し、{} まで{}(対応は不要です)",
                    self.until(*until).trim_start(),
                    self.or("起きています", "起きている想定です")
                ),
                vec![format!(
                    "停止中にデプロイ {} がありました。{} に自動で{}(稼働時間内なら起きたままです)。",
                    code(deployment),
                    self.clock(*until),
                    self.or("停止します", "停止する想定です")
                )],
            ),
            News::DeploymentInTheDark {
                service,
                deployment,
            } => (
                format!("🌙 {estate} は停止したままです。{} にデプロイがありました(対応は不要です)", code(service)),
                self.or_wake(
                    format!(
                        "デプロイ {} は 0 台のまま行われ、タスクはまだ一度も動いていません。次の起動時に初めて動きます。失敗したら知らせます。",
                        code(deployment)
                    ),
                    "いま試す",
                    self.0.now,
                ),
            ),
            News::DarkReleaseFails {
                service,
                deployment,
                running,
                desired,
            } => (
                format!("⚠️ {estate} は一部使えません: {} の新しいリリースが起動しません(対応が必要です)", code(service)),
                vec![
                    format!(
                        "{desired} 台中 {running} 台しか動いていません。デプロイ {} は停止中に 0 台で行われ、いま初めて動かしたものです。",
                        code(deployment)
                    ),
                    "ECS コンソールでサービスのイベントとタスクの停止理由を確認し、動くバージョンをデプロイしてください。".to_owned(),
                ],
            ),
            News::NotYet {
                resource,
                wanted,
                cause,
                since,
                again_at,
            } => {
                let mut lines = vec![format!(
                    "{}{} を過ぎても続くときは、もう一度知らせます。",
                    self.sentence(resource, *wanted, cause, *since),
                    self.clock(*again_at)
                )];
                lines.extend(every_night(*wanted, cause).map(str::to_owned));
                (
                    match wanted {
                        State::Asleep => format!(
                            "🕐 {estate}: {}がまだ止まりません(対応は不要です)",
                            subject(resource, cause)
                        ),
                        State::Awake => format!(
                            "🕐 {estate}: {}がまだ使えません(対応は不要です。お待ちください)",
                            subject(resource, cause)
                        ),
                        State::Night => format!(
                            "🕐 {estate}: {} がまだ縮小していません(対応は不要です)",
                            code(resource)
                        ),
                        State::Day => format!(
                            "🕐 {estate}: {} がまだ昼の規模に戻っていません(対応は不要です。お待ちください)",
                            code(resource)
                        ),
                    },
                    lines,
                )
            }
            News::Stuck {
                resource,
                wanted,
                cause,
                since,
            } => (
                match wanted {
                    State::Asleep => format!(
                        "⚠️ {estate}: {}が止まりません(対応が必要です。利用者への影響なし)",
                        subject(resource, cause)
                    ),
                    State::Awake => format!(
                        "⚠️ {estate} は使えません: {}が起動しません(対応が必要です)",
                        subject(resource, cause)
                    ),
                    State::Night => format!(
                        "⚠️ {estate}: {} が縮小しません(対応が必要です。利用者への影響なし)",
                        code(resource)
                    ),
                    State::Day => format!(
                        "⚠️ {estate}: {} が昼の規模に戻りません(対応が必要です。利用者に影響するおそれがあります)",
                        code(resource)
                    ),
                },
                vec![
                    format!(
                        "{}設定の `stuck_after` を超えました。",
                        self.sentence(resource, *wanted, cause, *since)
                    ),
                    self.mend(cause),
                ],
            ),
            News::NeverStops {
                resource,
                never,
                hourly,
            } => (
                format!(
                    "🚫 {estate}: {} は停止できない DB です(設定を 1 行直してください。利用者への影響なし)",
                    code(resource)
                ),
                never_stops_lines(resource, *never, hourly.as_ref()),
            ),
            News::AwakeByHand {
                resource,
                count,
                since,
                until,
            } => {
                let count = count.map_or_else(String::new, |count| format!("({count} 台)"));
                (
                    format!(
                        "🕙 {estate}: {} が手動で起動されました。{} に{}(対応は不要です)",
                        code(resource),
                        self.clock(*until),
                        self.or("再び停止します", "再び停止する想定です")
                    ),
                    self.or_wake(
                        format!(
                            "停止時間中の{} に、起動{count}を確認しました。",
                            self.when(*since)
                        ),
                        "環境を起こしたままにする",
                        *until,
                    ),
                )
            }
            News::Clamped {
                resource,
                count,
                saved,
            } => (
                format!(
                    "↩️ {estate}: Auto Scaling が {} を {count} 台に上げました。0 台に{}(対応は不要です)",
                    code(resource),
                    self.or("戻します", "戻す想定です")
                ),
                vec![format!(
                    "停止中にスケーラブルターゲットが再登録され(terraform apply など)、AWS が台数を最小値の {count} にしました。起動時には {saved} 台に{}。",
                    self.or("戻ります", "戻る想定です")
                )],
            ),
            News::RolloutEnded {
                service,
                deployment,
            } => (
                format!(
                    "🌙 {estate} は {} のデプロイ中に{}(いま対応は不要です)",
                    code(service),
                    self.or("停止しました", "停止する想定です")
                ),
                vec![format!(
                    "デプロイ {} は完了しておらず、動作は未確認です。次の起動時に続きます。失敗したら知らせます。",
                    code(deployment)
                )],
            ),
            News::RestartedByAws { resource } => (
                format!(
                    "🌙 {estate}: AWS が {} を起動したため、再び{}(対応は不要です)",
                    code(resource),
                    self.or("停止します", "停止する想定です")
                ),
                vec!["停止から 7 日たつと、AWS が DB を自動で起動します。".to_owned()],
            ),
            News::Gone { resource, saved } => (
                format!("⚠️ {estate}: 停止中の {} がなくなりました(意図した削除か確認してください)", code(resource)),
                vec![
                    format!(
                        "停止させたあとに見つからなくなり、起動できません。{}",
                        saved.map_or_else(String::new, |saved| format!("保存してある台数は {saved} です。"))
                    ),
                    "意図した削除なら、環境の設定から外してください。そうでなければ、作り直してください。".to_owned(),
                ],
            ),
            News::NotFound { resource } => (
                format!(
                    "⚠️ {estate}: 設定にある {} が AWS に見つかりません(設定を 1 行直してください。利用者への影響なし)",
                    code(resource)
                ),
                vec!["環境の設定で名前を直すか、外してください。下のアカウントとリージョンにあるものだけが対象です。".to_owned()],
            ),
            News::NoConsent { arn, found, asleep } => self.no_consent(arn, found.as_deref(), *asleep),
            News::Rivals {
                arn,
                estates,
                keeper,
            } => (
                format!(
                    "⚠️ {estate}: {}が複数の環境の対象になっています(設定を 1 行直してください。利用者への影響なし)",
                    resource_of(arn)
                ),
                vec![
                    format!(
                        "{} が対象にしています。{}",
                        names(estates),
                        keeper.as_ref().map_or_else(
                            || "直るまで、どの環境からも変更しません。".to_owned(),
                            |keeper| format!("直るまで {} が受け持ちます。", code(keeper))
                        )
                    ),
                    format!("1 つを残して設定から外し、タグ `{}` をその環境の名前にしてください。この環境に残すときは:", self.0.tag()),
                    tag_command(arn, self.0),
                ],
            ),
            News::DocumentBroken { problems, in_force } => self.document_broken(problems, *in_force),
            News::Released { resources } => (
                format!(
                    "↩️ {estate} は対象から外れました。すべて元の状態に{}(意図したものなら対応は不要です)",
                    self.or("戻します", "戻す想定です")
                ),
                vec![
                    if resources.is_empty() {
                        "設定が削除されました。停止中のものはありません。".to_owned()
                    } else {
                        format!("設定が削除されました。元に戻すもの: {}。", names(resources))
                    },
                    "意図しない削除なら、設定を元に戻してください。".to_owned(),
                ],
            ),
            News::NightSummary { night } => self.night_summary(night),
            News::FullSize { .. } => self.full_size(news),
            News::NotReady {
                opening,
                since,
                waiting,
            } => self.not_ready(*opening, *since, waiting),
            News::HeldBack { waiting, since } => self.held_back(waiting, *since),
            News::ChangedByHand { .. } => self.changed_by_hand(news),
            News::PutBack { .. } => self.put_back(news),
            News::HandUndone {
                resource,
                lever,
                hand,
                night,
            } => self.hand_undone(resource, *lever, *hand, *night),
            News::DayCapped { resource, day, max } => self.day_capped(resource, *day, *max),
            News::Rollback { story } => self.rollback(story),
            News::Rotation { told } => self.rotation(told),
            News::ChangeFails { failure, since } => self.change_fails(failure, *since),
            News::CannotRead { failure, since } => self.cannot_read(failure, *since),
            News::Would { steps } => {
                let (shown, rest) = some(steps, LINES);
                let mut lines: Vec<String> = shown
                    .iter()
                    .map(|step| format!("• {}", self.deed(step, true)))
                    .collect();
                if rest > 0 {
                    lines.push(format!("• ほか {rest} 件"));
                }
                (
                    format!(
                        "👀 {estate}: 監視のみでなければ、いま {} 件の操作をしていました(対応は不要です)",
                        steps.len()
                    ),
                    lines,
                )
            }
        }
    }

    fn excerpt(&self, story: &Story) -> Vec<String> {
        rollback::excerpt(story)
    }

    fn cause(&self, cause: &Cause) -> String {
        let (words, code) = self.clause(cause);
        let code = code.map_or_else(String::new, |code| format!("({code})"));
        format!("{words}{code}")
    }

    fn deed(&self, deed: &Deed, would: bool) -> String {
        let would = if would { "想定です" } else { "" };
        let name = |arn: &Arn| said(arn.name(), NAME);
        let words = match deed {
            Deed::Save {
                arn,
                count: Some(count),
            } => format!("{} の台数 {count} を保存する", name(arn)),
            Deed::Save { arn, count: None } => format!("{} を保存する", name(arn)),
            Deed::Suspend { arn } => format!("{} の Auto Scaling をすべて一時停止する", name(arn)),
            Deed::Resume { arn, suspension } => format!(
                "{} の Auto Scaling を元の状態({})に戻す",
                name(arn),
                scaling(*suspension)
            ),
            Deed::SetCount { arn, from, to } => {
                format!("{} を {from} 台から {to} 台にする", name(arn))
            }
            Deed::Stop { arn } => format!("{} を停止する", name(arn)),
            Deed::Start { arn } => format!("{} を起動する", name(arn)),
            Deed::Close { arn } => format!("元に戻ったことを確認した {} の記録を閉じる", name(arn)),
            Deed::Forget { arn } => format!("{} の保存内容を消す", name(arn)),
            Deed::SaveDay { arn, lever, day } => match lever {
                Lever::Minimum => format!("{} の最小値 {day} を保存する", name(arn)),
                Lever::Count => format!("{} の台数 {day} を保存する", name(arn)),
                Lever::Capacity => format!("{} の最小容量 {day} ACU を保存する", name(arn)),
            },
            Deed::Move {
                arn,
                lever,
                from,
                to,
            } => match lever {
                Lever::Minimum => format!("{} の最小値を {from} から {to} にする", name(arn)),
                Lever::Count => format!("{} を {from} 台から {to} 台にする", name(arn)),
                Lever::Capacity => {
                    format!("{} の最小容量を {from} ACU から {to} ACU にする", name(arn))
                }
            },
            Deed::WakeForDeployment { deployment, until } => format!(
                "デプロイ {} のため、環境を{} まで起こしておく",
                said(deployment, NAME),
                self.when(*until)
            ),
        };
        format!("{words}{would}")
    }

    fn report(&self, report: &Report) -> Told {
        let mut lines = vec![self.wanted(report)];
        lines.extend(report.resources.iter().map(|row| self.row(row)));
        if report.changes.is_empty() {
            lines.extend(
                report
                    .steps
                    .iter()
                    .map(|step| format!("• {}", self.deed(step, self.0.watch))),
            );
        }
        lines.extend(report.changes.iter().map(change));
        for failure in &report.failures {
            lines.push(format!("⚠️ {}", failed(failure)));
            lines.extend(aws_says(failure));
        }
        let next = report.next.map_or_else(String::new, |next| {
            format!("次の予定は{} です。", self.when(next))
        });
        lines.push(format!("{} に確認しました。{next}", self.clock(report.at)));
        (self.report_title(report), lines)
    }

    fn finding(&self, finding: &Finding) -> String {
        match finding {
            Finding::BackupAsleep { database, window } => format!(
                "{} はバックアップ時間帯({} UTC)に停止しています。停止中の DB はバックアップされません。時間帯を稼働時間内に移してください。",
                code(database),
                said(window, NAME)
            ),
            Finding::BackupAtBedtime { database, window } => format!(
                "{} は停止時刻にバックアップ中です({} UTC)。その間 RDS は停止を受け付けません。時間帯を移してください。",
                code(database),
                said(window, NAME)
            ),
            Finding::NoBackups { database } => {
                format!(
                    "{} は自動バックアップがありません(保持期間 0 日)。",
                    code(database)
                )
            }
            Finding::MaintenanceAsleep { database, window } => format!(
                "{} はメンテナンス時間帯({} UTC)に停止しています。メンテナンスは次の起動まで行われません。時間帯を稼働時間内に移してください。",
                code(database),
                said(window, NAME)
            ),
            Finding::NeverStops { database, never } => {
                let (why, instead) = never_stops(*never);
                format!(
                    "{} は{why}のため停止できません。`databases` から外すか、{instead}。",
                    code(database)
                )
            }
            Finding::NoCircuitBreaker { service } => format!(
                "{} はデプロイのサーキットブレーカーが無効です。起動しないリリースを試し続けます。ロールバックつきで有効にしてください。",
                code(service)
            ),
            Finding::NoConsent { arn, .. } => format!(
                "{}にタグ `{}` = `{}` がないため、対象にしません: {}",
                resource_of(arn),
                self.0.tag(),
                self.estate(),
                tag_command(arn, self.0)
            ),
            Finding::NotFound { name } => {
                format!(
                    "{} は設定にありますが AWS に見つかりません。名前を直すか、外してください。",
                    code(name)
                )
            }
            Finding::Unread { failure } => failed(failure),
            Finding::SavesNothing { name, day, night } => format!(
                "{} は縮小になりません(昼 {day}、夜 {night})。夜を小さくするか、外してください。",
                code(name)
            ),
            Finding::ScalingSuspended { service } => format!(
                "{} は Auto Scaling が一時停止されています。再び増やせないか、減らないため、対象にしません。",
                code(service)
            ),
            Finding::NotServerless { database } => format!(
                "{} は Aurora Serverless v2 のクラスターではありません。`databases` から外すか、`keep` と書いてください。",
                code(database)
            ),
            Finding::NoBrakes => {
                "縮小を待たせるアラームがありません。エラーのアラームなどを `brakes` に書いてください。"
                    .to_owned()
            }
        }
    }

    fn diagnosis(&self, diagnosis: &Diagnosis) -> Told {
        let estate = self.estate();
        let title = match diagnosis.findings.len() {
            0 => format!("🩺 {estate}: 直すものはありません"),
            found => format!("🩺 {estate}: 確認してほしいことが {found} 件あります"),
        };
        let worth = diagnosis
            .saved_this_month
            .as_ref()
            .map_or_else(String::new, |saved| format!("(約 {} の節約)", money(saved)));
        let sleeps = if self.0.slims() { "縮小" } else { "停止" };
        let mut lines = vec![format!(
            "カレンダーどおりなら、今月は {} 時間{sleeps}します{worth}。",
            diagnosis.hours_asleep_this_month
        )];
        if !diagnosis.still_billed.is_empty() {
            let billed: Vec<String> = diagnosis
                .still_billed
                .iter()
                .map(|item| said(item, NAME))
                .collect();
            lines.push(format!("停止中も課金されるもの: {}。", billed.join("、")));
        }
        (title, lines)
    }

    fn watching(&self) -> String {
        "監視のみ(`Mode: watch`)のため、何も変更していません。".to_owned()
    }

    fn provenance(&self) -> String {
        format!(
            "アカウント {}・{}・nightshift {}",
            self.0.account, self.0.region, self.0.teller
        )
    }
}

/// What is too long to stand in its arm.
impl Japanese<'_> {
    fn estate(&self) -> String {
        said(self.0.estate, NAME)
    }

    /// A line, and how the estate is kept awake from an instant on, unless it is only watched.
    fn or_wake(&self, line: String, purpose: &str, from: Timestamp) -> Vec<String> {
        let mut lines = vec![line];
        if !self.0.watch {
            lines.push(format!(
                "{purpose}ときは(by と reason は書き換えてください):"
            ));
            lines.push(wake_command(from, self.0));
        }
        lines
    }

    fn asleep(
        &self,
        began: Timestamp,
        services: u32,
        databases: u32,
        until: Option<Timestamp>,
    ) -> Told {
        let what = format!("サービス {services} 件・DB {databases} 件");
        let woken = until.map_or_else(String::new, |until| {
            let woken = self.or("自動で起動します", "自動で起動する想定です");
            format!("{} に{woken}。", self.clock(until))
        });
        let first = if self.0.watch {
            format!("{what}がいま停止する想定です。{woken}")
        } else {
            format!(
                "{what}が {} に停止済みになりました(所要 {})。{woken}",
                self.clock(self.0.now),
                duration(seconds(began, self.0.now)),
            )
        };
        let lines = self.or_wake(first, "先に使いたい", self.0.now);
        let stops = self.or("停止しました", "停止する想定です");
        (
            format!("🌙 {} は{stops}(対応は不要です)", self.estate()),
            lines,
        )
    }

    fn ready_title(&self, opening: Option<Timestamp>) -> String {
        let late = opening
            .map(|opening| shown_minutes(opening, self.0.now))
            .filter(|late| *late > 0)
            .map_or_else(String::new, |late| format!("、{}遅れ", minutes(late)));
        format!(
            "☀️ {} が使えます({}{late})",
            self.estate(),
            self.clock(self.0.now)
        )
    }

    fn ready(&self, news: &News) -> Vec<String> {
        let News::Ready {
            opening,
            woke_seconds,
            database_seconds,
            services,
            slept_at,
            changed,
            left_at_zero,
            saved,
            still_billed,
        } = news
        else {
            return Vec::new();
        };
        let punctual = opening.map_or_else(String::new, |opening| self.punctual(opening));
        let stages: Vec<String> = database_seconds
            .map(|seconds| format!("DB {}", duration(seconds)))
            .into_iter()
            .chain((!services.is_empty()).then(|| self.counts(services)))
            .collect();
        let stages = if stages.is_empty() {
            String::new()
        } else {
            format!("({})", stages.join(" → "))
        };
        let mut lines = vec![format!(
            "{punctual}起動 {}{stages}。",
            duration(*woke_seconds)
        )];

        let then =
            slept_at.map_or_else(|| "停止前".to_owned(), |at| format!("{} ", self.clock(at)));
        lines.push(if changed.is_empty() {
            format!("{then}の状態とすべて一致しています。")
        } else {
            format!(
                "{then}の状態と違うもの(停止中に誰かが変更): {}。",
                self.count_changes(changed)
            )
        });
        if !left_at_zero.is_empty() {
            lines.push(format!(
                "停止前から 0 台で、そのままにしたもの: {}。",
                self.services(left_at_zero)
            ));
        }

        let slept = slept_at.map(|at| {
            format!(
                "停止 {}",
                duration(slept_seconds(at, *woke_seconds, self.0))
            )
        });
        let money = saved
            .as_ref()
            .map(|saved| format!("{} {}", money(saved), self.or("の節約", "を節約する想定")));
        let billed = (!still_billed.is_empty())
            .then(|| format!("停止中も課金されたもの: {}。", listed(still_billed, "、")));
        let slept: Vec<String> = slept.into_iter().chain(money).collect();
        let slept = (!slept.is_empty()).then(|| format!("{}。", slept.join(" → ")));
        let last: Vec<String> = slept.into_iter().chain(billed).collect();
        if !last.is_empty() {
            lines.push(last.concat());
        }
        lines
    }

    fn punctual(&self, opening: Timestamp) -> String {
        let early = shown_minutes(self.0.now, opening);
        let at = self.clock(opening);
        match early {
            1.. => format!("始業 {at} の {}前に準備完了。", minutes(early)),
            0 => format!("始業 {at} ちょうどに準備完了。"),
            _ => format!(
                "始業 {at} から {}遅れて準備完了。それまでは使えませんでした。",
                minutes(-early)
            ),
        }
    }

    fn overridden(
        &self,
        order: Order,
        until: Timestamp,
        who: &str,
        reason: &str,
        set_at: Timestamp,
    ) -> Told {
        if self.0.slims() || matches!(order, Order::Day | Order::Night) {
            return self.slim_overridden(order, until, who, reason, set_at);
        }
        let estate = self.estate();
        let (told, at, set_at) = (self.until(until), self.clock(until), self.when(set_at));
        match order {
            Order::Wake | Order::Day => (
                format!(
                    "🕙 {estate} は{told} まで{}",
                    self.or("起きています", "起きている想定です")
                ),
                vec![format!(
                    "{who} が{set_at} に延長しました{reason}。{at} に自動で{}(稼働時間内なら起きたままです)。",
                    self.or("停止します", "停止する想定です")
                )],
            ),
            Order::Sleep | Order::Night => (
                format!(
                    "🕙 {estate} は{told} まで{}",
                    self.or("停止したままです", "停止したままにする想定です")
                ),
                self.or_wake(
                    format!(
                        "{who} が{set_at} に指示しました{reason}。それまでは使えません。{at} からはカレンダーに従います。"
                    ),
                    "それでも使う",
                    self.0.now,
                ),
            ),
            Order::Hold => (
                format!(
                    "🕙 {estate} は{told} まで{}",
                    self.or("現状のままにします", "現状のままにする想定です")
                ),
                vec![format!(
                    "{who} が{set_at} に保留しました{reason}。停止も起動もしません。{at} からはカレンダーに従います。"
                )],
            ),
        }
    }

    /// That a resource's tag is missing or names another: as a sentence begins, and as a title has it.
    fn tag_says(&self, found: Option<&str>) -> (String, &'static str) {
        let tag = self.0.tag();
        found.map_or_else(
            || (format!("タグ `{tag}` がありません"), "タグがありません"),
            |found| {
                (
                    format!("タグ `{tag}` の値が {} です", code(found)),
                    "タグが別の環境を指しています",
                )
            },
        )
    }

    fn no_consent(&self, arn: &Arn, found: Option<&str>, asleep: bool) -> Told {
        let estate = self.estate();
        let resource = resource_of(arn);
        let (says, wrong) = self.tag_says(found);
        let mut lines = if asleep {
            vec![format!(
                "{says}(正しい値は `{estate}`)。停止させたときにはタグがありました。タグがないと、AWS が起動を拒否することがあります。次のコマンドで直ります:"
            )]
        } else {
            vec![format!(
                "{says}(必要な値は `{estate}`)。このままでは変更の対象にしません。次のコマンドで直ります:"
            )]
        };
        lines.push(tag_command(arn, self.0));
        if !asleep {
            lines.push("起こしたままにするなら、代わりに環境の設定から外してください。".to_owned());
        }
        let title = if asleep {
            format!(
                "⚠️ {estate}: {resource}が起動できないおそれがあります。{wrong}(対応が必要です: コマンド 1 つ。このままでは利用者に影響します)"
            )
        } else {
            format!(
                "⚠️ {estate}: {resource}は停止しません。{wrong}(コマンド 1 つで直ります。利用者への影響なし)"
            )
        };
        (title, lines)
    }

    fn document_broken(&self, problems: &[Problem], in_force: bool) -> Told {
        let estate = self.estate();
        let mut lines = problem_lines(problems);
        let title = if in_force {
            lines.push("直るまで、最後の正しい設定で停止と起動を続けます。".to_owned());
            format!(
                "⚠️ {estate}: 設定が読めません。最後の正しい設定で動いています(対応が必要です。利用者への影響なし)"
            )
        } else {
            lines.push("直るまで、停止も起動もしません。".to_owned());
            format!(
                "⚠️ {estate}: 設定が読めず、以前の正しい設定もありません。何もしません(対応が必要です)"
            )
        };
        (title, lines)
    }

    fn change_fails(&self, failure: &Failure, since: Timestamp) -> Told {
        let estate = self.estate();
        let mut lines = vec![format!(
            "{}{} から続いています。",
            failed(failure),
            self.clock(since)
        )];
        lines.extend(aws_says(failure));
        lines.push(if failure.denied {
            format!(
                "`{}` のロールに権限を足してください。権限があるなら、リソースにタグ `{}` がありません。毎回の確認で再試行します。",
                word(self.0.function),
                self.0.tag()
            )
        } else {
            "毎回の確認で再試行します。ほかのリソースは続けます。長く続くときは、AWS の返答に沿って直してください。".to_owned()
        });
        let title = if failure.denied {
            format!(
                "⚠️ {estate}: {} を変更できません。権限がありません(対応が必要です)",
                code(&failure.resource)
            )
        } else {
            format!(
                "⚠️ {estate}: {} の変更に失敗しています(続くときは対応が必要です)",
                code(&failure.resource)
            )
        };
        (title, lines)
    }

    fn cannot_read(&self, failure: &Failure, since: Timestamp) -> Told {
        let estate = self.estate();
        let mut lines = vec![format!(
            "{}{} から続いています。",
            failed(failure),
            self.clock(since)
        )];
        lines.extend(aws_says(failure));
        lines.push(if failure.denied {
            format!(
                "`{}` のロールに権限を足してください。読めないものは現状のままにします。",
                word(self.0.function)
            )
        } else {
            "毎回の確認で再試行します。読めないものは現状のままにし、ほかは続けます。".to_owned()
        });
        let title = if failure.denied {
            format!(
                "⚠️ {estate}: {} が読めません。権限がありません(対応が必要です)",
                code(&failure.resource)
            )
        } else {
            format!(
                "⚠️ {estate}: {} が読めません(続くときは対応が必要です)",
                code(&failure.resource)
            )
        };
        (title, lines)
    }

    fn report_title(&self, report: &Report) -> String {
        let estate = self.estate();
        let act = if needs_somebody(report) {
            "対応が必要です"
        } else {
            "対応は不要です"
        };
        let Some(wanted) = &report.wanted else {
            return format!("⚠️ {estate}: 設定が読めないため、何も変更しません({act})");
        };
        if matches!(
            report.phase,
            Phase::Day | Phase::ToNight | Phase::Night | Phase::ToDay
        ) {
            return format!("{}({act})", self.slim_state(report));
        }
        let until = match (report.phase, wanted.state, wanted.until) {
            (Phase::Awake, Some(State::Awake), Some(until))
            | (Phase::Asleep, Some(State::Asleep), Some(until)) => {
                format!("{} まで", self.until(until))
            }
            _ => String::new(),
        };
        let state = match (report.phase, report.ready) {
            (Phase::Awake, true) => format!("☀️ {estate} は{until}使えます"),
            (Phase::Awake, false) => {
                format!("🕐 {estate} は{until}起きていますが、一部がまだ使えません")
            }
            (Phase::ToSleep, _) => format!("🕐 {estate} は停止処理中です"),
            (Phase::Asleep, _) => format!("🌙 {estate} は{until}停止しています"),
            (_, true) => format!("🕐 {estate} は使えます。起動処理の仕上げ中です"),
            (_, false) => format!("🕐 {estate} は起動処理中で、まだ使えません"),
        };
        format!("{state}({act})")
    }

    fn wanted(&self, report: &Report) -> String {
        let Some(wanted) = &report.wanted else {
            return "あるべき状態: 不明".to_owned();
        };
        let state = match wanted.state {
            Some(State::Awake) => "起動",
            Some(State::Asleep) => "停止",
            Some(State::Day) => "昼の規模",
            Some(State::Night) => "夜の規模",
            None => "現状のまま",
        };
        let until = wanted
            .until
            .map_or_else(String::new, |until| format!("({} まで)", self.clock(until)));
        let why = match &wanted.why {
            Why::Calendar => "カレンダーどおりです".to_owned(),
            Why::Person {
                order,
                who,
                reason,
                set_at,
            } => {
                let order = match order {
                    Order::Wake => "起動",
                    Order::Sleep => "停止",
                    Order::Day => "昼の規模",
                    Order::Night => "縮小",
                    Order::Hold => "保留",
                };
                format!(
                    "{} が{} に{order}を指示しました{}",
                    person(who),
                    self.when(*set_at),
                    because(reason)
                )
            }
            Why::Deployment { reason, set_at } => format!(
                "デプロイ {} のためです({} に検知)",
                code(reason),
                self.clock(*set_at)
            ),
            Why::Released => "設定が削除されたため、すべて元に戻します".to_owned(),
        };
        format!("あるべき状態: {state}{until}。{why}。")
    }

    fn row(&self, row: &Row) -> String {
        let kind = row.kind.map_or_else(String::new, |kind| {
            let kind = match kind {
                Kind::EcsService => "サービス",
                Kind::RdsInstance => "RDS インスタンス",
                Kind::AuroraCluster => "Aurora クラスター",
            };
            format!("({kind})")
        });
        let mut facts = vec![said(&row.actual, NAME)];
        match row.wanted {
            Some(State::Awake) if !row.settled => facts.push("起動すべき".to_owned()),
            Some(State::Asleep) if !row.settled => facts.push("停止すべき".to_owned()),
            Some(State::Day) if !row.settled => facts.push("昼の規模に戻すべき".to_owned()),
            Some(State::Night) if !row.settled => facts.push("縮小すべき".to_owned()),
            None => facts.push("対象外".to_owned()),
            Some(_) => {}
        }
        facts.extend(row.saved_count.map(|count| {
            if self.0.slims() {
                format!("昼は {count}")
            } else {
                format!("保存した台数 {count}")
            }
        }));
        facts.extend(row.since.map(|since| format!("{} から", self.clock(since))));
        let cause = row
            .waits_for
            .as_ref()
            .map_or_else(String::new, |cause| format!("。{}", self.cause(cause)));
        format!(
            "{} {}{kind}: {}{cause}",
            sign(row),
            code(&row.name),
            facts.join("、")
        )
    }

    /// The resource, why it is not what it should be, and since when.
    fn sentence(&self, resource: &str, wanted: State, cause: &Cause, since: Timestamp) -> String {
        let (words, found) = self.clause(cause);
        let found = found.map_or_else(String::new, |found| format!("{found}、"));
        let so = match (wanted, cause) {
            (State::Asleep, Cause::Status { .. }) => "終わるまで RDS は停止を受け付けません。",
            (State::Awake, Cause::Status { .. }) => "終わるまで使えません。",
            _ => "",
        };
        format!(
            "{} は{}({found}{} から)。{so}",
            code(resource),
            spaced(words),
            self.clock(since)
        )
    }

    /// A cause without its subject, and the code that belongs behind it.
    fn clause(&self, cause: &Cause) -> (String, Option<String>) {
        match cause {
            Cause::Status { status } => (status_words(status).to_owned(), Some(code(status))),
            Cause::Broken { status } => (
                "人が直すまで動かない状態です".to_owned(),
                Some(code(status)),
            ),
            Cause::Draining { tasks } => (format!("まだ {tasks} 台のタスクを停止中です"), None),
            Cause::StandaloneTasks { groups } => (
                format!("クラスターの単独タスクの終了待ちです: {}", names(groups)),
                None,
            ),
            Cause::ServicesAwake { services } => (
                format!(
                    "利用元のサービスの停止待ちです: {}",
                    self.services(services)
                ),
                None,
            ),
            Cause::Rollout { deployment, until } => (
                format!("デプロイ中のため{} まで待っています", self.when(*until)),
                Some(code(deployment)),
            ),
            Cause::Grace { until } => (
                format!(
                    "誰かが起動したため、{} までそのままにします",
                    self.clock(*until)
                ),
                None,
            ),
            Cause::NeedsDatabases { databases } => (
                format!("必要な DB の起動待ちです: {}", names(databases)),
                None,
            ),
            Cause::NotSteady { running, desired } if running < desired => {
                (format!("{desired} 台中 {running} 台が起動済みです"), None)
            }
            Cause::NotSteady { running, desired } => (
                format!("{running}/{desired} 台が起動済みですが、まだ安定していません"),
                None,
            ),
            Cause::JustChanged => ("変更の途中です。次の確認で続けます".to_owned(), None),
            Cause::Owned { function, until } => (
                format!("{} が{} まで変更中です", code(function), self.when(*until)),
                None,
            ),
            Cause::Refused { code: refused } => (
                format!(
                    "{} が変更を断ったため、まだ変わっていません",
                    if is_rds(refused) { "RDS" } else { "AWS" }
                ),
                Some(code(refused)),
            ),
            Cause::NoConsent { found: None } => {
                (format!("タグ `{}` がありません", self.0.tag()), None)
            }
            Cause::NoConsent { found: Some(found) } => (
                format!("タグ `{}` が別の環境の {} です", self.0.tag(), code(found)),
                None,
            ),
            Cause::Claimed { estates } => (
                format!("複数の環境の対象になっています: {}", names(estates)),
                None,
            ),
            Cause::Never { never } => (
                format!("{}のため停止できません", never_stops(*never).0),
                None,
            ),
            Cause::Daemon => (
                "デーモンサービスのため、台数を変更できません".to_owned(),
                None,
            ),
            Cause::Missing => ("見つかりません".to_owned(), None),
            Cause::Unreadable { code: unread } => ("読み取れません".to_owned(), Some(code(unread))),
            Cause::Hold => (
                "保留中です。解除されるまで何も変更しません".to_owned(),
                None,
            ),
            Cause::Alarm { .. }
            | Cause::NoAlarm { .. }
            | Cause::Deploying { .. }
            | Cause::RolloutBroken { .. }
            | Cause::Unrest { .. }
            | Cause::Load { .. }
            | Cause::NoLoad
            | Cause::ByHand
            | Cause::PutBack { .. }
            | Cause::ScalingSuspended
            | Cause::AtZero
            | Cause::AboveMaximum { .. }
            | Cause::NotServerless => self.slim_clause(cause),
        }
    }

    /// What a person does about something that is stuck.
    fn mend(&self, cause: &Cause) -> String {
        match cause {
            Cause::Status { .. } | Cause::Broken { .. } => {
                "原因は DB のイベントで確認できます: `aws rds describe-events --duration 1440`".to_owned()
            }
            Cause::Draining { .. } => {
                "タスクが止まらない理由(長い `stopTimeout`、終わらない登録解除など)を ECS コンソールで確認してください。".to_owned()
            }
            Cause::StandaloneTasks { .. } => {
                "そのタスクの終了を待つか、停止してください。動いている間は DB を止めません。".to_owned()
            }
            Cause::ServicesAwake { .. } => "そのサービスが停止すれば、自動で続きます。".to_owned(),
            Cause::Rollout { .. } | Cause::NotSteady { .. } => {
                "ECS コンソールでサービスのイベントとタスクの停止理由を確認してください。".to_owned()
            }
            Cause::NeedsDatabases { .. } => "その DB が使えるようになれば、自動で続きます。".to_owned(),
            Cause::Grace { until } => format!("{} から再開します。", self.clock(*until)),
            Cause::Owned { function, until } => format!(
                "{} が異常終了していても、{} に自動で解放されます。",
                code(function),
                self.clock(*until)
            ),
            Cause::JustChanged => "変更の結果をコンソールで確認してください。".to_owned(),
            Cause::Refused { .. } => format!(
                "AWS の返答は `{}` のログにあります。毎回の確認で再試行します。",
                word(self.0.function)
            ),
            Cause::NoConsent { .. } => format!(
                "タグ `{}` を値 `{}` で付けるか、環境の設定から外してください。",
                self.0.tag(),
                self.estate()
            ),
            Cause::Claimed { .. } => "1 つを残して、ほかの設定から外してください。".to_owned(),
            Cause::Never { never } => format!(
                "環境の設定の `databases` から外すか、{}。",
                never_stops(*never).1
            ),
            Cause::Daemon => "環境のサービスから外してください(`all_but`)。".to_owned(),
            Cause::Missing => "環境の設定で名前を直すか、外してください。".to_owned(),
            Cause::Unreadable { .. } => "関数のロールに読み取りの権限があるか確認してください。".to_owned(),
            Cause::Hold => "保留が終われば再開します。".to_owned(),
            Cause::Alarm { .. }
            | Cause::NoAlarm { .. }
            | Cause::Deploying { .. }
            | Cause::RolloutBroken { .. }
            | Cause::Unrest { .. }
            | Cause::Load { .. }
            | Cause::NoLoad
            | Cause::ByHand
            | Cause::PutBack { .. }
            | Cause::ScalingSuspended
            | Cause::AtZero
            | Cause::AboveMaximum { .. }
            | Cause::NotServerless => self.slim_mend(cause),
        }
    }

    fn counts(&self, services: &[Count]) -> String {
        let (shown, rest) = some(services, LISTED);
        let mut told: Vec<String> = shown
            .iter()
            .map(|count| {
                format!(
                    "{} {}/{}",
                    short(&count.service, self.0),
                    count.running,
                    count.desired
                )
            })
            .collect();
        if rest > 0 {
            told.push(format!("ほか {rest} 件"));
        }
        let healthy = if all_run(services) {
            "正常"
        } else {
            "起動済み"
        };
        format!("{} {healthy}", told.join("・"))
    }

    fn count_changes(&self, changes: &[CountChange]) -> String {
        let (shown, rest) = some(changes, LISTED);
        let mut told: Vec<String> = shown
            .iter()
            .map(|change| {
                format!(
                    "{} {} → {}",
                    short(&change.service, self.0),
                    change.before,
                    change.after
                )
            })
            .collect();
        if rest > 0 {
            told.push(format!("ほか {rest} 件"));
        }
        told.join("・")
    }

    fn services(&self, services: &[String]) -> String {
        let shorter: Vec<String> = services.iter().map(|name| short(name, self.0)).collect();
        listed(&shorter, "・")
    }

    /// What is done, or in `Mode: watch` would be.
    fn or<'s>(&self, acts: &'s str, watches: &'s str) -> &'s str {
        if self.0.watch { watches } else { acts }
    }

    /// `19:04`, `金曜 19:04`, `11月20日(金) 19:04`.
    fn clock(&self, at: Timestamp) -> String {
        self.0.clock(at).in_japanese()
    }

    /// The same after a Japanese letter.
    fn when(&self, at: Timestamp) -> String {
        spaced(self.clock(at))
    }

    /// The same for a title: `今夜 22:00`.
    fn until(&self, at: Timestamp) -> String {
        if self.0.clock(at).is_tonight() {
            format!("今夜 {}", self.clock(at))
        } else {
            self.when(at)
        }
    }
}

fn never_stops_lines(resource: &str, never: Never, hourly: Option<&Money>) -> Vec<String> {
    let (why, instead) = never_stops(never);
    let name = code(resource);
    let mut lines = vec![
        format!("{why}です。この種の DB を AWS は停止できません。"),
        format!("直し方は 2 つ: 環境の設定の `databases` から {name} を外すか、{instead}。"),
    ];
    lines.extend(hourly.map(|hourly| {
        format!(
            "起動したままの費用は月に約 {} です({HOURS_A_MONTH:.0} 時間 × {} {})。",
            money(&monthly(hourly)),
            rate(hourly),
            said(&hourly.currency, NAME)
        )
    }));
    lines.push("環境のほかのものは停止します。このお知らせは一度だけです。".to_owned());
    lines
}

/// What AWS never stops, as a noun, and what could be changed so that it does.
fn never_stops(never: Never) -> (&'static str, &'static str) {
    match never {
        Never::Replica => ("リードレプリカ", "レプリカを昇格または削除してください"),
        Never::ReplicaSource => (
            "リードレプリカのある DB ",
            "そのレプリカを昇格または削除してください",
        ),
        Never::SqlServerMultiAz => ("マルチ AZ の SQL Server ", "マルチ AZ をやめてください"),
        Never::ClusterMember => (
            "Aurora クラスターのインスタンス",
            "インスタンス名の代わりにクラスター名を書いてください(クラスターなら停止できます)",
        ),
        Never::MultiAzCluster => (
            "マルチ AZ DB クラスター",
            "マルチ AZ のインスタンスか Aurora に移してください",
        ),
        Never::ServerlessV1 => (
            "Aurora Serverless v1 ",
            "Serverless v2 に移すか、自動一時停止に任せてください",
        ),
        Never::GlobalDatabase => (
            "グローバルデータベースの一部",
            "クラスターをグローバルデータベースから外してください",
        ),
        Never::Replication => (
            "別のクラスターとレプリケーション中のクラスター",
            "レプリケーションをやめてください",
        ),
    }
}

/// What a transitional status means, as a predicate.
fn status_words(status: &str) -> &'static str {
    match status {
        "backing-up" => "バックアップ中です",
        "starting" => "起動中です",
        "stopping" => "停止中です",
        "creating" => "作成中です",
        "deleting" | "delete-precheck" => "削除中です",
        "rebooting" => "再起動中です",
        "renaming" => "名前の変更中です",
        "upgrading" => "アップグレード中です",
        "maintenance" => "AWS によるメンテナンス中です",
        "failing-over" => "フェイルオーバー中です",
        "storage-optimization" => "ストレージの最適化中です",
        "resetting-master-credentials" => "マスターパスワードの変更中です",
        status if status.starts_with("modifying") || status.starts_with("configuring") => {
            "設定の変更中です"
        }
        _ => "状態が変わる途中です",
    }
}

/// What to look at when the same is told every night.
fn every_night(wanted: State, cause: &Cause) -> Option<&'static str> {
    match (wanted, cause) {
        (State::Asleep, Cause::Status { status }) if status == "backing-up" => {
            Some("毎晩これが出るなら: バックアップ時間帯が停止時刻に重なっています。")
        }
        (State::Asleep, Cause::Status { status }) if status == "maintenance" => {
            Some("毎週これが出るなら: メンテナンス時間帯が停止時刻に重なっています。")
        }
        (State::Asleep, Cause::StandaloneTasks { .. }) => {
            Some("毎晩これが出るなら: 定期実行のタスクが停止時刻に重なっています。")
        }
        _ => None,
    }
}

fn subject(resource: &str, cause: &Cause) -> String {
    match thing(cause) {
        Thing::Database => "DB ".to_owned(),
        Thing::Named => format!("{} ", code(resource)),
    }
}

fn resource_of(arn: &Arn) -> String {
    if is_scalable_target(arn) {
        format!("スケーラブルターゲット {} のサービス", code(arn.name()))
    } else {
        format!("{} ", code(arn.name()))
    }
}

/// What is wrong with a document, line by line.
fn problem_lines(problems: &[Problem]) -> Vec<String> {
    let (shown, rest) = some(problems, LISTED);
    let mut lines: Vec<String> = shown
        .iter()
        .map(|problem| {
            let line = problem
                .line
                .map_or_else(String::new, |line| format!(" {line} 行目の"));
            format!(
                "{} の{line}問題: {}",
                code(&problem.document),
                clean(&problem.text, MESSAGE * 2)
            )
        })
        .collect();
    if rest > 0 {
        lines.push(format!("ほか {rest} 件"));
    }
    lines
}

fn failed(failure: &Failure) -> String {
    let (action, resource) = (code(&failure.action), code(&failure.resource));
    let found = code(&failure.code);
    if failure.denied {
        format!("足りない権限: {resource} に対する {action}({found})。")
    } else {
        format!("{resource} に対する {action} が失敗しました({found})。")
    }
}

fn aws_says(failure: &Failure) -> Option<String> {
    let message = said(&failure.message, MESSAGE);
    (!message.is_empty()).then(|| format!("AWS の返答: {message}"))
}

fn change(change: &Change) -> String {
    let what = match change.what.as_str() {
        "desired_count" => "台数".to_owned(),
        "suspension" => "スケーリングの一時停止".to_owned(),
        "power" => "電源".to_owned(),
        other => format!("{} ", code(other)),
    };
    format!(
        "✔️ {}: {what}を {} → {} に変更",
        code(change.arn.name()),
        said(&change.from, NAME),
        said(&change.to, NAME)
    )
}

fn scaling(suspension: Suspension) -> String {
    let word = |suspended| if suspended { "一時停止" } else { "有効" };
    format!(
        "スケールイン {}、スケールアウト {}、スケジュール {}",
        word(suspension.dynamic_in),
        word(suspension.dynamic_out),
        word(suspension.scheduled)
    )
}

/// A text that follows a Japanese letter: with a space before what is not Japanese.
fn spaced(text: String) -> String {
    if text.starts_with(|c: char| c.is_ascii()) {
        format!(" {text}")
    } else {
        text
    }
}

fn person(who: &str) -> String {
    let who = said(who, PERSON);
    if who.is_empty() {
        "誰か".to_owned()
    } else {
        who
    }
}

fn because(reason: &str) -> String {
    let reason = said(reason, PERSON);
    if reason.is_empty() {
        reason
    } else {
        format!("(理由: {reason})")
    }
}

/// `a`・`b`, each in back-ticks.
fn names(items: &[String]) -> String {
    let (shown, rest) = some(items, LISTED);
    let mut told: Vec<String> = shown.iter().map(|item| code(item)).collect();
    if rest > 0 {
        told.push(format!("ほか {rest} 件"));
    }
    told.join("・")
}

fn listed(items: &[String], between: &str) -> String {
    let (shown, rest) = some(items, LISTED);
    let mut told: Vec<String> = shown.iter().map(|item| said(item, NAME)).collect();
    if rest > 0 {
        told.push(format!("ほか {rest} 件"));
    }
    told.join(between)
}

fn money(money: &Money) -> String {
    format!("{} {}", amount(money), said(&money.currency, NAME))
}

/// `6分40秒`, `3日13時間44分`.
fn duration(seconds: i64) -> String {
    let told: Vec<String> = parts(seconds)
        .into_iter()
        .map(|(number, unit)| {
            let unit = match unit {
                Unit::Day => "日",
                Unit::Hour => "時間",
                Unit::Minute => "分",
                Unit::Second => "秒",
            };
            format!("{number}{unit}")
        })
        .collect();
    told.concat()
}

/// `7 分`, and beyond an hour `1時間5分`.
fn minutes(minutes: i64) -> String {
    if minutes < 60 {
        format!("{minutes} 分")
    } else {
        duration(minutes.saturating_mul(60))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::samples, *};
    use crate::{config::Language, report::text};

    fn told(news: &News, now: &str) -> Vec<String> {
        let zone = samples::tokyo();
        let place = Place {
            now: samples::at(now),
            ..samples::place(&zone, Language::Ja, false)
        };
        text::news(news, &place)
            .joined()
            .lines()
            .map(str::to_owned)
            .collect()
    }

    const PROVENANCE: &str = "アカウント 123456789012・ap-northeast-1・nightshift power-staging";

    #[test]
    fn ready_says_how_punctual_how_complete_and_how_cheap() {
        assert_eq!(
            told(&samples::ready(), "2026-11-24T08:53:20+09:00"),
            [
                "☀️ bookmark-manager-staging が使えます(8:53)",
                "始業 9:00 の 7 分前に準備完了。起動 6分40秒(DB 4分12秒 → api 1/1・web 1/1 正常)。",
                "金曜 19:00 の状態とすべて一致しています。",
                "停止 3日13時間46分 → 7.42 USD の節約。停止中も課金されたもの: ALB、NAT gateway、Atlas M10。",
                PROVENANCE,
            ]
        );
    }

    #[test]
    fn kept_awake_says_who_why_and_that_it_sleeps_by_itself() {
        let news = News::Overridden {
            order: Order::Wake,
            until: samples::at("2026-11-24T22:00:00+09:00"),
            who: "tanaka".to_owned(),
            reason: "負荷試験".to_owned(),
            set_at: samples::at("2026-11-24T18:47:30+09:00"),
        };
        assert_eq!(
            told(&news, "2026-11-24T18:47:31+09:00"),
            [
                "🕙 bookmark-manager-staging は今夜 22:00 まで起きています",
                "tanaka が 18:47 に延長しました(理由: 負荷試験)。22:00 に自動で停止します(稼働時間内なら起きたままです)。",
                PROVENANCE,
            ]
        );
    }

    #[test]
    fn not_yet_says_why_since_when_and_when_one_hears_again() {
        assert_eq!(
            told(&samples::not_yet(), "2026-11-24T19:10:00+09:00"),
            [
                "🕐 bookmark-manager-staging: DB がまだ止まりません(対応は不要です)",
                "`bookmark-manager-staging-postgres` はバックアップ中です(`backing-up`、19:04 から)。終わるまで RDS は停止を受け付けません。20:00 を過ぎても続くときは、もう一度知らせます。",
                "毎晩これが出るなら: バックアップ時間帯が停止時刻に重なっています。",
                PROVENANCE,
            ]
        );
    }

    #[test]
    fn never_says_why_two_ways_to_mend_it_what_it_costs_and_that_this_is_said_once() {
        assert_eq!(
            told(
                &samples::never_stops(Never::Replica),
                "2026-11-24T19:10:00+09:00"
            ),
            [
                "🚫 bookmark-manager-staging: `bookmark-manager-staging-postgres` は停止できない DB です(設定を 1 行直してください。利用者への影響なし)",
                "リードレプリカです。この種の DB を AWS は停止できません。",
                "直し方は 2 つ: 環境の設定の `databases` から `bookmark-manager-staging-postgres` を外すか、レプリカを昇格または削除してください。",
                "起動したままの費用は月に約 18.25 USD です(730 時間 × 0.025 USD)。",
                "環境のほかのものは停止します。このお知らせは一度だけです。",
                PROVENANCE,
            ]
        );
    }

    #[test]
    fn a_time_is_as_precise_as_it_is_far() {
        let zone = samples::tokyo();
        let place = samples::place(&zone, Language::Ja, false);
        let japanese = Japanese(&place);
        let cases = [
            ("2026-11-24T09:05:59+09:00", "9:05"),
            ("2026-11-25T00:00:00+09:00", "水曜 0:00"),
            ("2026-11-18T19:00:00+09:00", "水曜 19:00"),
            ("2026-11-17T19:00:00+09:00", "11月17日(火) 19:00"),
            ("2027-01-04T08:40:00+09:00", "2027年1月4日 8:40"),
        ];
        for (at, words) in cases {
            assert_eq!(japanese.clock(samples::at(at)), words);
        }
    }
}
