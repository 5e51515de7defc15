use super::*;
use crate::{config::ClassifierLayer, model::numbers};
use burn::tensor::{Distribution, TensorData};
use cairn_kernel::models::MOST_SHARED;

fn config() -> ClassifierConfig {
    let layers = vec![
        ClassifierLayer { outputs: 7, activation: Activation::Relu },
        ClassifierLayer { outputs: 6, activation: Activation::Gelu },
    ];
    ClassifierConfig { features: 5, layers, classes: 3, shares: false }
}

/// One linear operator on one row, term by term.
fn plain(layer: &Linear, row: &[f64]) -> Vec<f64> {
    let weights = numbers(layer.weight.val()).expect("on this machine");
    let biases = layer.bias.as_ref().map(|bias| numbers(bias.val()).expect("on this machine"));
    let mut made: Vec<f64> = biases.expect("biased").into_iter().map(f64::from).collect();
    for (value, weights) in row.iter().zip(weights.chunks(made.len())) {
        made.iter_mut().zip(weights).for_each(|(sum, w)| *sum += value * f64::from(*w));
    }
    made
}

/// x · Φ(x), with Φ as a sum of a density in small steps.
fn plain_gelu(x: f64) -> f64 {
    let steps = 20_000;
    let width = x / f64::from(steps);
    let density = |at: f64| (-at * at / 2.0).exp() / std::f64::consts::TAU.sqrt();
    let area: f64 = (0..steps).map(|n| density((f64::from(n) + 0.5) * width) * width).sum();
    x * (0.5 + area)
}

#[test]
fn forward_should_be_what_is_computed_term_by_term_when_weights_are_random() {
    let device = Device::flex();
    let model = Classifier::new(&config(), &device).expect("a fit shape");
    let cases = Tensor::<2>::random([4, 5], Distribution::Normal(0.0, 2.0), &device);
    let found = numbers(model.forward(cases.clone()).expect("it fits")).expect("on this machine");
    let cases = numbers(cases).expect("on this machine");
    for (case, found) in cases.chunks(5).zip(found.chunks(3)) {
        let row: Vec<f64> = case.iter().copied().map(f64::from).collect();
        let row: Vec<f64> = plain(&model.layers[0], &row).iter().map(|x| x.max(0.0)).collect();
        let row: Vec<f64> = plain(&model.layers[1], &row).into_iter().map(plain_gelu).collect();
        for (found, expected) in found.iter().zip(plain(&model.classes, &row)) {
            assert!((f64::from(*found) - expected).abs() < 1e-5);
        }
    }
}

#[test]
fn forward_should_give_shares_of_logits_when_they_are_wanted() {
    let device = Device::flex();
    let config = ClassifierConfig { shares: true, ..config() };
    let model = Classifier::new(&config, &device).expect("a fit shape");
    let cases = Tensor::<2>::random([4, 5], Distribution::Normal(0.0, 2.0), &device);
    let logits = numbers(model.logits(cases.clone()).expect("it fits")).expect("on this machine");
    let shares = numbers(model.forward(cases).expect("it fits")).expect("on this machine");
    for (logits, shares) in logits.chunks(3).zip(shares.chunks(3)) {
        let power = |x: &f32| f64::from(*x).exp();
        let sum: f64 = logits.iter().map(power).sum();
        for (x, share) in logits.iter().zip(shares) {
            assert!((f64::from(*share) - power(x) / sum).abs() < 1e-6);
        }
    }
}

#[test]
fn forward_should_refuse_when_a_row_has_other_features() {
    let model = Classifier::new(&config(), &Device::flex()).expect("a fit shape");
    let cases = Tensor::from_data(TensorData::new(vec![0.0_f32; 8], [2, 4]), &Device::flex());
    let refused = model.forward(cases).err();
    assert_eq!(refused, Some(ModelError::Features { need: 5, have: 4 }));
}

#[test]
fn new_should_refuse_when_shares_are_of_more_classes_than_the_exact_form_gives() {
    let classes = MOST_SHARED as usize + 1;
    let new = |classes, shares| {
        let config = ClassifierConfig { classes, shares, ..config() };
        Classifier::new(&config, &Device::flex()).map(drop)
    };
    assert_eq!(new(classes, true), Err(ConfigError::Shares { found: classes, most: classes - 1 }));
    assert_eq!([new(classes, false), new(classes - 1, true)], [Ok(()), Ok(())]);
}

#[test]
fn new_should_refuse_when_a_layer_has_no_outputs() {
    let mut config = config();
    config.layers[1].outputs = 0;
    assert!(matches!(
        Classifier::new(&config, &Device::flex()),
        Err(ConfigError::Range { field: "outputs", .. })
    ));
}
