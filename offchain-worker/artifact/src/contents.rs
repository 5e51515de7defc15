//! The numbers of a component, in the only byte form that they have.

use crate::{files::Hashing, little, name};
use cairn_protocol::id::{ContentId, File};
use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt,
    io::{self, Write},
    ops::Range,
};

mod flaw;
mod header;
#[cfg(test)]
mod tests;

pub use flaw::Flaw;

/// Tensors begin at multiples of this: no chunk of the file's hash has numbers of two.
pub const BOUNDARY: u64 = 1_024;
/// The most rows, and the most columns.
pub const MOST: u32 = cairn_kernel::check::MOST_COLUMNS;

/// A matrix of integers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tensor<'a> {
    pub rows: u32,
    pub columns: u32,
    /// Row-major.
    pub numbers: Numbers<'a>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Numbers<'a> {
    Masters(Cow<'a, [i16]>),
    Constants(Cow<'a, [i32]>),
}

/// What numbers are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    Masters,
    Constants,
}

/// Tensors by name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Contents<'a>(BTreeMap<String, Tensor<'a>>);

impl Kind {
    const ALL: [Self; 2] = [Self::Masters, Self::Constants];

    /// What the format calls them.
    const fn dtype(self) -> &'static str {
        match self {
            Self::Masters => "I16",
            Self::Constants => "I32",
        }
    }

    /// Bytes of one.
    const fn width(self) -> u64 {
        match self {
            Self::Masters => 2,
            Self::Constants => 4,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Masters => "masters",
            Self::Constants => "constants",
        })
    }
}

impl Numbers<'_> {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Masters(_) => Kind::Masters,
            Self::Constants(_) => Kind::Constants,
        }
    }

    pub fn count(&self) -> u64 {
        let count = match self {
            Self::Masters(masters) => masters.len(),
            Self::Constants(constants) => constants.len(),
        };
        count as u64
    }

    fn bytes(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Masters(masters) => little::bytes(masters),
            Self::Constants(constants) => little::bytes(constants),
        }
    }
}

impl<'a> Contents<'a> {
    /// Takes tensors if a file can hold them.
    pub fn new(tensors: BTreeMap<String, Tensor<'a>>) -> Result<Self, Flaw> {
        for (name, tensor) in &tensors {
            if !name::is_good(name) {
                return Err(Flaw::Name { name: name::short(name) });
            }
            header::check_shape(name, &[tensor.rows.into(), tensor.columns.into()])?;
            let need = u64::from(tensor.rows) * u64::from(tensor.columns);
            let have = tensor.numbers.count();
            if need != have {
                return Err(Flaw::Count { name: name.clone(), need, have });
            }
            check_masters(name, &tensor.numbers)?;
        }
        let contents = Self(tensors);
        contents.header().map(|_| contents)
    }

    /// The tensors that these bytes are, if they are what [`Self::write`] makes of them. Numbers
    /// stay where they are, if they begin at a multiple of their length.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Flaw> {
        let (entries, start) = header::decode(bytes)?;
        let mut tensors = BTreeMap::new();
        // What is padded, and where the next tensor is: the header was found to say just that.
        let mut at = start;
        for header::Entry { name, kind, rows, columns } in entries {
            let begin = at.next_multiple_of(BOUNDARY);
            check_zeros(bytes, at..begin)?;
            at = begin + u64::from(rows) * u64::from(columns) * kind.width();
            let held = slice(bytes, begin..at);
            let numbers = match kind {
                Kind::Masters => Numbers::Masters(little::numbers(held)),
                Kind::Constants => Numbers::Constants(little::numbers(held)),
            };
            check_masters(&name, &numbers)?;
            tensors.insert(name, Tensor { rows, columns, numbers });
        }
        Ok(Self(tensors))
    }

    pub fn get(&self, name: &str) -> Option<&Tensor<'a>> {
        self.0.get(name)
    }

    pub fn tensors(&self) -> &BTreeMap<String, Tensor<'a>> {
        &self.0
    }

    /// Writes the bytes that it is.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let header = self.header().map_err(io::Error::other)?;
        to.write_all(&header)?;
        let mut at = 0u64;
        for tensor in self.0.values() {
            let filling = at.next_multiple_of(BOUNDARY) - at;
            to.write_all(slice(&[0; BOUNDARY as usize], 0..filling))?;
            let bytes = tensor.numbers.bytes();
            to.write_all(&bytes)?;
            at += filling + bytes.len() as u64;
        }
        Ok(())
    }

    /// What the bytes that it is are called, and how many they are.
    pub fn file(&self) -> io::Result<File> {
        let mut to = Hashing::new(io::sink());
        self.write(&mut to)?;
        let (hash, bytes) = to.finish();
        Ok(File { id: ContentId(hash), bytes })
    }

    fn header(&self) -> Result<Vec<u8>, Flaw> {
        header::encode(self.0.iter().map(|(name, tensor)| {
            let Tensor { rows, columns, ref numbers } = *tensor;
            (name.as_str(), numbers.kind(), [rows, columns])
        }))
    }
}

/// A weight has a negative, so the least number of 16 bits is none.
fn check_masters(name: &str, numbers: &Numbers<'_>) -> Result<(), Flaw> {
    match numbers {
        // Looked for as a whole first, which is quick; nearly always there is none.
        Numbers::Masters(masters) if masters.contains(&i16::MIN) => {
            let at = masters.iter().position(|master| *master == i16::MIN).unwrap_or(0);
            Err(Flaw::Master { name: name.into(), at })
        }
        _ => Ok(()),
    }
}

fn check_zeros(bytes: &[u8], range: Range<u64>) -> Result<(), Flaw> {
    let filling = slice(bytes, range.clone());
    match filling.iter().zip(range).find(|(byte, _)| **byte != 0) {
        None => Ok(()),
        Some((byte, at)) => Err(Flaw::Filling { at, have: *byte }),
    }
}

/// A part of what is known to be so long.
fn slice(bytes: &[u8], range: Range<u64>) -> &[u8] {
    bytes.get(range.start as usize..range.end as usize).unwrap_or_default()
}
