//! On the simulated cloud a release of production fails, and people read in Slack why, in one message
//! that grows, with the container's last words below it.

use jiff::{SignedDuration, Timestamp};
use nightshift::report::message::Message as Report;
use nightshift::report::rollback::{Again, Edit, Evidence, Fault, NoLog, Stage, Sureness, Users};
use nightshift_slack::{Message, Slack};
use nightshift_tests::estates::PRODUCTION;
use nightshift_tests::rollouts::{Rollouts, made, story};
use nightshift_tests::stage::{document, event};
use serde_json::{Value, json};

/// Longer than a release takes to fail and to be rolled back.
const SOON: SignedDuration = SignedDuration::from_mins(40);

fn tuesday() -> Timestamp {
    "2027-06-08T14:00:00+09:00".parse().unwrap()
}

async fn production(document: &str, slack: &Slack) -> (Rollouts, String) {
    let make = |world: &mut _| made::production(world, document);
    Rollouts::begin(tuesday(), "en", slack, make).await.unwrap()
}

/// Releases what crashes; what is told until it is rolled back, and in the quarter of an hour after.
async fn release(rollouts: &mut Rollouts, service: &str) -> Vec<Report> {
    let crash = |world: &mut _| made::release_what_crashes(world, service);
    rollouts.cloud.with(crash);
    let told = rollouts.until_over(made::API, SOON, &mut ()).await;
    let mut told = told.unwrap();
    let after = rollouts.pass(SignedDuration::from_mins(15), &mut ()).await;
    told.extend(after.unwrap());
    told
}

fn stages(told: &[Report]) -> Vec<Stage> {
    let stories = told.iter().filter_map(story);
    stories.map(|story| story.stage).collect()
}

/// The one message of the channels that is no answer, and its answers.
fn one_thread(slack: &Slack) -> (Message, Vec<Message>) {
    let channels = ["ops", "alerts"].into_iter();
    let mut first: Vec<_> = channels
        .flat_map(|channel| {
            let messages = slack.messages(channel).into_iter();
            messages
                .filter(|it| !it.is_reply())
                .map(move |it| (channel, it))
        })
        .collect();
    let (channel, message) = first.pop().unwrap();
    assert_eq!(first, [], "more than one message");
    let replies = slack.replies(channel, &message.ts);
    (message, replies)
}

/// Everything that left the account, and all that is kept and logged in it.
fn said_anywhere(rollouts: &Rollouts, slack: &Slack) -> String {
    let table = rollouts.cloud.with(|world| format!("{:?}", world.dynamodb));
    let logs = [&rollouts.explainer, &rollouts.notifier].map(|it| it.log().unwrap());
    format!("{:?}\n{table}\n{}", slack.requests(), logs.concat())
}

#[tokio::test]
async fn a_release_that_crashes_is_one_message_that_grows_with_the_last_words_in_its_thread() {
    let slack = Slack::start().await.unwrap();
    let (mut rollouts, service) = production(&made::open_document().unwrap(), &slack).await;
    let told = release(&mut rollouts, &service).await;
    assert_eq!(
        stages(&told),
        [Stage::Failing, Stage::RollingBack, Stage::RolledBack]
    );
    let last = story(told.last().unwrap()).unwrap();
    let cause = &last.faults[0];
    assert_eq!(cause.sure, Sureness::Certain, "{last:#?}");
    assert!(
        matches!(&cause.fault, Fault::Crash { container, code: 1, .. } if container == "api"),
        "{cause:?}"
    );
    let quoted = Evidence::LastLine {
        container: "api".to_owned(),
        line: made::LAST_LINE.to_owned(),
    };
    assert!(cause.evidence.contains(&quoted), "{cause:?}");
    assert_eq!((last.users, last.again), (Users::NotAffected, Again::Will));
    assert_eq!((last.running.running, last.running.desired), (2, 2));
    let edits = &last.changed.as_ref().unwrap().edits;
    assert!(matches!(edits[..], [Edit::Digest { .. }]), "{edits:?}");
    assert!(last.release.pushed.is_some(), "{:?}", last.release);
    assert_eq!(last.missing, []);

    let (message, replies) = one_thread(&slack);
    let read = message.as_read();
    assert!(read.contains("was rolled back by itself"), "{read}");
    assert_eq!(message.edits, 2);
    let replies: Vec<String> = replies.iter().map(Message::as_read).collect();
    let words = |read: &&String| read.contains(made::LAST_LINE);
    assert_eq!(replies.iter().filter(words).count(), 1, "{replies:#?}");
    let excerpt = replies.iter().find(words).unwrap();
    assert!(excerpt.contains("postgresql://bookmark:***@"), "{excerpt}");
    // Nobody is called by a message that is drawn anew.
    let end = replies.last().unwrap();
    assert!(end.contains("was rolled back by itself"), "{replies:#?}");
    assert!(!said_anywhere(&rollouts, &slack).contains(made::PASSWORD));
}

