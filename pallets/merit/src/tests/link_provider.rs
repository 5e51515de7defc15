use super::mock::*;
use crate::{types::*, *};
use cairn_protocol::id::ProviderId;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

fn link_provider(validator: AccountId, provider: u64) -> Result<(), DispatchError> {
    Merit::link_provider(RuntimeOrigin::signed(validator), ProviderId(provider))
}

#[test]
fn link_provider_should_hold_a_deposit_when_the_validator_owns_it() {
    execute(|| {
        assert_ok!(link_provider(ALICE, 1));
        let expected = Link { provider: ProviderId(1), deposit: DEPOSIT, session: 0, work: 0 };
        assert_eq!(Links::<Test>::get(ALICE), Some(expected));
        assert_eq!(ValidatorOf::<Test>::get(ProviderId(1)), Some(ALICE));
        assert_eq!(CurrentSession::<Test>::get(), Some(Session { number: 0, began: 1 }));
        assert_eq!(held(ALICE), DEPOSIT);
        let linked = Event::Linked { validator: ALICE, provider: ProviderId(1) };
        assert_eq!(events(), [linked]);
    });
}

#[test]
fn link_provider_should_work_when_both_are_one_party_otherwise() {
    execute(|| {
        join(ProviderId(4), BOB);
        assert_ok!(link_provider(BOB, 4));
        assert_eq!(ValidatorOf::<Test>::get(ProviderId(4)), Some(BOB));
    });
}

#[test]
fn link_provider_should_fail_when_the_validator_has_a_provider() {
    execute(|| {
        register(5, ALICE);
        link(ALICE, 1);
        assert_noop!(link_provider(ALICE, 5), Error::<Test>::AlreadyLinked);
        assert_noop!(link_provider(ALICE, 1), Error::<Test>::AlreadyLinked);
    });
}

#[test]
fn link_provider_should_fail_when_there_is_no_such_provider() {
    execute(|| {
        assert_noop!(link_provider(ALICE, 99), Error::<Test>::UnknownProvider);
    });
}

#[test]
fn link_provider_should_fail_when_it_is_somebody_elses() {
    execute(|| {
        assert_noop!(link_provider(ALICE, 2), Error::<Test>::NotYours);
    });
}

#[test]
fn link_provider_should_fail_when_the_owner_does_not_validate() {
    execute(|| {
        assert_noop!(link_provider(DAVE, 4), Error::<Test>::NotValidator);
    });
}

#[test]
fn link_provider_should_fail_when_another_validator_of_its_party_has_it() {
    execute(|| {
        join(ProviderId(1), BOB);
        link(ALICE, 1);
        assert_noop!(link_provider(BOB, 1), Error::<Test>::ProviderTaken);
    });
}

#[test]
fn link_provider_should_replace_a_link_when_its_parties_are_no_longer_one() {
    execute(|| {
        link(ALICE, 1);
        sell(ProviderId(1), BOB);
        System::reset_events();
        assert_ok!(link_provider(BOB, 1));
        assert_eq!(ValidatorOf::<Test>::get(ProviderId(1)), Some(BOB));
        assert_eq!(Links::<Test>::get(ALICE), None);
        assert_eq!((held(ALICE), held(BOB)), (0, DEPOSIT));
        let provider = ProviderId(1);
        assert_eq!(
            events(),
            [
                Event::Unlinked { validator: ALICE, provider },
                Event::Linked { validator: BOB, provider },
            ],
        );
    });
}

#[test]
fn link_provider_should_fail_when_the_deposit_cannot_be_paid() {
    execute(|| {
        // One is the least that has to stay free.
        CurrentDeposit::set(FUNDS);
        assert_noop!(link_provider(ALICE, 1), Error::<Test>::InsufficientBalance);
        CurrentDeposit::set(FUNDS - 1);
        assert_ok!(link_provider(ALICE, 1));
    });
}

#[test]
fn link_provider_should_fail_when_nobody_signed() {
    execute(|| {
        let call = Merit::link_provider(RuntimeOrigin::root(), ProviderId(1));
        assert_noop!(call, DispatchError::BadOrigin);
    });
}
