use super::mock::*;
use crate::{types::*, Error, Event};
use cairn_protocol::{
    id::{DeltaId, ProviderId},
    learning::panel::{Case, Outcome},
    profile::{Availability, Role},
};
use cairn_seams::Panels as _;
use frame_support::{assert_err, assert_ok};

#[test]
fn open_should_wait_for_a_seed() {
    execute(|| {
        crowd(5);
        assert_eq!(open(CASE), PANEL);
        System::assert_last_event(Event::PanelOpened { panel: PANEL, case: CASE }.into());
        run(SEED - 1);
        assert_eq!((panel().stage, Panels::due(PANEL)), (Stage::Drawing, Some(18)));
        assert_eq!(Panels::brief_of(PANEL), None);
        run(1);
        let (guards, due) = (guards(), panel().due);
        assert_eq!((panel().stage, guards.len(), due), (Stage::Commits, 3, now() + 19));
        assert!(Panels::brief_of(PANEL).is_some());
        System::assert_last_event(Event::Drawn { panel: PANEL, round: 1, guards, due }.into());
    });
}

#[test]
fn open_should_fail_when_too_many_are_barred() {
    execute(|| {
        let barred = |count: u64| Panels::open(CASE, (0..count).collect());
        assert_err!(barred(33), Error::<Test>::TooManyBarred);
        // It is undone by who asked.
        crate::Opened::<Test>::kill();
        assert_ok!(barred(32));
        Cases::mutate(|all| all.push(CASE));
    });
}

#[test]
fn draw_should_have_guards_work_on_it() {
    execute(|| {
        for guard in drawn() {
            let card = Providers::card(guard).unwrap();
            assert_eq!((card.load, card.engagements), (1, 1));
            assert!(Panels::is_on(guard, PANEL));
        }
    });
}

/// Whether a guard that somebody made fit for it is drawn, where four would do and three are
/// wanted.
fn is_drawn(prepare: impl Fn(ProviderId)) -> bool {
    let mut drawn = false;
    for luck in 0..8 {
        execute(|| {
            Luck::set(luck);
            let all = crowd(4);
            prepare(all[0]);
            open(CASE);
            run(SEED);
            assert_eq!(guards().len(), 3);
            drawn |= guards().contains(&all[0]);
        });
    }
    drawn
}

#[test]
fn draw_should_exclude_who_is_barred_and_whoever_is_away() {
    assert!(is_drawn(|_| {}), "else nothing below means anything");
    assert!(!is_drawn(|guard| link(owner(guard), ALICE)), "the author's");
    assert!(!is_drawn(|guard| link(operator(guard), ALICE)), "the author's hot key");
    assert!(!is_drawn(|guard| {
        assert_ok!(Providers::set_availability(by(guard), guard, Availability::Draining));
    }));
}

#[test]
fn draw_should_pass_over_who_lacks_the_memory() {
    let draws = |held: u64, memory_mib: u32| {
        is_drawn(|guard| {
            Held::set(held);
            give_memory(guard, memory_mib);
        })
    };
    assert!(draws(3_000 << 20, 3_000));
    assert!(!draws(3_000 << 20, 2_999));
    // A byte more is another MiB.
    assert!(!draws((3_000 << 20) + 1, 3_000));
    // More than that nobody is asked for.
    assert!(draws(u64::MAX, 8_000));
    assert!(!draws(u64::MAX, 7_999));
}

#[test]
fn draw_should_give_nobody_more_than_it_has_room_for() {
    execute(|| {
        crowd(3);
        // Each has room for two.
        let ids = [1, 2, 3].map(|n| open(Case::Delta(DeltaId(n))));
        run(SEED);
        let mut stages = ids.map(|id| crate::Panels::<Test>::get(id).unwrap().stage);
        stages.sort_unstable();
        assert_eq!(stages, [Stage::Drawing, Stage::Commits, Stage::Commits]);
    });
}

#[test]
fn draw_should_take_one_of_each_party() {
    for luck in 0..6 {
        execute(|| {
            Luck::set(luck);
            let all = crowd(4);
            // The last two are one.
            link(owner(all[2]), owner(all[3]));
            open(CASE);
            run(SEED);
            let guards = guards();
            assert!(guards.contains(&all[0]) && guards.contains(&all[1]), "{guards:?}");
        });
    }
}

#[test]
fn draw_should_weigh_reputation() {
    use cairn_protocol::reputation::Observation;
    use cairn_seams::Reputation as _;
    let (mut shunned, mut trusted) = (0, 0);
    for luck in 0..40 {
        execute(|| {
            Luck::set(luck);
            let all = crowd(6);
            let wrong = Observation { accurate: Some(false), ..Observation::default() };
            (0..30).for_each(|_| Reputation::observe(all[0], KIND, wrong));
            open(CASE);
            run(SEED);
            shunned += u32::from(guards().contains(&all[0]));
            trusted += u32::from(guards().contains(&all[1]));
        });
    }
    // Half of the draws would be 20.
    assert!(trusted >= 14, "{trusted} of 40");
    assert!(shunned <= 10, "{shunned} of 40");
}

#[test]
fn draw_should_try_thrice_when_too_few_are_fit() {
    execute(|| {
        crowd(2);
        open(CASE);
        run(SEED);
        System::assert_last_event(Event::DrawnAgain { panel: PANEL }.into());
        run(SEED);
        assert_eq!((panel().draws, panel().spare), (3, 0));
        run(SEED + 1);
        assert_eq!(heard(), (false, Outcome::NobodyFit));
    });
    execute(|| {
        crowd(2);
        open(CASE);
        run(SEED);
        join(&[Role::Guard]);
        run(SEED);
        assert_eq!((panel().stage, guards().len()), (Stage::Commits, 3));
    });
}

#[test]
fn draw_should_call_a_case_off_that_has_no_brief() {
    execute(|| {
        crowd(5);
        open(CASE);
        Off::set(true);
        run(SEED);
        System::assert_last_event(Event::CalledOff { panel: PANEL, case: CASE }.into());
        assert!(Heard::get().is_empty());
    });
}

#[test]
fn close_should_free_everyone_at_any_time() {
    let steps: [fn(); 4] = [
        || run(1),
        || run(SEED),
        || {
            run(SEED);
            guards().into_iter().for_each(|guard| commit(guard, &measured(1)));
        },
        || {
            run(SEED);
            all_say_by_place(|_| measured(1));
        },
    ];
    for (step, stage) in steps.into_iter().zip(Stage::ALL) {
        execute(|| {
            crowd(3);
            open(CASE);
            step();
            assert_eq!(panel().stage, stage);
            Panels::close(PANEL);
            Cases::set(Vec::new());
            assert_eq!(Panels::due(PANEL), None);
            assert_eq!(crate::SeatsOf::<Test>::iter().count(), 0);
            assert_eq!((Heard::get().len(), Paid::get().len()), (0, 0));
            // What is over is closed by nobody.
            Panels::close(PANEL);
        });
    }
}
