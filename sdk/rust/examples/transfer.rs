//! Sends one CRN to Bob, and waits until that is final.

mod common;

use std::process::ExitCode;

use cairn_sdk::{calls, Outbox, Result, Signer};

const CRN: u128 = 1_000_000_000_000;

#[tokio::main]
async fn main() -> ExitCode {
    common::run(transfer()).await
}

async fn transfer() -> Result<()> {
    let chain = common::connect().await?;
    let bob = Signer::dev("Bob")?.account();
    let before = chain.free_balance(&bob).await?;

    let directory = common::outbox();
    let path = directory.path().join("outbox");
    let outbox = Outbox::open(&path, common::signer()?, chain.clone())?;
    let ticket = outbox.submit("one CRN for Bob", &calls::transfer(&bob, CRN)).await?;
    let included = ticket.succeeded().await?;

    let after = chain.free_balance(&bob).await?;
    println!("block {}: Bob had {before} and has {after}", included.number);
    Ok(())
}
