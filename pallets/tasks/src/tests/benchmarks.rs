//! What the benchmarks need, so that they run as tests.

use super::mock::*;
use crate::{benchmarking::BenchmarkHelper, types::Rules};
use cairn_protocol::{
    id::{BlockId, ProviderId},
    profile::{Availability, Role},
};
use cairn_seams::Ticket;
use frame_support::{assert_ok, traits::fungible::Mutate};

pub struct Helper;

impl BenchmarkHelper<AccountId> for Helper {
    fn enlist(nth: u32) -> (ProviderId, AccountId) {
        let provider = ProviderId(pallet_cairn_providers::NextProvider::<Test>::get());
        let (owner, operator) = (1_000 + u64::from(nth), 2_000 + u64::from(nth));
        assert_ok!(Balances::mint_into(&owner, RICH));
        let signed = RuntimeOrigin::signed;
        let roles = [Role::Compute].into_iter().collect();
        let what = Box::new(profile(u64::from(nth)));
        assert_ok!(Providers::register(signed(owner), operator, what, roles, 20_000));
        assert_ok!(Providers::heartbeat(signed(operator), provider));
        (provider, operator)
    }

    fn silence(provider: ProviderId) {
        pallet_cairn_providers::Providers::<Test>::mutate(provider, |record| {
            record.as_mut().expect("it is registered").missed = true;
        });
    }

    fn pause(provider: ProviderId, operator: AccountId) {
        let origin = RuntimeOrigin::signed(operator);
        assert_ok!(Providers::set_availability(origin, provider, Availability::Paused));
    }

    fn model() -> BlockId {
        MODEL
    }

    fn set_rules(rules: Rules) {
        TaskRules::set(rules);
    }

    fn make_seed(ticket: &Ticket) {
        pallet_cairn_entropy::benchmarking::close::<Test>(ticket, [7; 32]);
    }

    fn is_noted(provider: ProviderId) -> bool {
        Settlements::get().iter().any(|(one, _, _)| *one == provider)
    }
}

pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
    TaskRules::set(RULES);
    let mut externalities = sp_io::TestExternalities::new_empty();
    externalities.execute_with(|| System::set_block_number(1));
    externalities
}
