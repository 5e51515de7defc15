use super::error::ImportError;
use serde_json::{Map, Value};
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

/// Larger than any configuration or vocabulary; small enough to be read whole.
const MOST_BYTES: u64 = 64 << 20;

/// Options of a configuration, each removed once it is understood, so that what is left
/// in the end is what nobody looked at.
pub(super) struct Settings {
    path: PathBuf,
    /// Where in the file these options are: nothing, or a name and a dot.
    prefix: String,
    options: Map<String, Value>,
}

/// A JSON file from a stranger.
pub(super) fn read_json(path: &Path) -> Result<Value, ImportError> {
    read_text(path).map(|(_, value)| value)
}

/// A whole file, if it has no more bytes than that.
pub(super) fn read_bytes(path: &Path, most: u64) -> Result<Vec<u8>, ImportError> {
    let failed = |source| ImportError::File { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(failed)?;
    match bytes.len() as u64 > most {
        true => Err(ImportError::Size { path: path.to_owned(), most }),
        false => Ok(bytes),
    }
}

/// The bytes of a JSON file as well, for whoever parses them by other rules.
pub(crate) fn read_text(path: &Path) -> Result<(Vec<u8>, Value), ImportError> {
    let bytes = read_bytes(path, MOST_BYTES)?;
    let value = parse_text(path, &bytes)?;
    Ok((bytes, value))
}

/// The same of bytes that were read already, as the file's.
pub(crate) fn parse_text(path: &Path, bytes: &[u8]) -> Result<Value, ImportError> {
    if bytes.len() as u64 > MOST_BYTES {
        return Err(ImportError::Size { path: path.to_owned(), most: MOST_BYTES });
    }
    serde_json::from_slice(bytes)
        .map_err(|error| ImportError::Json { path: path.to_owned(), reason: error.to_string() })
}

impl Settings {
    pub(super) fn read(path: &Path) -> Result<Self, ImportError> {
        let path = path.to_owned();
        match read_json(&path)? {
            Value::Object(options) => Ok(Self { path, prefix: String::new(), options }),
            other => {
                let reason = format!("it is no object but {:.80}", other.to_string());
                Err(ImportError::Json { path, reason })
            }
        }
    }

    pub(super) fn text(&mut self, option: &str) -> Result<String, ImportError> {
        match self.needed(option)? {
            Value::String(text) => Ok(text),
            other => Err(self.refusal(option, &other, "a text")),
        }
    }

    pub(super) fn size(&mut self, option: &str) -> Result<usize, ImportError> {
        let value = self.needed(option)?;
        self.as_size(option, value)
    }

    pub(super) fn size_or(&mut self, option: &str, without: usize) -> Result<usize, ImportError> {
        match self.given(option) {
            Some(value) => self.as_size(option, value),
            None => Ok(without),
        }
    }

    pub(super) fn real(&mut self, option: &str) -> Result<f64, ImportError> {
        let value = self.needed(option)?;
        value.as_f64().ok_or_else(|| self.refusal(option, &value, "a number"))
    }

    pub(super) fn flag_or(&mut self, option: &str, without: bool) -> Result<bool, ImportError> {
        match self.given(option) {
            Some(value) => {
                value.as_bool().ok_or_else(|| self.refusal(option, &value, "true or false"))
            }
            None => Ok(without),
        }
    }

    /// One token or several.
    pub(super) fn tokens(&mut self, option: &str) -> Result<Option<Vec<u32>>, ImportError> {
        let Some(value) = self.given(option) else { return Ok(None) };
        let list = match &value {
            Value::Array(list) => list.as_slice(),
            one => std::slice::from_ref(one),
        };
        let token = |value: &Value| value.as_u64().and_then(|token| u32::try_from(token).ok());
        match list.iter().map(token).collect() {
            Some(tokens) => Ok(Some(tokens)),
            None => Err(self.refusal(option, &value, "a token or a list of tokens")),
        }
    }

    /// The option, where it is there and not null.
    pub(super) fn given(&mut self, option: &str) -> Option<Value> {
        self.options.remove(option).filter(|value| !value.is_null())
    }

    /// Refuses the option where it is anything but one value.
    pub(super) fn only(&mut self, option: &str, supported: Value) -> Result<(), ImportError> {
        match self.given(option) {
            Some(value) if value != supported => {
                Err(self.refusal(option, &value, &supported.to_string()))
            }
            _ => Ok(()),
        }
    }

    /// The options within an option.
    pub(super) fn within(&mut self, option: &str) -> Result<Option<Self>, ImportError> {
        match self.given(option) {
            None => Ok(None),
            Some(Value::Object(options)) => {
                let prefix = format!("{}{option}.", self.prefix);
                Ok(Some(Self { path: self.path.clone(), prefix, options }))
            }
            Some(other) => Err(self.refusal(option, &other, "an object")),
        }
    }

    pub(super) fn refusal(&self, option: &str, found: &Value, supported: &str) -> ImportError {
        ImportError::Option {
            path: self.path.clone(),
            option: format!("{}{option}", self.prefix),
            // A stranger's value may be of any length.
            found: format!("{:.200}", found.to_string()),
            supported: supported.to_owned(),
        }
    }

    /// Refuses what is left, but for what changes no number and what is not used.
    pub(super) fn finish(self, harmless: &[&str]) -> Result<(), ImportError> {
        let off = |value: &Value| match value {
            Value::Null | Value::Bool(false) => true,
            Value::Array(list) => list.is_empty(),
            Value::Object(options) => options.is_empty(),
            _ => false,
        };
        let left = self.options.into_iter().find(|(option, value)| {
            !(option.starts_with('_') || off(value) || harmless.contains(&option.as_str()))
        });
        match left {
            None => Ok(()),
            Some((option, value)) => Err(ImportError::UnknownOption {
                path: self.path,
                option: self.prefix + &option,
                found: format!("{:.200}", value.to_string()),
            }),
        }
    }

    fn needed(&mut self, option: &str) -> Result<Value, ImportError> {
        self.given(option).ok_or_else(|| ImportError::NoOption {
            path: self.path.clone(),
            option: format!("{}{option}", self.prefix),
        })
    }

    fn as_size(&self, option: &str, value: Value) -> Result<usize, ImportError> {
        value
            .as_u64()
            .and_then(|value| usize::try_from(value).ok())
            .ok_or_else(|| self.refusal(option, &value, "a whole number"))
    }
}

/// What tells how a checkpoint was made, trained or used, and changes no forward pass.
pub(super) const HARMLESS: &[&str] = &[
    "architectures",
    "attention_dropout",
    "attention_probs_dropout_prob",
    "auto_map",
    "bos_token_id",
    "classifier_dropout",
    "dtype",
    "eos_token_id",
    "gradient_checkpointing",
    "hidden_dropout_prob",
    "id2label",
    "initializer_range",
    "label2id",
    "output_router_logits",
    "pad_token_id",
    "router_aux_loss_coef",
    "torch_dtype",
    "transformers_version",
    "unk_token_id",
    "use_cache",
];
