use super::*;
use crate::{
    apply::apply,
    config::{Activation, ClassifierConfig, ClassifierLayer},
    demo,
    embed::rows,
    exact::embed,
    import,
    model::{Classifier, Decoder, Encoder},
    quantise::{self, checked, Options, Rounding},
    train::{draw, draw_classes},
};
use burn::tensor::Device;
use cairn_kernel::run::Alone;
use std::{collections::BTreeSet, path::Path};

const OPTIONS: Options = Options { rounding: Rounding::Nearest, context: None };

fn decoder(seed: u8) -> Decoder {
    let config = crate::config::DecoderConfig {
        vocabulary: 19,
        hidden: 16,
        layers: 1,
        head: 4,
        inner: 10,
        ..demo::config()
    };
    draw(Decoder::new(&config, &Device::flex()).expect("fit"), &[seed; 32])
}

fn exact(decoder: &Decoder) -> Exact {
    let sample: Vec<u32> = (0..60).map(|at| (at * at + 3) % 19).collect();
    quantise::decoder(decoder, &[sample], &OPTIONS).expect("a model")
}

fn grid(seed: u8) -> Grid {
    Grid::of(&exact(&decoder(seed))).expect("steps of all")
}

/// An encoder with classes, and texts for it.
fn encoder() -> (Encoder, Vec<Vec<u32>>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join("bert");
    let model = import::encoder(&folder, &Device::flex()).expect("supported");
    let token = |n: u32| n.wrapping_mul(2_654_435_761).rotate_left(9) % 128;
    let text = |n: u32| (0..21).map(|at| token(n * 21 + at + 1)).collect();
    (draw_classes(model, 3, &[6; 32]).expect("fit"), (0..40).map(text).collect())
}

fn exact_encoder(model: &Encoder, texts: &[Vec<u32>]) -> Exact {
    quantise::encoder(model, texts, &Options::default()).expect("a model")
}

/// The grid after a change.
fn moved(exact: &Exact, deltas: &Deltas) -> Grid {
    let mut exact = exact.clone();
    exact.apply(deltas).expect("of this base");
    Grid::of(&exact).expect("steps of all")
}

fn read<M: Module>(model: &M) -> BTreeMap<String, Part> {
    parts::read(model).expect("on this machine")
}

/// A model whose weights are those of the first, and a share of the second's.
fn mixed(first: Decoder, second: &Decoder, share: f32) -> Decoder {
    let (old, other) = (read(&first), read(second));
    let mix = |(a, b): (&f32, &f32)| a + share * b;
    parts::replace(first, |name, _, _| {
        Some(old[name].values.iter().zip(&other[name].values).map(mix).collect())
    })
}

#[test]
fn weights_should_be_near_the_models_when_they_are_put_on_its_grid() {
    let model = decoder(1);
    let settled = read(&grid(1).settle(model.clone()).expect("of this base"));
    for (name, part) in read(&model) {
        let most = part.values.iter().fold(0f32, |most, each| most.max(each.abs()));
        let pairs = part.values.iter().zip(&settled[&name].values);
        let off = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        // Masters go on where compute weights stop; the largest are cut where that is better.
        assert!(off <= 0.05 * most, "{name}: {off} of {most}");
    }
}

#[test]
fn weights_should_be_within_half_a_step_of_those_learned_when_a_change_is_applied() {
    let base = exact(&decoder(1));
    let grid = Grid::of(&base).expect("steps of all");
    let learned = mixed(grid.settle(decoder(1)).expect("of this base"), &decoder(2), 0.05);
    let deltas = grid.change(&learned).expect("of this base");
    assert!(deltas.len() > 20, "nearly all of them change");
    let moved = moved(&base, &deltas);
    let found = read(&moved.settle(decoder(1)).expect("of this base"));
    for (name, part) in read(&learned) {
        let component = &moved.components()[&Decoder::exact(&name).expect("it has masters")];
        let (_, columns, goal) = laid(&part);
        let (_, _, found) = laid(&found[&name]);
        let rows = goal.chunks(columns).zip(found.chunks(columns)).zip(component.steps());
        for ((goal, found), step) in rows {
            // What a master cannot hold is cut.
            let most = 32_767.0 * step;
            let pairs = goal.iter().map(|goal| goal.clamp(-most, most)).zip(found);
            let off = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(off <= 0.51 * step, "{name}: {off} with steps of {step}");
        }
    }
}

