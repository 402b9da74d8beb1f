//! A channel as it looks after a bad evening: alarms and reports in both languages, a thread, a
//! picture, reactions. The messages are such as the function sends.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use nightshift_slack::{Clock, Options, Slack};
use serde_json::{Value, json};

use crate::client::{Client, named, section};
use crate::png;

const RED: &str = "#d92d43";
const AMBER: &str = "#e0a100";
const GREEN: &str = "#2f9e62";
const BLUE: &str = "#2f6fd0";
const GREY: &str = "#9aa1ad";

/// A workspace, and a hand on its clock.
pub(crate) struct Evening {
    pub(crate) slack: Slack,
    pub(crate) client: Client,
    now: Arc<Mutex<Timestamp>>,
}

impl Evening {
    pub(crate) async fn begin() -> Self {
        let now: Timestamp = "2026-11-13T09:47:00Z".parse().unwrap();
        let now = Arc::new(Mutex::new(now));
        let shown = Arc::clone(&now);
        let options = Options {
            channels: vec!["ops".into(), "障害通知".into(), "costs".into()],
            clock: Clock::of(move || *shown.lock().unwrap()),
            zone: TimeZone::get("Asia/Tokyo").unwrap(),
            ..Options::default()
        };
        let slack = Slack::with(options).await.unwrap();
        slack.add_person("U0TANAKA", "Tanaka");
        slack.add_person("U0SATO", "佐藤");
        let client = Client::of(&slack);
        Self { slack, client, now }
    }

    /// Sets the clock; times are Japan's.
    fn at(&self, time: &str) {
        let at = format!("{time}:00+09:00").parse().unwrap();
        *self.now.lock().unwrap() = at;
    }

    async fn post(&self, message: &Value) -> (String, String) {
        named(&self.client.call("chat.postMessage", message).await)
    }

    /// Everything at once.
    pub(crate) async fn play(&self) {
        let (slack, client) = (&self.slack, &self.client);
        self.at("2026-11-13T18:45");
        let notice = json!({
            "channel": "ops",
            "attachments": [attachment(BLUE, "bookmark-manager staging sleeps at 19:00", &[
                section("🌙 *bookmark-manager staging* goes to sleep at 19:00.\nReact to keep it awake: 🕙 until 22:00, 🕛 until midnight, ❌ as planned."),
            ])],
        });
        let (channel, notice) = self.post(&notice).await;
        for name in ["clock10", "clock12", "x"] {
            let reaction = json!({ "channel": channel, "timestamp": notice, "name": name });
            assert_eq!(client.call("reactions.add", &reaction).await["ok"], true);
        }
        self.at("2026-11-13T18:47");
        slack.react("ops", &notice, "U0TANAKA", "clock10").unwrap();
        self.post(&kept_awake()).await;
        self.at("2026-11-13T23:58");
        let graph = png::graph(640, 220);
        let graph = client.upload("graph.png", graph, &json!({})).await;
        let (_, alarm) = self.post(&alarm(&graph)).await;
        self.at("2026-11-14T00:03");
        slack
            .say(
                "ops",
                "U0SATO",
                "見ています。デプロイの *直後* からですね <@U0TANAKA>",
                Some(&alarm),
            )
            .unwrap();
        slack.react("ops", &alarm, "U0SATO", "eyes").unwrap();
        self.at("2026-11-14T00:10");
        let recovered = json!({
            "channel": "ops",
            "thread_ts": alarm,
            "attachments": [attachment(GREEN, "back to OK after 12 min", &[
                section("✅ Back to OK after *12 min*. Highest: `97.3 %` at 00:01."),
            ])],
        });
        self.post(&recovered).await;
        let update = json!({ "channel": channel, "ts": alarm, "text": "✅ *api: CPU high* · it was over at 00:10" });
        assert_eq!(client.call("chat.update", &update).await["ok"], true);
        self.at("2026-11-14T06:52");
        self.post(&unknown()).await;
        self.at("2026-11-14T08:53");
        self.post(&ready()).await;
    }
}

