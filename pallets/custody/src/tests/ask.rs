use super::mock::*;
use crate::{types::*, Agenda, Event, Keeps};
use cairn_protocol::id::DeltaId;
use cairn_seams::Custody as _;

#[test]
fn ask_should_say_that_keepers_are_wanted() {
    execute(|| {
        ask();
        let due = now() + RULES.gather;
        System::assert_last_event(Event::Wanted { delta: DELTA, file: file(), due }.into());
        assert_eq!((keep().stage, keep().due, keep().model), (Stage::Gathering, due, MODEL));
    });
}

#[test]
fn a_file_should_not_be_kept_when_too_few_attest_in_time() {
    execute(|| {
        let all = crowd(2);
        ask();
        all.iter().for_each(|one| attest(*one));
        run(u64::from(RULES.gather));
        assert!(Heard::get().is_empty());
        run(2);
        assert_eq!(Heard::get(), [(DELTA, false)]);
        System::assert_last_event(Event::Unkept { delta: DELTA }.into());
        assert_eq!(Keeps::<Test>::iter().count() + Agenda::<Test>::iter().count(), 0);
        // Who gave its word is free again, and nothing is said against it.
        assert!(all.iter().all(|one| pending(*one) == 0));
    });
}

#[test]
fn release_should_let_keepers_go_in_any_stage() {
    execute(|| {
        ask();
        let keepers = crowd(3);
        attest(keepers[0]);
        Custody::release(DELTA);
        assert!(Custody::keep_of(DELTA).is_none());
        ask();
        keepers.iter().for_each(|one| attest(*one));
        Custody::release(DELTA);
        ask();
        keepers.iter().for_each(|one| attest(*one));
        while !matches!(keep().stage, Stage::Drawing { .. }) {
            run(1);
        }
        Custody::release(DELTA);
        ask();
        keepers.iter().for_each(|one| attest(*one));
        asked();
        Custody::release(DELTA);
        System::assert_last_event(Event::Released { delta: DELTA }.into());
        assert_eq!(Agenda::<Test>::iter().count(), 0);
        // No seed is left that nobody will ask for again.
        assert_eq!(pallet_cairn_entropy::Windows::<Test>::iter().count(), 0);
        assert!(keepers.iter().all(|one| pending(*one) == 0));
    });
}

#[test]
fn release_should_free_keepers_when_old_heads_contain_the_file_no_more() {
    execute(|| {
        Old::set(vec![file().id]);
        let all = kept();
        Custody::release(DELTA);
        System::assert_last_event(Event::Outlived { delta: DELTA }.into());
        assert_eq!(keepers(), all);
        // Said once more it is the same.
        System::reset_events();
        Custody::release(DELTA);
        assert!(System::events().is_empty() && keep().old);
        // They are asked, and paid, as before.
        let keeper = asked();
        show(keeper, proofs(keeper)).expect("they are what was asked for");
        assert_eq!(Paid::get(), [(MODEL, owner(keeper), RULES.pay)]);
        run(u64::from(RULES.interval) + SEED);
        assert_eq!(keepers(), all);
        show(asked(), proofs(asked())).expect("they are what was asked for");

        Old::set(vec![]);
        run(u64::from(RULES.interval) + 1);
        assert!(Custody::keep_of(DELTA).is_none());
        System::assert_has_event(Event::Released { delta: DELTA }.into());
        assert!(all.iter().all(|one| pending(*one) == 0));
    });
}

#[test]
fn release_should_free_keepers_at_once_when_too_few_attested_yet() {
    execute(|| {
        Old::set(vec![file().id]);
        ask();
        attest(crowd(1)[0]);
        Custody::release(DELTA);
        assert!(Custody::keep_of(DELTA).is_none());
    });
}

#[test]
fn a_file_of_old_heads_should_be_kept_for_no_longer_than_others() {
    execute(|| {
        Old::set(vec![file().id]);
        CustodyRules::set(Rules { interval: 1_000, ..RULES });
        kept();
        Custody::release(DELTA);
        run(u64::from(RULES.keep));
        assert!(keep().old);
        run(1);
        assert!(Custody::keep_of(DELTA).is_none());
    });
}

#[test]
fn ask_should_free_keepers_of_old_heads_when_the_delta_is_to_become_something_else() {
    execute(|| {
        Old::set(vec![file().id]);
        kept();
        Custody::release(DELTA);
        ask();
        assert_eq!((keep().stage, keep().old, keep().count()), (Stage::Gathering, false, 0));
    });
}

#[test]
fn release_should_do_nothing_when_nothing_is_kept() {
    execute(|| {
        System::reset_events();
        Custody::release(DeltaId(99));
        assert!(System::events().is_empty());
    });
}

#[test]
fn a_file_should_be_let_go_when_it_was_kept_for_as_long_as_may_be() {
    execute(|| {
        CustodyRules::set(Rules { interval: 1_000, ..RULES });
        kept();
        let until = keep().until;
        assert_eq!(until, now() + RULES.keep);
        run(u64::from(RULES.keep));
        assert!(Custody::keep_of(DELTA).is_some());
        run(1);
        assert!(Custody::keep_of(DELTA).is_none());
        assert_eq!(Heard::get(), [(DELTA, true)]);
    });
}
