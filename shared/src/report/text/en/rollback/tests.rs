use crate::{
    config::Language,
    report::{
        News,
        rollback::{Again, Back, Stage, Story, Users},
        text::{self, Place, Text, samples},
    },
};

fn told(story: Story) -> Text {
    let zone = samples::tokyo();
    let place = Place {
        estate: "bookmark-manager-staging",
        now: samples::at("2026-11-24T14:13:00+09:00"),
        teller: "explain-rollback",
        ..samples::place(&zone, Language::En, false)
    };
    let news = News::Rollback {
        story: Box::new(story),
    };
    text::news(&news, &place)
}

#[test]
fn a_rollback_says_who_is_affected_why_what_changed_and_what_to_do() {
    let text = told(samples::rollback::rolled_back());
    let lines: Vec<&str> = text.lines.iter().map(String::as_str).collect();
    assert_eq!(
        text.title,
        "↩️ bookmark-manager-staging: the api deployment was rolled back by itself (users not affected; same commit will fail; needs you before redeploying)"
    );
    assert_eq!(
        lines,
        [
            "Started 14:02 → failed 14:09 → restored 14:12 (10 m 30 s); the old version kept answering, 2/2.",
            "Given up by the deployment circuit breaker: 3 tasks failed, the limit is 3.",
            "Cause (certain): `api` exits right after start (exit 1), 3 times — after 4 s; last line of `api`: \"Error: DATABASE_HOST is not set\".",
            "What usually mends it: read the log lines: the application says why it ends.",
            "What changed: only the image of `api` behind the same tag, `0f1e2d3c4b5a` → `f0e1d2c3b4a5` (commit `1f3c9ab`).",
            "Running now: `api:9` (image `api:latest`, digest `0f1e2d3c4b5a`, commit `1f3c9ab`, pushed at 13:58), 2/2.",
            "Next step: mend the cause, then deploy again; the version that runs now is the former one.",
            "account 123456789012 · ap-northeast-1 · nightshift explain-rollback",
        ]
    );
    assert_eq!(
        text.excerpt,
        [
            "Last lines of `api` (task `0a1b2c3d`):",
            "Starting on port 3001",
            "Error: DATABASE_HOST is not set",
        ]
    );
    assert!(text.whole().ends_with("Error: DATABASE_HOST is not set"));
    assert!(!text.joined().contains("Starting on port"));
}

#[test]
fn the_first_line_says_whether_users_are_affected_and_what_the_same_commit_will_do() {
    let title = |users, again| {
        let story = Story {
            stage: Stage::Failing,
            users,
            again,
            ..samples::rollback::rolled_back()
        };
        told(story).title
    };
    for (users, words) in [
        (Users::NotAffected, "users not affected"),
        (Users::Fewer, "fewer tasks answer"),
        (Users::Affected, "users affected: no task answers"),
        (Users::Perhaps, "an alarm rings"),
        (Users::Nobody, "nobody is to be served"),
        (Users::Unknown, "is not known"),
    ] {
        assert!(title(users, Again::Unknown).contains(words), "{users:?}");
    }
    for (again, words) in [
        (Again::Will, "same commit will fail"),
        (Again::UnlessMended, "same commit will fail"),
        (Again::MaySucceed, "same commit may succeed"),
    ] {
        assert!(
            title(Users::NotAffected, again).contains(words),
            "{again:?}"
        );
    }
    assert!(!title(Users::NotAffected, Again::Unknown).contains("commit"));
}

#[test]
fn what_waits_for_a_person_holds_the_command_that_takes_it_back() {
    let zone = samples::tokyo();
    let place = samples::place(&zone, Language::En, false);
    let mut commands = Vec::new();
    for news in samples::news() {
        if let News::Rollback { story } = &news
            && story.remedy.is_some()
        {
            let text = text::news(&news, &place);
            let line = text.lines.iter().find(|line| line.starts_with("`aws "));
            commands.extend(line.cloned());
        }
    }
    assert_eq!(
        commands,
        [
            "`aws ecs stop-service-deployment --service-deployment-arn arn:aws:ecs:ap-northeast-1:123456789012:service-deployment/c/s/NCWGC2ZR-taawPAYrIaU5 --stop-type ROLLBACK`",
            "`aws ecs update-service --cluster bookmark-manager-staging-cluster --service bookmark-manager-staging-api --task-definition api:8 --force-new-deployment`",
            "`aws deploy stop-deployment --deployment-id d-A1B2C3D4E --auto-rollback-enabled`",
        ]
    );
}

#[test]
fn a_deployment_that_nothing_takes_back_says_so() {
    let failed = |back| {
        let story = Story {
            stage: Stage::Failed,
            back,
            ended: None,
            ..samples::rollback::rolled_back()
        };
        told(story).title
    };
    assert!(failed(Back::ByItself).contains("will be rolled back"));
    assert!(failed(Back::NotConfigured).contains("nothing rolls it back"));
}
