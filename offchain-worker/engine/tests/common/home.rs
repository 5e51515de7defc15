//! A folder in which the command line is tried as people and scripts use it.

use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};
use tempfile::TempDir;

pub struct Home(TempDir);

impl Home {
    pub fn new() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.at(name);
        fs::write(&path, text).expect("written");
        path
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cairn-engine"));
        command.current_dir(self.path()).args(arguments);
        command
    }

    pub fn call(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("it starts")
    }

    /// What a command that succeeds says.
    pub fn said(&self, arguments: &[&str]) -> Value {
        let output = self.call(&[arguments, &["--json"]].concat());
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{arguments:?}: {out}{err}");
        serde_json::from_str(out.trim()).expect("one line of JSON")
    }

    /// What a command that fails says is wrong.
    pub fn refused(&self, arguments: &[&str]) -> String {
        let output = self.call(arguments);
        let error = text(&output.stderr);
        assert!(!output.status.success(), "{arguments:?} succeeds");
        assert!(!error.contains("panicked"), "{error}");
        error
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

pub fn name(path: &Path) -> &str {
    path.to_str().expect("a plain name")
}

/// Text in which much is said again.
pub fn sayings() -> String {
    let say = |n: usize| format!("the {} hen lays egg {}. ", ["red", "old", "wet"][n % 3], n % 7);
    (0..60).map(say).collect()
}
