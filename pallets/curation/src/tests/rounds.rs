//! A model is measured at one head after the other, and each delta is paid for its own gain.

use super::mock::*;
use crate::{types::*, Courses, Event, Held, Rounds, Snapshots};
use cairn_protocol::{
    id::{ContentId, DeltaId},
    learning::{
        brief::Subject,
        evaluation::Opinion,
        panel::{Case, Outcome},
    },
};
use cairn_seams::Judged;

/// Less than any loss here falls, so that all of a reward holds where anything does.
const GAIN: u64 = 1_000;
const WHOLE: u32 = 1_000_000;
/// Something of the model, and not of a set.
const MISSING: Outcome = Outcome::Decided(Opinion::Unavailable(ContentId([40; 32])));

/// Alice, Bob and Carol have sealed sets for periods one and two, so many deltas are laid in the
/// first, and its sets are open.
fn opened(deltas: u64, steps: u32) -> Vec<DeltaId> {
    CurrentRules::mutate(|rules| rules.sets.steps = steps);
    [ALICE, BOB, CAROL].iter().for_each(|curator| commit(*curator, MODEL, 2));
    let first = running(GAIN);
    let others = (2..=deltas).map(|delta| lay(MODEL, delta, GAIN));
    let deltas = [first].into_iter().chain(others).collect();
    end_period();
    open(1);
    deltas
}

fn open(period: u32) {
    [ALICE, BOB, CAROL].iter().for_each(|curator| reveal(*curator, MODEL, period));
    run(2);
    assert_eq!(stage(MODEL, period), Some(Stage::Judging));
}

fn subject(set: u8) -> Subject {
    let case = Case::Sealed { model: MODEL, period: 1, set };
    let brief = Curation::brief(&case, 1, &SEED).expect("it is judged");
    assert_eq!(brief.parts, heads(0), "all are measured from the first");
    assert_eq!(brief.seed, opening(ALICE, 1).salt, "all are measured on one sample");
    brief.subject
}

/// The heads that panels were asked about, each with the delta that it was for.
fn asked() -> Vec<(SnapshotId, DeltaId)> {
    let head = |event: Event<Test>| match event {
        Event::HeadAsked { head, delta, .. } => Some((head, delta)),
        _ => None,
    };
    events().into_iter().filter_map(head).collect()
}

/// The panels of all sets say that something of the model is missing.
fn miss_head() {
    for curator in [ALICE, BOB, CAROL] {
        conclude(panel_of(curator, MODEL, 1).unwrap(), |_| MISSING);
    }
    run(1);
}

fn shares(deltas: &[DeltaId]) -> Vec<Option<u32>> {
    deltas.iter().map(|delta| found_of(*delta).map(|(_, share)| share)).collect()
}

#[test]
fn each_delta_should_be_paid_for_its_own_gain() {
    execute(|| {
        let deltas = opened(4, 8);
        for (changes, loss) in (1..).zip([990_000, 991_000, 970_000, 970_000]) {
            assert_eq!(subject(0), Subject::Heads(heads(changes)));
            measure_heads(MODEL, 1, &[[loss; 3]]);
        }
        // The second gained nothing, and lost a little; the fourth gained nothing.
        assert_eq!(shares(&deltas), [Some(WHOLE), Some(0), Some(WHOLE), Some(0)]);
        let judged = Event::Judged { model: MODEL, period: 1, sets: 3, deltas: 4 };
        assert!(events().contains(&judged));
        run(2);
        let paid: Vec<_> = Released::get().into_values().collect();
        assert_eq!(paid, [REWARD, 0, REWARD, 0]);
        assert_eq!(Paid::get(), [ALICE, BOB, CAROL]);
        // Panels are paid of what is put aside for each by itself.
        let measured_for: Vec<_> = deltas.iter().map(|delta| (MODEL, *delta)).collect();
        assert_eq!(MeasuredFor::get(), measured_for);
        assert_eq!(Snapshots::<Test>::iter().count(), 0);
        assert_eq!((Courses::<Test>::iter().count(), Rounds::<Test>::iter().count()), (0, 0));
    });
}

#[test]
fn what_is_repaired_should_not_be_paid_when_it_was_lost_in_the_trial() {
    execute(|| {
        let deltas = opened(3, 8);
        measure_heads(MODEL, 1, &[[990_000; 3], [1_100_000; 3], [990_000; 3]]);
        assert_eq!(shares(&deltas), [Some(WHOLE), Some(0), Some(0)]);
    });
}

