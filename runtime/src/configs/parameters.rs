//! Every value that governance may tune while the chain runs, and nowhere else.
//!
//! A value here is read through its `Get`; a default stands in the code, a set value in
//! `pallet-parameters`. Indices are append-only: a key removed leaves its index unused.

use crate::{units::*, AccountId, BlockNumber, Runtime, RuntimeEvent};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
    dynamic_params::{dynamic_pallet_params, dynamic_params},
    traits::AsEnsureOriginWithArg,
};
use frame_system::EnsureRoot;
use scale_info::TypeInfo;
use sp_runtime::{FixedU128, Perbill, Perquintill};

/// How long a referendum stays in each of its phases, in blocks.
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
    serde::Serialize,
    serde::Deserialize,
)]
pub struct TrackPeriods {
    /// From submission to the first decision.
    pub prepare: BlockNumber,
    /// The longest time to be decided in; the thresholds fall over it.
    pub decision: BlockNumber,
    /// How long approval must hold.
    pub confirm: BlockNumber,
    /// From approval to enactment, at least.
    pub enactment: BlockNumber,
}

/// Clocks that all tracks share, in blocks.
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
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub struct Voting {
    /// How long one step of conviction locks a vote's tokens.
    pub lock: BlockNumber,
    /// After how long a referendum without decision deposit is dropped.
    pub undeciding_timeout: BlockNumber,
}

#[dynamic_params(RuntimeParameters, pallet_parameters::Parameters::<Runtime>)]
pub mod dynamic_params {
    use super::*;

    #[dynamic_pallet_params]
    #[codec(index = 0)]
    pub mod governance {
        /// Root can do anything, so it takes longest.
        #[codec(index = 0)]
        pub static RootTrack: TrackPeriods = TrackPeriods {
            prepare: 2 * HOURS,
            decision: 14 * DAYS,
            confirm: DAYS,
            enactment: DAYS,
        };
        /// Spending is bounded by what the treasury holds.
        #[codec(index = 1)]
        pub static TreasurerTrack: TrackPeriods =
            TrackPeriods { prepare: HOURS, decision: 14 * DAYS, confirm: DAYS, enactment: HOURS };
        /// An emergency stop that takes days stops nothing; it can only pause, so it may be quick.
        #[codec(index = 2)]
        pub static EmergencyTrack: TrackPeriods = TrackPeriods {
            prepare: MINUTES,
            decision: DAYS,
            confirm: 5 * MINUTES,
            enactment: SECONDS,
        };
        #[codec(index = 3)]
        pub static VotingClock: Voting = Voting { lock: 7 * DAYS, undeciding_timeout: 28 * DAYS };
    }

    #[dynamic_pallet_params]
    #[codec(index = 1)]
    pub mod fees {
        /// The fullness of ordinary block space at which the base fee stands still.
        #[codec(index = 0)]
        pub static TargetFullness: Perquintill = Perquintill::from_percent(50);
        /// How fast the base fee follows: a full block raises it by 1 %, as a second of full
        /// Ethereum blocks does.
        #[codec(index = 1)]
        pub static BaseFeeStep: FixedU128 = FixedU128::from_rational(2, 100);
        /// The base fee never falls below a tenth of par, so that filling the chain while it is
        /// idle still costs something.
        #[codec(index = 2)]
        pub static MinimumBaseFee: FixedU128 = FixedU128::from_rational(1, 10);
    }

    #[dynamic_pallet_params]
    #[codec(index = 2)]
    pub mod emission {
        /// New CRN a year for staking, as a share of what has been issued.
        #[codec(index = 0)]
        pub static AnnualRate: Perbill = Perbill::from_perthousand(25);
    }

    #[dynamic_pallet_params]
    #[codec(index = 3)]
    pub mod emergency {
        /// How long safe-mode lasts unless it is extended or ended.
        #[codec(index = 0)]
        pub static SafeModeBlocks: BlockNumber = DAYS;
    }
}

pub use dynamic_params::*;

impl pallet_parameters::Config for Runtime {
    type AdminOrigin = AsEnsureOriginWithArg<EnsureRoot<AccountId>>;
    type RuntimeEvent = RuntimeEvent;
    type RuntimeParameters = RuntimeParameters;
    // The crate keeps its measured weights private; these are the same with reference costs.
    type WeightInfo = ();
}

impl crate::launch::Config for Runtime {}

#[cfg(feature = "runtime-benchmarks")]
impl Default for RuntimeParameters {
    fn default() -> Self {
        Self::Emission(emission::Parameters::AnnualRate(
            emission::AnnualRate,
            Some(Perbill::from_percent(1)),
        ))
    }
}
