use crate::config::ConfigError;
use onnx_ir::NodeProto;
use thiserror::Error;

/// Of a stranger's text, what an error shows.
const MOST_SHOWN: usize = 200;

/// Why an ONNX file is not read. Nodes and tensors are named as in the file.
#[derive(Debug, Error)]
pub enum OnnxError {
    #[error("it is no ONNX file: {0}")]
    Form(String),
    #[error("what it has beside weights takes {found} bytes, and may take {most}; a classifier needs no more")]
    Structure { found: usize, most: usize },
    #[error(
        "it was written for version {found} of ONNX's operators; supported are {least} to {most}"
    )]
    Version { found: i64, least: i64, most: i64 },
    #[error("it defines the function {0}, and functions are not supported; export it with its operators alone")]
    Function(String),
    #[error("it has {count} {what} ({names}), and a classifier has one")]
    Ends { what: &'static str, count: usize, names: String },
    #[error("{node} is not supported; supported are {supported}")]
    Operator { node: String, supported: String },
    #[error("{node} sets {attribute} to {found}; supported is {supported}")]
    Attribute { node: String, attribute: &'static str, found: String, supported: &'static str },
    #[error("{node} sets {attribute}, an attribute that is not known here and might change what it computes")]
    UnknownAttribute { node: String, attribute: String },
    #[error("{node} has {found} inputs; supported are {least} to {most}")]
    Arguments { node: String, found: usize, least: usize, most: usize },
    #[error("{node} takes {found}, where the chain is at {at}; supported is one chain of operators in the order in which they compute, each of which takes what the one before it made and else only constants")]
    Chain { node: String, found: String, at: String },
    #[error("{node} is not supported in its place: {reason}")]
    Place { node: String, reason: &'static str },
    #[error("it has no linear layer, and a classifier has at least one")]
    NoLayer,
    #[error("its layers describe no model: {0}")]
    Config(#[from] ConfigError),
    #[error("the chain ends at {found}, and its output is {expected}")]
    End { found: String, expected: String },
    #[error("more than one tensor or node makes {0}")]
    Twice(String),
    #[error("it lacks tensor {0}; supported are weights that are constants of the file")]
    NoTensor(String),
    #[error("tensor {tensor} is kept in another file, {location}, which is not read; export it with its weights inside")]
    External { tensor: String, location: String },
    #[error("tensor {tensor} has shape {found}, and needs {expected}")]
    Shape { tensor: String, expected: String, found: String },
    #[error("tensor {tensor} is stored as {found}; supported are FLOAT, FLOAT16 and BFLOAT16")]
    Precision { tensor: String, found: String },
    #[error("tensor {tensor} of shape {shape} has {expected} bytes, and {found} are stored")]
    Bytes { tensor: String, shape: String, expected: u128, found: usize },
    #[error("tensor {tensor} is stored in parts, or twice, which is not supported")]
    Parts { tensor: String },
    #[error("number {at} of tensor {tensor} has the bits {found}, and 16 bits is what it has")]
    Bits { tensor: String, at: usize, found: i32 },
    #[error("number {at} of tensor {tensor} is {value}; weights have to be finite")]
    NotFinite { tensor: String, at: usize, value: f32 },
    #[error("with tensor {tensor} the weights are {found} numbers, more than the {most} bytes of the file; a tensor is weights again and again, which is not supported")]
    Many { tensor: String, found: u128, most: usize },
}

/// A stranger's name, fit to be shown.
pub(super) fn quoted(name: &str) -> String {
    let shown: String = name.chars().take(MOST_SHOWN).flat_map(char::escape_debug).collect();
    format!("\"{shown}\"")
}

/// A node by its operator and its name, or by what it makes where it has none.
pub(super) fn called(node: &NodeProto) -> String {
    let operator = quoted(&operator(node));
    let operator = operator.trim_matches('"');
    match (node.name.as_str(), node.output.first()) {
        ("", Some(output)) => format!("the {operator} that makes {}", quoted(output)),
        ("", None) => format!("a {operator} without a name"),
        (name, _) => format!("{operator} {}", quoted(name)),
    }
}

/// An operator with its domain, where that is not ONNX's own.
pub(super) fn operator(node: &NodeProto) -> String {
    match node.domain.as_str() {
        "" | "ai.onnx" => node.op_type.clone(),
        domain => format!("{domain}.{}", node.op_type),
    }
}
