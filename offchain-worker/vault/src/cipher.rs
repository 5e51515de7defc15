//! AES-256-GCM over whole buffers.

use crate::secret::Secret;
use aes_gcm::{AeadInPlace, Aes256Gcm, Error, KeyInit};
use cairn_protocol::envelope::NONCE_BYTES;
use zeroize::Zeroizing;

/// For a key that encrypts one message in its life.
pub(crate) const ONCE: [u8; NONCE_BYTES] = [0; NONCE_BYTES];

/// Encrypts in place and adds the tag, for which there should be room: a buffer that has to grow
/// leaves its plain bytes behind.
pub(crate) fn encrypt(
    key: &Secret,
    nonce: &[u8; NONCE_BYTES],
    context: &[u8],
    bytes: &mut Vec<u8>,
) -> Result<(), Error> {
    Aes256Gcm::new(key.expose().into()).encrypt_in_place(nonce.into(), context, bytes)
}

/// Checks the tag, decrypts in place and takes the tag off.
pub(crate) fn decrypt(
    key: &Secret,
    nonce: &[u8; NONCE_BYTES],
    context: &[u8],
    bytes: &mut Vec<u8>,
) -> Result<(), Error> {
    Aes256Gcm::new(key.expose().into()).decrypt_in_place(nonce.into(), context, bytes)
}

/// As [`decrypt`], into a buffer of its own.
pub(crate) fn decrypted(
    key: &Secret,
    nonce: &[u8; NONCE_BYTES],
    context: &[u8],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut plain = Zeroizing::new(ciphertext.to_vec());
    decrypt(key, nonce, context, &mut plain)?;
    Ok(plain)
}
