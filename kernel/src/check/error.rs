use crate::{
    num::Scale,
    program::{Rows, TensorId, Values},
};
use core::fmt;

/// Why a program is not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Error {
    /// It was written for another meaning of the operators.
    Semantics { need: u16, have: u16 },
    /// Its longest sequence is too long, or empty.
    Length { most: u32, have: u32 },
    /// It has neither tokens nor features.
    NothingGiven,
    /// What it declares of a tensor.
    Tensor { tensor: TensorId, flaw: Flaw },
    /// What an operator is asked to do.
    Operator { index: usize, flaw: Flaw },
}

/// What is wrong with a tensor or an operator.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flaw {
    /// There is no tensor of that number.
    Missing {
        tensor: TensorId,
    },
    /// It is read before it is made.
    NotMade {
        tensor: TensorId,
    },
    /// It is made a second time.
    MadeTwice {
        tensor: TensorId,
    },
    /// No operator makes it.
    NeverMade,
    /// It is the result, and no operator makes it.
    NotComputed,
    /// A second tensor of a kind that is given once.
    GivenTwice,
    /// Such values do not come in such rows.
    Layout {
        values: Values,
        rows: Rows,
    },
    /// Another kind of values.
    Kind {
        tensor: TensorId,
        need: Kind,
        have: Values,
    },
    Rows {
        tensor: TensorId,
        need: Rows,
        have: Rows,
    },
    /// Fewer rows than may be looked up.
    FewRows {
        tensor: TensorId,
        need: u32,
        have: Rows,
    },
    Columns {
        tensor: TensorId,
        need: u64,
        have: u32,
    },
    /// Numbers of more bits than the operator can take.
    Bits {
        tensor: TensorId,
        most: u8,
        have: u8,
    },
    /// A result of fewer bits than what it repeats.
    FewBits {
        tensor: TensorId,
        need: u8,
        have: u8,
    },
    /// Identities that are not columns of what they are looked up in.
    Identities {
        tensor: TensorId,
        most: u32,
        have: u32,
    },
    /// Exponents that are declared smaller than they can get.
    Exponents {
        tensor: TensorId,
        need: u8,
        have: u8,
    },
    /// A parameter that is too small or too large.
    Number {
        what: &'static str,
        least: u32,
        most: u32,
        have: u32,
    },
    /// Choices for the last of which a judge would be led through too many steps.
    Searches {
        most: u32,
        columns: u32,
        count: u32,
    },
    /// A number that does not divide into so many equal parts.
    Parts {
        what: &'static str,
        whole: u32,
        parts: u32,
    },
    /// A multiplier without its top bit, or a shift out of range.
    Scale {
        have: Scale,
    },
}

/// What values an operator takes or makes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    Tokens,
    Targets,
    Masters,
    Constants,
    /// Features or activations.
    Narrow,
    /// Narrow or wide.
    Numbers,
    /// Activations or wide.
    Saturated,
    Choices,
    Exponents,
    Wide,
    Moved,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tokens => "tokens",
            Self::Targets => "targets",
            Self::Masters => "masters",
            Self::Constants => "constants",
            Self::Narrow => "features or activations",
            Self::Numbers => "features, activations or wide numbers",
            Self::Saturated => "activations or wide numbers",
            Self::Choices => "choices",
            Self::Exponents => "exponents",
            Self::Wide => "wide numbers",
            Self::Moved => "masters after a change",
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Semantics { need, have } => {
                write!(f, "the program is of semantics {have}, and only {need} is known here")
            }
            Self::Length { most, have } => {
                write!(f, "sequences have 1 to {most} tokens, and the program allows {have}")
            }
            Self::NothingGiven => f.write_str("the program has neither tokens nor features"),
            Self::Tensor { tensor, flaw } => write!(f, "tensor {}: {flaw}", tensor.0),
            Self::Operator { index, flaw } => write!(f, "operator {index}: {flaw}"),
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { tensor } => write!(f, "there is no tensor {}", tensor.0),
            Self::NotMade { tensor } => write!(f, "tensor {} is read before it is made", tensor.0),
            Self::MadeTwice { tensor } => write!(f, "tensor {} is made again", tensor.0),
            Self::NeverMade => f.write_str("no operator makes it"),
            Self::NotComputed => f.write_str("it is the result, and no operator makes it"),
            Self::GivenTwice => f.write_str("the program is given another of its kind already"),
            Self::Layout { values, rows } => write!(f, "{values:?} do not come in rows {rows:?}"),
            Self::Kind { tensor, need, have } => {
                write!(f, "tensor {} has to be {need}, and is {have:?}", tensor.0)
            }
            Self::Rows { tensor, need, have } => {
                write!(f, "tensor {} needs rows {need:?}, and has {have:?}", tensor.0)
            }
            Self::FewRows { tensor, need, have } => {
                write!(f, "tensor {} needs at least {need} rows, and has {have:?}", tensor.0)
            }
            Self::Columns { tensor, need, have } => {
                write!(f, "tensor {} needs {need} columns, and has {have}", tensor.0)
            }
            Self::Bits { tensor, most, have } => {
                write!(f, "tensor {} may have {most} bits, and has {have}", tensor.0)
            }
            Self::FewBits { tensor, need, have } => {
                write!(f, "tensor {} needs at least {need} bits, and has {have}", tensor.0)
            }
            Self::Identities { tensor, most, have } => {
                write!(f, "tensor {} may name {most} columns, and names {have}", tensor.0)
            }
            Self::Exponents { tensor, need, have } => {
                write!(f, "tensor {} has exponents up to {need}, not {have}", tensor.0)
            }
            Self::Number { what, least, most, have } => {
                write!(f, "{what} are from {least} to {most}, and not {have}")
            }
            Self::Searches { most, columns, count } => {
                let steps = u64::from(*count) * u64::from(*columns);
                write!(
                    f,
                    "the last of {count} choices among {columns} columns takes {steps} steps to \
                     judge, and may take {most}; choose fewer, or among fewer columns"
                )
            }
            Self::Parts { what, whole, parts } => {
                write!(f, "{whole} {what} do not divide into {parts} equal parts")
            }
            Self::Scale { have } => {
                let Scale { multiplier, shift } = have;
                let most = Scale::MOST_SHIFT;
                write!(
                    f,
                    "a scale has a multiplier from 32768 and a shift from 1 to {most}, and this \
                     one has {multiplier} and {shift}"
                )
            }
        }
    }
}

impl core::error::Error for Error {}
