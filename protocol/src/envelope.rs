//! How sealed bytes are laid out, so that clients in any language make and read the same ones.
//! Nothing is encrypted here.
//!
//! ```text
//! content   reply key ‖ input
//! payload   "cairn-seal-1" ‖ nonce ‖ AES-256-GCM(content)
//! key       1 ‖ address ‖ X-Wing ‖ AES-256-GCM(key ‖ BLAKE3 of the content ‖ salt)
//! result    "cairn-result-1" ‖ X-Wing ‖ AES-256-GCM(result)
//! ```
//!
//! Each has a context that is authenticated with it, so that it opens nowhere else. A payload's key
//! is used once; the two that X-Wing gives encrypt one message each, under a nonce of zeros.

use crate::{
    id::{Digest, ProviderId, TaskId},
    preimage::Statement,
    profile::{PayloadKey, PAYLOAD_KEY_BYTES},
    wire::wire,
};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use core::fmt;

pub const KEY_BYTES: usize = 32;
pub const NONCE_BYTES: usize = 12;
pub const TAG_BYTES: usize = 16;
/// An X-Wing ciphertext: ML-KEM-768's 1,088 bytes and X25519's 32.
pub const ENCAPSULATION_BYTES: usize = 1_120;
/// What a wrapped key holds: the key, the id of the content and the salt.
pub const OPENING_BYTES: usize = 96;

/// What every sealed payload begins with.
pub const PAYLOAD_MARK: [u8; 12] = *b"cairn-seal-1";
/// What every sealed result begins with.
pub const RESULT_MARK: [u8; 14] = *b"cairn-result-1";
/// What every wrapped key begins with.
pub const KEY_VERSION: u8 = 1;

/// How much longer than the input a sealed payload is.
pub const PAYLOAD_OVERHEAD: usize =
    PAYLOAD_MARK.len() + NONCE_BYTES + PAYLOAD_KEY_BYTES as usize + TAG_BYTES;
/// How much longer than the result a sealed one is.
pub const RESULT_OVERHEAD: usize = RESULT_MARK.len() + ENCAPSULATION_BYTES + TAG_BYTES;
/// An [`Address`], encoded.
pub const ADDRESS_BYTES: usize = 28;
/// A wrapped key has this length, no other.
pub const WRAPPED_BYTES: usize =
    1 + ADDRESS_BYTES + ENCAPSULATION_BYTES + OPENING_BYTES + TAG_BYTES;

wire! {
    /// What a payload is sealed for.
    #[derive(Copy)]
    pub struct PayloadContext {
        /// The account that submits the task.
        pub requester: [u8; 32],
        /// [`crate::preimage::SealCommitment`].
        pub commitment: Digest,
    }

    /// Whom a key is wrapped for. It stands in the clear, so that a reader can say what is wrong
    /// with an envelope that was meant for another.
    #[derive(Copy)]
    pub struct Address {
        pub task: TaskId,
        pub provider: ProviderId,
        /// The provider's registration as it stood at assignment.
        pub generation: u32,
        /// [`fingerprint`] of the key that it is wrapped with.
        pub recipient: [u8; 8],
    }

    /// What a result is sealed for.
    #[derive(Copy)]
    pub struct ResultContext {
        pub task: TaskId,
        /// [`crate::preimage::SealCommitment`].
        pub commitment: Digest,
    }
}

impl Statement for PayloadContext {
    const TAG: &'static str = "cairn/sealed-payload";
}

impl Statement for Address {
    const TAG: &'static str = "cairn/wrapped-key";
}

impl Statement for ResultContext {
    const TAG: &'static str = "cairn/sealed-result";
}

/// Tells payload keys apart: the first bytes of a key's BLAKE3.
pub fn fingerprint(key: &PayloadKey) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = *blake3::hash(key).as_bytes();
    [a, b, c, d, e, f, g, h]
}

/// Why bytes are no envelope.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Malformed {
    TooShort {
        have: usize,
        need: usize,
    },
    TooLong {
        have: usize,
        most: usize,
    },
    /// It begins with no mark or version that is known here.
    Unknown,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { have, need } => {
                write!(f, "it has {have} bytes and needs {need}: a part of it is missing")
            }
            Self::TooLong { have, most } => {
                write!(f, "it has {have} bytes, and {most} is the most it can have")
            }
            Self::Unknown => f.write_str("it begins with no mark of an envelope that is known"),
        }
    }
}

impl core::error::Error for Malformed {}

/// An encrypted input, in parts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SealedPayload<'a> {
    pub nonce: &'a [u8; NONCE_BYTES],
    /// The encrypted content, and its tag.
    pub ciphertext: &'a [u8],
}

impl<'a> SealedPayload<'a> {
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let short = Malformed::TooShort { have: bytes.len(), need: PAYLOAD_OVERHEAD };
        if bytes.len() < PAYLOAD_OVERHEAD {
            return Err(short);
        }
        let rest = bytes.strip_prefix(&PAYLOAD_MARK).ok_or(Malformed::Unknown)?;
        let (nonce, ciphertext) = rest.split_first_chunk().ok_or(short)?;
        Ok(Self { nonce, ciphertext })
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        [&PAYLOAD_MARK[..], &self.nonce[..], self.ciphertext].concat()
    }
}

