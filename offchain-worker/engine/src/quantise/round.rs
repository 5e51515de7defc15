//! Weights as masters, whose upper bytes are computed with.

use super::{
    calibrate::Gram,
    floats::{hands, Floats},
};
use std::thread;

/// Masters in a step of a weight.
pub(crate) const STEP: f64 = 256.0;
/// The largest master, in steps of a weight: its upper byte is 127.
const MOST: f64 = 32_639.0 / STEP;
/// The largest weight.
pub(crate) const WEIGHT: f64 = 127.0;
/// How far a row may be cut off for the rest of it to be finer.
const CUTS: u32 = 24;
const CUT: f64 = 0.02;
/// What is added to what columns weigh, as a part of their mean, so that those that were hardly
/// seen are not made to stand in for others.
const DAMPING: f64 = 0.01;

/// A matrix of weights as integers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rounded {
    pub masters: Vec<i16>,
    /// What a weight of one stands for, by row.
    pub steps: Vec<f64>,
}

/// Columns that weigh errors, and how an error of one is made good by those after it.
pub(crate) struct Metric {
    weights: Vec<f64>,
    /// The upper triangle U, row-major, for which UᵀU is the inverse of the Gram matrix.
    upper: Option<Vec<f64>>,
}

impl Metric {
    /// Every column weighs as much.
    pub(crate) fn even(columns: usize) -> Self {
        Self { weights: vec![1.0; columns], upper: None }
    }

    /// What a sample makes of them. None where it was all zeros.
    pub(crate) fn of(gram: &Gram, compensated: bool) -> Option<Self> {
        let side = gram.side;
        let mean = (0..side).map(|at| gram.weight(at)).sum::<f64>() / side as f64;
        if !(mean.is_finite() && mean > 0.0) {
            return None;
        }
        let damping = mean * DAMPING;
        let weights = (0..side).map(|at| gram.weight(at) + damping).collect();
        let upper = compensated.then(|| inverse_root(gram, damping));
        Some(Self { weights, upper })
    }
}

/// The rows of a matrix, each with a step of its own.
pub(crate) fn rounded(weights: &Floats, metric: &Metric) -> Rounded {
    let columns = weights.columns;
    let count = weights.count();
    let mut masters = vec![0; weights.values.len()];
    let mut steps = vec![0.0; count];
    let share = count.div_ceil(hands()).max(1);
    thread::scope(|scope| {
        let parts = masters.chunks_mut(share * columns).zip(steps.chunks_mut(share));
        for ((masters, steps), given) in parts.zip(weights.values.chunks(share * columns)) {
            scope.spawn(move || {
                let rows = masters.chunks_exact_mut(columns).zip(steps);
                for ((masters, step), row) in rows.zip(given.chunks_exact(columns)) {
                    *step = best_step(row, metric);
                    round_row(row, *step, metric, masters);
                }
            });
        }
    });
    Rounded { masters, steps }
}

/// All numbers in steps of one size, the largest of which is all that 16 bits hold.
pub(crate) fn table(values: &Floats) -> (Vec<i16>, f64) {
    let step = match values.peak() {
        0.0 => 1.0,
        peak => peak / (MOST * STEP),
    };
    (in_steps(values, step), step)
}

pub(crate) fn in_steps(values: &Floats, step: f64) -> Vec<i16> {
    let most = f64::from(i16::MAX);
    // Within what an i16 holds.
    let master = |x: &f32| (f64::from(*x) / step).round().clamp(-most, most) as i16;
    values.values.iter().map(master).collect()
}

/// The step with which a row's errors weigh least.
fn best_step(row: &[f32], metric: &Metric) -> f64 {
    let peak = row.iter().fold(0.0_f64, |most, x| most.max(f64::from(x.abs())));
    if peak == 0.0 {
        return 1.0;
    }
    let error = |step: f64| {
        let off = row.iter().zip(&metric.weights).map(|(x, weight)| {
            let x = f64::from(*x) / step;
            let off = x - x.round().clamp(-WEIGHT, WEIGHT);
            off * off * weight
        });
        off.sum::<f64>() * step * step
    };
    let cuts = (0..CUTS).map(|cut| peak / MOST * (1.0 - CUT * f64::from(cut)));
    let best = cuts.map(|step| (error(step), step)).min_by(|a, b| a.0.total_cmp(&b.0));
    best.map_or(peak / MOST, |(_, step)| step)
}

fn round_row(row: &[f32], step: f64, metric: &Metric, masters: &mut [i16]) {
    let Some(upper) = &metric.upper else {
        for (master, x) in masters.iter_mut().zip(row) {
            let x = f64::from(*x) / step;
            *master = master_of(x, x.round().clamp(-WEIGHT, WEIGHT));
        }
        return;
    };
    let columns = row.len();
    let mut left: Vec<f64> = row.iter().map(|x| f64::from(*x) / step).collect();
    for (column, master) in masters.iter_mut().enumerate() {
        let weight = left[column].round().clamp(-WEIGHT, WEIGHT);
        *master = master_of(f64::from(row[column]) / step, weight);
        let factors = &upper[column * columns + column..(column + 1) * columns];
        let error = (left[column] - weight) / factors[0];
        left[column..].iter_mut().zip(factors).for_each(|(left, factor)| *left -= error * factor);
    }
}

/// Of the masters that come to a weight the one nearest to a number in such steps.
fn master_of(x: f64, weight: f64) -> i16 {
    let (least, most) = (weight * STEP - 128.0, weight * STEP + 127.0);
    // At most 127 · 256 + 127.
    (x * STEP).round().clamp(least, most) as i16
}

