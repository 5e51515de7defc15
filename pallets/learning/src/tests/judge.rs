use super::mock::*;
use crate::{types::*, Event, Measures};
use cairn_protocol::{
    id::{ContentId, DeltaId},
    learning::{
        brief::{Brief, Subject},
        evaluation::{DeltaFlaw, Opinion},
        limits::Limits,
        panel::Case,
        reward::Decay,
    },
};
use cairn_seams::{Judged as _, Judging as _, Lineage as _};
use frame_support::assert_ok;

#[test]
fn the_brief_should_say_everything_that_is_to_be_judged() {
    execute(|| {
        let id = handed_in();
        await_draw(id);
        let brief = brief_of(id);
        let head = head_of(&place(A));
        assert_eq!((brief.model, brief.bundle, brief.judge), (MODEL, file(1), ContentId([2; 32])));
        assert_eq!((brief.count, brief.threshold, brief.attempts), (64, 10_000, 0));
        assert_eq!(brief.parts.len(), 2);
        assert_eq!(brief.parts[0].file, head.file);
        let artifact = delta(id).header.artifact;
        let subject = Subject::Delta { component: component(A), artifact, base: head.file.id };
        assert_eq!(brief.subject, subject);
        let trial = delta(id).trial.unwrap();
        assert_eq!((trial.head, trial.file, trial.data), (head.block, head.file, DATA));
        let event = Event::Drawn { delta: id, head: head.block, count: 64, attempts: 0 };
        System::assert_has_event(event.into());
        assert_eq!(head.judged, 1, "the sample counts");
    });
}

#[test]
fn each_sample_should_count_as_an_attempt() {
    execute(|| {
        let ids = hand_in(&[header(CAROL, A, 20), header(DAVE, A, 21), header(ERIN, B, 22)]);
        ids.iter().for_each(|id| await_draw(*id));
        let attempts = |id: DeltaId| brief_of(id).attempts;
        assert_eq!((attempts(ids[0]) + attempts(ids[1]), attempts(ids[2])), (1, 0));
        // Guards differ, and another sample is drawn.
        say(
            panel_of(ids[0]),
            |place, brief| if place == 1 { better(brief) } else { opinion(place) },
        );
        run(2);
        await_draw(ids[0]);
        assert_eq!(attempts(ids[0]), 2);
        assert_eq!(delta(ids[0]).trial.unwrap().attempts, 2);
    });
}

fn opinion(place: usize) -> Opinion {
    Opinion::Unavailable(ContentId([u8::try_from(place).unwrap(); 32]))
}

#[test]
fn a_delta_should_be_rejected_when_it_is_not_better() {
    execute(|| {
        let id = handed_in();
        let (before, treasury) = (free(CAROL), free(TREASURY));
        judge(id, no_better);
        assert_eq!(stage(id), (Stage::Rejected, Some(Reason::NotBetter)));
        // The bond and what the block would have taken come back, the deposit does not.
        assert_eq!((held(CAROL), free(CAROL)), (0, before + BOND + BLOCK_DEPOSIT));
        assert_eq!(free(TREASURY), treasury + DEPOSIT);
        let event = Event::Rejected { delta: id, reason: Reason::NotBetter, lost: DEPOSIT };
        System::assert_has_event(event.into());
        // Guards are paid for it all the same.
        assert_eq!(known().guards.len(), 3);
        assert!(known().reserved.is_empty() && known().paid.is_empty());
        assert_eq!(Measures::<Test>::get(MODEL), None);
    });
}

#[test]
fn a_delta_should_be_rejected_when_there_is_none() {
    let artifact = ContentId([20; 32]);
    let cases = [
        (Opinion::Unavailable(artifact), Reason::Unavailable(artifact)),
        (Opinion::Flawed(DeltaFlaw::WrongShape), Reason::Flawed(DeltaFlaw::WrongShape)),
        (Opinion::Flawed(DeltaFlaw::TooLarge), Reason::Flawed(DeltaFlaw::TooLarge)),
    ];
    for (opinion, reason) in cases {
        execute(|| {
            let id = handed_in();
            let (before, treasury) = (free(CAROL), free(TREASURY));
            judge(id, |_| opinion);
            assert_eq!(stage(id), (Stage::Rejected, Some(reason)));
            // A tenth of the bond.
            let lost = DEPOSIT + 150;
            assert_eq!((held(CAROL), free(CAROL)), (0, before + BOND - 150 + BLOCK_DEPOSIT));
            assert_eq!(free(TREASURY), treasury + lost);
            System::assert_has_event(Event::Rejected { delta: id, reason, lost }.into());
        });
    }
}

/// That it lapses, and everything comes back: the deposit when the record is forgotten.
fn lapses(reason: Reason, says: impl Fn(&Brief) -> Opinion) {
    execute(|| {
        let before = free(CAROL);
        let id = handed_in();
        judge(id, says);
        assert_eq!(stage(id), (Stage::Lapsed, Some(reason)));
        System::assert_has_event(Event::Lapsed { delta: id, reason }.into());
        assert_eq!((held(CAROL), free(CAROL)), (DEPOSIT, before - DEPOSIT));
        // It may be handed in again.
        let again = hand_in(&[header(CAROL, A, 20)])[0];
        lay(again);
        run(403);
        assert_eq!(Learning::delta_view(id), None);
        System::assert_has_event(Event::Pruned { delta: id }.into());
    });
}

#[test]
fn a_delta_should_lapse_when_something_else_was_not_to_be_had() {
    lapses(Reason::Unmeasurable, |_| Opinion::Unavailable(file(1).id));
    lapses(Reason::Unmeasurable, |_| Opinion::Flawed(DeltaFlaw::Unmeasurable));
}

