use tokio_postgres::error::SqlState;

use super::*;

fn of(code: &str) -> Cause {
    map::of_state(&SqlState::from_code(code))
}

#[test]
fn what_is_told_depends_on_the_sqlstate() {
    for (code, wanted, passes) in [
        ("28P01", Cause::WrongPassword, false),
        ("28000", Cause::NotLetIn, false),
        ("42501", Cause::Privilege, false),
        ("57P03", Cause::NotAccepting, true),
        ("57P01", Cause::Ended, true),
        ("57P02", Cause::Ended, true),
        ("57014", Cause::Late, true),
        ("53300", Cause::Full, true),
        ("3D000", Cause::NoDatabase, false),
        ("25006", Cause::ReadOnly, false),
        ("08006", Cause::Lost, true),
        ("XX000", Cause::Other("XX000".to_owned()), false),
        ("canary", Cause::Odd, false),
        ("a b c", Cause::Odd, false),
    ] {
        assert_eq!(of(code), wanted, "{code}");
        assert_eq!(of(code).passes(), passes, "{code}");
    }
}

#[test]
fn a_person_reads_what_failed_on_what_and_what_to_do() {
    let error = Error {
        action: Action::Set("app_b".to_owned()),
        host: "db.example.com".to_owned(),
        cause: Cause::PasswordsRestricted {
            admin: "rotator".to_owned(),
        },
    };
    assert_eq!(
        error.to_string(),
        "cannot set the password of app_b on db.example.com: rotator may not set passwords (42501); \
         rds.restrict_password_commands is on: GRANT rds_password TO rotator"
    );
    let lacks = |more| Cause::Lacks {
        privilege: "SELECT".to_owned(),
        object: "shop.orders".to_owned(),
        more,
    };
    assert!(
        lacks(0)
            .to_string()
            .starts_with("the present user has SELECT on shop.orders, and")
    );
    assert!(lacks(2).to_string().contains("shop.orders and 2 more, and"));
}
