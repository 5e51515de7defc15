//! Teaching.

use super::{
    data::{batches, seed, Source},
    is_exact, only, Outcome, Output, Profile,
};
use burn::module::Module;
use cairn_artifact::hex;
use cairn_engine::{
    demo,
    device::{Device, Kind},
    folder::{save, Codec, ExactFolder, FloatFolder, Model, Tokens},
    parts::Named,
    train::{draw_classes, Learned, Lessons, Lock, Run, Schedule, Settings, Store},
};
use cairn_protocol::chunk::content;
use clap::Args;
use serde_json::{json, Map, Value};
use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

/// What the name of a small model that is made on the spot is.
const DEMO: &str = "demo";
const CHANGES: &str = "changes";

#[derive(Debug, Args)]
pub struct Train {
    /// The folder of a model, or `demo`: a small one that has learned nothing yet.
    model: PathBuf,

    /// The folder of the run: what was begun there goes on.
    #[arg(long)]
    out: PathBuf,

    /// What it learns from.
    #[command(flatten)]
    source: Source,

    /// Tokens of a record.
    #[arg(long, default_value_t = 256)]
    length: usize,

    /// Examples of a step.
    #[arg(long, default_value_t = 32)]
    batch: usize,

    /// Steps of the run. The rate falls over all of them, so a run is not prolonged: teach what it
    /// came to, into another folder.
    #[arg(long, default_value_t = 240)]
    steps: u64,

    /// The rate of learning at its highest.
    #[arg(long, default_value_t = 4e-3)]
    rate: f64,

    /// Steps until the rate is at its highest.
    #[arg(long, default_value_t = 20)]
    warmup: u64,

    /// How many classes an encoder in floats that has none is to tell apart.
    #[arg(long)]
    classes: Option<usize>,

    /// Learn factors of this rank beside the weights, which stay as they are.
    #[arg(long)]
    rank: Option<usize>,

    /// What the factors' product is multiplied by, times the rank [default: twice the rank]
    #[arg(long, requires = "rank")]
    alpha: Option<f64>,

    /// Decides all that is drawn.
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// Steps between checkpoints.
    #[arg(long, default_value_t = 50)]
    every: u64,

    /// Which arithmetic computes: float, as no other learns.
    #[arg(long)]
    profile: Option<Profile>,

    /// Where it is computed: cpu, wgpu or cuda.
    #[arg(long, default_value = "cpu")]
    device: Kind,
}

/// A model before it learns, and the published one that it is.
struct Begin {
    model: Model,
    tokens: Tokens,
    folder: PathBuf,
    base: Option<ExactFolder>,
}

/// What came of a run, whose folder no other may use as long as this is kept.
struct End {
    learned: Model,
    result: Map<String, Value>,
    _lock: Option<Lock>,
}

impl Train {
    pub fn run(&self, output: &Output) -> Outcome {
        let instead = "models learn in floats, also those in exact form; leave --profile out, and \
                       bring what is learned to exact form: cairn-engine quantise, or apply where \
                       the run has changes";
        only(Profile::Float, self.profile, instead)?;
        self.check_out(self.store().checkpoint().exists())?;
        let device = self.device.device()?;
        let Begin { model, tokens, folder, base } = self.begin(&device)?;
        let model = self.headed(model, base.is_some())?;
        let codec = || Codec::open(&folder, &tokens, &model.shape());
        let result = match model.clone() {
            Model::Decoder(decoder) => {
                let codec = codec()?;
                match self.source.texts(&codec, self.length, self.batch, 0)? {
                    Some(texts) => self.learn(decoder, &texts, base.as_ref(), Model::Decoder),
                    None => {
                        let examples = self.source.sequences(&codec, self.length)?;
                        let lessons = batches(examples, self.batch, seed(self.seed));
                        self.learn(decoder, &lessons, base.as_ref(), Model::Decoder)
                    }
                }
            }
            Model::Classifier(classifier) => {
                let cases = self.source.cases(self.batch, seed(self.seed))?;
                self.learn(classifier, &cases, base.as_ref(), Model::Classifier)
            }
            Model::Encoder(encoder) => {
                let cases = self.source.labelled(&codec()?, self.batch, seed(self.seed))?;
                self.learn(encoder, &cases, base.as_ref(), Model::Encoder)
            }
        };
        let End { learned, mut result, _lock } = result?;
        self.keep(&learned, &tokens, &folder, &device)?;
        result.insert("folder".into(), self.out.display().to_string().into());
        output.say(&Value::Object(result))?;
        Ok(())
    }

    /// Refuses a folder whose model is not what this run has come to. It would not be written over,
    /// and what is learned would be lost.
    fn check_out(&self, done: bool) -> Outcome {
        let models = ["model.json", "card.json"].map(|name| self.out.join(name));
        match models.iter().find(|path| path.exists()) {
            Some(path) if !done => Err(format!(
                "{} is there already, and no model is written over; name a folder that has none \
                 with --out",
                path.display()
            )
            .into()),
            _ => Ok(()),
        }
    }

