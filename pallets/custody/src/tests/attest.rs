use super::mock::*;
use crate::{types::*, Error, Event};
use cairn_protocol::{
    id::{DeltaId, ProviderId},
    profile::{Availability, Role},
};
use frame_support::{assert_noop, assert_ok, dispatch::Pays, traits::SafeModeNotify};

#[track_caller]
fn refused(provider: ProviderId, delta: DeltaId, error: Error<Test>) {
    assert_noop!(Custody::attest(by(provider), delta), error);
}

#[test]
fn attest_should_be_free_and_have_the_file_kept_when_enough_do() {
    execute(|| {
        let (store, guard) = (crowd(2), join(&[Role::Guard]));
        ask();
        let done = Custody::attest(by(store[0]), DELTA).expect("it may keep it");
        assert_eq!(done.pays_fee, Pays::No);
        System::assert_last_event(Event::Attested { delta: DELTA, provider: store[0] }.into());
        attest(guard);
        assert_eq!((keep().stage, Heard::get().len()), (Stage::Gathering, 0));
        attest(store[1]);
        System::assert_last_event(Event::Kept { delta: DELTA, until: now() + RULES.keep }.into());
        assert_eq!(Heard::get(), [(DELTA, true)]);
        assert_eq!((keep().stage, keepers()), (Stage::Resting, vec![store[0], guard, store[1]]));
    });
}

#[test]
fn attest_should_leave_nothing_when_the_delta_needs_the_file_no_more() {
    execute(|| {
        Hasty::set(vec![DELTA]);
        let keepers = crowd(3);
        ask();
        keepers.iter().for_each(|one| attest(*one));
        assert!(Custody::keep_of(DELTA).is_none());
        assert_eq!(Heard::get(), [(DELTA, true)]);
    });
}

#[test]
fn attest_should_fail_when_the_provider_may_not_keep() {
    execute(|| {
        ask();
        let (worker, paused) = (join(&[Role::Compute, Role::Router]), join(&[Role::Storage]));
        refused(worker, DELTA, Error::NotAKeeper);
        let away = Availability::Paused;
        assert_ok!(Providers::set_availability(by(paused), paused, away));
        refused(paused, DELTA, Error::NotAKeeper);
        refused(ProviderId(30), DELTA, Error::NotAnOperator);
        refused(paused, DeltaId(99), Error::NothingToKeep);
    });
}

#[test]
fn attest_should_fail_when_the_party_keeps_it_already() {
    execute(|| {
        ask();
        let first = join(&[Role::Storage]);
        let again = enlist(owner(first), &[Role::Guard]);
        attest(first);
        refused(first, DELTA, Error::AttestedAlready);
        refused(again, DELTA, Error::SameParty);
        let linked = join(&[Role::Storage]);
        assert_ok!(Providers::link_account(signed(owner(linked)), owner(first), true));
        assert_ok!(Providers::link_account(signed(owner(first)), owner(linked), true));
        refused(linked, DELTA, Error::SameParty);
        attest(join(&[Role::Storage]));
    });
}

#[test]
fn attest_should_fail_when_as_many_keep_as_may() {
    execute(|| {
        kept();
        let others = crowd(2);
        attest(others[0]);
        refused(others[1], DELTA, Error::EnoughKeepers);
        assert_eq!(keepers().len(), 4);
    });
}

#[test]
fn attest_should_fail_when_it_is_too_late_or_the_chain_is_stopped() {
    execute(|| {
        let all = crowd(2);
        ask();
        (0..RULES.gather).for_each(|_| full_block());
        attest(all[0]);
        full_block();
        refused(all[1], DELTA, Error::TooLate);
        Clock::entered();
        refused(all[1], DELTA, Error::ChainStopped);
        Clock::exited();
    });
}

#[test]
fn a_keeper_should_not_be_able_to_withdraw() {
    execute(|| {
        let keepers = kept();
        assert_ok!(Providers::leave(signed(owner(keepers[0])), keepers[0]));
        run(22);
        assert!(Providers::withdraw(signed(owner(keepers[0])), keepers[0]).is_err());
        <Custody as cairn_seams::Custody>::release(DELTA);
        assert_ok!(Providers::withdraw(signed(owner(keepers[0])), keepers[0]));
    });
}
