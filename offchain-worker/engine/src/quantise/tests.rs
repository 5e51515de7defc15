use super::{
    decoder::{shape, weights},
    floats::hands,
    round::{rounded, Metric},
    *,
};
use crate::{
    config::{Activation, ClassifierConfig, ClassifierLayer, DecoderConfig},
    demo, exact,
    generate::{Generation, Request, Sampling},
    import, model,
    model::numbers,
    parts::{self, Role},
};
use burn::{
    module::Param,
    tensor::{Device, Int, Tensor as Made, TensorData},
};
use cairn_kernel::{
    models::MOST_SHARED,
    run::{Alone, Threads},
};
use std::{path::Path, sync::Arc};

fn fixture(name: &str) -> model::Decoder {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
    import::decoder(&folder, &Device::flex()).unwrap()
}

fn logits(decoder: &model::Decoder, tokens: &[u32]) -> Floats {
    let given: Vec<i32> = tokens.iter().map(|token| *token as i32).collect();
    let given: Made<2, Int> =
        Made::from_data(TensorData::new(given, [1, tokens.len()]), &Device::flex());
    Floats::new(decoder.config().vocabulary, numbers(decoder.forward(given).unwrap()).unwrap())
}

/// On each token but the first, in nats.
fn lost(logits: &Floats, tokens: &[u32]) -> f64 {
    let rows = logits.rows().zip(&tokens[1..]);
    let each = rows.map(|(row, target)| {
        let top = row.iter().fold(f32::NEG_INFINITY, |top, x| top.max(*x));
        let sum: f64 = row.iter().map(|x| f64::from(x - top).exp()).sum();
        sum.ln() - f64::from(row[*target as usize] - top)
    });
    each.sum()
}

fn mean(sequences: &[Vec<u32>], logits: impl Fn(&[u32]) -> Floats) -> f64 {
    let tokens: usize = sequences.iter().map(|sequence| sequence.len() - 1).sum();
    let lost = sequences.iter().map(|tokens| lost(&logits(&tokens[..tokens.len() - 1]), tokens));
    lost.sum::<f64>() / tokens as f64
}

#[test]
fn programs_should_come_to_what_models_do_when_computed_in_floats() {
    for name in ["llama", "llama3", "qwen3", "qwen3_moe", "qwen3_moe_all"] {
        let decoder = fixture(name);
        let config = decoder.config();
        let tokens: Vec<u32> = (0..40).map(|at| (at * at + 5) % 61).collect();
        let weights = weights(&decoder, config.context).unwrap();
        let model = shape(config, config.context).unwrap().model();
        let by_id = by_id(&model, &weights);
        let reckoner = Reckoner { program: &model.program, weights: &by_id };
        let found = reckoner.run(Given::Tokens(&tokens), |_, _| {});
        let off = found.zip(&logits(&decoder, &tokens), |x, y| x - y).peak();
        assert!(off < 1e-4, "{name}: {off}");
    }
}

/// A decoder with experts, of the size of a first one to train, and texts that it makes
/// itself: what floats lose on them is about the least there is to lose.
struct Demo {
    decoder: Arc<model::Decoder>,
    sample: Vec<Vec<u32>>,
    held_out: Vec<Vec<u32>>,
}

impl Demo {
    fn new() -> Self {
        let device = Device::flex();
        device.seed(11);
        let config = DecoderConfig { context: 128, tied: false, ..demo::config() };
        let mut decoder = model::Decoder::new(&config, &device).unwrap();
        // Sure of itself, as a model is that has learnt something.
        if let Some(head) = &mut decoder.head {
            head.weight = Param::from_tensor(head.weight.val() * 4.0);
        }
        let decoder = Arc::new(decoder);
        let text = |seed: u8| {
            let seed = [seed; 32];
            let sampling = Sampling::Drawn { temperature: 1.0, most: 256, share: 1.0, seed };
            let prompt = vec![u32::from(seed[0])];
            let request = Request { prompt: prompt.clone(), sampling, most: 96, stops: vec![] };
            let made = Generation::new(decoder.clone(), request).unwrap();
            [prompt, made.collect::<Result<Vec<_>, _>>().unwrap()].concat()
        };
        let mut sample: Vec<Vec<u32>> = (0..48).map(text).collect();
        let held_out = sample.split_off(24);
        Self { decoder, sample, held_out }
    }

    fn exact(&self, rounding: Rounding) -> f64 {
        let options = Options { rounding, context: None };
        let exact = decoder(&self.decoder, &self.sample, &options).unwrap();
        let model = exact.model_for(exact::losses()).unwrap();
        let program = checked(&model).unwrap();
        let plan = exact.plan(&model, &program).unwrap();
        let crew = Threads::new(hands()).unwrap();
        let loss = exact::loss(&plan, &crew, &self.held_out).unwrap();
        loss.micro_nats as f64 / loss.tokens as f64 / 1e6
    }
}

