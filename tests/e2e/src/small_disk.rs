//! A disk so small that it can be filled.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    process::Command,
};

use crate::Failure;

/// What takes all the room.
const FILLER: &str = "filler";

/// A file system of its own in a folder, unmounted at the end.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Of so many mebibytes. What the folder had is hidden. `None` where this user may not mount.
    pub fn mount(folder: &Path, mebibytes: u32) -> Result<Option<Self>, Failure> {
        let size = format!("size={mebibytes}m,mode=755");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "cairn-e2e"])
            .arg(folder)
            .output();
        match mounted {
            Ok(output) if output.status.success() => Ok(Some(Self(folder.to_owned()))),
            _ => Ok(None),
        }
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes until the system says that there is no room.
    pub fn fill(&self) -> Result<(), Failure> {
        let mut filler = File::create(self.0.join(FILLER))?;
        let block = [0x5a; 4096];
        loop {
            match filler.write_all(&block) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Gives back what was filled.
    pub fn empty(&self) -> Result<(), Failure> {
        Ok(fs::remove_file(self.0.join(FILLER))?)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // At once, though processes may have it open. If this fails the folder stays, and the test
        // says nothing wrong because of it.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}
