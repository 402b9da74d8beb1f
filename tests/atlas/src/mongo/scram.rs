//! The server's half of SCRAM-SHA-256: nobody logs in who does not know the password.
//!
//! <https://www.rfc-editor.org/rfc/rfc7677>, <https://www.rfc-editor.org/rfc/rfc5802>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// The fewest that drivers accept.
const ITERATIONS: u32 = 4096;
const SALT: &[u8] = b"sixteen bytes..!";

/// An exchange between its two halves.
pub(super) struct Exchange {
    user: String,
    id: u64,
    password: String,
    nonce: String,
    /// What both have said so far, without the header.
    said: String,
}

impl Exchange {
    /// Begins with the client's first words; answers ours. None for a user that is not known.
    pub(super) fn begin(
        first: &[u8],
        known: impl FnOnce(&str) -> Option<(String, u64)>,
    ) -> Option<(Self, String)> {
        let bare = std::str::from_utf8(first).ok()?.strip_prefix("n,,")?;
        let (user, nonce) = bare.strip_prefix("n=")?.split_once(",r=")?;
        let user = user.replace("=2C", ",").replace("=3D", "=");
        let (password, id) = known(&user)?;
        let nonce = format!("{nonce}server");
        let salt = STANDARD.encode(SALT);
        let answer = format!("r={nonce},s={salt},i={ITERATIONS}");
        let exchange = Self {
            user,
            id,
            password,
            said: format!("{bare},{answer}"),
            nonce,
        };
        Some((exchange, answer))
    }

    /// Ends with the client's proof; answers the user, its id and ours.
    pub(super) fn end(self, last: &[u8]) -> Option<(String, u64, String)> {
        let last = std::str::from_utf8(last).ok()?;
        let (bare, proof) = last.rsplit_once(",p=")?;
        if bare != format!("c=biws,r={}", self.nonce) {
            return None;
        }
        let said = format!("{},{bare}", self.said);
        let salted = salted(self.password.as_bytes());
        let client = mac(&salted, b"Client Key");
        let signature = mac(&Sha256::digest(client), said.as_bytes());
        let wanted: Vec<u8> = client.iter().zip(signature).map(|(a, b)| a ^ b).collect();
        if STANDARD.decode(proof).ok()? != wanted {
            return None;
        }
        let server = mac(&salted, b"Server Key");
        let ours = STANDARD.encode(mac(&server, said.as_bytes()));
        Some((self.user, self.id, format!("v={ours}")))
    }
}

/// PBKDF2 of one block.
fn salted(password: &[u8]) -> [u8; 32] {
    let mut block = mac(password, &[SALT, &[0, 0, 0, 1]].concat());
    let mut all = block;
    for _ in 1..ITERATIONS {
        block = mac(password, &block);
        for (sum, byte) in all.iter_mut().zip(block) {
            *sum ^= byte;
        }
    }
    all
}

fn mac(key: &[u8], text: &[u8]) -> [u8; 32] {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mut mac) => {
            mac.update(text);
            mac.finalize().into_bytes().into()
        }
        // A key of any length is taken.
        Err(_) => [0; 32],
    }
}
