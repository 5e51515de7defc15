//! Measures every call and hook step at its most expensive.

use crate::{
    types::{Registration, Slash},
    Call, Config, Links, Pallet, Providers, SlashQueue, Slashes,
};
use alloc::{boxed::Box, vec::Vec};
use cairn_protocol::{
    fault::Fault,
    id::{Amount, ContentId, ProviderId, Region},
    job::JobKind,
    profile::{
        Availability, DeviceClass, Hardware, Offer, Offers, Profile, Role, RoleSet,
        PAYLOAD_KEY_BYTES,
    },
};
use cairn_seams::Clock;
use frame_benchmarking::v2::*;
use frame_support::{
    traits::{fungible::Mutate, EnsureOrigin, Get},
    weights::WeightMeter,
    BoundedVec,
};
use frame_system::RawOrigin;

/// Enough for every bond and deposit of a benchmark.
fn endow<T: Config>(who: &T::AccountId)
where
    T::Currency: Mutate<T::AccountId>,
{
    let bonds = Pallet::<T>::required_bond(roles()).saturating_mul(8);
    let deposits = Pallet::<T>::deposit_for(100, 8_192);
    let balance = bonds.saturating_add(deposits).saturating_add(1 << 60);
    T::Currency::set_balance(who, balance);
}

fn roles() -> RoleSet {
    Role::ALL.into_iter().collect()
}

/// The largest profile there is.
fn profile(nth: u32, class: DeviceClass) -> Box<Profile> {
    let offers: Vec<_> = JobKind::ALL.into_iter().map(|kind| Offer { kind, price: 1 }).collect();
    let mut binding = [0; 32];
    binding[..4].copy_from_slice(&nth.to_le_bytes());
    Box::new(Profile {
        hardware: Hardware { class, memory_mib: 1, compute: 90, slots: 8, binding },
        region: Region(1),
        offers: Offers(BoundedVec::truncate_from(offers)),
        payload_key: Some([7; PAYLOAD_KEY_BYTES as usize]),
        node: [7; 32],
        enclave: Some(ContentId([7; 32])),
    })
}

fn enroll<T: Config>(nth: u32) -> (T::AccountId, T::AccountId, ProviderId)
where
    T::Currency: Mutate<T::AccountId>,
{
    let owner: T::AccountId = account("owner", nth, 0);
    let operator: T::AccountId = account("operator", nth, 0);
    endow::<T>(&owner);
    let provider = ProviderId(crate::NextProvider::<T>::get());
    let bond = Pallet::<T>::required_bond(roles()).saturating_mul(2).saturating_add(1_000_000);
    let what = profile(nth, DeviceClass::Accelerator);
    let registered = Pallet::<T>::register(
        RawOrigin::Signed(owner.clone()).into(),
        operator.clone(),
        what,
        roles(),
        bond,
    );
    assert_eq!(registered, Ok(()));
    // As if it had been measured to be slower than it says, which gives it one lane more.
    Pallet::<T>::amend(provider, |record| record.class = DeviceClass::LargeGpu);
    (owner, operator, provider)
}

/// One that sits in every lane, with another behind it that has to move when it leaves.
fn seated<T: Config>() -> (T::AccountId, T::AccountId, ProviderId)
where
    T::Currency: Mutate<T::AccountId>,
{
    let first = enroll::<T>(0);
    let second = enroll::<T>(1);
    for (_, operator, provider) in [&first, &second] {
        let beat = Pallet::<T>::heartbeat(RawOrigin::Signed(operator.clone()).into(), *provider);
        assert!(beat.is_ok());
    }
    assert_eq!(record::<T>(first.2).seats.count(), 12);
    first
}

fn record<T: Config>(provider: ProviderId) -> Registration<T::AccountId> {
    Providers::<T>::get(provider).expect("the benchmark has registered it")
}

fn queue<T: Config>(provider: ProviderId, amount: Amount) -> Slash {
    let queued_at = T::Clock::now();
    let slash = Slash { provider, fault: Fault::Wrong, subject: 1, amount, queued_at };
    Slashes::<T>::insert(0, slash.clone());
    SlashQueue::<T>::put(crate::types::QueueEnds { first: 0, next: 1 });
    Pallet::<T>::amend(provider, |record| {
        record.queued = 1;
        record.pending = amount;
        record.grave = amount;
    });
    slash
}

