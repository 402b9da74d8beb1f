use super::*;

const SSM: &str = "arn:aws:ssm:ap-northeast-1:123456789012:parameter";
const MANAGER: &str = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret";

fn place(text: &str) -> Place {
    Place::named(text)
}

#[test]
fn a_secret_is_found_however_a_task_definition_names_it() {
    let plain = Place {
        store: SecretStore::Parameter,
        ..place("URL")
    };
    for (value_from, wanted) in [
        ("/shop/URL".to_owned(), place("/shop/URL")),
        ("URL".to_owned(), plain.clone()),
        (format!("{SSM}/shop/URL"), place("/shop/URL")),
        (format!("{SSM}/URL"), plain),
        (format!("{MANAGER}:r2e/db"), place("r2e/db")),
        (format!("{MANAGER}:r2e/db-AbCd12"), place("r2e/db")),
        (
            format!("{MANAGER}:r2e/db-AbCd12:url::"),
            place("r2e/db#url"),
        ),
        (format!("{MANAGER}:r2e/db:url:AWSCURRENT:"), place("r2e/db")),
        (format!("{MANAGER}:r2e/db"), place("r2e/db#url")),
    ] {
        let source = Source::of(&value_from);
        assert!(source.means(&wanted), "{value_from}");
        assert_eq!(source.pinned, None, "{value_from}");
    }
    for (value_from, other) in [
        ("/shop/URL2".to_owned(), place("/shop/URL")),
        (format!("{MANAGER}:r2e/db-master-AbCd12"), place("r2e/db")),
        (
            format!("{MANAGER}:r2e/db-AbCd12:user::"),
            place("r2e/db#url"),
        ),
        (format!("{MANAGER}:URL"), place("/URL")),
    ] {
        assert!(!Source::of(&value_from).means(&other), "{value_from}");
    }
}

#[test]
fn a_fixed_version_or_another_stage_is_pinned() {
    for (value_from, wanted) in [
        ("/shop/URL:3".to_owned(), "3"),
        (format!("{SSM}/shop/URL:stable"), "stable"),
        (
            format!("{MANAGER}:db-AbCd12:url:AWSPREVIOUS:"),
            "AWSPREVIOUS",
        ),
        (format!("{MANAGER}:db-AbCd12:::v-1"), "v-1"),
        (format!("{MANAGER}:db-AbCd12::AWSCURRENT:v-1"), "v-1"),
    ] {
        let pinned = Source::of(&value_from).pinned;
        assert_eq!(pinned.as_deref(), Some(wanted), "{value_from}");
    }
}
