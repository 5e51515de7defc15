use super::GenerateError;
use rand_chacha::{
    rand_core::{RngCore, SeedableRng},
    ChaCha8Rng,
};

/// Words of 32 bits in a block of ChaCha.
const BLOCK: u128 = 16;

/// How a token is chosen of those that may follow.
#[derive(Clone, Debug, PartialEq)]
pub enum Sampling {
    /// The likeliest, of equals the lower.
    Greedy,
    /// One of the likeliest, at random by how likely they are.
    Drawn {
        temperature: f32,
        /// At most so many.
        most: usize,
        /// The fewest whose shares sum to this of all, which is called top-p.
        share: f32,
        /// Decides, with the position, what is drawn: the same on every machine that comes
        /// to the same logits.
        seed: [u8; 32],
    },
}

impl Sampling {
    pub(super) fn check(&self) -> Result<(), GenerateError> {
        let Self::Drawn { temperature, most, share, .. } = *self else { return Ok(()) };
        if !(temperature.is_finite() && temperature > 0.0) {
            return Err(GenerateError::Temperature(temperature));
        }
        if !(share > 0.0 && share <= 1.0) {
            return Err(GenerateError::Share(share));
        }
        if most == 0 {
            return Err(GenerateError::Most(most));
        }
        Ok(())
    }

    /// The token after a position. None where logits are not finite.
    pub(super) fn choose(&self, logits: &[f32], position: usize) -> Option<u32> {
        if logits.iter().any(|logit| !logit.is_finite()) {
            return None;
        }
        match self {
            Self::Greedy => largest(logits, 1).first().copied(),
            Self::Drawn { temperature, most, share, seed } => {
                let order = largest(logits, *most);
                let top = *order.first()?;
                let weight = |token: &u32| {
                    let below = logits[*token as usize] - logits[top as usize];
                    (f64::from(below) / f64::from(*temperature)).exp()
                };
                let weights: Vec<f64> = order.iter().map(weight).collect();
                draw(&order, &weights, f64::from(*share), uniform(seed, position))
            }
        }
    }
}

/// The tokens with the largest logits, in order.
fn largest(logits: &[f32], most: usize) -> Vec<u32> {
    let before = |a: &u32, b: &u32| {
        logits[*b as usize].total_cmp(&logits[*a as usize]).then_with(|| a.cmp(b))
    };
    let mut order: Vec<u32> = (0..logits.len() as u32).collect();
    if most < order.len() {
        order.select_nth_unstable_by(most, before);
        order.truncate(most);
    }
    order.sort_unstable_by(before);
    order
}

fn draw(order: &[u32], weights: &[f64], share: f64, uniform: f64) -> Option<u32> {
    let enough = weights.iter().sum::<f64>() * share;
    let mut sum = 0.0;
    let kept = weights
        .iter()
        .position(|weight| {
            sum += weight;
            sum >= enough
        })
        .map_or(weights.len(), |last| last + 1);
    let target = uniform * weights[..kept].iter().sum::<f64>();
    let mut sum = 0.0;
    let drawn = weights[..kept].iter().position(|weight| {
        sum += weight;
        sum > target
    });
    // Rounding may leave the sum at the target.
    order.get(drawn.unwrap_or(kept - 1)).copied()
}

/// From 0 to below 1: the start of the block whose number is the position, so that what is
/// drawn does not depend on what was drawn before.
fn uniform(seed: &[u8; 32], position: usize) -> f64 {
    let mut random = ChaCha8Rng::from_seed(*seed);
    random.set_word_pos(position as u128 * BLOCK);
    // 53 bits are what an f64 holds.
    (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests;
