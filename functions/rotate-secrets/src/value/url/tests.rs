use proptest::prelude::*;

use super::*;

fn value(text: &str) -> Value {
    Value::new(text.to_owned())
}

fn url(text: &str) -> Result<Url, UrlError> {
    Url::parse(value(text))
}

fn host(name: &str, port: Option<u16>) -> Host {
    let name = name.to_owned();
    Host { name, port }
}

#[test]
fn only_user_and_password_change() {
    for (old, wanted) in [
        ("postgres://app_a:old@db/app", "postgres://app_b:new@db/app"),
        (
            "postgresql://app_a:o%40ld@db.example.com:5432/app?sslmode=verify-full&schema=p%75blic#x",
            "postgresql://app_b:new@db.example.com:5432/app?sslmode=verify-full&schema=p%75blic#x",
        ),
        (
            "postgres://app_a:old:er@a:5432,b:5433,[2001:db8::1]:5434/app",
            "postgres://app_b:new@a:5432,b:5433,[2001:db8::1]:5434/app",
        ),
        ("postgres://a:b@[::1]", "postgres://app_b:new@[::1]"),
        ("postgres://a:b@h:/d", "postgres://app_b:new@h:/d"),
        (
            "postgres://a:b@h?sslmode=require",
            "postgres://app_b:new@h?sslmode=require",
        ),
        (
            "postgres://a:b@h#/d?x=%zz",
            "postgres://app_b:new@h#/d?x=%zz",
        ),
        (
            "mongodb+srv://app-a:x%2Fy@c0.abcde.mongodb.net/?retryWrites=true&w=majority",
            "mongodb+srv://app_b:new@c0.abcde.mongodb.net/?retryWrites=true&w=majority",
        ),
        (
            "mongodb://u:p@a:27017,b:27018/shop?replicaSet=rs0&authSource=admin",
            "mongodb://app_b:new@a:27017,b:27018/shop?replicaSet=rs0&authSource=admin",
        ),
    ] {
        let new = url(old)
            .unwrap()
            .with_credentials("app_b", &value("new"))
            .unwrap();
        assert_eq!(new.text().expose(), wanted);
    }
}

#[test]
fn everything_but_unreserved_characters_is_encoded() {
    let old = url("postgres://a:b@h/d").unwrap();
    let new = old
        .with_credentials("ä b", &value("p@$$:/?#[]%+,=&~-._é"))
        .unwrap();
    assert_eq!(
        new.text().expose(),
        "postgres://%C3%A4%20b:p%40%24%24%3A%2F%3F%23%5B%5D%25%2B%2C%3D%26~-._%C3%A9@h/d"
    );
    assert_eq!(new.user(), "ä b");
    assert_eq!(*new.password(), value("p@$$:/?#[]%+,=&~-._é"));
}

#[test]
fn its_parts_are_read() {
    let url = url("postgres://a%2Db:p%77@db-1:5433,[::1]/my%20db?sslmode=require&x=1&schema=shop")
        .unwrap();
    assert_eq!(url.scheme(), Scheme::Postgres);
    assert_eq!(url.user(), "a-b");
    assert_eq!(*url.password(), value("pw"));
    assert_eq!(url.hosts(), [host("db-1", Some(5433)), host("::1", None)]);
    assert_eq!(url.database(), Some("my db"));
    assert_eq!(url.ssl_mode(), Some(SslMode::Require));
    assert_eq!(url.schema().as_deref(), Some("shop"));
}

#[test]
fn what_is_not_said_is_not_guessed() {
    for text in [
        "postgres://a:b@h",
        "postgres://a:b@h/",
        "postgres://a:b@h/?",
        "postgres://a:b@h#sslmode=disable",
    ] {
        let url = url(text).unwrap();
        assert_eq!(
            (url.database(), url.ssl_mode(), url.schema()),
            (None, None, None)
        );
        assert_eq!(url.hosts(), [host("h", None)]);
    }
}

#[test]
fn each_sslmode_is_known_and_the_last_one_counts() {
    for (word, wanted) in [
        ("disable", SslMode::Disable),
        ("allow", SslMode::Allow),
        ("prefer", SslMode::Prefer),
        ("require", SslMode::Require),
        ("verify-ca", SslMode::VerifyCa),
        ("verify-full", SslMode::VerifyFull),
        ("verify%2Dfull", SslMode::VerifyFull),
        ("no-verify", SslMode::Other),
        ("require&sslmode=disable", SslMode::Disable),
    ] {
        let url = url(&format!("postgres://a:b@h/d?sslmode={word}")).unwrap();
        assert_eq!(url.ssl_mode(), Some(wanted), "{word}");
    }
}

