//! Commands that make a model of another.

use super::{
    data::{check_size, Source},
    only, processor, Outcome, Output, Profile,
};
use cairn_artifact::{change::Change, changes::Changes, hex};
use cairn_engine::{
    device::Kind,
    folder::{Codec, ExactFolder, FloatFolder, Model},
    quantise::{self, Exact, Options, Rounding},
};
use clap::{Args, ValueEnum};
use serde_json::{json, Value};
use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

#[derive(Debug, Args)]
pub struct Import {
    /// A folder with config.json, model.safetensors and tokenizer.json, or an ONNX file of a
    /// classifier.
    from: PathBuf,

    /// The folder to write.
    #[arg(long)]
    out: PathBuf,

    /// What the model is in then: float, as a checkpoint has floats.
    #[arg(long)]
    profile: Option<Profile>,

    /// Where it is read: cpu, as nothing is computed.
    #[arg(long, default_value = "cpu")]
    device: Kind,
}

impl Import {
    pub fn run(&self, output: &Output) -> Outcome {
        let instead = "a checkpoint is brought to floats; leave --profile out, and bring what is \
                       imported to exact form: cairn-engine quantise";
        only(Profile::Float, self.profile, instead)?;
        processor(self.device, "a checkpoint is read")?;
        let model = FloatFolder::import(&self.from, &Kind::Cpu.device()?)?;
        model.save(&self.out)?;
        let shape = serde_json::to_value(model.model.shape())?;
        let out = self.out.display().to_string();
        output.say(&json!({
            "model": shape,
            "tokens": model.tokens,
            "folder": out,
            "notes": model.notes,
        }))?;
        Ok(())
    }
}

#[derive(Debug, Args)]
pub struct Quantise {
    /// The folder of a model in floats.
    model: PathBuf,

    /// The folder to write.
    #[arg(long)]
    out: PathBuf,

    /// What the model is calibrated on.
    #[command(flatten)]
    source: Source,

    /// Tokens of a record; the most of a line of --text, for an encoder.
    #[arg(long, default_value_t = 128)]
    length: usize,

    /// Records, cases or lines that it is calibrated on: the first, where there are more.
    #[arg(long, default_value_t = 64)]
    records: usize,

    /// The longest sequence, where it is to be shorter than the model's.
    #[arg(long)]
    context: Option<usize>,

    /// How weights become whole numbers.
    #[arg(long, default_value = "compensated")]
    rounding: How,

    /// What the model is brought to: exact.
    #[arg(long)]
    profile: Option<Profile>,

    /// What computes the sample: cpu.
    #[arg(long, default_value = "cpu")]
    device: Kind,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum How {
    /// Each to the nearest.
    Nearest,
    /// Each making good what those before it are off by on the sample.
    Compensated,
}

impl Quantise {
    pub fn run(&self, output: &Output) -> Outcome {
        let instead = "what is quantised is in exact form; leave --profile out, and have it \
                       computed in floats where it is used: cairn-engine eval --profile float";
        only(Profile::Exact, self.profile, instead)?;
        processor(self.device, "the sample is computed")?;
        let mut from = FloatFolder::open(&self.model, &self.device.device()?)?;
        let mut shape = from.model.shape();
        if let Some(context) = self.context {
            // What is exact has no positions beyond, and neither has what learns from there.
            shape = shape.cut(context);
            from.tokens = from.tokens.cut(context);
        }
        let (exact, sample) = self.exact(&from)?;
        let folder = ExactFolder::write(&self.out, &exact, &shape, &from.tokens, from.folder())?;
        let mut result = published(&folder);
        result["sample"] = sample.into();
        output.say(&result)?;
        Ok(())
    }

