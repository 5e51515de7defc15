//! X-Wing key pairs: whom envelopes are for.

use crate::{
    files::{self, FileError},
    secret::Secret,
    Unsealed,
};
use cairn_protocol::{
    envelope::{fingerprint, ENCAPSULATION_BYTES, KEY_BYTES},
    profile::PayloadKey,
};
use std::path::Path;
use x_wing::{Decapsulate, DecapsulationKey, Decapsulator, EncapsulationKey, KeyExport, KeyInit};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Bytes that an encapsulation is made from.
pub(crate) const RANDOMNESS: usize = x_wing::ENCAPSULATION_RANDOMNESS_SIZE;

/// What the file of a pair begins with.
const MARK: &[u8] = b"cairn-identity-1";

/// A key pair. Its public half stands in a worker's profile, or in a requester's sealed content.
pub struct Identity(DecapsulationKey);

impl Identity {
    pub fn generate() -> Result<Self, getrandom::Error> {
        Ok(Self::from_seed(&Secret::random()?))
    }

    /// The same pair each time, for whoever has to have it after a restart.
    pub fn from_seed(seed: &Secret) -> Self {
        Self(<DecapsulationKey as KeyInit>::new(seed.expose().into()))
    }

    /// The pair that this file has, for whoever is to be the same after a restart. Made where there
    /// is none; its user alone can read it.
    pub fn in_file(path: &Path) -> Result<Self, FileError> {
        let seed = match files::read::<KEY_BYTES>(path, MARK) {
            Err(error) if error.is_absent() => {
                let made = files::create(path, MARK, Secret::random()?.expose());
                // Where another process was faster, its pair is there.
                let seed = files::read(path, MARK);
                seed.map_err(|error| made.err().unwrap_or(error))?
            }
            known => known?,
        };
        Ok(Self::from_seed(&Secret::copied(&seed)))
    }

    pub fn public(&self) -> PayloadKey {
        self.0.encapsulation_key().to_bytes().into()
    }

    /// What a key that is wrapped for it names it by.
    pub fn fingerprint(&self) -> [u8; 8] {
        fingerprint(&self.public())
    }

    /// A false encapsulation gives another secret, which opens nothing.
    pub(crate) fn decapsulate(&self, encapsulation: &[u8; ENCAPSULATION_BYTES]) -> Secret {
        let mut shared = self.0.decapsulate(encapsulation.into());
        let secret = Secret::copied((&shared).into());
        shared.as_mut_slice().zeroize();
        secret
    }
}

impl ZeroizeOnDrop for Identity {}

/// Whether it is an X-Wing key.
pub(crate) fn is_payload_key(key: &PayloadKey) -> bool {
    EncapsulationKey::try_from(key.as_slice()).is_ok()
}

/// A secret for whoever has the private half, and the bytes that they get it from.
pub(crate) fn encapsulate(
    to: &PayloadKey,
    randomness: &[u8; RANDOMNESS],
) -> Result<([u8; ENCAPSULATION_BYTES], Secret), Unsealed> {
    let key = EncapsulationKey::try_from(to.as_slice()).map_err(|_| Unsealed::BadPayloadKey)?;
    let (encapsulation, mut shared) = key.encapsulate_deterministic(randomness.into());
    let secret = Secret::copied((&shared).into());
    shared.as_mut_slice().zeroize();
    Ok((encapsulation.into(), secret))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{array, hashed, vectors};

    #[test]
    fn keys_and_secrets_should_be_those_of_the_draft() {
        let vectors = vectors(include_str!("../tests/vectors/x-wing.txt"));
        assert_eq!(vectors.len(), 3);
        for vector in vectors {
            let [seed, randomness, key, ciphertext, shared]: [Vec<u8>; 5] =
                vector.try_into().unwrap();
            let identity = Identity::from_seed(&Secret::copied(&array(&seed)));
            let public = identity.public();
            assert_eq!(hashed(&public), key);
            let (encapsulation, secret) = encapsulate(&public, &array(&randomness)).unwrap();
            assert_eq!(hashed(&encapsulation), ciphertext);
            assert_eq!(secret.expose(), shared.as_slice());
            assert_eq!(identity.decapsulate(&encapsulation).expose(), shared.as_slice());
        }
    }

    #[test]
    fn pair_should_be_the_same_when_its_file_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("payload.key"), folder.path().join("other.key"));
        let made = Identity::in_file(&path).unwrap().public();
        assert_eq!(Identity::in_file(&path).unwrap().public(), made);
        assert_ne!(Identity::in_file(&other).unwrap().public(), made);
        std::fs::write(&path, b"something else").unwrap();
        assert!(matches!(Identity::in_file(&path), Err(FileError::Malformed { .. })));
    }

    #[test]
    fn encapsulate_should_refuse_what_is_no_key() {
        // Every coefficient of the ML-KEM key is beyond its modulus.
        let refused = encapsulate(&[0xff; 1_216], &[0; RANDOMNESS]);
        assert_eq!(refused.unwrap_err(), Unsealed::BadPayloadKey);
        assert!(!is_payload_key(&[0xff; 1_216]));
    }
}
