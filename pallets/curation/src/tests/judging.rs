use super::mock::*;
use crate::{types::*, Event};
use cairn_protocol::{
    id::ContentId,
    learning::{
        evaluation::{DeltaFlaw, Evaluation, Opinion},
        panel::{Case, Outcome},
        reward::progress,
    },
};
use cairn_seams::Judged as _;

/// What the loss of an example falls to, and the gain that is in millionths.
const FALLEN: u64 = 990_000;

fn gain(loss: u64) -> u64 {
    let examples = 80;
    progress(LOSS * examples, loss * examples).try_into().expect("it is one")
}

/// The head that panels measure.
fn head() -> SnapshotId {
    trial(MODEL, 1).and_then(|trial| trial.at).expect("one is measured")
}

#[test]
fn the_median_should_decide() {
    execute(|| {
        let delta = judging(gain(FALLEN));
        measure(ALICE, MODEL, 1, 999_000);
        measure(BOB, MODEL, 1, 995_000);
        let measured = Event::SetMeasured {
            model: MODEL,
            period: 1,
            set: 1,
            head: head(),
            gain: gain(995_000).try_into().unwrap(),
        };
        assert_eq!(events().pop(), Some(measured));
        assert_eq!(stage(MODEL, 1), Some(Stage::Judging));
        measure(CAROL, MODEL, 1, 500_000);
        run(2);
        let judged = Event::Judged { model: MODEL, period: 1, sets: 3, deltas: 1 };
        assert!(events().contains(&judged));
        let (sealed, share) = found_of(delta).expect("all panels are done");
        assert_eq!(sealed, gain(995_000));
        assert_eq!(u64::from(share), gain(995_000) * 1_000_000 / gain(FALLEN));
        assert_eq!(Released::get()[&delta], u128::from(share));
        assert_eq!(trial(MODEL, 1), None);
        assert_eq!(Paid::get(), [ALICE, BOB, CAROL]);
        let paid = Event::CuratorsPaid { model: MODEL, period: 1, paid: 3 * PAY };
        assert!(events().contains(&paid));
    });
}

#[test]
fn no_more_than_the_whole_should_be_released_when_more_is_gained_on_sealed_sets() {
    execute(|| {
        let delta = judging(gain(FALLEN));
        [ALICE, BOB, CAROL].iter().for_each(|one| measure(*one, MODEL, 1, 900_000));
        run(2);
        assert_eq!(Released::get()[&delta], REWARD);
    });
}

#[test]
fn nothing_should_be_released_when_nothing_holds() {
    execute(|| {
        let delta = judging(gain(FALLEN));
        measure(ALICE, MODEL, 1, 500_000);
        measure(BOB, MODEL, 1, 1_100_000);
        measure(CAROL, MODEL, 1, LOSS);
        run(2);
        assert_eq!(found_of(delta), Some((0, 0)));
        assert_eq!(Released::get()[&delta], 0);
    });
}

#[test]
fn panels_should_have_no_curator_of_the_trial_on_them() {
    execute(|| {
        judging(1_000);
        let asked = Asked::get();
        assert_eq!(asked.len(), 3);
        for (set, (case, barred)) in (0..).zip(asked.values()) {
            assert_eq!(*case, Case::Sealed { model: MODEL, period: 1, set });
            assert_eq!(*barred, [ALICE, BOB, CAROL]);
        }
    });
}

#[test]
fn a_set_should_cost_its_curator_when_it_cannot_be_used() {
    let unusable: [(Opinion, Lack); 2] = [
        (Opinion::Unavailable(opening(CAROL, 1).root), Lack::Unavailable),
        (Opinion::Flawed(DeltaFlaw::Unmeasurable), Lack::Unmeasurable),
    ];
    for (opinion, lack) in unusable {
        execute(|| {
            judging(1_000);
            measure(ALICE, MODEL, 1, FALLEN);
            measure(BOB, MODEL, 1, FALLEN);
            let panel = panel_of(CAROL, MODEL, 1).unwrap();
            conclude(panel, |_| Outcome::Decided(opinion));
            let missed = Event::SetMissed { model: MODEL, period: 1, set: 2, head: head(), lack };
            assert_eq!(events().pop(), Some(missed));
            run(2);
            let void = Event::SetVoid { model: MODEL, period: 1, set: 2, lack };
            assert!(events().contains(&void));
            assert_eq!((held(BOB), held(CAROL)), (BOND, BOND - BOND / 10));
            assert!(Paid::get().is_empty());
        });
    }
}