#[test]
fn what_others_change_should_be_measured_and_be_nobodys_gain() {
    execute(|| {
        CurrentRules::mutate(|rules| rules.sets.steps = 8);
        let first = running(GAIN);
        // The model's author publishes something better.
        move_head(MODEL);
        let second = lay(MODEL, 2, GAIN);
        end_period();
        open(1);
        assert_eq!(subject(0), Subject::Heads(heads(1)));
        measure_heads(MODEL, 1, &[[990_000; 3]]);
        assert_eq!(subject(1), Subject::Heads(heads(2)));
        measure_heads(MODEL, 1, &[[900_000; 3]]);
        assert_eq!(subject(2), Subject::Heads(heads(3)));
        measure_heads(MODEL, 1, &[[900_000; 3]]);
        assert_eq!(shares(&[first, second]), [Some(WHOLE), Some(0)]);
    });
}

#[test]
fn deltas_should_be_put_off_when_a_trial_has_no_room_for_them() {
    execute(|| {
        let deltas = opened(5, 2);
        let later = lay(MODEL, 9, GAIN);
        measure_heads(MODEL, 1, &[[990_000; 3], [980_000; 3]]);
        run(2);
        assert_eq!(trial(MODEL, 1), None);
        assert_eq!(shares(&deltas), [Some(WHOLE), Some(WHOLE), None, None, None]);
        let delta = deltas[2];
        let put_off = Event::RewardPutOff { model: MODEL, period: 1, delta, until: 2 };
        assert!(events().contains(&put_off));
        end_period();
        open(2);
        let case = Case::Sealed { model: MODEL, period: 2, set: 0 };
        let brief = Curation::brief(&case, 1, &SEED).expect("it is judged");
        // Those that were laid first come first, and are measured from what they were laid on.
        assert_eq!(brief.parts, heads(2));
        assert_eq!(brief.subject, Subject::Heads(heads(3)));
        measure_heads(MODEL, 2, &[[990_000; 3], [990_000; 3]]);
        run(2);
        assert_eq!(shares(&deltas[2..]), [Some(WHOLE), Some(0), None]);
        // None of them has waited in vain yet.
        let next = TrialId { model: MODEL, period: 3 };
        let left: Vec<_> = [deltas[4], later].map(|delta| Held::<Test>::get(next, delta)).into();
        assert!(left.iter().all(|held| held.is_some_and(|held| !held.waited)), "{left:?}");
    });
}

#[test]
fn a_reward_should_lapse_when_it_was_put_off_too_often() {
    execute(|| {
        // Each trial has room for one, and the last of seven would have its turn in the seventh.
        let deltas = opened(7, 1);
        let later = lay(MODEL, 8, GAIN);
        for period in 1..=6 {
            [ALICE, BOB, CAROL].iter().for_each(|curator| commit(*curator, MODEL, period + 2));
            assert_eq!(Released::get().len(), period as usize - 1, "none has lapsed so far");
            measure_heads(MODEL, period, &[[990_000; 3]]);
            run(2);
            assert_eq!(trial(MODEL, period), None);
            if period < 6 {
                end_period();
                open(period + 1);
            }
        }
        assert_eq!(shares(&deltas[..6]), [Some(WHOLE); 6]);
        let delta = deltas[6];
        assert_eq!((found_of(delta), Released::get()[&delta]), (None, 0));
        let lapsed = Event::RewardLapsed { model: MODEL, period: 6, delta };
        assert!(events().contains(&lapsed));
        // Who was laid in the second period is put off as often by now, and has one more turn.
        let held = Held::<Test>::get(TrialId { model: MODEL, period: 7 }, later);
        assert_eq!(held.map(|held| (held.put_off, held.waited)), Some((MOST_PUT_OFF, false)));
    });
}

#[test]
fn rewards_should_be_put_off_when_there_is_no_time_for_them() {
    execute(|| {
        let deltas = opened(3, 8);
        measure_heads(MODEL, 1, &[[990_000; 3]]);
        // The second head's panels never come to an end.
        run(25);
        assert_eq!(CalledOff::get().len(), 3);
        assert_eq!(shares(&deltas), [Some(WHOLE), None, None]);
        let held = |delta: DeltaId| Held::<Test>::get(TrialId { model: MODEL, period: 2 }, delta);
        for delta in &deltas[1..] {
            assert!(held(*delta).is_some_and(|held| !held.waited), "{delta:?} waited in vain");
        }
        assert_eq!([ALICE, BOB, CAROL].map(super::mock::held), [BOND; 3]);
    });
}

