//! How often something happened, and what that says of how likely it is.

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
