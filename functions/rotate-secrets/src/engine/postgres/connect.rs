//! A connection is made within a time limit, and under TLS unless the server is on this very machine
//! and the URL says `sslmode=disable`.

use std::net::IpAddr;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};
use tokio_postgres::{Client, Config};

use super::{Action, Cause, Error, Tls};
use crate::value::url::{self, Host, Scheme, Url};

/// The port where the URL gives none.
const PORT: u16 = 5432;

/// How long a connection that is no longer needed may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// A connection to a server as one user.
pub struct Session {
    client: Client,
    driver: JoinHandle<()>,
    host: String,
    user: String,
    limit: Duration,
}

impl Session {
    /// Connects as who sets passwords: to the host among the URL's that takes writes. The limit is that
    /// of the connecting, and of each thing done afterwards.
    ///
    /// # Errors
    /// When none of the hosts can be used so; told of the last one, unless an earlier one refused the
    /// credential.
    pub async fn admin(url: &Url, tls: &Tls, limit: Duration) -> Result<Self, Error> {
        let session = Self::open(url, tls, limit, TargetSessionAttrs::ReadWrite).await?;
        // What nobody waits for any longer must not be done later, when a lock is free again.
        let limited = format!("SET statement_timeout = {}", limit.as_millis());
        let action = Action::Connect(url.user().to_owned());
        let set = async {
            let done = session.client.batch_execute(&limited).await;
            done.map_err(|error| Cause::of(&error))
        };
        session.within(action, set).await?;
        Ok(session)
    }

    /// Connects as the URL says, to the first of its hosts that answers.
    ///
    /// # Errors
    /// As for [`Session::admin`].
    pub async fn user(url: &Url, tls: &Tls, limit: Duration) -> Result<Self, Error> {
        Self::open(url, tls, limit, TargetSessionAttrs::Any).await
    }

    async fn open(
        url: &Url,
        tls: &Tls,
        limit: Duration,
        target: TargetSessionAttrs,
    ) -> Result<Self, Error> {
        let mut failed = None;
        for host in url.hosts() {
            let connected = connected(url, host, tls, limit, target);
            let cause = match timeout(limit, connected).await {
                Ok(Ok((client, driver))) => {
                    return Ok(Self {
                        client,
                        driver,
                        host: host.name.clone(),
                        user: url.user().to_owned(),
                        limit,
                    });
                }
                Ok(Err(cause)) => cause,
                Err(_) => Cause::TimedOut(limit),
            };
            let goes_on = cause.passes() || cause == Cause::ReadOnly;
            failed = Some(Error {
                action: Action::Connect(url.user().to_owned()),
                host: host.name.clone(),
                cause,
            });
            if !goes_on {
                break;
            }
        }
        Err(failed.unwrap_or_else(|| Error {
            action: Action::Connect(url.user().to_owned()),
            host: String::new(),
            cause: Cause::Odd,
        }))
    }

    /// Says goodbye, so that the server does not log a connection that broke off.
    pub async fn close(self) {
        drop(self.client);
        // Whoever does not go by himself is gone with the runtime.
        let _ = timeout(GOODBYE, self.driver).await;
    }

    /// The user that has connected.
    pub(super) fn name(&self) -> &str {
        &self.user
    }

    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Does something within the limit.
    pub(super) async fn within<T>(
        &self,
        action: Action,
        work: impl Future<Output = Result<T, Cause>>,
    ) -> Result<T, Error> {
        let done = timeout(self.limit, work).await;
        done.unwrap_or(Err(Cause::TimedOut(self.limit)))
            .map_err(|cause| Error {
                action,
                host: self.host.clone(),
                cause,
            })
    }
}

async fn connected(
    url: &Url,
    host: &Host,
    tls: &Tls,
    limit: Duration,
    target: TargetSessionAttrs,
) -> Result<(Client, JoinHandle<()>), Cause> {
    if url.scheme() != Scheme::Postgres {
        return Err(Cause::NotPostgres);
    }
    let mut config = Config::new();
    config
        .host(&host.name)
        .port(host.port.unwrap_or(PORT))
        .user(url.user())
        .password(url.password().expose())
        .application_name("rotate-secrets")
        .connect_timeout(limit)
        .target_session_attrs(target)
        .ssl_mode(if in_plain(url, host) {
            SslMode::Disable
        } else {
            SslMode::Require
        });
    if let Some(database) = url.database() {
        config.dbname(database);
    }
    let (client, connection) = config
        .connect(tls.clone())
        .await
        .map_err(|error| Cause::of(&error))?;
    // What goes wrong with the connection is heard of where it is used.
    let driver = tokio::spawn(async move {
        let _ = connection.await;
    });
    Ok((client, driver))
}

/// Whether the connection goes without TLS.
fn in_plain(url: &Url, host: &Host) -> bool {
    url.ssl_mode() == Some(url::SslMode::Disable) && is_loopback(&host.name)
}

fn is_loopback(name: &str) -> bool {
    let address = name.parse::<IpAddr>();
    name == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    #[test]
    fn only_on_this_machine_and_only_when_asked_tls_is_left_out() {
        for (text, wanted) in [
            ("postgres://u:p@localhost/d?sslmode=disable", true),
            ("postgres://u:p@127.0.0.1/d?sslmode=disable", true),
            ("postgres://u:p@[::1]/d?sslmode=disable", true),
            ("postgres://u:p@localhost/d", false),
            ("postgres://u:p@localhost/d?sslmode=prefer", false),
            ("postgres://u:p@db.example.com/d?sslmode=disable", false),
            (
                "postgres://u:p@localhost.example.com/d?sslmode=disable",
                false,
            ),
            ("postgres://u:p@10.0.0.1/d?sslmode=disable", false),
        ] {
            let url = Url::parse(Value::new(text.to_owned())).unwrap();
            let host = url.hosts().first().unwrap();
            assert_eq!(in_plain(&url, host), wanted, "{text}");
        }
    }
}
