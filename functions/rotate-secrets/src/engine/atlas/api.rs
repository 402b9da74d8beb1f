//! The Admin API over HTTPS: one call, one answer, within a time limit. A request with a password in it
//! is sent only after Atlas's own host has been verified and has said how to log in, and of an answer
//! nothing is ever repeated but Atlas's code.
//!
//! <https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/>

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpConnector as _, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::access::Kind;
use super::digest::{Asked, Challenge};
use super::{Access, Cause};
use crate::value::Value;
use crate::value::generate::{Form, Recipe};
use crate::value::url::encoded;

/// How long one request may take.
const LIMIT: Duration = Duration::from_secs(15);

/// The version of the API whose forms are used here.
/// <https://www.mongodb.com/docs/atlas/api/versioned-api-overview/>
const VERSION: &str = "application/vnd.atlas.2025-03-12+json";

/// Where the Admin API is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Host {
    /// At its own host, over TLS.
    #[default]
    Atlas,
    /// At a loopback address, for tests and demonstrations: `http://127.0.0.1:4000`.
    Local(String),
}

/// The Admin API over any connector.
#[derive(Clone, Debug)]
pub struct Api {
    connector: SharedHttpConnector,
    host: Host,
}

/// A project, and who calls for it.
#[derive(Clone, Copy, Debug)]
pub struct Project<'a> {
    /// Its id.
    pub id: &'a str,
    /// The credentials.
    pub access: &'a Access,
}

/// What came back.
struct Answer {
    status: u16,
    challenge: Option<String>,
    body: Vec<u8>,
}

/// One call.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) method: &'static str,
    /// Behind `/groups/{id}/databaseUsers`.
    pub(super) path: &'a str,
    /// JSON.
    pub(super) body: Option<&'a [u8]>,
    /// Whom it is about.
    pub(super) user: &'a str,
}

/// Who calls, as far as that is known before the request.
enum Login<'a> {
    Bearer(Value),
    Digest(&'a Value, &'a Value),
}

/// A way into one project, for a few calls.
pub(super) struct Session<'a> {
    api: &'a Api,
    base: String,
    login: Login<'a>,
}

impl Api {
    /// A client over any connector.
    #[must_use]
    pub const fn new(connector: SharedHttpConnector, host: Host) -> Self {
        Self { connector, host }
    }

    fn address(&self, path: &str) -> String {
        let base = match &self.host {
            Host::Atlas => "https://cloud.mongodb.com",
            Host::Local(base) => base,
        };
        format!("{base}{path}")
    }

    /// Logs in to a project.
    pub(super) async fn open<'a>(&'a self, project: Project<'a>) -> Result<Session<'a>, Cause> {
        let login = match &project.access.0 {
            Kind::Service { id, secret } => Login::Bearer(self.token(id, secret).await?),
            Kind::Key { public, private } => Login::Digest(public, private),
        };
        let id = encoded(project.id);
        Ok(Session {
            api: self,
            base: format!("/api/atlas/v2/groups/{id}/databaseUsers"),
            login,
        })
    }

    /// A service account's token, good for an hour.
    /// <https://www.mongodb.com/docs/atlas/api/service-accounts/generate-oauth2-token/>
    async fn token(&self, id: &Value, secret: &Value) -> Result<Value, Cause> {
        let both = Zeroizing::new([id.expose(), ":", secret.expose()].concat());
        let mut basic = Zeroizing::new(String::with_capacity(16 + 2 * both.len()));
        basic.push_str("Basic ");
        STANDARD.encode_string(both.as_bytes(), &mut basic);
        let mut request = self.request("POST", "/api/oauth/token")?;
        let headers = request.headers_mut();
        let form = "application/x-www-form-urlencoded";
        headers.insert("accept", "application/json");
        headers.insert("content-type", form);
        let sent = headers.try_insert("authorization", basic.to_string());
        sent.map_err(|_| Cause::Credentials)?;
        *request.body_mut() = SdkBody::from("grant_type=client_credentials");
        let Answer { status, body, .. } = self.send(request).await?;
        let body = Zeroizing::new(body);
        match status {
            200 => {}
            // What the standard has for an account that is not known: invalid_client.
            400 | 401 => return Err(Cause::WrongKey),
            _ => return Err(Cause::of_answer(status, code(&body).as_deref(), "")),
        }
        let answer: Token = serde_json::from_slice(&body).map_err(|_| Cause::Odd)?;
        Ok(Value::new(answer.access_token))
    }

