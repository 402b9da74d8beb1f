use serde_json::json;

use super::*;

/// A stage of the story of one deployment.
struct Stage<'a> {
    deployment: &'a str,
    step: &'a str,
    severity: Severity,
    excerpt: &'a [&'a str],
}

impl Stage<'_> {
    fn of(stage: &str, severity: Severity) -> Stage<'_> {
        Stage {
            deployment: "ecs-svc/2",
            step: stage,
            severity,
            excerpt: &[],
        }
    }

    fn told(&self, when: Timestamp) -> Signal {
        let news = json!({ "code": "rollback", "story": {
            "cluster": "staging", "service": "api", "deployment": self.deployment,
            "thread": "ecs-svc/2", "failures": 1, "stage": self.step, "back": "by_itself",
            "users": "not_affected", "again": "unknown", "release": {},
            "running": { "service": "api", "running": 2, "desired": 2 } } });
        let mut signal = report(self.severity, when);
        let What::Report(message) = &mut signal.what else {
            unreachable!("a report")
        };
        message.news = serde_json::from_value(news).unwrap();
        message.thread = "staging/api/ecs-svc/2".to_owned();
        message.title = format!("api: {}", self.step);
        message.excerpt = self.excerpt.iter().map(ToString::to_string).collect();
        signal.key = format!("report/{}/{}", self.deployment, self.step);
        signal
    }
}

#[test]
fn a_story_is_one_message_that_grows_and_its_end_is_an_answer() {
    let mut channel = Channel::new(house().built());
    for (minute, stage, wanted) in [
        (0, "failing", "post"),
        (5, "failed", "redraw"),
        (6, "rolling_back", "redraw"),
        (9, "rolled_back", "answer and redraw"),
    ] {
        let when = at(&format!("10:0{minute}:00"));
        let telling = channel.hears(&Stage::of(stage, Severity::Warning).told(when));
        assert_eq!(kind(&telling), wanted, "{stage}");
        assert_eq!(
            telling.thread.as_deref(),
            Some("story/123456789012/staging/api/ecs-svc/2")
        );
    }
}

#[test]
fn what_makes_a_story_worse_calls_somebody() {
    let mut channel = Channel::new(house().built());
    channel.hears(&Stage::of("failing", Severity::Notice).told(at("10:00:00")));
    let worse = channel.hears(&Stage::of("stalled", Severity::Alert).told(at("10:20:00")));
    assert_eq!(kind(&worse), "answer and redraw");
    let again = channel.hears(&Stage::of("rollback_failed", Severity::Alert).told(at("10:30:00")));
    assert_eq!(kind(&again), "redraw", "it is as bad as it was");
}

#[test]
fn an_earlier_stage_that_comes_late_is_not_told_again() {
    let mut channel = Channel::new(house().built());
    channel.hears(&Stage::of("rolled_back", Severity::Warning).told(at("10:09:00")));
    let late = channel.hears(&Stage::of("failed", Severity::Alert).told(at("10:05:00")));
    assert_eq!(kind(&late), "nothing");
}

#[test]
fn last_words_stand_below_once_for_each_deployment() {
    let mut channel = Channel::new(house().built());
    let stage = |deployment, stage| Stage {
        deployment,
        excerpt: &["Last lines of api:", "Error: no <DATABASE>"],
        ..Stage::of(stage, Severity::Warning)
    };
    let first = channel.hears(&stage("ecs-svc/2", "failed").told(at("10:00:00")));
    let below = first.below.unwrap();
    assert_eq!(below.title, "Last lines of api:");
    assert_eq!(below.body[0].as_str(), "> Error: no &lt;DATABASE&gt;");
    let later = channel.hears(&stage("ecs-svc/2", "rolling_back").told(at("10:01:00")));
    assert_eq!(later.below, None);
    let other = channel.hears(&stage("ecs-svc/3", "failed").told(at("10:20:00")));
    assert_eq!(kind(&other), "redraw", "it joins the thread");
    assert!(other.below.is_some());
}

#[test]
fn with_a_webhook_the_last_words_stand_in_the_message() {
    let mut channel = Channel::new(house().with_a_webhook().built());
    let stage = Stage {
        excerpt: &["Last lines of api:", "Error"],
        ..Stage::of("failed", Severity::Warning)
    };
    for minute in 0..2 {
        let telling = channel.hears(&stage.told(at(&format!("10:0{minute}:00"))));
        assert_eq!(telling.below, None);
        let body = &posted(&telling).body;
        assert_eq!(body.last().unwrap().as_str(), "> Error");
    }
}
