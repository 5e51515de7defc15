//! What governance may tune of panels.

use cairn_protocol::{
    id::{Amount, Height},
    job::JobKind,
    learning::panel::{PanelRules, MOST_GUARDS},
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

pub use cairn_protocol::{
    beacon::Ticket,
    learning::committee::{
        Duty, Panel, PanelView, PanelWaitsFor, Progress, Seat, BARRED, MAX_GUARDS,
    },
    lifecycle::panel::{Act, Stage, Turn},
};

/// What guards are judged by: how they evaluate.
pub const KIND: JobKind = JobKind::Evaluate;
pub type PanelOf<T> = Panel<<T as frame_system::Config>::AccountId>;

const MIB: u64 = 1 << 20;

/// A stage is left in the block after its last.
const LOOK: Height = 1;

/// What governance may tune of panels.
#[derive(
    Clone,
    Copy,
    Debug,
    Decode,
    DecodeWithMemTracking,
    Encode,
    Eq,
    MaxEncodedLen,
    PartialEq,
    TypeInfo,
)]
pub struct Rules {
    pub draws: PanelRules,
    pub clocks: Clocks,
    /// MiB of memory that are asked of a guard at most. With more of it an author could choose a
    /// model so large that few can judge it but those whom it knows.
    pub memory_mib: u32,
    /// What each guard is paid whose opinion stands.
    pub pay: Amount,
}

/// Times, in blocks of the market's clock.
#[derive(
    Clone,
    Copy,
    Debug,
    Decode,
    DecodeWithMemTracking,
    Encode,
    Eq,
    MaxEncodedLen,
    PartialEq,
    TypeInfo,
)]
pub struct Clocks {
    /// To fetch what there is to judge, to judge it, and to commit.
    pub commit: Height,
    pub reveal: Height,
    /// In which what was decided can be shown to be wrong.
    pub window: Height,
}

impl Rules {
    /// Seats of a new panel.
    pub fn seats(&self) -> u8 {
        self.draws.guards.clamp(1, MOST_GUARDS)
    }

    /// What a verdict costs at most: all guards of the largest panel agree.
    pub fn most_paid(&self) -> Amount {
        let most = self.draws.most.min(MOST_GUARDS).max(self.seats());
        self.pay.saturating_mul(most.into())
    }

    /// MiB that a guard is asked for who has to hold so many bytes.
    pub fn memory_for(&self, bytes: u64) -> u32 {
        let mib = u32::try_from(bytes.div_ceil(MIB)).unwrap_or(u32::MAX);
        mib.min(self.memory_mib)
    }

    /// How long a panel takes at most, if seeds, which take so many blocks, are in time and blocks
    /// have room.
    pub fn longest(&self, seed: Height) -> Height {
        let enlarged = MOST_GUARDS.min(self.draws.most).saturating_sub(self.seats()).div_ceil(2);
        let draws =
            Height::from(self.draws.again).saturating_add(enlarged.into()).saturating_add(1);
        let Clocks { commit, reveal, window } = self.clocks;
        let stages = [seed, commit, reveal];
        let each = stages
            .into_iter()
            .fold(0, |sum: Height, blocks| sum.saturating_add(blocks).saturating_add(LOOK));
        draws.saturating_mul(each).saturating_add(window).saturating_add(LOOK)
    }
}