#[test]
fn change_should_be_empty_when_nothing_was_learned() {
    let grid = grid(1);
    let settled = grid.settle(decoder(1)).expect("of this base");
    assert_eq!(grid.change(&settled).expect("of this base"), Deltas::new());
}

#[test]
fn masters_should_stop_at_the_largest_when_weights_grow_beyond_it() {
    let exact = exact(&decoder(1));
    let grid = Grid::of(&exact).expect("steps of all");
    let base = grid.settle(decoder(1)).expect("of this base");
    let learned = mixed(base.clone(), &base, 40.0);
    let moved = moved(&exact, &grid.change(&learned).expect("of this base"));
    let all = moved.components().values().flat_map(|component| component.masters());
    let most = all.clone().filter(|master| master.abs() == i16::MAX).count();
    assert!(most * 2 > all.count(), "{most}");
    for (name, component) in moved.components() {
        let pairs = component.masters().iter().zip(grid.components()[name].masters());
        assert!(pairs.clone().all(|(new, old)| *new != i16::MIN && new.signum() == old.signum()));
    }
}

#[test]
fn factors_should_be_added_as_whole_numbers_when_a_matrix_is_not_square() {
    let grid = grid(1);
    let name = "layers.0.feed.experts.3.down.weight";
    let component = &grid.components()["layers.0.experts.3.down.weights"];
    assert_eq!((component.rows(), component.columns()), (16, 10));
    let (inputs, outputs, rank) = (10, 16, 2);
    let number = |at: usize| ((at * 37 % 23) as f32 - 11.0) * 1e-3;
    let first: Vec<f32> = (0..inputs * rank).map(|at| 10.0 * number(at)).collect();
    let second: Vec<f32> = (0..rank * outputs).map(|at| number(at + 5)).collect();
    let factors = Factors { role: Role::Linear, inputs, outputs, rank, first, second };
    let learned = BTreeMap::from([(name.to_owned(), factors.clone())]);
    let deltas = grid.low_rank::<Decoder>(&learned).expect("of this base");
    let delta = &deltas["layers.0.experts.3.down.weights"];
    for row in 0..outputs {
        for column in 0..inputs {
            let sum: f32 = (0..rank)
                .map(|at| factors.first[column * rank + at] * factors.second[at * outputs + row])
                .sum();
            let steps = f64::from(sum) / f64::from(component.steps()[row]);
            let found = delta.at(row as u32, column as u32) as f64;
            assert!((found - steps).abs() < 0.6, "{row} {column}: {found} and not {steps}");
        }
    }
    let other = BTreeMap::from([("layers.9.up".to_owned(), factors)]);
    assert!(matches!(grid.low_rank::<Decoder>(&other), Err(GridError::Component { .. })));
}

#[test]
fn embeddings_should_be_near_the_exact_ones_when_an_encoder_is_put_on_its_grid() {
    let (model, texts) = encoder();
    let base = exact_encoder(&model, &texts[..30]);
    let names = read(&model).into_keys().filter_map(|name| Encoder::exact(&name));
    let names: BTreeSet<String> = names.collect();
    let held: BTreeSet<String> = base.steps().keys().cloned().collect();
    assert_eq!(names, held);
    let settled = Grid::of(&base).and_then(|grid| grid.settle(model)).expect("of this base");
    let floats = rows(&settled, &texts[30..]).expect("they fit");
    let model = base.embedding().expect("an encoder");
    let program = checked(&model).expect("a program");
    let plan = base.plan(&model, &program).expect("it fits");
    for (tokens, float) in texts[30..].iter().zip(floats) {
        let exact = embed(&plan, &Alone, tokens).expect("it runs");
        let exact: Vec<f32> = exact.into_iter().map(|each| each as f32).collect();
        let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f32>();
        let lengths = dot(&exact, &exact).sqrt() * dot(&float, &float).sqrt();
        let cosine = dot(&exact, &float) / lengths;
        assert!(cosine > 0.999, "{cosine}");
    }
}

