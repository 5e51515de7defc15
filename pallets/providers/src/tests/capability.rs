use super::mock::*;
use crate::{types::Obstacle, Call, Event, Pallet};
use cairn_protocol::{
    id::ProviderId,
    job::JobKind,
    profile::{DeviceClass, Profile},
};
use cairn_seams::{Lane, Registry};
use frame_support::assert_ok;

const INFER: Lane = Lane::Jobs(JobKind::Infer);

fn above(class: DeviceClass) -> u64 {
    Pallet::<Test>::pool_size(INFER, class)
}

#[test]
fn note_throughput_should_cost_the_class_when_the_floor_is_not_reached() {
    execute(|| {
        let provider = available(ALICE);
        assert_eq!(above(DeviceClass::Gpu), 1);
        Pallet::<Test>::note_throughput(provider, 99);
        let class = DeviceClass::SmallGpu;
        assert_eq!(last_event(), Event::Measured { provider, throughput: 99, class });
        assert_eq!((above(DeviceClass::Gpu), above(DeviceClass::SmallGpu)), (0, 1));
        let candidate = Pallet::<Test>::candidate(provider, INFER).unwrap();
        assert_eq!((candidate.hardware.class, candidate.throughput), (class, 99));
        // What it declared is still to be seen.
        let card = Pallet::<Test>::card(provider).unwrap();
        assert_eq!((card.hardware.class, card.class), (DeviceClass::Gpu, class));
        assert_eq!(card.throughput, Some(99));
    });
}

#[test]
fn note_throughput_should_give_the_class_back_when_the_floor_is_reached() {
    execute(|| {
        let provider = available(ALICE);
        Pallet::<Test>::note_throughput(provider, 0);
        assert_eq!((above(DeviceClass::SmallGpu), above(DeviceClass::Cpu)), (0, 1));
        Pallet::<Test>::note_throughput(provider, 100);
        assert_eq!(above(DeviceClass::Gpu), 1);
        // Never above what was declared.
        Pallet::<Test>::note_throughput(provider, u64::MAX);
        assert_eq!((above(DeviceClass::Gpu), above(DeviceClass::LargeGpu)), (1, 0));
    });
}

#[test]
fn note_throughput_should_outlast_a_new_declaration() {
    execute(|| {
        let provider = available(ALICE);
        Pallet::<Test>::note_throughput(provider, 99);
        let mut bragging: Profile = profile(33);
        bragging.hardware.class = DeviceClass::Accelerator;
        let profile = Box::new(bragging);
        assert_ok!(act(ALICE, Call::update_profile { provider, profile }));
        assert_eq!((above(DeviceClass::Gpu), above(DeviceClass::SmallGpu)), (0, 1));
        Pallet::<Test>::note_throughput(provider, 10_000);
        assert_eq!(above(DeviceClass::Accelerator), 1);
    });
}

#[test]
fn note_throughput_should_count_when_the_provider_is_not_there() {
    execute(|| {
        let provider = registered(ALICE);
        Pallet::<Test>::note_throughput(provider, 99);
        assert_eq!(above(DeviceClass::Cpu), 0);
        assert_ok!(beat(provider));
        assert_eq!((above(DeviceClass::Gpu), above(DeviceClass::SmallGpu)), (0, 1));
        // Of one that is gone nothing is kept.
        Pallet::<Test>::note_throughput(ProviderId(9), 1);
    });
}

#[test]
fn note_missed_should_make_the_provider_unavailable_and_not_penalise_it() {
    execute(|| {
        let provider = available(ALICE);
        Pallet::<Test>::note_missed(provider);
        assert_eq!(last_event(), Event::Missed { provider });
        let card = Pallet::<Test>::card(provider).unwrap();
        assert_eq!((card.obstacle, card.pending), (Some(Obstacle::Missed), 0));
        assert_eq!(Pallet::<Test>::candidate(provider, INFER), None);
        assert_eq!(above(DeviceClass::Cpu), 0);
        Pallet::<Test>::note_missed(ProviderId(9));
        assert_eq!(last_event(), Event::Missed { provider });
    });
}
