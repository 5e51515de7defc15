//! What the tests share: numbers at random, and models of them.

use crate::contents::{Numbers, Tensor};
use cairn_kernel::{
    models::{Decoder, DecoderLayer, Experts, Model, Outcome},
    num::Scale,
    program::{TensorId, Values},
};
use std::collections::BTreeMap;

/// The same numbers on every machine.
pub(crate) struct Random(pub u64);

impl Random {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ (mixed >> 29)) % end
    }

    pub(crate) fn masters(&mut self, count: u64) -> Vec<i16> {
        (0..count).map(|_| (self.below(65_535) as i32 - 32_767) as i16).collect()
    }
}

/// A small model with experts, of which every kind of tensor is read.
pub(crate) fn mixture() -> Model {
    let decoder = Decoder {
        rows: 8,
        vocabulary: 29,
        hidden: 12,
        heads: 2,
        groups: 1,
        head: 6,
        inner: 7,
        experts: Some(Experts { count: 3, chosen: 2, all: false }),
        normed_heads: true,
        biased: true,
        tied: true,
        epsilon: 10,
        embedding: Scale::power(1),
        layers: vec![DecoderLayer::default(); 2],
        norm: Scale::power(-18),
        outcome: Outcome::Logits,
    };
    decoder.model()
}

/// Numbers for each tensor that a model reads of artifacts.
pub(crate) fn tensors(model: &Model, seed: u64) -> BTreeMap<TensorId, Tensor<'static>> {
    let mut random = Random(seed);
    let mut tensors = BTreeMap::new();
    for (id, tensor) in (0..).map(TensorId).zip(&model.program.tensors) {
        let rows = tensor.rows.count(0) as u32;
        let count = u64::from(rows) * u64::from(tensor.columns);
        let numbers = match tensor.values {
            Values::Masters => Numbers::Masters(random.masters(count).into()),
            Values::Constants => {
                let scale = |shift| Scale { multiplier: 40_000, shift }.pack();
                let scales = (0..count).map(|_| scale(20 + random.below(8) as u8));
                Numbers::Constants(scales.collect())
            }
            _ => continue,
        };
        tensors.insert(id, Tensor { rows, columns: tensor.columns, numbers });
    }
    tensors
}
