//! The app's manifest has the form that Slack takes, and grants what the methods need and no more.

use std::collections::BTreeSet;

use nightshift_slack::Options;
use serde_json::Value;

fn manifest() -> Value {
    serde_saphyr::from_str(include_str!("../../../docs/slack-app-manifest.yaml")).unwrap()
}

#[test]
fn the_scopes_are_exactly_those_that_the_methods_need() {
    let manifest = manifest();
    let scopes = &manifest["oauth_config"]["scopes"];
    let granted: BTreeSet<_> = scopes["bot"]
        .as_array()
        .unwrap()
        .iter()
        .map(|scope| scope.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(granted, Options::default().scopes.into_iter().collect());
    assert_eq!(scopes["user"], Value::Null);
}

/// The limits are those of
/// <https://github.com/slackapi/manifest-schema/blob/main/schemas/manifest.schema.1.0.0.json>.
#[test]
fn slack_would_take_the_manifest() {
    let manifest = manifest();
    let known = [
        (
            "",
            vec![
                "display_information",
                "features",
                "oauth_config",
                "settings",
            ],
        ),
        (
            "/display_information",
            vec![
                "name",
                "description",
                "background_color",
                "long_description",
            ],
        ),
        ("/features", vec!["bot_user"]),
        ("/features/bot_user", vec!["display_name", "always_online"]),
        ("/oauth_config", vec!["scopes"]),
        (
            "/settings",
            vec![
                "interactivity",
                "org_deploy_enabled",
                "socket_mode_enabled",
                "token_rotation_enabled",
            ],
        ),
    ];
    for (at, known) in known {
        let fields = manifest.pointer(at).unwrap().as_object().unwrap();
        for name in fields.keys() {
            assert!(known.contains(&name.as_str()), "{at}/{name}");
        }
    }
    let text = |at: &str| manifest.pointer(at).unwrap().as_str().unwrap();
    for (at, most) in [
        ("/display_information/name", 35),
        ("/display_information/description", 140),
        ("/features/bot_user/display_name", 80),
    ] {
        assert!((1..=most).contains(&text(at).chars().count()), "{at}");
    }
    let colour = text("/display_information/background_color");
    let digits = colour.strip_prefix('#').unwrap();
    assert!(digits.len() == 6 && digits.bytes().all(|it| it.is_ascii_hexdigit()));
}

#[test]
fn nothing_calls_back_and_no_token_expires() {
    let manifest = manifest();
    let settings = &manifest["settings"];
    assert_eq!(settings["interactivity"]["is_enabled"], false);
    assert_eq!(settings["event_subscriptions"], Value::Null);
    for off in [
        "org_deploy_enabled",
        "socket_mode_enabled",
        "token_rotation_enabled",
    ] {
        assert_eq!(settings[off], false, "{off}");
    }
}
