//! Reports of our own functions, one of each severity, as they write them in either language.

use nightshift::{
    config::Language,
    report::{News, Severity, message::Message},
};

use super::{ACCOUNT, REGION, STAGING, signal, today};
use crate::signal::{Signal, What};

pub(in crate::render) fn report(severity: Severity, title: &str, lines: &[&str]) -> Signal {
    signal(What::Report(Box::new(Message {
        nightshift: 1,
        function: "power-staging".to_owned(),
        estate: STAGING.to_owned(),
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        at: today("08:53"),
        severity,
        thread: "night/2026-11-24".to_owned(),
        news: News::NotFound {
            resource: "ghost".to_owned(),
        },
        title: title.to_owned(),
        lines: lines.iter().map(|line| (*line).to_owned()).collect(),
        excerpt: Vec::new(),
    })))
}

pub(super) fn reports(language: Language) -> Vec<(&'static str, Signal)> {
    match language {
        Language::En => english(),
        Language::Ja => japanese(),
    }
}

fn english() -> Vec<(&'static str, Signal)> {
    let last = "account 123456789012 · ap-northeast-1 · nightshift power-staging";
    let of = |severity, title: &str, lines: &[&str]| ended(severity, title, lines, last);
    vec![
        (
            "report_quiet",
            of(
                Severity::Quiet,
                "☀️ bookmark-manager-staging is up (08:53)",
                &[
                    "Ready 7 minutes before opening at 09:00. Woke in 6 m 40 s (database 4 m 12 s → api 1/1, web 1/1 healthy).",
                    "Everything is as it was on Friday at 19:00.",
                    "Asleep 3 d 13 h 44 m → USD 7.42 saved. Still billed while asleep: ALB, NAT gateway, Atlas M10.",
                ],
            ),
        ),
        (
            "report_notice",
            of(
                Severity::Notice,
                "🕐 bookmark-manager-staging: `bookmark-manager-staging-postgres` is not asleep yet (nothing for you to do)",
                &[
                    "`bookmark-manager-staging-postgres` is backing up, so RDS refused to stop it (`InvalidDBInstanceState`, since 19:04). You hear again after 20:00.",
                    "If this comes every night: the backup window lies across the time of sleeping.",
                ],
            ),
        ),
        (
            "report_warning",
            of(
                Severity::Warning,
                "⚠️ bookmark-manager-staging: the document cannot be read (mend it; users not affected)",
                &[
                    "• line 4, `sleep.hours`: write a range like `09:00-18:00`",
                    "• line 9, `services`: unknown field `servcie`, did you mean `service`?",
                    "The last good document stays in force until this one is mended.",
                ],
            ),
        ),
        (
            "report_alert",
            of(
                Severity::Alert,
                "⚠️ bookmark-manager-staging is not usable: the database does not wake (needs you)",
                &[
                    "`bookmark-manager-staging-postgres` has been `incompatible-network` since 08:04.",
                    "Keep it awake while you mend it (put in who you are and why):",
                    "`aws lambda invoke --function-name nightshift-power-staging --cli-binary-format raw-in-base64-out --payload '{\"command\":\"wake\",\"estate\":\"bookmark-manager-staging\",\"until\":\"2026-11-24T22:00+09:00\",\"by\":\"you\",\"reason\":\"why\"}' /dev/stdout`",
                ],
            ),
        ),
    ]
}

fn japanese() -> Vec<(&'static str, Signal)> {
    let last = "アカウント 123456789012・ap-northeast-1・nightshift power-staging";
    let of = |severity, title: &str, lines: &[&str]| ended(severity, title, lines, last);
    vec![
        (
            "report_quiet",
            of(
                Severity::Quiet,
                "☀️ bookmark-manager-staging が使えます(8:53)",
                &[
                    "始業 9:00 の 7 分前に準備完了。起動 6分40秒(DB 4分12秒 → api 1/1・web 1/1 正常)。",
                    "金曜 19:00 の状態とすべて一致しています。",
                    "3日13時間44分の停止 → 7.42 USD の節約。停止中も課金されたもの: ALB、NAT Gateway、Atlas M10。",
                ],
            ),
        ),
        (
            "report_notice",
            of(
                Severity::Notice,
                "🕐 bookmark-manager-staging: DB `bookmark-manager-staging-postgres` がまだ止まりません(対応は不要です)",
                &[
                    "`bookmark-manager-staging-postgres` はバックアップ中で、RDS が停止を断りました(`InvalidDBInstanceState`、19:04 から)。20:00 を過ぎても続くときは、もう一度知らせます。",
                    "毎晩これが出るなら: バックアップ時間帯が停止時刻に重なっています。",
                ],
            ),
        ),
        (
            "report_warning",
            of(
                Severity::Warning,
                "⚠️ bookmark-manager-staging: 設定を読み取れません(設定を直してください。利用者への影響なし)",
                &[
                    "• 4 行目 `sleep.hours`: `09:00-18:00` のように範囲で書いてください",
                    "• 9 行目 `services`: `servcie` は不明な項目です。`service` の誤りですか",
                    "直るまでは、最後に読み取れた設定を使い続けます。",
                ],
            ),
        ),
        (
            "report_alert",
            of(
                Severity::Alert,
                "⚠️ bookmark-manager-staging は使えません: DB が起動しません(対応が必要です)",
                &[
                    "`bookmark-manager-staging-postgres` は 8:04 から `incompatible-network` です。",
                    "直す間、起こしたままにするときは(by と reason は書き換えてください):",
                    "`aws lambda invoke --function-name nightshift-power-staging --cli-binary-format raw-in-base64-out --payload '{\"command\":\"wake\",\"estate\":\"bookmark-manager-staging\",\"until\":\"2026-11-24T22:00+09:00\",\"by\":\"you\",\"reason\":\"why\"}' /dev/stdout`",
                ],
            ),
        ),
    ]
}

fn ended(severity: Severity, title: &str, lines: &[&str], last: &str) -> Signal {
    let lines: Vec<&str> = lines.iter().copied().chain([last]).collect();
    report(severity, title, &lines)
}
