//! What is added to the masters of one component, in the only byte form that it has.

use crate::name;
use cairn_kernel::delta::{self, Delta};
use cairn_protocol::id::ContentId;
use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// The first bytes of every change.
const FORM: &[u8; 16] = b"cairn-change-1\r\n";

/// Deltas of some tensors of a component.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    base: ContentId,
    deltas: BTreeMap<String, Delta>,
}

/// Why bytes are no change, or not one of a component.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Flaw {
    #[error("it does not begin as changes do; see that it is one, and of form 1")]
    Form,
    #[error("it ends within what it says of tensor {tensor}; fetch it again")]
    Short { tensor: u32 },
    #[error("{more} bytes are left over behind its last tensor; fetch it again")]
    Long { more: usize },
    #[error("it changes no tensor; there is nothing to apply")]
    Empty,
    #[error("it has {have} tensors, and at most {most} are read", most = u32::MAX)]
    Many { have: usize },
    #[error("a tensor is called {name:?}, and names are {}; rename it", name::RULE)]
    Name { name: String },
    #[error("{name:?} is not behind the name before it; whoever wrote the change has to sort it")]
    Order { name: String },
    #[error("the delta of {name:?} is none: {reason}")]
    Delta { name: String, reason: delta::Error },
}

impl Change {
    /// A change of the component that this is the content of.
    pub fn new(base: ContentId, deltas: BTreeMap<String, Delta>) -> Result<Self, Flaw> {
        if deltas.is_empty() {
            return Err(Flaw::Empty);
        }
        if u32::try_from(deltas.len()).is_err() {
            return Err(Flaw::Many { have: deltas.len() });
        }
        match deltas.keys().find(|name| !name::is_good(name)) {
            Some(name) => Err(Flaw::Name { name: name::short(name) }),
            None => Ok(Self { base, deltas }),
        }
    }

    /// The component that it is for, before it.
    pub fn base(&self) -> ContentId {
        self.base
    }

    pub fn deltas(&self) -> &BTreeMap<String, Delta> {
        &self.deltas
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = FORM.to_vec();
        bytes.extend(self.base.0);
        // No more than fits, and names of no more than a byte says.
        bytes.extend((self.deltas.len() as u32).to_le_bytes());
        for (name, delta) in &self.deltas {
            let delta = delta.encode();
            bytes.push(name.len() as u8);
            bytes.extend(name.as_bytes());
            bytes.extend((delta.len() as u64).to_le_bytes());
            bytes.extend(delta);
        }
        bytes
    }

    /// The change of which these are the bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, Flaw> {
        let rest = bytes.strip_prefix(FORM).ok_or(Flaw::Form)?;
        let mut rest = Rest { rest, tensor: 0 };
        let base = ContentId(rest.array()?);
        let count = u32::from_le_bytes(rest.array()?);
        let mut deltas = BTreeMap::new();
        for tensor in 0..count {
            rest.tensor = tensor;
            let [length] = rest.array()?;
            let name = String::from_utf8_lossy(rest.take(length.into())?).into_owned();
            if !name::is_good(&name) {
                return Err(Flaw::Name { name: name::short(&name) });
            }
            if deltas.last_key_value().is_some_and(|(last, _)| *last >= name) {
                return Err(Flaw::Order { name });
            }
            let length = u64::from_le_bytes(rest.array()?);
            let delta = Delta::decode(rest.take(length)?);
            let delta = delta.map_err(|reason| Flaw::Delta { name: name.clone(), reason })?;
            deltas.insert(name, delta);
        }
        match rest.rest.len() {
            0 => Self::new(base, deltas),
            more => Err(Flaw::Long { more }),
        }
    }
}

/// Bytes that are still to be read.
struct Rest<'a> {
    rest: &'a [u8],
    tensor: u32,
}

impl<'a> Rest<'a> {
    fn take(&mut self, length: u64) -> Result<&'a [u8], Flaw> {
        let length = usize::try_from(length).ok();
        let split = length.and_then(|length| self.rest.split_at_checked(length));
        let (taken, rest) = split.ok_or(Flaw::Short { tensor: self.tensor })?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Flaw> {
        let taken = self.take(N as u64)?;
        taken.try_into().map_err(|_| Flaw::Short { tensor: self.tensor })
    }
}