#[benchmarks(where T::Currency: Mutate<T::AccountId>)]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn register() {
        let owner: T::AccountId = account("owner", 0, 0);
        endow::<T>(&owner);
        let bond = Pallet::<T>::required_bond(roles());
        let what = profile(0, DeviceClass::Cpu);
        #[extrinsic_call]
        _(RawOrigin::Signed(owner.clone()), owner.clone(), what, roles(), bond);
        assert_eq!(record::<T>(ProviderId(0)).owner, owner);
    }

    #[benchmark]
    fn update_profile() {
        let (owner, _, provider) = seated::<T>();
        let what = profile(2, DeviceClass::Cpu);
        #[extrinsic_call]
        _(RawOrigin::Signed(owner), provider, what);
        assert_eq!(record::<T>(provider).generation, 1);
    }

    #[benchmark]
    fn add_bond() {
        let (owner, _, provider) = seated::<T>();
        // Below its minimum, so that it is seated again.
        let mut low = record::<T>(provider);
        let bond = core::mem::take(&mut low.bond);
        Pallet::<T>::settle_seats(provider, &mut low);
        Providers::<T>::insert(provider, low);
        #[extrinsic_call]
        _(RawOrigin::Signed(owner), provider, bond);
        assert_eq!(record::<T>(provider).bond, bond);
    }

    #[benchmark]
    fn set_roles() {
        let (owner, _, provider) = seated::<T>();
        let fewer: RoleSet = [Role::Entropy].into_iter().collect();
        #[extrinsic_call]
        _(RawOrigin::Signed(owner), provider, fewer);
        assert_eq!(record::<T>(provider).seats.count(), 1);
    }

    #[benchmark]
    fn set_availability() {
        let (_, operator, provider) = seated::<T>();
        #[extrinsic_call]
        _(RawOrigin::Signed(operator), provider, Availability::Paused);
        assert!(record::<T>(provider).seats.is_empty());
    }

    #[benchmark]
    fn heartbeat() {
        let (_, operator, provider) = seated::<T>();
        #[extrinsic_call]
        _(RawOrigin::Signed(operator), provider);
        assert_eq!(record::<T>(provider).seats.count(), 12);
    }

    #[benchmark]
    fn heartbeat_seating() {
        let (_, operator, provider) = seated::<T>();
        // A penalty takes all of its bond, so that it leaves every lane: that costs more than to
        // enter them.
        let bond = record::<T>(provider).bond;
        queue::<T>(provider, bond);
        #[extrinsic_call]
        heartbeat(RawOrigin::Signed(operator), provider);
        assert!(record::<T>(provider).seats.is_empty());
    }

    #[benchmark]
    fn rotate_operator() {
        let (owner, _, provider) = seated::<T>();
        let operator: T::AccountId = account("operator", 9, 0);
        #[extrinsic_call]
        _(RawOrigin::Signed(owner), provider, operator);
        assert!(record::<T>(provider).seats.is_empty());
    }

    #[benchmark]
    fn link_account() {
        let (by, other): (T::AccountId, T::AccountId) =
            (account("owner", 0, 0), account("owner", 1, 0));
        for who in [&by, &other] {
            endow::<T>(who);
        }
        let declared =
            Pallet::<T>::link_account(RawOrigin::Signed(other.clone()).into(), by.clone(), true);
        assert_eq!(declared, Ok(()));
        // With one more, both have as many links as there may be.
        let many: Vec<T::AccountId> =
            (1..T::MaxLinks::get()).map(|nth| account("linked", nth, 0)).collect();
        for who in [&by, &other] {
            let many: BoundedVec<_, T::MaxLinks> =
                many.clone().try_into().expect("there is room for one more");
            Links::<T>::insert(who, many);
        }
        #[extrinsic_call]
        _(RawOrigin::Signed(by.clone()), other.clone(), true);
        assert_eq!(Links::<T>::get(&other).last(), Some(&by));
    }

    #[benchmark]
    fn unbond() {
        let (owner, _, provider) = seated::<T>();
        #[extrinsic_call]
        _(RawOrigin::Signed(owner), provider, 1_000_000);
        assert_eq!(record::<T>(provider).unbonding, 1_000_000);
    }

    #[benchmark]
    fn leave() {
        let (owner, _, provider) = seated::<T>();
        #[extrinsic_call]
        _(RawOrigin::Signed(owner), provider);
        assert!(record::<T>(provider).leaving);
    }

    #[benchmark]
    fn withdraw() {
        let (owner, _, provider) = seated::<T>();
        let left = Pallet::<T>::leave(RawOrigin::Signed(owner.clone()).into(), provider);
        assert_eq!(left, Ok(()));
        Pallet::<T>::amend(provider, |record| record.withdrawable_at = 0);
        #[extrinsic_call]
        _(RawOrigin::Signed(owner), provider);
        assert!(Providers::<T>::get(provider).is_none());
    }

    #[benchmark]
    fn cancel_slash() -> Result<(), BenchmarkError> {
        let (_, _, provider) = seated::<T>();
        // All of its bond, so that it is seated again without it.
        let bond = record::<T>(provider).bond;
        queue::<T>(provider, bond);
        Pallet::<T>::amend(provider, |record| Pallet::<T>::settle_seats(provider, record));
        assert!(record::<T>(provider).seats.is_empty());
        let origin =
            T::AppealOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, 0);
        assert!(Slashes::<T>::get(0).is_none());
        assert_eq!(record::<T>(provider).seats.count(), 12);
        Ok(())
    }

    #[benchmark]
    fn on_idle_base() {
        let mut meter = WeightMeter::new();
        #[block]
        {
            Pallet::<T>::execute_due(&mut meter);
        }
        assert!(meter.consumed().any_gt(frame_support::weights::Weight::zero()));
    }

    #[benchmark]
    fn execute_slash() {
        let (_, _, provider) = seated::<T>();
        let stake = record::<T>(provider).stake();
        let slash = queue::<T>(provider, stake);
        #[block]
        {
            Pallet::<T>::execute(0, slash);
        }
        assert_eq!(record::<T>(provider).bond, 0);
    }

    impl_benchmark_test_suite!(
        Pallet,
        crate::tests::mock::new_test_ext(),
        crate::tests::mock::Test
    );
}
