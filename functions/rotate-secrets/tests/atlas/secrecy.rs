//! What is told of a failure holds no password, no key and no token, whatever Atlas quotes.

use std::fmt::Write as _;

use nightshift_atlas::{Trouble, When};

use crate::stage::{FIRST, Stage};

#[tokio::test]
async fn no_refusal_repeats_what_was_sent() {
    let mut said = String::new();
    for key in [false, true] {
        let mut stage = Stage::new().await;
        if key {
            stage.access = stage.atlas.api_key();
        }
        let mut secrets = vec![FIRST.to_owned(), "cAnAry".to_owned()];
        for trouble in [
            Trouble::refused(400, "INVALID_ATTRIBUTE"),
            Trouble::refused(403, "cAnAry code"),
            Trouble::Garbled,
            Trouble::Fault(When::After),
            Trouble::Lost(When::After),
            Trouble::Unavailable,
        ] {
            for on in ["GET", "PATCH", "POST", "token"] {
                stage.atlas.will(trouble.clone().on(on));
                if let Err(error) = stage.set().await {
                    writeln!(said, "{error:?} {error}").unwrap();
                }
                stage.atlas.forgive();
                secrets.extend(stage.atlas.password("shop_b"));
            }
        }
        let password = stage.set().await.unwrap();
        secrets.push(password.expose().to_owned());
        stage.atlas.remove("shop_b");
        let error = stage.test_within(&password, 1).await.unwrap_err();
        writeln!(said, "{error:?} {error}").unwrap();
        for secret in secrets {
            assert!(!said.contains(&secret), "{secret}");
        }
    }
    for there in ["INVALID_ATTRIBUTE", "shop_b", "api-unreached", "503"] {
        assert!(said.contains(there), "{there} in {said}");
    }
}
