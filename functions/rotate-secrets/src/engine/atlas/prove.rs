//! A new credential is used before anybody depends on it: every server of the cluster that can be
//! reached logs it in, and it may do whatever the present user may.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use futures_util::future::join_all;
use mongodb::Client;
use mongodb::bson::{Document, doc};
use mongodb::error::{Error as DriverError, ErrorKind};
use mongodb::options::{ClientOptions, Credential, ServerAddress, Tls, TlsOptions};
use tokio::time::{Instant, sleep, timeout};

use super::error::Place;
use super::{Action, Cause, Error};
use crate::value::url::{Scheme, Url};

/// How long one server may take, with its connection, to say who is logged in.
const SERVER: Duration = Duration::from_secs(10);

/// How long Atlas is left alone before the credential is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// What of a URL says how to log in. Everything else a driver may know or not.
/// <https://www.mongodb.com/docs/manual/reference/connection-string-options/>
const PARAMETERS: [&str; 9] = [
    "authMechanism",
    "authSource",
    "directConnection",
    "loadBalanced",
    "replicaSet",
    "srvMaxHosts",
    "srvServiceName",
    "ssl",
    "tls",
];

/// What a new credential is held against.
#[derive(Clone, Copy, Debug)]
pub struct Proof<'a> {
    /// The URL that the running tasks hold, where it is known.
    pub present: Option<&'a Url>,
    /// How long it may take until the cluster has the new credential.
    pub limit: Duration,
}

/// What a user may do on what.
type Privileges = BTreeMap<String, BTreeSet<String>>;

/// Uses a new credential, again and again until the cluster has it: Atlas applies a change some seconds,
/// or a minute, after it has answered.
///
/// Who may do what is compared with the present user's own connection. Where that user no longer gets
/// in, because its password is what is broken, there is nothing to compare with but Atlas's record of
/// the roles.
///
/// # Errors
/// When no server is reached, one does not log it in within the limit, or it may do less than the
/// present user.
pub async fn test(url: &Url, proof: &Proof<'_>) -> Result<(), Error> {
    let until = Instant::now() + proof.limit;
    loop {
        let cause = match stands(url, proof.present).await {
            Ok(()) => return Ok(()),
            Err(cause) => cause,
        };
        let may_come = matches!(cause, Cause::NotTaken | Cause::Lacks { .. });
        if !may_come || Instant::now() + PAUSE >= until {
            let host = url.hosts().first();
            return Err(Error {
                action: Action::Test(url.user().to_owned()),
                place: Place::Cluster(host.map(|host| host.name.clone()).unwrap_or_default()),
                cause,
            });
        }
        sleep(PAUSE).await;
    }
}

async fn stands(url: &Url, present: Option<&Url>) -> Result<(), Cause> {
    let may = on_every_server(url).await?;
    let Some(present) = present else {
        return Ok(());
    };
    match on_every_server(present).await {
        Ok(wanted) => lacks(&wanted, &may),
        Err(Cause::NotTaken) => Ok(()),
        Err(cause) => Err(cause),
    }
}

/// Logs in to each server by itself: of several routers one may know of a change before the other. A
/// server that is not reached, because it is being replaced for instance, is passed over.
async fn on_every_server(url: &Url) -> Result<Privileges, Cause> {
    let resolved = timeout(SERVER, resolved(url)).await;
    let servers = resolved.unwrap_or(Err(Cause::NoDns))?;
    let user = url.user();
    let tried = servers.into_iter().map(async |server| {
        let tried = timeout(SERVER, logged_in(server, user)).await;
        tried.unwrap_or(Err(Cause::Unreached))
    });
    let mut may = Err(Cause::Unreached);
    for tried in join_all(tried).await {
        match tried {
            Err(Cause::Unreached) => {}
            Err(cause) => return Err(cause),
            Ok(privileges) => may = Ok(privileges),
        }
    }
    may
}

