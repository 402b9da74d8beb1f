//! Each step of a rotation by itself: what it changes, what it leaves alone, and what it refuses.

use rotate_secrets::engine::postgres::{Action, Cause, Sessions};
use rotate_secrets::users::Inactive;

use crate::stage::{FIRST, ROLE, Stage, inactive, verifier};

const SECOND: &str = "canary-second-9c1d";

/// What the next user is like: may log in, is a member, takes the role on.
const STATE: &str =
    "SELECT concat_ws(' ', rolcanlogin, pg_has_role('app_b', 'app', 'MEMBER'), rolconfig)
                     FROM pg_roles WHERE rolname = 'app_b'";

#[tokio::test]
async fn a_user_is_made_ready_once_and_then_left_alone() {
    let stage = Stage::new(&[]).await;
    let admin = stage.rotator().await;
    let next = inactive("app_a");
    admin.prepare(&next, ROLE).await.unwrap();
    assert_eq!(stage.ask(STATE).await, "t t {role=app}");

    let changes = |log: &str| {
        let of_rotator = log.lines().filter(|it| it.contains("statement: "));
        of_rotator
            .filter(|it| {
                ["CREATE ROLE \"", "GRANT \"", "ALTER ROLE \""]
                    .iter()
                    .any(|word| it.contains(word))
            })
            .count()
    };
    let before = changes(&stage.server.log().unwrap());
    assert_eq!(before, 3);
    admin.prepare(&next, ROLE).await.unwrap();
    assert_eq!(changes(&stage.server.log().unwrap()), before);

    for (spoil, mended) in [
        ("ALTER ROLE app_b NOLOGIN", 1),
        ("ALTER ROLE app_b RESET role", 1),
        (
            "ALTER ROLE app_b NOLOGIN; ALTER ROLE app_b SET role TO app_b",
            2,
        ),
    ] {
        stage.run(spoil).await;
        let before = changes(&stage.server.log().unwrap());
        admin.prepare(&next, ROLE).await.unwrap();
        assert_eq!(stage.ask(STATE).await, "t t {role=app}", "{spoil}");
        assert_eq!(
            changes(&stage.server.log().unwrap()),
            before + mended,
            "{spoil}"
        );
    }
    let log = stage.server.log().unwrap();
    assert!(!log.contains("DROP") && !log.contains("REVOKE"), "{log}");
}

#[tokio::test]
async fn a_membership_that_was_taken_away_is_given_again() {
    let stage = Stage::new(&[]).await;
    let admin = stage.rotator().await;
    admin.prepare(&inactive("app_a"), ROLE).await.unwrap();
    // From PostgreSQL 16 on a grant is taken away as who gave it.
    stage.run("SET ROLE rotator; REVOKE app FROM app_b").await;
    assert_eq!(stage.ask(STATE).await, "t f {role=app}");
    admin.prepare(&inactive("app_a"), ROLE).await.unwrap();
    assert_eq!(stage.ask(STATE).await, "t t {role=app}");
}

#[tokio::test]
async fn what_the_new_user_creates_belongs_to_both() {
    let stage = Stage::new(&[]).await;
    let new = stage.rotate(&stage.first()).await.unwrap();
    let as_new = stage.client(&new).await.unwrap();
    as_new
        .batch_execute("CREATE TABLE shop.carts (id int)")
        .await
        .unwrap();
    let as_old = stage.client(&stage.first()).await.unwrap();
    as_old
        .batch_execute("ALTER TABLE shop.carts ADD name text; DROP TABLE shop.carts")
        .await
        .unwrap();
}

#[tokio::test]
async fn names_are_taken_as_they_are() {
    let stage = Stage::new(&[]).await;
    stage.run("CREATE ROLE \"App \"\"owner\"\"\"; GRANT \"App \"\"owner\"\"\" TO rotator WITH ADMIN OPTION").await;
    let admin = stage.rotator().await;
    let odd = "b\"; DROP ROLE app; --".to_owned();
    let next = Inactive::of(&["app_a".to_owned(), odd.clone()], "app_a").unwrap();
    for _ in 0..2 {
        admin.prepare(&next, "App \"owner\"").await.unwrap();
    }
    admin.set(&next, &verifier(SECOND)).await.unwrap();
    let url = stage
        .first()
        .with_credentials(&odd, &crate::stage::value(SECOND))
        .unwrap();
    let client = stage.client(&url).await.unwrap();
    let who = client.query_one("SELECT concat(session_user, '|', current_user)", &[]);
    let who: String = who.await.unwrap().get(0);
    assert_eq!(who, format!("{odd}|App \"owner\""));
}

#[tokio::test]
async fn any_password_is_taken_by_its_verifier_alone() {
    let stage = Stage::new(&[]).await;
    let admin = stage.rotator().await;
    let next = inactive("app_a");
    admin.prepare(&next, ROLE).await.unwrap();
    for password in [
        "plain",
        "quote'\"\\$$ and space",
        "Ünïcödé – ﬁ ①",
        "soft\u{ad}hyphen",
        "no\u{a0}break",
    ] {
        admin.set(&next, &verifier(password)).await.unwrap();
        let url = stage
            .first()
            .with_credentials("app_b", &crate::stage::value(password))
            .unwrap();
        let client = stage.client(&url).await;
        assert!(client.is_ok(), "{password:?}: {:?}", client.err());
    }
}

