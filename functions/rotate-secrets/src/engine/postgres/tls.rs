//! A server is believed only with a certificate that a given root vouches for and that names the very
//! host asked for, as libpq's `verify-full` has it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::Socket;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, InvalidDnsNameError, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Amazon RDS's roots of all Regions that `roots/README.md` names, and those of RDS Proxy.
const RDS: &[u8] = include_bytes!("../../../roots/rds.pem");

/// Whom to believe.
#[derive(Clone)]
pub struct Tls(TlsConnector);

/// Root certificates that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RootsError {
    /// There is none.
    #[error("the root certificates' PEM holds no certificate")]
    None,
    /// One cannot be read.
    #[error("root certificate {0} of the PEM cannot be read")]
    Unreadable(usize),
    /// The TLS library has no protocol in common with itself.
    #[error("TLS cannot be set up")]
    Protocol,
}

impl Tls {
    /// Believes what Amazon RDS's own roots vouch for.
    ///
    /// # Errors
    /// When the certificates that came with the function cannot be read.
    pub fn rds() -> Result<Self, RootsError> {
        Self::trusting(RDS)
    }

    /// Believes what these roots vouch for, and nothing else.
    ///
    /// # Errors
    /// When it is no PEM of one or more certificates.
    pub fn trusting(pem: &[u8]) -> Result<Self, RootsError> {
        let mut roots = RootCertStore::empty();
        for (n, certificate) in CertificateDer::pem_slice_iter(pem).enumerate() {
            let unreadable = RootsError::Unreadable(n + 1);
            let certificate = certificate.map_err(|_| unreadable.clone())?;
            roots.add(certificate).map_err(|_| unreadable)?;
        }
        if roots.is_empty() {
            return Err(RootsError::None);
        }
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|_| RootsError::Protocol)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }
}

impl MakeTlsConnect<Socket> for Tls {
    type Stream = Stream;
    type TlsConnect = Handshake;
    type Error = InvalidDnsNameError;

    fn make_tls_connect(&mut self, host: &str) -> Result<Handshake, InvalidDnsNameError> {
        Ok(Handshake {
            connector: self.0.clone(),
            host: ServerName::try_from(host.to_owned())?,
        })
    }
}

/// A handshake about to begin.
pub struct Handshake {
    connector: TlsConnector,
    host: ServerName<'static>,
}

impl TlsConnect<Socket> for Handshake {
    type Stream = Stream;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream>> + Send>>;

    fn connect(self, socket: Socket) -> Self::Future {
        let shaken = self.connector.connect(self.host, socket);
        Box::pin(async move { shaken.await.map(|stream| Stream(Box::new(stream))) })
    }
}

/// A connection under TLS.
pub struct Stream(Box<tokio_rustls::client::TlsStream<Socket>>);

impl TlsStream for Stream {
    /// None is needed: the certificate has been verified for this host.
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_roots_that_come_with_the_function_can_all_be_read() {
        let certificates = CertificateDer::pem_slice_iter(RDS).count();
        assert_eq!(certificates, 86);
        assert!(Tls::rds().is_ok());
    }

    #[test]
    fn without_a_root_nobody_is_believed() {
        let of = |pem: &str| Tls::trusting(pem.as_bytes()).err();
        assert_eq!(of(""), Some(RootsError::None));
        assert_eq!(of("no certificate"), Some(RootsError::None));
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(of(broken), Some(RootsError::Unreadable(1)));
    }
}
