//! What is seen of a run: a line of JSON for each step in a file, and a bar where somebody looks.

use super::{Report, TrainError};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    fs::{self, File, OpenOptions},
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
};

/// Losses, one line a step.
pub(super) struct Log {
    path: PathBuf,
    file: File,
}

impl Log {
    /// Continues after a step: lines of later ones, which are made again, are taken out.
    pub(super) fn open(path: PathBuf, done: u64) -> Result<Self, TrainError> {
        let fail = |source| TrainError::File { path: path.clone(), source };
        let kept = match fs::read_to_string(&path) {
            Ok(text) => kept(&text, done),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(fail(error)),
        };
        replace(&path, kept.as_bytes())?;
        let file = OpenOptions::new().append(true).open(&path).map_err(fail)?;
        Ok(Self { path, file })
    }

    pub(super) fn write(&mut self, report: &Report) -> Result<(), TrainError> {
        let fail = |source: std::io::Error| TrainError::File { path: self.path.clone(), source };
        let mut line = serde_json::to_string(report).map_err(|error| fail(error.into()))?;
        line.push('\n');
        self.file.write_all(line.as_bytes()).map_err(fail)
    }
}

/// Whole lines of steps that are done. A kill may have left half a line.
fn kept(text: &str, done: u64) -> String {
    let lines = text.split_inclusive('\n').filter(|line| {
        let report = serde_json::from_str::<Report>(line);
        line.ends_with('\n') && report.is_ok_and(|report| report.step <= done)
    });
    lines.collect()
}

/// Writes a file so that there is the old one or the new one, never half of it.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    let fail = |source| TrainError::File { path: path.to_owned(), source };
    let beside = path.with_extension("new");
    let mut file = File::create(&beside).map_err(fail)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(fail)?;
    fs::rename(&beside, path).map_err(fail)?;
    // The rename itself lasts once its folder is written.
    match path.parent().filter(|_| cfg!(unix)) {
        Some(folder) => File::open(folder).and_then(|folder| folder.sync_all()).map_err(fail),
        None => Ok(()),
    }
}

/// A bar on a terminal; nothing where errors go to a file.
pub(super) fn bar(steps: u64, done: u64) -> ProgressBar {
    let target = match std::io::stderr().is_terminal() {
        true => ProgressDrawTarget::stderr(),
        false => ProgressDrawTarget::hidden(),
    };
    let bar = ProgressBar::with_draw_target(Some(steps), target).with_position(done);
    let style = "{bar:30} {pos}/{len} {msg}, {per_sec}, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    bar
}
