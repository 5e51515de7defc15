//! Where the output goes: into the answer where it is short, else into a file, state by state.

use cairn_order::{Fault, Product};
use cairn_protocol::{failure::Failure, id::Digest};
use std::{
    fs::File,
    io::{self, BufWriter, ErrorKind, Seek, SeekFrom, Write},
    path::Path,
};

pub const HASH_BYTES: u64 = 32;
/// What the file is called in the scratch folder.
const NAME: &str = "states";

pub struct Sink(Place);

enum Place {
    /// The states kept so far.
    Memory(Vec<u8>),
    /// These, behind room for the hash and the last state.
    File(BufWriter<File>),
}

impl Sink {
    /// For an output of so many bytes, of which a state has so many.
    pub fn new(bytes: u64, state: u64, scratch: &Path, inline: u32) -> Result<Self, Fault> {
        if bytes <= u64::from(inline) {
            return Ok(Self(Place::Memory(Vec::new())));
        }
        let file = || -> io::Result<BufWriter<File>> {
            let mut file = BufWriter::new(File::create(scratch.join(NAME))?);
            file.seek(SeekFrom::Start(HASH_BYTES.saturating_add(state)))?;
            Ok(file)
        };
        file().map(|file| Self(Place::File(file))).map_err(|error| unwritten(&error))
    }

    pub fn push(&mut self, state: &[u8]) -> Result<(), Fault> {
        match &mut self.0 {
            Place::Memory(bytes) => bytes.extend_from_slice(state),
            Place::File(file) => file.write_all(state).map_err(|error| unwritten(&error))?,
        }
        Ok(())
    }

    /// The hash and the last state stand first, though they are known last.
    pub fn finish(self, hash: &Digest, state: &[u8]) -> Result<Product, Fault> {
        let mut file = match self.0 {
            Place::Memory(states) => {
                return Ok(Product::Inline([hash.as_slice(), state, &states].concat()));
            }
            Place::File(file) => file,
        };
        let mut write = || -> io::Result<()> {
            file.seek(SeekFrom::Start(0))?;
            file.write_all(hash)?;
            file.write_all(state)?;
            file.flush()
        };
        write().map_err(|error| unwritten(&error))?;
        Ok(Product::Scratch(NAME.into()))
    }
}

fn unwritten(error: &io::Error) -> Fault {
    let failure = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            Failure::DiskFull
        }
        _ => Failure::Internal,
    };
    Fault::new(failure, format_args!("the states cannot be written: {error}"))
}
