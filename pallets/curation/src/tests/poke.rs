use super::mock::*;
use crate::{types::*, Error, WeightInfo};
use cairn_seams::OnPeriod;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

fn poke(period: u32) -> Result<(), DispatchError> {
    Curation::poke(signed(EVE), MODEL, period).map(|_| ()).map_err(|failed| failed.error)
}

#[test]
fn poke_should_move_a_trial_on_while_blocks_are_full() {
    execute(|| {
        assert_noop!(poke(1), Error::<Test>::UnknownTrial);
        [ALICE, BOB, CAROL].iter().for_each(|curator| commit(*curator, MODEL, 1));
        assert_noop!(poke(1), Error::<Test>::TooEarly);
        Curation::ended(0);
        assert_ok!(poke(1));
        assert_eq!(stage(MODEL, 1), Some(Stage::Running));
        assert_noop!(poke(1), Error::<Test>::TooEarly);
        let delta = lay(MODEL, 1, 1_000);
        Curation::ended(1);
        assert_ok!(poke(1));
        assert_eq!(stage(MODEL, 1), Some(Stage::Reveals));
        (0..10).for_each(|_| full_block());
        assert_noop!(poke(1), Error::<Test>::TooEarly);
        full_block();
        stop();
        assert_noop!(poke(1), Error::<Test>::ChainStopped);
        go_on();
        assert_ok!(poke(1));
        assert_eq!(stage(MODEL, 1), Some(Stage::Waiting));
        assert_ok!(poke(1));
        assert_eq!(stage(MODEL, 2), Some(Stage::Running));
        assert_ok!(poke(1));
        assert_eq!(trial(MODEL, 1), None);
        assert!(Reserved::get().contains_key(&delta));
        // What was done by hand is not done again.
        run(2);
        assert_eq!(stage(MODEL, 2), Some(Stage::Running));
    });
}

#[test]
fn poke_should_cost_what_it_does() {
    execute(|| {
        revealing(1_000);
        (0..12).for_each(|_| full_block());
        let done = Curation::poke(signed(EVE), MODEL, 1).expect("it is overdue");
        let expected =
            <() as WeightInfo>::poke().saturating_add(<() as WeightInfo>::close_reveals(3, 3));
        assert_eq!(done.actual_weight, Some(expected));
    });
}
