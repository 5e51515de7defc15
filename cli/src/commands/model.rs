//! Models, which tasks name.

use std::{fs, path::PathBuf};

use crate::{
    exit::{Failure, Outcome},
    output::{Output, Report},
    session::Global,
    values,
};
use cairn_protocol::{
    dag::{Header, SemVer},
    id::Amount,
    learning::model::{Access, LICENCE_BYTES, MAX_COMPONENTS},
    share::Ppm,
};
use cairn_sdk::{address, amount, calls, Published};
use clap::{Args, Subcommand};

/// All that the chain leaves to authors: a twentieth.
const ROYALTY: Ppm = 50_000;

#[derive(Debug, Subcommand)]
pub enum Model {
    /// Registers a model that is published, and says by which id tasks name it.
    Create(Create),
}

#[derive(Debug, Args)]
pub struct Create {
    /// A file with what `cairn-engine publish --json` said of the model.
    #[arg(long, value_name = "FILE")]
    published: PathBuf,

    /// Under what others may use it, as SPDX writes licences.
    #[arg(long, default_value = "Apache-2.0")]
    licence: String,

    /// What part of what jobs on it bring is its author's, in millionths: at most what the chain
    /// leaves to authors.
    #[arg(long, value_name = "PPM", default_value_t = ROYALTY)]
    royalty: Ppm,

    /// What each job on it costs, beside what its workers are paid.
    #[arg(long, value_name = "CRN", value_parser = amount::parse, conflicts_with = "licensed")]
    per_use: Option<Amount>,

    /// Only accounts that its author licenses may use it.
    #[arg(long)]
    licensed: bool,

    /// Which release it is.
    #[arg(long, default_value = "1.0.0", value_parser = values::release)]
    release: SemVer,
}

impl Model {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let Self::Create(create) = self;
        create.run(global, output).await
    }
}

impl Create {
    async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let account = global.account().await?;
        let text = fs::read_to_string(&self.published).map_err(|error| {
            Failure::usage(format!("{} cannot be read: {error}", self.published.display()))
        })?;
        let wrong = |what: String| Failure::usage(format!("{}: {what}", self.published.display()));
        let published = Published::read(&text).map_err(|flaw| wrong(flaw.to_string()))?;
        let access = match (self.per_use, self.licensed) {
            (Some(price), _) => Access::PerUse { price },
            (None, true) => Access::Licensed,
            (None, false) => Access::Open,
        };
        let card = published.card(&self.licence, self.royalty, access).ok_or_else(|| {
            wrong(format!("a model has {MAX_COMPONENTS} components at most, and a licence {LICENCE_BYTES} letters"))
        })?;
        card.check().map_err(|flaw| wrong(flaw.to_string()))?;
        let header = Header::meta(account.id(), published.bundle, self.release);
        let model = header.id();
        let call = calls::create_model(header, card);
        let included = account.send("model", &call, output).await?;
        let report = Report::default()
            .text("model", hex::encode(model.0))
            .text("author", address(&account.id()))
            .text("release", self.release.to_string())
            .number("block", included.number);
        output.say(&report)
    }
}
