//! The key of a payload, on its way to one worker or guard.

use crate::{
    cipher,
    identity::{encapsulate, Identity, RANDOMNESS},
    payload::{Context, Opening},
    Unopened, Unsealed,
};
use bounded_collections::BoundedVec;
use cairn_protocol::{
    envelope::{fingerprint, Address, SealedKey, OPENING_BYTES},
    id::{Digest, ProviderId, TaskId},
    job::WrappedKey,
    preimage::Statement,
    profile::PayloadKey,
};
use zeroize::Zeroizing;

/// Who was assigned what. A guard's is that of its audit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Seat {
    pub task: TaskId,
    pub provider: ProviderId,
    /// The provider's registration as it stood at assignment; 0 in an audit, which does not say.
    pub generation: u32,
}

impl Seat {
    fn address(self, recipient: [u8; 8]) -> Address {
        let Self { task, provider, generation } = self;
        Address { task, provider, generation, recipient }
    }

    /// Says which part of an address is wrong, before anything is decrypted.
    fn check(self, address: &Address, recipient: [u8; 8]) -> Result<(), Unopened> {
        if address.task != self.task {
            return Err(Unopened::OtherTask { named: address.task });
        }
        if address.provider != self.provider {
            return Err(Unopened::OtherProvider { named: address.provider });
        }
        if address.generation != self.generation {
            return Err(Unopened::OtherRegistration { named: address.generation });
        }
        if address.recipient != recipient {
            return Err(Unopened::OtherRecipient);
        }
        Ok(())
    }
}

/// For one seat on one chain: it opens at no other.
pub fn wrap(
    opening: &Opening,
    to: &PayloadKey,
    seat: Seat,
    genesis: &Digest,
) -> Result<WrappedKey, Unsealed> {
    let mut randomness = Zeroizing::new([0; RANDOMNESS]);
    getrandom::fill(randomness.as_mut_slice())?;
    wrap_with(opening, to, seat, genesis, &randomness)
}

pub(crate) fn wrap_with(
    opening: &Opening,
    to: &PayloadKey,
    seat: Seat,
    genesis: &Digest,
    randomness: &[u8; RANDOMNESS],
) -> Result<WrappedKey, Unsealed> {
    let (encapsulation, shared) = encapsulate(to, randomness)?;
    let address = seat.address(fingerprint(to));
    let mut bytes = opening.to_bytes();
    cipher::encrypt(&shared, &cipher::ONCE, &address.preimage(genesis), &mut bytes)
        .map_err(|_| Unsealed::TooLong { have: OPENING_BYTES })?;
    let wrapped = SealedKey { address, encapsulation: &encapsulation, ciphertext: &bytes };
    Ok(WrappedKey::Inline(BoundedVec::truncate_from(wrapped.to_bytes())))
}

/// Reads a key that was posted for `seat`, and checks it against what the requester committed to.
pub fn unwrap(
    wrapped: &[u8],
    identity: &Identity,
    seat: Seat,
    context: &Context,
) -> Result<Opening, Unopened> {
    let SealedKey { address, encapsulation, ciphertext } = SealedKey::parse(wrapped)?;
    seat.check(&address, identity.fingerprint())?;
    let shared = identity.decapsulate(encapsulation);
    let preimage = address.preimage(&context.genesis);
    let bytes = cipher::decrypted(&shared, &cipher::ONCE, &preimage, ciphertext)
        .map_err(|_| Unopened::Tampered)?;
    let opening = Opening::from_bytes(&bytes).ok_or(Unopened::Tampered)?;
    opening.check(context)?;
    Ok(opening)
}

#[cfg(test)]
mod tests;
