use super::*;
use alloc::collections::BTreeSet;
use proptest::prelude::*;

/// Of a pool of 100 fifty were looked at: ten are fit, and of five parties.
fn supply() -> Supply {
    Supply {
        pool: 100,
        weaker: 7,
        looked_at: 50,
        fit: 10,
        parties: 5,
        obstacles: vec![(Obstacle::Absent, 25), (Obstacle::Full, 7), (Obstacle::Price, 8)],
    }
}

#[test]
fn eligible_should_be_a_count_when_all_were_looked_at_and_else_an_estimate() {
    assert_eq!(supply().eligible(), 20);
    assert_eq!(Supply { pool: 50, ..supply() }.eligible(), 10);
    assert_eq!(Supply { pool: 1_049, ..supply() }.eligible(), 209);
    assert_eq!(Supply::default().eligible(), 0);
    let extreme = Supply { pool: u64::MAX, looked_at: 1, fit: u32::MAX, ..supply() };
    assert_eq!(extreme.eligible(), u64::MAX);
}

#[test]
fn lack_should_name_the_first_thing_that_is_missing() {
    assert_eq!(supply().lack(5), None);
    assert_eq!(supply().lack(6), Some(Lack::Parties));
    let unfit = Supply { fit: 0, parties: 0, ..supply() };
    assert_eq!(unfit.lack(1), Some(Lack::Unfit));
    let silent = Supply { looked_at: 25, ..unfit };
    assert_eq!(silent.lack(1), Some(Lack::Absent));
    let weaker = Supply { weaker: 1, ..Supply::default() };
    assert_eq!(weaker.lack(1), Some(Lack::Class));
    assert_eq!(Supply::default().lack(1), Some(Lack::Nobody));
}

#[test]
fn draws_should_count_those_who_are_there() {
    // Fifty of the pool are there, twenty fit, ten parties among them.
    assert_eq!(supply().chance(1, 1), 400_000);
    assert_eq!(supply().draws(1, 1), Some(3));
    assert_eq!(supply().draws(50, 1), Some(1));
    assert_eq!(supply().chance(2, 2), chance(50, 10, 2, 2));
    assert_eq!(supply().draws(2, 3), None);
    assert_eq!(Supply { fit: 0, ..supply() }.draws(50, 1), None);
    assert_eq!(Supply::default().draws(16, 1), None);
}

#[test]
fn note_should_add_up_what_is_noted_twice_and_leave_out_nothing_at_all() {
    let mut supply = Supply::default();
    assert_eq!(supply.chief_obstacle(), None);
    supply.note(Obstacle::Absent, 0);
    assert_eq!(supply.obstacles, []);
    supply.note(Obstacle::Absent, 9);
    for obstacle in [Obstacle::Price, Obstacle::Full, Obstacle::Price, Obstacle::Full] {
        supply.note(obstacle, 1);
    }
    let counted = [(Obstacle::Absent, 9), (Obstacle::Price, 2), (Obstacle::Full, 2)];
    assert_eq!(supply.obstacles, counted);
    assert_eq!(supply.chief_obstacle(), Some(Obstacle::Price));
    supply.note(Obstacle::Full, 1);
    assert_eq!(supply.chief_obstacle(), Some(Obstacle::Full));
}

#[test]
fn every_reason_should_have_words_of_its_own() {
    let obstacles: BTreeSet<_> = Obstacle::ALL.into_iter().map(Obstacle::in_words).collect();
    assert_eq!(obstacles.len(), Obstacle::ALL.len());
    let lacks: BTreeSet<_> = Lack::ALL.into_iter().map(Lack::in_words).collect();
    assert_eq!(lacks.len(), Lack::ALL.len());
}

#[test]
fn obstacles_should_be_named_as_matching_names_them() {
    use Unfit::*;
    let unfit = [
        Kind, Class, Memory, Compute, Throughput, Region, Reputation, Enclave, PayloadKey, Price,
        Bond, Full, Score,
    ];
    for reason in unfit {
        assert_eq!(format!("{:?}", Obstacle::from(reason)), format!("{reason:?}"));
    }
}

proptest! {
    #[test]
    fn nothing_should_be_expected_of_a_pool_when_nobody_is_fit(
        (pool, weaker, looked_at, absent) in any::<(u64, u64, u32, u32)>(),
        (sample, seats) in (any::<u8>(), 1u8..=9),
    ) {
        let mut supply = Supply { pool, weaker, looked_at, ..Supply::default() };
        supply.note(Obstacle::Absent, absent);
        prop_assert_eq!(supply.draws(sample, seats), None);
        prop_assert!(supply.lack(seats).is_some());
    }
}

#[test]
fn an_older_answer_should_put_nothing_aside_for_a_models_author() {
    let older = UnpricedQuote {
        escrow: UnpricedEscrow { reward: 9, tip: 8, fee: 7, reserve: 6 },
        deposit: 5,
        supply: supply(),
        prices: Some((1, 2)),
        ahead: 3,
        wait: Some(4),
        lack: None,
        why: vec![],
        judged: b"by three".to_vec(),
        warning: vec![],
    };
    // It ends as the newer does, but for the price.
    let quote = Quote::from(UnpricedQuote::decode(&mut &older.encode()[..]).unwrap());
    assert_eq!(quote.escrow, Escrow { reward: 9, tip: 8, fee: 7, reserve: 6, price: 0 });
    assert_eq!(quote.encode().len(), older.encode().len() + 16);
    assert_eq!((quote.deposit, quote.judged), (5, b"by three".to_vec()));
}