    fn request(&self, method: &str, path: &str) -> Result<HttpRequest, Cause> {
        let mut request = HttpRequest::new(SdkBody::empty());
        let set = request.set_method(method);
        let set = set.and_then(|()| request.set_uri(self.address(path)));
        // What is not Atlas's own is encoded, so it can only be the host that is none.
        set.map_err(|_| Cause::ApiUnreached)?;
        Ok(request)
    }

    async fn send(&self, request: HttpRequest) -> Result<Answer, Cause> {
        let whole = async {
            let response = self.connector.call(request).await;
            let response = response.map_err(|error| {
                if error.is_timeout() {
                    Cause::ApiLate(LIMIT)
                } else {
                    Cause::ApiUnreached
                }
            })?;
            let status = response.status().as_u16();
            let challenges = response.headers().get_all("www-authenticate");
            // Of several the one that can be answered; of those that cannot be, any.
            let challenge = challenges.min_by_key(|it| Challenge::read(it).is_none());
            let challenge = challenge.map(ToOwned::to_owned);
            let body = ByteStream::new(response.into_body()).collect().await;
            let body = body.map_err(|_| Cause::ApiUnreached)?.to_vec();
            Ok(Answer {
                status,
                challenge,
                body,
            })
        };
        let answer = timeout(LIMIT, whole).await;
        answer.unwrap_or(Err(Cause::ApiLate(LIMIT)))
    }
}

#[derive(serde::Deserialize)]
struct Token {
    access_token: String,
}

impl Session<'_> {
    /// Calls; answers the JSON, or nothing where there is none.
    pub(super) async fn call(&self, call: Call<'_>) -> Result<Json, Cause> {
        let path = format!("{}{}", self.base, call.path);
        let answer = match &self.login {
            Login::Bearer(token) => {
                let header = Zeroizing::new(["Bearer ", token.expose()].concat());
                self.send(&path, call, &header).await?
            }
            Login::Digest(public, private) => self.digested(&path, call, public, private).await?,
        };
        let Answer { status, body, .. } = answer;
        if !(200..300).contains(&status) {
            return Err(Cause::of_answer(status, code(&body).as_deref(), call.user));
        }
        if body.is_empty() {
            return Ok(Json::Null);
        }
        serde_json::from_slice(&body).map_err(|_| Cause::Odd)
    }

    /// First a request without a body, which is only asked who calls; then the one that counts.
    async fn digested(
        &self,
        path: &str,
        call: Call<'_>,
        public: &Value,
        private: &Value,
    ) -> Result<Answer, Cause> {
        let Call { method, .. } = call;
        let bare = self.api.request(method, path)?;
        let mut answer = self.api.send(with_version(bare)).await?;
        if answer.status < 400 {
            // Nobody who is asked for nothing is Atlas.
            return Err(Cause::Challenge);
        }
        // Twice, where the nonce is too old by the time it is used.
        for _ in 0..2 {
            let (401, Some(header)) = (answer.status, &answer.challenge) else {
                break;
            };
            let challenge = Challenge::read(header).ok_or(Cause::Challenge)?;
            let once = Recipe::bytes(32, Form::Hex).and_then(|recipe| recipe.make());
            let once = once.map_err(|_| Cause::Randomness)?;
            let once = once.expose();
            let header = challenge.answer(public, private, Asked { method, path, once });
            answer = self.send(path, call, header.expose()).await?;
            let next = answer.challenge.as_deref().and_then(Challenge::read);
            if !next.is_some_and(|next| next.stale) {
                break;
            }
        }
        Ok(answer)
    }

    async fn send(&self, path: &str, call: Call<'_>, login: &str) -> Result<Answer, Cause> {
        let mut request = with_version(self.api.request(call.method, path)?);
        let sent = request
            .headers_mut()
            .try_insert("authorization", login.to_owned());
        sent.map_err(|_| Cause::Credentials)?;
        if let Some(body) = call.body {
            request.headers_mut().insert("content-type", VERSION);
            *request.body_mut() = SdkBody::from(body.to_vec());
        }
        self.api.send(request).await
    }
}

fn with_version(mut request: HttpRequest) -> HttpRequest {
    request.headers_mut().insert("accept", VERSION);
    request
}

/// Atlas's own code, where an answer has one that looks like one.
fn code(body: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Refused {
        error_code: String,
    }
    let refused: Refused = serde_json::from_slice(body).ok()?;
    let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let code = refused.error_code;
    (code.len() <= 64 && !code.is_empty() && code.bytes().all(fits)).then_some(code)
}
