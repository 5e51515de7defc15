//! The form of a file, looked at before it is parsed. Two bytes can be a node, which takes
//! hundreds in memory: so what is no number of a tensor has to be short.

use super::error::OnnxError;

/// Bytes beside weights.
const MOST: usize = 1 << 20;

/// Messages that lead to the numbers of tensors, by their fields in ONNX's protocol.
#[derive(Clone, Copy)]
enum Kind {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    /// What is no message, or none that is looked into.
    Other,
    /// Numbers of a tensor.
    Numbers,
}

impl Kind {
    fn field(self, number: u64) -> Self {
        match (self, number) {
            (Self::Model, 7) => Self::Graph,
            (Self::Graph, 1) => Self::Node,
            (Self::Node, 5) => Self::Attribute,
            (Self::Graph | Self::Attribute, 5) => Self::Tensor,
            (Self::Tensor, 4 | 5 | 9) => Self::Numbers,
            _ => Self::Other,
        }
    }
}

/// Refuses a file that is cut off, or that has more beside weights than a classifier needs.
pub(super) fn check(bytes: &[u8]) -> Result<(), OnnxError> {
    let found = bytes.len() - numbers(bytes, Kind::Model)?;
    if found > MOST {
        return Err(OnnxError::Structure { found, most: MOST });
    }
    Ok(())
}

/// How many of the bytes of a message are numbers of tensors.
fn numbers(mut bytes: &[u8], kind: Kind) -> Result<usize, OnnxError> {
    let mut found = 0;
    while !bytes.is_empty() {
        let key = varint(&mut bytes)?;
        match key & 7 {
            0 => _ = varint(&mut bytes)?,
            1 => _ = taken(&mut bytes, 8)?,
            2 => {
                let length = varint(&mut bytes)?;
                let part = taken(&mut bytes, length)?;
                found += match kind.field(key >> 3) {
                    Kind::Other => 0,
                    Kind::Numbers => part.len(),
                    message => numbers(part, message)?,
                };
            }
            5 => _ = taken(&mut bytes, 4)?,
            other => return Err(OnnxError::Form(format!("it has a field of kind {other}"))),
        }
    }
    Ok(found)
}

fn varint(bytes: &mut &[u8]) -> Result<u64, OnnxError> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = taken(bytes, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(OnnxError::Form("it has a number of more than 64 bits".to_owned()))
}

fn taken<'a>(bytes: &mut &'a [u8], length: u64) -> Result<&'a [u8], OnnxError> {
    let parts = usize::try_from(length).ok().and_then(|length| bytes.split_at_checked(length));
    let Some((part, rest)) = parts else {
        let left = bytes.len();
        return Err(OnnxError::Form(format!("a field has {length} bytes where {left} are left")));
    };
    *bytes = rest;
    Ok(part)
}
