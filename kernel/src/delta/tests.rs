use super::*;
use proptest::prelude::*;

fn sparse(rows: u32, columns: u32, changed: &[(u32, &[(u32, i16)])]) -> Result<Sparse, Error> {
    let changed = changed.iter().map(|(row, changes)| (*row, changes.to_vec())).collect();
    Sparse::new(rows, columns, changed)
}

fn masters(len: usize) -> impl Strategy<Value = Vec<i16>> {
    prop::collection::vec(prop_oneof![-32_767..=i16::MAX, Just(i16::MAX), Just(-32_767)], len)
}

prop_compose! {
    fn sparses()(rows in 1u32..6, columns in 1u32..6)(
        changed in prop::collection::btree_map(
            0..rows,
            prop::collection::btree_map(0..columns, prop_oneof![1..=i16::MAX, -32_767i16..=-1], 1..4),
            0..4,
        ),
        rows in Just(rows),
        columns in Just(columns),
    ) -> Delta {
        let changed = changed.into_iter().map(|(row, one)| (row, one.into_iter().collect()));
        Delta::Sparse(Sparse::new(rows, columns, changed.collect()).unwrap())
    }
}

prop_compose! {
    fn low_ranks()(rows in 1u32..6, columns in 1u32..6, rank in 1u32..4)(
        high in masters((rows * rank) as usize),
        wide in masters((columns * rank) as usize),
        shift in 0..=MOST_SHIFT,
        shape in Just([rows, columns]),
        rank in Just(rank),
    ) -> Delta {
        Delta::LowRank(LowRank::new(shape, rank, shift, high, wide).unwrap())
    }
}

fn deltas() -> impl Strategy<Value = Delta> {
    prop_oneof![sparses(), low_ranks()]
}

#[test]
fn sparse_should_be_refused_when_not_in_its_one_form() {
    assert!(sparse(2, 3, &[]).is_ok());
    assert_eq!(sparse(0, 3, &[]), Err(Error::Empty));
    assert_eq!(sparse(2, 0, &[]), Err(Error::Empty));
    assert_eq!(sparse(2, 3, &[(2, &[(0, 1)])]), Err(Error::Row { rows: 2, row: 2 }));
    let twice: [(u32, &[(u32, i16)]); 2] = [(1, &[(0, 1)]), (1, &[(1, 1)])];
    assert_eq!(sparse(2, 3, &twice), Err(Error::Row { rows: 2, row: 1 }));
    assert_eq!(sparse(2, 3, &[(1, &[])]), Err(Error::NoChange { row: 1 }));
    assert_eq!(sparse(2, 3, &[(1, &[(2, 0)])]), Err(Error::Zero { row: 1, column: 2 }));
    assert_eq!(sparse(2, 3, &[(1, &[(2, i16::MIN)])]), Err(Error::Least));
    let column = |column| Err(Error::Column { row: 1, columns: 3, column });
    assert_eq!(sparse(2, 3, &[(1, &[(3, 1)])]), column(3));
    assert_eq!(sparse(2, 3, &[(1, &[(1, 1), (1, 1)])]), column(1));
    assert_eq!(sparse(2, 3, &[(1, &[(2, 1), (1, 1)])]), column(1));
}

#[test]
fn low_rank_should_be_refused_when_its_parts_do_not_fit() {
    let low = |shape, rank, shift, high, wide| {
        LowRank::new(shape, rank, shift, vec![1; high], vec![1; wide]).map(drop)
    };
    assert_eq!(low([2, 3], 2, 0, 4, 6), Ok(()));
    assert_eq!(low([0, 3], 2, 0, 0, 6), Err(Error::Empty));
    assert_eq!(low([2, 3], 0, 0, 0, 0), Err(Error::Rank { most: MOST_RANK, have: 0 }));
    let high = MOST_RANK + 1;
    assert_eq!(low([2, 3], high, 0, 4, 6), Err(Error::Rank { most: MOST_RANK, have: high }));
    assert_eq!(low([2, 3], 2, 63, 4, 6), Err(Error::Shift { most: 62, have: 63 }));
    assert_eq!(low([2, 3], 2, 0, 3, 6), Err(Error::Size { need: 4, have: 3 }));
    assert_eq!(low([2, 3], 2, 0, 4, 7), Err(Error::Size { need: 6, have: 7 }));
    let least = LowRank::new([1, 1], 1, 0, vec![1], vec![i16::MIN]);
    assert_eq!(least, Err(Error::Least));
}