#[test]
fn a_client_that_knows_few_parameters_is_given_those_and_the_rest_as_it_stands() {
    for (text, wanted) in [
        (
            "mongodb+srv://u:p%40@c0.abcde.mongodb.net/shop?retryWrites=true&authSource=admin&appName=a%20b#x",
            "mongodb+srv://u:p%40@c0.abcde.mongodb.net/shop?authSource=admin",
        ),
        (
            "mongodb://u:p@a:1,b:2?ReplicaSet=r%26s&AUTHSOURCE=old&authSource=admin",
            "mongodb://u:p@a:1,b:2/?authSource=admin&replicaSet=r%26s",
        ),
        ("mongodb://u:p@[::1]:2/", "mongodb://u:p@[::1]:2/"),
        ("mongodb://u:p@a", "mongodb://u:p@a/"),
        ("mongodb://u:p@a/d?", "mongodb://u:p@a/d"),
        ("mongodb://u:p@a/d#?authSource=x", "mongodb://u:p@a/d"),
    ] {
        let reduced = url(text).unwrap().with_only(&["authSource", "replicaSet"]);
        assert_eq!(reduced.expose(), wanted);
    }
}

#[test]
fn what_is_no_such_url_is_refused_with_what_is_wrong() {
    for (text, wanted) in [
        ("", UrlError::Scheme),
        ("canary", UrlError::Scheme),
        ("http://u:canary@h/d", UrlError::Scheme),
        ("POSTGRES://u:canary@h/d", UrlError::Scheme),
        (
            "jdbc:postgresql://h/d?user=u&password=canary",
            UrlError::Scheme,
        ),
        ("postgres:/u:canary@h", UrlError::Scheme),
        ("postgres://u:canary@h/d\n", UrlError::Blank),
        (" postgres://u:canary@h/d", UrlError::Blank),
        ("postgres://u:can\u{a0}ary@h/d", UrlError::Blank),
        ("postgres://h/d", UrlError::NoCredentials),
        ("postgres://h/d?password=canary", UrlError::NoCredentials),
        ("postgres://canary@h/d", UrlError::NoPassword),
        ("postgres://u:@h/d", UrlError::NoPassword),
        ("postgres://:canary@h/d", UrlError::NoUser),
        ("postgres://u:can@ry@h/d", UrlError::Ambiguous),
        ("postgres://u:can/ary@h/d", UrlError::Ambiguous),
        ("postgres://u:can?ary@h/d", UrlError::Ambiguous),
        ("postgres://u:can#ary@h/d", UrlError::Ambiguous),
        ("postgres://u:c@n/ary@h/d", UrlError::Ambiguous),
        (
            "postgres://u:c@h/d?application_name=canary@h",
            UrlError::Ambiguous,
        ),
        ("postgres://u:canary%@h/d", UrlError::Escape),
        ("postgres://u:canary%4@h/d", UrlError::Escape),
        ("postgres://u:canary%zz@h/d", UrlError::Escape),
        ("postgres://u:canary%+1@h/d", UrlError::Escape),
        ("postgres://u:canary%00@h/d", UrlError::Escape),
        ("postgres://u:canary%ff@h/d", UrlError::Escape),
        ("postgres://u:canary@/d", UrlError::Host),
        ("postgres://u:canary@a,,b/d", UrlError::Host),
        ("postgres://u:canary@%2Fvar%2Frun/d", UrlError::Host),
        ("postgres://u:canary@[::g]/d", UrlError::Host),
        ("postgres://u:canary@[::1/d", UrlError::Host),
        ("postgres://u:canary@[::1]x/d", UrlError::Port),
        ("postgres://u:canary@h:0/d", UrlError::Port),
        ("postgres://u:canary@h:65536/d", UrlError::Port),
        ("postgres://u:canary@h:+1/d", UrlError::Port),
        ("postgres://u:canary@h:1:2/d", UrlError::Port),
        ("mongodb+srv://u:canary@h:27017/d", UrlError::Srv),
        ("mongodb+srv://u:canary@a,b/d", UrlError::Srv),
        (
            "postgres://u:canary@h/d?password=x",
            UrlError::Override("password"),
        ),
        (
            "postgres://u:canary@h/d?%75ser=x",
            UrlError::Override("user"),
        ),
        ("postgres://u:canary@h/d?host=x", UrlError::Override("host")),
    ] {
        let error = url(text).unwrap_err();
        assert_eq!(error, wanted, "{text}");
        for leak in ["canary", "can", "ary", "u:"] {
            assert!(!format!("{error} {error:?}").contains(leak), "{error}");
        }
    }
}

