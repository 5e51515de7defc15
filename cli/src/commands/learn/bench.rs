//! What is kept of a delta that is being made, in a folder for each component: whoever is killed
//! goes on where it was, and nothing is committed to twice.

use crate::exit::{Failure, Outcome};
use cairn_protocol::{
    id::{BlockId, ContentId, DeltaId, Digest, File},
    learning::model::Head,
    preimage::{DeltaCommitment, Statement},
};
use cairn_sdk::AccountId32;
use codec::{Decode, DecodeAll, Encode};
use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// What the file begins with.
const MARK: &[u8] = b"cairn-attempt-1\n";
const ATTEMPT: &str = "attempt";
/// Commitments that nothing came of, whose deposits come back when they are too old to count.
const OWED: &str = "owed";
const LOCK: &str = "lock";

/// A delta that is being made.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Attempt {
    /// What it was learned on.
    pub onto: Head,
    /// In the folder's store.
    pub artifact: File,
    pub stage: Stage,
}

/// How far it is.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, PartialEq)]
pub enum Stage {
    /// Nobody has looked whether it is better.
    Learned,
    /// It is, and somebody may have been told that there is one.
    Passed(Passed),
    /// The commitment is in a final block.
    Committed(Passed),
    /// Guards have it.
    Submitted(DeltaId),
}

/// What one's own check came to, and what is committed to.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Passed {
    /// What it was held against.
    pub head: BlockId,
    /// Millionths of the logarithm of old over new: what is claimed.
    pub gain: u64,
    pub salt: Digest,
}

impl Passed {
    /// What is committed to, in the name of an account on a chain.
    pub fn commitment(&self, genesis: &Digest, author: AccountId32, artifact: ContentId) -> Digest {
        DeltaCommitment { author, artifact, salt: self.salt }.digest(genesis)
    }
}

/// The folder of a component, which one process has at a time.
pub struct Bench {
    folder: PathBuf,
    _lock: fs::File,
}

impl Bench {
    pub fn open(folder: &Path) -> Outcome<Self> {
        for folder in [folder, &store(folder), &scratch(folder)] {
            fs::create_dir_all(folder).map_err(|error| cannot("made", folder, &error))?;
        }
        let path = folder.join(LOCK);
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let lock = lock.map_err(|error| cannot("made", &path, &error))?;
        lock.try_lock().map_err(|_| {
            Failure::failed(format!(
                "{}: another process learns this component; wait until it has ended, or name \
                 another folder with --work",
                folder.display()
            ))
        })?;
        Ok(Self { folder: folder.to_owned(), _lock: lock })
    }

    /// The files of the model, and the delta.
    pub fn store(&self) -> PathBuf {
        store(&self.folder)
    }

    /// Where processes write.
    pub fn scratch(&self) -> PathBuf {
        scratch(&self.folder)
    }

    /// What was begun and has not ended.
    pub fn attempt(&self) -> Outcome<Option<Attempt>> {
        let path = self.folder.join(ATTEMPT);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(cannot("read", &path, &error)),
        };
        let read =
            bytes.strip_prefix(MARK).and_then(|mut body| Attempt::decode_all(&mut body).ok());
        read.map(Some).ok_or_else(|| {
            Failure::failed(format!(
                "{} is of another version of this program, or damaged; end the delta with that \
                 version, or remove the file to begin another one",
                path.display()
            ))
        })
    }

    /// Keeps how far it is. That is on disk, or nothing has changed.
    pub fn save(&self, attempt: &Attempt) -> Outcome {
        self.write(ATTEMPT, &[MARK, &attempt.encode()].concat())
    }

    /// Nothing is begun any more.
    pub fn end(&self) -> Outcome {
        let path = self.folder.join(ATTEMPT);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(cannot("removed", &path, &error))
            }
            _ => Ok(()),
        }
    }

    /// Commitments whose deposits are to be taken back.
    pub fn owed(&self) -> Outcome<Vec<Digest>> {
        let path = self.folder.join(OWED);
        match fs::read(&path) {
            Ok(bytes) => Ok(bytes.as_chunks().0.to_vec()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(cannot("read", &path, &error)),
        }
    }

    /// Notes a commitment that nothing comes of.
    pub fn owe(&self, commitment: Digest) -> Outcome {
        let mut all = self.owed()?;
        if !all.contains(&commitment) {
            all.push(commitment);
        }
        self.write(OWED, all.as_flattened())
    }

    /// Its deposit is back.
    pub fn settled(&self, commitment: &Digest) -> Outcome {
        let mut all = self.owed()?;
        all.retain(|one| one != commitment);
        self.write(OWED, all.as_flattened())
    }

    /// For its user alone: a salt is nobody else's before it is shown.
    fn write(&self, name: &str, bytes: &[u8]) -> Outcome {
        let path = self.folder.join(name);
        let fresh = self.folder.join(format!("{name}.new"));
        let written = || -> std::io::Result<()> {
            let mut options = OpenOptions::new();
            let mut file =
                options.create(true).truncate(true).write(true).mode(0o600).open(&fresh)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&fresh, &path)?;
            fs::File::open(&self.folder)?.sync_all()
        };
        written().map_err(|error| cannot("written", &path, &error))
    }
}

