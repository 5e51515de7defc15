use super::mock::*;
use crate::{types::*, Error, Event, Licences, Notes};
use cairn_protocol::{id::ProviderId, profile::DeviceClass};
use frame_support::{assert_noop, assert_ok, traits::fungible::InspectHold};
use sp_runtime::DispatchError::BadOrigin;

fn held(account: AccountId) -> u128 {
    Balances::balance_on_hold(&crate::HoldReason::Note.into(), &account)
}

#[test]
fn license_should_let_a_provider_plant() {
    execute(|| {
        let planter = planter();
        System::assert_last_event(Event::Licensed { planter }.into());
        assert_ok!(Audits::plant(by(planter), [1; 32]));
        System::assert_last_event(Event::Noted { planter, note: [1; 32] }.into());
        assert_eq!(held(operator(planter)), 50);
        let note = Notes::<Test>::get(planter, [1; 32]).expect("it is kept");
        assert_eq!(note, Note { depositor: operator(planter), deposit: 50, noted: 1 });
        assert_eq!(Licences::<Test>::get(planter).map(|licence| licence.notes), Some(1));
    });
}

#[test]
fn license_should_fail_when_it_makes_no_sense() {
    execute(|| {
        let planter = planter();
        let license = |origin, planter| Audits::license(origin, planter);
        assert_noop!(license(by(planter), planter), BadOrigin);
        let unknown = ProviderId(99);
        assert_noop!(license(RuntimeOrigin::root(), unknown), Error::<Test>::UnknownProvider);
        assert_noop!(license(RuntimeOrigin::root(), planter), Error::<Test>::LicensedAlready);
    });
}

#[test]
fn revoke_licence_should_keep_what_is_left_to_dig_up() {
    execute(|| {
        let planter = planter();
        assert_ok!(Audits::plant(by(planter), [1; 32]));
        let revoke = |origin| Audits::revoke_licence(origin, planter);
        assert_noop!(revoke(by(planter)), BadOrigin);
        assert_ok!(revoke(RuntimeOrigin::root()));
        System::assert_last_event(Event::LicenceRevoked { planter }.into());
        assert_noop!(revoke(RuntimeOrigin::root()), Error::<Test>::NotLicensed);
        assert_noop!(Audits::plant(by(planter), [2; 32]), Error::<Test>::NotLicensed);
        // Its notes count no more, so they need not be kept.
        assert_ok!(Audits::dig_up(signed(BOB), planter, [1; 32]));
        assert_eq!(held(operator(planter)), 0);
        assert_eq!(Licences::<Test>::get(planter), None);
        assert_ok!(Audits::license(RuntimeOrigin::root(), planter));
        assert_ok!(revoke(RuntimeOrigin::root()));
        assert_eq!(Licences::<Test>::get(planter), None);
    });
}

#[test]
fn plant_should_fail_when_it_makes_no_sense() {
    execute(|| {
        let planter = planter();
        let plant = |who, note| Audits::plant(signed(who), note);
        let other = join_with(DeviceClass::Cpu, &[cairn_protocol::profile::Role::Compute]);
        assert_noop!(plant(ALICE, [1; 32]), Error::<Test>::NotAnOperator);
        assert_noop!(plant(operator(other), [1; 32]), Error::<Test>::NotLicensed);
        for nth in 0..4 {
            assert_ok!(plant(operator(planter), [nth; 32]));
        }
        assert_noop!(plant(operator(planter), [3; 32]), Error::<Test>::NotedAlready);
        assert_noop!(plant(operator(planter), [4; 32]), Error::<Test>::TooManyNotes);
    });
    execute(|| {
        let planter = planter();
        let all = free(operator(planter));
        assert_ok!(Balances::transfer_keep_alive(by(planter), BOB, all - 149));
        assert_noop!(Audits::plant(by(planter), [1; 32]), Error::<Test>::NotEnoughBalance);
    });
}

#[test]
fn dig_up_should_wait_until_a_note_is_too_old() {
    execute(|| {
        let planter = planter();
        let dig_up = |note| Audits::dig_up(signed(BOB), planter, note);
        assert_ok!(Audits::plant(by(planter), [1; 32]));
        assert_noop!(dig_up([2; 32]), Error::<Test>::UnknownNote);
        run(200);
        assert_noop!(dig_up([1; 32]), Error::<Test>::NoteCounts);
        run(1);
        assert_ok!(dig_up([1; 32]));
        System::assert_last_event(Event::DugUp { planter, note: [1; 32] }.into());
        assert_eq!(held(operator(planter)), 0);
        assert_noop!(dig_up([1; 32]), Error::<Test>::UnknownNote);
    });
}

#[test]
fn planted_should_pay_a_few_times_a_day() {
    let licence = Licence { valid: true, notes: 0, since: 10, paid: 0 };
    let plants = RULES.plants;
    let (first, paid) = licence.planted(11, &plants);
    assert!(paid);
    let (second, paid) = first.planted(1_009, &plants);
    assert!(paid);
    let (third, paid) = second.planted(1_009, &plants);
    assert!(!paid && third == second);
    let (next, paid) = third.planted(1_010, &plants);
    assert_eq!((next, paid), (Licence { since: 1_010, paid: 1, ..licence }, true));
}
