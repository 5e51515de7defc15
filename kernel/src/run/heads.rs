//! Operators over heads.

use super::{matrix::filled, state::Kept, step::Worker, Error, Matrix};
use crate::{
    num::{round, Scale},
    program::{Op, TensorId},
    sample::power,
};
use alloc::vec::Vec;

impl Worker<'_> {
    pub(super) fn rotate(&self, op: &Op, result: TensorId) -> Result<Matrix, Error> {
        let Op::Rotate { values, cosines, sines, heads } = *op else {
            return Err(Error::Unreachable { tensor: result });
        };
        let (cosines, sines) = (self.masters(cosines)?, self.masters(sines)?);
        let half = self.matrix(values)?.columns() / (2 * heads as usize);
        self.each_row(result, [values], |row, [x], out| {
            let at = (self.span.start + row) * half;
            let (cosines, sines) = (&cosines[at..at + half], &sines[at..at + half]);
            for (x, out) in x.chunks_exact(2 * half).zip(out.chunks_exact_mut(2 * half)) {
                let (x, y) = x.split_at(half);
                let (out_x, out_y) = out.split_at_mut(half);
                for c in 0..half {
                    let (x, y) = (i64::from(x[c]), i64::from(y[c]));
                    let (cosine, sine) = (i64::from(cosines[c]), i64::from(sines[c]));
                    out_x[c] = round(x * cosine - y * sine, 14);
                    out_y[c] = round(y * cosine + x * sine, 14);
                }
            }
        })
    }

    pub(super) fn attention(
        &self,
        op: &Op,
        result: TensorId,
        kept: &mut Kept,
    ) -> Result<Matrix, Error> {
        let Op::Attention { queries, keys, values, scale, heads, groups, fraction, causal } = *op
        else {
            return Err(Error::Unreachable { tensor: result });
        };
        let (new_keys, new_values) = (self.narrow(keys)?, self.narrow(values)?);
        let (all_keys, all_values) = match kept {
            Kept::Heads { keys, values } => {
                append(result, keys, new_keys)?;
                append(result, values, new_values)?;
                (keys.as_slice(), values.as_slice())
            }
            _ => (new_keys, new_values),
        };
        let head = self.matrix(queries)?.columns() / heads as usize;
        let stride = head * groups as usize;
        let shared = (heads / groups) as usize;
        let (mut made, bits) = self.blank(result)?;
        let mut attention = Attention {
            scale,
            fraction: fraction.into(),
            stride,
            scores: filled(all_keys.len() / stride).ok_or(Error::Memory { tensor: result })?,
        };
        let mut out = self.sums(result, made.columns())?;
        for (row, query) in self.narrow(queries)?.chunks_exact(made.columns()).enumerate() {
            let seen = if causal { self.span.start + row + 1 } else { self.span.rows };
            let (keys, values) = (&all_keys[..seen * stride], &all_values[..seen * stride]);
            let heads = query.chunks_exact(head).zip(out.chunks_exact_mut(head));
            for (a, (query, out)) in heads.enumerate() {
                let start = a / shared * head;
                attention.compute(query, &keys[start..], &values[start..], out);
            }
            made.store(row, &out, bits);
        }
        Ok(made)
    }
}

fn append(result: TensorId, old: &mut Vec<i16>, new: &[i16]) -> Result<(), Error> {
    old.try_reserve(new.len()).map_err(|_| Error::Memory { tensor: result })?;
    old.extend_from_slice(new);
    Ok(())
}

struct Attention {
    scale: Scale,
    fraction: u32,
    /// From a row of keys or values to the next.
    stride: usize,
    scores: Vec<i32>,
}

impl Attention {
    /// What one head of one row sees; keys and values start at the head's first column.
    fn compute(&mut self, query: &[i16], keys: &[i16], values: &[i16], out: &mut [i64]) {
        let head = query.len();
        let mut largest = i32::MIN;
        let mut seen = 0;
        for (score, key) in self.scores.iter_mut().zip(keys.chunks(self.stride)) {
            // Twelve bits each, and no more than 2^8 of them: below 2^30.
            *score = query.iter().zip(key).map(|(x, y)| i32::from(*x) * i32::from(*y)).sum();
            largest = largest.max(*score);
            seen += 1;
        }
        out.fill(0);
        let mut whole = 0;
        for (score, value) in self.scores[..seen].iter().zip(values.chunks(self.stride)) {
            let power = power(i64::from(largest) - i64::from(*score), self.scale);
            whole += power;
            if power > 0 {
                for (sum, z) in out.iter_mut().zip(&value[..head]) {
                    *sum += i64::from(power as i32 * i32::from(*z));
                }
            }
        }
        // The largest score has a power, so the whole is not zero.
        let inverse = (1i64 << 47) / whole.max(1);
        for sum in out {
            *sum = round(*sum * inverse, 47 - self.fraction);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{MOST_FRACTION, MOST_HEAD, MOST_ROWS};

    #[test]
    fn attention_should_stay_within_64_bits_when_all_is_at_its_most() {
        let seen = MOST_ROWS as usize;
        for (key, value) in [(2_047, 2_047), (-2_047, -2_047), (0, 2_047)] {
            let mut attention = Attention {
                scale: Scale { multiplier: u16::MAX, shift: 1 },
                fraction: MOST_FRACTION.into(),
                stride: 1,
                scores: vec![0; seen],
            };
            let mut out = [0];
            attention.compute(&[2_047], &vec![key; seen], &vec![value; seen], &mut out);
            // ⌊2^47 / L⌋ is 2^15 and rounded down for the longest sequence.
            let (have, need) = (out[0], i64::from(value) << MOST_FRACTION);
            assert!(have.abs() <= need.abs() && (have - need).abs() <= 1, "{have} {need}");
        }
    }

    #[test]
    fn scores_should_fit_32_bits_when_a_head_has_its_most_columns() {
        let head = MOST_HEAD as usize;
        let mut attention = Attention {
            scale: Scale { multiplier: u16::MAX, shift: 1 },
            fraction: 0,
            stride: head,
            scores: vec![0; 2],
        };
        let keys = [vec![2_047; head], vec![-2_047; head]].concat();
        let values = [vec![5; head], vec![-5; head]].concat();
        let mut out = vec![0; head];
        attention.compute(&vec![2_047; head], &keys, &values, &mut out);
        assert_eq!(out, vec![5; head]);
        assert_eq!(attention.scores, [1_072_693_504, -1_072_693_504]);
    }
}
