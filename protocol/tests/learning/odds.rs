//! Exact probabilities of what is drawn.

use super::rate::{binomial, Rate};

/// A pool from which one is taken after another, `kind` of `all` being of a kind, and so many
/// times as heavy as another one.
#[derive(Clone, Copy)]
pub struct Urn {
    pub all: u64,
    pub kind: u64,
    pub weight: f64,
}

impl Urn {
    /// How likely it is that exactly so many are of the kind, for each number up to `drawn`.
    pub fn drawn(self, drawn: u64) -> Vec<f64> {
        let mut likely = vec![1.0];
        for taken in 0..drawn {
            likely = self.one_more(taken, &likely);
        }
        likely
    }

    /// The same with one more, out of what it was with `taken`.
    pub fn one_more(self, taken: u64, likely: &[f64]) -> Vec<f64> {
        let mut next = vec![0.0; likely.len() + 1];
        for (found, part) in likely.iter().enumerate() {
            let kind = self.kind.saturating_sub(found as u64) as f64 * self.weight;
            let rest = (self.all - self.kind).saturating_sub(taken - found as u64) as f64;
            if *part > 0.0 {
                next[found + 1] += part * kind / (kind + rest);
                next[found] += part * rest / (kind + rest);
            }
        }
        next
    }

    /// How likely each number of the kind is among `drawn`, out of `sampled` of the pool who are
    /// taken first, each as likely as any other.
    pub fn drawn_of_sample(self, sampled: u64, drawn: u64) -> Vec<f64> {
        let mut likely = vec![0.0; drawn as usize + 1];
        let sizes = Self { weight: 1.0, ..self }.drawn(sampled.min(self.all));
        for (kind, part) in (0..).zip(sizes).filter(|(_, part)| *part > 0.0) {
            let sample = Self { all: sampled.min(self.all), kind, ..self };
            for (sum, one) in likely.iter_mut().zip(sample.drawn(drawn)) {
                *sum += part * one;
            }
        }
        likely
    }
}

#[test]
fn interval_should_be_the_known_one() {
    let of = |times, of| {
        let (low, high) = Rate { times, of }.interval();
        [low, high].map(|share| (share * 1e5).round() as u32)
    };
    // 1 − 0.025^(1/1,000), and what books have for ten of a hundred.
    assert_eq!(of(0, 1_000), [0, 368]);
    assert_eq!(of(1_000, 1_000), [99_632, 100_000]);
    assert_eq!(of(10, 100), [4_900, 17_622]);
}

#[test]
fn urn_should_be_what_counting_comes_to() {
    // Two of five: none, one or both among three.
    let urn = Urn { all: 5, kind: 2, weight: 1.0 };
    let near = |likely: Vec<f64>, known: &[f64]| {
        likely.iter().zip(known).all(|(a, b)| (a - b).abs() < 1e-12)
    };
    assert!(near(urn.drawn(3), &[0.1, 0.6, 0.3]));
    // Whom a sample leaves out makes no difference where all are alike.
    assert!(near(urn.drawn_of_sample(4, 3), &[0.1, 0.6, 0.3]));
    // Three times as heavy: first 6 of 9, then 3 of 6 or 6 of 8.
    assert!(near(
        Urn { weight: 3.0, ..urn }.drawn(2),
        &[3.0 / 9.0 * 2.0 / 8.0, 7.0 / 12.0, 1.0 / 3.0]
    ));
    assert!((binomial(3, 2, 0.5) - 0.5).abs() < 1e-12);
}
