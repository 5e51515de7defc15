use crate::config::{DecoderConfig, Scaling};
use burn::tensor::{Device, Tensor, TensorData};
use std::f64::consts::TAU;

/// Cosines and sines by which queries and keys at some positions are turned.
pub(super) struct Turns {
    cosines: Tensor<3>,
    sines: Tensor<3>,
}

impl Turns {
    /// In f64, because a position far behind turns by many whole circles.
    pub(super) fn new(positions: &[usize], config: &DecoderConfig, device: &Device) -> Self {
        let speeds = speeds(config);
        let half = speeds.len();
        let mut cosines = Vec::with_capacity(positions.len() * half);
        let mut sines = Vec::with_capacity(positions.len() * half);
        for position in positions {
            for speed in &speeds {
                let (sine, cosine) = (*position as f64 * speed).sin_cos();
                cosines.push(cosine as f32);
                sines.push(sine as f32);
            }
        }
        let table = |values: Vec<f32>| {
            Tensor::from_data(TensorData::new(values, [positions.len(), 1, half]), device)
        };
        Self { cosines: table(cosines), sines: table(sines) }
    }

    /// Turns rows × heads × columns. The column c of a head and the one half a head behind
    /// it are a pair.
    pub(super) fn turn(&self, values: Tensor<3>) -> Tensor<3> {
        let half = values.dims()[2] / 2;
        let first = values.clone().narrow(2, 0, half);
        let second = values.narrow(2, half, half);
        let (cosines, sines) = (self.cosines.clone(), self.sines.clone());
        let turned = first.clone() * cosines.clone() - second.clone() * sines.clone();
        let behind = second * cosines + first * sines;
        Tensor::cat(vec![turned, behind], 2)
    }
}

/// How far a position turns each pair of columns of a head: what floats are turned by, and what
/// the tables of the exact form are made of.
pub(crate) fn speeds(config: &DecoderConfig) -> Vec<f64> {
    let speed = |pair: usize| config.theta.powf(-2.0 * pair as f64 / config.head as f64);
    let speeds = (0..config.head / 2).map(speed);
    match &config.scaling {
        None => speeds.collect(),
        Some(scaling) => speeds.map(|speed| scaled(speed, scaling)).collect(),
    }
}

fn scaled(speed: f64, scaling: &Scaling) -> f64 {
    let Scaling { factor, low, high, original } = *scaling;
    let circles = original as f64 * speed / TAU;
    let kept = ((circles - low) / (high - low)).clamp(0.0, 1.0);
    speed * (kept + (1.0 - kept) / factor)
}
