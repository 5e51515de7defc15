//! Each operator with random shapes and values, many of them extreme.

use super::{Scene, MOST};
use crate::{
    num::digits,
    program::{Expert, Op, Rows, Tensor, TensorId, Values},
    sample::{Rule, WHOLE},
};
use alloc::vec::Vec;

/// Puts an operator at the end of a scene, and says what it makes.
pub type Write = fn(&mut Scene) -> (Op, Tensor);

/// All of them with their names.
pub const ALL: &[(&str, Write)] = &[
    ("embed", embed),
    ("position", position),
    ("add", add),
    ("rms_norm", rms_norm),
    ("layer_norm", layer_norm),
    ("narrow", narrow),
    ("exponent", exponent),
    ("shift", shift),
    ("linear", linear),
    ("rotate", rotate),
    ("attention", attention),
    ("gated", gated),
    ("gelu", gelu),
    ("relu", relu),
    ("choose", choose),
    ("share", share),
    ("expert", expert),
    ("combine", combine),
    ("mean", mean),
    ("first", first),
    ("last", last),
    ("unit", unit),
    ("cross_entropy", cross_entropy),
    ("sample", sample),
    ("scale", scale),
    ("moved", moved),
    ("changed", changed),
];

/// How many binary digits there are of what powers are taken of, where these are neither all nor
/// nothing: in units of 2^−16, and in those of 2^−24.
const POWER: u32 = 18;
const FINE_POWER: u32 = 26;

fn narrow(scene: &mut Scene) -> (Op, Tensor) {
    of_numbers(scene, |scene, values, width| {
        let held = scene.digits(values);
        Op::Narrow { values, scale: scene.scale(0, held, width) }
    })
}

fn relu(scene: &mut Scene) -> (Op, Tensor) {
    let (op, result) = of_numbers(scene, |_, values, _| Op::Relu { values });
    (op, Tensor { values: Values::Wide, ..result })
}

fn mean(scene: &mut Scene) -> (Op, Tensor) {
    pooled(scene, |values| Op::Mean { values })
}

fn first(scene: &mut Scene) -> (Op, Tensor) {
    pooled(scene, |values| Op::First { values })
}

fn last(scene: &mut Scene) -> (Op, Tensor) {
    pooled(scene, |values| Op::Last { values })
}

fn unit(scene: &mut Scene) -> (Op, Tensor) {
    of_numbers(scene, |scene, values, width| {
        let held = normal_digits(scene, values, 0);
        Op::Unit { values, scale: scene.scale(0, held, width) }
    })
}

/// An operator of numbers, made with the width of what it makes.
fn of_numbers(scene: &mut Scene, op: impl FnOnce(&mut Scene, TensorId, u32) -> Op) -> (Op, Tensor) {
    let (rows, columns) = (scene.any_rows(), scene.columns());
    let values = scene.numbers(rows, columns);
    let made = scene.saturated();
    (op(scene, values, width(made)), Tensor { rows, columns, values: made })
}

fn pooled(scene: &mut Scene, op: fn(TensorId) -> Op) -> (Op, Tensor) {
    let columns = scene.columns();
    let values = scene.numbers(Rows::Token, columns);
    (op(values), Tensor { rows: Rows::One, columns, values: Values::Wide })
}

/// The most binary digits that a result can have.
fn width(values: Values) -> u32 {
    u32::from(values.bits().unwrap_or(32)) - 1
}

/// About how many binary digits the largest number of a tensor has when it is normed.
fn normal_digits(scene: &Scene, values: TensorId, epsilon: u32) -> u32 {
    let largest = scene.digits(values);
    17 + largest - largest.max(digits(epsilon.into()).div_ceil(2))
}

fn embed(scene: &mut Scene) -> (Op, Tensor) {
    let columns = scene.columns();
    let table = scene.masters(5, columns);
    let (held, made) = (scene.digits(table), scene.saturated());
    let scale = scene.scale(0, held, width(made));
    let op = Op::Embed { tokens: scene.tokens(), table, scale };
    (op, Tensor { rows: Rows::Token, columns, values: made })
}

