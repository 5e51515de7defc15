use super::mock::*;
use crate::{Error, Event};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

#[test]
fn forget_commit_should_give_the_deposit_to_the_author_when_anyone_asks() {
    execute(|| {
        let header = header(CAROL, A, 20);
        let digest = digest(CAROL, header.artifact.id);
        let before = [CAROL, DAVE].map(free);
        assert_ok!(commit(&header));
        assert_eq!((held(CAROL), free(CAROL)), (10, before[0] - 10));
        run(51);
        assert_ok!(Learning::forget_commit(signed(DAVE), CAROL, digest));
        assert_eq!((held(CAROL), [CAROL, DAVE].map(free)), (0, before));
        let event = Event::CommitmentWithdrawn { author: CAROL, digest };
        System::assert_last_event(event.into());
        let none = DispatchError::from(Error::<Test>::NotCommitted);
        assert_noop!(Learning::forget_commit(signed(DAVE), CAROL, digest), none);
        // The author may commit to the same once more.
        assert_ok!(commit(&header));
    });
}

#[test]
fn forget_commit_should_be_refused_when_it_still_counts_or_is_of_another() {
    execute(|| {
        let header = header(CAROL, A, 20);
        let digest = digest(CAROL, header.artifact.id);
        assert_ok!(commit(&header));
        run(50);
        let still = DispatchError::from(Error::<Test>::StillCounts);
        assert_noop!(Learning::forget_commit(signed(DAVE), CAROL, digest), still);
        run(1);
        let none = DispatchError::from(Error::<Test>::NotCommitted);
        assert_noop!(Learning::forget_commit(signed(CAROL), DAVE, digest), none);
        let root = RuntimeOrigin::root();
        assert_noop!(Learning::forget_commit(root, CAROL, digest), DispatchError::BadOrigin);
        assert_eq!(held(CAROL), 10);
    });
}
