//! Each operator with random shapes and values, many of them extreme.

use super::{Scene, MOST};
use crate::{
    num::Scale,
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

fn narrow(scene: &mut Scene) -> (Op, Tensor) {
    let scale = scene.random.scale(0);
    of_numbers(scene, |values| Op::Narrow { values, scale })
}

fn relu(scene: &mut Scene) -> (Op, Tensor) {
    let (op, result) = of_numbers(scene, |values| Op::Relu { values });
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
    let scale = norm_scale(scene);
    of_numbers(scene, |values| Op::Unit { values, scale })
}

fn of_numbers(scene: &mut Scene, op: impl FnOnce(TensorId) -> Op) -> (Op, Tensor) {
    let (rows, columns) = (scene.any_rows(), scene.columns());
    let values = scene.numbers(rows, columns);
    (op(values), Tensor { rows, columns, values: scene.saturated() })
}

fn pooled(scene: &mut Scene, op: fn(TensorId) -> Op) -> (Op, Tensor) {
    let columns = scene.columns();
    let values = scene.numbers(Rows::Token, columns);
    (op(values), Tensor { rows: Rows::One, columns, values: Values::Wide })
}

/// Mostly one that brings normal numbers to where they are not all saturated.
fn norm_scale(scene: &mut Scene) -> Scale {
    let least = if scene.random.chance() { 20 } else { 0 };
    scene.random.scale(least)
}

fn embed(scene: &mut Scene) -> (Op, Tensor) {
    let columns = scene.columns();
    let table = scene.masters(5, columns);
    let op = Op::Embed { tokens: scene.tokens(), table, scale: scene.random.scale(0) };
    (op, Tensor { rows: Rows::Token, columns, values: scene.saturated() })
}

fn position(scene: &mut Scene) -> (Op, Tensor) {
    let columns = scene.columns();
    let table = scene.masters(MOST, columns);
    let op = Op::Position { tokens: scene.tokens(), table, scale: scene.random.scale(0) };
    (op, Tensor { rows: Rows::Token, columns, values: scene.saturated() })
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
    let scale = norm_scale(scene);
    let epsilon = epsilon(scene);
    let op = Op::RmsNorm { values, gains, scale, epsilon, groups };
    (op, Tensor { rows, columns, values: scene.saturated() })
}

fn layer_norm(scene: &mut Scene) -> (Op, Tensor) {
    let (rows, columns) = (scene.any_rows(), scene.columns());
    let values = scene.numbers(rows, columns);
    let (gains, biases) = (scene.masters(1, columns), scene.constants(columns));
    let scale = norm_scale(scene);
    let epsilon = epsilon(scene);
    let op = Op::LayerNorm { values, gains, biases, scale, epsilon };
    (op, Tensor { rows, columns, values: scene.saturated() })
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
    let op = Op::Linear {
        values,
        weights: scene.masters(outputs, columns),
        scales: scene.scales(outputs, exponents.map_or(0, |(_, most)| most)),
        biases: scene.random.chance().then(|| scene.constants(outputs)),
        exponents: exponents.map(|(id, _)| id),
    };
    (op, Tensor { rows, columns: outputs, values: scene.saturated() })
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
    let op = Op::Attention {
        queries: scene.narrow(Rows::Token, columns, 12),
        keys: scene.narrow(Rows::Token, groups * head, 12),
        values: scene.narrow(Rows::Token, groups * head, 12),
        scale: scene.random.scale(0),
        heads,
        groups,
        fraction: scene.random.from(0, 4) as u8,
        causal: scene.random.chance(),
    };
    (op, Tensor { rows: Rows::Token, columns, values: scene.saturated() })
}

fn gated(scene: &mut Scene) -> (Op, Tensor) {
    let (rows, columns) = (scene.any_rows(), scene.columns());
    let op = Op::Gated {
        gates: scene.narrow(rows, columns, 16),
        values: scene.narrow(rows, columns, 16),
        logistic: scene.random.scale(0),
        scale: scene.random.scale(0),
    };
    (op, Tensor { rows, columns, values: scene.saturated() })
}

fn gelu(scene: &mut Scene) -> (Op, Tensor) {
    let (rows, columns) = (scene.any_rows(), scene.columns());
    let op = Op::Gelu {
        values: scene.narrow(rows, columns, 16),
        normal: scene.random.scale(0),
        scale: scene.random.scale(0),
    };
    (op, Tensor { rows, columns, values: scene.saturated() })
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
    let op =
        Op::Share { values, choices, scale: scene.random.scale(0), all: scene.random.chance() };
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
    let least = exponents.map_or(0, |(_, most)| most);
    let experts = (0..below).map(|_| Expert {
        weights: scene.masters(outputs, columns),
        scales: scene.scales(outputs, least),
    });
    let experts = experts.collect();
    let op = Op::Expert { values, choices, experts, exponents: exponents.map(|(id, _)| id) };
    (op, Tensor { rows: Rows::Slots(slots), columns: outputs, values: scene.saturated() })
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
    let op = Op::CrossEntropy { values, targets, scale: scene.random.scale(0) };
    (op, Tensor { rows: Rows::Token, columns: 1, values: Values::Wide })
}

fn sample(scene: &mut Scene) -> (Op, Tensor) {
    let rows = if scene.random.chance() { Rows::Token } else { Rows::One };
    let columns = scene.columns();
    let values = scene.numbers(rows, columns);
    let drawn = Rule::Drawn {
        scale: scene.random.scale(0),
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
    let op = Op::Scale { values, gains, scale: scene.random.scale(0) };
    (op, Tensor { rows, columns, values: scene.saturated() })
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
