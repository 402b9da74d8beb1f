//! What belongs to the value of a key that smells is masked, and nothing beside it.

use super::*;

#[test]
fn an_encoded_sign_parts_a_key_from_its_value() {
    let cases = [
        ("password%3Dhunter2", "password%3D***"),
        (
            "callback?api_key%3dhunter2 failed",
            "callback?api_key%3d*** failed",
        ),
        ("api_key%3Ahunter2 failed", "api_key%3A*** failed"),
        ("api_key%3ahunter2 failed", "api_key%3a*** failed"),
        (
            "q=%7B%22password%22%3A%22hun%5C%22ter2%22%2C%22n%22%3A1%7D&page=2 refused",
            "q=%7B%22password%22%3A%22***%22%2C%22n%22%3A1%7D&page=2 refused",
        ),
        (
            "%7B%22name%22%3A%22DB_PASSWORD%22%2C%22value%22%3A%22hunter2%22%7D",
            "%7B%22name%22%3A%22DB_PASSWORD%22%2C%22value%22%3A%22***%22%7D",
        ),
        (
            "%7B%27token%27%3A%27hun%5c%27ter2%27%2C%27n%27%3A1%7D",
            "%7B%27token%27%3A%27***%27%2C%27n%27%3A1%7D",
        ),
        (
            "q=%22password%22%3A%22hunter2 refused",
            "q=%22password%22%3A%22*** refused",
        ),
    ];
    for (line, masked) in cases {
        assert_eq!(one(line), masked, "{line}");
    }
}

#[test]
fn a_key_begins_behind_a_sign_of_any_script() {
    let cases = [
        ("設定「PASSWORD=hunter2", "設定「PASSWORD=***"),
        (
            "réglage «password: hunter2 refusé",
            "réglage «password: *** refusé",
        ),
    ];
    for (line, masked) in cases {
        assert_eq!(one(line), masked, "{line}");
    }
}

#[test]
fn a_value_that_reads_like_a_key_is_masked_all_the_same() {
    let cases = [
        ("PASSWORD=MySecret1", "PASSWORD=***"),
        ("db_password: token-hunter2", "db_password: ***"),
    ];
    for (line, masked) in cases {
        assert_eq!(one(line), masked, "{line}");
    }
}

#[test]
fn a_value_is_masked_for_its_name_only_if_that_smells() {
    let cases = [
        (
            r#"{"name":"DB_PASSWORD","type":"text","value":"hunter2"}"#,
            r#"{"name":"DB_PASSWORD","type":"text","value":"***"}"#,
        ),
        (
            r#"{"name":"REPLICAS","value":"3"}"#,
            r#"{"name":"REPLICAS","value":"3"}"#,
        ),
        ("unexpected value: 3", "unexpected value: 3"),
    ];
    for (line, masked) in cases {
        assert_eq!(one(line), masked, "{line}");
    }
}

#[test]
fn a_value_that_says_there_is_none_stays_with_its_punctuation() {
    for line in [
        "PASSWORD=undefined, retrying",
        "password: (none)",
        "PASSWORD=null;",
        "PASSWORD=***; retrying",
    ] {
        assert_eq!(one(line), line);
    }
}

#[test]
fn a_value_without_quotes_reaches_to_a_blank() {
    let cases = [
        ("PASSWORD=hunt,er2 retrying", "PASSWORD=*** retrying"),
        ("PASSWORD=hunt}er2]x retrying", "PASSWORD=*** retrying"),
        ("PASSWORD=(hunt)er2 retrying", "PASSWORD=*** retrying"),
        ("PASSWORD={hunt}er2 retrying", "PASSWORD=*** retrying"),
        ("PASSWORD=[hunt]er2 retrying", "PASSWORD=*** retrying"),
    ];
    for (line, masked) in cases {
        assert_eq!(one(line), masked, "{line}");
    }
}

#[test]
fn what_stands_in_brackets_is_masked_with_the_brackets_in_it() {
    let cases = [
        (
            r#"{"session":{"user":{"id":"x"},"code":"hunter2"},"n":1}"#,
            r#"{"session":***,"n":1}"#,
        ),
        (
            r#"{"tokens":[["a"],["hunter2"]],"n":1}"#,
            r#"{"tokens":***,"n":1}"#,
        ),
        (
            r#"{"session":{"a":"}","b":"\"}","code":"hunter2"},"n":1}"#,
            r#"{"session":***,"n":1}"#,
        ),
        (
            r#"msg="{\"session\":{\"a\":\"}\",\"code\":\"hunter2\"},\"n\":1}""#,
            r#"msg="{\"session\":***,\"n\":1}""#,
        ),
        (
            r#"{"session":{"a":"b","code":"hunter2"#,
            r#"{"session":***"#,
        ),
        (
            "credentials=(user (app) word (hunter2)) sent",
            "credentials=*** sent",
        ),
    ];
    for (line, masked) in cases {
        assert_eq!(one(line), masked, "{line}");
    }
}

#[test]
fn what_sticks_to_a_closing_quote_belongs_to_the_value() {
    let cases = [
        (
            "ALTER USER app password='it''s hunter2' now",
            "ALTER USER app password='***' now",
        ),
        (r"PASSWORD='it'\''s hunter2' now", "PASSWORD='***' now"),
        (r#"PASSWORD='it'"'"'s hunter2' now"#, "PASSWORD='***' now"),
        ("PASSWORD='hunt'er2 now", "PASSWORD='*** now"),
        (r#"PASSWORD="hunt"er2 now"#, r#"PASSWORD="*** now"#),
        (r#"password = """hunter2""" now"#, r#"password = "***" now"#),
        (
            r#"{\"password\":\"hunt\"\"er2\",\"n\":1}"#,
            r#"{\"password\":\"***\",\"n\":1}"#,
        ),
        (
            r#"{"msg":"password='hunter2'","n":1}"#,
            r#"{"msg":"password='***'","n":1}"#,
        ),
        (r#"{"password":"","n":1}"#, r#"{"password":"","n":1}"#),
        ("password='hunter2'を確認", "password='***'を確認"),
    ];
    for (line, masked) in cases {
        assert_eq!(one(line), masked, "{line}");
    }
}

#[test]
fn an_arn_names_a_secret_and_does_not_hold_it_encoded_or_not() {
    for line in [
        "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:app/url-AbCdEf",
        "GET /?id=arn%3Aaws%3Asecretsmanager%3Aap-northeast-1%3A123456789012%3Asecret%3Aapp",
    ] {
        assert_eq!(one(line), line);
    }
}

#[test]
fn a_key_behind_an_arn_is_a_key() {
    let role = "arn:aws:iam::123456789012:role/app";
    for between in [" ", "&", ",", ";", "\", \""] {
        let line = format!("role={role}{between}password=hunter2");
        let masked = format!("role={role}{between}password=***");
        assert_eq!(one(&line), masked);
    }
}

#[test]
fn a_flag_is_masked_wherever_it_stands_if_it_smells() {
    let cases = [
        ("--password hunter2", "--password ***"),
        (
            "started the migration with --password hunter2 --verbose",
            "started the migration with --password *** --verbose",
        ),
        (
            "run --port 8080 --log-level debug",
            "run --port 8080 --log-level debug",
        ),
        (
            "run --password --log-level debug",
            "run --password --log-level debug",
        ),
    ];
    for (line, masked) in cases {
        assert_eq!(one(line), masked, "{line}");
    }
}
