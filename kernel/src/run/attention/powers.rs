//! What scores are weighed with.

use crate::{
    math::exp2_lane,
    num::Scale,
    run::{parts::Held, simd::Work},
};

/// Beyond this nothing is left of a power of two.
const FAR: u64 = (1 << 21) - 1;

/// The powers of scores, of 16 bits each, and their sum.
pub(super) struct Powers<'a> {
    pub scores: &'a [i32],
    pub scale: Scale,
    pub powers: &'a mut [i16],
}

impl Work for Powers<'_> {
    type Made = i64;

    #[inline(always)]
    fn work(self) -> i64 {
        let largest = self.scores.iter().fold(i32::MIN, |largest, score| largest.max(*score));
        let multiplier = u64::from(self.scale.multiplier);
        let shift = u32::from(self.scale.shift);
        let half = (1u64 << shift) >> 1;
        let mut whole = 0;
        for (power, score) in self.powers.iter_mut().zip(self.scores) {
            // Scores are below 2^30, so their difference is below 2^31.
            let difference = u64::from(largest.wrapping_sub(*score) as u32);
            let z = ((difference * multiplier + half) >> shift).min(FAR) as u32;
            let p = exp2_lane(z);
            // At most 2^17 of 15 bits.
            whole += p;
            *power = p as i16;
        }
        whole.into()
    }
}

/// What the sums of powers times values are multiplied with; the largest score has a power, so
/// the whole is not zero.
pub(super) fn inverse(whole: i64) -> i64 {
    (1 << 47) / whole.max(1)
}

/// Sums of powers times values as they are stored.
#[inline(always)]
pub(super) fn finish<T: Held>(sums: &[i64], inverse: i64, fraction: u32, bits: u32, out: &mut [T]) {
    let shift = 47 - fraction;
    let most = crate::num::most(bits);
    for (out, sum) in out.iter_mut().zip(sums) {
        // Below 2^58, so this is `round`.
        let mean = (sum * inverse + (1 << (shift - 1))) >> shift;
        *out = T::of(mean.min(most).max(-most));
    }
}
