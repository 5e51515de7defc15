//! Submits a task, and prints how it stands.

mod common;
#[path = "common/task.rs"]
mod task;

use std::process::ExitCode;

use cairn_sdk::{calls, Outbox, Result};

#[tokio::main]
async fn main() -> ExitCode {
    common::run(submit()).await
}

async fn submit() -> Result<()> {
    let chain = common::connect().await?;
    let signer = common::signer()?;
    let requester = signer.account();
    let market = chain.market().await?;
    let call = calls::submit(task::terms(market.at().block_number()));
    // The same as submitting it, but that it costs nothing to be told no.
    market.check(&requester, &call).await?;

    let directory = common::outbox();
    let outbox = Outbox::open(&directory.path().join("outbox"), signer, chain.clone())?;
    let included = outbox.submit("the first task", &call).await?.succeeded().await?;
    println!("submitted in block {}", included.number);

    let market = chain.market().await?;
    for id in market.tasks_of(&requester).await? {
        if let Some(view) = market.task(id).await? {
            println!("task {}: {:?}, due {}", id.0, view.stage, view.due);
        }
    }
    Ok(())
}
