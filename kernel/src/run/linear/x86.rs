//! The paths of x86-64: the only unsafe code here.
//!
//! Each sums the same products as the plain path, and a sum of integers does not depend on its
//! order.

#![allow(unsafe_code)]

use super::{Path, Tile, PANEL, ROWS};
use core::arch::x86_64::*;

/// Says whether it was done: not where rows are shorter than they should be, nor where the machine
/// has not got what it takes.
pub(super) fn multiply(
    path: Path,
    inputs: &[i16],
    columns: usize,
    first: usize,
    weights: &[i8],
    tile: &mut Tile,
) -> bool {
    let pairs = weights.len() / (2 * PANEL);
    let rows = inputs.len() / columns.max(1);
    if !path.is_there() || rows > ROWS || first + 2 * pairs > columns {
        return false;
    }
    // SAFETY: the machine has the instructions; each of the rows, `columns` numbers apart, has
    // `2 * pairs` of them from `first` on; there are `2 * PANEL * pairs` weights.
    unsafe {
        let input = inputs.as_ptr().wrapping_add(first);
        let run = match path {
            Path::Vnni => vnni_rows(rows),
            _ => avx2_rows(rows),
        };
        run(input, columns, weights.as_ptr(), pairs, tile);
    }
    true
}

/// Inputs, numbers from row to row, weights, pairs, sums.
type Run = unsafe fn(*const i16, usize, *const i8, usize, &mut Tile);

fn vnni_rows(rows: usize) -> Run {
    match rows {
        1 => vnni::<1>,
        2 => vnni::<2>,
        3 => vnni::<3>,
        4 => vnni::<4>,
        5 => vnni::<5>,
        6 => vnni::<6>,
        7 => vnni::<7>,
        _ => vnni::<8>,
    }
}

fn avx2_rows(rows: usize) -> Run {
    match rows {
        1 => avx2::<1>,
        2 => avx2::<2>,
        3 => avx2::<3>,
        4 => avx2::<4>,
        5 => avx2::<5>,
        6 => avx2::<6>,
        7 => avx2::<7>,
        _ => avx2::<8>,
    }
}

/// # Safety
///
/// The machine has AVX-512 F, BW and VNNI. Each of `R` rows, `stride` numbers apart, has
/// `2 * pairs` of them, and there are `2 * PANEL * pairs` weights.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn vnni<const R: usize>(
    inputs: *const i16,
    stride: usize,
    weights: *const i8,
    pairs: usize,
    tile: &mut Tile,
) {
    let mut sums = [[_mm512_setzero_si512(); 3]; R];
    for pair in 0..pairs {
        let at = weights.add(pair * 2 * PANEL);
        let wide = [
            _mm512_cvtepi8_epi16(_mm256_loadu_si256(at.cast())),
            _mm512_cvtepi8_epi16(_mm256_loadu_si256(at.add(32).cast())),
            _mm512_cvtepi8_epi16(_mm256_loadu_si256(at.add(64).cast())),
        ];
        for (row, sums) in sums.iter_mut().enumerate() {
            let input = inputs.add(row * stride + 2 * pair).cast::<i32>().read_unaligned();
            let input = _mm512_set1_epi32(input);
            for (sum, wide) in sums.iter_mut().zip(wide) {
                *sum = _mm512_dpwssd_epi32(*sum, input, wide);
            }
        }
    }
    for (tile, sums) in tile.iter_mut().zip(sums) {
        for (third, sum) in sums.into_iter().enumerate() {
            _mm512_storeu_si512(tile.as_mut_ptr().add(16 * third).cast(), sum);
        }
    }
}

/// # Safety
///
/// The machine has AVX2. Each of `R` rows, `stride` numbers apart, has `2 * pairs` of them, and
/// there are `2 * PANEL * pairs` weights.
#[target_feature(enable = "avx2")]
unsafe fn avx2<const R: usize>(
    inputs: *const i16,
    stride: usize,
    weights: *const i8,
    pairs: usize,
    tile: &mut Tile,
) {
    // A third of the panel at a time: there are half as many registers, and half as wide.
    for third in 0..3 {
        let mut sums = [[_mm256_setzero_si256(); 2]; R];
        for pair in 0..pairs {
            let at = weights.add(pair * 2 * PANEL + 32 * third);
            let wide = [
                _mm256_cvtepi8_epi16(_mm_loadu_si128(at.cast())),
                _mm256_cvtepi8_epi16(_mm_loadu_si128(at.add(16).cast())),
            ];
            for (row, sums) in sums.iter_mut().enumerate() {
                let input = inputs.add(row * stride + 2 * pair).cast::<i32>().read_unaligned();
                let input = _mm256_set1_epi32(input);
                for (sum, wide) in sums.iter_mut().zip(wide) {
                    *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(input, wide));
                }
            }
        }
        for (tile, sums) in tile.iter_mut().zip(sums) {
            for (half, sum) in sums.into_iter().enumerate() {
                let at = tile.as_mut_ptr().add(16 * third + 8 * half);
                _mm256_storeu_si256(at.cast(), sum);
            }
        }
    }
}
