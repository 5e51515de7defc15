//! The signatures an account may sign a transaction with.
//!
//! Variants and indices equal `sp_runtime::MultiSignature`'s, so every wallet made for that type
//! works unchanged. The enum is our own because one more index is promised to ML-DSA: whoever
//! holds funds must be able to move to a post-quantum key without a new address format or a new
//! transaction version.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::{ecdsa, ed25519, sr25519};
use sp_runtime::{
    traits::{Lazy, Verify},
    AccountId32, MultiSignature, MultiSigner,
};

/// A signature of any supported scheme over a transaction's payload.
#[derive(
    Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub enum Signature {
    #[codec(index = 0)]
    Ed25519(ed25519::Signature),
    #[codec(index = 1)]
    Sr25519(sr25519::Signature),
    /// secp256k1 over the BLAKE2-256 of the payload; the account is the BLAKE2-256 of the key.
    #[codec(index = 2)]
    Ecdsa(ecdsa::Signature),
    /// secp256k1 over the Keccak-256 of the payload; the account carries the Ethereum address.
    #[codec(index = 3)]
    Eth(ecdsa::KeccakSignature),
    /// Index 4 is promised to ML-DSA (FIPS 204). No value of [`Reserved`] exists, so nothing
    /// decodes here until the scheme is built.
    #[codec(index = 4)]
    MlDsa(Reserved),
}

/// A type without values: it holds a codec index and cannot be decoded.
#[derive(
    Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub enum Reserved {}

impl From<MultiSignature> for Signature {
    fn from(signature: MultiSignature) -> Self {
        match signature {
            MultiSignature::Ed25519(s) => Self::Ed25519(s),
            MultiSignature::Sr25519(s) => Self::Sr25519(s),
            MultiSignature::Ecdsa(s) => Self::Ecdsa(s),
            MultiSignature::Eth(s) => Self::Eth(s),
        }
    }
}

impl From<sr25519::Signature> for Signature {
    fn from(signature: sr25519::Signature) -> Self {
        Self::Sr25519(signature)
    }
}

impl Verify for Signature {
    type Signer = MultiSigner;

    fn verify<L: Lazy<[u8]>>(&self, message: L, signer: &AccountId32) -> bool {
        let known = match self {
            Self::Ed25519(s) => MultiSignature::Ed25519(*s),
            Self::Sr25519(s) => MultiSignature::Sr25519(*s),
            Self::Ecdsa(s) => MultiSignature::Ecdsa(*s),
            Self::Eth(s) => MultiSignature::Eth(*s),
            Self::MlDsa(never) => match *never {},
        };
        known.verify(message, signer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sp_core::Pair;
    use sp_runtime::traits::IdentifyAccount;

    fn samples() -> [MultiSignature; 4] {
        [
            MultiSignature::Ed25519(ed25519::Signature::from_raw([1; 64])),
            MultiSignature::Sr25519(sr25519::Signature::from_raw([2; 64])),
            MultiSignature::Ecdsa(ecdsa::Signature::from_raw([3; 65])),
            MultiSignature::Eth(ecdsa::KeccakSignature::from_raw([4; 65])),
        ]
    }

    #[test]
    fn encode_should_equal_multi_signature_when_the_scheme_is_known() {
        for known in samples() {
            assert_eq!(Signature::from(known.clone()).encode(), known.encode());
        }
    }

    #[test]
    fn decode_should_fail_when_the_index_is_reserved_or_unknown() {
        for index in [4u8, 5, 255] {
            let mut bytes = vec![index];
            bytes.extend([0u8; 8192]);
            assert!(Signature::decode(&mut &bytes[..]).is_err());
        }
    }

    #[test]
    fn verify_should_accept_only_the_signer_when_sr25519_signed() {
        let (alice, bob) = (sr25519::Pair::from_seed(&[1; 32]), sr25519::Pair::from_seed(&[2; 32]));
        let account = |pair: &sr25519::Pair| MultiSigner::from(pair.public()).into_account();
        let signature = Signature::from(alice.sign(b"cairn"));
        assert!(signature.verify(&b"cairn"[..], &account(&alice)));
        assert!(!signature.verify(&b"cairn"[..], &account(&bob)));
        assert!(!signature.verify(&b"other"[..], &account(&alice)));
    }
}
