//! What is hashed to be signed or committed to.
//!
//! ```text
//! BLAKE2b-256( tag ‖ 0 ‖ version ‖ genesis hash ‖ SCALE of the body )
//! ```
//!
//! The tag says what kind of statement it is and the genesis hash on which chain, so that no
//! statement can be passed off as another kind or carried to another chain.

use crate::id::{BlockId, ContentId, Digest, Height, PanelId, ProviderId, Seed, TaskId};
use alloc::vec::Vec;
use codec::Encode;

/// Raised when a body changes its meaning or its encoding.
pub const VERSION: u8 = 1;

/// A statement that is signed or committed to.
pub trait Statement: Encode {
    /// Unlike any other statement's, and without a zero byte.
    const TAG: &'static str;

    /// What is hashed.
    fn preimage(&self, genesis: &Digest) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::TAG.len().saturating_add(self.size_hint()) + 34);
        bytes.extend_from_slice(Self::TAG.as_bytes());
        bytes.extend_from_slice(&[0, VERSION]);
        bytes.extend_from_slice(genesis);
        self.encode_to(&mut bytes);
        bytes
    }

    fn digest(&self, genesis: &Digest) -> Digest {
        sp_crypto_hashing::blake2_256(&self.preimage(genesis))
    }
}

/// What a worker commits to before anyone's result is known. It names the worker, so that a
/// commitment copied from another one can never be opened.
#[derive(Clone, Debug, Encode)]
pub struct ResultCommitment {
    pub task: TaskId,
    pub round: u16,
    pub provider: ProviderId,
    /// The provider's registration as it stood at assignment.
    pub generation: u32,
    /// [`crate::result::Answer::digest`].
    pub answer: Digest,
    pub salt: Digest,
}

impl Statement for ResultCommitment {
    const TAG: &'static str = "cairn/result";
}

/// What a requester commits to when it submits a sealed task. AES-GCM alone does not bind a
/// key: a ciphertext can be made that opens under two.
#[derive(Clone, Debug, Encode)]
pub struct SealCommitment {
    pub key: [u8; 32],
    /// BLAKE3 of the plaintext.
    pub plaintext: ContentId,
    pub salt: Digest,
}

impl Statement for SealCommitment {
    const TAG: &'static str = "cairn/seal";
}

/// The devices that a registration stands on, as its owner declares them. The chain never opens
/// it, and the same devices under another salt give another one.
#[derive(Clone, Debug, Encode)]
pub struct BindingCommitment {
    /// Hashes of the device ids, sorted.
    pub devices: Vec<Digest>,
    pub salt: Digest,
}

impl Statement for BindingCommitment {
    const TAG: &'static str = "cairn/binding";
}

/// The answer to a capability challenge.
#[derive(Clone, Debug, Encode)]
pub struct ChallengeCommitment {
    pub challenge: u64,
    pub provider: ProviderId,
    pub answer: Digest,
    pub salt: Digest,
}

impl Statement for ChallengeCommitment {
    const TAG: &'static str = "cairn/challenge";
}

/// A contribution to the beacon of randomness.
#[derive(Clone, Debug, Encode)]
pub struct EntropyCommitment<AccountId: Encode> {
    pub round: Height,
    pub contributor: AccountId,
    pub value: Seed,
}

impl<AccountId: Encode> Statement for EntropyCommitment<AccountId> {
    const TAG: &'static str = "cairn/entropy";
}

/// That what a worker is about to reveal is false, noted before it does. The planter and its
/// accomplice, who was drawn for the task by chance, know it; no guard can.
#[derive(Clone, Debug, Encode)]
pub struct PlantCommitment {
    /// The licensed provider who prepared it.
    pub planter: ProviderId,
    pub task: TaskId,
    /// The accomplice.
    pub worker: ProviderId,
    /// The gist of the false answer, see [`crate::result::Answer::gist`].
    pub answer: Digest,
    pub salt: Digest,
}

impl Statement for PlantCommitment {
    const TAG: &'static str = "cairn/plant";
}

/// What a guard found, or the worker's own result, with the trace root, before anyone's is opened.
#[derive(Clone, Debug, Encode)]
pub struct AuditCommitment {
    pub task: TaskId,
    /// How often guards were drawn for it.
    pub round: u16,
    pub provider: ProviderId,
    /// [`crate::audit::Report::digest`].
    pub answer: Digest,
    pub trace: Digest,
    pub salt: Digest,
}

impl Statement for AuditCommitment {
    const TAG: &'static str = "cairn/audit";
}

/// That somebody has made a delta, before anyone sees it: a copy of it comes too late, and under
/// another name cannot be opened.
#[derive(Clone, Debug, Encode)]
pub struct DeltaCommitment<AccountId: Encode> {
    pub author: AccountId,
    pub artifact: ContentId,
    pub salt: Digest,
}

impl<AccountId: Encode> Statement for DeltaCommitment<AccountId> {
    const TAG: &'static str = "cairn/delta";
}

