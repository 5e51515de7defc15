//! Sealed sets and what they are for, as clients see them.
//!
//! ```text
//! a set:    Sealed ──▶ Opened ──▶ Judging ──▶ Measured, Missed
//!             │          │           ▲                │
//!             │          │           └────────────────┤ the next head
//!             └──────────┴────────────────────────────┴──▶ Void
//!
//! a trial:  Announced ──▶ Running ──▶ Reveals ──▶ Judging ──▶ Releasing
//!                            └───────────┴───────────┴──────▶ Waiting
//! ```

use crate::{
    id::{Amount, BlockId, ContentId, Digest, File, Height, PanelId, Seed},
    spec::Records,
    wire::wire,
};
use codec::Encode;

wire! {
    /// A period of a model, whose rewards wait for the sets that were sealed before it.
    #[derive(Copy, Hash, Ord, PartialOrd)]
    pub struct TrialId {
        pub model: BlockId,
        pub period: u32,
    }

    /// What a trial waits for.
    #[derive(Copy)]
    pub enum Stage {
        /// Its period. Sets are sealed for it.
        #[codec(index = 0)]
        Announced,
        /// The end of its period.
        #[codec(index = 1)]
        Running,
        /// Curators, who are to open their sets.
        #[codec(index = 2)]
        Reveals,
        /// Panels, which are to measure one head after the other on the sets.
        #[codec(index = 3)]
        Judging,
        /// Nothing: of each reward that was measured its own share is released, and the others wait
        /// for the next trial.
        #[codec(index = 4)]
        Releasing,
        /// Nothing: too few sets were measured, so that each reward waits for the next trial, or
        /// lapses if it has done so before.
        #[codec(index = 5)]
        Waiting,
    }

    /// What opens a sealed set.
    #[derive(Copy)]
    pub struct Opening {
        /// BLAKE3 of the plain records.
        pub root: ContentId,
        /// Of the encrypted bytes.
        pub key: [u8; 32],
        /// Of the commitment.
        pub salt: Digest,
    }

    /// How far a set is.
    #[derive(Copy)]
    pub enum Progress {
        #[codec(index = 0)]
        Sealed,
        #[codec(index = 1)]
        Opened(Opening),
        #[codec(index = 2)]
        Judging { opening: Opening, panel: PanelId },
        /// By how much the logarithm of the loss fell on it from the first head to the one that was
        /// measured last, in millionths.
        #[codec(index = 3)]
        Measured { opening: Opening, gain: i64 },
        /// It is measured no more.
        #[codec(index = 4)]
        Void(Lack),
        /// It was not measured at the last head, for this reason.
        #[codec(index = 5)]
        Missed { opening: Opening, lack: Lack },
    }

    /// Why a set says nothing.
    #[derive(Copy, Hash, Ord, PartialOrd)]
    pub enum Lack {
        /// Its curator did not open it in time.
        #[codec(index = 0)]
        Unopened,
        /// Its records were not to be had.
        #[codec(index = 1)]
        Unavailable,
        /// No model can be measured on it, or this one cannot be measured.
        #[codec(index = 2)]
        Unmeasurable,
        /// The largest panel was divided over it, or agreed on nonsense.
        #[codec(index = 3)]
        Divided,
        /// There were too few guards.
        #[codec(index = 4)]
        NobodyFit,
        /// Its panel took too long.
        #[codec(index = 5)]
        Late,
        /// Something of the model was not to be had.
        #[codec(index = 6)]
        NoModel,
        /// The same records are in a set of the trial that was sealed before.
        #[codec(index = 7)]
        Repeated,
    }

    /// A sealed set.
    pub struct SealedSet<AccountId> {
        pub curator: AccountId,
        /// The digest of a [`SetCommitment`](crate::preimage::SetCommitment).
        pub commitment: Digest,
        /// The records, encrypted, so that whoever has kept them can read them once the key is
        /// known.
        pub encrypted: File,
        pub record_bytes: u32,
        pub count: u64,
        pub progress: Progress,
    }

    /// A sealed set, and which of its trial's it is.
    pub struct SetView<AccountId> {
        pub set: u8,
        pub sealed: SealedSet<AccountId>,
    }

    /// A trial as it stands.
    pub struct TrialView {
        pub stage: Stage,
        /// Up to when curators open their sets, or panels measure them.
        pub due: Option<Height>,
        pub sets: u8,
        /// What its deltas gained on public examples.
        pub gain: u64,
    }

    /// Who seals sets, and how it stands.
    #[derive(Copy)]
    pub struct CuratorView {
        /// What is held of it.
        pub bond: Amount,
        /// What has to be held before it can seal another set.
        pub need: Amount,
        /// Sets it has sealed in trials that are not over.
        pub sets: u32,
    }
}

impl Opening {
    /// What draws the sample of the set that a panel judges in a round, the first of which is one.
    /// Who sealed the set fixed all of them then, as it did the records. In a later round what was
    /// said of the one before is public, and could be repeated.
    pub fn seed(&self, round: u16) -> Seed {
        if round <= 1 {
            self.salt
        } else {
            sp_crypto_hashing::blake2_256(&(b"cairn/round", self.salt, round).encode())
        }
    }
}

impl Progress {
    /// What opens the set, as long as it may be measured.
    pub fn opening(&self) -> Option<Opening> {
        match self {
            Self::Opened(opening)
            | Self::Judging { opening, .. }
            | Self::Measured { opening, .. }
            | Self::Missed { opening, .. } => Some(*opening),
            Self::Sealed | Self::Void(_) => None,
        }
    }
}

impl Lack {
    /// Whether it is the curator's fault, and costs a part of its bond. A set on which nothing can
    /// be measured is, where the same model was measured on others.
    pub fn is_fault(self, others_are_measured: bool) -> bool {
        match self {
            Self::Unopened | Self::Unavailable => true,
            Self::Unmeasurable => others_are_measured,
            Self::Divided | Self::NobodyFit | Self::Late | Self::NoModel | Self::Repeated => false,
        }
    }
}

impl<AccountId> SealedSet<AccountId> {
    /// What is in it, once its root is known.
    pub fn records(&self, root: ContentId) -> Records {
        let bytes = self.count.saturating_mul(self.record_bytes.into());
        Records { file: File { id: root, bytes }, record_bytes: self.record_bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn seeds_should_keep_their_bytes() {
        let opening = Opening { root: ContentId([1; 32]), key: [2; 32], salt: [3; 32] };
        assert_eq!(opening.seed(1), opening.salt);
        let bytes = [b"cairn/round".as_slice(), &[3; 32], &[2, 0]].concat();
        assert_eq!(opening.seed(2), sp_crypto_hashing::blake2_256(&bytes));
        let seeds: BTreeSet<_> = (1..=4).map(|round| opening.seed(round)).collect();
        assert_eq!(seeds.len(), 4);
    }
}