#[test]
fn a_set_should_cost_nothing_when_the_curator_cannot_help_it() {
    let missing = Outcome::Decided(Opinion::Unavailable(ContentId([40; 32])));
    let outcomes = [
        (missing, Lack::NoModel),
        (Outcome::Divided, Lack::Divided),
        (Outcome::NobodyFit, Lack::NobodyFit),
    ];
    for (outcome, lack) in outcomes {
        execute(|| {
            judging(1_000);
            // Panels are asked once more.
            for _ in 0..2 {
                measure(ALICE, MODEL, 1, FALLEN);
                measure(BOB, MODEL, 1, FALLEN);
                conclude(panel_of(CAROL, MODEL, 1).unwrap(), |_| outcome);
                let (model, period, head) = (MODEL, 1, head());
                let missed = Event::SetMissed { model, period, set: 2, head, lack };
                assert_eq!(events().pop(), Some(missed));
                run(1);
            }
            run(1);
            assert_eq!(held(CAROL), BOND);
            assert!(matches!(stage(MODEL, 2), Some(Stage::Running)), "it waits for the next");
        });
    }
}

#[test]
fn nobody_should_pay_when_the_model_was_measured_on_no_set() {
    execute(|| {
        judging(1_000);
        for _ in 0..2 {
            for curator in [ALICE, BOB, CAROL] {
                conclude(panel_of(curator, MODEL, 1).unwrap(), |_| {
                    Outcome::Decided(Opinion::Flawed(DeltaFlaw::Unmeasurable))
                });
            }
            run(1);
        }
        run(1);
        assert_eq!(stage(MODEL, 2), Some(Stage::Running), "its reward waits for the next");
        assert_eq!([ALICE, BOB, CAROL].map(held), [BOND; 3]);
    });
}

#[test]
fn a_set_should_not_be_measured_when_guards_agree_on_nonsense() {
    execute(|| {
        judging(1_000);
        conclude(panel_of(ALICE, MODEL, 1).unwrap(), |brief| {
            let honest = found(brief, LOSS, FALLEN);
            Outcome::Decided(Opinion::Measured(Evaluation { count: 79, ..honest }))
        });
        let sets = Curation::sets_of(MODEL, 1);
        let missed = Progress::Missed { opening: opening(ALICE, 1), lack: Lack::Divided };
        assert_eq!(sets[0].sealed.progress, missed);
    });
}

#[test]
fn a_panel_should_be_called_off_when_it_takes_too_long() {
    execute(|| {
        CURATORS.iter().for_each(|curator| commit(*curator, MODEL, 1));
        end_period();
        let delta = lay(MODEL, 1, gain(FALLEN));
        end_period();
        CURATORS.iter().for_each(|curator| reveal(*curator, MODEL, 1));
        run(2);
        [ALICE, BOB, CAROL].iter().for_each(|one| measure(*one, MODEL, 1, FALLEN));
        let late = panel_of(DAVE, MODEL, 1).unwrap();
        run(18);
        assert_eq!(stage(MODEL, 1), Some(Stage::Judging));
        run(3);
        assert_eq!(CalledOff::get(), [late]);
        assert_eq!(Released::get()[&delta], REWARD);
        assert_eq!(held(DAVE), BOND);
        assert_eq!(Paid::get(), [ALICE, BOB, CAROL]);
    });
}

#[test]
fn rewards_should_wait_when_no_panel_can_be_asked() {
    execute(|| {
        revealing(1_000);
        NoPanels::set(true);
        [ALICE, BOB, CAROL].iter().for_each(|curator| reveal(*curator, MODEL, 1));
        run(2);
        let nobody =
            |event: &Event<Test>| matches!(event, Event::SetMissed { lack: Lack::NobodyFit, .. });
        assert_eq!(events().iter().filter(|event| nobody(event)).count(), 2 * 3, "asked twice");
        assert_eq!(trial(MODEL, 1), None);
        assert_eq!(stage(MODEL, 2), Some(Stage::Running));
    });
}

#[test]
fn briefs_should_be_for_sets_that_are_judged_alone() {
    execute(|| {
        let of =
            |period, set| Curation::brief(&Case::Sealed { model: MODEL, period, set }, 1, &SEED);
        revealing(1_000);
        assert_eq!(of(1, 0), None);
        [ALICE, BOB, CAROL].iter().for_each(|curator| reveal(*curator, MODEL, 1));
        run(2);
        let brief = of(1, 0).expect("it is judged");
        assert_eq!(of(1, 3), None);
        assert_eq!(of(2, 0), None);
        measure(ALICE, MODEL, 1, FALLEN);
        assert_eq!(of(1, 0), None);
        // What comes a second time is not heard.
        let before = trial(MODEL, 1);
        let case = Case::Sealed { model: MODEL, period: 1, set: 0 };
        Curation::judged(&case, Some(&brief), Outcome::Divided);
        assert_eq!(trial(MODEL, 1), before);
    });
}
