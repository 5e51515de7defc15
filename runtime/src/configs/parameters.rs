//! Every value that governance may tune while the chain runs, and nowhere else.
//!
//! A value here is read through its `Get`; a default stands in the code, a set value in
//! `pallet-parameters`. Indices are append-only: a key removed leaves its index unused.

use super::{learning_defaults, market_defaults};
use crate::{units::*, AccountId, Balance, BlockNumber, Runtime, RuntimeEvent};
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
        /// An emergency stop that takes days stops nothing; it can only pause, and spare
        /// providers penalties, so it may be quick.
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

    #[dynamic_pallet_params]
    #[codec(index = 4)]
    pub mod market {
        /// Blocks whose authors make a seed.
        #[codec(index = 0)]
        pub static SeedWindow: BlockNumber = 16;
        /// Different authors among them, or all there are.
        #[codec(index = 1)]
        pub static SeedAuthors: u32 = 3;
        /// A round of contributions to the beacon: it often ends within a window.
        #[codec(index = 2)]
        pub static EntropyRound: BlockNumber = 20;
        /// What a contributor loses by not revealing; it also pays for the state meanwhile.
        #[codec(index = 3)]
        pub static EntropyStake: Balance = UNITS;
        /// How often a provider may say for free that it is there.
        #[codec(index = 4)]
        pub static HeartbeatPeriod: BlockNumber = 5 * MINUTES;
        /// A restart must not cost a provider its place in the draws.
        #[codec(index = 5)]
        pub static HeartbeatTimeout: BlockNumber = 15 * MINUTES;
        /// Longer than any work can be called to account for: `configs::market::longest_dispute`,
        /// which is 38 days.
        #[codec(index = 6)]
        pub static UnbondingPeriod: BlockNumber = 42 * DAYS;
        /// Time for the emergency track to decide.
        #[codec(index = 7)]
        pub static AppealWindow: BlockNumber = 2 * DAYS;
        #[codec(index = 8)]
        pub static FaultMemory: BlockNumber = 7 * DAYS;
        #[codec(index = 9)]
        pub static RoleBonds: pallet_cairn_providers::RoleBonds = market_defaults::ROLE_BONDS;
        #[codec(index = 10)]
        pub static FaultShares: pallet_cairn_providers::FaultShares = market_defaults::FAULT_SHARES;
        #[codec(index = 11)]
        pub static ThroughputFloors: pallet_cairn_providers::ThroughputFloors =
            market_defaults::THROUGHPUT_FLOORS;
        #[codec(index = 12)]
        pub static ReputationRules: cairn_protocol::reputation::Rules =
            market_defaults::REPUTATION_RULES;
        #[codec(index = 13)]
        pub static TaskRules: pallet_cairn_tasks::types::Rules = market_defaults::TASK_RULES;
        /// Between two capability challenges of one provider, on average. What a challenge takes
        /// in this time is what the market pays to know its hardware: 0.4 %.
        #[codec(index = 14)]
        pub static ChallengeInterval: BlockNumber = 4 * HOURS;
        /// How long a device at the floor of its class works on a challenge: long enough that
        /// three blocks of delay cost a twentieth.
        #[codec(index = 15)]
        pub static ChallengeBlocks: BlockNumber = MINUTES;
        /// Measures everything down to a third of the floor.
        #[codec(index = 16)]
        pub static ChallengeCommit: BlockNumber = 3 * MINUTES;
        #[codec(index = 17)]
        pub static ChallengeReveal: BlockNumber = 30 * SECONDS;
        #[codec(index = 18)]
        pub static MeritRules: pallet_cairn_merit::Rules = market_defaults::MERIT_RULES;
        #[codec(index = 19)]
        pub static AuditRules: pallet_cairn_audits::types::Rules = market_defaults::AUDIT_RULES;
        /// How long a higher price of a model is announced: longer than a transaction waits that was
        /// signed at the lower one.
        #[codec(index = 20)]
        pub static PriceNotice: BlockNumber = HOURS;
        /// How long a provider's word counts that it serves a model.
        #[codec(index = 21)]
        pub static ServeBlocks: BlockNumber = DAYS;
    }

    #[dynamic_pallet_params]
    #[codec(index = 5)]
    pub mod learning {
        /// Who judges, how long it takes, and what it is paid.
        #[codec(index = 0)]
        pub static PanelRules: pallet_cairn_panels::types::Rules = learning_defaults::PANEL_RULES;
        /// What handing in a delta takes, and what it has to come to.
        #[codec(index = 1)]
        pub static DeltaRules: pallet_cairn_learning::types::Rules = learning_defaults::DELTA_RULES;
        #[codec(index = 2)]
        pub static CustodyRules: pallet_cairn_custody::Rules = learning_defaults::CUSTODY_RULES;
        /// What may be minted in a period, and for what.
        #[codec(index = 3)]
        pub static RewardRules: pallet_cairn_rewards::Rules = learning_defaults::REWARD_RULES;
        #[codec(index = 4)]
        pub static CurationRules: pallet_cairn_curation::types::Rules =
            learning_defaults::CURATION_RULES;
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