#[tokio::test]
async fn what_cannot_be_prepared_is_refused_with_what_to_do() {
    let stage = Stage::new(&[]).await;
    let admin = stage.rotator().await;
    let next = inactive("app_a");
    let cause = |role: &'static str, next: Inactive| {
        let admin = &admin;
        async move { admin.prepare(&next, role).await.unwrap_err().cause }
    };
    assert_eq!(
        cause("nobody", next.clone()).await,
        Cause::NoRole("nobody".to_owned())
    );
    assert_eq!(
        cause("app_b", next.clone()).await,
        Cause::Itself("app_b".to_owned())
    );
    assert_eq!(
        cause("rotator", next.clone()).await,
        Cause::Itself("rotator".to_owned())
    );
    assert_eq!(cause("", next.clone()).await, Cause::Name);
    let users = ["rotator".to_owned(), "app_b".to_owned()];
    let itself = Inactive::of(&users, "app_b").unwrap();
    assert_eq!(
        cause(ROLE, itself).await,
        Cause::Itself("rotator".to_owned())
    );

    stage.run("ALTER ROLE rotator NOCREATEROLE").await;
    let error = admin.prepare(&next, ROLE).await.unwrap_err();
    assert_eq!(error.action, Action::Prepare("app_b".to_owned()));
    assert_eq!(
        error.cause,
        Cause::MayNotManage {
            admin: "rotator".to_owned(),
            user: "app_b".to_owned(),
            role: ROLE.to_owned()
        }
    );
}

#[tokio::test]
async fn a_server_that_keeps_passwords_as_md5_is_left_alone() {
    let stage = Stage::new(&[("password_encryption", "md5")]).await;
    let admin = stage.rotator().await;
    let error = admin.prepare(&inactive("app_a"), ROLE).await.unwrap_err();
    assert_eq!(error.cause, Cause::Md5);
}

#[tokio::test]
async fn who_may_not_set_a_password_is_told_what_is_missing() {
    let stage = Stage::new(&[]).await;
    let admin = stage.rotator().await;
    let next = inactive("app_a");
    let missing = admin.set(&next, &verifier(SECOND)).await.unwrap_err();
    assert_eq!(missing.cause, Cause::NoUser("app_b".to_owned()));
    admin.prepare(&next, ROLE).await.unwrap();
    stage.run("ALTER ROLE rotator NOCREATEROLE").await;
    let error = admin.set(&next, &verifier(SECOND)).await.unwrap_err();
    assert!(matches!(error.cause, Cause::MayNotManage { .. }), "{error}");

    // RDS's own setting, which any server takes.
    stage
        .run("ALTER ROLE rotator SET rds.restrict_password_commands TO on")
        .await;
    let admin = stage.rotator().await;
    let error = admin.set(&next, &verifier(SECOND)).await.unwrap_err();
    let admin = "rotator".to_owned();
    assert_eq!(error.cause, Cause::PasswordsRestricted { admin });
}

#[tokio::test]
async fn a_disabled_user_is_out_and_its_sessions_end_only_when_asked() {
    let stage = Stage::new(&[]).await;
    let new = stage.rotate(&stage.first()).await.unwrap();
    let admin = stage.rotator().await;
    let former = inactive("app_b");
    assert_eq!(former.user(), "app_a");
    let old = stage.client(&stage.first()).await.unwrap();
    let current = stage.client(&new).await.unwrap();
    let works = "SELECT 1";

    assert_eq!(admin.disable(&former, Sessions::Keep).await, Ok(0));
    let again = stage.test(&stage.first(), "app_b").await.unwrap_err();
    assert_eq!(again.cause, Cause::WrongPassword);
    let login = "SELECT rolcanlogin::text FROM pg_roles WHERE rolname = 'app_a'";
    assert_eq!(stage.ask(login).await, "false");
    assert!(old.batch_execute(works).await.is_ok());

    assert_eq!(admin.disable(&former, Sessions::End).await, Ok(1));
    assert!(old.batch_execute(works).await.is_err());
    assert!(current.batch_execute(works).await.is_ok());
    assert_eq!(admin.disable(&former, Sessions::End).await, Ok(0));

    // Its next turn brings it back, with another password.
    let next = stage.rotate(&new).await.unwrap();
    assert_eq!(next.user(), "app_a");
    let first = stage.test(&stage.first(), "app_b").await.unwrap_err();
    assert_eq!(first.cause, Cause::WrongPassword);
}

