//! A byte form that every value has exactly one of: little endian, counts before their items.

use crate::num::Scale;
use alloc::vec::Vec;
use core::fmt;

/// Why bytes mean nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DecodeError {
    /// They end too early.
    Short { need: usize, have: usize },
    /// There are more of them than what they say has.
    Left { have: usize },
    /// A number that stands for nothing here.
    Unknown { what: &'static str, have: u32 },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short { need, have } => {
                write!(f, "{need} more bytes are needed, {have} are left")
            }
            Self::Left { have } => write!(f, "{have} bytes are left over"),
            Self::Unknown { what, have } => write!(f, "there is no {what} of number {have}"),
        }
    }
}

impl core::error::Error for DecodeError {}

pub(crate) struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    pub(crate) fn take<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let short = DecodeError::Short { need: N, have: self.0.len() };
        let (taken, left) = self.0.split_first_chunk().ok_or(short)?;
        self.0 = left;
        Ok(*taken)
    }
}

/// What has such a form.
pub(crate) trait Bytes: Sized {
    fn write(&self, out: &mut Vec<u8>);
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError>;
}

pub(crate) fn encode(value: &impl Bytes) -> Vec<u8> {
    let mut out = Vec::new();
    value.write(&mut out);
    out
}

pub(crate) fn decode<T: Bytes>(bytes: &[u8]) -> Result<T, DecodeError> {
    let mut reader = Reader(bytes);
    let value = T::read(&mut reader)?;
    match reader.0.len() {
        0 => Ok(value),
        have => Err(DecodeError::Left { have }),
    }
}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl Bytes for $integer {
            fn write(&self, out: &mut Vec<u8>) {
                out.extend(self.to_le_bytes());
            }

            fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
                from.take().map(Self::from_le_bytes)
            }
        }
    )*};
}

integers!(u8, u16, u32, i16);

impl Bytes for bool {
    fn write(&self, out: &mut Vec<u8>) {
        u8::from(*self).write(out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match u8::read(from)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(DecodeError::Unknown { what: "truth", have: other.into() }),
        }
    }
}

impl<T: Bytes> Bytes for Option<T> {
    fn write(&self, out: &mut Vec<u8>) {
        self.is_some().write(out);
        if let Some(value) = self {
            value.write(out);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        bool::read(from)?.then(|| T::read(from)).transpose()
    }
}

impl<T: Bytes> Bytes for Vec<T> {
    fn write(&self, out: &mut Vec<u8>) {
        // More than this many items are in no memory.
        u32::try_from(self.len()).unwrap_or(u32::MAX).write(out);
        self.iter().for_each(|item| item.write(out));
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        // Memory is taken item by item: the count may be a lie.
        (0..u32::read(from)?).map(|_| T::read(from)).collect()
    }
}

impl<A: Bytes, B: Bytes> Bytes for (A, B) {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
        self.1.write(out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok((A::read(from)?, B::read(from)?))
    }
}

impl Bytes for Scale {
    fn write(&self, out: &mut Vec<u8>) {
        self.multiplier.write(out);
        self.shift.write(out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { multiplier: Bytes::read(from)?, shift: Bytes::read(from)? })
    }
}
