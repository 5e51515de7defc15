use super::{only, processor, Outcome, Output, Profile};
use cairn_artifact::{hex, store::Store};
use cairn_engine::{device::Kind, folder::ExactFolder};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Publish {
    /// The folder of a model in exact form.
    model: PathBuf,

    /// The folder of the store: it is made where there is none, and may have other models.
    #[arg(long)]
    store: PathBuf,

    /// What the model is in: exact.
    #[arg(long)]
    profile: Option<Profile>,

    /// Where it is read: cpu, as nothing is computed.
    #[arg(long, default_value = "cpu")]
    device: Kind,
}

impl Publish {
    pub fn run(&self, output: &Output) -> Outcome {
        let instead = "what is published is in exact form; leave --profile out, and bring a model \
                       in floats to it first: cairn-engine quantise";
        only(Profile::Exact, self.profile, instead)?;
        processor(self.device, "what is published is read")?;
        let model = ExactFolder::open(&self.model)?;
        let bundle = model.publish(&Store::at(&self.store)?)?;
        output.say(&json!({
            "id": hex(&bundle.id),
            "bytes": bundle.bytes,
            "store": self.store.display().to_string(),
        }))?;
        Ok(())
    }
}
