use super::{
    floats::{put_linear, Floats, Weights},
    narrow, Exact, Family, Given, Options, QuantiseError,
};
use crate::{
    config::{Activation, ClassifierConfig},
    model::{Classifier, ModelError},
};
use cairn_kernel::{
    models::{self, Layer},
    num::Scale,
};

/// Bits of a feature.
const BITS: u8 = 16;
/// The most cases at once.
const ROWS: u32 = 1 << 12;

/// The exact form of a classifier, calibrated on rows of features. They are given to it in
/// steps of [`Exact::feature_step`].
pub fn classifier<T: AsRef<[f32]>>(
    classifier: &Classifier,
    samples: &[T],
    options: &Options,
) -> Result<Exact, QuantiseError> {
    let config = classifier.config();
    let need = config.features;
    let mut rows = Vec::new();
    for (row, sample) in samples.iter().map(AsRef::as_ref).zip(0..) {
        if row.len() != need {
            let source = ModelError::Features { need, have: row.len() };
            return Err(QuantiseError::Sample { at: sample, source });
        }
        if let Some(at) = row.iter().position(|x| !x.is_finite()) {
            return Err(QuantiseError::SampleNotFinite { sample, at });
        }
        rows.extend_from_slice(row);
    }
    if rows.is_empty() {
        return Err(QuantiseError::NoSample);
    }
    let rows = Floats::new(need, rows);
    let family = Family::Classifier(shape(config)?);
    Exact::new(family, &weights(classifier)?, &[Given::Features(&rows)], options.rounding)
}

fn shape(config: &ClassifierConfig) -> Result<models::Classifier, QuantiseError> {
    let mut layers = Vec::new();
    for layer in &config.layers {
        let activation = match layer.activation {
            Activation::Relu => models::Activation::Relu,
            Activation::Gelu => models::Activation::Gelu { normal: Scale::ONE, scale: Scale::ONE },
        };
        let outputs = narrow("outputs", layer.outputs)?;
        layers.push(Layer { outputs, activation, shifted: true });
    }
    Ok(models::Classifier {
        rows: ROWS,
        features: narrow("features", config.features)?,
        bits: BITS,
        layers,
        classes: narrow("classes", config.classes)?,
        chosen: false,
        shares: config.shares.then_some(Scale::ONE),
    })
}

fn weights(classifier: &Classifier) -> Result<Weights, QuantiseError> {
    let weights = &mut Weights::new();
    for (layer, index) in classifier.layers.iter().zip(0..) {
        put_linear(weights, &format!("layers.{index}"), layer)?;
    }
    put_linear(weights, "classes", &classifier.classes)?;
    Ok(std::mem::take(weights))
}