fn position(scene: &mut Scene) -> (Op, Tensor) {
    let columns = scene.columns();
    let table = scene.masters(MOST, columns);
    let (held, made) = (scene.digits(table), scene.saturated());
    let scale = scene.scale(0, held, width(made));
    let op = Op::Position { tokens: scene.tokens(), table, scale };
    (op, Tensor { rows: Rows::Token, columns, values: made })
}

fn add(scene: &mut Scene) -> (Op, Tensor) {
    let (rows, columns) = (scene.any_rows(), scene.columns());
    let (left, right) = (scene.numbers(rows, columns), scene.numbers(rows, columns));
    (Op::Add { left, right }, Tensor { rows, columns, values: scene.saturated() })
}

fn rms_norm(scene: &mut Scene) -> (Op, Tensor) {
    let (rows, part) = (scene.any_rows(), scene.columns());
    let groups = scene.random.from(1, 3);
    let columns = groups * part;
    let values = scene.numbers(rows, columns);
    let gains = scene.masters(1, part);
    let (epsilon, made) = (epsilon(scene), scene.saturated());
    let held = normal_digits(scene, values, epsilon) + scene.digits(gains);
    let scale = scene.scale(0, held, width(made));
    let op = Op::RmsNorm { values, gains, scale, epsilon, groups };
    (op, Tensor { rows, columns, values: made })
}

fn layer_norm(scene: &mut Scene) -> (Op, Tensor) {
    let (rows, columns) = (scene.any_rows(), scene.columns());
    let values = scene.numbers(rows, columns);
    let (gains, biases) = (scene.masters(1, columns), scene.constants(columns));
    let (epsilon, made) = (epsilon(scene), scene.saturated());
    let held = normal_digits(scene, values, epsilon) + scene.digits(gains);
    let scale = scene.scale(0, held, width(made));
    let op = Op::LayerNorm { values, gains, biases, scale, epsilon };
    (op, Tensor { rows, columns, values: made })
}

fn epsilon(scene: &mut Scene) -> u32 {
    match scene.random.below(3) {
        0 => 0,
        1 => 1 << scene.random.below(32),
        _ => u32::MAX,
    }
}

fn exponent(scene: &mut Scene) -> (Op, Tensor) {
    let (rows, columns) = (scene.any_rows(), scene.columns());
    let op = Op::Exponent {
        values: scene.numbers(rows, columns),
        width: scene.random.from(2, 16) as u8,
    };
    (op, Tensor { rows, columns: 1, values: Values::Exponents { most: 31 } })
}

fn shift(scene: &mut Scene) -> (Op, Tensor) {
    let (rows, columns) = (scene.any_rows(), scene.columns());
    let values = scene.numbers(rows, columns);
    let (exponents, _) = scene.exponents(rows);
    (Op::Shift { values, exponents }, Tensor { rows, columns, values: scene.saturated() })
}

fn linear(scene: &mut Scene) -> (Op, Tensor) {
    let (rows, columns, outputs) = (scene.any_rows(), scene.columns(), scene.outputs());
    let values = scene.narrow(rows, columns, 16);
    let exponents = scene.random.chance().then(|| scene.exponents(rows));
    let weights = scene.masters(outputs, columns);
    let made = scene.saturated();
    let op = Op::Linear {
        values,
        weights,
        scales: channel_scales(scene, values, weights, exponents, made),
        biases: scene.random.chance().then(|| scene.constants(outputs)),
        exponents: exponents.map(|(id, _)| id),
    };
    (op, Tensor { rows, columns: outputs, values: made })
}

/// Scales of inner products with each row of weights.
fn channel_scales(
    scene: &mut Scene,
    values: TensorId,
    weights: TensorId,
    exponents: Option<(TensorId, u8)>,
    made: Values,
) -> TensorId {
    let found = scene.tensor(weights);
    let (least, shifted) = exponents.map_or((0, 0), |(id, most)| (most, scene.largest(id)));
    // A weight has 8 bits less than its master.
    let product = scene.digits(values) + scene.digits(weights).saturating_sub(8);
    let held = product + found.columns.ilog2() / 2 + shifted;
    let outputs = found.rows.count(0) as u32;
    scene.scales(outputs, |scene| scene.scale(least, held, width(made)))
}

