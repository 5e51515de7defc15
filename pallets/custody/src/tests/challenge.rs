//! Somebody is asked, whom nobody could foresee.

use super::mock::*;
use crate::{types::*, Event};
use cairn_protocol::id::ProviderId;
use std::collections::BTreeSet;

#[test]
fn a_challenge_should_ask_one_keeper_for_chunks_when_its_seed_is_there() {
    execute(|| {
        let keepers = kept();
        run(u64::from(RULES.interval) + 1);
        assert!(matches!(keep().stage, Stage::Drawing { .. }));
        run(SEED - 1);
        assert!(matches!(keep().stage, Stage::Drawing { .. }));
        run(1);
        let keeper = asked();
        assert!(keepers.contains(&keeper));
        let due = keep().due;
        assert_eq!(due, now() - 1 + RULES.show);
        let (chunks, by) = Custody::keepings_of(keeper)[0].asked.clone().expect("it is asked");
        assert_eq!((chunks.len(), chunks.last(), by), (5, Some(&29), due));
        let event = Event::ChunksAsked { delta: DELTA, provider: keeper, chunks, due };
        System::assert_has_event(event.into());
    });
}

#[test]
fn each_keeper_should_be_asked_at_some_time() {
    execute(|| {
        CustodyRules::set(Rules { keep: 10_000, ..RULES });
        let keepers = kept();
        let mut seen = BTreeSet::new();
        for _ in 0..20 {
            let keeper = asked();
            show(keeper, proofs(keeper)).expect("they are what was asked for");
            seen.insert(keeper);
        }
        assert_eq!(seen, keepers.into_iter().collect());
    });
}

#[test]
fn a_challenge_should_wait_when_authors_are_too_few() {
    execute(|| {
        kept();
        Authors::set(2);
        run(u64::from(RULES.interval) + 5 * SEED);
        assert!(matches!(keep().stage, Stage::Drawing { .. }));
        Authors::set(3);
        run(SEED);
        asked();
    });
}

#[test]
fn a_keeper_should_be_sent_home_when_it_shows_nothing() {
    execute(|| {
        kept();
        let keeper = asked();
        run(u64::from(RULES.show) + 1);
        System::assert_has_event(Event::Withheld { delta: DELTA, provider: keeper }.into());
        assert_eq!((keepers().len(), keep().stage), (2, Stage::Resting));
        assert!(!keepers().contains(&keeper));
        // A hundredth of its bond.
        assert_eq!(pending(keeper), 1_000);
        let seen = score(keeper);
        assert!(seen.timeliness < 500_000 && seen.availability < 500_000);
        assert_eq!(Heard::get(), [(DELTA, true)]);
        // Its place is open, to itself as well.
        super::mock::attest(keeper);
    });
}

#[test]
fn a_file_should_be_lost_and_found_when_its_last_keeper_shows_nothing() {
    execute(|| {
        let lost = |count: usize| {
            let event = Event::Lost { delta: DELTA, file: file() };
            let all = System::events().into_iter();
            assert_eq!(all.filter(|one| one.event == event.clone().into()).count(), count);
        };
        CustodyRules::set(Rules { keep: 10_000, ..RULES });
        kept();
        for left in [2, 1, 0] {
            lost(0);
            asked();
            run(u64::from(RULES.show) + 1);
            assert_eq!(keepers().len(), left);
        }
        lost(1);
        assert_eq!(Custody::wanted(), [(DELTA, file(), None)]);
        // Nobody is asked, and no seed asked for.
        run(3 * u64::from(RULES.interval));
        assert_eq!(keep().draws, 3);
        let finder: ProviderId = crowd(1)[0];
        attest(finder);
        assert_eq!(Heard::get(), [(DELTA, true)]);
        assert_eq!(asked(), finder);
    });
}
