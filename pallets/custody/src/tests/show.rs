use super::mock::*;
use crate::{types::*, Error, Event};
use cairn_protocol::{chunk, id::ProviderId};
use frame_support::{assert_noop, dispatch::Pays, traits::SafeModeNotify, BoundedVec};

#[test]
fn show_should_be_free_and_paid_when_the_chunks_are_proven() {
    execute(|| {
        kept();
        let keeper = asked();
        let done = show(keeper, proofs(keeper)).expect("they are what was asked for");
        assert_eq!(done.pays_fee, Pays::No);
        System::assert_last_event(
            Event::Shown { delta: DELTA, provider: keeper, paid: RULES.pay }.into(),
        );
        assert_eq!(Paid::get(), [(MODEL, owner(keeper), RULES.pay)]);
        assert_eq!((keep().stage, keep().due), (Stage::Resting, now() + RULES.interval));
        assert_eq!(keepers().len(), 3);
        let seen = score(keeper);
        assert!(seen.timeliness > 500_000 && seen.availability > 500_000);
        assert_eq!(pallet_cairn_entropy::Windows::<Test>::iter().count(), 0);
    });
}

#[test]
fn show_should_count_when_the_purse_is_empty() {
    execute(|| {
        IsEmpty::set(true);
        kept();
        let keeper = asked();
        show(keeper, proofs(keeper)).expect("they are what was asked for");
        System::assert_last_event(Event::Shown { delta: DELTA, provider: keeper, paid: 0 }.into());
        assert_eq!(keepers().len(), 3);
    });
}

#[test]
fn show_should_fail_when_the_provider_is_not_asked() {
    execute(|| {
        let all = kept();
        assert_noop!(show(all[0], vec![]), Error::<Test>::NothingToShow);
        let keeper = asked();
        let other = all.into_iter().find(|one| *one != keeper).expect("there are three");
        assert_noop!(show(other, proofs(keeper)), Error::<Test>::NothingToShow);
        assert_noop!(show(ProviderId(30), vec![]), Error::<Test>::NotAnOperator);
        let none = BoundedVec::new();
        let unknown = Custody::show(by(keeper), cairn_protocol::id::DeltaId(99), none);
        assert_noop!(unknown, Error::<Test>::NothingToKeep);
    });
}

#[test]
fn show_should_fail_when_the_chunks_are_others() {
    execute(|| {
        kept();
        let keeper = asked();
        let right = proofs(keeper);
        let few = right[1..].to_vec();
        assert_noop!(show(keeper, few), Error::<Test>::WrongNumberOfChunks);
        let turned = right.iter().rev().cloned().collect();
        assert_noop!(show(keeper, turned), Error::<Test>::ChunkNotProven);
        // Of bytes that are as long, and not the same.
        let mut bytes = artifact();
        bytes[20_000] ^= 1;
        let (chunks, _) = Custody::keepings_of(keeper)[0].asked.clone().expect("it is asked");
        let wrong = chunks.into_iter().map(|nth| chunk::prove(&bytes, nth).unwrap()).collect();
        assert_noop!(show(keeper, wrong), Error::<Test>::ChunkNotProven);
        show(keeper, right).expect("these are they");
    });
}

#[test]
fn show_should_fail_when_it_is_too_late_or_the_chain_is_stopped() {
    execute(|| {
        kept();
        let keeper = asked();
        let right = proofs(keeper);
        Clock::entered();
        assert_noop!(show(keeper, right.clone()), Error::<Test>::ChainStopped);
        Clock::exited();
        while now() < keep().due {
            full_block();
        }
        full_block();
        assert_noop!(show(keeper, right), Error::<Test>::ShownTooLate);
    });
}

#[test]
fn show_should_be_asked_for_few_enough_chunks_whatever_governance_says() {
    execute(|| {
        CustodyRules::set(Rules { chunks: u8::MAX, ..RULES });
        kept();
        let keeper = asked();
        let right = proofs(keeper);
        assert_eq!(right.len() as u32, CHUNKS_SHOWN);
        // What is asked for stays what it was.
        CustodyRules::set(RULES);
        show(keeper, right).expect("they are what was asked for");
    });
}
