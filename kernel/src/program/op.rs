//! The operators, each with the number that it has for ever.

use super::TensorId;
use crate::{
    bytes::{Bytes, DecodeError, Reader},
    num::Scale,
    sample::Rule,
};
use alloc::vec::Vec;

/// The weights of one expert of many.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Expert {
    pub weights: TensorId,
    pub scales: TensorId,
}

impl Bytes for Expert {
    fn write(&self, out: &mut Vec<u8>) {
        self.weights.write(out);
        self.scales.write(out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { weights: Bytes::read(from)?, scales: Bytes::read(from)? })
    }
}

/// What an operator has that may name tensors.
trait Operand {
    fn visit(&self, _see: &mut impl FnMut(TensorId)) {}

    fn change(&mut self, _change: &mut impl FnMut(&mut TensorId)) {}
}

impl Operand for TensorId {
    fn visit(&self, see: &mut impl FnMut(TensorId)) {
        see(*self);
    }

    fn change(&mut self, change: &mut impl FnMut(&mut TensorId)) {
        change(self);
    }
}

impl Operand for Option<TensorId> {
    fn visit(&self, see: &mut impl FnMut(TensorId)) {
        self.iter().for_each(|tensor| see(*tensor));
    }

    fn change(&mut self, change: &mut impl FnMut(&mut TensorId)) {
        self.iter_mut().for_each(change);
    }
}

impl Operand for Vec<Expert> {
    fn visit(&self, see: &mut impl FnMut(TensorId)) {
        for expert in self {
            see(expert.weights);
            see(expert.scales);
        }
    }

    fn change(&mut self, change: &mut impl FnMut(&mut TensorId)) {
        for expert in self {
            change(&mut expert.weights);
            change(&mut expert.scales);
        }
    }
}

impl Operand for Scale {}
impl Operand for Rule {}
impl Operand for u32 {}
impl Operand for u8 {}
impl Operand for bool {}

/// The operators with their numbers; the order of their fields is that of their bytes.
macro_rules! operators {
    ($($(#[$doc:meta])* $number:literal $name:ident {
        $($(#[$about:meta])* $field:ident: $kind:ty),* $(,)?
    })*) => {
        /// What is computed, of which tensors.
        #[derive(Clone, Debug, Eq, Hash, PartialEq)]
        pub enum Op {
            $($(#[$doc])* $name { $($(#[$about])* $field: $kind),* },)*
        }

        /// The number of an operator.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[repr(u16)]
        pub enum Opcode {
            $($name = $number,)*
        }

        impl Opcode {
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }

        impl Op {
            pub const fn opcode(&self) -> Opcode {
                match self {
                    $(Self::$name { .. } => Opcode::$name,)*
                }
            }

            /// Every tensor that it reads, in the order of its bytes.
            pub fn visit(&self, mut see: impl FnMut(TensorId)) {
                match self {
                    $(Self::$name { $($field),* } => { $($field.visit(&mut see);)* })*
                }
            }

            pub(crate) fn change(&mut self, mut change: impl FnMut(&mut TensorId)) {
                match self {
                    $(Self::$name { $($field),* } => { $($field.change(&mut change);)* })*
                }
            }
        }

        impl Bytes for Op {
            fn write(&self, out: &mut Vec<u8>) {
                (self.opcode() as u16).write(out);
                match self {
                    $(Self::$name { $($field),* } => { $($field.write(out);)* })*
                }
            }

            fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
                Ok(match u16::read(from)? {
                    $($number => Self::$name { $($field: <$kind>::read(from)?),* },)*
                    other => {
                        return Err(DecodeError::Unknown { what: "operator", have: other.into() })
                    }
                })
            }
        }
    };
}

operators! {
    /// The row of a table that a token names.
    1 Embed { tokens: TensorId, table: TensorId, scale: Scale }
    /// The row of a table that a position names.
    2 Position { tokens: TensorId, table: TensorId, scale: Scale }
    3 Add { left: TensorId, right: TensorId }
    4 RmsNorm { values: TensorId, gains: TensorId, scale: Scale, epsilon: u32, groups: u32 }
    5 LayerNorm {
        values: TensorId,
        gains: TensorId,
        biases: TensorId,
        scale: Scale,
        epsilon: u32,
    }
    6 Narrow { values: TensorId, scale: Scale }
    /// By how much a row has to be shifted to have `width` bits.
    7 Exponent { values: TensorId, width: u8 }
    8 Shift { values: TensorId, exponents: TensorId }
    9 Linear {
        values: TensorId,
        weights: TensorId,
        scales: TensorId,
        biases: Option<TensorId>,
        exponents: Option<TensorId>,
    }
    /// Rotary positions.
    10 Rotate { values: TensorId, cosines: TensorId, sines: TensorId, heads: u32 }
    11 Attention {
        queries: TensorId,
        keys: TensorId,
        values: TensorId,
        scale: Scale,
        heads: u32,
        /// Heads of keys and values, each for as many of queries.
        groups: u32,
        /// Bits that a mean has more than the values.
        fraction: u8,
        causal: bool,
    }
    12 Gated { gates: TensorId, values: TensorId, logistic: Scale, scale: Scale }
    13 Gelu { values: TensorId, normal: Scale, scale: Scale }
    14 Relu { values: TensorId }
    /// The columns of the largest, the largest first.
    15 Choose { values: TensorId, count: u32 }
    /// What share the chosen have, of each other or of `all`.
    16 Share { values: TensorId, choices: TensorId, scale: Scale, all: bool }
    17 Expert {
        values: TensorId,
        choices: TensorId,
        experts: Vec<Expert>,
        exponents: Option<TensorId>,
    }
    18 Combine { values: TensorId, shares: TensorId }
    19 Mean { values: TensorId }
    20 First { values: TensorId }
    21 Last { values: TensorId }
    /// A row divided by its length.
    22 Unit { values: TensorId, scale: Scale }
    23 CrossEntropy { values: TensorId, targets: TensorId, scale: Scale }
    24 Sample { values: TensorId, rule: Rule }
    25 Scale { values: TensorId, gains: TensorId, scale: Scale }
    /// Masters with the product of two factors, shifted, added to them.
    26 Moved { masters: TensorId, high: TensorId, wide: TensorId, shift: u8 }
    /// Masters with something added to a few of them. Of each row there is where its changes end in
    /// the lists, and of each change its column and what is added.
    27 Changed { masters: TensorId, ends: TensorId, places: TensorId, changes: TensorId }
}
