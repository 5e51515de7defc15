//! Changes of masters, with random shapes and values, many of them extreme.

use super::Random;
use crate::delta::{Delta, LowRank, Sparse, MOST_SHIFT};
use alloc::vec::Vec;

/// What a master and a change can be.
const ANY: (i64, i64) = (-32_767, 32_767);

/// A delta of either kind.
pub fn any(random: &mut Random) -> Delta {
    let shape = [random.from(1, 40), random.from(1, 40)];
    if random.chance() {
        sparse(random, shape)
    } else {
        low_rank(random, shape)
    }
}

fn sparse(random: &mut Random, [rows, columns]: [u32; 2]) -> Delta {
    let mut changed = Vec::new();
    for row in 0..rows {
        let changes = numbers(random, columns);
        let few = random.from(1, 4);
        let changes = changes.into_iter().zip(0..).filter_map(|(change, column)| {
            let is_there = change != 0 && random.from(1, few) == 1;
            is_there.then_some((column, change))
        });
        let changes: Vec<_> = changes.collect();
        if !changes.is_empty() && random.chance() {
            changed.push((row, changes));
        }
    }
    let made = Sparse::new(rows, columns, changed);
    Delta::Sparse(made.unwrap_or_else(|error| panic!("{error}")))
}

fn low_rank(random: &mut Random, [rows, columns]: [u32; 2]) -> Delta {
    let rank = random.from(1, 9);
    let (high, wide) = (numbers(random, rows * rank), numbers(random, columns * rank));
    let shift = random.from(0, MOST_SHIFT.into()) as u8;
    let made = LowRank::new([rows, columns], rank, shift, high, wide);
    Delta::LowRank(made.unwrap_or_else(|error| panic!("{error}")))
}

fn numbers(random: &mut Random, len: u32) -> Vec<i16> {
    random.numbers(ANY, len as usize).into_iter().map(|one| one as i16).collect()
}
