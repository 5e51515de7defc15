use super::mock::*;
use crate::{types::*, Event};
use cairn_protocol::{
    id::ProviderId,
    learning::{evaluation::Opinion, panel::Outcome},
};
use cairn_seams::Beacon;

fn opinion(place: usize) -> Opinion {
    measured(u8::try_from(place).unwrap())
}

#[test]
fn a_panel_should_be_enlarged_when_guards_differ() {
    execute(|| {
        let first = drawn();
        let brief = Panels::brief_of(PANEL).unwrap();
        all_say_by_place(opinion);
        assert_eq!((panel().stage, panel().due), (Stage::Reveals, now()));
        run(2);
        System::assert_last_event(Event::Enlarged { panel: PANEL, round: 2, size: 5 }.into());
        run(SEED);
        let second = guards();
        assert_eq!((second.len(), &second[..3]), (5, &first[..]));
        // Opinions were shown, and are worth nothing now.
        assert_ne!(Panels::brief_of(PANEL), Some(brief));
        // Four of five say the same: two thirds are three and a third.
        all_say_by_place(|place| measured(u8::from(place == 4)));
        expire();
        assert_eq!(heard(), (true, Outcome::Decided(measured(0))));
        let paid: Vec<_> = Paid::get().into_iter().map(|(guard, _)| guard).collect();
        assert_eq!(paid, second[..4].iter().map(|guard| owner(*guard)).collect::<Vec<_>>());
    });
}

#[test]
fn the_case_should_hear_which_round_a_brief_is_for() {
    execute(|| {
        drawn();
        assert_eq!(Briefed::get(), [1]);
        all_say_by_place(opinion);
        run(SEED + 2);
        assert_eq!((panel().stage, Briefed::get()), (Stage::Commits, vec![1, 2]));
    });
}

#[test]
fn three_of_five_should_not_decide() {
    execute(|| {
        drawn();
        all_say_by_place(opinion);
        run(SEED + 2);
        all_say_by_place(|place| measured(u8::from(place >= 3)));
        run(2);
        System::assert_last_event(Event::Enlarged { panel: PANEL, round: 3, size: 7 }.into());
    });
}

#[test]
fn a_panel_of_nine_should_end_divided_and_punish_nobody() {
    execute(|| {
        drawn();
        for size in [3, 5, 7, 9] {
            assert_eq!((panel().stage, guards().len()), (Stage::Commits, size));
            all_say_by_place(opinion);
            run(SEED + 2);
        }
        assert_eq!(heard(), (true, Outcome::Divided));
        assert!(Paid::get().is_empty());
        for guard in (0..12).map(ProviderId) {
            assert_eq!(pending(guard), 0);
            assert_eq!(score(guard).accuracy, 500_000);
        }
    });
}

#[test]
fn a_panel_should_end_when_too_few_are_left_to_enlarge_it() {
    execute(|| {
        drawn_of(4);
        all_say_by_place(opinion);
        run(2 + 3 * SEED + 1);
        assert_eq!(heard(), (false, Outcome::NobodyFit));
    });
}

#[test]
fn newcomers_should_be_strangers_to_who_is_there() {
    for luck in 0..6 {
        execute(|| {
            Luck::set(luck);
            let all = crowd(6);
            link(owner(all[0]), owner(all[1]));
            open(CASE);
            run(SEED);
            all_say_by_place(opinion);
            run(SEED + 2);
            let guards = guards();
            assert_eq!(guards.len(), 5);
            assert!(!(guards.contains(&all[0]) && guards.contains(&all[1])), "{guards:?}");
        });
    }
}

/// What a guard says: the same as others only on the largest panel.
fn said_by(guard: ProviderId) -> Opinion {
    measured(if panel().size == 9 { 0 } else { u8::try_from(guard.0).unwrap() })
}

#[test]
fn no_panel_should_take_longer_than_the_longest() {
    execute(|| {
        crowd(60);
        let opened = now();
        open(CASE);
        while Heard::get().is_empty() {
            // Everything is done in the last block in which it may be.
            match panel().stage {
                Stage::Drawing | Stage::Window => run(1),
                Stage::Commits => {
                    run(u64::from(panel().due - now()));
                    guards().into_iter().for_each(|guard| commit(guard, &said_by(guard)));
                }
                Stage::Reveals => {
                    run(u64::from(panel().due - now()));
                    // Only one reveals as long as others can be drawn.
                    let most = if panel().spare > 0 { 1 } else { 9 };
                    let reveals = guards().into_iter().take(most);
                    reveals.for_each(|guard| reveal(guard, &said_by(guard)));
                    run(2);
                }
            }
        }
        assert_eq!(heard().1, Outcome::Decided(measured(0)));
        let (took, longest) = (now() - opened, RULES.longest(<Entropy as Beacon>::delay()));
        // Each stage is left in the block after its last, but those that all have done with.
        assert!(took <= longest && longest <= took + 18, "{took} of {longest}");
    });
}
