//! A set of examples that nobody is to read before its period is over, as its curator keeps it.
//!
//! The records are encrypted with AES-256-GCM, with a key that encrypts nothing else. Anyone may
//! have the encrypted bytes, and reads them once the curator has said the key.

use crate::{
    cipher::{self, ONCE},
    files::{self, FileError},
    secret::Secret,
    Unsealed,
};
use cairn_protocol::{
    chunk::content,
    id::{BlockId, ContentId, Digest},
    learning::curation::Opening,
    preimage::{SetCommitment, Statement},
};
use codec::Encode;
use std::path::Path;
use zeroize::Zeroizing;

/// What such a file begins with.
const MARK: &[u8] = b"cairn-set-1";
/// Key, salt and root.
const BYTES: usize = 3 * 32;
/// What is authenticated with the records.
const CONTEXT: &[u8] = b"cairn/set/1";
/// By how much encrypted records are longer.
const TAG_BYTES: usize = 16;

/// What opens a set. Whoever has it reads the records, and can open the set in nobody's name but
/// the curator's.
#[derive(Debug)]
pub struct KeptSet {
    key: Secret,
    salt: Digest,
    root: ContentId,
}

impl KeptSet {
    /// Draws what a set of these records is sealed with.
    pub fn draw(records: &[u8]) -> Result<Self, Unsealed> {
        let salt = *Secret::random()?.expose();
        Ok(Self { key: Secret::random()?, salt, root: content(records) })
    }

    /// BLAKE3 of the records.
    pub fn root(&self) -> ContentId {
        self.root
    }

    /// The records, encrypted: the same bytes each time. None where they are others than it was
    /// drawn for, as a key encrypts one set in its life.
    pub fn encrypted(&self, records: &[u8]) -> Option<Vec<u8>> {
        if content(records) != self.root {
            return None;
        }
        let mut bytes = Vec::with_capacity(records.len() + TAG_BYTES);
        bytes.extend_from_slice(records);
        cipher::encrypt(&self.key, &ONCE, CONTEXT, &mut bytes).ok()?;
        Some(bytes)
    }

    /// The records that were encrypted with it; none of other bytes.
    pub fn records(&self, encrypted: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let records = cipher::decrypted(&self.key, &ONCE, CONTEXT, encrypted).ok()?;
        (content(&records) == self.root).then_some(records)
    }

    /// What a curator commits to.
    pub fn commitment<AccountId: Encode>(
        &self,
        genesis: &Digest,
        period: u32,
        model: BlockId,
        curator: AccountId,
    ) -> Digest {
        let Opening { root, key, salt } = self.opening();
        SetCommitment { period, model, curator, root, key, salt }.digest(genesis)
    }

    /// What is said when the period is over.
    pub fn opening(&self) -> Opening {
        Opening { root: self.root, key: *self.key.expose(), salt: self.salt }
    }

    /// Keeps it in a new file that its user alone can read.
    pub fn save(&self, path: &Path) -> Result<(), FileError> {
        let mut secret = Zeroizing::new(Vec::with_capacity(BYTES));
        for part in [self.key.expose(), &self.salt, &self.root.0] {
            secret.extend_from_slice(part);
        }
        files::create(path, MARK, &secret)
    }

    /// Reads what [`Self::save`] wrote.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let secret = files::read::<BYTES>(path, MARK)?;
        let (parts, _) = secret.as_chunks::<32>();
        match parts {
            [key, salt, root] => {
                Ok(Self { key: Secret::copied(key), salt: *salt, root: ContentId(*root) })
            }
            _ => Err(FileError::Malformed { path: path.into() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: BlockId = BlockId([2; 32]);

    #[test]
    fn set_should_be_read_again_by_what_was_kept_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.set");
        let kept = KeptSet::draw(b"records").unwrap();
        kept.save(&path).unwrap();
        let encrypted = kept.encrypted(b"records").unwrap();
        assert_eq!(encrypted.len(), b"records".len() + TAG_BYTES);
        assert!(!encrypted.windows(7).any(|some| some == b"records"));

        let again = KeptSet::open(&path).unwrap();
        assert_eq!(again.opening(), kept.opening());
        assert_eq!(again.encrypted(b"records").unwrap(), encrypted);
        assert_eq!(again.records(&encrypted).unwrap().as_slice(), b"records");
        let commitment = |kept: &KeptSet, period| kept.commitment(&[1; 32], period, MODEL, 7u64);
        assert_eq!(commitment(&again, 3), commitment(&kept, 3));
        assert_ne!(commitment(&again, 4), commitment(&kept, 3));
    }

    #[test]
    fn key_should_encrypt_nothing_but_its_set_and_open_nothing_else() {
        let kept = KeptSet::draw(b"records").unwrap();
        assert_eq!(kept.encrypted(b"others"), None);
        let mut encrypted = kept.encrypted(b"records").unwrap();
        encrypted[0] ^= 1;
        assert_eq!(kept.records(&encrypted), None);
        let other = KeptSet::draw(b"records").unwrap();
        assert_ne!(other.opening().key, kept.opening().key);
    }
}