#[tokio::test]
async fn who_may_not_end_sessions_is_told_what_is_missing() {
    let stage = Stage::new(&[]).await;
    let verifier = verifier(SECOND);
    let password = verifier.expose();
    // It manages the other, but has none of its privileges.
    stage
        .run(&format!(
            "CREATE ROLE other LOGIN NOINHERIT CREATEROLE PASSWORD '{password}';
             CREATE ROLE third LOGIN PASSWORD '{password}';
             GRANT third TO other WITH ADMIN OPTION"
        ))
        .await;
    let admin = stage.admin("other", SECOND).await.unwrap();
    let connected = stage.client(&stage.url("third", SECOND)).await.unwrap();
    let users = ["third".to_owned(), "app_a".to_owned()];
    let third = Inactive::of(&users, "app_a").unwrap();
    let error = admin.disable(&third, Sessions::End).await.unwrap_err();
    let (admin, user) = ("other".to_owned(), "third".to_owned());
    assert_eq!(error.cause, Cause::MayNotEnd { admin, user });
    assert!(connected.batch_execute("SELECT 1").await.is_ok());
}

#[tokio::test]
async fn a_credential_that_does_less_than_the_present_one_does_not_pass() {
    let stage = Stage::new(&[]).await;
    let new = stage.rotate(&stage.first()).await.unwrap();
    let lacks = |privilege: &str, object: &str, more| Cause::Lacks {
        privilege: privilege.to_owned(),
        object: object.to_owned(),
        more,
    };
    // The present user acts as itself, and not only as the common role.
    stage.run("ALTER ROLE app_a RESET role").await;
    for (spoil, wanted, mend) in [
        (
            "CREATE TABLE public.own (id int); GRANT SELECT ON public.own TO app_a",
            lacks("SELECT", "public.own", 0),
            "DROP TABLE public.own",
        ),
        (
            "CREATE TABLE public.own (id int); GRANT INSERT, UPDATE ON public.own TO app_a",
            lacks("INSERT", "public.own", 1),
            "DROP TABLE public.own",
        ),
        (
            "CREATE SCHEMA own; GRANT USAGE ON SCHEMA own TO app_a",
            lacks("USAGE", "own", 0),
            "DROP SCHEMA own",
        ),
        (
            "CREATE SEQUENCE public.own; GRANT USAGE ON SEQUENCE public.own TO app_a",
            lacks("USAGE", "public.own", 0),
            "DROP SEQUENCE public.own",
        ),
        (
            "CREATE TABLE public.own (id int); GRANT ALL ON public.own TO app; ALTER TABLE public.own OWNER TO app_a",
            lacks("OWNERSHIP", "public.own", 0),
            "DROP TABLE public.own",
        ),
        (
            "ALTER ROLE app_a SET search_path TO shop",
            Cause::Setting("search_path".to_owned()),
            "ALTER ROLE app_a RESET search_path",
        ),
        (
            "ALTER ROLE app_b IN DATABASE postgres SET role TO app_b",
            Cause::NotInRole("app".to_owned()),
            "ALTER ROLE app_b IN DATABASE postgres RESET role",
        ),
    ] {
        stage.run(spoil).await;
        let error = stage.test(&new, "app_a").await.unwrap_err();
        assert_eq!(error.cause, wanted, "{spoil}");
        assert_eq!(error.action, Action::Test("app_b".to_owned()));
        stage.run(mend).await;
        assert_eq!(stage.test(&new, "app_a").await, Ok(()), "{mend}");
    }
}

#[tokio::test]
async fn what_the_present_user_cannot_use_is_not_asked_of_the_new_one() {
    let stage = Stage::new(&[]).await;
    let new = stage.rotate(&stage.first()).await.unwrap();
    // It acts as the common role, so that what it was given itself is of no use to it.
    stage
        .run("CREATE TABLE public.own (id int); GRANT SELECT ON public.own TO app_a")
        .await;
    assert_eq!(stage.test(&new, "app_a").await, Ok(()));
    assert_eq!(stage.test(&new, "who is not there").await, Ok(()));
}

#[tokio::test]
async fn the_schema_that_the_url_names_has_to_be_there() {
    let stage = Stage::new(&[]).await;
    let new = stage.rotate(&stage.first()).await.unwrap();
    stage.run("CREATE SCHEMA hidden").await;
    for (schema, wanted) in [
        ("shop", Ok(())),
        ("shopp", Err(Cause::NoSchema("shopp".to_owned()))),
        ("hidden", Err(Cause::NoSchema("hidden".to_owned()))),
    ] {
        let text = format!("{}&schema={schema}", new.text().expose());
        let stands = stage.test(&crate::stage::url(&text), "app_a").await;
        assert_eq!(stands.map_err(|error| error.cause), wanted);
    }
}

#[tokio::test]
async fn a_wrong_password_does_not_pass() {
    let stage = Stage::new(&[]).await;
    let error = stage
        .test(&stage.url("app_a", "wrong"), "app_a")
        .await
        .unwrap_err();
    assert_eq!(error.cause, Cause::WrongPassword);
    assert_eq!(error.action, Action::Connect("app_a".to_owned()));
    let error = stage
        .test(&stage.url("app_x", FIRST), "app_a")
        .await
        .unwrap_err();
    assert_eq!(error.cause, Cause::WrongPassword);
}
