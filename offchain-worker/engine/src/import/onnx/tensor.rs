use super::{
    super::checkpoint::widened,
    error::{quoted, OnnxError},
};
use onnx_ir::TensorProto;
use safetensors::Dtype;
use std::collections::HashMap;

/// What the codes of ONNX's protocol stand for, as it names them.
const PRECISIONS: [&str; 17] = [
    "UNDEFINED",
    "FLOAT",
    "UINT8",
    "INT8",
    "UINT16",
    "INT16",
    "INT32",
    "INT64",
    "STRING",
    "BOOL",
    "FLOAT16",
    "DOUBLE",
    "UINT32",
    "UINT64",
    "COMPLEX64",
    "COMPLEX128",
    "BFLOAT16",
];

/// Constants of a file, read as they are asked for.
pub(super) struct Weights<'a> {
    constants: &'a HashMap<&'a str, &'a TensorProto>,
    read: usize,
    /// Numbers that are read at most, however often a file has one tensor be weights.
    most: usize,
}

pub(super) struct Stored {
    /// In quotes.
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<f32>,
}

impl<'a> Weights<'a> {
    pub(super) fn new(constants: &'a HashMap<&'a str, &'a TensorProto>, most: usize) -> Self {
        Self { constants, read: 0, most }
    }

    pub(super) fn take(&mut self, name: &str) -> Result<Stored, OnnxError> {
        let tensor = quoted(name);
        let Some(stored) = self.constants.get(name) else {
            return Err(OnnxError::NoTensor(tensor));
        };
        let precision = precision(&tensor, stored.data_type)?;
        let (shape, count) = shape(&tensor, &stored.dims)?;
        let bytes = inside(&tensor, stored, precision)?;
        let bytes: &[u8] = bytes.as_deref().unwrap_or(&stored.raw_data);
        // Compared before anything is reserved: what is stored is there.
        let expected = count.saturating_mul((precision.bitsize() / 8) as u128);
        if bytes.len() as u128 != expected {
            let (shape, found) = (format!("{shape:?}"), bytes.len());
            return Err(OnnxError::Bytes { tensor, shape, expected, found });
        }
        let found = self.read as u128 + count;
        if found > self.most as u128 {
            return Err(OnnxError::Many { tensor, found, most: self.most });
        }
        self.read = found as usize;
        let stored = Stored { name: tensor, shape, values: widened(bytes, precision) };
        stored.finite()
    }
}

impl Stored {
    /// All of it times a factor.
    pub(super) fn times(mut self, factor: f32) -> Result<Self, OnnxError> {
        self.values.iter_mut().for_each(|value| *value *= factor);
        self.finite()
    }

    pub(super) fn finite(self) -> Result<Self, OnnxError> {
        match self.values.iter().position(|value| !value.is_finite()) {
            None => Ok(self),
            Some(at) => Err(OnnxError::NotFinite { tensor: self.name, at, value: self.values[at] }),
        }
    }

    pub(super) fn misshapen(&self, expected: String) -> OnnxError {
        let (tensor, found) = (self.name.clone(), format!("{:?}", self.shape));
        OnnxError::Shape { tensor, expected, found }
    }
}

/// The precision of a code, where weights may have it.
pub(super) fn precision(tensor: &str, code: i32) -> Result<Dtype, OnnxError> {
    match code {
        1 => Ok(Dtype::F32),
        10 => Ok(Dtype::F16),
        16 => Ok(Dtype::BF16),
        other => {
            let name = usize::try_from(other).ok().and_then(|code| PRECISIONS.get(code));
            let found = name.map_or_else(|| format!("type {other}"), |name| name.to_string());
            Err(OnnxError::Precision { tensor: tensor.to_owned(), found })
        }
    }
}

/// The shape, and how many numbers it has.
fn shape(tensor: &str, dims: &[i64]) -> Result<(Vec<usize>, u128), OnnxError> {
    let refused = || OnnxError::Shape {
        tensor: tensor.to_owned(),
        expected: "at most two dimensions of at least one".to_owned(),
        found: format!("{:?}", &dims[..dims.len().min(8)]),
    };
    if dims.len() > 2 {
        return Err(refused());
    }
    let size = |dim: &i64| usize::try_from(*dim).ok().filter(|size| *size > 0);
    let shape: Vec<usize> = dims.iter().map(size).collect::<Option<_>>().ok_or_else(refused)?;
    // Two factors of 63 bits.
    let count = shape.iter().map(|size| *size as u128).product();
    Ok((shape, count))
}

/// The bytes of a tensor that keeps its numbers as such. Refuses one that is elsewhere.
fn inside(
    tensor: &str,
    stored: &TensorProto,
    precision: Dtype,
) -> Result<Option<Vec<u8>>, OnnxError> {
    // A stranger's file must not reach for other files of this machine.
    if stored.data_location.value() != 0 || !stored.external_data.is_empty() {
        let location = stored.external_data.iter().find(|entry| entry.key == "location");
        let location = quoted(location.map_or("", |entry| &entry.value));
        return Err(OnnxError::External { tensor: tensor.to_owned(), location });
    }
    let (reals, bits) = (&stored.float_data, &stored.int32_data);
    let ways = [stored.raw_data.is_empty(), reals.is_empty(), bits.is_empty()];
    if stored.segment.is_some() || ways.iter().filter(|empty| !**empty).count() > 1 {
        return Err(OnnxError::Parts { tensor: tensor.to_owned() });
    }
    if !stored.raw_data.is_empty() {
        return Ok(None);
    }
    if precision == Dtype::F32 {
        return Ok(Some(reals.iter().flat_map(|value| value.to_le_bytes()).collect()));
    }
    let mut bytes = Vec::with_capacity(bits.len() * 2);
    for (at, found) in bits.iter().enumerate() {
        let Ok(bits) = u16::try_from(*found) else {
            return Err(OnnxError::Bits { tensor: tensor.to_owned(), at, found: *found });
        };
        bytes.extend(bits.to_le_bytes());
    }
    Ok(Some(bytes))
}
