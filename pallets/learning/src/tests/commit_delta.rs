use super::mock::*;
use crate::{types::*, Commitments, Error, Event};
use cairn_protocol::id::{BlockId, Digest};
use frame_support::{assert_noop, assert_ok};

const DIGEST: Digest = [1; 32];

fn commit_to(
    who: AccountId,
    model: BlockId,
    name: &[u8],
) -> frame_support::dispatch::DispatchResult {
    Learning::commit_delta(signed(who), model, component(name), DIGEST)
}

#[test]
fn commit_delta_should_hold_a_deposit() {
    execute(|| {
        assert_ok!(commit_to(CAROL, MODEL, A));
        assert_eq!(held(CAROL), 10);
        let event = Event::DeltaCommitted { author: CAROL, digest: DIGEST, place: place(A) };
        System::assert_last_event(event.into());
        let made = Commitments::<Test>::get(CAROL, DIGEST);
        assert_eq!(made, Some(Commitment { place: place(A), deposit: 10, made: 1 }));
        // Whoever copies it can open nothing by it, and is in nobody's way.
        assert_ok!(commit_to(DAVE, MODEL, A));
    });
}

#[test]
fn commit_delta_should_fail_when_it_makes_no_sense() {
    execute(|| {
        assert_noop!(commit_to(CAROL, MODEL, b"c"), Error::<Test>::UnknownComponent);
        assert_noop!(commit_to(CAROL, OTHER, B), Error::<Test>::UnknownComponent);
        assert_noop!(commit_to(CAROL, BlockId([9; 32]), A), Error::<Test>::UnknownComponent);
        assert_ok!(commit_to(CAROL, MODEL, A));
        assert_noop!(commit_to(CAROL, MODEL, B), Error::<Test>::CommittedAlready);
        Curators::set(vec![DAVE]);
        assert_noop!(commit_to(DAVE, MODEL, A), Error::<Test>::Barred);
        assert_noop!(commit_to(99, MODEL, A), Error::<Test>::NotEnoughBalance);
    });
}
