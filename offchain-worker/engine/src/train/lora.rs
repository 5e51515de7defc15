//! What was learned as factors of low rank.

use crate::{
    model::ModelError,
    parts::{self, Part, Role},
};
use burn::module::Module;
use std::collections::BTreeMap;

/// Two factors of the change of a weight, as Burn keeps weights: high is inputs × rank, wide rank ×
/// outputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Factors {
    pub role: Role,
    pub inputs: usize,
    pub outputs: usize,
    pub rank: usize,
    pub first: Vec<f32>,
    /// Times what the product is multiplied by.
    pub second: Vec<f32>,
}

/// The factors beside the weights of a model that learned through them, by the names of the
/// weights.
pub fn factors<M: Module>(
    model: &M,
    rank: usize,
    alpha: f64,
) -> Result<BTreeMap<String, Factors>, ModelError> {
    let mut parts = parts::read(model)?;
    let firsts: Vec<String> = parts
        .iter()
        .filter(|(_, part)| part.role == Role::First)
        .map(|(name, _)| name.clone())
        .collect();
    let share = alpha / rank as f64;
    let mut found = BTreeMap::new();
    for name in firsts {
        let base = name.trim_end_matches(".lora.a").to_owned();
        let second = parts.remove(&format!("{base}.lora.b"));
        let (Some(first), Some(second)) = (parts.remove(&name), second) else { continue };
        let Some(Part { role, .. }) = parts.get(&base) else { continue };
        let factors = Factors {
            role: *role,
            inputs: first.shape[0],
            outputs: second.shape[1],
            rank: first.shape[1],
            first: first.values,
            second: second.values.iter().map(|each| (f64::from(*each) * share) as f32).collect(),
        };
        found.insert(base, factors);
    }
    Ok(found)
}