/// The key of a payload, encrypted for one worker or guard, in parts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SealedKey<'a> {
    pub address: Address,
    pub encapsulation: &'a [u8; ENCAPSULATION_BYTES],
    /// The encrypted opening, and its tag.
    pub ciphertext: &'a [u8],
}

impl<'a> SealedKey<'a> {
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let short = Malformed::TooShort { have: bytes.len(), need: WRAPPED_BYTES };
        let (version, rest) = bytes.split_first().ok_or(short)?;
        if *version != KEY_VERSION {
            return Err(Malformed::Unknown);
        }
        if bytes.len() > WRAPPED_BYTES {
            return Err(Malformed::TooLong { have: bytes.len(), most: WRAPPED_BYTES });
        }
        if bytes.len() < WRAPPED_BYTES {
            return Err(short);
        }
        let (address, rest) = rest.split_first_chunk::<ADDRESS_BYTES>().ok_or(short)?;
        let address = Address::decode(&mut &address[..]).map_err(|_| Malformed::Unknown)?;
        let (encapsulation, ciphertext) = rest.split_first_chunk().ok_or(short)?;
        Ok(Self { address, encapsulation, ciphertext })
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let address = self.address.encode();
        [&[KEY_VERSION][..], &address[..], &self.encapsulation[..], self.ciphertext].concat()
    }
}

/// A result that the requester alone reads, in parts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SealedResult<'a> {
    pub encapsulation: &'a [u8; ENCAPSULATION_BYTES],
    /// The encrypted result, and its tag.
    pub ciphertext: &'a [u8],
}

impl<'a> SealedResult<'a> {
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let short = Malformed::TooShort { have: bytes.len(), need: RESULT_OVERHEAD };
        if bytes.len() < RESULT_OVERHEAD {
            return Err(short);
        }
        let rest = bytes.strip_prefix(&RESULT_MARK).ok_or(Malformed::Unknown)?;
        let (encapsulation, ciphertext) = rest.split_first_chunk().ok_or(short)?;
        Ok(Self { encapsulation, ciphertext })
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        [&RESULT_MARK[..], &self.encapsulation[..], self.ciphertext].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::WRAPPED_KEY_BYTES;
    use codec::MaxEncodedLen;
    use proptest::prelude::*;

    const ADDRESS: Address =
        Address { task: TaskId(7), provider: ProviderId(3), generation: 2, recipient: [9; 8] };

    fn wrapped() -> Vec<u8> {
        let encapsulation = [1; ENCAPSULATION_BYTES];
        let ciphertext = [2; OPENING_BYTES + TAG_BYTES];
        SealedKey { address: ADDRESS, encapsulation: &encapsulation, ciphertext: &ciphertext }
            .to_bytes()
    }

    #[test]
    fn wrapped_key_should_fit_into_its_transaction() {
        assert_eq!(ADDRESS_BYTES, Address::max_encoded_len());
        assert_eq!(wrapped().len(), WRAPPED_BYTES);
        assert!(WRAPPED_BYTES <= WRAPPED_KEY_BYTES as usize);
    }

    #[test]
    fn wrapped_key_should_be_laid_out_as_documented() {
        let bytes = wrapped();
        assert_eq!(bytes[..9], [1, 7, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[9..21], [3, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0]);
        assert_eq!(bytes[21..29], [9; 8]);
        assert_eq!(bytes[29..1_149], [1; 1_120]);
        assert_eq!(bytes[1_149..], [2; 112]);
    }

    #[test]
    fn parse_should_name_the_reason_when_bytes_are_no_envelope() {
        let unknown = Malformed::Unknown;
        assert_eq!(SealedPayload::parse(&[0; 2_000]), Err(unknown));
        assert_eq!(SealedResult::parse(&[0; 2_000]), Err(unknown));
        assert_eq!(SealedKey::parse(&[2; WRAPPED_BYTES]), Err(unknown));
        let long = [wrapped(), [0].to_vec()].concat();
        let most = WRAPPED_BYTES;
        assert_eq!(SealedKey::parse(&long), Err(Malformed::TooLong { have: most + 1, most }));
        assert_eq!(SealedKey::parse(&[]), Err(Malformed::TooShort { have: 0, need: most }));
    }

    #[test]
    fn parse_should_refuse_whatever_is_cut_off() {
        let bytes = wrapped();
        let need = WRAPPED_BYTES;
        for have in 0..need {
            assert_eq!(SealedKey::parse(&bytes[..have]), Err(Malformed::TooShort { have, need }));
        }
    }

    proptest! {
        #[test]
        fn parse_should_give_back_what_was_written(
            ciphertext in prop::collection::vec(any::<u8>(), 1_232..2_000),
        ) {
            let payload = SealedPayload { nonce: &[4; NONCE_BYTES], ciphertext: &ciphertext };
            let bytes = payload.to_bytes();
            prop_assert_eq!(SealedPayload::parse(&bytes), Ok(payload));
            let encapsulation = [5; ENCAPSULATION_BYTES];
            let result = SealedResult { encapsulation: &encapsulation, ciphertext: &ciphertext };
            let bytes = result.to_bytes();
            prop_assert_eq!(SealedResult::parse(&bytes), Ok(result));
        }

        #[test]
        fn parse_should_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..1_400)) {
            let _ = SealedPayload::parse(&bytes);
            let _ = SealedResult::parse(&bytes);
            let _ = SealedKey::parse(&bytes);
        }
    }
}