fn store(folder: &Path) -> PathBuf {
    folder.join("store")
}

fn scratch(folder: &Path) -> PathBuf {
    folder.join("scratch")
}

fn cannot(done: &str, path: &Path, error: &std::io::Error) -> Failure {
    let path = path.display();
    Failure::failed(format!(
        "{path} cannot be {done}: {error}; see that its disk is there and has room, and that you may"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_protocol::dag::SemVer;

    fn attempt(stage: Stage) -> Attempt {
        let file = File { id: ContentId([2; 32]), bytes: 9 };
        let release = SemVer { major: 1, minor: 0, patch: 3 };
        let onto = Head { block: BlockId([1; 32]), file, release, judged: 4 };
        Attempt { onto, artifact: file, stage }
    }

    fn passed() -> Passed {
        Passed { head: BlockId([1; 32]), gain: 7, salt: [8; 32] }
    }

    #[test]
    fn attempt_should_go_on_with_its_salt_when_the_process_is_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let commitment = |attempt: &Attempt| {
            let Stage::Passed(passed) = attempt.stage else { panic!("{attempt:?}") };
            passed.commitment(&[3; 32], AccountId32([4; 32]), attempt.artifact.id)
        };
        let begun = attempt(Stage::Passed(passed()));
        {
            let bench = Bench::open(folder.path()).unwrap();
            assert_eq!(bench.attempt().unwrap(), None);
            bench.save(&attempt(Stage::Learned)).unwrap();
            bench.save(&begun).unwrap();
            // Of two, one waits.
            let Err(refused) = Bench::open(folder.path()) else { panic!("it is open") };
            assert!(refused.to_string().contains("another process"), "{refused}");
        }
        // Killed while it wrote.
        fs::write(folder.path().join("attempt.new"), b"cairn").unwrap();
        let bench = Bench::open(folder.path()).unwrap();
        let again = bench.attempt().unwrap().unwrap();
        assert_eq!((again, commitment(&again)), (begun, commitment(&begun)));
        bench.end().unwrap();
        bench.end().unwrap();
        assert_eq!(bench.attempt().unwrap(), None);
    }

    #[test]
    fn attempt_should_not_be_taken_for_none_when_it_cannot_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let bench = Bench::open(folder.path()).unwrap();
        bench.save(&attempt(Stage::Submitted(DeltaId(7)))).unwrap();
        let path = folder.path().join(ATTEMPT);
        let whole = fs::read(&path).unwrap();
        for bytes in
            [&whole[..whole.len() - 1], b"cairn-attempt-2\n", &[whole.as_slice(), b"x"].concat()]
        {
            fs::write(&path, bytes).unwrap();
            let refused = bench.attempt().unwrap_err().to_string();
            assert!(refused.contains("remove the file"), "{refused}");
        }
    }

    #[test]
    fn commitments_should_be_owed_until_they_are_settled() {
        let folder = tempfile::tempdir().unwrap();
        let bench = Bench::open(folder.path()).unwrap();
        assert!(bench.owed().unwrap().is_empty());
        for digest in [[1; 32], [2; 32], [1; 32]] {
            bench.owe(digest).unwrap();
        }
        assert_eq!(bench.owed().unwrap(), [[1; 32], [2; 32]]);
        bench.settled(&[1; 32]).unwrap();
        assert_eq!(bench.owed().unwrap(), [[2; 32]]);
    }
}
