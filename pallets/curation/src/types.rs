//! What is stored beside the sealed sets, and what governance may tune.

use cairn_protocol::{
    id::{Amount, DeltaId, Height},
    learning::model::Parts,
    share::Ppm,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
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

/// Sets of one trial, at most.
pub const MOST_SETS: u32 = 9;
/// Deltas that are measured in one trial, at most: what is found of all of them is read at once.
pub const MOST_STEPS: u32 = 32;
/// How often a reward is put off, at most. Keepers are bound for seven days, and each trial is a
/// day: after these there is one more whose heads have to be there.
pub const MOST_PUT_OFF: u8 = 5;

/// Heads that were taken down, numbered in that order.
pub type SnapshotId = u64;
/// The deltas that panels are asked about, in the order in which they were laid.
pub type Course = BoundedVec<Step, ConstU32<MOST_STEPS>>;
/// What a model had gained at one of its heads, by sets.
pub type Round = BoundedVec<Reading, ConstU32<MOST_SETS>>;
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
        /// The place of the first delta of it that panels were not asked about.
        pub first: u64,
        /// The place behind its last one.
        pub end: u64,
        /// What the heads were to become by the one that was laid last. They are kept only as long
        /// as something else needs them.
        pub last: Option<SnapshotId>,
        /// The heads that gains are measured from; none before panels are asked about a delta.
        pub base: Option<SnapshotId>,
        /// The heads that panels measure now.
        pub at: Option<SnapshotId>,
        /// The last of the heads that panels were asked about once more.
        pub again: Option<SnapshotId>,
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
        /// How often they are needed: by what is held, and by what is measured.
        pub uses: u32,
    }

    /// A delta whose reward is held.
    #[derive(Copy)]
    pub struct Holding {
        /// What it gained on public examples.
        pub gain: u64,
        /// Where it stands among its model's, in the order in which they were laid.
        pub place: u64,
        /// The heads that it was laid on.
        pub before: SnapshotId,
        /// What it made of them.
        pub after: SnapshotId,
        /// A trial could say nothing of it, and it waits for another one.
        pub waited: bool,
        /// How many trials had no room or no time for it, which is counted by itself.
        pub put_off: u8,
        pub finding: Finding,
    }

    /// What its trial says of a delta.
    #[derive(Copy)]
    pub enum Finding {
        /// Nothing yet. If it has no time left for that, the next trial will.
        #[codec(index = 0)]
        Open,
        /// This share of what it was promised holds on sealed sets.
        #[codec(index = 1)]
        Holds(Ppm),
        /// It could not be measured on enough sets.
        #[codec(index = 2)]
        Unknown,
    }

    /// A delta that panels are asked about.
    #[derive(Copy)]
    pub struct Step {
        pub delta: DeltaId,
        pub before: SnapshotId,
        pub after: SnapshotId,
    }

    /// What a model had gained by one of a trial's sets.
    #[derive(Copy)]
    pub struct Reading {
        pub set: u8,
        pub gain: i64,
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
        /// Deltas that are measured on the sets of a trial, at most and not more than
        /// [`MOST_STEPS`]. Those that were laid later wait for the next trial.
        pub steps: u32,
    }

    /// Times, in blocks of the market's clock.
    #[derive(Copy)]
    pub struct Clocks {
        /// For curators to open their sets.
        pub reveal: Height,
        /// For panels to measure all of them, at one head after the other.
        pub judging: Height,
    }
}

impl Sets {
    /// How many sets have to be measured.
    pub fn needed(&self) -> u8 {
        self.least.max(LEAST_SETS)
    }

    /// How many deltas are measured in a trial.
    pub fn most_steps(&self) -> usize {
        usize::try_from(self.steps.clamp(1, MOST_STEPS)).unwrap_or(1)
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
            first: 0,
            end: 0,
            last: None,
            base: None,
            at: None,
            again: None,
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

    pub fn view(&self) -> TrialView {
        let waits = matches!(self.stage, Stage::Reveals | Stage::Judging);
        let due = waits.then_some(self.due);
        TrialView { stage: self.stage, due, sets: self.sets, gain: self.gain }
    }
}