#[test]
fn others_should_be_paid_when_a_head_cannot_be_measured_twice() {
    execute(|| {
        let deltas = opened(4, 8);
        measure_heads(MODEL, 1, &[[990_000; 3]]);
        miss_head();
        measure_heads(MODEL, 1, &[[970_000; 3], [960_000; 3]]);
        assert_eq!(subject(0), Subject::Heads(heads(2)));
        miss_head();
        run(2);
        assert_eq!(asked().len(), 5, "nobody is asked a third time");
        // What the third was laid on is as unknown as what the second made of it.
        assert_eq!(shares(&deltas), [Some(WHOLE), None, None, Some(WHOLE)]);
        let held = |delta: DeltaId| Held::<Test>::get(TrialId { model: MODEL, period: 2 }, delta);
        for delta in &deltas[1..3] {
            let waits = Event::RewardWaits { model: MODEL, period: 1, delta: *delta, until: 2 };
            assert!(events().contains(&waits));
            assert!(held(*delta).is_some_and(|held| held.waited));
        }
        assert_eq!([ALICE, BOB, CAROL].map(super::mock::held), [BOND; 3]);
        assert_eq!(Paid::get(), [ALICE, BOB, CAROL]);
    });
}

#[test]
fn a_head_should_be_asked_about_once_more_when_it_is_not_known() {
    execute(|| {
        CurrentRules::mutate(|rules| rules.sets.steps = 8);
        CURATORS.iter().for_each(|curator| commit(*curator, MODEL, 1));
        end_period();
        let deltas = [1, 2, 3].map(|delta| lay(MODEL, delta, GAIN));
        end_period();
        CURATORS.iter().for_each(|curator| reveal(*curator, MODEL, 1));
        run(2);
        let divide = |curators: &[AccountId]| {
            for curator in curators {
                conclude(panel_of(*curator, MODEL, 1).unwrap(), |_| Outcome::Divided);
            }
            run(1);
        };
        CURATORS.iter().for_each(|curator| measure(*curator, MODEL, 1, 990_000));
        run(1);
        [ALICE, BOB].iter().for_each(|curator| measure(*curator, MODEL, 1, 980_000));
        divide(&[CAROL, DAVE]);
        // Here the others are enough, so that Dave's set is out.
        [ALICE, BOB, CAROL].iter().for_each(|curator| measure(*curator, MODEL, 1, 970_000));
        divide(&[DAVE]);
        assert_eq!(subject(0), Subject::Heads(heads(2)));
        assert_eq!(panel_of(DAVE, MODEL, 1), None);
        measure_heads(MODEL, 1, &[[980_000; 3]]);
        run(2);
        assert_eq!(asked().len(), 4);
        assert_eq!(shares(&deltas), [Some(WHOLE); 3]);
        assert_eq!(Paid::get(), [ALICE, BOB, CAROL]);
        assert_eq!((Rounds::<Test>::iter().count(), Snapshots::<Test>::iter().count()), (0, 0));
    });
}

#[test]
fn no_head_should_be_asked_about_once_more_when_time_is_over() {
    execute(|| {
        let deltas = opened(3, 8);
        measure_heads(MODEL, 1, &[[990_000; 3]]);
        miss_head();
        // The last head's panels never come to an end.
        run(25);
        assert_eq!((CalledOff::get().len(), asked().len()), (3, 3));
        assert_eq!(shares(&deltas), [Some(WHOLE), None, None]);
        let held = |delta: DeltaId| Held::<Test>::get(TrialId { model: MODEL, period: 2 }, delta);
        for delta in &deltas[1..] {
            assert!(held(*delta).is_some_and(|held| held.waited), "{delta:?} is put off");
        }
    });
}

#[test]
fn no_head_should_be_asked_about_once_more_when_nothing_held_depends_on_it() {
    execute(|| {
        let deltas = opened(3, 8);
        measure_heads(MODEL, 1, &[[990_000; 3]]);
        miss_head();
        take_off(MODEL, deltas[1]);
        take_off(MODEL, deltas[2]);
        measure_heads(MODEL, 1, &[[970_000; 3]]);
        run(2);
        assert_eq!((trial(MODEL, 1), asked().len()), (None, 3));
        assert_eq!(shares(&deltas), [Some(WHOLE), None, None]);
    });
}

