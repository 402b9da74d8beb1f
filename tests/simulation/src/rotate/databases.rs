//! The databases behind the URLs. Of each user they know a SCRAM verifier, as PostgreSQL does, and
//! whether a password fits it; how a call fares on its way the weather decides.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rotate_secrets::{
    dial::{Answer, Dial, Refusal, atlas::Atlas},
    engine::{atlas::Project, postgres::Sessions},
    users::Inactive,
    value::{Value, scram::Verifier, url::Url},
};
use sha2::{Digest as _, Sha256};
use tokio::{sync::Notify, time::sleep};

use super::Rotate;
use crate::{
    sky::{Made, Shared},
    weather::Fate,
};

/// How long a client waits for a database that says nothing.
const PATIENCE: Duration = Duration::from_secs(15);

/// The users of a server.
#[derive(Clone, Debug, Default)]
pub struct Databases {
    users: BTreeMap<String, User>,
    /// What fitted when it was looked up: deriving takes time.
    known: BTreeMap<(String, String), bool>,
    /// The credentials that were tried since their user got them.
    tried: BTreeSet<(String, String)>,
}

#[derive(Clone, Debug)]
struct User {
    verifier: String,
    login: bool,
}

impl Databases {
    /// A user with a password.
    pub fn give(&mut self, user: &str, password: &str) {
        let verifier = Verifier::of(&Value::new(password.to_owned()));
        self.know(user, verifier.expose());
    }

    fn know(&mut self, user: &str, verifier: &str) {
        self.tried.retain(|(other, _)| other != user);
        let known = User {
            verifier: verifier.to_owned(),
            login: true,
        };
        self.users.insert(user.to_owned(), known);
    }

    /// Whether a credential works.
    pub fn works(&mut self, user: &str, password: &str) -> bool {
        let Some(found) = self.users.get(user).filter(|found| found.login) else {
            return false;
        };
        let key = (found.verifier.clone(), password.to_owned());
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let works = fits(&key.0, password).unwrap_or(false);
        self.known.insert(key, works);
        works
    }

    /// Whether a credential was tried since its user got it.
    #[must_use]
    pub fn is_tried(&self, user: &str, password: &str) -> bool {
        let tried = (user.to_owned(), password.to_owned());
        self.tried.contains(&tried)
    }

    fn enter(&mut self, url: &Url) -> Result<(), Refusal> {
        if self.works(url.user(), url.password().expose()) {
            Ok(())
        } else {
            Err(refusal("28P01", "the password is wrong"))
        }
    }

    fn set(
        &mut self,
        admin: &Url,
        inactive: &Inactive,
        verifier: &Verifier,
    ) -> Result<(), Refusal> {
        self.enter(admin)?;
        self.know(inactive.user(), verifier.expose());
        Ok(())
    }

    fn test(&mut self, url: &Url) -> Result<(), Refusal> {
        self.enter(url)?;
        let password = url.password().expose().to_owned();
        self.tried.insert((url.user().to_owned(), password));
        Ok(())
    }

    fn disable(&mut self, admin: &Url, inactive: &Inactive) -> Result<(), Refusal> {
        self.enter(admin)?;
        if let Some(user) = self.users.get_mut(inactive.user()) {
            user.login = false;
        }
        Ok(())
    }
}

/// Derives what the server keeps of a password, with the salt and the rounds of a verifier.
// https://www.rfc-editor.org/rfc/rfc5802#section-3
fn fits(verifier: &str, password: &str) -> Option<bool> {
    let (rounds, rest) = verifier.strip_prefix("SCRAM-SHA-256$")?.split_once(':')?;
    let (salt, keys) = rest.split_once('$')?;
    let (stored, _) = keys.split_once(':')?;
    let salt = STANDARD.decode(salt).ok()?;
    let mac = Mac::keyed(password.as_bytes());
    let mut round = mac.of(&[salt.as_slice(), &1_u32.to_be_bytes()]);
    let mut salted = round;
    for _ in 1..rounds.parse::<u32>().ok()? {
        round = mac.of(&[&round]);
        for (byte, other) in salted.iter_mut().zip(round) {
            *byte ^= other;
        }
    }
    let client = Mac::keyed(&salted).of(&[b"Client Key"]);
    let derived = Sha256::digest(client);
    Some(STANDARD.encode(derived) == stored)
}

/// HMAC with SHA-256; no key here is longer than a block.
struct Mac {
    inner: Sha256,
    outer: Sha256,
}

impl Mac {
    fn keyed(key: &[u8]) -> Self {
        let mut block = [0_u8; 64];
        for (byte, key) in block.iter_mut().zip(key) {
            *byte = *key;
        }
        let padded = |pad: u8| Sha256::new_with_prefix(block.map(|byte| byte ^ pad));
        Self {
            inner: padded(0x36),
            outer: padded(0x5c),
        }
    }