fn attachment(colour: &str, fallback: &str, blocks: &[Value]) -> Value {
    json!({ "color": colour, "fallback": fallback, "blocks": blocks })
}

fn fields(pairs: &[(&str, &str)]) -> Value {
    let fields: Vec<_> = pairs
        .iter()
        .map(|(name, value)| json!({ "type": "mrkdwn", "text": format!("*{name}*\n{value}") }))
        .collect();
    json!({ "type": "section", "fields": fields })
}

fn context(texts: &[&str]) -> Value {
    let texts: Vec<_> = texts
        .iter()
        .map(|text| json!({ "type": "mrkdwn", "text": text }))
        .collect();
    json!({ "type": "context", "elements": texts })
}

fn header(text: &str) -> Value {
    json!({ "type": "header", "text": { "type": "plain_text", "text": text, "emoji": true } })
}

fn kept_awake() -> Value {
    json!({
        "channel": "ops",
        "attachments": [attachment(GREY, "bookmark-manager staging は今夜 22:00 まで起きています", &[
            section("🕙 *bookmark-manager staging は今夜 22:00 まで起きています*\nTanaka が 18:47 に延長しました(理由: 負荷試験)。22:00 に自動で停止します。"),
        ])],
    })
}

fn alarm(graph: &str) -> Value {
    json!({
        "channel": "ops",
        "text": "🔴 *api: CPU high* · bookmark-manager production <!here>",
        "attachments": [attachment(RED, "api: CPU high", &[
            section("CPU of the service `api` was above *80 %* for 3 of 3 minutes: 91.2 %, 93.8 %, 96.1 %.\nUsers: target group healthy, 2/2."),
            fields(&[
                ("Service", "<https://example.com/ecs?a=1&amp;b=2|api> · <https://example.com/logs|logs>"),
                ("Cluster", "bookmark-manager-production"),
                ("Since", "23:55 (Fri, JST)"),
                ("Threshold", "`CPUUtilization` &gt; 80, average of 1 min"),
            ]),
            json!({ "type": "image", "slack_file": { "id": graph }, "alt_text": "CPU utilisation of the last three hours", "title": { "type": "plain_text", "text": "CPUUtilization, 3 h" } }),
            json!({ "type": "actions", "elements": [
                { "type": "button", "text": { "type": "plain_text", "text": "Runbook" }, "url": "https://example.com/runbook", "style": "primary", "action_id": "runbook" },
                { "type": "button", "text": { "type": "plain_text", "text": "Alarm" }, "url": "https://example.com/alarm", "action_id": "alarm" },
            ] }),
            context(&["account 123456789012 · ap-northeast-1", "notify-slack"]),
        ])],
    })
}

fn unknown() -> Value {
    json!({
        "channel": "ops",
        "attachments": [attachment(AMBER, "Backup Job State Change", &[
            section("*Backup Job State Change* from `aws.backup`"),
            section("```{\n  \"state\": \"FAILED\",\n  \"reason\": \"<script>alert('x')</script> & more\"\n}```".replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").as_str()),
            section("&gt; Threshold Crossed: 1 datapoint [3.0] was greater than the threshold (2.0).\n~retried~ given up"),
            json!({ "type": "divider" }),
            context(&["cut at 2,900 characters; the whole is in the log of `notify-slack`"]),
        ])],
    })
}

fn ready() -> Value {
    json!({
        "channel": "ops",
        "attachments": [attachment(GREEN, "bookmark-manager staging が使えます(8:53)", &[
            header("☀️ bookmark-manager staging が使えます(8:53)"),
            section("始業 9:00 の 7 分前に準備完了。起動 6分40秒(DB 4分12秒 → api 1/1・web 1/1 正常)。\n金曜 19:00 の状態とすべて一致しています。"),
            fields(&[
                ("停止していた時間", "3日13時間44分"),
                ("節約", "7.42 USD"),
            ]),
            context(&["停止中も課金されたもの: ALB、NAT Gateway、Atlas M10", "power-staging"]),
        ])],
    })
}