fn rotate(scene: &mut Scene) -> (Op, Tensor) {
    let (heads, half) = (scene.random.from(1, 3), scene.columns());
    let columns = 2 * half * heads;
    let op = Op::Rotate {
        values: scene.narrow(Rows::Token, columns, 16),
        cosines: scene.masters(MOST, half),
        sines: scene.masters(MOST, half),
        heads,
    };
    (op, Tensor { rows: Rows::Token, columns, values: scene.saturated() })
}

fn attention(scene: &mut Scene) -> (Op, Tensor) {
    let groups = scene.random.from(1, 3);
    let heads = groups * scene.random.from(1, 3);
    let head = scene.columns().min(256);
    let columns = heads * head;
    let queries = scene.narrow(Rows::Token, columns, 12);
    let keys = scene.narrow(Rows::Token, groups * head, 12);
    let values = scene.narrow(Rows::Token, groups * head, 12);
    let held = scene.digits(queries) + scene.digits(keys) + head.ilog2() / 2;
    let op = Op::Attention {
        queries,
        keys,
        values,
        scale: scene.scale(0, held, POWER),
        heads,
        groups,
        fraction: scene.random.from(0, 4) as u8,
        causal: scene.random.chance(),
    };
    (op, Tensor { rows: Rows::Token, columns, values: scene.saturated() })
}

fn gated(scene: &mut Scene) -> (Op, Tensor) {
    let (rows, columns) = (scene.any_rows(), scene.columns());
    let (gates, values) = (scene.narrow(rows, columns, 16), scene.narrow(rows, columns, 16));
    let (held, made) = (scene.digits(gates), scene.saturated());
    let op = Op::Gated {
        gates,
        values,
        logistic: scene.scale(0, held, POWER),
        scale: scene.scale(0, held + 8 + scene.digits(values), width(made)),
    };
    (op, Tensor { rows, columns, values: made })
}

fn gelu(scene: &mut Scene) -> (Op, Tensor) {
    let (rows, columns) = (scene.any_rows(), scene.columns());
    let values = scene.narrow(rows, columns, 16);
    let (held, made) = (scene.digits(values), scene.saturated());
    let op = Op::Gelu {
        values,
        normal: scene.scale(0, held, POWER),
        scale: scene.scale(0, held + 16, width(made)),
    };
    (op, Tensor { rows, columns, values: made })
}

fn choose(scene: &mut Scene) -> (Op, Tensor) {
    let (rows, columns) = (scene.any_rows(), scene.columns());
    let values = scene.numbers(rows, columns);
    let count = scene.random.from(1, columns.min(20));
    let values_made = Values::Choices { below: columns };
    (Op::Choose { values, count }, Tensor { rows, columns: count, values: values_made })
}

fn share(scene: &mut Scene) -> (Op, Tensor) {
    let (rows, columns) = (scene.any_rows(), scene.columns());
    let values = scene.numbers(rows, columns);
    let count = scene.random.from(1, columns.min(20));
    let below = scene.random.from(count, columns);
    let choices = scene.made(rows, count, Values::Choices { below });
    let scale = scene.scale(0, scene.digits(values), POWER);
    let op = Op::Share { values, choices, scale, all: scene.random.chance() };
    (op, Tensor { rows, columns: count, values: Values::Activations { bits: 16 } })
}