    fn of(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut inner = self.inner.clone();
        for part in parts {
            inner.update(part);
        }
        let mut outer = self.outer.clone();
        outer.update(inner.finalize());
        outer.finalize().into()
    }
}

fn refusal(code: &str, message: &str) -> Refusal {
    Refusal {
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

/// A process's way to the databases.
#[derive(Clone, Debug)]
pub struct Wire {
    /// The cloud and everything around it.
    pub sky: Shared<Rotate>,
    /// The process.
    pub process: u64,
    /// Ends the process.
    pub death: Arc<Notify>,
}

impl Wire {
    fn carry<'a>(
        &'a self,
        action: &'static str,
        work: impl FnOnce(&mut Databases) -> Result<(), Refusal> + 'a,
    ) -> Answer<'a> {
        Box::pin(self.carried(action, work))
    }

    fn die(&self) {
        let mut sky = self.sky.now();
        sky.tell(|| "    the process dies".to_owned());
        drop(sky);
        self.death.notify_one();
    }

    async fn carried(
        &self,
        action: &'static str,
        work: impl FnOnce(&mut Databases) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let (fate, way) = {
            let mut sky = self.sky.now();
            (sky.fate(true), sky.random.u64(5..200))
        };
        sleep(Duration::from_millis(way)).await;
        let done = self.meet(action, fate, work);
        match fate {
            Fate::KilledBefore | Fate::KilledAfter => {
                self.die();
                std::future::pending::<()>().await;
            }
            Fate::Silent | Fate::SilentAfter => sleep(PATIENCE).await,
            _ => {}
        }
        done
    }

    /// What comes of it, as the caller knows it.
    fn meet(
        &self,
        action: &'static str,
        fate: Fate,
        work: impl FnOnce(&mut Databases) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let mut sky = self.sky.now();
        let up = sky.rules.is_up(&sky.world);
        let done = if !up {
            Err(refusal("unreached", "nobody answers"))
        } else if fate.takes_effect() {
            work(sky.rules.databases())
        } else {
            Ok(())
        };
        let done = match fate {
            Fate::Answered | Fate::Stale => done,
            Fate::Throttled => Err(refusal("53300", "no connection is free")),
            Fate::Broken | Fate::BrokenAfter => Err(refusal("57P03", "it is starting")),
            Fate::Silent | Fate::SilentAfter => Err(refusal("timeout", "no answer in time")),
            Fate::Lost | Fate::LostAfter | Fate::KilledBefore | Fate::KilledAfter => {
                Err(refusal("connection-lost", "the connection is gone"))
            }
        };
        let code = done.as_ref().err().map(|refusal| refusal.code.clone());
        sky.tell(|| {
            let code = code.as_deref().unwrap_or("ok");
            format!("    postgres:{action} → {code} [{fate:?}]")
        });
        let made = Made {
            action: format!("postgres:{action}"),
            hidden: fate.hides_the_effect(),
            own: true,
            code,
        };
        let id = format!("postgres-{}", sky.count);
        let seen = sky.processes.entry(self.process).or_default();
        seen.made.insert(id, made);
        sky.watch();
        done
    }
}

impl Dial for Wire {
    fn set<'a>(
        &'a self,
        admin: &'a Url,
        inactive: &'a Inactive,
        _role: &'a str,
        verifier: &'a Verifier,
    ) -> Answer<'a> {
        self.carry("set", move |databases| {
            databases.set(admin, inactive, verifier)
        })
    }

    fn test<'a>(&'a self, url: &'a Url, _present: &'a str, _role: &'a str) -> Answer<'a> {
        self.carry("test", move |databases| databases.test(url))
    }

    fn connect<'a>(&'a self, url: &'a Url) -> Answer<'a> {
        self.carry("connect", move |databases| databases.enter(url))
    }

    fn disable<'a>(
        &'a self,
        admin: &'a Url,
        inactive: &'a Inactive,
        _sessions: Sessions,
    ) -> Answer<'a> {
        self.carry("disable", move |databases| {
            databases.disable(admin, inactive)
        })
    }
}

/// No estate that is played has anything in Atlas.
impl Atlas for Wire {
    fn set<'a>(
        &'a self,
        _project: Project<'a>,
        _inactive: &'a Inactive,
        _password: &'a Value,
    ) -> Answer<'a> {
        nobody()
    }

    fn test<'a>(&'a self, _url: &'a Url, _present: Option<&'a Url>) -> Answer<'a> {
        nobody()
    }

    fn disable<'a>(
        &'a self,
        _project: Project<'a>,
        _inactive: &'a Inactive,
        _sessions: Sessions,
    ) -> Answer<'a> {
        nobody()
    }
}

fn nobody<'a>() -> Answer<'a> {
    Box::pin(async { Err(refusal("unreached", "nobody answers")) })
}
