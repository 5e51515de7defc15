use super::mock::*;
use crate::{types::*, *};
use cairn_protocol::profile::DeviceClass;

/// That an invariant is broken by a change, and whole again without it.
fn breaks(name: &'static str, change: impl FnOnce()) {
    frame_support::storage::with_transaction(|| {
        change();
        assert_eq!(Capability::do_try_state(), Err(name.into()));
        let undone: Result<(), sp_runtime::DispatchError> = Ok(());
        sp_runtime::TransactionOutcome::Rollback(undone)
    })
    .unwrap();
    assert_eq!(Capability::do_try_state(), Ok(()));
}

fn amend(id: ChallengeId, change: impl FnOnce(&mut Challenge)) {
    Challenges::<Test>::mutate(id, |known| change(known.as_mut().unwrap()));
}

#[test]
fn try_state_should_fail_when_an_invariant_is_broken() {
    execute(|| {
        crowd(3, DeviceClass::Gpu);
        let id = challenged();
        breaks("draws_are_numbered", || Draws::<Test>::put(7));
        breaks("draws_are_numbered", || {
            Awaited::<Test>::mutate(|ticket| ticket.as_mut().unwrap().requested_at = 99);
        });
        breaks("agenda_is_complete", || Capability::unschedule(id));
        breaks("agenda_is_complete", || {
            Capability::schedule(id, 99);
        });
        breaks("agenda_is_complete", || {
            Capability::schedule(id + 1, 99);
        });
        breaks("challenges_are_past", || amend(id, |known| known.handed_out.block += 1));
        breaks("challenges_are_past", || amend(id, |known| known.handed_out.height += 1));
        breaks("deadlines_are_in_order", || amend(id, |known| known.commit_by = 1));
        breaks("deadlines_are_in_order", || amend(id, |known| known.commit_by += 1));
        breaks("members_are_three", || amend(id, |known| known.members.truncate(2)));
        breaks("members_are_three", || {
            amend(id, |known| known.members[0].provider = known.members[1].provider);
        });
        breaks("members_are_registered", || {
            amend(id, |known| known.members[0].provider.0 = 99);
        });
        let revealed = Progress::Revealed { answer: [0; 32], latency: Some(1) };
        breaks("nobody_reveals_early", || {
            amend(id, |known| known.members[0].progress = revealed);
        });
        breaks("nobody_reveals_early", || amend(id, |known| known.stage = Stage::Reveals));
        let slow = Progress::Committed { commitment: [0; 32], latency: Some(41) };
        breaks("latencies_are_real", || {
            amend(id, |known| known.members[0].progress = slow);
        });
    });
}
