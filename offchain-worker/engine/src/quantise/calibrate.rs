//! What the tensors of a program are like on a sample.

use super::{
    floats::{peak, Floats},
    reckon::{Given, Reckoner},
};
use cairn_kernel::program::{Op, Program, TensorId};
use std::collections::{BTreeMap, BTreeSet};

/// Numbers that are looked at of a tensor each time it is made.
const LOOKED_AT: usize = 1 << 10;
/// Numbers that are kept of a tensor in all.
const KEPT: usize = 1 << 16;
/// By how much what 16 bits hold goes beyond what the sample has: a bit.
const ROOM: f64 = 2.0;
/// Where what is kept in few bits may be cut off, as parts of the largest of the sample.
const CUTS: [f64; 9] = [1.25, 1.1, 1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4];
/// What is gated is shifted row by row if its largest row is so many times the usual one.
const UNEVEN: f64 = 16.0;

/// The numbers of a tensor.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    most: f64,
    some: Vec<f32>,
    /// The largest of each row.
    peaks: Vec<f32>,
}

/// Sums of products of the columns of what a linear operator reads: which weights matter, and
/// which stand in for which.
#[derive(Clone, Debug)]
pub(crate) struct Gram {
    pub side: usize,
    /// Row-major, side by side; only up to the diagonal.
    pub sums: Vec<f64>,
}

/// What was seen of a program on a sample.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calibration {
    seen: BTreeMap<TensorId, Seen>,
    grams: BTreeMap<TensorId, Gram>,
}

impl Seen {
    fn see(&mut self, values: &Floats) {
        self.most = self.most.max(values.peak());
        let step = (values.values.len() / LOOKED_AT).max(1);
        // An odd step comes by all columns.
        let some = values.values.iter().step_by(step | 1).copied();
        self.some.extend(some.take(KEPT.saturating_sub(self.some.len())));
        let peaks = values.rows().map(|row| peak(row) as f32);
        self.peaks.extend(peaks.take(KEPT.saturating_sub(self.peaks.len())));
    }

    fn with(mut self, other: &Self) -> Self {
        self.most = self.most.max(other.most);
        self.some.extend(&other.some);
        self
    }

    pub(crate) fn most(&self) -> f64 {
        self.most
    }

    /// What a step of so many bits stands for.
    pub(crate) fn step(&self, bits: u32) -> f64 {
        let steps = f64::from((1_u32 << (bits - 1)) - 1);
        if self.most == 0.0 {
            return 1.0 / steps;
        }
        if bits == 16 {
            return self.most * ROOM / steps;
        }
        let error = |step: f64| {
            let off = self.some.iter().map(|x| {
                let x = f64::from(*x);
                x - (x / step).round().clamp(-steps, steps) * step
            });
            off.map(|off| off * off).sum::<f64>()
        };
        let cuts = CUTS.map(|cut| self.most * cut / steps);
        let best = cuts.into_iter().map(|step| (error(step), step));
        best.min_by(|a, b| a.0.total_cmp(&b.0)).map_or(cuts[0], |(_, step)| step)
    }

    /// Whether some rows are far larger than most.
    pub(crate) fn is_uneven(&self) -> bool {
        let mut peaks = self.peaks.clone();
        peaks.sort_by(f32::total_cmp);
        let usual = peaks.get(peaks.len() / 2).copied().map_or(0.0, f64::from);
        self.most > UNEVEN * usual
    }
}

impl Gram {
    fn new(side: usize) -> Self {
        Self { side, sums: vec![0.0; side * side] }
    }

    fn add(&mut self, values: &Floats) {
        for row in values.rows() {
            for (x, (sums, at)) in row.iter().zip(self.sums.chunks_exact_mut(self.side).zip(1..)) {
                if *x != 0.0 {
                    let x = f64::from(*x);
                    sums[..at].iter_mut().zip(row).for_each(|(sum, y)| *sum += x * f64::from(*y));
                }
            }
        }
    }

    pub(crate) fn weight(&self, column: usize) -> f64 {
        self.sums[column * self.side + column]
    }
}

impl Calibration {
    /// Runs a program on each sample. With `grams` also what linear operators read is looked at.
    pub(crate) fn of(reckoner: &Reckoner<'_>, samples: &[Given<'_>], grams: bool) -> Self {
        let read = if grams { read(reckoner.program) } else { BTreeSet::new() };
        let mut calibration = Self::default();
        for sample in samples {
            reckoner.run(*sample, |tensor, values| {
                calibration.seen.entry(tensor).or_default().see(values);
                if read.contains(&tensor) {
                    let gram = calibration.grams.entry(tensor);
                    gram.or_insert_with(|| Gram::new(values.columns)).add(values);
                }
            });
        }
        calibration.share(reckoner.program);
        calibration
    }

    /// What is only turned, or only cut, has the steps of what it is made of, which then have
    /// to hold both.
    fn share(&mut self, program: &Program) {
        for step in program.ops.iter().rev() {
            if let Op::Rotate { values, .. } | Op::Relu { values } = step.op {
                let both = self.seen(values).with(&self.seen(step.result));
                self.seen.insert(values, both);
            }
        }
    }

    pub(crate) fn seen(&self, tensor: TensorId) -> Seen {
        self.seen.get(&tensor).cloned().unwrap_or_default()
    }

    pub(crate) fn gram(&self, tensor: TensorId) -> Option<&Gram> {
        self.grams.get(&tensor)
    }
}

/// What linear operators and experts read.
fn read(program: &Program) -> BTreeSet<TensorId> {
    let read = program.ops.iter().filter_map(|step| match step.op {
        Op::Linear { values, .. } | Op::Expert { values, .. } => Some(values),
        _ => None,
    });
    read.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(values: Vec<f32>) -> Seen {
        let mut seen = Seen::default();
        seen.see(&Floats::new(4, values));
        seen
    }

    #[test]
    fn step_should_leave_room_for_a_bit_when_there_are_sixteen() {
        assert_eq!(seen(vec![1.0, -3.0, 0.5, 2.0]).step(16), 6.0 / 32_767.0);
        assert!(seen(vec![0.0; 4]).step(16) > 0.0);
    }

    #[test]
    fn step_should_cut_off_a_lone_peak_when_bits_are_few() {
        let mut values: Vec<f32> =
            (0..4_096).map(|n| ((n * 37 % 101) as f32 - 50.0) / 50.0).collect();
        let even = seen(values.clone()).step(4);
        assert!(even >= 0.9 / 7.0, "{even}");
        values[0] = 1.5;
        let cut = seen(values).step(4);
        assert!(cut < 1.2 / 7.0, "{cut}");
    }

    #[test]
    fn rows_should_be_uneven_when_one_is_far_larger() {
        assert!(!seen(vec![1.0; 12]).is_uneven());
        let mut values = vec![1.0; 12];
        values[5] = 17.0;
        assert!(seen(values).is_uneven());
    }
}
