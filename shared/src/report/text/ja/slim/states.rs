//! 縮小するものの状態と、その理由と、対処。

use crate::{
    kind::Level,
    ledger::Phase,
    report::{
        Cause, Report, State,
        text::ja::{Japanese, code, status_words},
    },
};

impl Japanese<'_> {
    /// The state of an estate in a phase of its nights and days.
    pub(in crate::report::text) fn slim_state(&self, report: &Report) -> String {
        let estate = self.estate();
        let wanted = report.wanted.as_ref();
        let until = wanted
            .filter(|wanted| {
                matches!(
                    (report.phase, wanted.state),
                    (Phase::Day, Some(State::Day)) | (Phase::Night, Some(State::Night))
                )
            })
            .and_then(|wanted| wanted.until)
            .map_or_else(String::new, |until| format!("{} まで", self.until(until)));
        match (report.phase, report.ready) {
            (Phase::Day, true) => format!("☀️ {estate} は{until}昼の規模です"),
            (Phase::Day, false) => {
                format!("🕐 {estate} は{until}昼の規模ですが、一部がまだ動いていません")
            }
            (Phase::ToNight, _) => format!("🕐 {estate} は縮小中です"),
            (Phase::Night, _) => format!("🌙 {estate} は{until}縮小しています"),
            _ => format!("🕐 {estate} は昼の規模に拡大中です"),
        }
    }

    /// A clause for what holds back, or is met, where something gets smaller.
    pub(in crate::report::text) fn slim_clause(&self, cause: &Cause) -> (String, Option<String>) {
        let plain = |words: &str| (words.to_owned(), None);
        match cause {
            Cause::Alarm { alarm } => (
                format!(
                    "アラーム {} が鳴っているため縮小を待っています",
                    code(alarm)
                ),
                None,
            ),
            Cause::NoAlarm { alarm } => (
                format!(
                    "設定にあるアラーム {} が AWS に見つからないため縮小を待っています",
                    code(alarm)
                ),
                None,
            ),
            Cause::Deploying { service, back } => (
                format!(
                    "{} の{}のため縮小を待っています",
                    code(service),
                    if *back {
                        "ロールバック"
                    } else {
                        "デプロイ"
                    }
                ),
                None,
            ),
            Cause::RolloutBroken { since } => (
                format!(
                    "{} に失敗したデプロイがまだ元に戻っていないため縮小を待っています",
                    self.clock(*since)
                ),
                None,
            ),
            Cause::Unrest { database, status } => (
                format!(
                    "縮小を待っています。{} は{}",
                    code(database),
                    status_words(status)
                ),
                Some(code(status)),
            ),
            Cause::Load {
                percent,
                left: Level::Tasks(left),
            } => (
                format!("{left} 台では CPU が {percent} % になるため縮小を待っています"),
                None,
            ),
            Cause::Load {
                percent,
                left: Level::Acu(left),
            } => (
                format!("{left} ACU では CPU が {percent} % になるため縮小を待っています"),
                None,
            ),
            Cause::NoLoad => plain("直近の負荷がわからないため縮小を待っています"),
            Cause::ByHand => plain("手動で変更されたため、朝までそのままにします"),
            Cause::PutBack { until } => (
                format!(
                    "昼の規模に戻されたため、{} までそのままにします",
                    self.clock(*until)
                ),
                None,
            ),
            Cause::ScalingSuspended => {
                plain("Auto Scaling が一時停止されているため、そのままにします")
            }
            Cause::AtZero => plain("誰かが 0 台にしたため、そのままにします"),
            Cause::AboveMaximum { count, max } => (
                format!(
                    "{count} 台動いており、最小値を変えると最大値の {max} 台に減るため、そのままにします"
                ),
                None,
            ),
            Cause::NotServerless => plain("Aurora Serverless v2 のクラスターではありません"),
            _ => plain(""),
        }
    }

    /// What a person does about it.
    pub(in crate::report::text) fn slim_mend(&self, cause: &Cause) -> String {
        match cause {
            Cause::Alarm { .. }
            | Cause::Deploying { .. }
            | Cause::RolloutBroken { .. }
            | Cause::Unrest { .. }
            | Cause::Load { .. } => "終われば自動で続きます。".to_owned(),
            Cause::NoAlarm { .. } => {
                "環境の設定の `brakes` でアラーム名を直すか、外してください。".to_owned()
            }
            Cause::NoLoad => {
                "関数のロールにメトリクスの読み取り権限(`cloudwatch:GetMetricData`)があるか確認してください。"
                    .to_owned()
            }
            Cause::ByHand => "朝に再開します。".to_owned(),
            Cause::PutBack { until } => format!("{} から再開します。", self.clock(*until)),
            Cause::ScalingSuspended => {
                "一時停止が不要なら、Auto Scaling を再開してください。".to_owned()
            }
            Cause::AtZero => "0 台が不要なら、台数を戻してください。".to_owned(),
            Cause::AboveMaximum { .. } => "最大値を上げるか、台数を下げてください。".to_owned(),
            Cause::NotServerless => {
                "環境の設定の `databases` から外すか、`keep` と書いてください。".to_owned()
            }
            _ => String::new(),
        }
    }
}
