//! A component with a delta laid on it.

use super::{
    error::{JudgeError, Stop},
    model::Frame,
};
use crate::{
    apply::{apply, ApplyError},
    folder::FolderError,
};
use cairn_artifact::{
    change::Change,
    contents::{Contents, Numbers},
};
use cairn_kernel::delta::Delta;
use cairn_protocol::{
    id::{ContentId, File},
    learning::{
        brief::{Brief, Subject, MOST_CHANGE},
        evaluation::DeltaFlaw,
    },
};
use std::{collections::BTreeMap, fs, io::BufWriter, path::Path};

/// The tensors after a change, of which those that did not change lie where they were.
pub(super) struct Laid<'h> {
    contents: Contents<'h>,
    changed: Vec<String>,
}

/// Refuses a delta by what its file is said to have, as far as its component's length is known.
pub(super) fn check_size(brief: &Brief, frame: Option<&Frame>) -> Result<(), Stop> {
    let Subject::Delta { component, artifact, .. } = &brief.subject else { return Ok(()) };
    let part = brief.parts.iter().find(|part| part.component == *component);
    let file = part.map(|part| part.file).or_else(|| frame?.file(component));
    match file {
        Some(file) if artifact.bytes > file.bytes.saturating_mul(MOST_CHANGE) => {
            Err(DeltaFlaw::TooLarge.into())
        }
        _ => Ok(()),
    }
}

/// The change that a file is, laid on that base by its author. What it is laid on now is another
/// component, where others were faster.
pub(super) fn read(bytes: &[u8], base: &ContentId) -> Result<Change, Stop> {
    let change = Change::decode(bytes).map_err(|_| DeltaFlaw::NotAChange)?;
    match change.base() == *base {
        true => Ok(change),
        false => Err(DeltaFlaw::OtherBase.into()),
    }
}

impl<'h> Laid<'h> {
    pub(super) fn on(component: &'h [u8], change: &Change) -> Result<Self, Stop> {
        if change.deltas().values().any(is_wider) {
            return Err(DeltaFlaw::TooLarge.into());
        }
        let contents = Contents::decode(component).map_err(|_| DeltaFlaw::Unmeasurable)?;
        let mut tensors = contents.tensors().clone();
        apply(&mut tensors, change.deltas()).map_err(flaw)?;
        let contents = Contents::new(tensors).map_err(|_| DeltaFlaw::Unmeasurable)?;
        Ok(Self { contents, changed: change.deltas().keys().cloned().collect() })
    }

    /// What it is called that the component is now.
    pub(super) fn file(&self) -> Result<File, Stop> {
        self.contents.file().map_err(|reason| unwritten(Path::new("the component"), reason))
    }

    pub(super) fn write(&self, to: &Path) -> Result<File, Stop> {
        let file = self.file()?;
        let written =
            fs::File::create(to).and_then(|to| self.contents.write(&mut BufWriter::new(to)));
        written.map_err(|reason| unwritten(to, reason))?;
        Ok(file)
    }

    /// The masters that changed, by the names of their tensors.
    pub(super) fn masters(&self) -> BTreeMap<&str, &[i16]> {
        let mut masters = BTreeMap::new();
        for name in &self.changed {
            if let Some(Numbers::Masters(held)) = self.contents.get(name).map(|held| &held.numbers)
            {
                masters.insert(name.as_str(), &**held);
            }
        }
        masters
    }
}

/// Whether a product is of higher rank than what it is added to, which is more work for no more.
fn is_wider(delta: &Delta) -> bool {
    let (rows, columns) = delta.shape();
    match delta {
        Delta::Sparse(_) => false,
        Delta::LowRank(low) => low.rank() > rows.min(columns),
    }
}

/// What is wrong with a delta that does not fit its component.
fn flaw(error: ApplyError) -> Stop {
    let flaw = match error {
        ApplyError::Nothing => DeltaFlaw::NotAChange,
        ApplyError::Unknown { .. } => DeltaFlaw::UnknownTensor,
        ApplyError::Constants { .. } => DeltaFlaw::NoMasters,
        ApplyError::Shape { .. } => DeltaFlaw::WrongShape,
        // A component that has such a number is none.
        ApplyError::Delta { .. } => DeltaFlaw::Unmeasurable,
        other => return FolderError::from(other).into(),
    };
    flaw.into()
}

fn unwritten(path: &Path, reason: std::io::Error) -> Stop {
    JudgeError::File { path: path.to_owned(), reason }.into()
}
