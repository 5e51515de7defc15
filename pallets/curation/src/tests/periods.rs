use super::mock::*;
use crate::{types::*, Event, Held, Latest, Period, Snapshots, Turned};
use cairn_protocol::{
    id::DeltaId,
    learning::{brief::Subject, panel::Case},
};
use cairn_seams::{Judged, OnPeriod, Sealing};

#[test]
fn rewards_should_wait_unless_examples_are_generated() {
    execute(|| {
        assert!(Curation::waits(&MODEL));
        assert!(!Curation::waits(&GENERATED));
        // What was measured on nothing known is not paid at once.
        assert!(Curation::waits(&UNKNOWN));
    });
}

#[test]
fn a_trial_should_begin_with_its_period_and_end_with_it() {
    execute(|| {
        commit(ALICE, MODEL, 1);
        assert_eq!(Latest::<Test>::get(MODEL), None);
        end_period();
        assert_eq!(stage(MODEL, 1), Some(Stage::Running));
        let began = Event::Began { model: MODEL, period: 1, sets: 1 };
        assert!(events().contains(&began));
        end_period();
        assert_eq!(trial(MODEL, 1), None);
        assert_eq!(Snapshots::<Test>::iter().count(), 0);
        assert_eq!(events().pop(), Some(Event::Over { model: MODEL, period: 1 }));
    });
}

#[test]
fn a_trial_should_begin_at_once_when_a_reward_has_to_wait() {
    execute(|| {
        move_head(MODEL);
        let delta = lay(MODEL, 1, 700);
        assert_eq!(stage(MODEL, 0), Some(Stage::Running));
        let second = lay(MODEL, 2, 300);
        let id = TrialId { model: MODEL, period: 0 };
        let [first, next] = [delta, second].map(|delta| Held::<Test>::get(id, delta).unwrap());
        let parts = |head| Snapshots::<Test>::get(head).unwrap().parts;
        assert_eq!((parts(first.before), parts(first.after)), (heads(1), heads(2)));
        // What one made of the model is what the next one was laid on.
        assert_eq!((next.before, parts(next.after)), (first.after, heads(3)));
        assert_eq!(trial(MODEL, 0).unwrap().gain, 1_000);
        let held = Event::RewardHeld { model: MODEL, period: 0, delta, gain: 700 };
        assert!(events().contains(&held));
    });
}

#[test]
fn what_is_measured_should_be_the_heads_that_were_taken_down() {
    execute(|| {
        commit(ALICE, MODEL, 1);
        commit(BOB, MODEL, 1);
        commit(CAROL, MODEL, 1);
        move_head(MODEL);
        end_period();
        lay(MODEL, 1, 500);
        lay(MODEL, 2, 500);
        // The period is over, and the block full: what is laid now still belongs to it.
        Curation::ended(1);
        full_block();
        lay(MODEL, 3, 500);
        run(1);
        lay(MODEL, 4, 500);
        assert_eq!(trial(MODEL, 1).unwrap().gain, 1_500);
        assert_eq!(stage(MODEL, 2), Some(Stage::Running));
        assert_eq!(trial(MODEL, 2).unwrap().gain, 500);
        [ALICE, BOB, CAROL].iter().for_each(|curator| reveal(*curator, MODEL, 1));
        run(2);
        let case = Case::Sealed { model: MODEL, period: 1, set: 2 };
        let brief = Curation::brief(&case, 1, &SEED).expect("a panel is at it");
        assert_eq!(brief.parts, heads(1));
        assert_eq!(brief.subject, Subject::Heads(heads(2)));
        assert_eq!(brief.source.file().id, opening(CAROL, 1).root);
        assert_eq!((brief.source.count(), brief.count), (COUNT, 80));
        // The sample is as secret as the records were, and the same whoever measures what.
        let salt = opening(CAROL, 1).salt;
        assert_eq!((brief.threshold, brief.attempts, brief.seed), (0, 0, salt));
    });
}

#[test]
fn a_reward_should_be_forgotten_when_its_delta_is_taken_off() {
    execute(|| {
        let first = running(600);
        let second = lay(MODEL, 2, 400);
        take_off(MODEL, second);
        assert_eq!(trial(MODEL, 1).unwrap().gain, 600);
        let forgotten = Event::RewardForgotten { model: MODEL, period: 1, delta: second };
        assert_eq!(events().pop(), Some(forgotten));
        // What was never noted is nothing to forget.
        Curation::forget(&MODEL, DeltaId(99));
        end_period();
        // What the period was is told as it was.
        take_off(MODEL, first);
        assert_eq!(trial(MODEL, 1).unwrap().gain, 600);
        [ALICE, BOB, CAROL].iter().for_each(|curator| reveal(*curator, MODEL, 1));
        run(2);
        // Nothing depends on the sets any more.
        assert_eq!(trial(MODEL, 1), None);
        assert_eq!(held(ALICE), BOND);
    });
}

#[test]
fn periods_should_be_caught_up_with_when_blocks_were_full() {
    execute(|| {
        for period in 1..=2 {
            [ALICE, BOB, CAROL].iter().for_each(|curator| commit(*curator, MODEL, period));
        }
        for period in 0..3 {
            Curation::ended(period);
            full_block();
        }
        assert_eq!(Period::<Test>::get(), 3);
        // The trials of periods one and two begin and end with nothing in them.
        run(2);
        assert_eq!(trial(MODEL, 1), None);
        assert_eq!(trial(MODEL, 2), None);
        assert_eq!(Turned::<Test>::get(), 4);
        let began: Vec<_> = events()
            .into_iter()
            .filter_map(|event| match event {
                Event::Began { period, .. } => Some(period),
                _ => None,
            })
            .collect();
        assert_eq!(began, [1, 2]);
    });
}

#[test]
fn sets_should_be_called_off_when_their_period_passed_unheard() {
    execute(|| {
        [ALICE, BOB, CAROL].iter().for_each(|curator| commit(*curator, MODEL, 1));
        Curation::ended(0);
        full_block();
        Curation::ended(1);
        // A reward waits in period two before the chain has come to period one.
        lay(MODEL, 1, 500);
        assert_eq!(stage(MODEL, 2), Some(Stage::Running));
        run(1);
        assert_eq!(trial(MODEL, 1), None);
        assert_eq!(stage(MODEL, 2), Some(Stage::Running));
        assert_eq!(Curation::curator_view(&ALICE).unwrap().sets, 0);
    });
}

#[test]
fn nothing_should_happen_while_the_chain_is_stopped() {
    execute(|| {
        commit(ALICE, MODEL, 1);
        Curation::ended(0);
        stop();
        run(3);
        assert_eq!(stage(MODEL, 1), Some(Stage::Announced));
        go_on();
        run(1);
        assert_eq!(stage(MODEL, 1), Some(Stage::Running));
    });
}
