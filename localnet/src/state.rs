//! The directory a network keeps itself in.
//!
//! A marker file tells what it is. Without it nothing there is ever deleted or written over, so
//! a mistyped `--base-path` costs an error message and not somebody's files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

const MARKER: &str = "cairn-localnet.json";
const VERSION: u32 = 1;

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Marker {
    version: u32,
    validators: usize,
}

/// The directory of a network.
#[derive(Clone, Debug)]
pub struct State {
    root: PathBuf,
}

impl State {
    /// Takes the directory for a network of this many validators: the one that is there, if it
    /// is of the same size, or a new one.
    pub fn open(root: &Path, validators: usize) -> Result<Self> {
        fs::create_dir_all(root).map_err(Error::io("create", root))?;
        // Absolute, so that the nodes find it wherever they run.
        let root = root.canonicalize().map_err(Error::io("resolve", root))?;
        match read_marker(&root)? {
            Some(marker) if marker.validators != validators => {
                return Err(Error::OtherSize {
                    path: root,
                    have: marker.validators,
                    want: validators,
                })
            }
            Some(_) => {}
            None if is_empty(&root)? => write_marker(&root, validators)?,
            None => return Err(Error::NotOurs { path: root, marker: MARKER }),
        }
        Ok(Self { root })
    }

    /// Deletes a network's directory; leaves alone what is not one.
    pub fn discard(root: &Path) -> Result<()> {
        if !root.exists() || is_empty(root)? {
            return Ok(());
        }
        if read_marker(root)?.is_none() {
            return Err(Error::NotOurs { path: root.into(), marker: MARKER });
        }
        // The marker goes last: after an interruption the rest is still recognised.
        for entry in fs::read_dir(root).map_err(Error::io("list", root))? {
            let path = entry.map_err(Error::io("list", root))?.path();
            if path.file_name().is_some_and(|name| name == MARKER) {
                continue;
            }
            if path.is_dir() && !path.is_symlink() {
                fs::remove_dir_all(&path).map_err(Error::io("delete", &path))?;
            } else {
                fs::remove_file(&path).map_err(Error::io("delete", &path))?;
            }
        }
        let marker = root.join(MARKER);
        fs::remove_file(&marker).map_err(Error::io("delete", &marker))
    }

    /// Where a network is kept if nobody says otherwise.
    pub fn default_root() -> Result<PathBuf> {
        let set = |name| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
        set("XDG_STATE_HOME")
            .or_else(|| set("HOME").map(|home| home.join(".local/state")))
            .map(|state| state.join("cairn/local"))
            .ok_or(Error::NoStateDirectory)
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn spec(&self) -> PathBuf {
        self.root.join("spec.json")
    }

    pub fn node(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub fn log(&self, name: &str) -> PathBuf {
        self.root.join(format!("{name}.log"))
    }
}

fn is_empty(root: &Path) -> Result<bool> {
    Ok(fs::read_dir(root).map_err(Error::io("list", root))?.next().is_none())
}

fn read_marker(root: &Path) -> Result<Option<Marker>> {
    let path = root.join(MARKER);
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(Error::io("read", &path))?,
    };
    let marker: Marker = serde_json::from_str(&text)
        .map_err(|error| Error::Marker { path: path.clone(), reason: error.to_string() })?;
    if marker.version != VERSION {
        let reason = format!("its version is {}, this program writes {VERSION}", marker.version);
        return Err(Error::Marker { path, reason });
    }
    Ok(Some(marker))
}

fn write_marker(root: &Path, validators: usize) -> Result<()> {
    let path = root.join(MARKER);
    let text = serde_json::json!(Marker { version: VERSION, validators }).to_string();
    fs::write(&path, text).map_err(Error::io("write", &path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("cairn-state-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        path
    }

    #[test]
    fn open_should_resume_when_the_size_is_the_same_and_refuse_another() {
        let root = scratch("size");
        State::open(&root, 4).unwrap();
        State::open(&root, 4).unwrap();
        assert!(matches!(State::open(&root, 1), Err(Error::OtherSize { have: 4, want: 1, .. })));
        State::discard(&root).unwrap();
        State::open(&root, 1).unwrap();
        fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn open_and_discard_should_leave_files_alone_when_they_are_not_a_networks() {
        let root = scratch("foreign");
        fs::create_dir_all(&root).unwrap();
        fs::write(root.join("thesis.tex"), "years").unwrap();
        assert!(matches!(State::open(&root, 1), Err(Error::NotOurs { .. })));
        assert!(matches!(State::discard(&root), Err(Error::NotOurs { .. })));
        assert_eq!(fs::read_to_string(root.join("thesis.tex")).unwrap(), "years");
        fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn discard_should_do_nothing_when_there_is_nothing() {
        State::discard(&scratch("absent")).unwrap();
    }
}
