//! How AWS is called: one configuration for all clients, documented rates that are kept, and
//! errors told apart by the code on the wire.

pub mod failure;
pub mod pace;

use std::{env, time::Duration};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::{
    Builder as HttpClient, Connector,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    behavior_version::BehaviorVersion,
    http::{HttpConnectorSettings, SharedHttpConnector},
};
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::{SdkConfig, app_name::AppName, region::Region, sdk_config::Builder};

/// What Lambda's environment lacks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the environment variable {0} is missing: Lambda sets it, and so must whoever runs the function elsewhere"
)]
pub struct Lacking(&'static str);

/// The configuration that all clients share, from the environment and nowhere else: what is
/// missing there fails at once, instead of asking a metadata service for it. The function's name
/// stands in every call's user agent, where CloudTrail shows it.
///
/// # Errors
/// When the Region or the credentials are missing.
pub fn config(function: &'static str) -> Result<SdkConfig, Lacking> {
    let credentials = Credentials::new(
        variable("AWS_ACCESS_KEY_ID")?,
        variable("AWS_SECRET_ACCESS_KEY")?,
        variable("AWS_SESSION_TOKEN").ok(),
        None,
        "environment",
    );
    let mut builder = tuned(SdkConfig::builder())
        .region(Region::new(variable("AWS_REGION")?))
        .credentials_provider(SharedCredentialsProvider::new(credentials));
    builder.set_endpoint_url(variable("AWS_ENDPOINT_URL").ok());
    builder.set_app_name(AppName::new(function).ok());
    // One for all clients, so that connections and TLS sessions are shared and made up once.
    let https = HttpClient::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
    builder.set_http_client(Some(https.build_https()));
    Ok(builder.build())
}

/// A way to other hosts than AWS's, by the same library for TLS. It follows no redirect.
#[must_use]
pub fn connector() -> SharedHttpConnector {
    let settings = HttpConnectorSettings::builder()
        .connect_timeout(Duration::from_secs(3))
        .read_timeout(Duration::from_secs(10))
        .build();
    let connector = Connector::builder()
        .connector_settings(settings)
        .sleep_impl(TokioSleep::new())
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .build();
    SharedHttpConnector::new(connector)
}

/// Whether a command may name the instant to play: allowed by the environment, and only on a local
/// AWS.
#[must_use]
pub fn may_play() -> bool {
    let allowed = std::env::var("NIGHTSHIFT_ALLOW_AT").is_ok_and(|value| value == "true");
    let endpoint = std::env::var("AWS_ENDPOINT_URL").unwrap_or_default();
    allowed && is_loopback(&endpoint)
}

/// Only a local AWS may be played with, or spoken to without TLS: no real one has a loopback
/// address.
#[must_use]
pub fn is_loopback(endpoint: &str) -> bool {
    let host = endpoint
        .strip_prefix("http://")
        .or_else(|| endpoint.strip_prefix("https://"))
        .and_then(|rest| rest.split('/').next())
        .unwrap_or_default();
    let host = host.strip_prefix('[').map_or_else(
        || host.split(':').next().unwrap_or_default(),
        |rest| rest.split(']').next().unwrap_or_default(),
    );
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn variable(name: &'static str) -> Result<String, Lacking> {
    env::var(name)
        .ok()
        .filter(|value| !value.is_empty())
        .ok_or(Lacking(name))
}

/// The pinned behaviour, timeouts and retries; of the timeouts only one has a default.
#[must_use]
pub fn tuned(builder: Builder) -> Builder {
    builder
        .behavior_version(BehaviorVersion::v2026_01_12())
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(3))
                .operation_attempt_timeout(Duration::from_secs(10))
                .operation_timeout(Duration::from_secs(25))
                .build(),
        )
}

/// The Region that the configuration names.
#[must_use]
pub fn region(config: &SdkConfig) -> String {
    config.region().map(Region::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_a_loopback_endpoint_may_be_played_with() {
        for endpoint in [
            "http://127.0.0.1:4566",
            "http://localhost:4566/",
            "http://[::1]:80",
            "https://127.0.0.2",
        ] {
            assert!(is_loopback(endpoint), "{endpoint}");
        }
        for endpoint in [
            "",
            "http://10.0.0.1",
            "https://ecs.ap-northeast-1.amazonaws.com",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "ftp://127.0.0.1",
        ] {
            assert!(!is_loopback(endpoint), "{endpoint}");
        }
    }
}
