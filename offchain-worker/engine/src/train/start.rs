//! What weights begin with, drawn from a seed and from their names: not from a generator that
//! others share.

use crate::{
    config::ConfigError,
    model::Encoder,
    parts::{self, Role},
};
use burn::module::Module;
use rand_chacha::{
    rand_core::{RngCore, SeedableRng},
    ChaCha8Rng,
};

/// The model with matrices drawn anew, so that sums of products keep their size; norms multiply
/// by one, and biases add nothing.
pub fn draw<M: Module>(model: M, seed: &[u8; 32]) -> M {
    parts::replace(model, |name, role, shape| Some(begun(seed, name, role, shape)))
}

/// The encoder with a head that has learned nothing yet, of so many classes.
pub fn draw_classes(
    model: Encoder,
    classes: usize,
    seed: &[u8; 32],
) -> Result<Encoder, ConfigError> {
    Ok(parts::replace(model.with_classes(classes)?, |name, role, shape| {
        name.starts_with("classes.").then(|| begun(seed, name, role, shape))
    }))
}

fn begun(seed: &[u8; 32], name: &str, role: Role, shape: &[usize]) -> Vec<f32> {
    let count = shape.iter().product();
    match role {
        Role::Linear | Role::First => normal(seed, name, count, deviation(shape[0])),
        Role::Table => normal(seed, name, count, deviation(shape[1])),
        Role::Gains => vec![1.0; count],
        Role::Bias | Role::Second => vec![0.0; count],
    }
}

/// The same for factors only, whose product is nothing at first.
pub(super) fn draw_factors<M: Module>(model: M, seed: &[u8; 32]) -> M {
    parts::replace(model, |name, role, shape| {
        let count = shape.iter().product();
        match role {
            Role::First => Some(normal(seed, name, count, deviation(shape[0]))),
            Role::Second => Some(vec![0.0; count]),
            _ => None,
        }
    })
}

fn deviation(inputs: usize) -> f64 {
    1.0 / (inputs as f64).sqrt()
}

/// Normally distributed numbers, by Box and Muller.
fn normal(seed: &[u8; 32], name: &str, count: usize, deviation: f64) -> Vec<f32> {
    let mut key = *seed;
    // A key of its own for each weight: the seed with the name folded in block by block.
    for chunk in name.as_bytes().chunks(32) {
        key.iter_mut().zip(chunk).for_each(|(key, byte)| *key ^= byte);
        ChaCha8Rng::from_seed(key).fill_bytes(&mut key);
    }
    let mut random = ChaCha8Rng::from_seed(key);
    let mut unit = || ((random.next_u32() >> 8) as f64 + 0.5) / (1u32 << 24) as f64;
    let mut values = Vec::with_capacity(count + 1);
    while values.len() < count {
        let (length, angle) = ((-2.0 * unit().ln()).sqrt(), std::f64::consts::TAU * unit());
        let (sine, cosine) = angle.sin_cos();
        values.extend([(length * cosine * deviation) as f32, (length * sine * deviation) as f32]);
    }
    values.truncate(count);
    values
}