/// U of a metric. With the order of columns reversed, G = R Rᵀ for an upper R, and U is the
/// inverse of R.
fn inverse_root(gram: &Gram, damping: f64) -> Vec<f64> {
    let n = gram.side;
    let at = |row: usize, column: usize| row * n + column;
    // L of the reversed matrix, by rows.
    let mut lower = vec![0.0; n * n];
    for row in 0..n {
        for column in 0..=row {
            // What was summed is kept up to the diagonal, which is behind it when reversed.
            let mut sum = gram.sums[at(n - 1 - column, n - 1 - row)];
            if row == column {
                sum += damping;
            }
            let (left, right) = (at(row, 0), at(column, 0));
            let done = lower[left..left + column].iter().zip(&lower[right..right + column]);
            sum -= done.map(|(x, y)| x * y).sum::<f64>();
            lower[at(row, column)] = if row == column {
                // Damped, so above zero but for what floats lose.
                sum.max(damping * f64::EPSILON).sqrt()
            } else {
                sum / lower[at(column, column)]
            };
        }
    }
    // Its inverse M, row by row: L M = 1.
    let mut inverse = vec![0.0; n * n];
    for row in 0..n {
        let (before, rest) = inverse.split_at_mut(row * n);
        let made = &mut rest[..n];
        made[row] = 1.0;
        for (other, done) in before.chunks_exact(n).enumerate() {
            let factor = lower[at(row, other)];
            if factor != 0.0 {
                made[..=other].iter_mut().zip(done).for_each(|(made, x)| *made -= factor * x);
            }
        }
        let diagonal = lower[at(row, row)];
        made[..=row].iter_mut().for_each(|x| *x /= diagonal);
    }
    // Reversed back it is upper.
    inverse.reverse();
    inverse
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_kernel::num::weight;

    fn random(count: usize, seed: u32) -> Vec<f32> {
        let next = |state: &mut u32| {
            *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Some((f64::from(*state) / f64::from(u32::MAX) - 0.5) as f32)
        };
        std::iter::repeat(()).scan(seed, |state, ()| next(state)).take(count).collect()
    }

    fn gram(rows: &Floats) -> Gram {
        let side = rows.columns;
        let sum = |at: usize| {
            let (i, j) = (at / side, at % side);
            rows.rows().map(|row| f64::from(row[i]) * f64::from(row[j])).sum::<f64>()
        };
        Gram { side, sums: (0..side * side).map(sum).collect() }
    }

    /// What weights are off on rows, squared.
    fn error(weights: &Floats, rounded: &Rounded, rows: &Floats) -> f64 {
        let values = rounded.masters.iter().enumerate().map(|(at, master)| {
            (f64::from(weight(*master)) * rounded.steps[at / weights.columns]) as f32
        });
        let found = rows.product(&Floats::new(weights.columns, values.collect()));
        let off = found.zip(&rows.product(weights), |x, y| x - y);
        off.values.iter().map(|x| f64::from(*x).powi(2)).sum()
    }

    #[test]
    fn masters_should_use_all_their_bits_when_rounded() {
        let weights = Floats::new(32, random(32 * 8, 1));
        let made = rounded(&weights, &Metric::even(32));
        for (masters, step) in made.masters.chunks(32).zip(&made.steps) {
            assert!(masters.iter().any(|master| master.unsigned_abs() > 30_000));
            assert!(masters.iter().all(|master| *master != i16::MIN) && *step > 0.0);
        }
    }

    #[test]
    fn rows_of_zeros_should_stay_zeros_when_rounded() {
        let made = rounded(&Floats::zeros(2, 5), &Metric::even(5));
        assert_eq!((made.masters, made.steps), (vec![0; 10], vec![1.0; 2]));
        assert_eq!(table(&Floats::zeros(2, 5)).0, vec![0; 10]);
    }

    #[test]
    fn inverse_root_should_undo_the_gram_when_squared() {
        let n = 9;
        let gram = gram(&Floats::new(n, random(n * 40, 5)));
        let upper = inverse_root(&gram, 0.1);
        for row in 0..n {
            for column in 0..n {
                // UᵀU G has ones on its diagonal, and else zeros.
                let inverse = |i: usize, j: usize| -> f64 {
                    (0..n).map(|k| upper[k * n + i] * upper[k * n + j]).sum()
                };
                let damped =
                    |i: usize, j: usize| gram.sums[i * n + j] + if i == j { 0.1 } else { 0.0 };
                let found: f64 = (0..n).map(|k| inverse(row, k) * damped(k, column)).sum();
                let need = f64::from(u8::from(row == column));
                assert!((found - need).abs() < 1e-9, "{row} {column} {found}");
            }
        }
        assert!((0..n).all(|row| upper[row * n..row * n + row].iter().all(|x| *x == 0.0)));
    }

    #[test]
    fn errors_should_be_smaller_when_compensated() {
        // Columns that go together, as activations do.
        let (few, mix) = (Floats::new(6, random(6 * 300, 2)), Floats::new(6, random(6 * 48, 3)));
        let noise = Floats::new(48, random(48 * 300, 9));
        let rows = few.product(&mix).zip(&noise, |x, y| x + y / 8.0);
        let weights = Floats::new(48, random(48 * 16, 4));
        let gram = gram(&rows);
        let plain = rounded(&weights, &Metric::even(48));
        let fitted = rounded(&weights, &Metric::of(&gram, true).expect("not zero"));
        let (plain, fitted) = (error(&weights, &plain, &rows), error(&weights, &fitted, &rows));
        assert!(fitted < 0.7 * plain, "{fitted} of {plain}");
    }
}
