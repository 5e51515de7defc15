use super::{BOUNDARY, MOST};
use crate::name::RULE;

/// Why bytes are no artifact, or tensors cannot be one.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Flaw {
    #[error("it ends after {have} bytes of the {need} that it has to have; fetch it again")]
    Short { need: u64, have: u64 },
    #[error(
        "{have} bytes stand where it has to end after {need}; cut them off, or fetch it again"
    )]
    Left { need: u64, have: u64 },
    #[error("its header has {have} bytes, and at most {most} are read; spread the tensors over more files")]
    Long { most: u64, have: u64 },
    #[error("its header is no JSON of this format ({reason}); import it, if it is a checkpoint")]
    Json { reason: String },
    #[error("its header says that it is {have:?}, and only {need:?} is known here; import it, if it is a checkpoint")]
    Form { need: &'static str, have: String },
    #[error("a tensor is called {name:?}, and names are {RULE}; rename it")]
    Name { name: String },
    #[error(
        "the tensor {name:?} comes after {before:?}, and names have to ascend; write the file anew"
    )]
    Order { name: String, before: String },
    #[error("there are two tensors {name:?}; write the file anew with one of them")]
    Twice { name: String },
    #[error("the tensor {name:?} is of {have:?}, and has to be of I16 for masters or I32 for constants; quantise it")]
    Dtype { name: String, have: String },
    #[error("the tensor {name:?} has the shape {have}, and two numbers from 1 to {MOST} are needed, rows and columns; write it as a matrix")]
    Shape { name: String, have: String },
    #[error(
        "the shape of the tensor {name:?} needs {need} numbers, and there are {have}; give as many"
    )]
    Count { name: String, need: u64, have: u64 },
    #[error("the tensor {name:?} is said to begin at byte {have} of the data, and what is before it ends at {need}; write the file anew")]
    Offset { name: String, need: u64, have: u64 },
    #[error(
        "the tensor {name:?} has {have} bytes, and its shape needs {need}; write the file anew"
    )]
    Length { name: String, need: u64, have: u64 },
    #[error("the tensor {name:?} begins at byte {at} of the data, and tensors have to at multiples of {BOUNDARY}; write the file anew")]
    Boundary { name: String, at: u64 },
    #[error("the filler {name:?} is not the one that belongs there; write the file anew")]
    Filler { name: String },
    #[error("it has no tensors; an artifact has at least one")]
    Empty,
    #[error("byte {at} of its header is not the one that the only form of such a header has there; write the file anew")]
    Header { at: u64 },
    #[error("byte {at} fills up to a boundary and is {have}, not 0; write the file anew")]
    Filling { at: u64, have: u8 },
    #[error("master {at} of the tensor {name:?} is -32768, and the least there is is -32767; quantise it anew")]
    Master { name: String, at: usize },
}
