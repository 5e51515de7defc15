use super::*;
use crate::{element::Given, testing::Random};
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
