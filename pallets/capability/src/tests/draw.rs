use super::mock::*;
use crate::{types::*, *};
use cairn_protocol::{
    id::ProviderId,
    job::JobKind,
    profile::{Availability, DeviceClass, Role},
};
use cairn_seams::Registry;
use frame_support::{assert_ok, traits::SafeModeNotify};
use std::collections::BTreeSet;

#[test]
fn draw_should_challenge_three_when_the_seed_is_there() {
    execute(|| {
        let all: BTreeSet<_> = crowd(5, DeviceClass::Gpu).into_iter().collect();
        run(WINDOW - 1);
        assert!(Challenges::<Test>::iter_keys().next().is_none());
        System::reset_events();
        run(1);
        let id = Challenges::<Test>::iter_keys().next().unwrap();
        assert_eq!(id, 0);
        let found = challenge(id);
        assert_eq!(found.handed_out, Moment { height: 18, block: 18 });
        assert_eq!((found.class, found.units, found.due), (DeviceClass::Gpu, 20_000, 58));
        assert_eq!((found.stage, found.commit_by), (Stage::Commits, 58));
        let drawn: BTreeSet<_> = members(id).into_iter().collect();
        assert_eq!(drawn.len(), 3);
        assert!(drawn.is_subset(&all));
        for member in &found.members {
            assert_eq!(member.progress, Progress::Working);
            assert!([JobKind::Embed, JobKind::Simulate].contains(&member.kind));
            let card = card(member.provider);
            assert_eq!((card.load, card.engagements), (1, 1));
        }
        let expected = Event::HandedOut {
            challenge: id,
            class: DeviceClass::Gpu,
            seed: found.seed,
            units: 20_000,
            members: members(id),
            due: 58,
        };
        assert_eq!(events(), [expected]);
        // The next seed is asked for at once.
        assert_eq!(Awaited::<Test>::get().map(|ticket| ticket.requested_at), Some(18));
    });
}

#[test]
fn draw_should_give_each_challenge_a_seed_of_its_own() {
    execute(|| {
        crowd(12, DeviceClass::Gpu);
        let seeds: BTreeSet<_> = (0..3).map(|_| challenge(challenged()).seed).collect();
        assert_eq!(seeds.len(), 3);
        assert_eq!(pallet_cairn_entropy::Windows::<Test>::iter_keys().count(), 1);
    });
}

#[test]
fn draw_should_take_one_class_alone() {
    execute(|| {
        let few: BTreeSet<_> = crowd(3, DeviceClass::SmallGpu).into_iter().collect();
        let many: BTreeSet<_> = crowd(24, DeviceClass::Accelerator).into_iter().collect();
        crowd(2, DeviceClass::Cpu);
        let mut met = BTreeSet::new();
        for _ in 0..60 {
            let id = challenged();
            let class = challenge(id).class;
            met.insert(class);
            let drawn: BTreeSet<_> = members(id).into_iter().collect();
            let (crowd, units) = match class {
                DeviceClass::SmallGpu => (&few, 2_000),
                _ => (&many, 2_000_000),
            };
            assert!(drawn.is_subset(crowd));
            assert_eq!(challenge(id).units, units);
            answer(id, drawn.into_iter().map(|one| (one, 1)).collect());
        }
        assert_eq!(met, [DeviceClass::SmallGpu, DeviceClass::Accelerator].into());
    });
}

#[test]
fn draw_should_challenge_each_provider_about_once_in_an_interval() {
    execute(|| {
        let all = crowd(9, DeviceClass::Gpu);
        Interval::set(200);
        let mut times = [0usize; 9];
        for _ in 0..8_000 {
            for id in Challenges::<Test>::iter_keys().collect::<Vec<_>>() {
                let drawn = members(id);
                all.iter().zip(&mut times).for_each(|(one, count)| {
                    *count += usize::from(drawn.contains(one));
                });
                answer(id, drawn.into_iter().map(|one| (one, 0)).collect());
            }
            all.iter().for_each(|one| {
                if now() % 900 == one.0 as u32 {
                    heartbeat(*one);
                }
            });
            run(1);
        }
        // 40 times each are expected.
        assert!(times.iter().all(|count| (20..=60).contains(count)), "{times:?}");
        assert!((300..=420).contains(&times.iter().sum::<usize>()), "{times:?}");
    });
}

