//! A market for benchmarks: providers who are there, and time that passes.

use crate::{
    configs::{
        governance::TreasuryAccount,
        parameters::{market, RuntimeParametersKey, RuntimeParametersValue},
    },
    units::UNITS,
    AccountId, Balances, Providers, Runtime, RuntimeOrigin, System,
};
use alloc::{boxed::Box, vec::Vec};
use cairn_protocol::{
    id::{BlockId, Height, ProviderId, Region, Seed, TaskId},
    job::JobKind,
    profile::{Availability, DeviceClass, Hardware, Offer, Offers, Profile, Role},
};
use cairn_seams::Ticket;
use codec::Encode;
use frame_benchmarking::account;
use frame_support::traits::{fungible::Mutate, Get};
use pallet_cairn_tasks::types::Rules;
use sp_runtime::SaturatedConversion;

pub struct Helper;

impl Helper {
    /// Makes an account the operator of a provider that is there. Its owner operates the provider
    /// of another owner, and each of them is linked to as many as there may be: finding out whether
    /// two parties are one then takes longest.
    pub(in crate::configs) fn enlist_as(
        owner: AccountId,
        operator: AccountId,
        role: Role,
    ) -> ProviderId {
        Self::enlist_with(owner, operator, &[role], DeviceClass::Gpu)
    }

    pub(in crate::configs) fn enlist_with(
        owner: AccountId,
        operator: AccountId,
        roles: &[Role],
        class: DeviceClass,
    ) -> ProviderId {
        if !pallet_cairn_providers::Operators::<Runtime>::contains_key(&owner) {
            let other = account(
                "other",
                pallet_cairn_providers::NextProvider::<Runtime>::get().saturated_into(),
                0,
            );
            Self::link(&other);
            Self::register(other, owner.clone(), &[Role::Entropy], class);
        }
        Self::link(&owner);
        Self::link(&operator);
        Self::register(owner, operator, roles, class)
    }

    /// Links an account to as many as there may be.
    pub(in crate::configs) fn link(account: &AccountId) {
        let most = <Runtime as pallet_cairn_providers::Config>::MaxLinks::get();
        pallet_cairn_providers::Links::<Runtime>::mutate(account, |links| {
            for nth in u32::saturated_from(links.len())..most {
                links
                    .try_push(frame_benchmarking::account("linked", nth, 0))
                    .expect("there is room");
            }
        });
    }

