//! What chain this is.

use crate::{
    exit::Outcome,
    output::{Output, Report},
    session::Global,
};

pub async fn run(global: &Global, output: &Output) -> Outcome {
    let chain = global.chain().await?;
    let market = chain.market().await?;
    let (providers, tasks) = market.counts().await?;
    let report = Report::default()
        .text("genesis", format!("0x{}", hex::encode(chain.genesis().0)))
        .number("runtime", market.at().spec_version())
        .number("finalized", market.at().block_number())
        .number("providers", providers)
        .number("tasks", tasks);
    output.say(&report)
}
