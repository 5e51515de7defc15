//! A small model that workers run, made on the spot.

use std::{
    fs,
    path::{Path, PathBuf},
};

use cairn_sdk::Published;
use serde_json::Value;
use tokio::process::Command;

use crate::{Error, Result};

/// What the model learns from, and is calibrated on.
const SYNTHETIC: [&str; 2] = ["--synthetic", "1"];
/// Of the end of what a program said.
const WORDS: usize = 2_000;

/// A model that is published.
pub(super) struct Model {
    /// In exact form.
    pub folder: PathBuf,
    /// What the chain is told of it.
    pub published: Published,
}

/// Makes the model, unless an earlier run did, and has it in the archive.
pub(super) async fn make(engine: &Path, root: &Path, archive: &Path, steps: u64) -> Result<Model> {
    let (floats, exact) = (root.join("model/floats"), root.join("model/exact"));
    if !floats.join("model.json").exists() {
        let steps = steps.to_string();
        let mut train = Command::new(engine);
        train.args(["train", "demo", "--steps", &steps]).args(SYNTHETIC).arg("--out").arg(&floats);
        said(train).await?;
    }
    if !exact.join("card.json").exists() {
        // Of a run that was ended half way nothing is of use.
        if exact.exists() {
            fs::remove_dir_all(&exact).map_err(Error::io("delete", &exact))?;
        }
        let mut quantise = Command::new(engine);
        quantise.arg("quantise").arg(&floats).arg("--out").arg(&exact).args(SYNTHETIC);
        quantise.args(["--length", "64", "--records", "8"]);
        said(quantise).await?;
    }
    // The same folder always comes to the same bundle, and what is in the archive stays there.
    let mut publish = Command::new(engine);
    publish.arg("publish").arg(&exact).arg("--store").arg(archive);
    let published = said(publish).await?;
    let published = Published::of(&published).map_err(|flaw| Error::Program {
        program: engine.display().to_string(),
        reason: format!("of what it published it said {published}: {flaw}"),
    })?;
    Ok(Model { folder: exact, published })
}

/// What a program says that came of it.
pub(super) async fn said(mut command: Command) -> Result<Value> {
    command.arg("--json").kill_on_drop(true);
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let output = command.output().await.map_err(Error::io("run", &program))?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        let all = format!("{}; {text}{}", output.status, String::from_utf8_lossy(&output.stderr));
        let reason = all.chars().take(WORDS).collect();
        return Err(Error::Program { program, reason });
    }
    let last = text.lines().last().unwrap_or_default();
    serde_json::from_str(last)
        .map_err(|error| Error::Program { program, reason: format!("it said {last:?}: {error}") })
}
