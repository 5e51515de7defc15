use super::mock::*;
use crate::{types::*, Event};
use cairn_protocol::{
    audit::{Shares, Verdict},
    id::ProviderId,
    job::{Policy, Requirements},
    profile::{Availability, DeviceClass, Role},
};
use cairn_seams::Audits as _;
use frame_support::assert_ok;

#[test]
fn begin_should_audit_nothing_when_no_lot_could_fall() {
    execute(|| {
        let workers: Vec<_> = (0..3).map(|_| worker()).collect();
        assert_eq!(begin(TASK, brief(Policy::Proven, &workers)), None);
        AuditRules::mutate(|rules| rules.shares.alone = 0);
        assert_eq!(begin(TASK, brief(Policy::Proven, &workers[..1])), None);
        assert_eq!(crate::Audits::<Test>::iter().count(), 0);
        assert_eq!(Audits::pending(TASK), None);
    });
}

#[test]
fn begin_should_say_by_when_it_will_be_over() {
    execute(|| {
        let worker = worker();
        // The seed of block 1 is there in 18; two more may be asked for; four stages follow.
        let due = begin(TASK, brief(Policy::Proven, &[worker])).expect("it may be audited");
        assert_eq!(due, 18 + 2 * 18 + (20 + 10 + 15 + 4));
        assert_eq!(Audits::pending(TASK), Some(18));
        conclude();
    });
    execute(|| {
        let worker = worker();
        let outcome = Policy::Outcome { target: 1, guards: 3 };
        let due = begin(TASK, brief(outcome, &[worker])).expect("it is measured");
        assert_eq!(due, 18 + 2 * 18 + 3 * (20 + 10 + 15 + 4));
    });
}

#[test]
fn draw_should_wait_for_the_seed() {
    execute(|| {
        let worker = worker();
        crowd(5);
        begin(TASK, brief(Policy::Proven, &[worker]));
        run(SEED - 1);
        assert_eq!((audit().stage, audit().fell), (Stage::Drawing, false));
        run(1);
        assert_eq!(audit().stage, Stage::Commits);
        let guards = guards();
        assert_eq!(guards.len(), 3);
        assert!(!guards.contains(&worker));
        let due = audit().due;
        assert_eq!(due, now() + 19);
        System::assert_last_event(Event::Drawn { task: TASK, round: 1, guards, due }.into());
    });
}

#[test]
fn draw_should_spare_what_the_lot_does_not_fall_on() {
    execute(|| {
        AuditRules::mutate(|rules| rules.shares.alone = 1);
        let worker = worker();
        crowd(5);
        begin(TASK, brief(Policy::Proven, &[worker])).expect("it might be audited");
        run(SEED + 1);
        assert_eq!(heard(), (Verdict::Passed, vec![]));
        System::assert_has_event(Event::Spared { task: TASK }.into());
    });
}

#[test]
fn draw_should_audit_as_often_as_it_should() {
    let mut fell = 0;
    for luck in 0..60 {
        execute(|| {
            Luck::set(luck);
            AuditRules::mutate(|rules| rules.shares = Shares { alone: 500_000, ..rules.shares });
            let worker = worker();
            crowd(3);
            begin(TASK, brief(Policy::Proven, &[worker]));
            run(SEED + 1);
            fell += u32::from(Heard::get().is_empty());
        });
    }
    // Half of them; three standard deviations are 12.
    assert!((18..=42).contains(&fell), "{fell} of 60");
}

#[test]
fn draw_should_audit_a_contested_result_and_its_workers() {
    execute(|| {
        let workers: Vec<_> = (0..2).map(|_| worker()).collect();
        crowd(5);
        let contested = cairn_seams::Brief {
            contested: true,
            redundancy: 3,
            ..brief(Policy::Replicated, &workers)
        };
        begin(TASK, contested).expect("it is audited");
        run(SEED);
        assert_eq!(audit().stage, Stage::Commits);
        for worker in workers {
            commit(worker, &same());
        }
    });
}

#[test]
fn draw_should_exclude_whoever_was_contradicted_and_its_friends() {
    for luck in 0..6 {
        execute(|| {
            Luck::set(luck);
            let workers: Vec<_> = (0..2).map(|_| worker()).collect();
            let all = crowd(5);
            let (contradicted, friend) = (all[0], all[1]);
            let (one, other) = (owner(contradicted), owner(friend));
            assert_ok!(Providers::link_account(signed(one), other, true));
            assert_ok!(Providers::link_account(signed(other), one, true));
            let contested = cairn_seams::Brief {
                contested: true,
                redundancy: 3,
                others: vec![contradicted],
                ..brief(Policy::Replicated, &workers)
            };
            begin(TASK, contested).expect("it is audited");
            run(SEED);
            let mut drawn = guards();
            drawn.sort_unstable();
            assert_eq!(drawn, all[2..]);
        });
    }
}

