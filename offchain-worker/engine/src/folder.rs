//! Models in folders: in floats as they learn, or in exact form as they are published.

mod exact;
mod failure;

pub use exact::{BundleError, ExactFolder, Published, Purpose};

use crate::{
    apply::ApplyError,
    base::BaseError,
    config::{ClassifierConfig, ConfigError, DecoderConfig, EncoderConfig},
    files,
    grid::GridError,
    import::{self, Checkpoint, ImportError, Imported},
    model::{Classifier, Decoder, Encoder, ModelError},
    parts,
    quantise::QuantiseError,
    tokens::{ByteStream, TextStream, TokenError, Tokenizer},
};
use burn::{module::Module, tensor::Device};
use safetensors::{tensor::TensorView, Dtype};
use serde::{de::DeserializeOwned, Deserialize, Serialize};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use thiserror::Error;

#[cfg(test)]
mod tests;

/// What says that a folder has a model in floats.
const ABOUT: &str = "model.json";
const WEIGHTS: &str = "model.safetensors";
const RULES: &str = "tokenizer.json";
const FORM: &str = "cairn-floats-1";

/// Why a folder gives no model, or takes none.
#[derive(Debug, Error)]
pub enum FolderError {
    #[error("{} cannot be read or written: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{} has neither model.json, of a model in floats, nor card.json, of one in exact form; import or quantise one first", folder.display())]
    NoModel { folder: PathBuf },
    #[error("{} is not what it should be: {reason}", path.display())]
    Form { path: PathBuf, reason: String },
    #[error("{} is there already; name a folder that is not, or remove it", path.display())]
    There { path: PathBuf },
    #[error("the model is {found}, and {need} is needed")]
    Kind { found: &'static str, need: &'static str },
    #[error("the model has no tokenizer, so texts are nothing to it; give one by importing it with its tokenizer.json")]
    NoTokenizer,
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Tokens(#[from] TokenError),
    #[error(transparent)]
    Quantise(#[from] QuantiseError),
    #[error(transparent)]
    Grid(#[from] GridError),
    #[error(transparent)]
    Base(#[from] BaseError),
    #[error(transparent)]
    Apply(#[from] ApplyError),
    #[error(transparent)]
    Artifact(#[from] cairn_artifact::Error),
    #[error(transparent)]
    Bundle(#[from] BundleError),
}

/// What a model is.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    Decoder(DecoderConfig),
    Encoder(EncoderConfig),
    Classifier(ClassifierConfig),
}

/// What texts are to a model.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Tokens {
    /// Nothing: it takes numbers only.
    None,
    /// A token is a byte.
    Bytes,
    /// Tokens by the rules of the folder's `tokenizer.json`: of a text as many as these at most, and
    /// which end one.
    Rules { most: usize, stops: Vec<u32> },
}

/// A model in floats.
#[derive(Clone, Debug)]
// There is one of it at a time, and models are large whichever it is.
#[allow(clippy::large_enum_variant)]
pub enum Model {
    Decoder(Decoder),
    Encoder(Encoder),
    Classifier(Classifier),
}

/// Makes texts tokens and back.
#[derive(Clone, Debug)]
pub enum Codec {
    Bytes,
    Rules(Box<Tokenizer>),
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct About {
    form: String,
    shape: Shape,
    tokens: Tokens,
}

/// A model in floats with what belongs to it.
#[derive(Debug)]
pub struct FloatFolder {
    folder: PathBuf,
    pub model: Model,
    pub tokens: Tokens,
    /// What was left out when it was imported, in words.
    pub notes: Vec<String>,
}

impl Shape {
    /// Without weights of its own.
    pub fn build(&self, device: &Device) -> Result<Model, ConfigError> {
        Ok(match self {
            Self::Decoder(config) => Model::Decoder(Decoder::new(config, device)?),
            Self::Encoder(config) => Model::Encoder(Encoder::new(config, device)?),
            Self::Classifier(config) => Model::Classifier(Classifier::new(config, device)?),
        })
    }

    /// Whether its numbers fit together.
    pub fn check(&self) -> Result<(), ConfigError> {
        match self {
            Self::Decoder(config) => config.check(),
            Self::Encoder(config) => config.check(),
            Self::Classifier(config) => config.check(),
        }
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Self::Decoder(_) => "a decoder",
            Self::Encoder(_) => "an encoder",
            Self::Classifier(_) => "a classifier",
        }
    }

    /// The same for sequences of so many tokens at most. Classifiers have none.
    pub fn cut(mut self, most: usize) -> Self {
        match &mut self {
            Self::Decoder(config) => config.context = config.context.min(most),
            Self::Encoder(config) => config.context = config.context.min(most),
            Self::Classifier(_) => {}
        }
        self
    }

    /// How many tokens there are. Classifiers have none.
    pub fn vocabulary(&self) -> usize {
        match self {
            Self::Decoder(config) => config.vocabulary,
            Self::Encoder(config) => config.vocabulary,
            Self::Classifier(_) => 0,
        }
    }
}

impl Model {
    pub fn shape(&self) -> Shape {
        match self {
            Self::Decoder(decoder) => Shape::Decoder(decoder.config().clone()),
            Self::Encoder(encoder) => Shape::Encoder(encoder.config().clone()),
            Self::Classifier(classifier) => Shape::Classifier(classifier.config().clone()),
        }
    }

    /// The model with weights that are asked for by their names.
    fn replaced(self, change: impl FnMut(&str, parts::Role, &[usize]) -> Option<Vec<f32>>) -> Self {
        match self {
            Self::Decoder(model) => Self::Decoder(parts::replace(model, change)),
            Self::Encoder(model) => Self::Encoder(parts::replace(model, change)),
            Self::Classifier(model) => Self::Classifier(parts::replace(model, change)),
        }
    }

    /// How many weights it has.
    pub fn count(&self) -> usize {
        match self {
            Self::Decoder(model) => model.num_params(),
            Self::Encoder(model) => model.num_params(),
            Self::Classifier(model) => model.num_params(),
        }
    }

    fn read(&self) -> Result<Vec<(String, parts::Part)>, ModelError> {
        let parts = match self {
            Self::Decoder(model) => parts::read(model)?,
            Self::Encoder(model) => parts::read(model)?,
            Self::Classifier(model) => parts::read(model)?,
        };
        Ok(parts.into_iter().collect())
    }
}

impl From<Imported> for Model {
    fn from(imported: Imported) -> Self {
        match imported {
            Imported::Decoder(decoder) => Self::Decoder(decoder),
            Imported::Encoder(encoder) => Self::Encoder(encoder),
        }
    }
}

impl Tokens {
    /// The same for texts of so many tokens at most.
    pub fn cut(mut self, longest: usize) -> Self {
        if let Self::Rules { most, .. } = &mut self {
            *most = longest.min(*most);
        }
        self
    }

    /// Tokens that end a text.
    pub fn stops(&self) -> &[u32] {
        match self {
            Self::Rules { stops, .. } => stops,
            Self::None | Self::Bytes => &[],
        }
    }
}

impl Codec {
    /// What makes tokens in a folder.
    pub fn open(folder: &Path, tokens: &Tokens, shape: &Shape) -> Result<Self, FolderError> {
        Self::by(tokens, shape, |vocabulary| Ok(Tokenizer::open(folder, vocabulary)?))
    }

    /// What makes tokens by rules, which are read only where there are any.
    fn by(
        tokens: &Tokens,
        shape: &Shape,
        rules: impl FnOnce(usize) -> Result<Tokenizer, FolderError>,
    ) -> Result<Self, FolderError> {
        match tokens {
            Tokens::None => Err(FolderError::NoTokenizer),
            Tokens::Bytes => Ok(Self::Bytes),
            Tokens::Rules { most, .. } => {
                let rules = rules(shape.vocabulary())?;
                let cut =
                    if matches!(shape, Shape::Encoder(_)) { rules.cut(*most)? } else { rules };
                Ok(Self::Rules(Box::new(cut)))
            }
        }
    }

    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TokenError> {
        match self {
            Self::Bytes => Ok(text.bytes().map(u32::from).collect()),
            Self::Rules(rules) => rules.encode(text),
        }
    }

    /// A text and what goes on from it, as one text, and how many tokens are before what goes on.
    pub fn encode_on(&self, text: &str, more: &str) -> Result<(Vec<u32>, usize), TokenError> {
        match self {
            Self::Bytes => {
                Ok((text.bytes().chain(more.bytes()).map(u32::from).collect(), text.len()))
            }
            Self::Rules(rules) => rules.encode_on(text, more),
        }
    }

    pub fn decode(&self, tokens: &[u32]) -> Result<String, TokenError> {
        match self {
            Self::Bytes => {
                let bytes: Vec<u8> = tokens.iter().map(|token| *token as u8).collect();
                Ok(String::from_utf8_lossy(&bytes).into_owned())
            }
            Self::Rules(rules) => rules.decode(tokens),
        }
    }

    /// Text as its tokens come.
    pub fn stream(&self) -> CodecStream<'_> {
        match self {
            Self::Bytes => CodecStream::Bytes(ByteStream::default()),
            Self::Rules(rules) => CodecStream::Rules(rules.stream()),
        }
    }
}

/// Makes text of tokens one by one.
pub enum CodecStream<'a> {
    Bytes(ByteStream),
    Rules(TextStream<'a>),
}

impl CodecStream<'_> {
    /// What text this token completes, if any.
    pub fn push(&mut self, token: u32) -> Result<Option<String>, TokenError> {
        match self {
            Self::Bytes(stream) => Ok(stream.push(token as u8)),
            Self::Rules(stream) => stream.push(token),
        }
    }
}

impl FloatFolder {
    pub fn open(folder: &Path, device: &Device) -> Result<Self, FolderError> {
        let path = folder.join(ABOUT);
        let about: About = parse(&path, &read(&path, folder)?)?;
        check_form(&path, &about.form, FORM)?;
        let mut checkpoint = Checkpoint::open(folder)?;
        let mut error = None;
        let model = about.shape.build(device)?.replaced(|name, _, shape| {
            match checkpoint.take(name, shape) {
                Ok(values) => Some(values),
                Err(found) => {
                    error.get_or_insert(found);
                    None
                }
            }
        });
        match error {
            Some(error) => return Err(error.into()),
            None => checkpoint.finish()?,
        }
        Ok(Self::of(folder, model, about.tokens))
    }

    /// Reads someone else's checkpoint, with the tokenizer that is beside it, or a classifier from
    /// a file of ONNX.
    pub fn import(folder: &Path, device: &Device) -> Result<Self, FolderError> {
        if folder.is_file() {
            let model = Model::Classifier(import::onnx::classifier(folder, device)?);
            return Ok(Self::of(folder, model, Tokens::None));
        }
        let (imported, notes) = import::noted(folder, device)?;
        let model = Model::from(imported);
        let context = match model.shape() {
            Shape::Decoder(config) => config.context,
            Shape::Encoder(config) => config.context,
            Shape::Classifier(_) => 0,
        };
        let tokens = match folder.join(RULES).exists() {
            true => {
                let most = import::longest_text(folder)?.unwrap_or(context).min(context);
                Tokens::Rules { most, stops: import::stops(folder)? }
            }
            false => Tokens::None,
        };
        Ok(Self { notes, ..Self::of(folder, model, tokens) })
    }

    /// A model that came from a folder, whose tokenizer it has.
    pub fn of(folder: &Path, model: Model, tokens: Tokens) -> Self {
        Self { folder: folder.to_owned(), model, tokens, notes: Vec::new() }
    }

    /// Writes the model into a folder, with the tokenizer of the one that it came from.
    pub fn save(&self, to: &Path) -> Result<(), FolderError> {
        save(to, &self.model, &self.tokens, &self.folder)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn codec(&self) -> Result<Codec, FolderError> {
        Codec::open(&self.folder, &self.tokens, &self.model.shape())
    }
}

/// Writes a model into a folder, with the tokenizer of another folder.
pub fn save(to: &Path, model: &Model, tokens: &Tokens, from: &Path) -> Result<(), FolderError> {
    if to.join(ABOUT).exists() {
        return Err(FolderError::There { path: to.join(ABOUT) });
    }
    fs::create_dir_all(to).map_err(|source| file(to, source))?;
    let parts = model.read()?;
    let bytes: Vec<Vec<u8>> = parts
        .iter()
        .map(|(_, part)| part.values.iter().flat_map(|value| value.to_le_bytes()).collect())
        .collect();
    let path = to.join(WEIGHTS);
    let bad = |reason: String| FolderError::Form { path: path.clone(), reason };
    let mut views = Vec::with_capacity(parts.len());
    for ((name, part), bytes) in parts.iter().zip(&bytes) {
        let view = TensorView::new(Dtype::F32, part.shape.clone(), bytes);
        views.push((name.as_str(), view.map_err(|error| bad(error.to_string()))?));
    }
    let bytes = safetensors::serialize(views, None).map_err(|error| bad(error.to_string()))?;
    files::write(&path, &bytes).map_err(|source| file(&path, source))?;
    copy_rules(tokens, from, to)?;
    // Last, once all else is on disk, so that a folder that has it has everything.
    let about = About { form: FORM.into(), shape: model.shape(), tokens: tokens.clone() };
    write(&to.join(ABOUT), &about)?;
    Ok(())
}

fn copy_rules(tokens: &Tokens, from: &Path, to: &Path) -> Result<(), FolderError> {
    let (from, to) = (from.join(RULES), to.join(RULES));
    match tokens {
        Tokens::Rules { .. } if from != to => {
            files::copy(&from, &to).map_err(|source| file(&from, source))
        }
        _ => Ok(()),
    }
}

/// Writes what tells of a model, and gives back what it was written as.
fn write(path: &Path, value: &impl Serialize) -> Result<Vec<u8>, FolderError> {
    let text = serde_json::to_string_pretty(value);
    let text = text.map_err(|error| file(path, error.into()))? + "\n";
    files::replace(path, text.as_bytes()).map_err(|source| file(path, source))?;
    Ok(text.into_bytes())
}

/// What tells of a folder's model, as it is written.
fn read(path: &Path, folder: &Path) -> Result<Vec<u8>, FolderError> {
    if !path.exists() {
        return Err(FolderError::NoModel { folder: folder.to_owned() });
    }
    Ok(import::read_text(path)?.0)
}

fn parse<T: DeserializeOwned>(path: &Path, text: &[u8]) -> Result<T, FolderError> {
    serde_json::from_slice(text)
        .map_err(|error| FolderError::Form { path: path.to_owned(), reason: error.to_string() })
}

fn check_form(path: &Path, found: &str, need: &str) -> Result<(), FolderError> {
    match found == need {
        true => Ok(()),
        false => {
            let reason =
                format!("it says that it is {found:.80?}, and only {need:?} is known here");
            Err(FolderError::Form { path: path.to_owned(), reason })
        }
    }
}

fn file(path: &Path, source: io::Error) -> FolderError {
    FolderError::File { path: path.to_owned(), source }
}
