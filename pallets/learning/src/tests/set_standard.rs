use super::mock::*;
use crate::{types::*, Error, Event, Standards};
use cairn_protocol::learning::reward::Decay;
use frame_support::{assert_noop, assert_ok};

const STANDARD: Standard =
    Standard { threshold: 40_000, decay: Decay { floor_loss: 900_000, least: 5_000 } };

fn set(standard: Option<Standard>) -> frame_support::dispatch::DispatchResult {
    Learning::set_standard(RuntimeOrigin::root(), MODEL, standard)
}

fn threshold_of(artifact: u8) -> (u32, cairn_protocol::id::DeltaId) {
    let id = hand_in(&[header(CAROL, A, artifact)])[0];
    await_draw(id);
    (brief_of(id).threshold, id)
}

#[test]
fn set_standard_should_count_from_the_next_draw_on() {
    execute(|| {
        let (threshold, id) = threshold_of(20);
        assert_eq!(threshold, 10_000);
        assert_eq!(Learning::floor_of(&MODEL), None);
        assert_ok!(set(Some(STANDARD)));
        assert_eq!(Learning::floor_of(&MODEL), Some(900_000));
        let (model, standard) = (MODEL, Some(STANDARD));
        System::assert_last_event(Event::StandardSet { model, standard }.into());
        // What was drawn before is held against what was asked for then.
        lay(id);
        // It loses 1,800,000, of which half is left to be learnt.
        let (threshold, id) = threshold_of(21);
        assert_eq!(threshold, 20_000);
        judge(id, |brief| {
            assert_eq!(brief.threshold, 20_000);
            no_better(brief)
        });
        assert_ok!(set(None));
        assert_eq!(threshold_of(22).0, 10_000);
    });
}

#[test]
fn set_standard_should_fail_when_it_makes_no_sense() {
    execute(|| {
        let bad = sp_runtime::DispatchError::BadOrigin;
        assert_noop!(Learning::set_standard(signed(ALICE), MODEL, Some(STANDARD)), bad);
        let none = sp_runtime::DispatchError::from(Error::<Test>::NoStandard);
        let all = Standard { threshold: 1_000_000, ..STANDARD };
        assert_noop!(set(Some(all)), none);
        let decay = Decay { least: 40_001, ..STANDARD.decay };
        assert_noop!(set(Some(Standard { decay, ..STANDARD })), none);
        assert_eq!(Standards::<Test>::get(MODEL), None);
    });
}
