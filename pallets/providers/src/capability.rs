//! What measurements say of a provider's hardware. Who measures is another pallet.

use crate::{Config, Draw, Event, Pallet, PoolSizes, Pools, Providers};
use alloc::vec::Vec;
use cairn_protocol::{
    id::{ProviderId, Seed},
    profile::{DeviceClass, Role},
};
use cairn_seams::Lane;
use frame_support::traits::Get;

/// Where everyone sits who computes, whatever jobs it offers.
const COMPUTING: Lane = Lane::Holders(Role::Compute);

/// Positions looked at for each provider asked for: half of those drawn may have gone silent.
const ATTEMPTS_EACH: u32 = 2;

impl<T: Config> Pallet<T> {
    /// Keeps what was measured last. A declared class whose floor is not reached is lost.
    pub fn note_throughput(provider: ProviderId, measured: u64) {
        let Some(mut record) = Providers::<T>::get(provider) else { return };
        record.throughput = Some(measured);
        let class = T::ThroughputFloors::get().class(record.hardware.class, Some(measured));
        Self::reclass(provider, &mut record, class);
        Self::settle_seats(provider, &mut record);
        Providers::<T>::insert(provider, record);
        Self::deposit_event(Event::Measured { provider, throughput: measured, class });
    }

    /// The provider was called and was not there: it gets no work until its next heartbeat.
    pub fn note_missed(provider: ProviderId) {
        let Some(mut record) = Providers::<T>::get(provider) else { return };
        record.missed = true;
        Self::settle_seats(provider, &mut record);
        Providers::<T>::insert(provider, record);
        Self::deposit_event(Event::Missed { provider });
    }

    /// What was measured last; none before the first time.
    pub fn throughput(provider: ProviderId) -> Option<u64> {
        Providers::<T>::get(provider)?.throughput
    }

    /// What a provider must be measured to do to be of that class.
    pub fn floor(class: DeviceClass) -> u64 {
        T::ThroughputFloors::get().of(class)
    }

    /// How many who compute are drawn in that class and no other. Some may have gone silent.
    pub fn population(class: DeviceClass) -> u32 {
        PoolSizes::<T>::get(COMPUTING).of(class)
    }

    /// How many are drawn in the class below that one, though they declare it or a higher one.
    pub fn rising(class: DeviceClass) -> u32 {
        class.below().map_or(0, |below| PoolSizes::<T>::get(Lane::Rising).of(below))
    }

    /// As `sample`, among all who compute, but of that class alone: whoever is faster or slower
    /// needs a job of another size to be measured with.
    pub fn sample_class(class: DeviceClass, count: u32, seed: &Seed) -> Vec<ProviderId> {
        Self::sample_of(COMPUTING, class, count, seed)
    }

    /// As `sample_class`, among those whom `rising` counts.
    pub fn sample_rising(class: DeviceClass, count: u32, seed: &Seed) -> Vec<ProviderId> {
        class
            .below()
            .map_or_else(Vec::new, |below| Self::sample_of(Lane::Rising, below, count, seed))
    }

