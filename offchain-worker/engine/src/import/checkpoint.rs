use super::{error::ImportError, settings::read_json};
use half::{bf16, f16};
use safetensors::{tensor::Metadata, Dtype};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs::File,
    io::{ErrorKind, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

/// The longest header that the format allows.
const MOST_HEADER: u64 = 100_000_000;
/// The number before the header that says how long it is.
const PREFIX: u64 = 8;

/// Tensors of a checkpoint, read one by one: a model need not fit in memory twice.
#[derive(Debug)]
pub struct Checkpoint {
    files: Vec<Shard>,
    /// What has not been read.
    left: BTreeMap<String, Stored>,
}

#[derive(Debug)]
struct Shard {
    path: PathBuf,
    file: File,
}

/// Where a tensor is, and what.
#[derive(Clone, Debug)]
pub struct Stored {
    pub shape: Vec<usize>,
    pub precision: Dtype,
    shard: usize,
    start: u64,
    length: usize,
}

impl Checkpoint {
    /// Reads the headers of `model.safetensors`, or of the files that an index names.
    pub fn open(folder: &Path) -> Result<Self, ImportError> {
        let index = folder.join("model.safetensors.index.json");
        let single = folder.join("model.safetensors");
        let mut checkpoint = Self { files: Vec::new(), left: BTreeMap::new() };
        if single.exists() {
            checkpoint.add(single)?;
        } else if index.exists() {
            checkpoint.follow(folder, &index)?;
        } else {
            return Err(ImportError::NoWeights { folder: folder.to_owned() });
        }
        Ok(checkpoint)
    }

    /// What has not been read yet.
    pub fn left(&self) -> impl Iterator<Item = (&str, &Stored)> {
        self.left.iter().map(|(name, stored)| (name.as_str(), stored))
    }

    /// Reads a tensor of this shape, once.
    pub fn take(&mut self, tensor: &str, expected: &[usize]) -> Result<Vec<f32>, ImportError> {
        let stored = self.left.remove(tensor).ok_or_else(|| ImportError::NoTensor {
            tensor: tensor.to_owned(),
            expected: expected.to_vec(),
        })?;
        if stored.shape != expected {
            return Err(ImportError::Shape {
                tensor: tensor.to_owned(),
                expected: expected.to_vec(),
                found: stored.shape,
            });
        }
        let precision = stored.precision;
        if !matches!(precision, Dtype::F32 | Dtype::F16 | Dtype::BF16) {
            let found = precision.to_string();
            return Err(ImportError::Precision { tensor: tensor.to_owned(), found });
        }
        let shard = &mut self.files[stored.shard];
        let mut bytes = vec![0; stored.length];
        shard
            .file
            .seek(SeekFrom::Start(stored.start))
            .and_then(|_| shard.file.read_exact(&mut bytes))
            .map_err(|source| ImportError::File { path: shard.path.clone(), source })?;
        let values = widened(&bytes, precision);
        match values.iter().position(|value| !value.is_finite()) {
            None => Ok(values),
            Some(at) => {
                let value = values[at];
                Err(ImportError::NotFinite { tensor: tensor.to_owned(), at, value })
            }
        }
    }

    /// Whether there is such a tensor that has not been read yet.
    pub(super) fn has(&self, tensor: &str) -> bool {
        self.left.contains_key(tensor)
    }

    /// Says that a tensor is known to change nothing, where it is there.
    pub fn skip(&mut self, tensor: &str) {
        self.left.remove(tensor);
    }

    /// Says that tensors whose names begin so are not part of the model. How many there are.
    pub(super) fn skip_all(&mut self, beginning: &str) -> usize {
        let before = self.left.len();
        self.left.retain(|tensor, _| !tensor.starts_with(beginning));
        before - self.left.len()
    }

    /// Refuses tensors that nobody asked for.
    pub fn finish(self) -> Result<(), ImportError> {
        let count = self.left.len();
        match self.left.into_keys().next() {
            None => Ok(()),
            Some(first) => Err(ImportError::Unused { count, first }),
        }
    }

    fn add(&mut self, path: PathBuf) -> Result<usize, ImportError> {
        let failed = |source| ImportError::File { path: path.clone(), source };
        let mut file = File::open(&path).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        let (metadata, start) = header(&mut file, size, &path)?;
        let shard = self.files.len();
        for (tensor, info) in metadata.tensors() {
            let (from, to) = info.data_offsets;
            let stored = Stored {
                shape: info.shape.clone(),
                precision: info.dtype,
                shard,
                start: start + from as u64,
                length: to - from,
            };
            if let Some(before) = self.left.insert(tensor.clone(), stored) {
                let first = self.files[before.shard].path.display().to_string();
                let second = path.display().to_string();
                return Err(ImportError::Twice { tensor, first, second });
            }
        }
        self.files.push(Shard { path, file });
        Ok(shard)
    }

    fn follow(&mut self, folder: &Path, index: &Path) -> Result<(), ImportError> {
        let mut value = read_json(index)?;
        let bad =
            |reason: &str| ImportError::Json { path: index.to_owned(), reason: reason.to_owned() };
        let Some(Value::Object(map)) = value.get_mut("weight_map").map(Value::take) else {
            return Err(bad("there is no object weight_map"));
        };
        let mut shards = BTreeMap::new();
        for (tensor, file) in map {
            let Value::String(file) = file else {
                return Err(bad("weight_map has a value that is no text"));
            };
            let shard = match shards.get(&file) {
                Some(shard) => *shard,
                None => {
                    // A stranger's index must not reach for other files of this machine.
                    let plain = Path::new(&file).file_name().is_some_and(|name| *name == *file);
                    if !plain {
                        return Err(ImportError::Shard { path: index.to_owned(), file });
                    }
                    let shard = self.add(folder.join(&file))?;
                    shards.insert(file.clone(), shard);
                    shard
                }
            };
            if self.left.get(&tensor).is_none_or(|stored| stored.shard != shard) {
                return Err(ImportError::Index { path: index.to_owned(), file, tensor });
            }
        }
        Ok(())
    }
}

/// The header, and where what it describes begins. Checks that tensors lie one behind the
/// other and fill the rest of the file, so that nothing is ever reserved or read that the
/// file does not have.
fn header(file: &mut File, size: u64, path: &Path) -> Result<(Metadata, u64), ImportError> {
    let bad = |reason: String| ImportError::Header { path: path.to_owned(), reason };
    let failed = |source: std::io::Error| match source.kind() {
        ErrorKind::UnexpectedEof => bad("it ends within its header".to_owned()),
        _ => ImportError::File { path: path.to_owned(), source },
    };
    let mut prefix = [0; PREFIX as usize];
    file.read_exact(&mut prefix).map_err(failed)?;
    let length = u64::from_le_bytes(prefix);
    let rest = size.saturating_sub(PREFIX);
    if length > rest.min(MOST_HEADER) {
        return Err(bad(format!("its header is to have {length} bytes, and {rest} are left")));
    }
    let mut text = vec![0; length as usize];
    file.read_exact(&mut text).map_err(failed)?;
    let metadata: Metadata = serde_json::from_slice(&text).map_err(|e| bad(e.to_string()))?;
    let (need, have) = (metadata.data_len() as u64, rest - length);
    if need != have {
        return Err(bad(format!(
            "its tensors have {need} bytes, and the file has {have} for them"
        )));
    }
    Ok((metadata, PREFIX + length))
}

pub(super) fn widened(bytes: &[u8], precision: Dtype) -> Vec<f32> {
    let pair = |bytes: &[u8]| [bytes[0], bytes[1]];
    match precision {
        Dtype::F16 => bytes.chunks_exact(2).map(|b| f16::from_le_bytes(pair(b)).to_f32()).collect(),
        Dtype::BF16 => {
            bytes.chunks_exact(2).map(|b| bf16::from_le_bytes(pair(b)).to_f32()).collect()
        }
        _ => bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
    }
}
