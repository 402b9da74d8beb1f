use super::*;
use crate::report::text::samples::rollback as samples;

#[test]
fn a_story_never_goes_backwards_and_ends_once() {
    for (at, told) in samples::STAGES.into_iter().enumerate() {
        for (later, stage) in samples::STAGES.into_iter().enumerate() {
            let expected = later > at && at < 6;
            assert_eq!(stage.may_follow(told), expected, "{told:?} → {stage:?}");
        }
    }
    assert!(!Stage::RollbackFailed.is_over() && Stage::RolledBack.is_over());
}

#[test]
fn severity_says_whether_somebody_must_act() {
    let story = |stage, users, back| Story {
        stage,
        back,
        users,
        ..samples::rolled_back()
    };
    let cases = [
        (
            Stage::Failing,
            Users::NotAffected,
            Back::ByItself,
            Severity::Notice,
        ),
        (
            Stage::Failing,
            Users::Fewer,
            Back::ByItself,
            Severity::Warning,
        ),
        (
            Stage::Failing,
            Users::Affected,
            Back::ByItself,
            Severity::Alert,
        ),
        (
            Stage::Failed,
            Users::NotAffected,
            Back::ByItself,
            Severity::Notice,
        ),
        (
            Stage::Failed,
            Users::NotAffected,
            Back::NotConfigured,
            Severity::Warning,
        ),
        (
            Stage::RollingBack,
            Users::NotAffected,
            Back::ByItself,
            Severity::Notice,
        ),
        (
            Stage::RollingBack,
            Users::Unknown,
            Back::ByItself,
            Severity::Warning,
        ),
        (
            Stage::RolledBack,
            Users::NotAffected,
            Back::ByItself,
            Severity::Warning,
        ),
        (
            Stage::RolledBack,
            Users::Affected,
            Back::ByItself,
            Severity::Alert,
        ),
        (
            Stage::Stalled,
            Users::NotAffected,
            Back::ByItself,
            Severity::Alert,
        ),
        (
            Stage::RollbackStalled,
            Users::NotAffected,
            Back::ByItself,
            Severity::Alert,
        ),
        (
            Stage::RollbackFailed,
            Users::NotAffected,
            Back::ByItself,
            Severity::Alert,
        ),
        (
            Stage::Succeeded,
            Users::Affected,
            Back::ByItself,
            Severity::Notice,
        ),
        (
            Stage::Superseded,
            Users::NotAffected,
            Back::ByItself,
            Severity::Notice,
        ),
        (Stage::Stopped, Users::Fewer, Back::ByHand, Severity::Notice),
    ];
    for (stage, users, back, severity) in cases {
        assert_eq!(
            story(stage, users, back).severity(),
            severity,
            "{stage:?} {users:?} {back:?}"
        );
    }
}

#[test]
fn a_thread_is_of_one_estate_cluster_service_and_first_deployment() {
    let story = samples::rolled_back();
    let key = story.thread("staging");
    assert_eq!(
        key,
        "staging/rollout/bookmark-manager-staging-cluster/bookmark-manager-staging-api/ecs-svc/3141592653589793238"
    );
    let grown = Story {
        stage: Stage::Failing,
        deployment: "ecs-svc/2".to_owned(),
        ..story
    };
    assert_eq!(grown.thread("staging"), key);
}

#[test]
fn nothing_changed_is_said_only_where_the_digests_are_known() {
    assert!(!Changed::default().is_nothing());
    let known = Changed {
        edits: Vec::new(),
        digests_known: true,
    };
    assert!(known.is_nothing());
}

#[test]
fn a_story_that_a_later_release_wrote_can_be_read() {
    let story = samples::rolled_back();
    let mut value = serde_json::to_value(&story).unwrap();
    value["mood"] = 1.into();
    value["faults"][0]["colour"] = "blue".into();
    assert_eq!(serde_json::from_value::<Story>(value).unwrap(), story);
}
