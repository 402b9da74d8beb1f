//! From what the client says to our causes. Of a server's answer only the SQLSTATE is read.

use std::error::Error;
use std::io;

use tokio_postgres::error::SqlState;
use tokio_rustls::rustls::{self, CertificateError};

use super::{Cause, Distrust};

pub(super) fn cause(error: &tokio_postgres::Error) -> Cause {
    if let Some(state) = error.code() {
        return of_state(state);
    }
    if error.is_closed() {
        return Cause::Lost;
    }
    let source = error.source();
    if let Some(tls) = chain(source).find_map(<dyn Error>::downcast_ref::<rustls::Error>) {
        return of_tls(tls);
    }
    // The client tells its kinds of errors only by their text.
    let text = error.to_string();
    if let Some(io) = chain(source).find_map(<dyn Error>::downcast_ref::<io::Error>) {
        return if text.starts_with("error connecting") {
            of_connecting(io.kind())
        } else if text.starts_with("error performing TLS") {
            of_handshake(io)
        } else if text.starts_with("error communicating") {
            Cause::Lost
        } else {
            Cause::Odd
        };
    }
    if text.starts_with("error performing TLS") {
        let offers_none = |it: &(dyn Error + 'static)| it.to_string().ends_with("not support TLS");
        if chain(source).any(offers_none) {
            Cause::NoTls
        } else {
            // The host is no name that a certificate could have.
            Cause::Certificate(Distrust::Name)
        }
    } else if text.starts_with("authentication error") {
        Cause::Login
    } else {
        Cause::Odd
    }
}

/// An error and what is under it.
fn chain<'a>(
    first: Option<&'a (dyn Error + 'static)>,
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(first, |error| under(*error))
}

/// An `io::Error` shows what it wraps only when asked itself.
fn under<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
    {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

fn of_connecting(kind: io::ErrorKind) -> Cause {
    match kind {
        // So the client says that the server is a standby.
        io::ErrorKind::PermissionDenied => Cause::ReadOnly,
        kind => Cause::Unreached(kind),
    }
}

fn of_handshake(error: &io::Error) -> Cause {
    match error.kind() {
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::BrokenPipe => Cause::Lost,
        _ => Cause::Handshake,
    }
}

fn of_tls(error: &rustls::Error) -> Cause {
    let rustls::Error::InvalidCertificate(why) = error else {
        return Cause::Handshake;
    };
    Cause::Certificate(match why {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => Distrust::Issuer,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Distrust::Name
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => Distrust::Time,
        _ => Distrust::Other,
    })
}

pub(super) fn of_state(state: &SqlState) -> Cause {
    match state.code() {
        "28P01" => Cause::WrongPassword,
        "28000" => Cause::NotLetIn,
        "42501" => Cause::Privilege,
        "57P03" => Cause::NotAccepting,
        "57P01" | "57P02" | "57P05" => Cause::Ended,
        "57014" => Cause::Late,
        "53300" => Cause::Full,
        "3D000" => Cause::NoDatabase,
        "25006" => Cause::ReadOnly,
        "08000" | "08003" | "08006" => Cause::Lost,
        // What is no SQLSTATE may be anything.
        code if code.len() == 5 && code.bytes().all(|it| it.is_ascii_alphanumeric()) => {
            Cause::Other(code.to_owned())
        }
        _ => Cause::Odd,
    }
}
