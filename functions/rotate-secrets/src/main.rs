//! rotate-secrets, as Lambda starts it.

use nightshift::lambda;
use rotate_secrets::{context::Function, handle::handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    lambda::write_logs();
    let function = Function::from_environment()?;
    lambda::serve(|invocation| {
        let function = &function;
        Box::pin(handle(function, invocation))
    })
    .await
}
