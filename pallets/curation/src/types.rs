//! What is stored beside the sealed sets, and what governance may tune.

use cairn_protocol::{
    id::{Amount, Height},
    learning::model::Parts,
    share::Ppm,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

pub use cairn_protocol::learning::curation::{
    CuratorView, Lack, Opening, Progress, SealedSet, SetView, Stage, TrialId, TrialView,
};

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

/// With fewer sets than these, whoever has most of them says what the median is.
pub const LEAST_SETS: u8 = 3;

/// Heads that were taken down, numbered in that order.
pub type SnapshotId = u64;
pub type SetOf<T> = SealedSet<<T as frame_system::Config>::AccountId>;

stored! {
    /// Who seals sets.
    #[derive(Copy)]
    pub struct Curator {
        /// What is held of it.
        pub bond: Amount,
        /// Sets it has sealed in trials that are not over.
        pub sets: u32,
    }

    /// A period of a model, and what of it is not yet decided.
    #[derive(Copy)]
    pub struct Trial {
        pub stage: Stage,
        /// Sets that were sealed for it.
        pub sets: u8,
        /// Those among them whose panel is at work.
        pub judging: u8,
        /// What its deltas gained on public examples, in millionths of a logarithm.
        pub gain: u64,
        /// The heads when it began; none before that.
        pub began: Option<SnapshotId>,
        /// The heads that it is measured from instead, where rewards of the trial before wait for
        /// it.
        pub since: Option<SnapshotId>,
        /// The heads when its period ended; none before that.
        pub ended: Option<SnapshotId>,
        /// The period of the model's trial before, while that one is not over.
        pub before: Option<u32>,
        /// The period of the trial that began next, if one has.
        pub after: Option<u32>,
        /// Up to when this stage lasts.
        pub due: Height,
        /// When the chain looks at it next; nothing before its period has ended.
        pub next: Height,
    }

    /// Heads of a model, as they stood.
    pub struct Snapshot {
        pub parts: Parts,
        /// How many trials need them.
        pub uses: u32,
    }

    /// A delta whose reward is held.
    #[derive(Copy)]
    pub struct Holding {
        /// What it gained on public examples.
        pub gain: u64,
        /// Its own trial came to nothing, and it waits for another one.
        pub waited: bool,
    }

    /// What governance may tune of sealed sets.
    #[derive(Copy)]
    pub struct Rules {
        pub curators: Stakes,
        pub sets: Sets,
        pub clocks: Clocks,
    }

    /// What curators risk and earn.
    #[derive(Copy)]
    pub struct Stakes {
        /// Held of each.
        pub bond: Amount,
        /// What of it each set costs that is not opened, or cannot be used.
        pub silence: Ppm,
        /// What a curator is paid for a set that was measured.
        pub pay: Amount,
    }

    /// What may be sealed.
    #[derive(Copy)]
    pub struct Sets {
        /// Sets that have to be measured; fewer than [`LEAST_SETS`] count as that many.
        pub least: u8,
        /// Sets of one curator in trials that are not over.
        pub open: u32,
        /// How many periods before its own a set may be sealed.
        pub ahead: u32,
        /// Of a set's plain records.
        pub bytes: u64,
        /// Examples of a set that are judged, at most.
        pub examples: u32,
    }

    /// Times, in blocks of the market's clock.
    #[derive(Copy)]
    pub struct Clocks {
        /// For curators to open their sets.
        pub reveal: Height,
        /// For panels to measure them.
        pub judging: Height,
    }
}

impl Sets {
    /// How many sets have to be measured.
    pub fn needed(&self) -> u8 {
        self.least.max(LEAST_SETS)
    }
}

impl Trial {
    /// One that nothing was done for yet.
    pub fn announced() -> Self {
        Self {
            stage: Stage::Announced,
            sets: 0,
            judging: 0,
            gain: 0,
            began: None,
            since: None,
            ended: None,
            before: None,
            after: None,
            due: 0,
            next: 0,
        }
    }

    /// Whether its period is over.
    pub fn has_ended(&self) -> bool {
        !matches!(self.stage, Stage::Announced | Stage::Running)
    }

    /// The heads that it needs.
    pub fn snapshots(&self) -> impl Iterator<Item = SnapshotId> {
        [self.began, self.since, self.ended].into_iter().flatten()
    }

    pub fn view(&self) -> TrialView {
        let waits = matches!(self.stage, Stage::Reveals | Stage::Judging);
        let due = waits.then_some(self.due);
        TrialView { stage: self.stage, due, sets: self.sets, gain: self.gain }
    }
}
