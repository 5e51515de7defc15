//! How many operators at random tell how they are computed: where all is zero, or the most that it
//! can be, nearly anything comes to the same.

use super::*;
use crate::{program::Program, run::Alone, sample::Rule};

/// So many scenes of each operator.
const SCENES: u64 = 400;
/// With which a curve is nearly a step.
const STEEPEST: Scale = Scale { multiplier: u16::MAX, shift: 1 };

/// The scale of what a curve is taken of, if the operator has one.
fn curve(op: &mut Op) -> Option<&mut Scale> {
    match op {
        Op::Attention { scale, .. }
        | Op::Gated { logistic: scale, .. }
        | Op::Gelu { normal: scale, .. }
        | Op::Share { scale, .. }
        | Op::CrossEntropy { scale, .. }
        | Op::Sample { rule: Rule::Drawn { scale, .. }, .. } => Some(scale),
        _ => None,
    }
}

/// Whether some number is neither zero nor the most, and where there is a curve, it is looked at
/// where it bends: were it flat, or a step, the result would be another.
fn is_telling(write: Write, seed: u64) -> bool {
    let mut scene = Scene::new(seed);
    let (op, result) = write(&mut scene);
    if matches!(op, Op::Sample { rule: Rule::Greedy, .. }) {
        return false;
    }
    let program = scene.program(op, result);
    let compute = |program: &Program| {
        numbers(&scene.compute(program, Path::Plain, Tiling::USUAL, &Alone, [seed as u8; 32]))
    };
    let made = compute(&program);
    let (_, most) = result.values.range();
    let is_between = made.iter().any(|number| (1..most).contains(&i64::from(*number).abs()));
    is_between
        && [Scale::LEAST, STEEPEST].into_iter().all(|other| {
            let mut program = program.clone();
            let Some(scale) = program.ops.last_mut().and_then(|step| curve(&mut step.op)) else {
                return true;
            };
            *scale = other;
            compute(&program) != made
        })
}

#[test]
fn operators_should_often_tell_how_they_are_computed_when_at_random() {
    assert_eq!(operators::ALL.len(), LEAST.len());
    for ((name, write), (of, need)) in operators::ALL.iter().zip(LEAST) {
        let count = (0..SCENES).filter(|seed| is_telling(*write, *seed)).count() as u64;
        let have = 100 * count / SCENES;
        assert!(*name == of && have >= need, "{name}: {have} % are telling, {of}: {need} %");
    }
}

/// Of each operator so many of a hundred at least. Inputs are often all equal, and of what is drawn
/// there are few numbers.
const LEAST: [(&str, u64); 27] = [
    ("embed", 45),
    ("position", 45),
    ("add", 50),
    ("rms_norm", 50),
    ("layer_norm", 40),
    ("narrow", 50),
    ("exponent", 60),
    ("shift", 50),
    ("linear", 50),
    ("rotate", 65),
    ("attention", 8),
    ("gated", 25),
    ("gelu", 30),
    ("relu", 55),
    ("choose", 65),
    ("share", 18),
    ("expert", 60),
    ("combine", 40),
    ("mean", 75),
    ("first", 65),
    ("last", 70),
    ("unit", 50),
    ("cross_entropy", 28),
    ("sample", 2),
    ("scale", 45),
    ("moved", 60),
    ("changed", 70),
];