/// The servers behind a URL, each to be connected to by itself; of a load balancer that is one.
async fn resolved(url: &Url) -> Result<Vec<ClientOptions>, Cause> {
    if url.scheme() == Scheme::Postgres {
        return Err(Cause::NotMongo);
    }
    let known = url.with_only(&PARAMETERS);
    let parsed = ClientOptions::parse(known.expose()).await;
    let parsed = parsed.map_err(|error| match *error.kind {
        ErrorKind::DnsResolve { .. } | ErrorKind::Io(_) => Cause::NoDns,
        _ => Cause::NotMongo,
    })?;
    let is_balanced = parsed.load_balanced == Some(true);
    let credential = parsed.credential.ok_or(Cause::NotMongo)?;
    let is_local = parsed.hosts.iter().all(is_loopback);
    // In plain only on this very machine.
    let tls = match parsed.tls {
        Some(Tls::Disabled) | None if is_local => Tls::Disabled,
        _ => Tls::Enabled(TlsOptions::default()),
    };
    let one = |host| options(host, &credential, &tls, is_balanced);
    Ok(parsed.hosts.into_iter().map(one).collect())
}

fn options(
    host: ServerAddress,
    credential: &Credential,
    tls: &Tls,
    is_balanced: bool,
) -> ClientOptions {
    let mut options = ClientOptions::default();
    options.hosts = vec![host];
    options.credential = Some(credential.clone());
    options.tls = Some(tls.clone());
    options.app_name = Some("rotate-secrets".to_owned());
    options.connect_timeout = Some(SERVER / 2);
    options.server_selection_timeout = Some(SERVER);
    options.max_pool_size = Some(1);
    if is_balanced {
        options.load_balanced = Some(true);
    } else {
        options.direct_connection = Some(true);
    }
    options
}

fn is_loopback(host: &ServerAddress) -> bool {
    let ServerAddress::Tcp { host: name, .. } = host else {
        return false;
    };
    let address = name.parse::<IpAddr>();
    name == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// The driver keeps what it has logged in with, unwiped, as long as the process lives; there is no way
/// to tell it not to.
/// <https://www.mongodb.com/docs/manual/reference/command/connectionStatus/>
async fn logged_in(options: ClientOptions, user: &str) -> Result<Privileges, Cause> {
    let client = Client::with_options(options).map_err(|error| cause(&error))?;
    let asked = async {
        let admin = client.database("admin");
        admin.run_command(doc! { "ping": 1 }).await?;
        let status = doc! { "connectionStatus": 1, "showPrivileges": true };
        admin.run_command(status).await
    };
    let status = asked.await.map_err(|error| cause(&error));
    client.shutdown().immediate(true).await;
    let status = status?;
    let info = status
        .get_document("authInfo")
        .map_err(|_| Cause::OddCluster)?;
    let users = documents(info, "authenticatedUsers");
    if !users
        .iter()
        .any(|it| it.get_str("user").is_ok_and(|it| it == user))
    {
        return Err(Cause::SomebodyElse);
    }
    Ok(privileges(info))
}

fn documents<'a>(of: &'a Document, name: &str) -> Vec<&'a Document> {
    let all = of.get_array(name).map(Vec::as_slice).unwrap_or_default();
    all.iter().filter_map(|one| one.as_document()).collect()
}

fn privileges(info: &Document) -> Privileges {
    let mut may = Privileges::new();
    for privilege in documents(info, "authenticatedUserPrivileges") {
        let Ok(resource) = privilege.get_document("resource") else {
            continue;
        };
        let actions = privilege.get_array("actions").map(Vec::as_slice);
        let actions = actions.unwrap_or_default().iter();
        let actions = actions.filter_map(|it| it.as_str().map(ToOwned::to_owned));
        may.entry(named(resource)).or_default().extend(actions);
    }
    may
}

/// A resource in words: empty names stand for all databases, or all collections.
/// <https://www.mongodb.com/docs/manual/reference/resource-document/>
fn named(resource: &Document) -> String {
    let Ok(database) = resource.get_str("db") else {
        return resource.keys().next().cloned().unwrap_or_default();
    };
    let collection = resource.get_str("collection").unwrap_or_default();
    let all = |name: &str| if name.is_empty() { "*" } else { name }.to_owned();
    format!("{}.{}", all(database), all(collection))
}

fn lacks(wanted: &Privileges, may: &Privileges) -> Result<(), Cause> {
    let none = BTreeSet::new();
    let mut missing = wanted.iter().flat_map(|(resource, actions)| {
        let has = may.get(resource).unwrap_or(&none);
        actions
            .difference(has)
            .map(move |action| (resource, action))
    });
    let Some((resource, action)) = missing.next() else {
        return Ok(());
    };
    Err(Cause::Lacks {
        action: action.clone(),
        resource: resource.clone(),
        more: missing.count(),
    })
}