    /// The exact form, and how many records it was calibrated on.
    fn exact(&self, from: &FloatFolder) -> Result<(Exact, usize), Box<dyn Error>> {
        let rounding = match self.rounding {
            How::Nearest => Rounding::Nearest,
            How::Compensated => Rounding::Compensated,
        };
        let options = Options { rounding, context: self.context };
        Ok(match &from.model {
            Model::Decoder(decoder) => {
                let records = self.sequences(from)?;
                (quantise::decoder(decoder, &records, &options)?, records.len())
            }
            Model::Encoder(encoder) => {
                let texts = self.texts(from)?;
                (quantise::encoder(encoder, &texts, &options)?, texts.len())
            }
            Model::Classifier(classifier) => {
                let mut cases = self.source.cases(1, [0; 32])?.features;
                cases.truncate(self.records);
                (quantise::classifier(classifier, &cases, &options)?, cases.len())
            }
        })
    }

    /// What a decoder is calibrated on.
    fn sequences(&self, from: &FloatFolder) -> Result<Vec<Vec<u32>>, Box<dyn Error>> {
        let codec = from.codec()?;
        Ok(match self.source.texts(&codec, self.length, self.records, 0)? {
            Some(texts) => texts.tokens(0),
            None => {
                let all = self.source.sequences(&codec, self.length)?;
                all.into_iter().take(self.records).map(|one| one.tokens).collect()
            }
        })
    }

    /// What an encoder is calibrated on: texts as it will meet them, with the tokens that go around
    /// each.
    fn texts(&self, from: &FloatFolder) -> Result<Vec<Vec<u32>>, Box<dyn Error>> {
        if self.source.cases.is_some() {
            let mut texts = self.source.labelled(&from.codec()?, 1, [0; 32])?.texts;
            texts.truncate(self.records);
            return Ok(texts);
        }
        check_size(self.length, 1)?;
        let tokens = from.tokens.clone().cut(self.length);
        let codec = Codec::open(from.folder(), &tokens, &from.model.shape())?;
        self.source.lines(&codec, self.records)
    }
}

/// What is called what.
pub fn published(folder: &ExactFolder) -> Value {
    let manifests = folder.manifests().iter();
    let named = manifests.map(|(purpose, id)| (format!("{purpose:?}").to_lowercase(), hex(id)));
    let manifests: serde_json::Map<String, Value> =
        named.map(|(purpose, id)| (purpose, id.into())).collect();
    json!({ "folder": folder.folder().display().to_string(), "manifests": manifests })
}

#[derive(Debug, Args)]
pub struct Apply {
    /// The folder of a model in exact form.
    model: PathBuf,

    /// Files of changes, as `train` writes them or a worker delivers them, all of the model as it
    /// is now.
    #[arg(required = true)]
    changes: Vec<PathBuf>,

    /// The folder to write.
    #[arg(long)]
    out: PathBuf,

    /// Which arithmetic adds them: exact.
    #[arg(long)]
    profile: Option<Profile>,

    /// Where they are added: cpu.
    #[arg(long, default_value = "cpu")]
    device: Kind,
}

impl Apply {
    pub fn run(&self, output: &Output) -> Outcome {
        let instead =
            "changes are added to whole numbers; leave --profile out, and have what they \
                       come to computed in floats: cairn-engine eval --profile float";
        only(Profile::Exact, self.profile, instead)?;
        processor(self.device, "changes are added")?;
        let model = ExactFolder::open(&self.model)?;
        let changes = self.changes.iter().map(|path| changes(path));
        let changes = changes.collect::<Result<Vec<_>, _>>()?.concat();
        output.say(&published(&model.changed(&changes, &self.out)?))?;
        Ok(())
    }
}

/// What a file has: one change, or those of several components.
fn changes(path: &Path) -> Result<Vec<Change>, Box<dyn Error>> {
    let failed = |error: &dyn Error| format!("{}: {error}", path.display());
    let bytes = fs::read(path).map_err(|error| failed(&error))?;
    if Changes::is_form(&bytes) {
        return Ok(Changes::decode(&bytes).map_err(|flaw| failed(&flaw))?.into_vec());
    }
    Ok(vec![Change::decode(&bytes).map_err(|flaw| failed(&flaw))?])
}