#[test]
fn a_delta_should_lapse_when_guards_differ_to_the_last() {
    execute(|| {
        let before = free(CAROL);
        let id = handed_in();
        for size in [3, 5, 7, 9] {
            await_draw(id);
            let panel = panel_of(id);
            assert_eq!(Panels::panel_view(panel).unwrap().guards.len(), size);
            say(panel, |place, _| opinion(place));
            run(2);
        }
        run(1);
        assert_eq!(stage(id), (Stage::Lapsed, Some(Reason::Divided)));
        assert_eq!((held(CAROL), free(CAROL)), (DEPOSIT, before - DEPOSIT));
        assert!(known().guards.is_empty());
        for guard in (0..12).map(cairn_protocol::id::ProviderId) {
            assert_eq!(Providers::card(guard).unwrap().pending, 0, "nobody is punished");
        }
    });
}

#[test]
fn a_delta_should_lapse_when_there_are_too_few_guards() {
    execute_with(2, || {
        let id = handed_in();
        run(4 * SEED);
        assert_eq!(stage(id), (Stage::Lapsed, Some(Reason::NobodyFit)));
        assert_eq!(held(CAROL), DEPOSIT);
    });
}

#[test]
fn the_next_sample_should_go_by_what_passed_last() {
    execute(|| {
        let id = hand_in(&[header(CAROL, A, 20)])[0];
        judge(id, no_better);
        assert_eq!(Measures::<Test>::get(MODEL), None, "anyone can have anything rejected");
        let id = hand_in(&[header(CAROL, A, 21)])[0];
        judge(id, better);
        let measure = Measures::<Test>::get(MODEL).unwrap();
        assert_eq!(measure.loss, 1_800_000);
        Measures::<Test>::insert(MODEL, Measure { variance: 1_000, ..measure });
        keep(id);
        let id = hand_in(&[header(CAROL, A, 22)])[0];
        await_draw(id);
        // ⌈16 · 0.001 / 0.01²⌉.
        assert_eq!(brief_of(id).count, 160);
        judge(id, better);
        assert_eq!(stage(id), (Stage::Keeping, None));
    });
}

#[test]
fn a_delta_should_be_judged_as_the_first_when_the_model_is_judged_on_another_set() {
    execute(|| {
        lay(handed_in());
        let measure = Measures::<Test>::get(MODEL).unwrap();
        assert_eq!(measure.data, DATA);
        Measures::<Test>::insert(MODEL, Measure { variance: 10_000, ..measure });
        // Half of what it loses there is left to be learnt.
        let decay = Decay { floor_loss: 900_000, least: 1_000 };
        let standard = Some(Standard { threshold: 40_000, decay });
        assert_ok!(Learning::set_standard(RuntimeOrigin::root(), MODEL, standard));
        let id = hand_in(&[header(CAROL, A, 21)])[0];
        Chosen::set(GENERATED);
        await_draw(id);
        // On the other set it was 20,000, and as many examples as there may be.
        assert_eq!((brief_of(id).threshold, brief_of(id).count), (40_000, 64));
        // What passes on it is of that set.
        judge(id, better);
        assert_eq!(Measures::<Test>::get(MODEL).unwrap().data, GENERATED);
    });
}

#[test]
fn the_next_sample_should_be_no_smaller_than_the_rules_have_it() {
    execute(|| {
        LearningRules::set(Rules { sample: Sample { variance: 800, ..RULES.sample }, ..RULES });
        let id = handed_in();
        judge(id, better);
        let measure = Measures::<Test>::get(MODEL).unwrap();
        Measures::<Test>::insert(MODEL, Measure { variance: 1, ..measure });
        keep(id);
        let id = hand_in(&[header(CAROL, A, 21)])[0];
        await_draw(id);
        // ⌈16 · 0.0008 / 0.01²⌉.
        assert_eq!(brief_of(id).count, 128);
    });
}

#[test]
fn a_delta_should_lapse_and_cost_nothing_when_judging_comes_to_take_too_much() {
    execute(|| {
        let before = free(CAROL);
        let id = handed_in();
        let limits = Limits { model: 7_999, ..RULES.limits };
        LearningRules::set(Rules { limits, ..RULES });
        run(SEED + 5);
        assert_eq!(stage(id), (Stage::Lapsed, Some(Reason::NobodyFit)));
        // The deposit comes back with the record.
        assert_eq!((held(CAROL), free(CAROL)), (DEPOSIT, before - DEPOSIT));
        assert_eq!(delta(id).trial, None);
    });
}

#[test]
fn takes_should_go_by_the_largest_sample_and_not_by_the_model() {
    execute(|| {
        let source = Register::data(&DATA).unwrap().source;
        let takes = |limits| {
            LearningRules::set(Rules { limits, ..RULES });
            Learning::takes(&source)
        };
        let enough = Limits { model: 0, sample: 16_384, fuel: 256_000 };
        assert!(takes(enough));
        assert!(!takes(Limits { sample: 16_383, ..enough }));
        assert!(!takes(Limits { fuel: 255_999, ..enough }));
        LearningRules::set(RULES);
    });
}

#[test]
fn held_should_be_what_the_brief_will_name() {
    execute(|| {
        let id = handed_in();
        // Two components, what describes the model, and the delta.
        let held = 2 * 4_000 + 1_000 + BYTES;
        assert_eq!(Learning::held(&Case::Delta(id)), held);
        await_draw(id);
        assert_eq!(brief_of(id).held(), held);
        assert_eq!(Learning::held(&Case::Delta(DeltaId(9))), 0);
        publish(MODEL, A);
        assert_eq!(Learning::held(&Case::Delta(id)), 0, "it cannot be judged any more");
    });
}
