use super::mock::*;
use crate::{Error, Event};
use frame_support::{assert_noop, assert_ok};

#[test]
fn withdraw_commit_should_release_the_deposit_when_it_is_too_old() {
    execute(|| {
        let header = header(CAROL, A, 20);
        let digest = digest(CAROL, header.artifact.id);
        assert_ok!(commit(&header));
        run(50);
        let still = Error::<Test>::StillCounts;
        assert_noop!(Learning::withdraw_commit(signed(CAROL), digest), still);
        run(1);
        let none = sp_runtime::DispatchError::from(Error::<Test>::NotCommitted);
        assert_noop!(Learning::withdraw_commit(signed(DAVE), digest), none);
        assert_ok!(Learning::withdraw_commit(signed(CAROL), digest));
        assert_eq!(held(CAROL), 0);
        let event = Event::CommitmentWithdrawn { author: CAROL, digest };
        System::assert_last_event(event.into());
        assert_noop!(Learning::withdraw_commit(signed(CAROL), digest), none);
    });
}