fn expert(scene: &mut Scene) -> (Op, Tensor) {
    let (columns, outputs) = (scene.columns(), scene.outputs());
    let slots = scene.random.from(1, 3);
    let below = slots + scene.random.from(0, 2);
    let rows = if scene.random.chance() { Rows::Token } else { Rows::Slots(slots) };
    let values = scene.narrow(rows, columns, 16);
    let choices = scene.made(Rows::Token, slots, Values::Choices { below });
    let exponents = scene.random.chance().then(|| scene.exponents(rows));
    let made = scene.saturated();
    let experts = (0..below).map(|_| {
        let weights = scene.masters(outputs, columns);
        Expert { weights, scales: channel_scales(scene, values, weights, exponents, made) }
    });
    let experts = experts.collect();
    let op = Op::Expert { values, choices, experts, exponents: exponents.map(|(id, _)| id) };
    (op, Tensor { rows: Rows::Slots(slots), columns: outputs, values: made })
}

fn combine(scene: &mut Scene) -> (Op, Tensor) {
    let (columns, slots) = (scene.columns(), scene.random.from(1, 4));
    let values = scene.numbers(Rows::Slots(slots), columns);
    let shares = scene.narrow(Rows::Token, slots, 16);
    let op = Op::Combine { values, shares };
    (op, Tensor { rows: Rows::Token, columns, values: scene.saturated() })
}

fn cross_entropy(scene: &mut Scene) -> (Op, Tensor) {
    let columns = scene.columns();
    let values = scene.numbers(Rows::Token, columns);
    let below = scene.random.from(1, columns);
    let targets = scene.targets(below);
    let scale = scene.scale(0, scene.digits(values), FINE_POWER);
    let op = Op::CrossEntropy { values, targets, scale };
    (op, Tensor { rows: Rows::Token, columns: 1, values: Values::Wide })
}

fn sample(scene: &mut Scene) -> (Op, Tensor) {
    let rows = if scene.random.chance() { Rows::Token } else { Rows::One };
    let columns = scene.columns();
    let values = scene.numbers(rows, columns);
    let drawn = Rule::Drawn {
        scale: scene.scale(0, scene.digits(values), POWER),
        most: scene.random.from(1, columns + 2),
        prefix: scene.random.from(1, WHOLE),
    };
    let rule = if scene.random.below(4) == 0 { Rule::Greedy } else { drawn };
    let result = Tensor { rows, columns: 1, values: Values::Choices { below: columns } };
    (Op::Sample { values, rule }, result)
}

fn scale(scene: &mut Scene) -> (Op, Tensor) {
    let (rows, columns) = (scene.any_rows(), scene.columns());
    let values = scene.numbers(rows, columns);
    let gains = scene.masters(1, columns);
    let made = scene.saturated();
    let held = scene.digits(values) + scene.digits(gains);
    let op = Op::Scale { values, gains, scale: scene.scale(0, held, width(made)) };
    (op, Tensor { rows, columns, values: made })
}

fn moved(scene: &mut Scene) -> (Op, Tensor) {
    let (rows, columns, rank) = (scene.random.from(1, 9), scene.columns(), scene.columns());
    let op = Op::Moved {
        masters: scene.masters(rows, columns),
        high: scene.masters(rows, rank),
        wide: scene.masters(rank, columns),
        shift: scene.random.from(0, 40) as u8,
    };
    (op, Tensor { rows: Rows::Fixed(rows), columns, values: Values::Moved })
}

fn changed(scene: &mut Scene) -> (Op, Tensor) {
    let (rows, columns) = (scene.random.from(1, 9), scene.columns());
    let (mut ends, mut places) = (Vec::new(), Vec::new());
    for _ in 0..rows {
        let few = scene.random.from(1, 6);
        places.extend((0..columns).filter(|_| scene.random.from(1, few) == 1).map(|at| at as i32));
        ends.push(places.len() as i32);
    }
    let width = scene.random.from(1, 40);
    let listed = (places.len() as u32).div_ceil(width).max(1);
    places.resize((listed * width) as usize, -1);
    let op = Op::Changed {
        masters: scene.masters(rows, columns),
        ends: scene.listed(1, rows, ends),
        places: scene.listed(listed, width, places),
        changes: scene.masters(listed, width),
    };
    (op, Tensor { rows: Rows::Fixed(rows), columns, values: Values::Moved })
}
