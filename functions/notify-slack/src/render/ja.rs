//! 日本語。です・ます調で短く、同僚に書くように。数字は半角で書く。

mod events;
mod names;
mod notices;

use super::{
    metrics::Felt,
    words::{Against, Alarms, Measured, Names},
};
use crate::{
    scene::Quiet,
    signal::{AlarmState, Comparison},
};

/// Japanese.
pub(super) struct Japanese;

impl Alarms for Japanese {
    fn band(&self, comparison: Comparison) -> &'static str {
        match comparison {
            Comparison::AboveBand => "想定範囲より上",
            Comparison::BelowBand => "想定範囲より下",
            _ => "想定範囲の外",
        }
    }

    fn banded(&self, value: Option<&str>, band: &str) -> String {
        match value {
            Some(value) => format!("{value}({band})"),
            None => format!("({band})"),
        }
    }

    fn rings(&self, name: &str) -> String {
        format!("{name} がアラーム状態です")
    }

    fn back(&self, what: &str, after: Option<&str>) -> String {
        match after {
            Some(after) => format!("{what}が {after}で正常に戻りました"),
            None => format!("{what}が正常に戻りました"),
        }
    }

    fn too_little(&self, what: &str) -> String {
        format!("{what}のデータが足りません")
    }

    fn counted(&self, times: u32, since: &str) -> String {
        format!("{since} から {times} 回目")
    }

    fn rang(&self, what: &str, lasted: &str, times: u32) -> String {
        if times > 1 {
            format!("{what}: {lasted}間に {times} 回アラームになり、正常に戻りました")
        } else {
            format!("{what}: {lasted}間アラームになり、正常に戻りました")
        }
    }

    fn rang_at(&self, told: &str) -> String {
        format!("アラーム時: {told}")
    }

    fn still(&self) -> &'static str {
        "起動後も継続"
    }

    fn hushed(&self, quiet: Quiet) -> &'static str {
        match quiet {
            Quiet::Asleep { .. } => "停止中のため対応は不要です",
            Quiet::Waking => "起動中のため対応は不要です",
        }
    }

    fn quiet(&self, quiet: Quiet, until: Option<&str>) -> String {
        match (quiet, until) {
            (Quiet::Asleep { .. }, Some(until)) => format!(
                "この環境は予定どおり停止しています({until} まで)。起動後もアラームが続く場合は、通常の通知であらためてお知らせします。"
            ),
            (Quiet::Asleep { .. }, None) => "この環境は予定どおり停止しています。起動後もアラームが続く場合は、通常の通知であらためてお知らせします。".to_owned(),
            (Quiet::Waking, _) => "この環境は起動している途中です。使えるようになってもアラームが続く場合は、通常の通知であらためてお知らせします。".to_owned(),
        }
    }

    fn outlived(&self, since: &str) -> String {
        format!(
            "停止中は通知を控えていました。環境は起動しましたが、アラームが続いています({since} から)。"
        )
    }

    fn late(&self, span: &str) -> String {
        format!("アラームの通知が届いたときには、すでに正常に戻っていました({span})。")
    }

    fn measured(&self, state: AlarmState, measured: &Measured<'_>) -> String {
        let Measured {
            metric,
            value,
            test,
            window,
            datapoints,
            statistic,
        } = measured;
        let mut more = Vec::new();
        if state != AlarmState::Alarm {
            let now = value.map_or_else(
                || metric.to_string(),
                |value| format!("現在の{}は *{value}*", spaced(metric)),
            );
            let test = match test {
                Some(Against::Threshold(test)) => format!("{test} "),
                Some(Against::Band(band)) => (*band).to_owned(),
                None => String::new(),
            };
            match (test.as_str(), window) {
                ("", _) => {}
                (test, Some(window)) => more.push(format!("{test}が {window}続くとアラーム")),
                (test, None) => more.push(format!("{test}でアラーム")),
            }
            more.extend(statistic.map(str::to_owned));
            return format!("{now}{}", bracketed(&more));
        }
        let value = value.map_or_else(String::new, |value| format!(" *{value}*"));
        let test = match test {
            Some(Against::Threshold(test)) => format!(" {test}"),
            Some(Against::Band(band)) => {
                more.push((*band).to_owned());
                String::new()
            }
            None => String::new(),
        };
        let datapoints =
            datapoints.map(|(crossed, periods)| format!("{periods} 点中 {crossed} 点"));
        match (window, datapoints) {
            (Some(window), Some(datapoints)) => more.push(format!("{window}間で {datapoints}")),
            // The statistic of the one period says how long it is.
            (Some(_), None) if statistic.is_some() => {}
            (Some(window), None) => more.push(format!("{window}間")),
            (None, datapoints) => more.extend(datapoints),
        }
        more.extend(statistic.map(str::to_owned));
        format!("{metric}{value}{test}{}", bracketed(&more))
    }

    fn earlier(&self, values: &[String]) -> String {
        format!("その前の値: {}", self.listed(values))
    }

    fn silent(&self, what: &str) -> String {
        format!("{what}のデータが届いていません")
    }

    fn silence(&self) -> &'static str {
        "データが届かず、このアラームはデータの欠落を異常とみなす設定のため、アラームになりました。"
    }

    fn felt(&self, felt: Felt) -> &'static str {
        match felt {
            Felt::Errors => "利用者にエラーが返っている可能性があります。",
            Felt::Slow => "利用者への応答が遅くなっている可能性があります。",
            Felt::Capacity => "応答できるターゲットが減っています。",
        }
    }

    fn children(&self) -> &'static str {
        "きっかけになったアラーム:"
    }

    fn suppressed(&self, by: &str) -> String {
        format!("アクションは {by} により抑止されています。")
    }

    fn reply_back(&self, after: &str, times: u32) -> String {
        if times > 1 {
            format!("正常に戻りました({after}の間に {times} 回)")
        } else {
            format!("{after}で正常に戻りました")
        }
    }

    fn reply_rings(&self, compared: Option<&str>, times: u32, since: &str) -> String {
        let again = if times > 1 {
            "再びアラーム"
        } else {
            "アラーム"
        };
        let compared = compared.map_or_else(String::new, |compared| format!(": {compared}"));
        let times = if times > 1 {
            self.aside(&self.counted(times, since))
        } else {
            String::new()
        };
        format!("{again}{compared}{times}")
    }

    fn reply_unknown(&self) -> &'static str {
        "データ不足で判定できません"
    }

    fn reply_when(&self, at: &str, value: Option<&str>) -> String {
        match value {
            Some(value) => format!("{at}・このときの値 {value}"),
            None => at.to_owned(),
        }
    }
}

fn bracketed(all: &[String]) -> String {
    if all.is_empty() {
        String::new()
    } else {
        format!("({})", all.join("、"))
    }
}

/// With a space before it, if it begins with a letter or digit of the half width.
fn spaced(text: &str) -> String {
    if text.starts_with(|first: char| first.is_ascii()) {
        format!(" {text}")
    } else {
        text.to_owned()
    }
}
