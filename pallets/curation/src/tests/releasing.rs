use super::mock::*;
use crate::{types::*, Event, Held, Snapshots};
use cairn_protocol::{
    id::DeltaId,
    learning::{brief::Subject, panel::Case},
};
use cairn_seams::{Judged, OldHeads};

const FALLEN: u64 = 990_000;
/// Far less than the loss falls, so that all of each reward holds.
const GAIN: u64 = 1_000;

fn waiting(period: u32) -> Vec<DeltaId> {
    let mut all: Vec<_> = Held::<Test>::iter_key_prefix(TrialId { model: MODEL, period }).collect();
    all.sort();
    all
}

#[test]
fn rewards_should_be_released_a_few_a_block() {
    execute(|| {
        judging(GAIN);
        Steps::set(3);
        // They are laid in the next period, and wait for their own trial.
        for delta in 10..13 {
            lay(MODEL, delta, GAIN);
        }
        [ALICE, BOB, CAROL].iter().for_each(|one| measure(*one, MODEL, 1, FALLEN));
        run(8);
        assert_eq!(Released::get(), [(DeltaId(1), REWARD)].into());
        assert_eq!(waiting(2), [10, 11, 12].map(DeltaId));
    });
}

#[test]
fn old_heads_should_contain_a_file_as_long_as_a_reward_needs_them() {
    execute(|| {
        // Whether each of the model's heads is kept, by the number of its last change.
        let kept = |model| {
            let file = |changes| heads(changes)[0].file.id;
            [0, 1, 2, 3].map(|changes| Curation::contain(&model, &file(changes)))
        };
        let first = running(GAIN);
        assert_eq!(kept(MODEL), [true, true, false, false]);
        let second = lay(MODEL, 2, GAIN);
        assert_eq!(kept(MODEL), [true, true, true, false]);
        // What it was laid on is what the second one is measured from.
        take_off(MODEL, first);
        assert_eq!(kept(MODEL), [false, true, true, false]);
        // It waits for another trial, and so do they.
        end_period();
        run(RULES.clocks.reveal + 4);
        assert_eq!((Released::get().len(), trial(MODEL, 1)), (0, None));
        assert_eq!(kept(MODEL), [false, true, true, false]);
        assert_eq!(kept(OTHER), [false; 4]);
        take_off(MODEL, second);
        assert_eq!(kept(MODEL), [false; 4]);
    });
}

#[test]
fn steps_should_be_bounded_when_many_rewards_are_held() {
    execute(|| {
        running(GAIN);
        (2..=40).for_each(|delta| {
            lay(MODEL, delta, GAIN);
        });
        end_period();
        [ALICE, BOB, CAROL].iter().for_each(|curator| reveal(*curator, MODEL, 1));
        run(2);
        measure_heads(MODEL, 1, &[[FALLEN; 3]; 2]);
        Steps::set(5);
        let left = || waiting(1).len();
        while trial(MODEL, 1).is_some() {
            let before = left();
            run(1);
            assert!(before - left() <= 5, "{} in a block", before - left());
        }
        // All that there was no room for wait.
        assert_eq!((Released::get().len(), waiting(2).len()), (2, 38));
    });
}

#[test]
fn rewards_should_wait_for_the_next_period_when_too_few_sets_were_opened() {
    execute(|| {
        let delta = revealing(GAIN);
        reveal(ALICE, MODEL, 1);
        reveal(BOB, MODEL, 1);
        run(12);
        let few = Event::TooFewSets { model: MODEL, period: 1, measured: 0 };
        assert!(events().contains(&few));
        let waits = Event::RewardWaits { model: MODEL, period: 1, delta, until: 2 };
        assert!(events().contains(&waits));
        assert_eq!(trial(MODEL, 1), None);
        assert_eq!(waiting(2), [delta]);
        assert_eq!(trial(MODEL, 2).unwrap().gain, GAIN);
        // Only who was silent paid.
        assert_eq!([ALICE, BOB, CAROL].map(held), [BOND, BOND, BOND - BOND / 10]);
        assert_eq!(Released::get().len(), 0);
    });
}