    fn register(
        owner: AccountId,
        operator: AccountId,
        roles: &[Role],
        class: DeviceClass,
    ) -> ProviderId {
        let provider = ProviderId(pallet_cairn_providers::NextProvider::<Runtime>::get());
        for account in [&owner, &operator] {
            Balances::mint_into(account, 1_000_000 * UNITS).expect("the supply has room");
        }
        let offers: Vec<_> = JobKind::ALL.map(|kind| Offer { kind, price: 1 }).into();
        let profile = Profile {
            hardware: Hardware {
                class,
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
            roles.iter().copied().collect(),
            1_000 * UNITS,
        )
        .expect("it is bonded");
        Providers::heartbeat(RuntimeOrigin::signed(operator), provider).expect("it is operated");
        provider
    }

    /// Lets a provider fall silent. It keeps its seats until it is drawn.
    pub(in crate::configs) fn mute(provider: ProviderId) {
        pallet_cairn_providers::Providers::<Runtime>::mutate(provider, |record| {
            if let Some(record) = record {
                record.missed = true;
            }
        });
    }

    /// Takes a provider out of every pool. It stays registered.
    fn unseat(provider: ProviderId, operator: AccountId) {
        let origin = RuntimeOrigin::signed(operator);
        Providers::set_availability(origin, provider, Availability::Paused).expect("it is there");
    }

    /// How many of the silent lose their seat in a pool by one draw, at most.
    pub(in crate::configs) fn most_evicted() -> u32 {
        <Runtime as pallet_cairn_providers::Config>::MaxEvictions::get()
    }

    /// Makes the seed of a ticket there.
    pub(in crate::configs) fn close(ticket: &Ticket, seed: Seed) {
        pallet_cairn_entropy::benchmarking::close::<Runtime>(ticket, seed);
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

impl pallet_cairn_audits::benchmarking::BenchmarkHelper<AccountId> for Helper {
    fn enlist(nth: u32) -> (ProviderId, AccountId) {
        let operator: AccountId = account("operator", nth, 4);
        let owner = account("owner", nth, 4);
        let roles = [Role::Compute, Role::Guard];
        (Self::enlist_with(owner, operator.clone(), &roles, DeviceClass::Gpu), operator)
    }

    fn silence(provider: ProviderId) {
        Self::mute(provider);
    }

    fn pause(provider: ProviderId, operator: AccountId) {
        Self::unseat(provider, operator);
    }

    fn evictions() -> u32 {
        Self::most_evicted()
    }

    fn await_audit(task: TaskId, requester: &AccountId, workers: &[ProviderId]) {
        let made = pallet_cairn_tasks::benchmarking::await_audit::<Runtime>(requester, workers);
        assert_eq!(made, task);
    }

    fn set_rules(rules: pallet_cairn_audits::types::Rules) {
        pallet_parameters::Parameters::<Runtime>::insert(
            RuntimeParametersKey::Market(market::ParametersKey::AuditRules(market::AuditRules)),
            RuntimeParametersValue::Market(market::ParametersValue::AuditRules(rules)),
        );
    }

    fn make_seed(ticket: &Ticket, seed: Seed) {
        Self::close(ticket, seed);
    }

    fn endow() {
        Balances::mint_into(&TreasuryAccount::get(), 1 << 100).expect("the supply has room");
    }
}

impl pallet_cairn_capability::benchmarking::BenchmarkHelper<AccountId> for Helper {
    fn enlist(nth: u32, class: DeviceClass) -> (ProviderId, AccountId) {
        let operator: AccountId = account("operator", nth, 2);
        let owner = account("owner", nth, 2);
        (Self::enlist_with(owner, operator.clone(), &Role::ALL, class), operator)
    }

    fn silence(provider: ProviderId) {
        Self::mute(provider);
    }

    fn evictions() -> u32 {
        Self::most_evicted()
    }

    fn make_seed(ticket: &Ticket, seed: Seed) {
        Self::close(ticket, seed);
    }
}

impl pallet_cairn_merit::benchmarking::BenchmarkHelper<AccountId> for Helper {
    fn validators(count: u32) -> Vec<AccountId> {
        let all: Vec<AccountId> = (0..count).map(|nth| account("validator", nth, 0)).collect();
        for validator in &all {
            Balances::mint_into(validator, 1_000_000 * UNITS).expect("the supply has room");
        }
        pallet_session::DisabledValidators::<Runtime>::kill();
        pallet_session::Validators::<Runtime>::put(&all);
        let era = pallet_staking::ActiveEraInfo { index: 0, start: None };
        pallet_staking::ErasRewardPoints::<Runtime>::remove(era.index);
        pallet_staking::ActiveEra::<Runtime>::put(era);
        all
    }

    fn enlist(validator: &AccountId) -> ProviderId {
        let nth = pallet_cairn_providers::NextProvider::<Runtime>::get().saturated_into();
        let (owner, operator) = (account("owner", nth, 3), account("operator", nth, 3));
        for (by, other) in [(validator, &owner), (&owner, validator)] {
            pallet_cairn_providers::Declarations::<Runtime>::insert(by, other, UNITS);
            pallet_cairn_providers::Links::<Runtime>::try_append(by, other).expect("it is new");
        }
        Self::link(validator);
        Self::enlist_as(owner, operator, Role::Compute)
    }
}

impl pallet_cairn_experts::benchmarking::BenchmarkHelper<AccountId> for Helper {
    fn enlist() -> (ProviderId, AccountId) {
        let operator: AccountId = account("operator", 0, 5);
        (Self::enlist_as(account("owner", 0, 5), operator.clone(), Role::Compute), operator)
    }

    fn heed(model: &BlockId) {
        pallet_cairn_rewards::Admissions::<Runtime>::insert(model, 1);
    }
}

impl pallet_cairn_tasks::benchmarking::BenchmarkHelper<AccountId> for Helper {
    fn enlist(nth: u32) -> (ProviderId, AccountId) {
        let operator: AccountId = account("operator", nth, 1);
        let owner = account("owner", nth, 1);
        let provider = Self::enlist_as(owner, operator.clone(), Role::Compute);
        // Each worked for a validator of its own, so that what settling notes of it is measured.
        let validator: AccountId = account("validator", nth, 1);
        Balances::mint_into(&validator, 1_000_000 * UNITS).expect("the supply has room");
        pallet_cairn_merit::benchmarking::link::<Runtime>(&validator, provider);
        (provider, operator)
    }

    fn silence(provider: ProviderId) {
        Self::mute(provider);
    }

    fn pause(provider: ProviderId, operator: AccountId) {
        Self::unseat(provider, operator);
    }

    fn model() -> BlockId {
        pallet_cairn_experts::benchmarking::create::<Runtime>()
    }

    fn set_rules(rules: Rules) {
        pallet_parameters::Parameters::<Runtime>::insert(
            RuntimeParametersKey::Market(market::ParametersKey::TaskRules(market::TaskRules)),
            RuntimeParametersValue::Market(market::ParametersValue::TaskRules(rules)),
        );
    }

    fn make_seed(ticket: &Ticket) {
        Self::close(ticket, [7; 32]);
    }

    fn is_noted(provider: ProviderId) -> bool {
        pallet_cairn_merit::ValidatorOf::<Runtime>::get(provider)
            .and_then(pallet_cairn_merit::Links::<Runtime>::get)
            .is_some_and(|link| link.work > 0)
    }
}
