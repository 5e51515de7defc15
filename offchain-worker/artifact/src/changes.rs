//! Changes of several components of one model, as one file: what learning comes to.

use crate::{
    change::{self, Change},
    name::hex,
};
use cairn_protocol::id::ContentId;

#[cfg(test)]
mod tests;

/// The first bytes of every such file.
const FORM: &[u8; 16] = b"cairn-changes-1\n";

/// Changes in the order of the components that they are for, one of each.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Changes(Vec<Change>);

/// Why bytes are no changes, or changes make no such file.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Flaw {
    #[error("it does not begin as changes of several components do; see that it is such a file, and of form 1")]
    Form,
    #[error("it ends within change {change}; fetch it again")]
    Short { change: u32 },
    #[error("{more} bytes are left over behind its last change; fetch it again")]
    Long { more: usize },
    #[error("it has no change; there is nothing to apply")]
    Empty,
    #[error("it has {have} changes, and at most {most} are read", most = u32::MAX)]
    Many { have: usize },
    #[error("the component {} is not behind the one before it; whoever wrote the changes has to sort them, one of each", hex(.base))]
    Order { base: ContentId },
    #[error("change {change} is none: {flaw}")]
    Change { change: u32, flaw: change::Flaw },
}

impl Changes {
    /// Whether bytes are said to be such a file, and not a single change.
    pub fn is_form(bytes: &[u8]) -> bool {
        bytes.starts_with(FORM)
    }

    pub fn new(changes: impl IntoIterator<Item = Change>) -> Result<Self, Flaw> {
        let mut changes: Vec<Change> = changes.into_iter().collect();
        changes.sort_by_key(Change::base);
        Self::sorted(changes)
    }

    fn sorted(changes: Vec<Change>) -> Result<Self, Flaw> {
        if changes.is_empty() {
            return Err(Flaw::Empty);
        }
        if u32::try_from(changes.len()).is_err() {
            return Err(Flaw::Many { have: changes.len() });
        }
        let unsorted = changes.windows(2).find(|two| two[0].base() >= two[1].base());
        match unsorted {
            Some(two) => Err(Flaw::Order { base: two[1].base() }),
            None => Ok(Self(changes)),
        }
    }

    pub fn as_slice(&self) -> &[Change] {
        &self.0
    }

    pub fn into_vec(self) -> Vec<Change> {
        self.0
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = FORM.to_vec();
        // No more than fits.
        bytes.extend((self.0.len() as u32).to_le_bytes());
        for change in &self.0 {
            let change = change.encode();
            bytes.extend((change.len() as u64).to_le_bytes());
            bytes.extend(change);
        }
        bytes
    }

    /// The changes of which these are the bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, Flaw> {
        let mut rest = bytes.strip_prefix(FORM).ok_or(Flaw::Form)?;
        let count = u32::from_le_bytes(array(&mut rest, 0)?);
        let mut changes = Vec::new();
        for change in 0..count {
            let length = u64::from_le_bytes(array(&mut rest, change)?);
            let decoded = Change::decode(take(&mut rest, length, change)?);
            changes.push(decoded.map_err(|flaw| Flaw::Change { change, flaw })?);
        }
        match rest.len() {
            0 => Self::sorted(changes),
            more => Err(Flaw::Long { more }),
        }
    }
}

/// The next bytes of what is left.
fn take<'a>(rest: &mut &'a [u8], length: u64, change: u32) -> Result<&'a [u8], Flaw> {
    let all = *rest;
    let length = usize::try_from(length).ok();
    let split = length.and_then(|length| all.split_at_checked(length));
    let (taken, left) = split.ok_or(Flaw::Short { change })?;
    *rest = left;
    Ok(taken)
}

fn array<const N: usize>(rest: &mut &[u8], change: u32) -> Result<[u8; N], Flaw> {
    let taken = take(rest, N as u64, change)?;
    taken.try_into().map_err(|_| Flaw::Short { change })
}
