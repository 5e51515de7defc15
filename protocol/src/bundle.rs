//! What describes a model: the artifact that its META block names.
//!
//! Whoever is to run a model fetches this list and then each file of it, and need not read a model
//! to know which files it has.

use crate::{id::File, wire::wire};
use alloc::vec::Vec;
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, Encode};
use core::fmt;

/// Raised when a bundle changes its meaning or its encoding.
pub const VERSION: u8 = 1;
/// Bytes of a card.
pub const CARD_BYTES: u32 = 1 << 16;
/// Files of a model.
pub const MAX_FILES: u32 = 1 << 14;

wire! {
    /// A model, by its files.
    pub struct Bundle {
        /// [`VERSION`].
        pub version: u8,
        /// What kind of model it is and which of the files are its programs, for whoever runs it.
        pub card: BoundedVec<u8, ConstU32<CARD_BYTES>>,
        /// What makes tokens of text; also among the files.
        pub tokenizer: Option<File>,
        /// All that it takes to run the model, by identity and without repetition.
        pub files: BoundedVec<File, ConstU32<MAX_FILES>>,
    }
}

/// Why bytes are no bundle.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Malformed {
    /// There are no bytes at all.
    Empty,
    Version {
        need: u8,
        have: u8,
    },
    /// They end too early, or hold more than a bundle can.
    NotABundle,
    /// So many bytes follow it.
    LeftOver(usize),
    /// Its files do not stand in the order of their identities, or one stands there twice.
    Unsorted,
    /// Its tokenizer is none of its files.
    TokenizerLeftOut,
}

impl Bundle {
    /// Reads a bundle, which is all there is.
    pub fn read(mut bytes: &[u8]) -> Result<Self, Malformed> {
        let version = *bytes.first().ok_or(Malformed::Empty)?;
        if version != VERSION {
            return Err(Malformed::Version { need: VERSION, have: version });
        }
        let bundle = Self::decode(&mut bytes).map_err(|_| Malformed::NotABundle)?;
        if !bytes.is_empty() {
            return Err(Malformed::LeftOver(bytes.len()));
        }
        if !bundle.files.windows(2).all(|two| two[0].id < two[1].id) {
            return Err(Malformed::Unsorted);
        }
        if bundle.tokenizer.is_some_and(|tokenizer| !bundle.files.contains(&tokenizer)) {
            return Err(Malformed::TokenizerLeftOut);
        }
        Ok(bundle)
    }

    /// The only bytes that it is read of.
    pub fn write(&self) -> Vec<u8> {
        self.encode()
    }

    /// What all files come to together.
    pub fn bytes(&self) -> u64 {
        self.files.iter().fold(0, |sum, file| file.bytes.saturating_add(sum))
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("there are no bytes, and a bundle has some"),
            Self::Version { need, have } => {
                write!(f, "the bundle is of version {have}, and version {need} is read here")
            }
            Self::NotABundle => f.write_str("the bytes are no bundle of this version"),
            Self::LeftOver(bytes) => write!(f, "{bytes} bytes follow the bundle"),
            Self::Unsorted => f.write_str("its files are not in the order of their identities"),
            Self::TokenizerLeftOut => f.write_str("its tokenizer is none of its files"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ContentId;
    use alloc::vec;

    fn file(first: u8) -> File {
        File { id: ContentId([first; 32]), bytes: 10 }
    }

    fn bundle(files: Vec<File>, tokenizer: Option<File>) -> Bundle {
        let files = BoundedVec::truncate_from(files);
        let card = BoundedVec::truncate_from(b"{}".to_vec());
        Bundle { version: VERSION, card, tokenizer, files }
    }

    #[test]
    fn read_should_give_back_what_was_written() {
        let bundle = bundle(vec![file(1), file(2)], Some(file(2)));
        assert_eq!(Bundle::read(&bundle.write()), Ok(bundle.clone()));
        assert_eq!(bundle.bytes(), 20);
    }

    #[test]
    fn read_should_refuse_what_is_no_bundle() {
        let bytes = bundle(vec![file(1)], None).write();
        assert_eq!(Bundle::read(&[]), Err(Malformed::Empty));
        let version = Malformed::Version { need: VERSION, have: 9 };
        assert_eq!(Bundle::read(&[&[9], &bytes[1..]].concat()), Err(version));
        assert_eq!(Bundle::read(&bytes[..bytes.len() - 1]), Err(Malformed::NotABundle));
        let longer = [bytes.as_slice(), &[0; 3]].concat();
        assert_eq!(Bundle::read(&longer), Err(Malformed::LeftOver(3)));
    }

    #[test]
    fn read_should_refuse_files_that_are_not_sorted_or_twice_there() {
        for files in [vec![file(2), file(1)], vec![file(1), file(1)]] {
            let bytes = bundle(files, None).write();
            assert_eq!(Bundle::read(&bytes), Err(Malformed::Unsorted));
        }
    }

    #[test]
    fn read_should_refuse_a_tokenizer_that_is_left_out() {
        let bytes = bundle(vec![file(1)], Some(file(2))).write();
        assert_eq!(Bundle::read(&bytes), Err(Malformed::TokenizerLeftOut));
    }
}
