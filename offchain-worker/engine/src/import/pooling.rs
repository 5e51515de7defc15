use super::{
    error::ImportError,
    settings::{read_json, Settings},
};
use crate::config::Pooling;
use serde_json::{json, Value};
use std::path::{Component, Path, PathBuf};

const POOLING: &str = "sentence_transformers.models.Pooling";
const NORMALIZE: &str = "sentence_transformers.models.Normalize";
const TRANSFORMER: &str = "sentence_transformers.models.Transformer";

/// How a text's rows become an embedding, and whether it is scaled to length one. Said by
/// `modules.json` where there is one; else by mean and scaled, which is what most expect.
pub(super) fn pooling(folder: &Path) -> Result<(Pooling, bool), ImportError> {
    let path = folder.join("modules.json");
    if !path.exists() {
        return Ok((Pooling::Mean, true));
    }
    let bad = |reason: String| ImportError::Json { path: path.clone(), reason };
    let Value::Array(modules) = read_json(&path)? else {
        return Err(bad("it is no list".to_owned()));
    };
    let (mut pooling, mut unit) = (None, false);
    for module in &modules {
        let text = |key: &str| {
            let value = module.get(key).and_then(Value::as_str);
            value.ok_or_else(|| bad(format!("a module has no text {key}")))
        };
        match text("type")? {
            TRANSFORMER => {}
            POOLING => pooling = Some(mode(&beside(folder, text("path")?, &path)?)?),
            NORMALIZE => unit = true,
            other => return Err(bad(format!(
                "modules of type {other:.200} are not supported; supported are {TRANSFORMER}, {POOLING} and {NORMALIZE}"
            ))),
        }
    }
    let pooling = pooling.ok_or_else(|| bad(format!("there is no module of type {POOLING}")))?;
    Ok((pooling, unit))
}

/// A folder in the checkpoint's, and nowhere else.
fn beside(folder: &Path, name: &str, path: &Path) -> Result<PathBuf, ImportError> {
    let mut parts = Path::new(name).components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(_)), None) => Ok(folder.join(name).join("config.json")),
        _ => Err(ImportError::Shard { path: path.to_owned(), file: name.to_owned() }),
    }
}

fn mode(path: &Path) -> Result<Pooling, ImportError> {
    let mut options = Settings::read(path)?;
    for other in ["max_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken"] {
        options.only(&format!("pooling_mode_{other}"), json!(false))?;
    }
    let mean = options.flag_or("pooling_mode_mean_tokens", false)?;
    let first = options.flag_or("pooling_mode_cls_token", false)?;
    options.finish(&["word_embedding_dimension", "include_prompt"])?;
    match (mean, first) {
        (true, false) => Ok(Pooling::Mean),
        (false, true) => Ok(Pooling::First),
        _ => {
            let options = Settings::read(path)?;
            let found = json!({ "mean_tokens": mean, "cls_token": first });
            Err(options.refusal("pooling_mode", &found, "one of mean_tokens and cls_token"))
        }
    }
}

/// The most tokens of a text that an embedding was trained on, where a file says so.
pub(crate) fn longest_text(folder: &Path) -> Result<Option<usize>, ImportError> {
    let path = folder.join("sentence_bert_config.json");
    if !path.exists() {
        return Ok(None);
    }
    match Settings::read(&path)?.size_or("max_seq_length", 0)? {
        0 => Ok(None),
        most => Ok(Some(most)),
    }
}
