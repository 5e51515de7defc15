//! Activations of every number of 16 bits, computed once where it pays.

use super::{
    parts::Row,
    rows::{bent, opened},
};
use crate::{
    check::Checked,
    num::{saturate, Scale},
    program::{Op, Step, TensorId},
};
use alloc::{
    boxed::Box,
    collections::{btree_map::Entry, BTreeMap},
    sync::Arc,
    vec::Vec,
};

/// Numbers of 16 bits.
const LEN: usize = 1 << 16;
/// The most tables of a plan, which come to 16 MiB. Operators that get none compute.
const MOST: usize = 64;

/// What an operator makes of each number, in the order of their bits.
#[derive(Clone, Debug)]
pub(super) struct Table(Arc<[i32; LEN]>);

/// The tables of a program's operators, by what they make.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables(BTreeMap<TensorId, Table>);

/// What a table holds.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Curve {
    Opened { logistic: (u16, u8) },
    Bent { normal: (u16, u8), scale: (u16, u8), bits: u8 },
}

impl Tables {
    /// Those of operators that can make at least so many numbers at once.
    pub(super) fn of(program: &Checked, least: u64) -> Self {
        let mut tables = BTreeMap::new();
        let mut made = BTreeMap::new();
        for step in &program.program().ops {
            let Some(curve) = Curve::of(program, step, least) else { continue };
            let is_full = tables.len() >= MOST;
            let table = match tables.entry(curve) {
                Entry::Occupied(table) => Some(Table::clone(table.get())),
                Entry::Vacant(_) if is_full => None,
                Entry::Vacant(place) => Table::of(curve).map(|table| place.insert(table).clone()),
            };
            made.extend(table.map(|table| (step.result, table)));
        }
        Self(made)
    }

    pub(super) fn get(&self, result: TensorId) -> Option<&Table> {
        self.0.get(&result)
    }
}

impl Curve {
    /// What the operator needs a table of, if it needs one.
    fn of(program: &Checked, step: &Step, least: u64) -> Option<Self> {
        let pair = |scale: Scale| (scale.multiplier, scale.shift);
        let result = program.tensor(step.result)?;
        let numbers = result.rows.count(program.program().rows) * u64::from(result.columns);
        if numbers < least {
            return None;
        }
        match step.op {
            Op::Gated { logistic, .. } => Some(Self::Opened { logistic: pair(logistic) }),
            Op::Gelu { normal, scale, .. } => {
                let bits = result.values.bits()?;
                Some(Self::Bent { normal: pair(normal), scale: pair(scale), bits })
            }
            _ => None,
        }
    }

    /// What is below 2^24, or saturated.
    fn at(self, x: i16) -> i32 {
        let scale = |(multiplier, shift)| Scale { multiplier, shift };
        let x = i64::from(x);
        match self {
            Self::Opened { logistic } => opened(x, scale(logistic)) as i32,
            Self::Bent { normal, scale: last, bits } => {
                saturate(bent(x, scale(normal), scale(last)), bits.into()) as i32
            }
        }
    }
}

impl Table {
    /// None, if there is no memory for it: it can be done without.
    fn of(curve: Curve) -> Option<Self> {
        let mut numbers = Vec::new();
        numbers.try_reserve_exact(LEN).ok()?;
        numbers.extend((0..=u16::MAX).map(|bits| curve.at(bits as i16)));
        let numbers: Box<[i32; LEN]> = numbers.into_boxed_slice().try_into().ok()?;
        Some(Self(numbers.into()))
    }

    /// Of numbers of 16 bits.
    #[inline(always)]
    pub(super) fn look_up(&self, row: &[i32], out: &mut [i64]) {
        for (out, x) in out.iter_mut().zip(row) {
            *out = self.0[usize::from(*x as u16)].into();
        }
    }
}