/// What weights come to as integers, in floats again.
fn restored(
    model: &Model,
    weights: &Weights,
    calibration: &Calibration,
    compensated: Option<bool>,
) -> Weights {
    let mut restored = weights.clone();
    let names: BTreeMap<_, _> = model.names.iter().map(|(name, id)| (*id, name)).collect();
    for step in &model.program.ops {
        let (values, all) = match &step.op {
            Op::Linear { values, weights, .. } => (*values, vec![*weights]),
            Op::Expert { values, experts, .. } => {
                (*values, experts.iter().map(|expert| expert.weights).collect())
            }
            _ => continue,
        };
        let even = || Metric::even(model.program.tensors[values.0 as usize].columns as usize);
        let metric =
            compensated.and_then(|compensated| Metric::of(calibration.gram(values)?, compensated));
        let metric = metric.unwrap_or_else(even);
        for id in all {
            let floats = restored.get_mut(names[&id]).unwrap();
            let made = rounded(floats, &metric);
            for (at, (x, master)) in floats.values.iter_mut().zip(&made.masters).enumerate() {
                let weight = f64::from(cairn_kernel::num::weight(*master));
                *x = (weight * made.steps[at / floats.columns]) as f32;
            }
        }
    }
    restored
}

#[test]
fn losses_should_be_near_when_a_decoder_of_demo_size_is_quantised() {
    let demo = Demo::new();
    let base = mean(&demo.held_out, |tokens| logits(&demo.decoder, tokens));
    let floats = weights(&demo.decoder, 128).unwrap();
    let model = shape(demo.decoder.config(), 128).unwrap().model();
    let samples = sequences(&demo.sample, 128, 256).unwrap();
    let calibration = calibrate(&model, &floats, &samples);
    let gap = |loss: f64| (loss / base - 1.0) * 100.0;
    println!("floats lose {base:.6} nats a token");
    for (how, compensated) in [
        ("in even steps", None),
        ("weighed by activations", Some(false)),
        ("compensated", Some(true)),
    ] {
        let restored = restored(&model, &floats, &calibration, compensated);
        let by_id = by_id(&model, &restored);
        let reckoner = Reckoner { program: &model.program, weights: &by_id };
        let loss = mean(&demo.held_out, |tokens| reckoner.run(Given::Tokens(tokens), |_, _| {}));
        println!("weights alone, {how}: {:+.5} %", gap(loss));
    }
    let by_id = by_id(&model, &floats);
    let mut settling = Settling {
        names: BTreeMap::new(),
        weights: &by_id,
        calibration: &calibration,
        rounding: Rounding::Nearest,
        steps: BTreeMap::new(),
        made: BTreeMap::new(),
        grid: BTreeMap::new(),
        metrics: BTreeMap::new(),
    };
    settling.settle(&mut model.program.clone()).unwrap();
    let reckoner = Reckoner { program: &model.program, weights: &by_id };
    let loss = mean(&demo.held_out, |tokens| {
        reckoner.run(Given::Tokens(tokens), |tensor, made| {
            // Choices are whole, and stay what they are.
            let step = settling.steps[&tensor];
            *made = made.map(|x| ((f64::from(x) / step).round() * step) as f32);
        })
    });
    println!("activations alone: {:+.5} %", gap(loss));
    for rounding in [Rounding::Nearest, Rounding::Compensated] {
        let loss = demo.exact(rounding);
        println!("exact, {rounding:?}: {:+.5} %", gap(loss));
        assert!(gap(loss).abs() < 0.1, "{rounding:?}: {}", gap(loss));
    }
}

#[test]
fn classes_should_be_near_the_float_ones_when_computed_exactly() {
    let device = Device::flex();
    device.seed(3);
    for activation in [Activation::Relu, Activation::Gelu] {
        let layer = |outputs| ClassifierLayer { outputs, activation };
        let layers = vec![layer(32), layer(24)];
        let config = ClassifierConfig { features: 20, layers, classes: 5, shares: false };
        let float = model::Classifier::new(&config, &device).unwrap();
        let cell = |at: usize| ((at * 37 % 101) as f32 - 50.0) / 20.0;
        let rows: Vec<Vec<f32>> =
            (0..64).map(|row| (0..20).map(|at| cell(row * 20 + at)).collect()).collect();
        let exact = classifier(&float, &rows[..32], &Options::default()).unwrap();
        let model = exact.model();
        let program = checked(&model).unwrap();
        let plan = exact.plan(&model, &program).unwrap();
        let given = rows[32..].concat();
        let features = exact::features(&given, exact.feature_step());
        let found = exact::rows(&plan, &Alone, &[], &features).unwrap();
        let given = Made::<2>::from_data(TensorData::new(given, [32, 20]), &device);
        let expected = numbers(float.forward(given).unwrap()).unwrap();
        for (found, expected) in found.iter().zip(&expected) {
            let found = f64::from(*found) * exact.result_step();
            assert!((found - f64::from(*expected)).abs() < 0.01, "{found} {expected}");
        }
        let refused = |rows: &[Vec<f32>]| classifier(&float, rows, &Options::default());
        assert!(matches!(refused(&[]), Err(QuantiseError::NoSample)));
        let short = refused(&[vec![0.0; 20], vec![0.0; 19]]);
        assert!(matches!(short, Err(QuantiseError::Sample { at: 1, .. })));
        let wrong = refused(&[vec![f32::NAN; 20]]);
        assert!(matches!(wrong, Err(QuantiseError::SampleNotFinite { sample: 0, at: 0 })));
    }
}

