//! AWS and Slack behind TLS: the function speaks to them as to the real ones, with a handshake and a
//! chain of certificates to verify. It answers the read of a settled tick by itself, or passes
//! everything on to the local ones, and remembers what was called when.

use std::convert::Infallible;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context as _, Result};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use nightshift_tests::aws::Http;
use nightshift_tests::gateway::Call;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// Where this machine keeps the roots that it trusts: as many as Lambda's, give or take.
const BUNDLES: [&str; 3] = [
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/cert.pem",
];

/// What answers.
#[derive(Clone, Debug)]
pub(crate) enum Behind {
    /// Nothing but this body, to whatever is asked.
    Constant(Bytes),
    /// The local AWS at this host and port.
    LocalAws(String),
    /// The same, and a Slack at another.
    LocalAwsAndSlack(String, String),
}

impl Behind {
    /// Who answers at a path: AWS has none below `/api/`.
    fn authority(&self, path: &str) -> &str {
        match self {
            Self::Constant(_) => "",
            Self::LocalAwsAndSlack(_, slack) if path.starts_with("/api/") => slack,
            Self::LocalAws(aws) | Self::LocalAwsAndSlack(aws, _) => aws,
        }
    }
}

/// A call as it was seen here.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// When it came.
    pub(crate) at: Instant,
    /// When its answer was ready.
    pub(crate) until: Instant,
    /// Which.
    pub(crate) call: Call,
}

/// The endpoint while it listens.
#[derive(Debug)]
pub(crate) struct Endpoint {
    port: u16,
    bundle: PathBuf,
    shared: Arc<Shared>,
    server: JoinHandle<Infallible>,
}

struct Shared {
    behind: Behind,
    http: Http,
    calls: Mutex<Vec<Seen>>,
    connections: AtomicUsize,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Endpoint {
    /// Listens on a free loopback port; the certificate that it is trusted by goes to `directory`.
    ///
    /// # Errors
    /// When there is no port, or the certificates cannot be made.
    pub(crate) async fn listen(behind: Behind, directory: &Path) -> Result<Self> {
        let listener = TcpListener::bind("localhost:0")
            .await
            .context("the endpoint's port")?;
        let port = listener.local_addr()?.port();
        let bundle = directory.join(format!("ca-{port}.pem"));
        let acceptor = TlsAcceptor::from(Arc::new(certified(&bundle)?));
        let shared = Arc::new(Shared {
            behind,
            http: Http::default(),
            calls: Mutex::default(),
            connections: AtomicUsize::default(),
        });
        let serving = Arc::clone(&shared);
        let server = tokio::spawn(async move {
            loop {
                // A connection that could not be accepted is its caller's to notice.
                let Ok((stream, _)) = listener.accept().await else {
                    continue;
                };
                // Else an answer in two parts may wait 40 ms for an acknowledgement.
                let _ = stream.set_nodelay(true);
                let (shared, acceptor) = (Arc::clone(&serving), acceptor.clone());
                tokio::spawn(async move {
                    // So is a handshake that fails.
                    let Ok(stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    shared.connections.fetch_add(1, Ordering::Relaxed);
                    let service = service_fn(|request| answer(Arc::clone(&shared), request));
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Ok(Self {
            port,
            bundle,
            shared,
            server,
        })
    }

    /// What `AWS_ENDPOINT_URL` is set to.
    #[must_use]
    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// What `SSL_CERT_FILE` is set to.
    #[must_use]
    pub(crate) fn bundle(&self) -> &Path {
        &self.bundle
    }

    /// Takes the calls since this was last asked.
    #[must_use]
    pub(crate) fn take_calls(&self) -> Vec<Seen> {
        let mut calls = self
            .shared
            .calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut calls)
    }
}

impl Endpoint {
    /// How many handshakes there were since this was last asked.
    #[must_use]
    pub(crate) fn take_connections(&self) -> usize {
        self.shared.connections.swap(0, Ordering::Relaxed)
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// A certificate for `localhost` by an authority of its own, which stands in the bundle behind the
/// machine's roots: reading those is a part of every start.
fn certified(bundle: &Path) -> Result<ServerConfig> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(DnType::CommonName, "nightshift bench");
    let key = KeyPair::generate()?;
    let authority = params.self_signed(&key)?;
    let roots = BUNDLES
        .iter()
        .find_map(|bundle| std::fs::read_to_string(bundle).ok());
    let all = format!("{}\n{}", roots.unwrap_or_default(), authority.pem());
    std::fs::write(bundle, all).with_context(|| bundle.display().to_string())?;

    let own = KeyPair::generate()?;
    let issuer = Issuer::new(params, key);
    let leaf = CertificateParams::new(["localhost".to_owned()])?.signed_by(&own, &issuer)?;
    let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(own.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![leaf.into()], private)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>> {
    let at = Instant::now();
    let (parts, body) = request.into_parts();
    let request = Request::from_parts(parts, body.collect().await?.to_bytes());
    let call = Call::of(&request);
    let response = match &shared.behind {
        Behind::Constant(body) => Response::builder()
            .header(CONTENT_TYPE, "application/x-amz-json-1.0")
            .header("x-amzn-requestid", "00000000-0000-4000-8000-000000000000")
            .body(Full::new(body.clone()))?,
        Behind::LocalAws(_) | Behind::LocalAwsAndSlack(..) => {
            let authority = shared.behind.authority(request.uri().path());
            let (mut parts, body) = shared.http.send(authority, request).await?.into_parts();
            parts.headers.remove(CONTENT_LENGTH);
            parts.headers.remove(TRANSFER_ENCODING);
            Response::from_parts(parts, Full::new(body))
        }
    };
    let until = Instant::now();
    let mut calls = shared.calls.lock().unwrap_or_else(PoisonError::into_inner);
    calls.push(Seen { at, until, call });
    Ok(response)
}
