//! What is computed: operators in order over numbered tensors.

use crate::{
    bytes::{self, Bytes, Reader},
    num::most,
    sample::Rule,
};
use alloc::vec::Vec;

pub use crate::bytes::DecodeError;

mod op;

pub use op::{Expert, Op, Opcode};

/// The meaning of all operators together; a later one has another number.
pub const SEMANTICS: u16 = 1;

/// Which tensor of a program.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TensorId(pub u32);

impl TensorId {
    #[inline]
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// How many rows a tensor has.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Rows {
    /// Always as many, as an artifact says.
    Fixed(u32),
    /// One for each token of the sequence.
    Token,
    /// So many for each token, one after the other.
    Slots(u32),
    /// One for the sequence.
    One,
}

impl Rows {
    /// For a sequence of `length` tokens.
    pub const fn count(self, length: u32) -> u64 {
        match self {
            Self::Fixed(rows) => rows as u64,
            Self::Token => length as u64,
            Self::Slots(slots) => slots as u64 * length as u64,
            Self::One => 1,
        }
    }
}

/// What a tensor's numbers are.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Values {
    /// Given: identities, from 0 up.
    Tokens { below: u32 },
    /// Given: identities, or negative for none.
    Targets { below: u32 },
    /// Given: numbers of so many bits.
    Features { bits: u8 },
    /// Of an artifact, i16.
    Masters,
    /// Of an artifact, i32.
    Constants,
    /// Computed, saturated to at most 16 bits.
    Activations { bits: u8 },
    /// Computed, saturated to 32 bits.
    Wide,
    /// Computed: columns of another tensor.
    Choices { below: u32 },
    /// Computed: what a row is shifted by.
    Exponents { most: u8 },
    /// Computed of artifacts alone, once for all sequences: masters after a change.
    Moved,
}

impl Values {
    /// The least and the most that such a number can be.
    pub const fn range(self) -> (i64, i64) {
        match self {
            Self::Tokens { below } | Self::Choices { below } => (0, below as i64 - 1),
            Self::Targets { below } => (i32::MIN as i64, below as i64 - 1),
            Self::Features { bits } | Self::Activations { bits } => {
                (-most(bits as u32), most(bits as u32))
            }
            Self::Masters | Self::Moved => (-most(16), most(16)),
            Self::Constants => (i32::MIN as i64, i32::MAX as i64),
            Self::Wide => (-most(32), most(32)),
            Self::Exponents { most } => (0, most as i64),
        }
    }

    /// The bits of what is saturated to so many.
    pub const fn bits(self) -> Option<u8> {
        match self {
            Self::Features { bits } | Self::Activations { bits } => Some(bits),
            Self::Wide => Some(32),
            _ => None,
        }
    }

    /// Whether they are kept in 16 bits each.
    pub const fn is_narrow(self) -> bool {
        matches!(
            self,
            Self::Features { .. } | Self::Masters | Self::Activations { .. } | Self::Moved
        )
    }

    pub const fn is_given(self) -> bool {
        matches!(self, Self::Tokens { .. } | Self::Targets { .. } | Self::Features { .. })
    }

    pub const fn is_bound(self) -> bool {
        matches!(self, Self::Masters | Self::Constants)
    }

    pub const fn is_made(self) -> bool {
        !self.is_given() && !self.is_bound()
    }
}

/// A matrix of integers, row-major.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Tensor {
    pub rows: Rows,
    pub columns: u32,
    pub values: Values,
}

/// An operator and the tensor that it makes.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Step {
    pub op: Op,
    pub result: TensorId,
}

/// Operators in the order in which they are computed.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Program {
    pub semantics: u16,
    /// The longest sequence.
    pub rows: u32,
    pub tensors: Vec<Tensor>,
    pub ops: Vec<Step>,
    /// What it is all computed for.
    pub result: TensorId,
}

impl Program {
    /// The only byte form that it has.
    pub fn encode(&self) -> Vec<u8> {
        bytes::encode(self)
    }

    /// The program of which these are the bytes. That it is of use, [`Program::check`] tells.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        bytes::decode(bytes)
    }
}

impl Bytes for Program {
    fn write(&self, out: &mut Vec<u8>) {
        self.semantics.write(out);
        self.rows.write(out);
        self.tensors.write(out);
        self.ops.write(out);
        self.result.write(out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let semantics = u16::read(from)?;
        if semantics != SEMANTICS {
            return Err(DecodeError::Unknown { what: "semantics", have: semantics.into() });
        }
        Ok(Self {
            semantics,
            rows: Bytes::read(from)?,
            tensors: Bytes::read(from)?,
            ops: Bytes::read(from)?,
            result: Bytes::read(from)?,
        })
    }
}

impl Bytes for Step {
    fn write(&self, out: &mut Vec<u8>) {
        self.op.write(out);
        self.result.write(out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { op: Bytes::read(from)?, result: Bytes::read(from)? })
    }
}

impl Bytes for Tensor {
    fn write(&self, out: &mut Vec<u8>) {
        self.rows.write(out);
        self.columns.write(out);
        self.values.write(out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            rows: Bytes::read(from)?,
            columns: Bytes::read(from)?,
            values: Bytes::read(from)?,
        })
    }
}

impl Bytes for TensorId {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        u32::read(from).map(Self)
    }
}

impl Bytes for Rows {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Fixed(rows) => (0u8, *rows).write(out),
            Self::Token => 1u8.write(out),
            Self::Slots(slots) => (2u8, *slots).write(out),
            Self::One => 3u8.write(out),
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match u8::read(from)? {
            0 => Self::Fixed(Bytes::read(from)?),
            1 => Self::Token,
            2 => Self::Slots(Bytes::read(from)?),
            3 => Self::One,
            other => return Err(DecodeError::Unknown { what: "rows", have: other.into() }),
        })
    }
}

impl Bytes for Values {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Tokens { below } => (0u8, *below).write(out),
            Self::Targets { below } => (1u8, *below).write(out),
            Self::Features { bits } => (2u8, *bits).write(out),
            Self::Masters => 3u8.write(out),
            Self::Constants => 4u8.write(out),
            Self::Activations { bits } => (5u8, *bits).write(out),
            Self::Wide => 6u8.write(out),
            Self::Choices { below } => (7u8, *below).write(out),
            Self::Exponents { most } => (8u8, *most).write(out),
            Self::Moved => 9u8.write(out),
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match u8::read(from)? {
            0 => Self::Tokens { below: Bytes::read(from)? },
            1 => Self::Targets { below: Bytes::read(from)? },
            2 => Self::Features { bits: Bytes::read(from)? },
            3 => Self::Masters,
            4 => Self::Constants,
            5 => Self::Activations { bits: Bytes::read(from)? },
            6 => Self::Wide,
            7 => Self::Choices { below: Bytes::read(from)? },
            8 => Self::Exponents { most: Bytes::read(from)? },
            9 => Self::Moved,
            other => return Err(DecodeError::Unknown { what: "values", have: other.into() }),
        })
    }
}

impl Bytes for Rule {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Greedy => 0u8.write(out),
            Self::Drawn { scale, most, prefix } => {
                1u8.write(out);
                scale.write(out);
                most.write(out);
                prefix.write(out);
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match u8::read(from)? {
            0 => Self::Greedy,
            1 => Self::Drawn {
                scale: Bytes::read(from)?,
                most: Bytes::read(from)?,
                prefix: Bytes::read(from)?,
            },
            other => return Err(DecodeError::Unknown { what: "rule", have: other.into() }),
        })
    }
}

#[cfg(test)]
mod tests;
