//! A result that the requester alone reads.

use crate::{
    cipher,
    identity::{encapsulate, Identity, RANDOMNESS},
    payload::{Content, Context, Opening},
    Unopened, Unsealed,
};
use cairn_protocol::{
    envelope::{ResultContext, SealedResult, TAG_BYTES},
    id::{Digest, TaskId},
    preimage::Statement,
};
use zeroize::{Zeroize, Zeroizing};

/// What the randomness of a result is derived with, and nothing else.
const DERIVATION: &str = "cairn 2026-11 randomness of the encapsulation of a sealed result, 1";

/// What a digest is blinded with, and nothing else.
const BLINDING: &str = "cairn 2026-11 blinded digest of a sealed task, 1";

/// Seals a result to the requester. Workers that computed the same make the same bytes, or the
/// chain could not tell that they agree: what is else drawn at random is derived from the
/// payload's key, the task and the result.
pub fn seal_result(
    result: &[u8],
    opening: &Opening,
    content: &Content,
    context: &Context,
    task: TaskId,
) -> Result<Vec<u8>, Unsealed> {
    let preimage = preimage(context, task);
    let mut hasher = blake3::Hasher::new_derive_key(DERIVATION);
    hasher.update(opening.key().expose());
    hasher.update(blake3::hash(&preimage).as_bytes());
    hasher.update(content.reply());
    hasher.update(result);
    let mut randomness = Zeroizing::new([0; RANDOMNESS]);
    let mut reader = hasher.finalize_xof();
    reader.fill(randomness.as_mut_slice());
    reader.zeroize();
    hasher.zeroize();
    let (encapsulation, shared) = encapsulate(content.reply(), &randomness)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(result.len().saturating_add(TAG_BYTES)));
    bytes.extend_from_slice(result);
    cipher::encrypt(&shared, &cipher::ONCE, &preimage, &mut bytes)
        .map_err(|_| Unsealed::TooLong { have: result.len() })?;
    Ok(SealedResult { encapsulation: &encapsulation, ciphertext: &bytes }.to_bytes())
}

/// Reads a result, with the private half of the key that the content named.
pub fn open_result(
    sealed: &[u8],
    identity: &Identity,
    context: &Context,
    task: TaskId,
) -> Result<Zeroizing<Vec<u8>>, Unopened> {
    let SealedResult { encapsulation, ciphertext } = SealedResult::parse(sealed)?;
    let shared = identity.decapsulate(encapsulation);
    cipher::decrypted(&shared, &cipher::ONCE, &preimage(context, task), ciphertext)
        .map_err(|_| Unopened::Tampered)
}

/// What stands on the chain for a digest of what was computed, such as a trace. All who have the
/// payload's key come to the same, and whoever lacks it cannot try a guess of input or result.
pub fn blind(digest: &Digest, opening: &Opening, context: &Context, task: TaskId) -> Digest {
    let mut hasher = blake3::Hasher::new_derive_key(BLINDING);
    hasher.update(opening.key().expose());
    hasher.update(blake3::hash(&preimage(context, task)).as_bytes());
    hasher.update(digest);
    let blinded = *hasher.finalize().as_bytes();
    hasher.zeroize();
    blinded
}

fn preimage(context: &Context, task: TaskId) -> Vec<u8> {
    ResultContext { task, commitment: context.commitment }.preimage(&context.genesis)
}

#[cfg(test)]
mod tests;
