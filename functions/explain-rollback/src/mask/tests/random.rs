//! What a generator made is masked; numbers, names and identifiers are not.

use super::*;

#[test]
fn what_a_generator_made_is_masked() {
    for text in [
        "x7Kq9ZpL2mVt4RwB",
        "x7Kq9-ZpL2m-Vt4Rw-B8nQ3",
        "000000000000000000001",
        "0f1e2d3c4b5a69788796",
        "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
        "ra+te+mi+no+su+li",
        "RA+TE+MI+NO+SU+LI",
        "12+34+56+78+90+12",
    ] {
        assert_eq!(
            one(&format!("read {text} twice")),
            "read *** twice",
            "{text}"
        );
    }
    let short = "read sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f0";
    assert_eq!(one(short), "read sha256:***");
}

#[test]
fn what_nobody_guards_stays() {
    for text in [
        "x7Kq9ZpL2mVt4Rw",
        "18446744073709551615",
        "0f1e2d3c4b5a6978879",
        "ffffffffffffffffffffffff",
        "gateway2sqs4webpack",
        "OAuth2AuthorizedClientService",
        "MySQL57InnoDBDialect",
        "123e4567-e89b-12d3-a456-426614174000",
        "123E4567-E89B-12D3-A456-426614174000",
        "00000000-0000-0000-0000-000000000000",
    ] {
        let line = format!("read {text} twice");
        assert_eq!(one(&line), line);
    }
}

#[test]
fn a_key_with_many_slashes_is_masked_and_a_path_is_not() {
    let key = "Gh5k/Q2v/Zx9P/mB/Lr8q/T4/wC7n/3";
    assert_eq!(one(&format!("read {key} twice")), "read *** twice");
    for path in [
        "node_modules/express/lib/router/Layer2",
        "usr/local/lib/node_modules/npm/lib/utils/ExitHandler",
        "opt/app/BOOT-INF/classes/com/example/api/V2",
        "home/ec2-user/.cache/Gh5k/Q2v",
        "GH5K/Q2VX/ZX9P/MB8A/LR8Q/T4UU/WC7N",
        "gh5k/q2vx/zx9p/mb8a/lr8q/t4uu/wc7n",
        "GhXk/QmvP/ZxrP/mBLr/qTTw/wCkn",
    ] {
        let line = format!("read {path} twice");
        assert_eq!(one(&line), line);
    }
}

#[test]
fn letters_are_masked_once_too_few_of_their_pairs_are_usual() {
    let readable = "th".repeat(16);
    let at_the_bound = format!("{readable}{}", "x".repeat(19));
    assert_eq!(one(&at_the_bound), at_the_bound);
    let beyond = format!("{readable}{}", "x".repeat(20));
    assert_eq!(one(&beyond), MASK);
}