/// What the driver says, told by its kind; its words may hold anything.
fn cause(error: &DriverError) -> Cause {
    match error.kind.as_ref() {
        ErrorKind::Authentication { .. } => Cause::NotTaken,
        // 8000 is what the proxy before small and flex clusters says.
        ErrorKind::Command(refused) if matches!(refused.code, 18 | 8000) => Cause::NotTaken,
        // A server that stops, or becomes another kind of member.
        // <https://github.com/mongodb/specifications/blob/master/source/server-discovery-and-monitoring/server-discovery-and-monitoring.md#not-writable-primary-and-node-is-recovering>
        ErrorKind::Command(refused)
            if matches!(
                refused.code,
                91 | 189 | 10107 | 11600 | 11602 | 13435 | 13436
            ) =>
        {
            Cause::Unreached
        }
        ErrorKind::Command(refused) => Cause::Command(refused.code),
        ErrorKind::ServerSelection { .. }
        | ErrorKind::ConnectionPoolCleared { .. }
        | ErrorKind::DnsResolve { .. }
        | ErrorKind::Io(_) => Cause::Unreached,
        ErrorKind::InvalidArgument { .. } => Cause::NotMongo,
        _ => Cause::OddCluster,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    fn on(database: &str, collection: &str, actions: &[&str]) -> Document {
        let actions = actions.to_vec();
        doc! { "resource": { "db": database, "collection": collection }, "actions": actions }
    }

    #[test]
    fn what_the_present_user_may_the_new_one_must_and_more_does_no_harm() {
        let cluster = doc! { "resource": { "cluster": true }, "actions": ["listDatabases"] };
        let present = privileges(&doc! { "authenticatedUserPrivileges": [
        on("shop", "", &["find", "insert"]), cluster.clone(), on("shop", "", &["update"]) ] });
        let more = privileges(&doc! { "authenticatedUserPrivileges": [
        on("shop", "", &["update", "insert", "find", "remove"]), cluster, on("", "", &["find"]) ] });
        assert_eq!(lacks(&present, &more), Ok(()));
        let less = privileges(&doc! { "authenticatedUserPrivileges": [on("shop", "", &["find"])] });
        let wanted = Cause::Lacks {
            action: "listDatabases".to_owned(),
            resource: "cluster".to_owned(),
            more: 2,
        };
        assert_eq!(lacks(&present, &less), Err(wanted));
        assert_eq!(lacks(&Privileges::new(), &less), Ok(()));
    }

    #[tokio::test]
    async fn only_on_this_machine_tls_is_left_out_and_what_only_other_drivers_know_does_no_harm() {
        for (text, wanted) in [
            ("mongodb://u:p@127.0.0.1:1/", false),
            ("mongodb://u:p@localhost:1/?tls=true", true),
            (
                "mongodb://u:p@[::1]:1/d?ssl=false&useNewUrlParser=true",
                false,
            ),
            (
                "mongodb://u:p@127.0.0.1:1,db.example.com:1/?tls=false",
                true,
            ),
            (
                "mongodb://u:p@db.example.com/?tls=false&tlsInsecure=true",
                true,
            ),
            ("mongodb://u:p@10.0.0.1/", true),
        ] {
            let url = Url::parse(Value::new(text.to_owned())).unwrap();
            let servers = resolved(&url).await.unwrap();
            assert_eq!(servers.len(), url.hosts().len());
            for server in servers {
                let is_tls = matches!(server.tls, Some(Tls::Enabled(_)));
                assert_eq!(is_tls, wanted, "{text}");
            }
        }
    }

    #[tokio::test]
    async fn what_no_driver_takes_is_told_without_a_word_of_it() {
        for text in [
            "postgres://u:canary@h/d",
            "mongodb://u:canary@h/?tls=canary",
            "mongodb://u:canary@h/?authMechanism=canary",
        ] {
            let url = Url::parse(Value::new(text.to_owned())).unwrap();
            let cause = resolved(&url).await.unwrap_err();
            assert_eq!(cause, Cause::NotMongo, "{text}");
        }
    }
}