#[test]
fn apply_should_change_nothing_when_it_is_for_something_else() {
    let delta = Delta::Sparse(sparse(1, 2, &[(0, &[(0, 1)])]).unwrap());
    let mut other = [5; 3];
    assert_eq!(delta.apply(&mut other), Err(Error::Size { need: 2, have: 3 }));
    assert_eq!(other, [5; 3]);
    let mut bad = [5, i16::MIN];
    assert_eq!(delta.apply(&mut bad), Err(Error::Master { at: 1 }));
    assert_eq!(bad, [5, i16::MIN]);
}

#[test]
fn low_rank_should_stay_within_64_bits_when_its_rank_is_the_highest() {
    let factor = vec![-32_767; MOST_RANK as usize];
    let low = LowRank::new([1, 1], MOST_RANK, 31, factor.clone(), factor).unwrap();
    assert_eq!(Delta::LowRank(low.clone()).at(0, 0), 32_766);
    let mut masters = [-32_767];
    Delta::LowRank(low).apply(&mut masters).unwrap();
    assert_eq!(masters, [-1]);
}

#[test]
fn a_thousand_deltas_should_not_drift_when_they_cancel_out() {
    let start: Vec<i16> = (0..64).map(|i| i * 300 - 9_600).collect();
    let mut masters = start.clone();
    let step = |seed: u32, sign: i16| {
        let changes = (0..64).map(|column| {
            let size = (seed.wrapping_mul(2_654_435_761).wrapping_add(column * 40_503) >> 16) % 5;
            (column, sign * (size as i16 + 1))
        });
        Delta::Sparse(Sparse::new(1, 64, vec![(0, changes.collect())]).unwrap())
    };
    (0..1_000).for_each(|seed| step(seed, 1).apply(&mut masters).unwrap());
    assert_ne!(masters, start);
    (0..1_000).rev().for_each(|seed| step(seed, -1).apply(&mut masters).unwrap());
    assert_eq!(masters, start);
}

proptest! {
    #[test]
    fn delta_should_come_back_when_encoded(delta in deltas()) {
        prop_assert_eq!(Delta::decode(&delta.encode()), Ok(delta));
    }

    #[test]
    fn decode_should_only_take_what_encodes_to_the_same_when_bytes_are_changed(
        delta in deltas(),
        at: prop::sample::Index,
        byte: u8,
        cut: prop::sample::Index,
        shorten: bool,
    ) {
        let mut bytes = delta.encode();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if shorten {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(other) = Delta::decode(&bytes) {
            prop_assert_eq!(other.encode(), bytes);
        }
    }

    #[test]
    fn decode_should_only_take_what_encodes_to_the_same_when_any_bytes(
        bytes in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        if let Ok(delta) = Delta::decode(&bytes) {
            prop_assert_eq!(delta.encode(), bytes);
        }
    }

    #[test]
    fn apply_should_move_each_master_as_a_judge_would_when_any(
        (delta, before) in deltas().prop_flat_map(|delta| {
            let (rows, columns) = delta.shape();
            (Just(delta), masters((rows * columns) as usize))
        }),
    ) {
        let mut after = before.clone();
        delta.apply(&mut after).unwrap();
        let columns = delta.shape().1;
        for (at, (before, after)) in (0..).zip(before.into_iter().zip(after)) {
            let change = delta.at(at / columns, at % columns);
            prop_assert_eq!(i64::from(after), moved(before.into(), change));
        }
    }

    #[test]
    fn deltas_should_commute_when_nothing_saturates(
        first in prop::collection::vec(-90i16..90, 12),
        second in prop::collection::vec(-90i16..90, 12),
        masters in prop::collection::vec(-32_500i16..32_500, 12),
    ) {
        let of = |steps: &[i16]| {
            LowRank::new([12, 1], 1, 0, steps.to_vec(), vec![1]).map(Delta::LowRank).unwrap()
        };
        let (mut one, mut other) = (masters.clone(), masters);
        of(&first).apply(&mut one).unwrap();
        of(&second).apply(&mut one).unwrap();
        of(&second).apply(&mut other).unwrap();
        of(&first).apply(&mut other).unwrap();
        prop_assert_eq!(one, other);
    }
}