    /// Writes what was learned, unless this run did so before.
    fn keep(&self, learned: &Model, tokens: &Tokens, from: &Path, device: &Device) -> Outcome {
        let path = self.out.join("model.json");
        if !path.exists() {
            save(&self.out, learned, tokens, from)?;
            return Ok(());
        }
        FloatFolder::open(&self.out, device).map_err(|error| {
            format!(
                "the run is done, and its model cannot be read: {error}; remove {}, and have the \
                 same command write it anew",
                path.display()
            )
        })?;
        Ok(())
    }

    fn store(&self) -> Store {
        Store { folder: self.out.clone(), every: self.every }
    }

    fn begin(&self, device: &Device) -> Result<Begin, Box<dyn Error>> {
        let folder = self.model.clone();
        if folder == Path::new(DEMO) && !folder.exists() {
            let model = Model::Decoder(demo::model(&seed(self.seed), device)?);
            return Ok(Begin { model, tokens: Tokens::Bytes, folder, base: None });
        }
        if is_exact(&folder) {
            let base = ExactFolder::open(&folder)?;
            let (model, tokens) = (base.floats(device)?, base.tokens().clone());
            return Ok(Begin { model, tokens, folder, base: Some(base) });
        }
        let FloatFolder { model, tokens, .. } = FloatFolder::open(&folder, device)?;
        Ok(Begin { model, tokens, folder, base: None })
    }

    fn settings(&self, base: Option<&ExactFolder>) -> Settings {
        let learned = match self.rank {
            // Changes of a base have no biases.
            None if base.is_some() => Learned::Masters,
            None => Learned::All,
            Some(rank) => Learned::LowRank { rank, alpha: self.alpha.unwrap_or(2.0 * rank as f64) },
        };
        let schedule = Schedule { rate: self.rate, warmup: self.warmup, last: 0.05 };
        let (seed, steps) = (seed(self.seed), self.steps);
        Settings { seed, steps, schedule, learned, ..Settings::default() }
    }

    fn learn<M: Module + Named>(
        &self,
        model: M,
        lessons: &impl Lessons<M>,
        base: Option<&ExactFolder>,
        whole: impl Fn(M) -> Model,
    ) -> Result<End, Box<dyn Error>> {
        let settings = self.settings(base);
        let mut run = Run::open(model, settings.clone(), lessons, Some(self.store()))?;
        self.check_out(run.trainer().done() >= self.steps)?;
        let mut last = None;
        while let Some(report) = run.step(lessons)? {
            last = Some(report.loss);
        }
        let learned = run.trainer().snapshot();
        let mut result = Map::new();
        result.insert("steps".into(), self.steps.into());
        result.insert("loss".into(), last.into());
        if let Some(base) = base {
            let changes = base.changes(&learned, settings.learned)?;
            result.insert("changes".into(), self.write(&changes)?);
        }
        let lock = run.lock();
        Ok(End { learned: whole(run.into_trainer().finish()), result, _lock: lock })
    }

    /// Writes what is to be submitted, a file for each component.
    fn write(
        &self,
        changes: &std::collections::BTreeMap<String, cairn_artifact::change::Change>,
    ) -> Result<Value, Box<dyn Error>> {
        let folder = self.out.join(CHANGES);
        fs::create_dir_all(&folder)?;
        let mut written = Map::new();
        for (component, change) in changes {
            let bytes = change.encode();
            let path = folder.join(format!("{component}.change"));
            fs::write(&path, &bytes)?;
            let text = format!("{} {} bytes", hex(&content(&bytes)), bytes.len());
            written.insert(component.clone(), text.into());
        }
        Ok(json!(written))
    }

    /// The model with a head that tells classes apart, where one is to be made.
    fn headed(&self, model: Model, published: bool) -> Result<Model, Box<dyn Error>> {
        let encoder = match (model, self.classes) {
            (Model::Encoder(encoder), _) => encoder,
            (model, None) => return Ok(model),
            (model, Some(_)) => {
                return Err(super::unfit(model.shape().kind(), "an encoder for --classes"));
            }
        };
        match (encoder.config().classes, self.classes) {
            (None, None) if !published => {
                Err("the encoder has no classes yet; say how many there are: --classes".into())
            }
            (None, Some(classes)) if !published => {
                Ok(Model::Encoder(draw_classes(encoder, classes, &seed(self.seed))?))
            }
            (None, _) => Err("the encoder has no classes, and an exact form gets none; teach the \
                              model in floats first: --classes"
                .into()),
            (Some(have), Some(classes)) if have != classes => {
                Err(format!("the encoder has {have} classes; leave --classes out").into())
            }
            (Some(_), _) => Ok(Model::Encoder(encoder)),
        }
    }
}
