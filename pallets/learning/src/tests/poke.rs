use super::mock::*;
use crate::{types::*, Error, WeightInfo};
use cairn_protocol::id::DeltaId;
use frame_support::assert_ok;
use sp_runtime::DispatchError;

fn poke(id: DeltaId) -> Result<(), DispatchError> {
    Learning::poke(signed(BOB), id).map(|_| ()).map_err(|failed| failed.error)
}

#[test]
fn poke_should_move_a_delta_on_while_blocks_are_full() {
    execute(|| {
        let early = || Err(Error::<Test>::TooEarly.into());
        assert_eq!(poke(DeltaId(9)), Err(Error::<Test>::UnknownDelta.into()));
        let id = handed_in();
        assert_eq!(poke(id), early());
        await_draw(id);
        let panel = panel_of(id);
        say(panel, |_, brief| better(brief));
        (0..7).for_each(|_| full_block());
        assert_ok!(Panels::poke(signed(BOB), panel));
        assert_eq!((stage(id).0, poke(id)), (Stage::Judging, early()));
        full_block();
        assert_ok!(poke(id));
        assert_eq!((stage(id).0, poke(id)), (Stage::Keeping, early()));
        {
            use cairn_seams::Kept;
            Learning::kept(id);
        }
        full_block();
        assert_ok!(poke(id));
        assert_eq!((stage(id).0, poke(id)), (Stage::Laid, early()));
        (0..401).for_each(|_| full_block());
        assert_ok!(poke(id));
        assert_eq!(Learning::delta_view(id), None);
    });
}

#[test]
fn poke_should_cost_what_it_does() {
    execute(|| {
        let id = handed_in();
        judge(id, no_better);
        (0..401).for_each(|_| full_block());
        let done = Learning::poke(signed(BOB), id).expect("it is overdue");
        let expected = <() as WeightInfo>::poke().saturating_add(<() as WeightInfo>::prune());
        assert_eq!(done.actual_weight, Some(expected));
    });
}

#[test]
fn nothing_should_be_served_that_a_block_has_no_room_for() {
    use frame_support::{traits::Hooks, weights::Weight};
    execute(|| {
        let id = handed_in();
        judge(id, no_better);
        (0..402).for_each(|_| full_block());
        let due = <() as WeightInfo>::serve().saturating_add(<() as WeightInfo>::prune());
        for _ in 0..500 {
            // It finds out that heights are done, and has no room for what stands on one.
            let spent = Learning::on_idle(System::block_number(), due);
            assert!(spent.all_lte(due));
        }
        assert_eq!(stage(id).0, Stage::Rejected);
        Learning::on_idle(System::block_number(), Weight::MAX);
        assert_eq!(Learning::delta_view(id), None);
    });
}