#[test]
fn change_should_be_of_what_has_masters_when_an_encoder_learned() {
    let (model, texts) = encoder();
    let base = exact_encoder(&model, &texts[..8]);
    let grid = Grid::of(&base).expect("steps of all");
    let settled = grid.settle(model).expect("of this base");
    assert_eq!(grid.change(&settled).expect("of this base"), Deltas::new());
    let set = |weight: &str, value: f32| {
        let model = settled.clone();
        parts::replace(model, |name, _, shape| {
            (name == weight).then(|| vec![value; shape.iter().product()])
        })
    };
    for (name, exact) in [
        ("positions.weight", "position"),
        ("layers.1.feed_norm.gamma", "layers.1.feed.down.norm.gains"),
        ("layers.0.up.weight", "layers.0.feed.up.weights"),
        ("classes.weight", "classes.weights"),
    ] {
        let deltas = grid.change(&set(name, 0.0)).expect("of this base");
        assert_eq!(deltas.keys().collect::<Vec<_>>(), [exact]);
        let found = read(&moved(&base, &deltas).settle(settled.clone()).expect("of this base"));
        let off = found[name].values.iter().map(|each| each.abs()).fold(0.0, f32::max);
        assert_eq!(off, 0.0, "{name}");
    }
    // What is added to positions already.
    let place =
        |error: GridError| matches!(error, GridError::Place { name } if name == "types.weight");
    assert!(place(grid.change(&set("types.weight", 0.01)).expect_err("refused")));
    let factors = Factors {
        role: Role::Table,
        inputs: 2,
        outputs: 32,
        rank: 1,
        first: vec![1.0; 2],
        second: vec![1.0; 32],
    };
    let learned = BTreeMap::from([("types.weight".to_owned(), factors)]);
    assert!(place(grid.low_rank::<Encoder>(&learned).expect_err("refused")));
    let bias = grid.change(&set("norm.beta", 0.01));
    assert!(matches!(bias, Err(GridError::Constant { .. })));
}

#[test]
fn change_should_be_refused_when_it_is_of_what_has_no_masters() {
    let layer = ClassifierLayer { outputs: 4, activation: Activation::Relu };
    let config = ClassifierConfig { features: 3, layers: vec![layer], classes: 2, shares: false };
    let model = draw(Classifier::new(&config, &Device::flex()).expect("fit"), &[1; 32]);
    let rows = [vec![0.5, -1.0, 2.0], vec![1.0, 0.25, -2.0]];
    let base = quantise::classifier(&model, &rows, &OPTIONS).expect("a model");
    let grid = Grid::of(&base).expect("steps of all");
    let model = grid.settle(model).expect("of this base");
    assert_eq!(grid.change(&model).expect("of this base"), Deltas::new());
    let set = |value: f32, of: Role| {
        parts::replace(model.clone(), move |_, role, shape| {
            (role == of).then(|| vec![value; shape.iter().product()])
        })
    };
    assert!(matches!(grid.change(&set(0.5, Role::Bias)), Err(GridError::Constant { .. })));
    assert!(matches!(grid.change(&set(f32::NAN, Role::Linear)), Err(GridError::Finite { .. })));
    assert!(matches!(grid.change(&decoder(1)), Err(GridError::Component { .. })));
    assert!(matches!(grid.settle(decoder(1)), Err(GridError::Component { .. })));
    let foreign = self::grid(1).change(&mixed(decoder(1), &decoder(2), 0.1)).expect("of its base");
    let mut tensors = base.tensors().clone();
    assert!(apply(&mut tensors, &foreign).is_err());
}
