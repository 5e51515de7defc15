//! Exact probabilities, and what a count says of one.

use std::fmt;

/// ln n! of every n up to a most.
struct Factorials(Vec<f64>);

impl Factorials {
    fn to(most: u64) -> Self {
        let mut sum = 0.0;
        let rest = (1..=most).map(|n| {
            sum += (n as f64).ln();
            sum
        });
        Self([0.0].into_iter().chain(rest).collect())
    }

    /// ln of how many ways there are to take `taken` of `all`; none where there are fewer.
    fn ways(&self, all: u64, taken: u64) -> f64 {
        if taken > all {
            return f64::NEG_INFINITY;
        }
        self.0[all as usize] - self.0[taken as usize] - self.0[(all - taken) as usize]
    }
}

/// How likely it is that at least `needed` of `drawn` are of a kind to which each belongs with
/// that chance.
pub fn binomial(drawn: u64, needed: u64, chance: f64) -> f64 {
    let factorials = Factorials::to(drawn);
    let of = |count: u64| {
        let (with, without) = (count as f64, (drawn - count) as f64);
        // Zero to the power of zero is one, and has no logarithm.
        let power = |base: f64, times: f64| if times == 0.0 { 0.0 } else { times * base.ln() };
        (factorials.ways(drawn, count) + power(chance, with) + power(1.0 - chance, without)).exp()
    };
    (needed..=drawn).map(of).sum()
}

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

/// How often something happened, and what that says of its probability.
#[derive(Clone, Copy)]
pub struct Rate {
    pub times: u64,
    pub of: u64,
}

impl Rate {
    pub fn share(self) -> f64 {
        self.times as f64 / self.of as f64
    }

    /// Clopper and Pearson's interval: the probabilities with which neither as few nor as many
    /// would come about less often than one time in forty.
    pub fn interval(self) -> (f64, f64) {
        const TAIL: f64 = 0.025;
        let Self { times, of } = self;
        // Where a function that grows with the probability reaches the tail.
        let reaches = |grows: &dyn Fn(f64) -> f64| {
            let (mut low, mut high) = (0.0, 1.0);
            for _ in 0..60 {
                let middle = f64::midpoint(low, high);
                if grows(middle) < TAIL {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            low
        };
        let low = if times == 0 { 0.0 } else { reaches(&|p| binomial(of, times, p)) };
        let as_few = |p: f64| binomial(of, of - times, p);
        let high = if times == of { 1.0 } else { 1.0 - reaches(&as_few) };
        (low, high)
    }
}

/// In per cent, with its interval.
impl fmt::Display for Rate {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (low, high) = self.interval();
        write!(to, "{} ({}–{})", percent(self.share()), percent(low), percent(high))
    }
}

/// A probability in per cent, with the digits that say something.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        0.0 => "0".into(),
        ..0.0001 => "< 0.0001".into(),
        ..0.01 => format!("{percent:.4}"),
        ..1.0 => format!("{percent:.2}"),
        _ => format!("{percent:.1}"),
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