#[test]
fn a_url_is_never_printed_with_its_password() {
    let url = url("postgres://app:canary@h/d?sslpassword=canary").unwrap();
    assert!(!format!("{url:?}").contains("canary"), "{url:?}");
}

#[test]
fn nobody_is_given_an_empty_user_or_password() {
    let url = url("postgres://a:b@h").unwrap();
    assert_eq!(
        url.with_credentials("", &value("x")).unwrap_err(),
        UrlError::NoUser
    );
    assert_eq!(
        url.with_credentials("x", &value("")).unwrap_err(),
        UrlError::NoPassword
    );
}

/// What may stand around user and password.
fn around() -> impl Strategy<Value = (String, String)> {
    let scheme = prop::sample::select(vec!["postgres", "postgresql", "mongodb"]);
    let host = prop_oneof![
        "[a-z][a-z0-9-]{0,8}(\\.[a-z]{2,5})?(:[1-9][0-9]{0,3})?",
        Just("[2001:db8::1]:5432".to_owned()),
        Just("[::1]".to_owned()),
    ];
    let hosts = prop::collection::vec(host, 1..4).prop_map(|hosts| hosts.join(","));
    let path = "(/[a-z_]{0,8})?";
    let query = "(\\?(sslmode=require|schema=[a-z]{1,5}|x=[!-$'-?A-~]{0,6})?)?";
    let fragment = "(#[a-z?/]{0,6})?";
    (scheme, hosts, path, query, fragment).prop_map(|(scheme, hosts, path, query, fragment)| {
        (
            format!("{scheme}://"),
            format!("@{hosts}{path}{query}{fragment}"),
        )
    })
}

proptest! {
    #[test]
    fn every_other_byte_is_the_same(
        (before, after) in around(),
        old in "[A-Za-z0-9._~-]{1,12}:[A-Za-z0-9._~:-]{1,40}",
        user in "[^\0]{1,20}",
        password in "[^\0]{1,60}",
    ) {
        let old = url(&format!("{before}{old}{after}"));
        // A query that is no valid URL has been refused; there is nothing to replace.
        prop_assume!(old.is_ok());
        let old = old.unwrap();
        let new = old.with_credentials(&user, &value(&password)).unwrap();
        let text = new.text().expose();
        prop_assert!(text.starts_with(&before) && text.ends_with(&after));
        let inner = &text[before.len()..text.len() - after.len()];
        prop_assert!(inner.bytes().all(|it| it.is_ascii_alphanumeric() || b"-._~%:".contains(&it)));
        prop_assert_eq!(inner.matches(':').count(), 1);
        prop_assert_eq!(new.user(), user);
        prop_assert!(*new.password() == value(&password));
        prop_assert_eq!(new.hosts(), old.hosts());
        prop_assert_eq!(new.database(), old.database());
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), tail in "[a-z:@/?#%\\[\\],0-9]{0,40}") {
        let _ = url(&text);
        let _ = url(&format!("postgres://{tail}"));
        let _ = url(&format!("mongodb+srv://{text}{tail}"));
    }
}

#[test]
fn of_a_new_password_the_user_stays_as_it_was_written() {
    for (old, wanted) in [
        (
            "postgresql://m%61ster:old@db.example.com:5432/app?x=%61#b",
            "postgresql://m%61ster:n%2Fw@db.example.com:5432/app?x=%61#b",
        ),
        ("postgres://a:o:l:d@h", "postgres://a:n%2Fw@h"),
    ] {
        let new = url(old).unwrap().with_password(&value("n/w")).unwrap();
        assert_eq!(new.text().expose(), wanted);
        assert_eq!(new.password().expose(), "n/w");
    }
    let url = url("postgres://a:b@h").unwrap();
    assert_eq!(
        url.with_password(&value("")).unwrap_err(),
        UrlError::NoPassword
    );
}
