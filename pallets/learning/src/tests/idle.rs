//! Whatever stage a delta is in, it comes to an end when nobody does anything, by the hook and by
//! pokes alike.

use super::mock::*;
use crate::types::*;
use cairn_protocol::id::DeltaId;

/// The longest there may be: two panels, keepers who say nothing, and the record.
const LONG: u64 = 2 * 430 + 60 + 500;

/// Deltas of one queue in every stage that is pending, and those that wait for them.
fn scene(luck: u64) -> Vec<DeltaId> {
    Luck::set(luck);
    let mut ids = hand_in(&[header(CAROL, A, 20), header(DAVE, A, 21), header(ERIN, B, 22)]);
    // One is kept by nobody, one waits for it, one is judged by guards who are silent, and one is
    // not drawn yet.
    judge(ids[0], better);
    judge(ids[1], better);
    ids.extend(hand_in(&[header(FRANK, B, 23)]));
    assert_eq!((stage(ids[0]).0, stage(ids[1]).0), (Stage::Keeping, Stage::Queued));
    assert_eq!((stage(ids[2]).0, stage(ids[3]).0), (Stage::Judging, Stage::Judging));
    ids
}

fn all_over(ids: &[DeltaId]) {
    assert!(ids.iter().all(|id| Learning::delta_view(*id).is_none()));
    assert_eq!(crate::Agenda::<Test>::iter().count(), 0);
    assert_eq!(crate::Queues::<Test>::iter().count(), 0);
    assert_eq!(crate::Artifacts::<Test>::iter().count(), 0);
    assert_eq!(crate::Pending::<Test>::iter().count(), 0);
    assert_eq!([CAROL, DAVE, ERIN, FRANK].map(held), [0; 4]);
    assert!(known().paid.is_empty() && known().asked.is_empty());
}

#[test]
fn every_delta_should_end_by_itself() {
    execute(|| {
        let ids = scene(0);
        let mut ends = Vec::new();
        for _ in 0..LONG {
            run(1);
            for id in &ids {
                let Some(view) = Learning::delta_view(*id) else { continue };
                let end = (*id, view.delta.stage);
                if !view.delta.stage.is_pending() && !ends.contains(&end) {
                    ends.push(end);
                }
                // There is always a height at which it is looked at.
                assert!(view.delta.next >= now().saturating_sub(1), "{id:?} is forgotten");
            }
        }
        assert_eq!(ends.len(), 4, "each ends once: {ends:?}");
        assert!(ends.iter().all(|(_, stage)| *stage == Stage::Lapsed), "{ends:?}");
        all_over(&ids);
    });
}

#[test]
fn every_delta_should_end_by_pokes_alone() {
    execute(|| {
        let ids = scene(1);
        for _ in 0..LONG {
            full_block();
            let panels: Vec<_> = pallet_cairn_panels::Panels::<Test>::iter_keys().collect();
            for panel in panels {
                let _ = Panels::poke(signed(BOB), panel);
            }
            for id in &ids {
                let _ = Learning::poke(signed(BOB), *id);
            }
        }
        assert_eq!(crate::Deltas::<Test>::iter().count(), 0);
        all_over(&ids);
    });
}