/// Whether a guard that somebody made fit for it is drawn, where four would do and three are
/// wanted.
fn is_drawn(prepare: impl Fn(ProviderId, ProviderId)) -> bool {
    let mut drawn = false;
    for luck in 0..6 {
        execute(|| {
            Luck::set(luck);
            let worker = worker();
            let all = crowd(4);
            prepare(all[0], worker);
            let wanted = Requirements {
                class: DeviceClass::Gpu,
                memory_mib: 16_384,
                compute: 86,
                ..brief(Policy::Proven, &[worker]).requirements
            };
            let brief =
                cairn_seams::Brief { requirements: wanted, ..brief(Policy::Proven, &[worker]) };
            begin(TASK, brief);
            run(SEED);
            assert_eq!(guards().len(), 3);
            drawn |= guards().contains(&all[0]);
        });
    }
    drawn
}

#[test]
fn draw_should_exclude_whoever_it_is_about_and_whoever_cannot() {
    assert!(is_drawn(|_, _| {}), "else nothing below means anything");
    let link = |a, b| {
        assert_ok!(Providers::link_account(signed(a), b, true));
        assert_ok!(Providers::link_account(signed(b), a, true));
    };
    assert!(!is_drawn(|guard, _| link(owner(guard), ALICE)), "the requester's");
    assert!(!is_drawn(|guard, worker| link(owner(guard), owner(worker))), "the worker's");
    assert!(!is_drawn(|guard, _| {
        assert_ok!(Audits::license(RuntimeOrigin::root(), guard));
    }));
    assert!(!is_drawn(|guard, _| {
        let to = Availability::Draining;
        assert_ok!(Providers::set_availability(by(guard), guard, to));
    }));
    let with = |change: fn(&mut cairn_protocol::profile::Hardware)| {
        is_drawn(move |guard, _| {
            let mut changed = profile(guard.0, DeviceClass::Gpu);
            change(&mut changed.hardware);
            let origin = signed(owner(guard));
            assert_ok!(Providers::update_profile(origin, guard, Box::new(changed)));
        })
    };
    assert!(!with(|hardware| hardware.class = DeviceClass::SmallGpu));
    assert!(!with(|hardware| hardware.memory_mib = 16_383));
    assert!(!with(|hardware| hardware.compute = 85));
}

#[test]
fn draw_should_take_one_of_each_party() {
    for luck in 0..6 {
        execute(|| {
            Luck::set(luck);
            let worker = worker();
            let all = crowd(4);
            // The last two are one.
            let (a, b) = (owner(all[2]), owner(all[3]));
            assert_ok!(Providers::link_account(signed(a), b, true));
            assert_ok!(Providers::link_account(signed(b), a, true));
            begin(TASK, brief(Policy::Proven, &[worker]));
            run(SEED);
            let guards = guards();
            assert!(guards.contains(&all[0]) && guards.contains(&all[1]), "{guards:?}");
        });
    }
}

#[test]
fn draw_should_try_thrice_when_too_few_are_fit() {
    execute(|| {
        let worker = worker();
        crowd(2);
        let due = begin(TASK, brief(Policy::Proven, &[worker])).expect("it may be audited");
        run(SEED);
        assert_eq!((audit().stage, audit().fell), (Stage::Drawing, true));
        System::assert_last_event(Event::DrawnAgain { task: TASK, round: 2 }.into());
        run(SEED);
        System::assert_last_event(Event::DrawnAgain { task: TASK, round: 3 }.into());
        run(SEED + 1);
        assert_eq!(heard(), (Verdict::Passed, vec![]));
        assert!(now() <= due);
    });
    execute(|| {
        let worker = worker();
        crowd(2);
        begin(TASK, brief(Policy::Proven, &[worker]));
        run(SEED);
        crowd(1);
        // The lot need not fall again.
        AuditRules::mutate(|rules| rules.shares.alone = 1);
        run(SEED);
        assert_eq!((audit().stage, audit().round), (Stage::Commits, 2));
    });
}

#[test]
fn draw_should_have_guards_work_on_it() {
    execute(|| {
        let (_, guards) = drawn(Policy::Proven);
        for guard in guards {
            let card = Providers::card(guard).unwrap();
            assert_eq!((card.load, card.engagements), (1, 1));
        }
        assert!(join_with(DeviceClass::Cpu, &[Role::Guard]).0 > 0);
    });
}
