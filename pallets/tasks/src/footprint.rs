//! What a task may come to occupy in the state, which its deposit is held for.

use crate::{pallet::*, types::*};
use cairn_protocol::{
    audit::{
        may_be,
        record::{Audit, Member, MAX_GUARDS},
        Finding,
    },
    id::{Amount, ContentId, Digest, ProviderId},
    job::{Policy, Terms, INLINE_BYTES, MAX_REDUNDANCY},
    result::Answer,
    tally::widest,
    task::OUTVOTED_AT_MOST,
};
use codec::{Encode, MaxEncodedLen};

/// Entries of the state, and the bytes of what is in them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Footprint {
    pub(crate) items: u32,
    pub(crate) bytes: u32,
}

impl Footprint {
    /// The most that a task with these terms occupies at once.
    pub(crate) fn of<AccountId: MaxEncodedLen>(terms: &Terms) -> Self {
        let workers = u32::from(widest(terms.policy, terms.redundancy));
        let guards = guards(terms);
        let keys = if terms.seal.is_some() { workers.saturating_add(guards) } else { 0 };
        let task = Self::default()
            .with(1, record::<AccountId>(workers))
            .with(1, terms.encoded_size())
            // Its places on the agenda and among its requester's tasks. That in the queue it has
            // left before the last answer is there.
            .with(2, 0)
            .with(workers, answer(terms.output_bytes))
            .with(keys, WrappedKey::max_encoded_len());
        if guards == 0 {
            return task.with(1, Grievances::max_encoded_len());
        }
        // It is over before there can be complaints. It has a place on an agenda, too.
        task.with(1, audit::<AccountId>(terms.policy, workers, guards)).with(1, 0)
    }

    /// With so many more entries of so many bytes each.
    pub(crate) fn with(self, items: u32, each: usize) -> Self {
        let each = u32::try_from(each).unwrap_or(u32::MAX);
        Self {
            items: self.items.saturating_add(items),
            bytes: self.bytes.saturating_add(each.saturating_mul(items)),
        }
    }

    /// What is held for it.
    pub(crate) fn deposit(self, prices: &Prices) -> Amount {
        let items = prices.deposit_item.saturating_mul(self.items.into());
        items.saturating_add(prices.deposit_byte.saturating_mul(self.bytes.into()))
    }
}

impl<T: Config> Pallet<T> {
    /// The most that a task with these terms occupies at once.
    pub(crate) fn footprint(terms: &Terms) -> Footprint {
        Footprint::of::<T::AccountId>(terms)
    }
}

/// How many guards may look at the result, at most. How many do is decided when they are drawn.
pub(crate) fn guards(terms: &Terms) -> u32 {
    match terms.policy {
        Policy::Outcome { guards, .. } => guards.into(),
        _ if terms.auditable && may_be(terms.policy, terms.redundancy) => MAX_GUARDS,
        _ => 0,
    }
}

/// Bytes of a task's record that has so many seats. Whoever is noted as outvoted has left one,
/// which took more.
fn record<AccountId: MaxEncodedLen>(workers: u32) -> usize {
    let empty = u32::from(MAX_REDUNDANCY).saturating_sub(workers);
    let seated = less(Task::<AccountId>::max_encoded_len(), empty, Seat::max_encoded_len());
    less(seated, OUTVOTED_AT_MOST, ProviderId::max_encoded_len())
}

/// Bytes of an answer whose output may be so long, or is an artifact. Any may have a fingerprint.
fn answer(output_bytes: u32) -> usize {
    let artifact = <(ContentId, u64)>::max_encoded_len();
    let output = artifact.max(output_bytes as usize);
    Answer::max_encoded_len().saturating_sub((INLINE_BYTES as usize).saturating_sub(output))
}

/// Bytes of an audit's record when all who take part have reported.
fn audit<AccountId: MaxEncodedLen>(policy: Policy, workers: u32, guards: u32) -> usize {
    let members = workers.saturating_add(guards);
    let absent = MAX_GUARDS.saturating_mul(2).saturating_sub(members);
    let full = less(Audit::<AccountId>::max_encoded_len(), absent, Member::max_encoded_len());
    if matches!(policy, Policy::Tolerance { .. }) {
        return full;
    }
    // Only fingerprints are longer than a digest: what is claimed, and what each found.
    let digest = Finding::Answer(Digest::default()).encoded_size();
    let longer = Finding::max_encoded_len().saturating_sub(digest);
    less(full, members.saturating_add(1), longer)
}

/// Bytes that are left without so many of something.
fn less(bytes: usize, count: u32, each: usize) -> usize {
    bytes.saturating_sub(each.saturating_mul(count as usize))
}
