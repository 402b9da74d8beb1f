//! The documents as they stand in SSM. A listing counts only when it is complete; what stands in
//! it is data from people, no more trusted than that.

use std::collections::BTreeMap;

#[cfg(feature = "ssm")]
pub use ssm::read;

/// What SSM holds now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Documents {
    /// The company's document, if there is one.
    pub company: Option<String>,
    /// Each estate's document by its name.
    pub estates: BTreeMap<String, String>,
}

/// The prefix of all parameters: the environment's, or the usual one.
#[must_use]
pub fn prefix() -> String {
    std::env::var("NIGHTSHIFT_PREFIX").unwrap_or_else(|_| "/nightshift".to_owned())
}

/// The name of the company's parameter.
#[must_use]
pub fn company_parameter(prefix: &str) -> String {
    format!("{prefix}/company")
}

/// The name of an estate's parameter.
#[must_use]
pub fn estate_parameter(prefix: &str, estate: &str) -> String {
    format!("{prefix}/estates/{estate}")
}

#[cfg(feature = "ssm")]
mod ssm {
    use aws_sdk_ssm::{Client, operation::get_parameter::GetParameterError};

    use super::{Documents, company_parameter, estate_parameter};
    use crate::{aws::failure::failure, report::Failure};

    /// Reads all documents: the company's, and a complete listing of the estates'.
    ///
    /// # Errors
    /// When a page cannot be read: nothing is believed to be missing from half a list.
    pub async fn read(ssm: &Client, prefix: &str) -> Result<Documents, Failure> {
        let mut documents = Documents {
            company: read_company(ssm, prefix).await?,
            ..Documents::default()
        };
        let path = estate_parameter(prefix, "");
        let mut next = None;
        loop {
            let page = ssm
                .get_parameters_by_path()
                .path(&path)
                .set_next_token(next)
                .send()
                .await
                .map_err(|error| failure(&path, "ssm:GetParametersByPath", &error))?;
            for parameter in page.parameters.unwrap_or_default() {
                if let (Some(name), Some(value)) = (parameter.name, parameter.value)
                    && let Some(estate) = name.strip_prefix(&path)
                {
                    documents.estates.insert(estate.to_owned(), value);
                }
            }
            next = page.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                return Ok(documents);
            }
        }
    }

    async fn read_company(ssm: &Client, prefix: &str) -> Result<Option<String>, Failure> {
        let name = company_parameter(prefix);
        match ssm.get_parameter().name(&name).send().await {
            Ok(output) => Ok(output.parameter.and_then(|parameter| parameter.value)),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(GetParameterError::is_parameter_not_found) =>
            {
                Ok(None)
            }
            Err(error) => Err(failure(name, "ssm:GetParameter", &error)),
        }
    }
}
