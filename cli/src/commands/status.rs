//! How the chain stands, or a task.

use super::task;
use crate::{
    exit::Outcome,
    output::{Output, Report},
    session::Global,
};
use clap::Args;

#[derive(Debug, Args)]
pub struct Status {
    /// A task, for how that stands [default: the chain]
    task: Option<u64>,

    /// Wait until the task has ended.
    #[arg(long, requires = "task")]
    wait: bool,

    /// For how many seconds at most.
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    timeout: u64,
}

impl Status {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        match self.task {
            Some(task) => task::show(task, self.wait, self.timeout, global, output).await,
            None => chain(global, output).await,
        }
    }
}

async fn chain(global: &Global, output: &Output) -> Outcome {
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
