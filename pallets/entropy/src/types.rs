//! What is stored, and the rules that need no storage.

use alloc::vec::Vec;
use cairn_protocol::{
    id::{Digest, Height, ProviderId, Seed},
    preimage::Statement,
};
use cairn_seams::Subject;
use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::{traits::Get, BoundedVec};
use scale_info::TypeInfo;

/// The fewest heights a window has.
pub const LEAST_WINDOW: Height = 16;

/// Whose block this is, and what its author could not choose.
pub trait BlockVrf<AccountId> {
    /// The author of this block and the output of its VRF; none if the block has no such output.
    /// Asked for at the end of the block, after consensus has read it from the header.
    fn author_vrf() -> Option<(AccountId, Seed)>;

    /// How many authors may make blocks now.
    fn active_authors() -> u32;
}

/// What one block adds to a trace.
#[derive(Encode)]
pub struct BlockTerm {
    pub height: Height,
    pub vrf: Seed,
}

impl Statement for BlockTerm {
    const TAG: &'static str = "cairn/block-vrf";
}

/// What the seeds of a window come from.
#[derive(Encode)]
pub struct WindowSeed {
    pub requested_at: Height,
    pub closed_at: Height,
    /// The terms of the blocks after the request up to the closing, exclusive-ored.
    pub blocks: Digest,
    /// The contributions that had settled when it closed.
    pub mix: Digest,
}

impl Statement for WindowSeed {
    const TAG: &'static str = "cairn/window-seed";
}

/// What a draw is made with.
#[derive(Encode)]
pub struct DrawSeed {
    pub window: Seed,
    pub subject: Subject,
}

impl Statement for DrawSeed {
    const TAG: &'static str = "cairn/draw-seed";
}

/// What the revealed contributions of a round make of the mix.
#[derive(Encode)]
pub struct RoundMix<AccountId: Encode> {
    pub round: Height,
    pub before: Digest,
    /// In the order in which they were committed to.
    pub revealed: Vec<(AccountId, Seed)>,
}

impl<AccountId: Encode> Statement for RoundMix<AccountId> {
    const TAG: &'static str = "cairn/round-mix";
}

/// Exclusive or, which takes out again what it put in.
pub fn xor(mut a: Digest, b: &Digest) -> Digest {
    a.iter_mut().zip(b).for_each(|(a, b)| *a ^= b);
    a
}

/// What the recorded blocks amount to.
#[derive(Decode, Encode, MaxEncodedLen, TypeInfo)]
#[codec(mel_bound(AccountId: MaxEncodedLen, MaxAuthors: Get<u32>))]
#[scale_info(skip_type_params(MaxAuthors))]
pub struct Trace<AccountId, MaxAuthors: Get<u32>> {
    /// The height of the last block recorded.
    pub recorded: Height,
    /// The terms of all blocks, exclusive-ored. What it was at two heights gives what the blocks
    /// between them add, so a window has to remember only where it began.
    pub sum: Digest,
    /// Windows of earlier heights are closed, the others are not.
    pub next: Height,
    /// The latest authors, latest first, each with the height of its last block.
    pub authors: BoundedVec<(AccountId, Height), MaxAuthors>,
}

impl<AccountId: PartialEq, MaxAuthors: Get<u32>> Trace<AccountId, MaxAuthors> {
    /// Before the block of that height.
    pub fn before(height: Height) -> Self {
        Self {
            recorded: height.saturating_sub(1),
            sum: Digest::default(),
            next: height,
            authors: BoundedVec::new(),
        }
    }

    /// Adds the block of a height.
    pub fn record(&mut self, height: Height, block: Option<(AccountId, Seed)>, genesis: &Digest) {
        self.recorded = height;
        if let Some((author, vrf)) = block {
            self.sum = xor(self.sum, &BlockTerm { height, vrf }.digest(genesis));
            self.authors.retain(|(other, _)| *other != author);
            // Only a bound of zero refuses it, and then no window closes.
            let _ = self.authors.force_insert_keep_left(0, (author, height));
        }
    }

    /// At least that many different authors made blocks after every height below this one, and
    /// fewer did so after this one.
    pub fn reach(&self, authors: u32) -> Height {
        let nth = usize::try_from(authors).unwrap_or(usize::MAX).saturating_sub(1);
        self.authors.get(nth).map_or(0, |(_, height)| *height)
    }
}

/// The blocks after a height at which seeds were asked for.
#[derive(Clone, Debug, Decode, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo)]
pub struct Window {
    /// How many tickets are not yet released; at none the window is forgotten.
    pub tickets: u32,
    /// It closes at this height, or later if authors are too few.
    pub due: Height,
    pub stage: Stage,
}

/// How far a window is.
#[derive(Clone, Debug, Decode, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo)]
pub enum Stage {
    /// The block of the request is not recorded yet; the window begins after it.
    #[codec(index = 0)]
    Announced,
    #[codec(index = 1)]
    Open {
        /// The trace's sum when it began.
        before: Digest,
    },
    #[codec(index = 2)]
    Closed { seed: Seed },
}

/// A round of contributions. It goes by the height it began at.
#[derive(Clone, Copy, Debug, Decode, Default, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo)]
pub struct Round {
    pub began: Height,
    /// In heights, fixed when it began.
    pub length: Height,
}

/// What a round waits for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Phase {
    Commit,
    Reveal,
    Over,
}

impl Round {
    pub fn phase(&self, now: Height) -> Phase {
        let age = now.saturating_sub(self.began);
        if age >= self.length {
            Phase::Over
        } else if age >= self.length / 2 {
            Phase::Reveal
        } else {
            Phase::Commit
        }
    }
}

/// What a provider contributes to a round.
#[derive(Clone, Debug, Decode, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo)]
pub struct Contribution<AccountId, Balance> {
    /// The operator who committed, and alone can reveal.
    pub contributor: AccountId,
    pub provider: ProviderId,
    pub value: Value<Balance>,
}

/// A contributed value.
#[derive(Clone, Debug, Decode, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo)]
pub enum Value<Balance> {
    #[codec(index = 0)]
    Sealed { commitment: Digest, stake: Balance },
    #[codec(index = 1)]
    Revealed { value: Seed },
}

/// What the contributions of all rounds so far amount to.
#[derive(Clone, Copy, Debug, Decode, Default, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo)]
pub struct Mix {
    pub current: Digest,
    pub previous: Digest,
    /// Windows that close earlier than this take the previous mix.
    pub settles_at: Height,
}

impl Mix {
    /// What counts in a window that closes at that height.
    pub fn at(&self, height: Height) -> Digest {
        if height >= self.settles_at {
            self.current
        } else {
            self.previous
        }
    }
}
