//! Prints the events of the next three final blocks.

mod common;

use std::process::ExitCode;

use cairn_sdk::Result;

#[tokio::main]
async fn main() -> ExitCode {
    common::run(watch()).await
}

async fn watch() -> Result<()> {
    let chain = common::connect().await?;
    let mut blocks = chain.follow().await?;
    for _ in 0..3 {
        let block = blocks.next().await?;
        println!("block {} {:?}", block.number, block.hash);
        let at = block.at(&chain).await?;
        for event in at.events().fetch().await?.iter() {
            let event = event?;
            println!("  {}::{}", event.pallet_name(), event.event_name());
        }
    }
    Ok(())
}