#[test]
fn shares_should_be_of_all_classes_when_there_are_very_many() {
    let device = Device::flex();
    device.seed(4);
    let classes = MOST_SHARED as usize;
    let config = ClassifierConfig { features: 2, layers: vec![], classes, shares: true };
    let float = model::Classifier::new(&config, &device).unwrap();
    let rows: [Vec<f32>; 2] = [vec![0.5, -1.0], vec![2.0, 1.5]];
    let exact = classifier(&float, &rows, &Options::default()).unwrap();
    let model = exact.model();
    let program = checked(&model).unwrap();
    let plan = exact.plan(&model, &program).unwrap();
    let features = exact::features(&rows.concat(), exact.feature_step());
    let found = exact::rows(&plan, &Alone, &[], &features).unwrap();
    let given = Made::<2>::from_data(TensorData::new(rows.concat(), [2, 2]), &device);
    let expected = numbers(float.forward(given).unwrap()).unwrap();
    assert_eq!(found.len(), 2 * classes);
    for (found, expected) in found.iter().zip(&expected) {
        let found = f64::from(*found) * exact.result_step();
        // A few steps of 2^−15, of which each class has four or so.
        assert!((found - f64::from(*expected)).abs() < 1e-4, "{found} {expected}");
    }
}

/// A classifier with weights that a function says, and no biases.
fn weighted(
    config: &ClassifierConfig,
    weight: impl Fn(&str, usize) -> f32,
) -> (model::Classifier, Device) {
    let device = Device::flex();
    let model = model::Classifier::new(config, &device).unwrap();
    let weighted = parts::replace(model, |name, role, shape| {
        let count: usize = shape.iter().product();
        let of = |at| if role == Role::Bias { 0.0 } else { weight(name, at) };
        Some((0..count).map(of).collect())
    });
    (weighted, device)
}

/// Up to one, with either sign.
fn number(at: usize) -> f32 {
    ((at * 37 % 101) as f32 - 50.0) / 50.0
}

#[test]
fn classes_should_be_near_the_float_ones_when_layers_go_far_beyond_the_sample() {
    for activation in [Activation::Relu, Activation::Gelu] {
        let layers = vec![ClassifierLayer { outputs: 24, activation }];
        let config = ClassifierConfig { features: 12, layers, classes: 5, shares: false };
        let (float, device) = weighted(&config, |name, at| match name {
            "classes.weight" => number(at + 7) * 0.3,
            _ => number(at),
        });
        // One feature at a time, and then all, each as some hidden number weighs it.
        let one = |n: usize, at: usize| match (at == n % 12, n < 12) {
            (false, _) => 0.0,
            (true, true) => 1.0,
            (true, false) => -1.0,
        };
        let sample: Vec<Vec<f32>> =
            (0..24).map(|n| (0..12).map(|at| one(n, at)).collect()).collect();
        let all = |n: usize| (0..12).map(move |at| 1.0_f32.copysign(number(at * 24 + n)));
        let rows: Vec<f32> = (0..24).flat_map(all).collect();
        let exact = classifier(&float, &sample, &Options::default()).unwrap();
        let model = exact.model();
        let program = checked(&model).unwrap();
        let plan = exact.plan(&model, &program).unwrap();
        let features = exact::features(&rows, exact.feature_step());
        let found = exact::rows(&plan, &Alone, &[], &features).unwrap();
        let given = Made::<2>::from_data(TensorData::new(rows, [24, 12]), &device);
        let expected = numbers(float.forward(given).unwrap()).unwrap();
        for (found, expected) in found.iter().zip(&expected) {
            let found = f64::from(*found) * exact.result_step();
            assert!((found - f64::from(*expected)).abs() < 0.05, "{found} {expected}");
        }
    }
}

#[test]
fn rows_of_zeros_should_have_scales_when_what_they_are_multiplied_with_is_large() {
    let layers = vec![ClassifierLayer { outputs: 2, activation: Activation::Relu }];
    let config = ClassifierConfig { features: 2, layers, classes: 3, shares: false };
    // A column for each output: the second is dead, and so are all classes.
    let (float, _) = weighted(&config, |name, at| match (name, at) {
        ("layers.0.weight", 0) => 2_000.0,
        ("layers.0.weight", 2) => -1_500.0,
        _ => 0.0,
    });
    let rows: [Vec<f32>; 2] = [vec![1.0, 0.0], vec![1.0, -1.0]];
    let exact = classifier(&float, &rows, &Options::default()).unwrap();
    let model = exact.model();
    let program = checked(&model).unwrap();
    let plan = exact.plan(&model, &program).unwrap();
    let features = exact::features(&rows.concat(), exact.feature_step());
    assert_eq!(exact::rows(&plan, &Alone, &[], &features).unwrap(), [0; 6]);
}
