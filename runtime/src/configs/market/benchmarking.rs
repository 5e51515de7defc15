//! A market for benchmarks: providers who are there, and time that passes.

use crate::{
    configs::parameters::{market, RuntimeParametersKey, RuntimeParametersValue},
    units::UNITS,
    AccountId, Balances, Providers, Runtime, RuntimeOrigin, System,
};
use alloc::{boxed::Box, vec::Vec};
use cairn_protocol::{
    id::{BlockId, Height, ProviderId, Region},
    job::JobKind,
    profile::{DeviceClass, Hardware, Offer, Offers, Profile, Role},
};
use cairn_seams::Ticket;
use codec::Encode;
use frame_benchmarking::account;
use frame_support::traits::fungible::Mutate;
use pallet_cairn_tasks::types::Rules;

pub struct Helper;

impl Helper {
    /// Makes an account the operator of a provider that is there.
    fn enlist_as(owner: AccountId, operator: AccountId, role: Role) -> ProviderId {
        let provider = ProviderId(pallet_cairn_providers::NextProvider::<Runtime>::get());
        for account in [&owner, &operator] {
            Balances::mint_into(account, 1_000_000 * UNITS).expect("the supply has room");
        }
        let offers: Vec<_> = JobKind::ALL.map(|kind| Offer { kind, price: 1 }).into();
        let profile = Profile {
            hardware: Hardware {
                class: DeviceClass::Gpu,
                memory_mib: 16_384,
                compute: 86,
                slots: 255,
                binding: sp_io::hashing::blake2_256(&operator.encode()),
            },
            region: Region(0),
            offers: Offers(offers.try_into().expect("there are six kinds")),
            payload_key: Some([0; 1_216]),
            node: [0; 32],
            enclave: None,
        };
        Providers::register(
            RuntimeOrigin::signed(owner),
            operator.clone(),
            Box::new(profile),
            [role].into_iter().collect(),
            1_000 * UNITS,
        )
        .expect("it is bonded");
        Providers::heartbeat(RuntimeOrigin::signed(operator), provider).expect("it is operated");
        provider
    }
}

impl pallet_cairn_entropy::benchmarking::BenchmarkHelper<AccountId> for Helper {
    fn enlist(operator: &AccountId) {
        Self::enlist_as(account("owner", 0, 0), operator.clone(), Role::Entropy);
    }

    fn set_height(height: Height) {
        System::set_block_number(height);
    }
}

impl pallet_cairn_reputation::benchmarking::BenchmarkHelper<AccountId> for Helper {
    fn register() -> (ProviderId, AccountId) {
        let worker =
            Self::enlist_as(account("owner", 1, 0), account("operator", 1, 0), Role::Compute);
        let other = account("operator", 2, 0);
        Self::enlist_as(account("owner", 2, 0), account("operator", 2, 0), Role::Compute);
        (worker, other)
    }

    fn pass_blocks() {
        System::set_block_number(System::block_number() + 1_000);
    }
}

impl pallet_cairn_tasks::benchmarking::BenchmarkHelper<AccountId> for Helper {
    fn enlist(nth: u32) -> (ProviderId, AccountId) {
        let operator: AccountId = account("operator", nth, 1);
        let owner = account("owner", nth, 1);
        (Self::enlist_as(owner, operator.clone(), Role::Compute), operator)
    }

    fn silence(provider: ProviderId) {
        pallet_cairn_providers::Providers::<Runtime>::mutate(provider, |record| {
            if let Some(record) = record {
                record.missed = true;
            }
        });
    }

    fn model() -> Option<BlockId> {
        None
    }

    fn set_rules(rules: Rules) {
        pallet_parameters::Parameters::<Runtime>::insert(
            RuntimeParametersKey::Market(market::ParametersKey::TaskRules(market::TaskRules)),
            RuntimeParametersValue::Market(market::ParametersValue::TaskRules(rules)),
        );
    }

    fn make_seed(ticket: &Ticket) {
        pallet_cairn_entropy::Windows::<Runtime>::mutate(ticket.requested_at, |window| {
            if let Some(window) = window {
                window.stage = pallet_cairn_entropy::types::Stage::Closed { seed: [7; 32] };
            }
        });
    }
}
