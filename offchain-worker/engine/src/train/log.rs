//! What is seen of a run: a line of JSON for each step in a file, and a bar where somebody looks.

use super::{Report, TrainError};
use crate::files;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    fs::{self, File, OpenOptions},
    io::{IsTerminal, Write},
    path::PathBuf,
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
        files::replace(&path, kept.as_bytes()).map_err(fail)?;
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