#[test]
fn draw_should_challenge_nobody_when_fewer_than_three_are_there() {
    execute(|| {
        let two = crowd(2, DeviceClass::Gpu);
        crowd(2, DeviceClass::Cpu);
        run(3 * WINDOW);
        assert_eq!(Draws::<Test>::get(), 4);
        assert!(Challenges::<Test>::iter_keys().next().is_none());
        let third = join(DeviceClass::Gpu);
        let id = challenged();
        let drawn: BTreeSet<_> = members(id).into_iter().collect();
        assert_eq!(drawn, [two[0], two[1], third].into());
    });
}

#[test]
fn draw_should_take_one_of_a_party_at_most() {
    execute(|| {
        let mut all = crowd(2, DeviceClass::Gpu);
        // Two more of the same owner, one of an account that declared itself the same party and
        // was declared it, and one whose operator owns another.
        for _ in 0..2 {
            all.push(register(owner(all[0]), DeviceClass::Gpu, &[Role::Compute]));
        }
        all.push(register(owner(ProviderId(10)), DeviceClass::Gpu, &[Role::Compute]));
        let signed = RuntimeOrigin::signed;
        let (first, other) = (owner(all[0]), owner(ProviderId(10)));
        assert_ok!(Providers::link_account(signed(first), other, true));
        assert_ok!(Providers::link_account(signed(other), first, true));
        all[2..].iter().for_each(|one| heartbeat(*one));
        run(5 * WINDOW);
        assert_eq!(Draws::<Test>::get(), 6);
        assert!(Challenges::<Test>::iter_keys().next().is_none());
        let stranger = join(DeviceClass::Gpu);
        let drawn = members(challenged());
        assert!(drawn.contains(&stranger) && drawn.contains(&all[1]));
    });
}

#[test]
fn draw_should_leave_out_who_works() {
    execute(|| {
        let all = crowd(4, DeviceClass::Gpu);
        Busy::set(vec![all[1]]);
        Providers::engage(all[1]);
        Providers::begin_work(all[1]);
        let id = challenged();
        assert!(!members(id).contains(&all[1]));
        answer(id, members(id).into_iter().map(|one| (one, 1)).collect());
        Busy::set(vec![all[1], all[2]]);
        Providers::engage(all[2]);
        Providers::begin_work(all[2]);
        Interval::set(1);
        run(3 * WINDOW);
        assert!(Challenges::<Test>::iter_keys().next().is_none());
        for one in Busy::take() {
            Providers::end_work(one);
            Providers::disengage(one);
        }
    });
}

#[test]
fn draw_should_stop_when_too_many_are_open() {
    execute(|| {
        crowd(20, DeviceClass::Gpu);
        // Nobody ends a challenge while blocks are full.
        for open in [1, 2, 3, 4, 4, 4] {
            (0..WINDOW).for_each(|_| full_block());
            assert_eq!(Agenda::<Test>::get().len(), open);
            assert_eq!(Challenges::<Test>::iter_keys().count(), open);
        }
        assert_eq!(Draws::<Test>::get(), 7);
        // Nobody works who is not a member.
        run(3);
        assert_eq!(Agenda::<Test>::get().len(), 1);
    });
}

#[test]
fn draw_should_wait_while_the_clock_stands() {
    execute(|| {
        crowd(3, DeviceClass::Gpu);
        run(10);
        Clock::entered();
        run(100);
        assert_eq!(Draws::<Test>::get(), 1);
        Clock::exited();
        run(WINDOW - 10);
        let id = Challenges::<Test>::iter_keys().next().unwrap();
        assert_eq!(challenge(id).handed_out, Moment { height: 18, block: 118 });
    });
}

#[test]
fn draw_should_come_before_anyone_can_answer_to_a_seed() {
    execute(|| {
        let all = crowd(3, DeviceClass::Gpu);
        // In the block whose end makes the seed public nobody knows it yet.
        run(WINDOW - 1);
        let ticket = Awaited::<Test>::get().unwrap();
        assert_eq!(<Entropy as cairn_seams::Beacon>::seed(&ticket), None);
        run(1);
        let id = Challenges::<Test>::iter_keys().next().unwrap();
        for one in &all {
            let signed = RuntimeOrigin::signed(operator(*one));
            assert_ok!(Providers::set_availability(signed, *one, Availability::Paused));
        }
        // To be gone now is to be silent.
        run(u64::from(COMMIT_BLOCKS) + 2);
        assert!(!Challenges::<Test>::contains_key(id));
        assert!(all.iter().all(|one| outcome(*one) == Outcome::Silent));
    });
}
