use super::mock::*;
use crate::{types::*, views::LISTED};
use cairn_protocol::id::{BlockId, DeltaId};

#[test]
fn delta_view_should_say_what_it_waits_for() {
    execute(|| {
        assert_eq!(Learning::delta_view(DeltaId(9)), None);
        let waits = |id| Learning::delta_view(id).expect("it is kept").waits_for;
        let ids = hand_in(&[header(CAROL, A, 20), header(DAVE, A, 21)]);
        assert_eq!(waits(ids[0]), DeltaWaitsFor::Panel(panel_of(ids[0])));
        judge(ids[1], better);
        assert_eq!(waits(ids[1]), DeltaWaitsFor::Turn { ahead: 1 });
        judge(ids[0], better);
        assert_eq!(waits(ids[0]), DeltaWaitsFor::Keepers);
        {
            use cairn_seams::Kept;
            Learning::kept(ids[0]);
        }
        assert_eq!(waits(ids[0]), DeltaWaitsFor::Chain);
        run(2);
        assert_eq!(waits(ids[0]), DeltaWaitsFor::Nothing);
        assert_eq!(waits(ids[1]), DeltaWaitsFor::Panel(panel_of(ids[1])));
    });
}

#[test]
fn deltas_of_should_give_a_page_after_another() {
    execute(|| {
        let mut all = tower(A, 20, 3);
        // As many as one would hand in over time.
        for nth in 100..100 + LISTED as u64 {
            crate::DeltasOf::<Test>::insert(CAROL, DeltaId(nth), ());
            all.push(DeltaId(nth));
        }
        let mut listed = Learning::deltas_of(&CAROL, None);
        assert_eq!(listed.len(), LISTED);
        let last = listed.last().copied();
        let rest = Learning::deltas_of(&CAROL, last);
        assert_eq!(rest.len(), 3);
        listed.extend(rest);
        listed.sort_unstable();
        assert_eq!(listed, all);
        assert!(Learning::deltas_of(&DAVE, None).is_empty());
        for nth in 100..100 + LISTED as u64 {
            crate::DeltasOf::<Test>::remove(CAROL, DeltaId(nth));
        }
    });
}

#[test]
fn preview_should_say_what_a_delta_is_held_against() {
    execute(|| {
        let ids = hand_in(&[header(CAROL, A, 20)]);
        await_draw(ids[0]);
        Difficulty::set(2_000_000);
        let preview = Learning::preview(MODEL, component(A)).expect("it can be handed in");
        let brief = brief_of(ids[0]);
        assert_eq!((preview.bundle, preview.judge), (brief.bundle, brief.judge));
        assert_eq!((preview.source, preview.parts), (brief.source, brief.parts));
        assert_eq!((preview.count, preview.threshold), (brief.count, brief.threshold));
        assert_eq!((preview.head, preview.data), (head_of(&place(A)), DATA));
        // One sample was drawn since, and one delta is ahead.
        assert_eq!((preview.attempts, preview.ahead), (1, 1));
        assert_eq!((preview.paid, preview.difficulty), (true, 2_000_000));
        assert_eq!(preview.terms, RULES.terms);
        assert_eq!(Learning::preview(OTHER, component(A)), None, "nothing is judged on it");
        assert_eq!(Learning::preview(MODEL, component(b"c")), None);
        assert_eq!(Learning::preview(BlockId([9; 32]), component(A)), None);
    });
}

#[test]
fn stakes_should_be_what_the_terms_say() {
    execute(|| {
        let terms = Learning::preview(MODEL, component(A)).unwrap().terms;
        assert_eq!(terms.bond.of(BYTES), BOND);
        assert_eq!(terms.deposit.of(BYTES) + terms.mark, DEPOSIT);
        assert_eq!(Price { fixed: 1, byte: u128::MAX }.of(2), u128::MAX);
        handed_in();
    });
}