#[test]
fn what_waited_should_be_measured_from_its_own_period_on() {
    execute(|| {
        [ALICE, BOB, CAROL].iter().for_each(|curator| commit(*curator, MODEL, 2));
        let delta = running(GAIN);
        end_period();
        assert_eq!(stage(MODEL, 2), Some(Stage::Running));
        let second = lay(MODEL, 2, GAIN);
        // Nobody opens a set of the first period.
        run(14);
        assert_eq!(waiting(2), [delta, second]);
        assert_eq!(trial(MODEL, 2).unwrap().gain, 2 * GAIN);
        end_period();
        [ALICE, BOB, CAROL].iter().for_each(|curator| reveal(*curator, MODEL, 2));
        run(2);
        let brief = Curation::brief(&Case::Sealed { model: MODEL, period: 2, set: 0 }, 1, &SEED)
            .expect("it is judged");
        assert_eq!(brief.parts, heads(0));
        assert_eq!(brief.subject, Subject::Heads(heads(1)));
        measure_heads(MODEL, 2, &[[FALLEN; 3], [980_000; 3]]);
        run(2);
        assert_eq!(Released::get(), [(delta, REWARD), (second, REWARD)].into());
        assert_eq!(Snapshots::<Test>::iter().count(), 0);
    });
}

#[test]
fn rewards_should_lapse_when_they_have_waited_twice() {
    execute(|| {
        let delta = lay(MODEL, 1, GAIN);
        end_period();
        run(2);
        // Nobody sealed anything for period nought, nor for one.
        assert_eq!(waiting(1), [delta]);
        let second = lay(MODEL, 2, GAIN);
        assert_eq!(Released::get().len(), 0);
        end_period();
        run(3);
        assert_eq!(Released::get(), [(delta, 0)].into());
        let lapsed = Event::RewardLapsed { model: MODEL, period: 1, delta };
        assert!(events().contains(&lapsed));
        assert_eq!(waiting(2), [second]);
        // It is measured from what it was laid on, not from where the first one was.
        let held = Held::<Test>::get(TrialId { model: MODEL, period: 2 }, second).unwrap();
        assert_eq!(Snapshots::<Test>::get(held.before).unwrap().parts, heads(1));
        end_period();
        run(3);
        assert_eq!(Released::get(), [(delta, 0), (second, 0)].into());
        assert_eq!(trial(MODEL, 2), None);
    });
}

#[test]
fn sets_should_not_be_judged_before_those_of_the_period_before() {
    execute(|| {
        CurrentRules::mutate(|rules| rules.clocks.judging = 100);
        [ALICE, BOB, CAROL].iter().for_each(|curator| commit(*curator, MODEL, 2));
        let first = judging(GAIN);
        let second = lay(MODEL, 2, GAIN);
        end_period();
        [ALICE, BOB, CAROL].iter().for_each(|curator| reveal(*curator, MODEL, 2));
        run(20);
        assert_eq!(stage(MODEL, 1), Some(Stage::Judging));
        assert_eq!(stage(MODEL, 2), Some(Stage::Reveals));
        // The panels of the first never come to an end.
        run(100);
        assert_eq!(trial(MODEL, 1), None);
        assert_eq!(stage(MODEL, 2), Some(Stage::Judging));
        assert_eq!(waiting(2), [first, second]);
        let brief = Curation::brief(&Case::Sealed { model: MODEL, period: 2, set: 0 }, 1, &SEED)
            .expect("it is judged");
        assert_eq!(brief.parts, heads(0));
        assert_eq!(brief.subject, Subject::Heads(heads(1)));
    });
}

#[test]
fn sets_should_be_let_go_when_too_few_were_sealed() {
    execute(|| {
        commit(ALICE, MODEL, 1);
        commit(BOB, MODEL, 1);
        end_period();
        let delta = lay(MODEL, 1, GAIN);
        end_period();
        run(2);
        assert_eq!(waiting(2), [delta]);
        // They need not be opened.
        assert_eq!([ALICE, BOB].map(held), [BOND; 2]);
        assert_eq!(Curation::curator_view(&ALICE).unwrap().sets, 0);
        assert!(Reserved::get().contains_key(&delta));
    });
}

#[test]
fn a_trial_should_be_kept_when_something_may_come_to_wait_for_it() {
    execute(|| {
        [ALICE, BOB, CAROL].iter().for_each(|curator| commit(*curator, MODEL, 2));
        let delta = revealing(GAIN);
        // Nothing is laid in period two, which ends before the first trial does.
        end_period();
        assert_eq!(stage(MODEL, 1), Some(Stage::Reveals));
        assert_eq!(stage(MODEL, 2), Some(Stage::Reveals));
        [ALICE, BOB, CAROL].iter().for_each(|curator| reveal(*curator, MODEL, 2));
        run(14);
        assert_eq!(trial(MODEL, 1), None);
        assert_eq!(waiting(2), [delta]);
        assert_eq!(stage(MODEL, 2), Some(Stage::Judging));
    });
}
