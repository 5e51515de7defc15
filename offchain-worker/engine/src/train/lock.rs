//! What keeps two runs from writing to one folder.

use super::TrainError;
use std::{
    fs::{File, TryLockError},
    path::Path,
    sync::Arc,
};

const NAME: &str = "run.lock";

/// A folder that no other run writes to while this or a copy of it is kept. It is the system's,
/// which takes it back from a process that has ended, also from one that was killed.
#[derive(Clone, Debug)]
pub struct Lock {
    /// Locked while it is open. It is never removed: who waited for its name could lock another.
    _file: Arc<File>,
}

impl Lock {
    pub(super) fn take(folder: &Path) -> Result<Self, TrainError> {
        let path = folder.join(NAME);
        let fail = |source| TrainError::File { path: path.clone(), source };
        let file = File::create(&path).map_err(fail)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: Arc::new(file) }),
            Err(TryLockError::WouldBlock) => Err(TrainError::Busy { folder: folder.to_owned() }),
            Err(TryLockError::Error(source)) => Err(fail(source)),
        }
    }
}
