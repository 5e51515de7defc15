use super::mock::*;
use crate::{types::*, Event};
use cairn_protocol::{id::ProviderId, learning::panel::Outcome};

#[test]
fn a_guard_should_be_replaced_when_it_does_not_commit() {
    execute(|| {
        let first = drawn();
        let brief = Panels::brief_of(PANEL).unwrap();
        first[..2].iter().for_each(|guard| commit(*guard, &measured(1)));
        run(21);
        assert_eq!(guards(), first[..2]);
        System::assert_has_event(Event::Dismissed { panel: PANEL, guard: first[2] }.into());
        System::assert_last_event(Event::Vacated { panel: PANEL, seats: 1 }.into());
        // A thousandth of its bond.
        assert_eq!(pending(first[2]), 100);
        let seen = score(first[2]);
        assert!(seen.timeliness < 500_000 && seen.availability < 500_000);
        assert_eq!(seen.accuracy, 500_000);
        assert!(!Panels::is_on(first[2], PANEL));

        run(SEED);
        let second = guards();
        assert_eq!((panel().stage, panel().round, second.len()), (Stage::Commits, 1, 3));
        assert_eq!(second[..2], first[..2]);
        assert_ne!(second[2], first[2]);
        // Nothing was shown, so all judge the same.
        assert_eq!((Panels::brief_of(PANEL), Briefed::get()), (Some(brief), vec![1]));
        commit(second[2], &measured(1));
        second.iter().for_each(|guard| reveal(*guard, &measured(1)));
        expire();
        assert_eq!(heard(), (true, Outcome::Decided(measured(1))));
        assert_eq!(Paid::get().len(), 3);
    });
}

#[test]
fn who_replaces_a_guard_should_have_memory_for_what_the_others_judge() {
    execute(|| {
        let first = drawn_of(4);
        let fourth = (0..4).map(ProviderId).find(|guard| !first.contains(guard)).unwrap();
        // What the case would be by now is not what they were given.
        Held::set(u64::MAX);
        give_memory(fourth, 1);
        first[..2].iter().for_each(|guard| commit(*guard, &measured(1)));
        run(21 + SEED);
        assert_eq!((panel().stage, guards()), (Stage::Commits, vec![first[0], first[1], fourth]));
    });
}

#[test]
fn a_panel_should_go_on_without_the_silent_when_nobody_else_is_fit() {
    execute(|| {
        let guards = drawn_of(3);
        guards[..2].iter().for_each(|guard| commit(*guard, &measured(1)));
        // Two more draws find nobody.
        run(21 + 2 * SEED);
        assert_eq!((panel().stage, panel().spare), (Stage::Reveals, 0));
        guards[..2].iter().for_each(|guard| reveal(*guard, &measured(1)));
        assert_eq!(panel().decided, Some(measured(1)));
        expire();
        assert_eq!(Paid::get(), [(owner(guards[0]), 700), (owner(guards[1]), 700)]);
    });
}

#[test]
fn a_panel_should_end_and_blame_nobody_when_all_are_silent_and_nobody_is_drawn_again() {
    execute(|| {
        let first = drawn();
        // Nine have been drawn, and nobody after them.
        run(3 * (SEED + 22));
        assert_eq!(heard(), (true, Outcome::NobodyFit));
        assert!(Paid::get().is_empty());
        // It may be that nobody could judge it.
        let blamed =
            |n: &u64| pending(ProviderId(*n)) > 0 || score(ProviderId(*n)).timeliness < 500_000;
        assert_eq!((0..12).filter(blamed).count(), 0);
        assert!(first.iter().all(|guard| !Panels::is_on(*guard, PANEL)));
    });
}

/// One who says something does not make it a fault of all others that they do not.
#[test]
fn guards_should_not_be_blamed_for_silence_when_fewer_than_decide_have_committed() {
    execute(|| {
        let guards = drawn();
        commit(guards[0], &measured(1));
        run(21);
        assert_eq!(super::mock::guards(), guards[..1]);
        assert!(guards[1..].iter().all(|guard| pending(*guard) == 0));
    });
}

#[test]
fn who_does_not_reveal_should_change_nothing_when_enough_others_agree() {
    execute(|| {
        let guards = drawn();
        guards.iter().for_each(|guard| commit(*guard, &measured(1)));
        guards[..2].iter().for_each(|guard| reveal(*guard, &measured(1)));
        run(12);
        assert_eq!((panel().stage, panel().decided), (Stage::Window, Some(measured(1))));
        // A hundredth of its bond.
        assert_eq!(pending(guards[2]), 1_000);
        expire();
        assert_eq!(Paid::get().len(), 2);
    });
}

#[test]
fn others_should_be_asked_of_another_sample_when_too_few_reveal() {
    execute(|| {
        let first = drawn();
        let brief = Panels::brief_of(PANEL).unwrap();
        first.iter().for_each(|guard| commit(*guard, &measured(1)));
        reveal(first[0], &measured(1));
        run(12);
        System::assert_last_event(Event::Vacated { panel: PANEL, seats: 2 }.into());
        assert_eq!((panel().round, panel().size, panel().spare), (2, 3, 1));
        run(SEED);
        let second = guards();
        assert_eq!((panel().stage, second.len(), second[0]), (Stage::Commits, 3, first[0]));
        assert_ne!(Panels::brief_of(PANEL), Some(brief));
        all_say_by_place(|_| measured(2));
        assert_eq!(panel().decided, Some(measured(2)));
    });
}