/// What a guard of a panel found, before anyone's opinion is opened.
#[derive(Clone, Debug, Encode)]
pub struct OpinionCommitment {
    pub panel: PanelId,
    /// How often guards were drawn for it.
    pub round: u16,
    pub provider: ProviderId,
    /// The digest of the [opinion](crate::learning::evaluation::Opinion).
    pub opinion: Digest,
    pub salt: Digest,
}

impl Statement for OpinionCommitment {
    const TAG: &'static str = "cairn/opinion";
}

/// A set of examples that nobody is to know before its period is over.
#[derive(Clone, Debug, Encode)]
pub struct SetCommitment<AccountId: Encode> {
    pub period: u32,
    pub model: BlockId,
    pub curator: AccountId,
    /// BLAKE3 of the records in clear.
    pub root: ContentId,
    /// What they are encrypted with until then.
    pub key: [u8; 32],
    pub salt: Digest,
}

impl<AccountId: Encode> Statement for SetCommitment<AccountId> {
    const TAG: &'static str = "cairn/set";
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn commitment() -> ResultCommitment {
        ResultCommitment {
            task: TaskId(7),
            round: 1,
            provider: ProviderId(3),
            generation: 0,
            answer: [1; 32],
            salt: [2; 32],
        }
    }

    #[test]
    fn preimage_should_be_what_is_documented() {
        let seal = SealCommitment { key: [3; 32], plaintext: ContentId([4; 32]), salt: [5; 32] };
        let expected =
            [b"cairn/seal".as_slice(), &[0, 1], &[9; 32], &[3; 32], &[4; 32], &[5; 32]].concat();
        assert_eq!(seal.preimage(&[9; 32]), expected);
    }

    #[test]
    fn preimages_of_learning_should_be_what_is_documented() {
        let (content, salt) = (ContentId([4; 32]), [5; 32]);
        let head = |tag: &[u8]| [tag, &[0, 1], &[9; 32]].concat();
        let delta = DeltaCommitment { author: 7u64, artifact: content, salt };
        let expected =
            [head(b"cairn/delta").as_slice(), &7u64.to_le_bytes(), &[4; 32], &salt].concat();
        assert_eq!(delta.preimage(&[9; 32]), expected);

        let (panel, provider) = (PanelId(1), ProviderId(3));
        let opinion = OpinionCommitment { panel, round: 2, provider, opinion: [4; 32], salt };
        let numbers = [&1u64.to_le_bytes()[..], &2u16.to_le_bytes(), &3u64.to_le_bytes()].concat();
        let expected = [head(b"cairn/opinion").as_slice(), &numbers, &[4; 32], &salt].concat();
        assert_eq!(opinion.preimage(&[9; 32]), expected);

        let (period, model) = (6, BlockId([2; 32]));
        let key = [3; 32];
        let set = SetCommitment { period, model, curator: 7u64, root: content, key, salt };
        let place = [&6u32.to_le_bytes()[..], &[2; 32], &7u64.to_le_bytes()].concat();
        let expected = [head(b"cairn/set").as_slice(), &place, &[4; 32], &key, &salt].concat();
        assert_eq!(set.preimage(&[9; 32]), expected);
    }

    #[test]
    fn tags_should_differ() {
        let tags = [
            ResultCommitment::TAG,
            SealCommitment::TAG,
            BindingCommitment::TAG,
            ChallengeCommitment::TAG,
            EntropyCommitment::<u64>::TAG,
            PlantCommitment::TAG,
            AuditCommitment::TAG,
            DeltaCommitment::<u64>::TAG,
            OpinionCommitment::TAG,
            SetCommitment::<u64>::TAG,
            crate::audit::Finding::TAG,
            crate::engine::TAG,
            crate::envelope::PayloadContext::TAG,
            crate::envelope::Address::TAG,
            crate::envelope::ResultContext::TAG,
            crate::learning::evaluation::Opinion::TAG,
            crate::result::Answer::TAG,
            crate::result::Receipt::TAG,
        ];
        for (i, tag) in tags.iter().enumerate() {
            assert!(!tag.contains('\0'));
            assert!(!tags[..i].contains(tag), "{tag} is used twice");
        }
    }

    #[test]
    fn digest_should_differ_when_any_part_does() {
        let (plain, genesis) = (commitment(), [0; 32]);
        let others = [
            ResultCommitment { task: TaskId(8), ..plain.clone() },
            ResultCommitment { round: 2, ..plain.clone() },
            ResultCommitment { provider: ProviderId(4), ..plain.clone() },
            ResultCommitment { generation: 1, ..plain.clone() },
            ResultCommitment { answer: [9; 32], ..plain.clone() },
            ResultCommitment { salt: [9; 32], ..plain.clone() },
        ];
        for other in others {
            assert_ne!(plain.digest(&genesis), other.digest(&genesis));
        }
        assert_ne!(plain.digest(&genesis), plain.digest(&[1; 32]));
    }

    proptest! {
        #[test]
        fn digest_should_bind_the_provider(a: u64, b: u64) {
            prop_assume!(a != b);
            let of = |provider| ResultCommitment { provider: ProviderId(provider), ..commitment() };
            prop_assert_ne!(of(a).digest(&[0; 32]), of(b).digest(&[0; 32]));
        }
    }
}