    fn sample_of(lane: Lane, class: DeviceClass, count: u32, seed: &Seed) -> Vec<ProviderId> {
        let count = count.min(T::MaxSample::get());
        let conditions = Self::conditions();
        let there = |provider: &ProviderId| {
            Providers::<T>::get(provider)
                .is_some_and(|record| conditions.obstacle(&record).is_none())
        };
        let population = PoolSizes::<T>::get(lane).of(class);
        let (mut drawn, absent): (Vec<_>, Vec<_>) = Draw::new(seed, population.into())
            .take(count.saturating_mul(ATTEMPTS_EACH) as usize)
            .filter_map(|position| u32::try_from(position).ok())
            .filter_map(|index| Pools::<T>::get((lane, class, index)))
            .partition(there);
        drawn.truncate(count as usize);
        // Only now, since it moves others to different positions.
        for provider in absent.into_iter().take(T::MaxEvictions::get() as usize) {
            Self::evict(provider, lane);
        }
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{tests::mock::*, Call};
    use cairn_protocol::{job::JobKind, profile::Profile};
    use cairn_seams::Registry;
    use frame_support::assert_ok;
    use sp_runtime::traits::{BlakeTwo256, Hash};
    use std::collections::BTreeSet;

    fn sample(class: DeviceClass, count: u32, seed: u8) -> BTreeSet<ProviderId> {
        let drawn = Pallet::<Test>::sample_class(class, count, &[seed; 32]);
        let different: BTreeSet<_> = drawn.iter().copied().collect();
        assert_eq!(different.len(), drawn.len());
        different
    }

    #[test]
    fn sample_class_should_draw_that_class_alone() {
        execute(|| {
            let all = crowd(20);
            all[..4].iter().for_each(|one| Pallet::<Test>::note_throughput(*one, 99));
            let slow: BTreeSet<_> = all[..4].iter().copied().collect();
            assert_eq!(Pallet::<Test>::population(DeviceClass::SmallGpu), 4);
            assert_eq!(Pallet::<Test>::population(DeviceClass::Gpu), 16);
            assert_eq!(Pallet::<Test>::population(DeviceClass::Cpu), 0);
            for seed in 0..50 {
                assert_eq!(sample(DeviceClass::SmallGpu, 8, seed), slow);
                let fast = sample(DeviceClass::Gpu, 8, seed);
                assert_eq!(fast.len(), 8);
                assert!(fast.is_disjoint(&slow));
                assert!(sample(DeviceClass::Cpu, 8, seed).is_empty());
            }
            // Sampling as matching does takes the faster ones too.
            let lane = Lane::Jobs(JobKind::Infer);
            let both = Pallet::<Test>::sample(lane, DeviceClass::SmallGpu, 20, &[0; 32]);
            assert_eq!(both.len(), 20);
        });
    }

    #[test]
    fn sample_rising_should_draw_who_declares_more_than_was_measured() {
        execute(|| {
            let rising = |class| Pallet::<Test>::rising(class);
            let drawn = |class| Pallet::<Test>::sample_rising(class, 8, &[1; 32]);
            let all = crowd(3);
            assert_eq!(DeviceClass::ALL.map(rising), [0; 5]);
            assert!(drawn(DeviceClass::Gpu).is_empty());
            // Two classes down, and tried at the next one up.
            Pallet::<Test>::note_throughput(all[0], 0);
            Pallet::<Test>::note_throughput(all[1], 99);
            assert_eq!(DeviceClass::ALL.map(rising), [0, 1, 1, 0, 0]);
            assert_eq!(drawn(DeviceClass::SmallGpu), [all[0]]);
            assert_eq!(drawn(DeviceClass::Gpu), [all[1]]);
            assert!(drawn(DeviceClass::Cpu).is_empty());
            // As high as it declares.
            Pallet::<Test>::note_throughput(all[1], 100);
            assert_eq!(DeviceClass::ALL.map(rising), [0, 1, 0, 0, 0]);
            // Without the role it computes nothing.
            let roles = [Role::Guard].into_iter().collect();
            let owner = record(all[0]).owner;
            assert_ok!(act(owner, Call::set_roles { provider: all[0], roles }));
            assert_eq!(DeviceClass::ALL.map(rising), [0; 5]);
        });
    }

    #[test]
    fn rising_should_end_when_less_is_declared_and_begin_when_more_is() {
        execute(|| {
            let provider = available(ALICE);
            let declare = |class| {
                let mut declared: Profile = profile(33);
                declared.hardware.class = class;
                let profile = Box::new(declared);
                assert_ok!(act(ALICE, Call::update_profile { provider, profile }));
                DeviceClass::ALL.map(Pallet::<Test>::rising)
            };
            Pallet::<Test>::note_throughput(provider, 0);
            assert_eq!(declare(DeviceClass::Cpu), [0; 5]);
            // New hardware is believed when it has been measured.
            assert_eq!(declare(DeviceClass::Accelerator), [0, 1, 0, 0, 0]);
            assert_eq!(Pallet::<Test>::card(provider).unwrap().class, DeviceClass::Cpu);
        });
    }

    #[test]
    fn sample_class_should_draw_everyone_as_often() {
        execute(|| {
            let all = crowd(10);
            let mut drawn = [0u32; 10];
            for seed in 0..2_000u32 {
                let seed = BlakeTwo256::hash_of(&seed).0;
                for one in Pallet::<Test>::sample_class(DeviceClass::Gpu, 3, &seed) {
                    drawn[all.iter().position(|known| *known == one).unwrap()] += 1;
                }
            }
            // 600 each are expected, with a deviation of 20.
            assert!(drawn.iter().all(|count| (520..680).contains(count)), "{drawn:?}");
        });
    }

    #[test]
    fn sample_class_should_leave_out_who_is_silent_and_take_a_few_seats() {
        execute(|| {
            let all = crowd(6);
            pass(Timeout::get() + 1);
            for one in &all[..2] {
                beat(*one).unwrap();
            }
            assert_eq!(sample(DeviceClass::Gpu, 6, 1), all[..2].iter().copied().collect());
            // Of four who are silent, two lose their seat at a time.
            assert_eq!(Pallet::<Test>::population(DeviceClass::Gpu), 4);
            assert_eq!(sample(DeviceClass::Gpu, 6, 2).len(), 2);
            assert_eq!(Pallet::<Test>::population(DeviceClass::Gpu), 2);
        });
    }

    #[test]
    fn throughput_should_be_what_was_measured_last() {
        execute(|| {
            let provider = available(ALICE);
            assert_eq!(Pallet::<Test>::throughput(provider), None);
            Pallet::<Test>::note_throughput(provider, 99);
            assert_eq!(Pallet::<Test>::throughput(provider), Some(99));
            assert_eq!(Pallet::<Test>::throughput(ProviderId(9)), None);
            assert_eq!(Pallet::<Test>::floor(DeviceClass::Cpu), 0);
            assert_eq!(Pallet::<Test>::floor(DeviceClass::LargeGpu), 1_000);
        });
    }
}
