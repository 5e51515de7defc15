use super::mock::*;
use crate::{types::*, Error, WeightInfo};
use cairn_protocol::{
    id::{DeltaId, PanelId},
    learning::panel::{Case, Outcome},
};
use frame_support::assert_ok;

fn poke(panel: PanelId) -> Result<(), sp_runtime::DispatchError> {
    Panels::poke(signed(BOB), panel).map(|_| ()).map_err(|failed| failed.error)
}

#[test]
fn poke_should_move_a_panel_on_while_blocks_are_full() {
    execute(|| {
        crowd(5);
        open(CASE);
        let early = Err(Error::<Test>::TooEarly.into());
        assert_eq!(poke(PanelId(9)), Err(Error::<Test>::UnknownPanel.into()));
        assert_eq!(poke(PANEL), early);
        (0..17).for_each(|_| full_block());
        assert_ok!(poke(PANEL));
        assert_eq!((panel().stage, poke(PANEL)), (Stage::Commits, early));
        let guards = guards();
        guards[..2].iter().for_each(|guard| commit(*guard, &measured(1)));
        (0..21).for_each(|_| full_block());
        assert_ok!(poke(PANEL));
        assert_eq!((panel().stage, poke(PANEL)), (Stage::Drawing, early));
        (0..17).for_each(|_| full_block());
        assert_ok!(poke(PANEL));
        let third = super::mock::guards()[2];
        commit(third, &measured(1));
        [guards[0], third].iter().for_each(|guard| reveal(*guard, &measured(1)));
        (0..11).for_each(|_| full_block());
        assert_ok!(poke(PANEL));
        assert_eq!((panel().stage, poke(PANEL)), (Stage::Window, early));
        (0..16).for_each(|_| full_block());
        assert_ok!(poke(PANEL));
        assert_eq!(heard(), (true, Outcome::Decided(measured(1))));
    });
}

#[test]
fn poke_should_cost_what_it_does() {
    execute(|| {
        drawn();
        (0..21).for_each(|_| full_block());
        let done = Panels::poke(signed(BOB), PANEL).expect("it is overdue");
        let expected = <() as WeightInfo>::poke().saturating_add(<() as WeightInfo>::close(3));
        assert_eq!(done.actual_weight, Some(expected));
    });
}

#[test]
fn panels_should_be_served_in_their_order_when_there_are_many() {
    execute(|| {
        for id in 0..40 {
            open(Case::Delta(DeltaId(id)));
        }
        // Nobody is there to look, so each ends with its third draw; sixteen looks a block.
        run(3 * SEED + 12);
        assert_eq!(Heard::get().len(), 40);
    });
}

#[test]
fn nothing_should_be_served_that_a_block_has_no_room_for() {
    use frame_support::{traits::Hooks, weights::Weight};
    execute(|| {
        drawn();
        (0..21).for_each(|_| full_block());
        let due = <() as WeightInfo>::serve().saturating_add(<() as WeightInfo>::close(3));
        for _ in 0..40 {
            // It finds out that heights are done, and has no room for what stands on one.
            let spent = Panels::on_idle(System::block_number(), due);
            assert!(spent.all_lte(due));
        }
        assert_eq!(panel().stage, Stage::Commits);
        Panels::on_idle(System::block_number(), Weight::MAX);
        assert_eq!(panel().stage, Stage::Drawing);
    });
}
