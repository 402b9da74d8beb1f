//! scale-production, as Lambda starts it.

use nightshift::{keep, lambda};
use scale_production::Function;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    lambda::write_logs();
    let function = Function::from_environment()?;
    lambda::serve(|invocation| {
        let function = &function;
        Box::pin(keep::handle(function, invocation))
    })
    .await
}
