//! アラームとイベントのほかに書くこと。

use super::Japanese;
use crate::render::words::Notices;

impl Notices for Japanese {
    fn untitled(&self, source: &str) -> String {
        if source.is_empty() {
            "件名のないメッセージ".to_owned()
        } else {
            format!("{source} からのメッセージ")
        }
    }

    fn rest(&self, function: &str, key: &str) -> String {
        format!(
            "一部を省略しました。全文は `{function}` の CloudWatch Logs にあります(キー: `{key}`)。"
        )
    }

    fn digest(&self, count: usize, part: usize, parts: usize) -> String {
        let part = if parts > 1 {
            format!("({part}/{parts})")
        } else {
            String::new()
        };
        format!("{count} 件をまとめてお知らせします{part}")
    }

    fn digest_counts(&self, rings: usize, over: usize, others: usize) -> String {
        let told: Vec<String> = [
            ("アラーム", rings),
            ("正常に復帰", over),
            ("その他", others),
        ]
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(what, count)| format!("{what} {count} 件"))
        .collect();
        told.join("、")
    }

    fn digest_why(&self) -> &'static str {
        "一度に多くの通知が届いたため、1 件を 1 行にまとめました。"
    }

    fn bedtime(&self, estate: &str, at: &str, minutes: i64) -> String {
        let minutes = match minutes {
            ..=0 => "まもなく".to_owned(),
            _ => format!("あと {minutes} 分"),
        };
        format!("{estate} は {at} に停止します({minutes})")
    }

    fn bedtime_react(&self) -> &'static str {
        "変更するときは、このメッセージにリアクションを付けてください:"
    }

    fn bedtime_choice(&self, until: Option<&str>) -> String {
        match until {
            Some(until) => format!("{until} まで延長"),
            None => "予定どおり停止".to_owned(),
        }
    }

    fn bedtime_command(&self, until: &str) -> String {
        format!("{until} まで延長するときは(by と reason は書き換えてください):")
    }

    fn stays_up(&self, estate: &str, until: &str) -> String {
        format!("{estate} は {until} まで起きています")
    }

    fn stays_up_by(&self, who: &str, until: &str) -> String {
        format!("{who} が延長しました。{until} に自動で停止します。")
    }

    fn as_planned(&self, estate: &str, at: &str) -> String {
        format!("{estate} は予定どおり {at} に停止します")
    }

    fn as_planned_by(&self, who: &str) -> String {
        format!("{who} が確認しました。")
    }

    fn midnight(&self) -> &'static str {
        "24:00"
    }

    fn misrouted(&self, wanted: &str, code: &str) -> String {
        let mend = match code {
            "channel_not_found" => {
                "チャンネルが存在しないか、プライベートチャンネルにアプリが参加していません。設定のチャンネル名を直すか、`/invite` でアプリを招待してください。"
            }
            "not_in_channel" => "アプリが参加していません。`/invite` でアプリを招待してください。",
            "is_archived" => {
                "アーカイブされています。設定で別のチャンネルを指定するか、アーカイブを解除してください。"
            }
            "restricted_action" => {
                "ワークスペースの設定でアプリの投稿が制限されています。管理者に相談するか、設定で別のチャンネルを指定してください。"
            }
            _ => "チャンネルの状態と、設定のチャンネル名を確認してください。",
        };
        format!("本来は `{wanted}` に送る通知ですが、Slack に拒否されました(`{code}`)。{mend}")
    }
}
