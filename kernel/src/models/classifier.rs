//! Classifiers of features: linear operators with curves between them.

use super::{
    build::{Build, FULL},
    Model,
};
use crate::{
    num::Scale,
    program::{Op, TensorId, Values},
};
use alloc::{format, vec::Vec};

/// The most classes of which a program gives shares: each is a choice among all of them, and
/// [`MOST_SEARCHED`](crate::check::MOST_SEARCHED) is its square.
pub const MOST_SHARED: u32 = 1 << 13;

/// A multi-layer perceptron. Each row is a case of its own.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Classifier {
    /// The most cases at once.
    pub rows: u32,
    pub features: u32,
    /// How many bits a feature has.
    pub bits: u8,
    pub layers: Vec<Layer>,
    pub classes: u32,
    /// Whether the class is wanted, and not a number for each.
    pub chosen: bool,
    /// What brings numbers of classes to units of 2^−16 of a logarithm to base 2, where the share
    /// of each class is wanted: the softmax. It changes nothing of which class is chosen. Of more
    /// than [`MOST_SHARED`] classes the program is refused.
    pub shares: Option<Scale>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Layer {
    pub outputs: u32,
    pub activation: Activation,
    /// Whether what the activation makes is shifted row by row to what 16 bits hold.
    pub shifted: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Activation {
    Relu,
    Gelu { normal: Scale, scale: Scale },
}

impl Classifier {
    pub fn model(&self) -> Model {
        let mut build = Build::default();
        let features = Values::Features { bits: self.bits };
        let mut read = (build.given(self.features, features), None);
        for (layer, index) in self.layers.iter().zip(0..) {
            let name = format!("layers.{index}");
            let wide = layer.shifted && layer.activation == Activation::Relu;
            let made = if wide { Values::Wide } else { FULL };
            let values = build.linear(&name, read, layer.outputs, made, true);
            let curve = match layer.activation {
                Activation::Relu => Op::Relu { values },
                Activation::Gelu { normal, scale } => Op::Gelu { values, normal, scale },
            };
            read = build.curved(values, curve, layer.shifted);
        }
        let mut values = build.linear("classes", read, self.classes, Values::Wide, true);
        if self.chosen {
            let below = self.classes;
            let choose = Op::Choose { values, count: 1 };
            values = build.resized(values, 1, Values::Choices { below }, choose);
        } else if let Some(scale) = self.shares {
            values = shares(&mut build, values, scale);
        }
        build.finish(self.rows, values)
    }
}

/// The share of every column, in their order: that in which columns of equal numbers are chosen.
fn shares(build: &mut Build, values: TensorId, scale: Scale) -> TensorId {
    let columns = build.at(values).columns;
    let nothing = Op::Narrow { values, scale: Scale::LEAST };
    let equals = build.same(values, Values::Activations { bits: 2 }, nothing);
    let every = Op::Choose { values: equals, count: columns };
    let choices = build.same(values, Values::Choices { below: columns }, every);
    build.same(values, FULL, Op::Share { values, choices, scale, all: true })
}
