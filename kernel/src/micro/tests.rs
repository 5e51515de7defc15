use super::*;
use crate::{
    check::MOST_COMBINED,
    element::{element, Given},
    num::{digits, Scale},
    program::{Program, Rows, Tensor, Values, SEMANTICS},
    sample::{sample, WHOLE},
    testing::{Random, Scene},
};
use std::cell::Cell;

/// No step reads more numbers than this, however long rows are.
const FEW: u32 = 9;

/// Gives what is there, and counts.
struct Counted<'a> {
    given: &'a Given,
    steps: &'a [Vec<i64>],
    reads: Cell<u32>,
}

impl Inputs for Counted<'_> {
    fn length(&self) -> u32 {
        self.given.length
    }

    fn seed(&self) -> Option<[u8; 32]> {
        self.given.seed
    }

    fn value(&self, tensor: TensorId, row: u32, column: u32) -> Option<i32> {
        self.reads.set(self.reads.get() + 1);
        self.given.value(tensor, row, column)
    }
}

impl Steps for Counted<'_> {
    fn step(&self, part: usize, index: u32) -> Option<i64> {
        self.reads.set(self.reads.get() + 1);
        self.steps.get(part)?.get(index as usize).copied()
    }
}

/// Does every step of an element alone, with few numbers, and some with wrong ones.
pub(crate) fn steps_should_come_to(
    have: i64,
    random: &mut Random,
    program: &Checked,
    operator: usize,
    place: [u32; 2],
    given: &Given,
) {
    let [row, column] = place;
    let found = parts(program, operator, row, column, given).unwrap();
    let expanded = matches!(
        program.program().ops[operator].op,
        Op::RmsNorm { .. }
            | Op::LayerNorm { .. }
            | Op::Unit { .. }
            | Op::Exponent { .. }
            | Op::Mean { .. }
            | Op::Attention { .. }
            | Op::Share { .. }
            | Op::CrossEntropy { .. }
            | Op::Choose { .. }
            | Op::Sample { .. }
            | Op::Moved { .. }
    );
    assert_eq!(found.is_empty(), !expanded);
    let steps = expand(program, operator, row, column, given).unwrap();
    assert_eq!(steps.len(), found.len());
    if !expanded {
        let counted = Counted { given, steps: &[], reads: Cell::new(0) };
        assert_eq!(element(program, operator, row, column, &counted), Ok(have));
        let most = most_reads(program, operator);
        assert!(counted.reads.get() <= most, "{} of {most}", counted.reads.get());
        return;
    }
    assert_eq!(steps.last(), Some(&vec![have]));
    for (part, Part { steps: count, range }) in found.iter().enumerate() {
        assert_eq!(steps[part].len(), *count as usize);
        assert!(steps[part].iter().all(|one| (range.0..=range.1).contains(one)));
        for _ in 0..(*count).min(8) {
            let index = random.from(0, count - 1);
            let counted = Counted { given, steps: &steps, reads: Cell::new(0) };
            let alone = step(program, operator, place, part, index, &counted);
            assert_eq!(alone, Ok(steps[part][index as usize]));
            assert!(counted.reads.get() <= FEW, "{} in part {part}", counted.reads.get());
        }
        let counted = Counted { given, steps: &steps, reads: Cell::new(0) };
        let none = Err(Error::NoStep { part, step: *count });
        assert_eq!(step(program, operator, place, part, *count, &counted), none);
    }
    nonsense_should_be_refused(random, program, operator, place, given, steps);
}

/// What an element that has no steps reads at most.
fn most_reads(program: &Checked, operator: usize) -> u32 {
    let columns = |tensor: TensorId| program.tensor(tensor).unwrap().columns;
    match program.program().ops[operator].op {
        // With a scale, an exponent, and a bias or a choice.
        Op::Linear { values, .. } | Op::Expert { values, .. } => 2 * columns(values) + 3,
        Op::Combine { shares, .. } => 2 * columns(shares),
        // With two ends, a master and a change.
        Op::Changed { places, .. } => {
            let found = program.tensor(places).unwrap();
            digits(found.rows.count(0) * u64::from(found.columns)) + 4
        }
        _ => 4,
    }
}

#[test]
fn combine_should_read_two_numbers_of_each_slot_when_there_are_most() {
    let mut scene = Scene::new(1);
    let values = scene.numbers(Rows::Slots(MOST_COMBINED), 3);
    let shares = scene.narrow(Rows::Token, MOST_COMBINED, 16);
    let result = Tensor { rows: Rows::Token, columns: 3, values: Values::Wide };
    let program = scene.program(Op::Combine { values, shares }, result).check().unwrap();
    let operator = program.program().ops.len() - 1;
    let given = scene.given(SEED);
    let counted = Counted { given: &given, steps: &[], reads: Cell::new(0) };
    assert!(element(&program, operator, 0, 2, &counted).is_ok());
    assert_eq!(counted.reads.get(), 128);
    assert_eq!(parts(&program, operator, 0, 2, &given), Ok(vec![]));
}

