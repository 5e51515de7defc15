//! Parts of a file that is held, proven to belong to it without having all of it in memory.

use blake3::{
    hazmat::{ChainingValue, HasherExt},
    Hasher,
};
use cairn_protocol::{
    chunk::{verify, Proof, Way},
    id::File,
};
use std::{
    fs,
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
    path::Path,
};

/// Proves a chunk of a file that lies there, as the chain looks at it.
pub(crate) fn prove(path: &Path, file: &File, index: u64) -> io::Result<Proof> {
    let way = Way::to(file.bytes, index).ok_or(io::ErrorKind::InvalidInput)?;
    let mut from = fs::File::open(path)?;
    let mut chunk = Vec::new();
    cut(&mut from, &way.chunk)?.read_to_end(&mut chunk)?;
    let values = way.beside.iter().map(|part| chaining_value(&mut from, part));
    let siblings = values.collect::<io::Result<Vec<_>>>()?;
    let proof = Proof {
        chunk: chunk.try_into().map_err(changed)?,
        siblings: siblings.try_into().map_err(changed)?,
    };
    verify(&file.id, file.bytes, index, &proof).map_err(changed)?;
    Ok(proof)
}

/// The value of a part of the file, which is read a little at a time.
fn chaining_value(from: &mut fs::File, part: &Range<u64>) -> io::Result<ChainingValue> {
    let mut hasher = Hasher::new();
    hasher.set_input_offset(part.start);
    hasher.update_reader(cut(from, part)?)?;
    if hasher.count() == 0 {
        return Err(changed(()));
    }
    Ok(hasher.finalize_non_root())
}

fn cut<'a>(from: &'a mut fs::File, part: &Range<u64>) -> io::Result<io::Take<&'a mut fs::File>> {
    from.seek(SeekFrom::Start(part.start))?;
    Ok(from.take(part.end.saturating_sub(part.start)))
}

/// It was hashed when it came in, and is another one now.
fn changed<T>(_: T) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it is not what it was when it came")
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_protocol::chunk::{self, content};

    #[test]
    fn prove_should_come_to_what_is_proven_of_all_bytes_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for length in [0_u32, 1, 1_024, 1_025, 5_000, 100_000] {
            let bytes: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            fs::write(&path, &bytes).unwrap();
            let file = File { id: content(&bytes), bytes: length.into() };
            for index in 0..chunk::chunks(file.bytes) {
                let proof = prove(&path, &file, index).unwrap();
                assert_eq!(Some(proof), chunk::prove(&bytes, index), "{index} of {length}");
            }
            let beyond = prove(&path, &file, chunk::chunks(file.bytes)).unwrap_err();
            assert_eq!(beyond.kind(), io::ErrorKind::InvalidInput);
        }
    }

    #[test]
    fn prove_should_refuse_when_the_file_is_not_what_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let bytes = vec![7; 5_000];
        let file = File { id: content(&bytes), bytes: 5_000 };
        for other in [vec![8; 5_000], vec![7; 4_000], Vec::new()] {
            fs::write(&path, other).unwrap();
            let refused = prove(&path, &file, 0).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::InvalidData);
        }
    }
}
