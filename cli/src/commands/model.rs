//! Models, which tasks name.

use crate::{
    exit::Outcome,
    output::{Output, Report},
    session::Global,
    values,
};
use cairn_protocol::{
    dag::{Header, SemVer},
    id::File,
};
use cairn_sdk::{address, calls};
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub enum Model {
    /// Registers a model that is published, and says by which id tasks name it.
    Create(Create),
}

#[derive(Debug, Args)]
pub struct Create {
    /// What describes the model: the id and the bytes that `cairn-engine publish` says.
    #[arg(long, value_name = "ID:BYTES", value_parser = values::file)]
    bundle: File,

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
        let header = Header::meta(account.id(), self.bundle, self.release);
        let model = header.id();
        let included = account.send("model", &calls::create_model(header), output).await?;
        let report = Report::default()
            .text("model", hex::encode(model.0))
            .text("author", address(&account.id()))
            .text("release", self.release.to_string())
            .number("block", included.number);
        output.say(&report)
    }
}
