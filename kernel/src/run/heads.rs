//! Rotary positions.

use super::{parts::Row, step::Worker, Error, Matrix};
use crate::program::{Op, TensorId};

struct Rotation<'a> {
    cosines: &'a [i16],
    sines: &'a [i16],
    /// Half of the columns of a head.
    half: usize,
    /// The position of the first row.
    start: usize,
}

impl Row<1> for Rotation<'_> {
    #[inline(always)]
    fn compute(&self, row: usize, [x]: [&[i32]; 1], out: &mut [i64]) {
        let half = self.half;
        let at = (self.start + row) * half;
        let (cosines, sines) = (&self.cosines[at..at + half], &self.sines[at..at + half]);
        for (x, out) in x.chunks_exact(2 * half).zip(out.chunks_exact_mut(2 * half)) {
            let (x, y) = x.split_at(half);
            let (out_x, out_y) = out.split_at_mut(half);
            let angles = cosines.iter().zip(sines);
            let out = out_x.iter_mut().zip(out_y);
            for (((out_x, out_y), (x, y)), (cosine, sine)) in out.zip(x.iter().zip(y)).zip(angles) {
                let (cosine, sine) = (i32::from(*cosine), i32::from(*sine));
                // Two products of 16 bits without their least, and a half: below 2^31.
                *out_x = i64::from((x * cosine - y * sine + (1 << 13)) >> 14);
                *out_y = i64::from((y * cosine + x * sine + (1 << 13)) >> 14);
            }
        }
    }
}

impl Worker<'_> {
    pub(super) fn rotate(&self, op: &Op, result: TensorId) -> Result<Matrix, Error> {
        let Op::Rotate { values, cosines, sines, heads } = *op else {
            return Err(Error::Unreachable { tensor: result });
        };
        let (cosines, sines) = (self.masters(cosines)?, self.masters(sines)?);
        let half = self.matrix(values)?.columns() / (2 * heads as usize);
        let start = self.span.start;
        self.each_row(result, [values], Rotation { cosines, sines, half, start })
    }
}
