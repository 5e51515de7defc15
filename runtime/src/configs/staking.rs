//! Nominated proof of stake: bonds, eras, rewards, slashes.

use super::{
    elections::{BagThresholds, MAX_VALIDATORS, MAX_WINNERS_EXPOSED},
    governance::TreasuryAccount,
    parameters::emission::AnnualRate,
};
use crate::{
    launch::{BondingEras, ChainPace, SessionsPerEra, SlashDeferEras},
    units::SLOT_MILLIS,
    AccountId, Balance, Balances, ElectionProviderMultiPhase, Runtime, RuntimeEvent,
    RuntimeHoldReason, Session, Staking, Timestamp, VoterList,
};
use frame_support::traits::{tokens::imbalance::ResolveTo, ConstU32, Get};
use frame_system::EnsureRoot;
use pallet_staking::UseValidatorsMap;
use sp_runtime::{Perbill, Perquintill};
use sp_staking::currency_to_vote::U128CurrencyToVote;

const MILLIS_PER_YEAR: u64 = 365 * 24 * 60 * 60 * 1_000;

/// No parameter may set a rate above this: a slip of a digit must not print the supply anew.
const MAX_ANNUAL_RATE: Perbill = Perbill::from_percent(10);

/// Emits a fixed share of the issuance a year, all of it to stakers.
///
/// Staking hands over wall-clock time, which on a laptop that slept, or on a chain that stood
/// still, is longer than any era; no more than the era's nominal length is paid.
pub struct Emission;

impl Emission {
    pub fn nominal_era_millis() -> u64 {
        let pace = ChainPace::<Runtime>::get();
        pace.epoch_slots
            .saturating_mul(u64::from(pace.sessions_per_era))
            .saturating_mul(SLOT_MILLIS)
    }
}

impl sp_staking::EraPayout<Balance> for Emission {
    fn era_payout(_: Balance, issuance: Balance, era_millis: u64) -> (Balance, Balance) {
        let paid_millis = era_millis.min(Self::nominal_era_millis());
        let yearly = AnnualRate::get().min(MAX_ANNUAL_RATE) * issuance;
        let share = Perquintill::from_rational(paid_millis, MILLIS_PER_YEAR);
        (share * yearly, 0)
    }
}

/// Slashes and what staking does not pay out go to the treasury.
type ToTreasury = ResolveTo<TreasuryAccount, Balances>;

/// Sizes that benchmarks are run with.
pub struct BenchmarkSizes;
impl pallet_staking::BenchmarkingConfig for BenchmarkSizes {
    type MaxNominators = ConstU32<1000>;
    type MaxValidators = ConstU32<{ MAX_VALIDATORS }>;
}

impl pallet_staking::Config for Runtime {
    type AdminOrigin = EnsureRoot<AccountId>;
    type BenchmarkingConfig = BenchmarkSizes;
    type BondingDuration = BondingEras<Runtime>;
    type Currency = Balances;
    type CurrencyBalance = Balance;
    type CurrencyToVote = U128CurrencyToVote;
    type ElectionProvider = ElectionProviderMultiPhase;
    type EraPayout = Emission;
    type EventListeners = ();
    type Filter = frame_support::traits::Nothing;
    type GenesisElectionProvider = super::elections::OnChain;
    // Rewards can be claimed for 84 eras: twelve weeks of daily ones.
    type HistoryDepth = ConstU32<84>;
    type MaxControllersInDeprecationBatch = ConstU32<100>;
    // One page of a validator's backers fits a payout call well into a block.
    type MaxExposurePageSize = ConstU32<MAX_WINNERS_EXPOSED>;
    type MaxUnlockingChunks = ConstU32<32>;
    type MaxValidatorSet = ConstU32<{ MAX_VALIDATORS }>;
    type NextNewSession = Session;
    type NominationsQuota = pallet_staking::FixedNominationsQuota<{ super::elections::MAX_VOTES }>;
    type OldCurrency = Balances;
    type Reward = ();
    type RewardRemainder = ToTreasury;
    type RuntimeEvent = RuntimeEvent;
    type RuntimeHoldReason = RuntimeHoldReason;
    type SessionInterface = Self;
    type SessionsPerEra = SessionsPerEra<Runtime>;
    type Slash = ToTreasury;
    type SlashDeferDuration = SlashDeferEras<Runtime>;
    type TargetList = UseValidatorsMap<Self>;
    type UnixTime = Timestamp;
    type VoterList = VoterList;
    type WeightInfo = pallet_staking::weights::SubstrateWeight<Runtime>;
}

/// The list staking takes its electing voters from, heaviest bag first.
impl pallet_bags_list::Config<pallet_bags_list::Instance1> for Runtime {
    type BagThresholds = BagThresholds;
    // Rewards move scores slowly; five a block keeps 2,000 voters sorted within seven minutes.
    type MaxAutoRebagPerBlock = ConstU32<5>;
    type RuntimeEvent = RuntimeEvent;
    type Score = sp_npos_elections::VoteWeight;
    type ScoreProvider = Staking;
    type WeightInfo = pallet_bags_list::weights::SubstrateWeight<Runtime>;
}