#[tokio::test]
async fn production_keeps_its_log_lines_to_itself_unless_its_document_says_otherwise() {
    let slack = Slack::start().await.unwrap();
    let document = document(PRODUCTION.name).unwrap();
    let (mut rollouts, service) = production(&document, &slack).await;
    let told = release(&mut rollouts, &service).await;
    let last = story(told.last().unwrap()).unwrap();
    assert_eq!(last.stage, Stage::RolledBack);
    assert_eq!(last.excerpts[0].lines, [""; 0]);
    assert_eq!(last.excerpts[0].absent, Some(NoLog::TurnedOff));
    let said = said_anywhere(&rollouts, &slack);
    assert!(!said.contains("SESSION_TTL") && !said.contains("NestFactory"));
}

#[tokio::test]
async fn a_release_that_fails_twice_is_told_in_one_thread_and_counted() {
    let slack = Slack::start().await.unwrap();
    let (mut rollouts, service) = production(&made::open_document().unwrap(), &slack).await;
    release(&mut rollouts, &service).await;
    let again = release(&mut rollouts, &service).await;
    let last = story(again.last().unwrap()).unwrap();
    assert_eq!((last.stage, last.failures), (Stage::RolledBack, 2));
    let (message, _) = one_thread(&slack);
    let read = message.as_read();
    assert!(read.contains("failure 2 in this thread"), "{read}");
}

#[tokio::test]
async fn who_asks_by_hand_reads_the_story_as_text_and_nobody_is_told() {
    let slack = Slack::start().await.unwrap();
    let (mut rollouts, service) = production(&made::open_document().unwrap(), &slack).await;
    let explain = event("explain").unwrap();
    let ask = async |rollouts: &mut Rollouts, payload: &Value| {
        rollouts.ask(payload).await.unwrap().good().unwrap().payload
    };
    let before = ask(&mut rollouts, &explain).await;
    assert_eq!(before["estate"], PRODUCTION.name);
    assert_eq!(
        (&before["story"], &before["text"]),
        (&Value::Null, &Value::Null)
    );

    release(&mut rollouts, &service).await;
    let posted = slack.counts().posted;
    let after = ask(&mut rollouts, &explain).await;
    let text = after["text"].as_str().unwrap();
    for words in [
        "was rolled back by itself",
        "exits right after start (exit 1)",
        made::LAST_LINE,
    ] {
        assert!(text.contains(words), "{text}");
    }
    let mut one = explain.clone();
    one["service"] = service.clone().into();
    one["deployment"] = after["story"]["deployment"].clone();
    assert_eq!(ask(&mut rollouts, &one).await["text"], after["text"]);
    let status = ask(&mut rollouts, &json!({ "command": "status" })).await;
    let known = &status["services"][0];
    assert_eq!(
        (&known["service"], &known["broken"]),
        (&json!(service), &json!(false))
    );
    assert_eq!(
        known["stories"][0]["told"],
        json!(["failing", "rolling_back", "rolled_back"])
    );
    assert_eq!(slack.counts().posted, posted);

    let nobody = json!({ "command": "explain", "service": "shop/nobody" });
    let refused = rollouts.ask(&nobody).await.unwrap();
    assert!(refused.failed);
    assert_eq!(refused.payload["errorType"], "BadInput");
}
