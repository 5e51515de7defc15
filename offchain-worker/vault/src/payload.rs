//! An input that is encrypted once, for whoever is handed its key.

use crate::{cipher, identity::is_payload_key, secret::Secret, Unopened, Unsealed};
use cairn_protocol::{
    envelope::{PayloadContext, SealedPayload, KEY_BYTES, NONCE_BYTES, OPENING_BYTES, TAG_BYTES},
    id::{ContentId, Digest},
    preimage::{SealCommitment, Statement},
    profile::{PayloadKey, PAYLOAD_KEY_BYTES},
};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Which sealed task on which chain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Context {
    pub genesis: Digest,
    /// The account that submits it.
    pub requester: [u8; 32],
    /// What it commits to at submission: [`cairn_protocol::job::Seal`].
    pub commitment: Digest,
}

impl Context {
    fn bytes(&self) -> Vec<u8> {
        let Self { genesis, requester, commitment } = *self;
        PayloadContext { requester, commitment }.preimage(&genesis)
    }
}

/// What opens a payload, and what its commitment was made of. Whoever has it can read the input
/// and make the sealed result.
#[derive(Debug, ZeroizeOnDrop)]
pub struct Opening {
    key: Secret,
    #[zeroize(skip)]
    content: ContentId,
    salt: Secret,
}

impl Opening {
    pub(crate) fn key(&self) -> &Secret {
        &self.key
    }

    /// What is wrapped, with room for a tag.
    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(OPENING_BYTES + TAG_BYTES));
        bytes.extend_from_slice(self.key.expose());
        bytes.extend_from_slice(&self.content.0);
        bytes.extend_from_slice(self.salt.expose());
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (key, rest) = bytes.split_first_chunk::<KEY_BYTES>()?;
        let (content, salt) = rest.split_first_chunk::<32>()?;
        let salt = Secret::copied(salt.try_into().ok()?);
        Some(Self { key: Secret::copied(key), content: ContentId(*content), salt })
    }

    /// What the chain has of it.
    pub fn commitment(&self, genesis: &Digest) -> Digest {
        let mut statement = SealCommitment {
            key: *self.key.expose(),
            plaintext: self.content,
            salt: *self.salt.expose(),
        };
        let preimage = Zeroizing::new(statement.preimage(genesis));
        statement.key.zeroize();
        statement.salt.zeroize();
        sp_crypto_hashing::blake2_256(&preimage)
    }

    /// Whether it is what the requester committed to. AES-GCM does not bind its key, so whoever
    /// skips this may read another input than the next worker does.
    pub(crate) fn check(&self, context: &Context) -> Result<(), Unopened> {
        if self.commitment(&context.genesis) == context.commitment {
            Ok(())
        } else {
            Err(Unopened::FalseOpening)
        }
    }

    /// The content of a payload.
    pub fn open(&self, payload: &[u8], context: &Context) -> Result<Content, Unopened> {
        self.check(context)?;
        let SealedPayload { nonce, ciphertext } = SealedPayload::parse(payload)?;
        let bytes = cipher::decrypted(&self.key, nonce, &context.bytes(), ciphertext)
            .map_err(|_| Unopened::Tampered)?;
        if *blake3::hash(&bytes).as_bytes() != self.content.0 {
            return Err(Unopened::FalseContent);
        }
        Content::of(bytes)
    }
}

/// What was sealed.
#[derive(ZeroizeOnDrop)]
pub struct Content {
    /// It is public.
    #[zeroize(skip)]
    reply: Box<PayloadKey>,
    bytes: Zeroizing<Vec<u8>>,
}

impl Content {
    fn of(bytes: Zeroizing<Vec<u8>>) -> Result<Self, Unopened> {
        let reply: PayloadKey = *bytes.first_chunk().ok_or(Unopened::FalseContent)?;
        if !is_payload_key(&reply) {
            return Err(Unopened::BadReplyKey);
        }
        Ok(Self { reply: Box::new(reply), bytes })
    }

    pub fn input(&self) -> &[u8] {
        self.bytes.get(PAYLOAD_KEY_BYTES as usize..).unwrap_or_default()
    }

    /// The key that the result is sealed with.
    pub fn reply(&self) -> &PayloadKey {
        &self.reply
    }
}

/// Without the input.
impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Content of {} bytes", self.bytes.len())
    }
}

/// A payload that may be stored anywhere, and what is needed to submit its task and to let workers
/// read it.
#[derive(Debug)]
pub struct Sealed {
    pub payload: Vec<u8>,
    pub opening: Opening,
    pub context: Context,
}

/// Encrypts an input under a key of its own. Results will be sealed with `reply`.
pub fn seal(
    input: &[u8],
    reply: &PayloadKey,
    genesis: &Digest,
    requester: &[u8; 32],
) -> Result<Sealed, Unsealed> {
    if !is_payload_key(reply) {
        return Err(Unsealed::BadPayloadKey);
    }
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce)?;
    let drawn = Drawn { key: Secret::random()?, salt: Secret::random()?, nonce };
    seal_with(input, reply, genesis, requester, drawn)
}

/// What is drawn afresh for each payload.
pub(crate) struct Drawn {
    pub(crate) key: Secret,
    pub(crate) salt: Secret,
    pub(crate) nonce: [u8; NONCE_BYTES],
}

pub(crate) fn seal_with(
    input: &[u8],
    reply: &PayloadKey,
    genesis: &Digest,
    requester: &[u8; 32],
    drawn: Drawn,
) -> Result<Sealed, Unsealed> {
    let room = reply.len().saturating_add(input.len()).saturating_add(TAG_BYTES);
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    bytes.extend_from_slice(reply);
    bytes.extend_from_slice(input);
    let Drawn { key, salt, nonce } = drawn;
    let opening = Opening { key, content: ContentId(*blake3::hash(&bytes).as_bytes()), salt };
    let commitment = opening.commitment(genesis);
    let context = Context { genesis: *genesis, requester: *requester, commitment };
    cipher::encrypt(&opening.key, &nonce, &context.bytes(), &mut bytes)
        .map_err(|_| Unsealed::TooLong { have: input.len() })?;
    let payload = SealedPayload { nonce: &nonce, ciphertext: &bytes }.to_bytes();
    Ok(Sealed { payload, opening, context })
}

#[cfg(test)]
mod tests;
