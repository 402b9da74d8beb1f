//! How AWS is called: one configuration for all clients, documented rates that are kept, and
//! errors told apart by the code on the wire.

pub mod failure;
pub mod pace;

use std::{env, time::Duration};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_http_client::{
    Builder as HttpClient,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::{SdkConfig, region::Region, sdk_config::Builder};

/// What Lambda's environment lacks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the environment variable {0} is missing: Lambda sets it, and so must whoever runs the function elsewhere"
)]
pub struct Lacking(&'static str);

/// The configuration that all clients share, from the environment and nowhere else: what is
/// missing there fails at once, instead of asking a metadata service for it.
///
/// # Errors
/// When the Region or the credentials are missing.
pub fn config() -> Result<SdkConfig, Lacking> {
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
    // One for all clients, so that connections and TLS sessions are shared and made up once.
    let https = HttpClient::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
    builder.set_http_client(Some(https.build_https()));
    Ok(builder.build())
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