impl Row<1> for &Table {
    #[inline(always)]
    fn compute(&self, _row: usize, [row]: [&[i32]; 1], out: &mut [i64]) {
        self.look_up(row, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        element::{element, Given},
        math::{normcdf, sigmoid},
        num::round,
        program::{Program, Rows, Tensor, Values, SEMANTICS},
        run::{Path, Piece, Plan, Tiling},
        testing::Random,
    };

    const COLUMNS: u32 = 1 << 16;
    const ROWS: u32 = 4;

    /// A gate and a GELU of features, so many that they have tables.
    fn large(random: &mut Random) -> Checked {
        let tensor = |values| Tensor { rows: Rows::Token, columns: COLUMNS, values };
        let values = TensorId(0);
        let (logistic, normal) = (random.scale(8), random.scale(8));
        let (gated, bent) = (random.scale(12), random.scale(12));
        let gated = Op::Gated { gates: values, values, logistic, scale: gated };
        let bent = Op::Gelu { values, normal, scale: bent };
        Program {
            semantics: SEMANTICS,
            rows: ROWS,
            tensors: vec![
                tensor(Values::Features { bits: 16 }),
                tensor(Values::Wide),
                tensor(Values::Activations { bits: 14 }),
            ],
            ops: vec![
                Step { op: gated, result: TensorId(1) },
                Step { op: bent, result: TensorId(2) },
            ],
            result: TensorId(2),
        }
        .check()
        .unwrap()
    }

    #[test]
    fn operators_with_tables_should_be_their_elements_when_run() {
        let random = &mut Random(2);
        for _ in 0..4 {
            let program = large(random);
            let features = random.numbers((-32_767, 32_767), (ROWS * COLUMNS) as usize);
            let narrow: Vec<_> = features.iter().map(|x| *x as i16).collect();
            let rows = features.chunks(COLUMNS as usize).zip(0..);
            let rows = rows.map(|(values, row)| ((TensorId(0), row), values.to_vec()));
            let given = Given { length: ROWS, seed: None, rows: rows.collect() };
            for path in Path::ALL.into_iter().filter(Path::is_there) {
                let plan = Plan::bind_for(path, &program, |_| None).unwrap();
                assert!([1, 2].iter().all(|made| plan.tables.get(TensorId(*made)).is_some()));
                let piece = Piece { features: &narrow, ..Piece::default() };
                let made = plan.run(&mut plan.start(), &piece, &[TensorId(1)]).unwrap();
                for index in 0..2 {
                    let made = made.get(TensorId(index + 1)).unwrap();
                    for _ in 0..2_000 {
                        let (row, column) = (random.from(0, ROWS - 1), random.from(0, COLUMNS - 1));
                        let have = made.at(row as usize, column as usize).map(i64::from);
                        let need = element(&program, index as usize, row, column, &given);
                        assert_eq!(need.ok(), have);
                    }
                }
            }
        }
    }

    /// A curve more than there can be tables, each of an operator, and a second one of the first.
    fn many() -> Checked {
        let multiplier = |at: usize| 40_000 + 300 * (at % (MOST + 1)) as u16;
        let normal = |at: usize| Scale { multiplier: multiplier(at), shift: 14 };
        let step = |at: usize| {
            let (values, scale) = (TensorId(0), Scale::power(-16));
            let op = Op::Gelu { values, normal: normal(at), scale };
            Step { op, result: TensorId(at as u32 + 1) }
        };
        let ops: Vec<_> = (0..MOST + 2).map(step).collect();
        let tensor = |values| Tensor { rows: Rows::Token, columns: 64, values };
        let mut tensors = vec![tensor(Values::Features { bits: 16 })];
        tensors.resize(ops.len() + 1, tensor(Values::Activations { bits: 16 }));
        let result = TensorId(ops.len() as u32);
        Program { semantics: SEMANTICS, rows: ROWS, tensors, ops, result }.check().unwrap()
    }

    #[test]
    fn tables_should_be_at_most_so_many_when_there_are_more_curves() {
        let program = many();
        let usual = Plan::bind(&program, |_| None).unwrap();
        let plan = usual.clone().tiled(Tiling { looked_up: 0, ..Tiling::USUAL });
        let made: Vec<_> = program.program().ops.iter().map(|step| step.result).collect();
        let has = |plan: &Plan<'_>| -> Vec<_> {
            made.iter().map(|made| plan.tables.get(*made).is_some()).collect()
        };
        assert_eq!(has(&usual), [false; MOST + 2]);
        let mut need = [true; MOST + 2];
        need[MOST] = false;
        assert_eq!(has(&plan), need);
        // 256 numbers each time.
        assert_eq!(has(&usual.clone().for_many(1_023)), [false; MOST + 2]);
        assert_eq!(has(&usual.clone().for_many(1_024)), need);
        let features = Random(1).numbers((-32_767, 32_767), (ROWS * 64) as usize);
        let features: Vec<_> = features.into_iter().map(|x| x as i16).collect();
        let piece = Piece { features: &features, ..Piece::default() };
        let run = |plan: &Plan<'_>| plan.run(&mut plan.start(), &piece, &made).unwrap();
        assert_eq!(run(&plan), run(&usual));
    }

    #[test]
    fn tables_should_be_among_what_is_compared_when_tilings_are_at_random() {
        let looked_up: Vec<_> = (0..100).map(|seed| Random(seed).tiling().looked_up).collect();
        let none = looked_up.iter().filter(|least| **least == 0).count();
        assert!((30..70).contains(&none), "{none}");
        assert!(looked_up.contains(&Tiling::USUAL.looked_up));
    }

    #[test]
    fn tables_should_hold_what_is_defined_when_looked_up() {
        let mut random = Random(1);
        for _ in 0..4 {
            let first = random.scale(0);
            let last = random.scale(0);
            let bits = random.from(2, 32) as u8;
            let pair = |scale: Scale| (scale.multiplier, scale.shift);
            let opened = Table::of(Curve::Opened { logistic: pair(first) }).unwrap();
            let curve = Curve::Bent { normal: pair(first), scale: pair(last), bits };
            let bent = Table::of(curve).unwrap();
            let row: Vec<i32> = (-32_768..32_768).collect();
            let (mut open, mut curved) = (vec![0; LEN], vec![0; LEN]);
            opened.look_up(&row, &mut open);
            bent.look_up(&row, &mut curved);
            for ((x, open), curved) in row.into_iter().map(i64::from).zip(open).zip(curved) {
                let z = first.of(x.abs()) * x.signum();
                assert_eq!(open, round(x * sigmoid(z), 8));
                assert_eq!(curved, saturate(last.of(x * normcdf(z)), bits.into()));
            }
        }
    }
}
