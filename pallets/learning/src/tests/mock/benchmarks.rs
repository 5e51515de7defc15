//! What benchmarks need of the neighbours.

use super::{
    handed_in, join, operator, panel_of, place, AccountId, Balances, LearningRules, OnRecords,
    Waits, A, RICH,
};
use crate::types::{Place, Rules};
use cairn_protocol::id::{BlockId, DeltaId, PanelId, ProviderId, Seed};
use frame_support::{assert_ok, traits::fungible::Mutate};
use pallet_cairn_panels::types as panels;

pub struct Helper;

impl crate::benchmarking::BenchmarkHelper<AccountId> for Helper {
    fn place(_: u32) -> Place {
        place(A)
    }

    fn author(nth: u32) -> AccountId {
        let author = 10_000 + u64::from(nth);
        assert_ok!(Balances::mint_into(&author, RICH));
        author
    }

    fn set_rules(rules: Rules) {
        LearningRules::set(rules);
    }

    fn seal() {
        OnRecords::set(true);
        Waits::set(true);
    }

    fn keep(_: &BlockId, _: DeltaId) {}
}

impl pallet_cairn_panels::benchmarking::BenchmarkHelper<AccountId> for Helper {
    fn enlist(_: u32) -> (ProviderId, AccountId) {
        let provider = join();
        (provider, operator(provider))
    }

    fn silence(_: ProviderId) {}

    fn evictions() -> u32 {
        0
    }

    fn case() -> PanelId {
        panel_of(handed_in())
    }

    fn set_rules(_: panels::Rules) {}

    fn make_seed(_: &panels::Ticket, _: Seed) {}
}
