//! What is stored, what clients are shown of it, and what governance may tune.

use alloc::vec::Vec;
use cairn_protocol::{
    chunk,
    id::{Amount, BlockId, DeltaId, File, Height, ProviderId, Seed},
    job::JobKind,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, Blake2_128, BoundedVec, StorageHasher};
use scale_info::TypeInfo;

pub use cairn_protocol::beacon::Ticket;

/// What everything stored or shown here derives.
macro_rules! stored {
    ($($item:item)*) => {$(
        #[derive(
            Clone,
            Debug,
            Decode,
            DecodeWithMemTracking,
            Encode,
            Eq,
            MaxEncodedLen,
            PartialEq,
            TypeInfo,
        )]
        $item
    )*};
}

/// Keepers of one file, at most.
pub const MOST_KEEPERS: u32 = 16;
/// Chunks of a file that are drawn to be shown, at most; the last is shown beside them.
pub const CHUNKS_DRAWN: u8 = 15;
pub const CHUNKS_SHOWN: u32 = CHUNKS_DRAWN as u32 + 1;
/// What keepers are judged by: they hold what was evaluated.
pub const KIND: JobKind = JobKind::Evaluate;

stored! {
    /// How far the keeping of a file has come.
    #[derive(Copy)]
    pub enum Stage {
        /// Too few have attested yet.
        #[codec(index = 0)]
        Gathering,
        /// It is kept, and nobody has to show anything now.
        #[codec(index = 1)]
        Resting,
        /// A seed is waited for, which says who has to show what.
        #[codec(index = 2)]
        Drawing { ticket: Ticket },
        /// A keeper has to show chunks, which the seed of that ticket drew.
        #[codec(index = 3)]
        Asked { ticket: Ticket, keeper: ProviderId },
    }

    /// A file that is kept, or to be kept.
    pub struct Keep {
        /// Whose purse pays for it.
        pub model: BlockId,
        pub file: File,
        pub stage: Stage,
        /// Up to when this stage lasts.
        pub due: Height,
        /// When the chain looks at it next.
        pub next: Height,
        /// Up to when it is kept, if nobody says that it need not be; nothing while it gathers.
        pub until: Height,
        /// No delta needs it any more, and it is kept for old heads alone.
        pub old: bool,
        /// Seeds that were asked for.
        pub draws: u32,
        /// How many chunks the running challenge asks for beside the last.
        pub chunks: u8,
        pub keepers: BoundedVec<ProviderId, ConstU32<MOST_KEEPERS>>,
    }

    /// What governance may tune of keeping.
    #[derive(Copy)]
    pub struct Rules {
        /// Keepers of different parties before a head moves: one at least, [`MOST_KEEPERS`] at
        /// most.
        pub keepers: u8,
        /// How many may keep a file at once; never fewer than have to.
        pub most: u8,
        /// Blocks to attest in.
        pub gather: Height,
        /// Blocks that a file is kept for, if it is not released before.
        pub keep: Height,
        /// Blocks between two challenges.
        pub interval: Height,
        /// Blocks to show chunks in.
        pub show: Height,
        /// Chunks asked for beside the last one.
        pub chunks: u8,
        /// What a keeper gets for showing them.
        pub pay: Amount,
    }
}

/// What a keeper of a file has to do, as clients are told.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
pub struct Keeping {
    pub delta: DeltaId,
    pub file: File,
    /// The chunks that it has to show, and by when; none while it only has to hold the file.
    pub asked: Option<(Vec<u64>, Height)>,
}

impl Rules {
    /// Keepers that are enough.
    pub fn enough(&self) -> u32 {
        u32::from(self.keepers).clamp(1, MOST_KEEPERS)
    }

    /// Keepers that there may be.
    pub fn room(&self) -> u32 {
        u32::from(self.most).clamp(self.enough(), MOST_KEEPERS)
    }
}

impl Stage {
    /// The ticket of a seed that is not released yet.
    pub fn ticket(&self) -> Option<Ticket> {
        match self {
            Self::Gathering | Self::Resting => None,
            Self::Drawing { ticket } | Self::Asked { ticket, .. } => Some(*ticket),
        }
    }
}

impl Keep {
    pub fn count(&self) -> u32 {
        u32::try_from(self.keepers.len()).unwrap_or(u32::MAX)
    }

    /// The keeper that a seed picks, each as likely as any other; none where nobody keeps.
    pub fn pick(&self, seed: &Seed) -> Option<ProviderId> {
        let lot = Blake2_128::hash(&(b"cairn/keeper", seed).encode());
        let nth = u128::from_le_bytes(lot).checked_rem(u128::from(self.count()))?;
        self.keepers.get(usize::try_from(nth).ok()?).copied()
    }

    /// The chunks that a seed asks for, in ascending order.
    pub fn asked(&self, seed: &Seed) -> Vec<u64> {
        chunk::asked(seed, self.file.bytes, self.chunks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(keepers: u8, most: u8) -> Rules {
        Rules { keepers, most, gather: 1, keep: 1, interval: 1, show: 1, chunks: 1, pay: 1 }
    }

    #[test]
    fn rules_should_ask_for_a_keeper_and_leave_room_for_all_whatever_governance_says() {
        assert_eq!((rules(3, 5).enough(), rules(3, 5).room()), (3, 5));
        assert_eq!((rules(0, 0).enough(), rules(0, 0).room()), (1, 1));
        assert_eq!((rules(4, 2).enough(), rules(4, 2).room()), (4, 4));
        assert_eq!((rules(99, 1).enough(), rules(99, 1).room()), (MOST_KEEPERS, MOST_KEEPERS));
        assert_eq!(rules(1, u8::MAX).room(), MOST_KEEPERS);
    }
}
