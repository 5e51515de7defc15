//! Learning, wired as in the runtime.

use super::Treasury;
use crate::*;
use cairn_protocol::{
    id::{Amount, ProviderId, Seed},
    job::JobKind,
    learning::{
        brief::Brief,
        delta::{Price, Terms},
        inference::MOST_GRANT,
        limits::Limits,
        panel::{Case, Outcome, PanelRules},
        reward::{Budgets, Curve, Decay, Emission},
    },
    share::{of, WHOLE},
};
use cairn_seams::{Judged, OnSettled};
use frame_support::{
    parameter_types,
    traits::{tokens::imbalance::ResolveTo, ConstU32, ConstU8},
};
use frame_system::EnsureRoot;
use pallet_cairn_curation::types as curation;
use pallet_cairn_learning::types as deltas;
use pallet_cairn_panels::types as panels;

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

/// Grants to providers, and points to their validators for what no grant gives back.
pub struct GrantsThenPoints;
impl OnSettled for GrantsThenPoints {
    fn settled(provider: ProviderId, kind: JobKind, irrecoverable: Amount) {
        Rewards::settled(provider, kind, irrecoverable);
        Merit::settled(provider, kind, of(WHOLE - MOST_GRANT, irrecoverable));
    }
}

parameter_types! {
    pub const PanelsRules: panels::Rules = PANEL_RULES;
    pub const DeltaRules: deltas::Rules = DELTA_RULES;
    pub const CustodyRules: pallet_cairn_custody::Rules = CUSTODY_RULES;
    pub VerdictCost: Amount = PANEL_RULES.most_paid();
    /// Four sets at two heads.
    pub MeasuringCost: Amount = 8 * PANEL_RULES.most_paid();
    pub const RewardRules: pallet_cairn_rewards::Rules = REWARD_RULES;
    pub const CurationRules: curation::Rules = CURATION_RULES;
}

const PANEL_RULES: panels::Rules = panels::Rules {
    // Enlarged once, so that some come to differ to the last.
    draws: PanelRules { guards: 3, most: 5, sample: 16, again: 1 },
    clocks: panels::Clocks { commit: 12, reveal: 8, window: 4 },
    memory_mib: 1_024,
    pay: 50,
};

pub(crate) const DELTA_RULES: deltas::Rules = deltas::Rules {
    terms: Terms {
        delay: 3,
        life: 60,
        commitment: 10,
        bond: Price { fixed: 1_000, byte: 0 },
        deposit: Price { fixed: 200, byte: 0 },
        mark: 30,
        most_bytes: 10_000,
    },
    clocks: deltas::Clocks { turn: 20, keeping: 20, record: 150 },
    standard: deltas::Standard { threshold: 10_000, decay: Decay { floor_loss: 0, least: 1_000 } },
    sample: deltas::Sample { variance: 400, most: 256 },
    limits: Limits { model: 10_000, sample: 1 << 16, fuel: 1 << 20 },
    curve: Curve { hundredth: 500 },
    forfeit: 100_000,
    pending: 3,
};

const CUSTODY_RULES: pallet_cairn_custody::Rules = pallet_cairn_custody::Rules {
    keepers: 2,
    most: 4,
    gather: 15,
    keep: 300,
    interval: 12,
    show: 8,
    chunks: 2,
    pay: 20,
};

/// So many blocks are a period.
pub(crate) const PERIOD: u32 = 60;

pub(crate) const REWARD_RULES: pallet_cairn_rewards::Rules = pallet_cairn_rewards::Rules {
    emission: Emission {
        period: PERIOD,
        // Two or three rewards a period, so that budgets are used up.
        tokens: 30_000,
        budgets: Budgets {
            inference: 450_000,
            learning: 350_000,
            validation: 100_000,
            data: 100_000,
        },
        carry: 500_000,
    },
    grant: MOST_GRANT,
    claimable: 2,
    data: 285_714,
    expected: 2,
    least: 100,
    notice: 20,
};

const CURATION_RULES: curation::Rules = curation::Rules {
    curators: curation::Stakes { bond: 1_000, silence: 200_000, pay: 30 },
    sets: curation::Sets { least: 3, open: 2, ahead: 2, bytes: 100_000, examples: 128, steps: 2 },
    // Longer than a panel.
    clocks: curation::Clocks { reveal: 15, judging: 150 },
};

impl pallet_cairn_panels::Config for Mock {
    type Beacon = Entropy;
    type Cases = Cases;
    type Clock = Clock;
    type Purse = Rewards;
    type Registry = Providers;
    type Reputation = Reputation;
    type Rules = PanelsRules;
    type ServedPerBlock = ConstU32<4>;
    type WeightInfo = ();
}

impl pallet_cairn_learning::Config for Mock {
    type Clock = Clock;
    type Currency = Balances;
    type Custody = Custody;
    type Lineage = Experts;
    type ManagerOrigin = EnsureRoot<AccountId>;
    type MaxQueue = ConstU32<4>;
    type Panels = Panels;
    type Purse = Rewards;
    type Registry = Providers;
    type Rules = DeltaRules;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Sealing = Curation;
    type ServedPerBlock = ConstU32<4>;
    type Treasury = Treasury;
    type UndoneAtOnce = ConstU32<2>;
    type WeightInfo = ();
}

impl pallet_cairn_custody::Config for Mock {
    type Beacon = Entropy;
    type Clock = Clock;
    type Deltas = Learning;
    type OldHeads = Curation;
    type Purse = Rewards;
    type Registry = Providers;
    type Reputation = Reputation;
    type Rules = CustodyRules;
    type ServedPerBlock = ConstU32<4>;
    type WeightInfo = ();
}

impl pallet_cairn_rewards::Config for Mock {
    type AdmitOrigin = EnsureRoot<AccountId>;
    type Clock = Clock;
    type Currency = Balances;
    type ForgottenPerBlock = ConstU32<2>;
    type JudgingCost = VerdictCost;
    type Lineage = Experts;
    type MeasuringCost = MeasuringCost;
    type MostGrant = ConstU32<MOST_GRANT>;
    type OnPeriod = Curation;
    type Registry = Providers;
    type Reputation = Reputation;
    type Rules = RewardRules;
    type RuntimeHoldReason = RuntimeHoldReason;
    type WeightInfo = ();
}

impl pallet_cairn_curation::Config for Mock {
    type Authors = Learning;
    type Clock = Clock;
    type Currency = Balances;
    type Lineage = Experts;
    type MaxSets = ConstU8<4>;
    type OnReleased = Learning;
    type OnSlash = ResolveTo<Treasury, Balances>;
    type Panels = Panels;
    type Purse = Rewards;
    type Registry = Providers;
    type Rules = CurationRules;
    type RuntimeHoldReason = RuntimeHoldReason;
    type ServedPerBlock = ConstU32<4>;
    type WeightInfo = ();
}
