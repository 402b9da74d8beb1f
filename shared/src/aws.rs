//! How AWS is called: one configuration for all clients, documented rates that are kept, and
//! errors told apart by the code on the wire.

pub mod failure;
pub mod pace;

use std::time::Duration;

use aws_config::{
    BehaviorVersion, Region, SdkConfig, environment, retry::RetryConfig, timeout::TimeoutConfig,
};

/// The configuration that all clients share. Credentials come from the environment, where Lambda
/// puts them: a missing variable fails at once instead of asking a metadata service for it.
pub async fn config() -> SdkConfig {
    let region = environment::EnvironmentVariableRegionProvider::new();
    let loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .region(region)
        .credentials_provider(environment::EnvironmentVariableCredentialsProvider::new());
    tuned(loader).load().await
}

/// Timeouts and retries as the functions need them; only the connect timeout has a default.
#[must_use]
pub fn tuned(loader: aws_config::ConfigLoader) -> aws_config::ConfigLoader {
    loader
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