#[test]
fn a_set_should_count_for_no_head_when_it_is_not_measured_at_all() {
    execute(|| {
        CURATORS.iter().for_each(|curator| commit(*curator, MODEL, 1));
        end_period();
        let deltas = [1, 2].map(|delta| lay(MODEL, delta, GAIN));
        end_period();
        CURATORS.iter().for_each(|curator| reveal(*curator, MODEL, 1));
        run(2);
        // The lower of the two in the middle is Alice's, who drops out.
        measure(ALICE, MODEL, 1, LOSS);
        measure(BOB, MODEL, 1, LOSS);
        measure(CAROL, MODEL, 1, 990_000);
        measure(DAVE, MODEL, 1, 990_000);
        run(1);
        let unavailable = Opinion::Unavailable(opening(ALICE, 1).root);
        conclude(panel_of(ALICE, MODEL, 1).unwrap(), |_| Outcome::Decided(unavailable));
        measure(BOB, MODEL, 1, LOSS);
        measure(CAROL, MODEL, 1, 980_000);
        measure(DAVE, MODEL, 1, 980_000);
        run(2);
        assert_eq!(shares(&deltas), [Some(WHOLE), Some(WHOLE)]);
        assert_eq!(Paid::get(), [BOB, CAROL, DAVE]);
        assert_eq!((held(ALICE), held(BOB)), (BOND - BOND / 10, BOND));
    });
}

#[test]
fn a_delta_should_be_no_part_of_the_way_when_it_is_taken_off_meanwhile() {
    execute(|| {
        let deltas = opened(3, 8);
        measure_heads(MODEL, 1, &[[990_000; 3]]);
        take_off(MODEL, deltas[0]);
        measure_heads(MODEL, 1, &[[980_000; 3]]);
        // Its head was measured all the same: what the third gained is counted from there.
        take_off(MODEL, deltas[1]);
        measure_heads(MODEL, 1, &[[970_000; 3]]);
        run(2);
        assert_eq!(shares(&deltas), [None, None, Some(WHOLE)]);
        assert_eq!(trial(MODEL, 1), None);
        assert_eq!(Released::get().into_keys().collect::<Vec<_>>(), [deltas[2]]);
        assert_eq!(Snapshots::<Test>::iter().count(), 0);
    });
}

#[test]
fn no_panel_should_be_asked_about_a_head_when_nothing_held_depends_on_it() {
    for more in [false, true] {
        execute(|| {
            CurrentRules::mutate(|rules| rules.sets.steps = 8);
            let first = running(GAIN);
            // What the next is laid on is a head of its own.
            move_head(MODEL);
            let second = lay(MODEL, 2, GAIN);
            let third = more.then(|| lay(MODEL, 3, GAIN));
            end_period();
            open(1);
            let before = asked();
            measure_heads(MODEL, 1, &[[990_000; 3]]);
            assert_eq!((before.len(), asked().len()), (1, 2));
            // Panels are at it by now; they come to an end.
            take_off(MODEL, second);
            measure_heads(MODEL, 1, &[[980_000; 3]]);
            if let Some(third) = third {
                // What the second made of the model is needed still, by what was laid on it.
                assert_eq!(subject(0), Subject::Heads(heads(3)));
                measure_heads(MODEL, 1, &[[970_000; 3], [960_000; 3]]);
                assert_eq!(shares(&[third]), [Some(WHOLE)]);
            }
            run(2);
            assert_eq!(shares(&[first, second]), [Some(WHOLE), None]);
            let whose: Vec<_> = asked().into_iter().map(|(_, delta)| delta).collect();
            let others = third.into_iter().flat_map(|third| [third; 2]);
            assert_eq!(whose, [first, second].into_iter().chain(others).collect::<Vec<_>>());
            assert_eq!(trial(MODEL, 1), None);
            assert_eq!(Snapshots::<Test>::iter().count(), 0);
        });
    }
}

#[test]
fn no_panel_should_be_asked_any_more_when_all_that_was_held_is_taken_off() {
    execute(|| {
        let deltas = opened(3, 8);
        deltas.iter().for_each(|delta| take_off(MODEL, *delta));
        measure_heads(MODEL, 1, &[[990_000; 3]]);
        run(2);
        assert_eq!((trial(MODEL, 1), asked().len()), (None, 1));
        // Their sets were opened, and measured.
        assert_eq!(Paid::get(), [ALICE, BOB, CAROL]);
        assert_eq!((Courses::<Test>::iter().count(), Snapshots::<Test>::iter().count()), (0, 0));
    });
}
