//! explain-rollback, as Lambda starts it.

use explain_rollback::{context::Function, handle::handle};
use nightshift::lambda;

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
