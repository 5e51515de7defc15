use super::mock::*;
use crate::{types::*, Error, WeightInfo};
use cairn_protocol::id::DeltaId;
use frame_support::{assert_noop, assert_ok, traits::SafeModeNotify};

#[test]
fn poke_should_move_a_file_on_while_blocks_are_full() {
    execute(|| {
        assert_noop!(Custody::poke(signed(BOB), DeltaId(99)), Error::<Test>::NothingToKeep);
        kept();
        assert_noop!(Custody::poke(signed(BOB), DELTA), Error::<Test>::TooEarly);
        (0..RULES.interval).for_each(|_| full_block());
        assert_ok!(Custody::poke(signed(BOB), DELTA));
        (0..SEED).for_each(|_| full_block());
        Clock::entered();
        assert_noop!(Custody::poke(signed(BOB), DELTA), Error::<Test>::ChainStopped);
        Clock::exited();
        assert_ok!(Custody::poke(signed(BOB), DELTA));
        let Stage::Asked { keeper, .. } = keep().stage else { panic!("{:?}", keep()) };
        assert_noop!(Custody::poke(signed(BOB), DELTA), Error::<Test>::TooEarly);
        (0..=RULES.show).for_each(|_| full_block());
        assert_ok!(Custody::poke(signed(BOB), DELTA));
        assert!(!keepers().contains(&keeper));
    });
}

#[test]
fn poke_should_cost_what_it_does() {
    execute(|| {
        ask();
        (0..=RULES.gather).for_each(|_| full_block());
        let done = Custody::poke(signed(BOB), DELTA).expect("it is overdue");
        let look = <() as WeightInfo>::let_go(0).max(<() as WeightInfo>::challenge());
        assert_eq!(done.actual_weight, Some(<() as WeightInfo>::poke().saturating_add(look)));
        assert_eq!(Heard::get(), [(DELTA, false)]);
    });
}

#[test]
fn files_should_be_served_in_their_order_when_there_are_many() {
    execute(|| {
        for nth in 0..40 {
            <Custody as cairn_seams::Custody>::ask(DeltaId(nth), &MODEL, file());
        }
        run(u64::from(RULES.gather) + 1);
        assert!(Heard::get().is_empty());
        // Sixteen looks a block, of which one finds that a height is done with.
        run(2);
        assert!((1..40).contains(&Heard::get().len()));
        run(3);
        assert_eq!(Heard::get().len(), 40);
    });
}
