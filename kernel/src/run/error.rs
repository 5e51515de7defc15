use crate::program::TensorId;
use core::fmt;

/// Why nothing is computed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Error {
    /// There is nothing in an artifact for it.
    Absent { tensor: TensorId },
    /// What is there is not what the program declares.
    Unlike { tensor: TensorId },
    /// There is more of it, or less.
    Size { tensor: TensorId, need: u64, have: u64 },
    /// A number that cannot be there.
    Value { tensor: TensorId, at: usize, have: i32 },
    /// A scale that exponents could make negative the shift of.
    Shift { tensor: TensorId, column: usize, need: u8, have: u8 },
    /// Fewer or more numbers than fit the rest of what is given.
    Given { tensor: TensorId, need: usize, have: usize },
    /// No tokens, or together with those before more than the program allows.
    Length { most: usize, before: usize, have: usize },
    /// Earlier rows depend on later ones, so the sequence has to be given at once.
    Whole,
    /// It was asked to be returned, and no run computes it.
    NotComputed { tensor: TensorId },
    /// The state is another program's, or a run failed with it.
    State,
    /// The crew has left some of its work.
    Undone,
    /// There is not so much memory.
    Memory { tensor: TensorId },
    /// A checked program does not come to this.
    Unreachable { tensor: TensorId },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent { tensor } => write!(f, "no artifact has tensor {}", tensor.0),
            Self::Unlike { tensor } => {
                write!(f, "tensor {} is of other values than the program declares", tensor.0)
            }
            Self::Size { tensor, need, have } => {
                write!(f, "tensor {} needs {need} numbers, and has {have}", tensor.0)
            }
            Self::Value { tensor, at, have } => {
                write!(f, "number {at} of tensor {} cannot be {have}", tensor.0)
            }
            Self::Shift { tensor, column, need, have } => write!(
                f,
                "column {column} of tensor {} needs a shift of at least {need}, and has {have}",
                tensor.0
            ),
            Self::Given { tensor, need, have } => {
                write!(f, "{need} numbers are to be given for tensor {}, not {have}", tensor.0)
            }
            Self::Length { most, before, have } => {
                write!(f, "{have} tokens after {before}, of 1 to {most} in all")
            }
            Self::Whole => f.write_str("the program needs a sequence as one piece"),
            Self::NotComputed { tensor } => write!(f, "no run computes tensor {}", tensor.0),
            Self::State => f.write_str("the state is of another program, or of a run that failed"),
            Self::Undone => f.write_str("the crew has not done all of its work"),
            Self::Memory { tensor } => write!(f, "there is no memory for tensor {}", tensor.0),
            Self::Unreachable { tensor } => {
                write!(f, "tensor {} is not as the checks have left it", tensor.0)
            }
        }
    }
}

impl core::error::Error for Error {}
