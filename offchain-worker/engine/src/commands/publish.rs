use super::{only, processor, Outcome, Output, Profile};
use cairn_artifact::{hex, store::Store};
use cairn_engine::{device::Kind, folder::ExactFolder};
use cairn_protocol::id::File;
use clap::Args;
use serde_json::{json, Map};
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
        let published = model.publish_described(&Store::at(&self.store)?)?;
        let file = |file: &File| json!({ "id": hex(&file.id), "bytes": file.bytes });
        let components = published.components.iter().map(|(name, held)| (name.clone(), file(held)));
        output.say(&json!({
            "id": hex(&published.bundle.id),
            "bytes": published.bundle.bytes,
            "store": self.store.display().to_string(),
            "configuration": hex(&published.configuration),
            "tokenizer": published.tokenizer.as_ref().map(hex),
            "judge": hex(&published.judge),
            "components": components.collect::<Map<_, _>>(),
        }))?;
        Ok(())
    }
}
