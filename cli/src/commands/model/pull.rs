//! Fetches a model as it stands.

use super::{file, meant};
use crate::{
    exit::Outcome,
    output::{Output, Report},
    pull::Puller,
    session::Global,
    values::{self, Which},
};
use cairn_protocol::learning::model::{Part, Parts};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Pull {
    /// The model's id, or its name on this machine.
    #[arg(value_parser = values::which)]
    model: Which,

    /// The archive: a folder, or a bucket as s3://bucket/prefix.
    #[arg(long, value_name = "DIR|URL")]
    archive: PathBuf,

    /// The folder of files by their names. What is there already is verified, and not fetched anew.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// As it was registered, without what was laid on it since.
    #[arg(long)]
    registered: bool,
}

impl Pull {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let (_, _, model, view) = meant(global, &self.model).await?;
        let heads = view.heads.into_iter().filter(|_| !self.registered);
        let parts = heads.map(|known| Part { component: known.component, file: known.head.file });
        // There are no more heads than components.
        let parts = Parts::truncate_from(parts.collect());
        let puller = Puller::new(&self.archive, &self.out)?;
        let pulled = puller.pull(view.bundle, &parts)?;
        let bytes: u64 = pulled.files.iter().map(|file| file.bytes).sum();
        let report = Report::default().text("model", hex::encode(model.0));
        let report = file(report, "bundle", pulled.bundle)
            .text("store", self.out.display().to_string())
            .number("files", pulled.files.len() as u64)
            .number("all_bytes", bytes)
            .number("fetched", pulled.fetched);
        output.say(&report)
    }
}
