//! Asks what a task would cost, and who would do it.

mod common;
#[path = "common/task.rs"]
mod task;

use std::process::ExitCode;

use cairn_sdk::Result;

#[tokio::main]
async fn main() -> ExitCode {
    common::run(quote()).await
}

async fn quote() -> Result<()> {
    let chain = common::connect().await?;
    let market = chain.market().await?;
    let requester = common::signer()?.account();
    let quote = market.quote(&requester, &task::terms(market.at().block_number())).await?;

    println!("escrow: {:?}, deposit: {}", quote.escrow, quote.deposit);
    println!("providers: {} fit of {}", quote.supply.fit, quote.supply.pool);
    match quote.wait {
        Some(blocks) => println!("workers are to be expected in {blocks} blocks"),
        None => println!("no workers: {}", String::from_utf8_lossy(&quote.why)),
    }
    Ok(())
}
