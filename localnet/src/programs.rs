//! Where the programs of a network are.

use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// A program of this repository: what a variable such as `CAIRN_WORKER` names, or beside this one
/// (a test program lies one directory deeper, in `deps`).
pub fn find(name: &str) -> Result<PathBuf> {
    let path = place(name)?;
    if path.is_file() {
        return Ok(path);
    }
    Err(Error::ProgramMissing { name: name.into(), variable: variable(name), path })
}

/// Where it should be.
pub(crate) fn place(name: &str) -> Result<PathBuf> {
    if let Some(named) = std::env::var_os(variable(name)) {
        return Ok(PathBuf::from(named));
    }
    let own = std::env::current_exe().map_err(Error::io("find", "this program"))?;
    let beside = own.parent().unwrap_or(Path::new(".")).join(name);
    let above = own.parent().and_then(Path::parent).map(|up| up.join(name));
    Ok(match above {
        Some(above) if !beside.is_file() && above.is_file() => above,
        _ => beside,
    })
}

fn variable(name: &str) -> String {
    name.to_uppercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn find_should_say_what_is_missing_and_how_to_name_it() {
        let missing = find("cairn-of-nobody").unwrap_err().to_string();
        assert!(missing.contains("cairn-of-nobody"), "{missing}");
        assert!(missing.contains("CAIRN_OF_NOBODY"), "{missing}");
    }
}
