//! What came of a task, fetched.

use super::task;
use crate::{
    answer, archive,
    exit::{Failure, Outcome},
    output::{Output, Report},
    sealing::Opener,
    session::Global,
};
use cairn_protocol::id::TaskId;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Fetch {
    task: u64,

    /// The archive, for a result that is not on the chain: a folder, or a bucket as
    /// s3://bucket/prefix.
    #[arg(long, value_name = "DIR|URL")]
    archive: Option<PathBuf>,

    /// Write it there instead of showing it.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Fetch {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let task = TaskId(self.task);
        let chain = global.chain().await?;
        let view = task::view(&chain, task).await?;
        let (provider, stands) = answer::standing(task, &view)?;
        let bytes = answer::bytes(&stands, self.archive.as_deref())?.ok_or_else(|| {
            Failure::usage(
                "the result is an artifact; name the archive that has it, with --archive",
            )
        })?;
        let bytes = match Opener::of(global, chain.genesis().0, task, &view)? {
            Some(opener) => opener.read(&bytes)?,
            None => bytes,
        };
        let report = Report::default().number("task", self.task).number("provider", provider.0);
        let Some(path) = &self.out else {
            return output.say(&report.and(answer::report(&stands, Some(&bytes))));
        };
        archive::write(path, &bytes)?;
        let report = report.and(answer::report(&stands, None));
        output.say(&report.text("file", path.display().to_string()))
    }
}
