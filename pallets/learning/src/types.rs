//! What is stored beside the record of a delta, and what governance may tune.

use cairn_protocol::{
    id::{Amount, BlockId, DeltaId, Height},
    learning::{
        limits::Limits,
        reward::{Curve, Decay},
    },
    share::Ppm,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

pub use cairn_protocol::{
    learning::delta::{
        Delta, DeltaView, DeltaWaitsFor, Place, Preview, Price, Stakes, Terms, Trial,
    },
    lifecycle::delta::{Act, Reason, Stage, Turn},
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

pub type DeltaOf<T> = Delta<<T as frame_system::Config>::AccountId>;

stored! {
    /// That somebody has made a delta, before anyone sees it.
    pub struct Commitment {
        /// What the delta is for.
        pub place: Place,
        pub deposit: Amount,
        pub made: Height,
    }

    /// Why a delta of the same artifact cannot be handed in for a component.
    #[derive(Copy)]
    pub enum Taken {
        /// This one is being judged.
        #[codec(index = 0)]
        Pending(DeltaId),
        /// This one was laid, even if it was taken off again.
        #[codec(index = 1)]
        Laid(DeltaId),
        /// This one was shown and came to nothing, though nobody found it wanting. Up to that
        /// height its author alone may hand the artifact in again.
        #[codec(index = 2)]
        Reserved { delta: DeltaId, until: Height },
    }

    /// The last delta that was laid on a component, and what published block all of them are on.
    #[derive(Copy)]
    pub struct Top {
        pub block: BlockId,
        pub root: BlockId,
        /// Its delta; none where it was forgotten before what was laid on it was taken off, or is
        /// the published block.
        pub delta: Option<DeltaId>,
    }

    /// A delta is taken off, with all that was laid on it.
    #[derive(Copy)]
    pub struct Rollback {
        pub target: DeltaId,
        /// The next to say that it is, where the component was published anew since: nothing is
        /// left to be taken off then. None as long as it is done from the top.
        pub up: Option<DeltaId>,
    }

    /// A block is taken off whose delta is forgotten, with all that was laid on it.
    pub struct Cut {
        pub place: Place,
        pub block: BlockId,
    }

    /// How a model was last measured.
    #[derive(Copy)]
    pub struct Measure {
        /// On which set. Of another one it says nothing.
        pub data: BlockId,
        /// What the size of a sample goes by.
        pub variance: u64,
        /// What was lost, as a mean over examples.
        pub loss: u64,
    }

    /// By how much a delta has to be better.
    #[derive(Copy)]
    pub struct Standard {
        /// Which share of the loss it has to take off.
        pub threshold: Ppm,
        pub decay: Decay,
    }

    /// What governance may tune of deltas.
    #[derive(Copy)]
    pub struct Rules {
        pub terms: Terms,
        pub clocks: Clocks,
        /// Of models for which there is no other.
        pub standard: Standard,
        pub sample: Sample,
        /// What takes more is not judged.
        pub limits: Limits,
        pub curve: Curve,
        /// What is lost of the bond where there is no delta to judge.
        pub forfeit: Ppm,
        /// Deltas of one party that may be judged at once.
        pub pending: u32,
    }

    /// Times, in blocks of the market's clock.
    #[derive(Copy)]
    pub struct Clocks {
        /// After so many it is looked at again whether it is a delta's turn, though nothing was
        /// heard.
        pub turn: Height,
        /// For others to say that they keep what a component becomes.
        pub keeping: Height,
        /// How long the record of a delta is kept that is over, or laid.
        pub record: Height,
    }

    /// On how many examples deltas are judged.
    #[derive(Copy)]
    pub struct Sample {
        /// That of a model of which no delta has passed yet, and the least that is reckoned with.
        pub variance: u64,
        /// Examples at most.
        pub most: u32,
    }
}
