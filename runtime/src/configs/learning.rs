//! Learning: who judges deltas, what becomes of them, who keeps what models are then, who pays for
//! it, and the examples that nobody knows yet.

use super::{
    governance::{origins::Treasurer, TreasuryAccount},
    market::GrantsThatLose,
    parameters::learning,
};
use crate::{
    AccountId, Balance, Balances, Curation, Custody, Entropy, Experts, Learning, MarketClock,
    Merit, Panels, Providers, Reputation, Rewards, Runtime, RuntimeHoldReason,
};
use cairn_protocol::{
    id::{Amount, ProviderId, Seed},
    job::JobKind,
    learning::{
        brief::Brief,
        inference::MOST_GRANT,
        panel::{Case, Outcome},
    },
    share::{of, WHOLE},
};
use cairn_seams::{Judged, OnSettled};
use frame_support::traits::{
    tokens::imbalance::ResolveTo, ConstU32, ConstU8, EitherOf, Get, MapSuccess,
};
use frame_system::EnsureRoot;
use sp_runtime::morph_types;

/// Whose case it is.
pub struct Cases;
impl Judged for Cases {
    fn held(case: &Case) -> u64 {
        match case {
            Case::Delta(_) => Learning::held(case),
            Case::Sealed { .. } => Curation::held(case),
        }
    }

    fn brief(case: &Case, round: u16, seed: &Seed) -> Option<Brief> {
        match case {
            Case::Delta(_) => Learning::brief(case, round, seed),
            Case::Sealed { .. } => Curation::brief(case, round, seed),
        }
    }

    fn judged(case: &Case, brief: Option<&Brief>, outcome: Outcome) {
        match case {
            Case::Delta(_) => Learning::judged(case, brief, outcome),
            Case::Sealed { .. } => Curation::judged(case, brief, outcome),
        }
    }
}

/// Grants to providers, and points to their validators. A grant gives back most of a fee, so only
/// what none can give back is worth points: with both for the whole of it, dealing with oneself
/// would pay.
pub struct GrantsThenPoints;
impl OnSettled for GrantsThenPoints {
    fn settled(provider: ProviderId, kind: JobKind, irrecoverable: Amount) {
        Rewards::settled(provider, kind, irrecoverable);
        Merit::settled(provider, kind, of(WHOLE.saturating_sub(MOST_GRANT), irrecoverable));
    }
}

impl pallet_cairn_panels::Config for Runtime {
    type Beacon = Entropy;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = super::market::benchmarking::Helper;
    type Cases = Cases;
    type Clock = MarketClock;
    type Purse = Rewards;
    type Registry = Providers;
    type Reputation = Reputation;
    type Rules = learning::PanelRules;
    type ServedPerBlock = ConstU32<32>;
    type WeightInfo = pallet_cairn_panels::weights::SubstrateWeight<Runtime>;
}

morph_types! {
    /// How much it may be does not matter here.
    pub type Whatever: Morph = |_limit: Balance| -> () { () };
}

/// Whoever may spend from the treasury also says for what models tokens are minted.
type Manager = EitherOf<EnsureRoot<AccountId>, MapSuccess<Treasurer, Whatever>>;

impl pallet_cairn_learning::Config for Runtime {
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = super::market::benchmarking::Helper;
    type Clock = MarketClock;
    type Currency = Balances;
    type Custody = Custody;
    type Lineage = Experts;
    type ManagerOrigin = Manager;
    // The longest wait is that many verdicts: a working day.
    type MaxQueue = ConstU32<32>;
    type Panels = Panels;
    type Purse = Rewards;
    type Registry = Providers;
    type Rules = learning::DeltaRules;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Sealing = Curation;
    type ServedPerBlock = ConstU32<32>;
    type Treasury = TreasuryAccount;
    type UndoneAtOnce = ConstU32<8>;
    type WeightInfo = pallet_cairn_learning::weights::SubstrateWeight<Runtime>;
}

impl pallet_cairn_custody::Config for Runtime {
    type Beacon = Entropy;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = super::market::benchmarking::Helper;
    type Clock = MarketClock;
    type Deltas = Learning;
    type OldHeads = Curation;
    type Purse = Rewards;
    type Registry = Providers;
    type Reputation = Reputation;
    type Rules = learning::CustodyRules;
    type ServedPerBlock = ConstU32<32>;
    type WeightInfo = pallet_cairn_custody::weights::SubstrateWeight<Runtime>;
}

/// What a panel is paid at most.
pub struct VerdictCost;
impl Get<Balance> for VerdictCost {
    fn get() -> Balance {
        learning::PanelRules::get().most_paid()
    }
}

/// What all panels on sealed sets are paid at most for one delta, at the head that it was laid on
/// and the one that it made.
pub struct MeasuringCost;
impl Get<Balance> for MeasuringCost {
    fn get() -> Balance {
        let sets = <<Runtime as pallet_cairn_curation::Config>::MaxSets as Get<u8>>::get();
        VerdictCost::get().saturating_mul(Balance::from(sets)).saturating_mul(2)
    }
}

impl pallet_cairn_rewards::Config for Runtime {
    type AdmitOrigin = Manager;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = super::market::benchmarking::Helper;
    type Clock = MarketClock;
    type Currency = Balances;
    type ForgottenPerBlock = ConstU32<64>;
    type JudgingCost = VerdictCost;
    type Lineage = Experts;
    type MeasuringCost = MeasuringCost;
    type MostGrant = GrantsThatLose;
    type OnPeriod = Curation;
    type Registry = Providers;
    type Reputation = Reputation;
    type Rules = learning::RewardRules;
    type RuntimeHoldReason = RuntimeHoldReason;
    type WeightInfo = pallet_cairn_rewards::weights::SubstrateWeight<Runtime>;
}

impl pallet_cairn_curation::Config for Runtime {
    type Authors = Learning;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = super::market::benchmarking::Helper;
    type Clock = MarketClock;
    type Currency = Balances;
    type Lineage = Experts;
    type MaxSets = ConstU8<9>;
    type OnReleased = Learning;
    type OnSlash = ResolveTo<TreasuryAccount, Balances>;
    type Panels = Panels;
    type Purse = Rewards;
    type Registry = Providers;
    type Rules = learning::CurationRules;
    type RuntimeHoldReason = RuntimeHoldReason;
    type ServedPerBlock = ConstU32<16>;
    type WeightInfo = pallet_cairn_curation::weights::SubstrateWeight<Runtime>;
}

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