/// Else what is normed would leave what a scale takes.
#[test]
fn norm_should_be_refused_when_its_squares_are_said_to_be_less_than_one_of_them() {
    let mut scene = Scene::new(1);
    let values = scene.made(Rows::Token, 4, Values::Wide);
    let result = Tensor { rows: Rows::Token, columns: 4, values: Values::Wide };
    let program = scene.program(Op::Unit { values, scale: Scale::ONE }, result).check().unwrap();
    let operator = program.program().ops.len() - 1;
    let mut given = scene.given(SEED);
    given.rows.insert((values, 0), vec![300, -200, 100, 0]);
    let mut steps = expand(&program, operator, 0, 0, &given).unwrap();
    let mut judged = |squares: i64| {
        steps[1][3] = squares;
        let counted = Counted { given: &given, steps: &steps, reads: Cell::new(0) };
        step(&program, operator, [0, 0], 2, 0, &counted)
    };
    // The largest is shifted to 20 bits.
    let have = (300_i64 << 11).pow(2);
    assert!(judged(have).is_ok());
    let have = have - 1;
    assert_eq!(judged(have), Err(Error::Step { part: 1, step: 3, have }));
}

/// Whatever is said of earlier steps, a step is something or refused.
fn nonsense_should_be_refused(
    random: &mut Random,
    program: &Checked,
    operator: usize,
    place: [u32; 2],
    given: &Given,
    mut steps: Vec<Vec<i64>>,
) {
    let counts: Vec<u32> = steps.iter().map(|list| list.len() as u32).collect();
    for one in steps.iter_mut().flatten() {
        if random.chance() {
            *one = random.draw() as i64 >> random.below(64);
        }
    }
    for (part, count) in counts.into_iter().enumerate() {
        for _ in 0..count.min(8) {
            let index = random.from(0, count - 1);
            let counted = Counted { given, steps: &steps, reads: Cell::new(0) };
            if let Err(error) = step(program, operator, place, part, index, &counted) {
                assert!(matches!(error, Error::Step { .. }), "{error}");
            }
        }
    }
}

const POSITIONS: u32 = 8;
const SEED: [u8; 32] = [9; 32];

/// A program that draws from numbers of so many bits, and this row of them for each position.
fn drawing(row: &[i32], bits: u8, rule: Rule) -> (Checked, Given) {
    let columns = row.len() as u32;
    let tensor = |columns, values| Tensor { rows: Rows::Token, columns, values };
    let numbers = if bits == 32 { Values::Wide } else { Values::Activations { bits } };
    let [features, values, drawn] = [0, 1, 2].map(TensorId);
    let program = Program {
        semantics: SEMANTICS,
        rows: POSITIONS,
        tensors: vec![
            tensor(columns, Values::Features { bits: 16 }),
            tensor(columns, numbers),
            tensor(1, Values::Choices { below: columns }),
        ],
        ops: vec![
            Step { op: Op::Add { left: features, right: features }, result: values },
            Step { op: Op::Sample { values, rule }, result: drawn },
        ],
        result: drawn,
    };
    let rows = (0..POSITIONS).map(|position| ((values, position), row.to_vec()));
    let given = Given { length: POSITIONS, seed: Some(SEED), rows: rows.collect() };
    (program.check().unwrap(), given)
}

/// Whatever is drawn from a row, of however many of the largest and of whatever prefix.
fn draws_should_be_sampled(row: &[i32], bits: u8) {
    let mut rules = vec![Rule::Greedy];
    for most in 1..=row.len() as u32 + 2 {
        for prefix in [1, 20_000, 32_768, 45_000, WHOLE - 1, WHOLE] {
            let scales = [14, 0, -15].map(Scale::power);
            rules.extend(scales.map(|scale| Rule::Drawn { scale, most, prefix }));
        }
    }
    for rule in rules {
        let (program, given) = drawing(row, bits, rule);
        for position in 0..POSITIONS {
            let steps = expand(&program, 1, position, 0, &given).unwrap();
            let need = sample(row, &rule, &SEED, position.into());
            let need = need.map(|column| vec![i64::from(column)]);
            assert_eq!(steps.last(), need.as_ref(), "{row:?}, {rule:?}, {position}");
            let parts = if rule == Rule::Greedy { 2 } else { 3 * usize::from(bits) + 8 };
            assert_eq!(steps.len(), parts);
        }
    }
}

#[test]
fn draws_should_be_sampled_when_numbers_are_equal_or_extreme() {
    const MOST: i32 = i32::MAX;
    let rows: [(u8, &[i32]); 10] = [
        (8, &[5; 9]),
        // What is drawn from, or its prefix, ends among equals.
        (8, &[3, 7, 3, 3, 1, 3]),
        (16, &[4, 4, 9, 4, 4]),
        (16, &[-32_767, 32_767, 32_767]),
        (2, &[-1, 1, 0, 1, -1, 0]),
        (2, &[1]),
        (2, &[-1]),
        (32, &[MOST, -MOST, 0, MOST, -MOST, 1]),
        (32, &[MOST, MOST, MOST]),
        (32, &[-MOST]),
    ];
    for (bits, row) in rows {
        draws_should_be_sampled(row, bits);
    }
}
