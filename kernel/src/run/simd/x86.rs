//! The paths of x86-64: the only unsafe code here.
//!
//! Each sums the same products as the plain path, and a sum of integers does not depend on its
//! order.

#![allow(unsafe_code)]

use super::{Path, Weight, Work, ROWS};
use core::arch::x86_64::*;

/// Does work compiled for these instructions, or gives it back where the machine has not got them.
#[inline]
pub(super) fn apply<W: Work>(path: Path, work: W) -> Result<W::Made, W> {
    match path {
        // SAFETY: the machine has the instructions.
        Path::Vnni if path.is_there() => Ok(unsafe { vnni_work(work) }),
        // SAFETY: the machine has the instructions.
        Path::Avx2 if path.is_there() => Ok(unsafe { avx2_work(work) }),
        _ => Err(work),
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,bmi1,bmi2,lzcnt")]
fn vnni_work<W: Work>(work: W) -> W::Made {
    work.work()
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
fn avx2_work<W: Work>(work: W) -> W::Made {
    work.work()
}

/// Says whether it was done: not where there are fewer numbers than there should be, nor where the
/// machine has not got what it takes.
pub(super) fn multiply<W: Weight>(
    path: Path,
    inputs: &[[i16; 2]],
    rows: usize,
    weights: &[W],
    tile: &mut [i32],
) -> bool {
    let pairs = weights.len() / (2 * W::PANEL);
    let fits = (1..=ROWS).contains(&rows)
        && inputs.len() >= pairs * rows
        && tile.len() >= rows * W::PANEL
        && W::PANEL == if size_of::<W>() == 1 { 48 } else { 32 };
    if !fits || !path.is_there() {
        return false;
    }
    let (inputs, weights) = (inputs.as_ptr().cast(), weights.as_ptr().cast());
    let run = match (path, size_of::<W>()) {
        (Path::Vnni, 1) => VNNI_BYTES[rows - 1],
        (Path::Vnni, _) => VNNI_WORDS[rows - 1],
        (_, 1) => avx2_rows::<3, false>,
        _ => avx2_rows::<2, true>,
    };
    // SAFETY: the machine has the instructions; there are `pairs` times as many inputs as rows,
    // weights for so many pairs of columns of a panel, and room for a panel for each row. Weights
    // are i8 or i16, as `Weight` is implemented for nothing else.
    unsafe { run(inputs, rows, weights, pairs, tile.as_mut_ptr()) };
    true
}

/// Pairs of inputs, rows of them, weights, pairs of weights, sums.
type Run = unsafe fn(*const i32, usize, *const u8, usize, *mut i32);

const VNNI_BYTES: [Run; ROWS] = [
    vnni::<1, 3, false>,
    vnni::<2, 3, false>,
    vnni::<3, 3, false>,
    vnni::<4, 3, false>,
    vnni::<5, 3, false>,
    vnni::<6, 3, false>,
    vnni::<7, 3, false>,
    vnni::<8, 3, false>,
];

const VNNI_WORDS: [Run; ROWS] = [
    vnni::<1, 2, true>,
    vnni::<2, 2, true>,
    vnni::<3, 2, true>,
    vnni::<4, 2, true>,
    vnni::<5, 2, true>,
    vnni::<6, 2, true>,
    vnni::<7, 2, true>,
    vnni::<8, 2, true>,
];

/// A panel is `N` times sixteen rows, of i16 if `WIDE` and else of i8.
///
/// # Safety
///
/// The machine has AVX-512 F, BW and VNNI. There are `pairs` times `R` inputs, weights for so many
/// pairs of columns of a panel, and room for the sums of `R` panels.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn vnni<const R: usize, const N: usize, const WIDE: bool>(
    inputs: *const i32,
    _rows: usize,
    weights: *const u8,
    pairs: usize,
    tile: *mut i32,
) {
    let size = if WIDE { 64 } else { 32 };
    let mut sums = [[_mm512_setzero_si512(); N]; R];
    for pair in 0..pairs {
        let mut wide = [_mm512_setzero_si512(); N];
        for (part, wide) in wide.iter_mut().enumerate() {
            let at = weights.add((pair * N + part) * size);
            *wide = if WIDE {
                _mm512_loadu_si512(at.cast())
            } else {
                _mm512_cvtepi8_epi16(_mm256_loadu_si256(at.cast()))
            };
        }
        for (row, sums) in sums.iter_mut().enumerate() {
            let input = _mm512_set1_epi32(inputs.add(pair * R + row).read_unaligned());
            for (sum, wide) in sums.iter_mut().zip(wide) {
                *sum = _mm512_dpwssd_epi32(*sum, input, wide);
            }
        }
    }
    for (at, sum) in sums.as_flattened().iter().enumerate() {
        _mm512_storeu_si512(tile.add(16 * at).cast(), *sum);
    }
}

/// # Safety
///
/// The machine has AVX2. There are `pairs` times `rows` inputs, weights for so many pairs of
/// columns of a panel, and room for the sums of `rows` panels.
#[target_feature(enable = "avx2")]
unsafe fn avx2_rows<const N: usize, const WIDE: bool>(
    inputs: *const i32,
    rows: usize,
    weights: *const u8,
    pairs: usize,
    tile: *mut i32,
) {
    // Four rows at a time, as there are half as many registers, and half as wide.
    for first in (0..rows).step_by(4) {
        let (inputs, tile) = (inputs.add(first), tile.add(first * 16 * N));
        match rows - first {
            1 => avx2::<1, N, WIDE>(inputs, rows, weights, pairs, tile),
            2 => avx2::<2, N, WIDE>(inputs, rows, weights, pairs, tile),
            3 => avx2::<3, N, WIDE>(inputs, rows, weights, pairs, tile),
            _ => avx2::<4, N, WIDE>(inputs, rows, weights, pairs, tile),
        }
    }
}

/// A panel is `N` times sixteen rows, of i16 if `WIDE` and else of i8.
///
/// # Safety
///
/// The machine has AVX2. There are `pairs` times `R` inputs, `rows` from pair to pair, weights for
/// so many pairs of columns of a panel, and room for the sums of `R` panels.
#[target_feature(enable = "avx2")]
unsafe fn avx2<const R: usize, const N: usize, const WIDE: bool>(
    inputs: *const i32,
    rows: usize,
    weights: *const u8,
    pairs: usize,
    tile: *mut i32,
) {
    let size = if WIDE { 32 } else { 16 };
    for part in 0..N {
        let mut sums = [[_mm256_setzero_si256(); 2]; R];
        for pair in 0..pairs {
            let mut wide = [_mm256_setzero_si256(); 2];
            for (half, wide) in wide.iter_mut().enumerate() {
                let at = weights.add(((pair * N + part) * 2 + half) * size);
                *wide = if WIDE {
                    _mm256_loadu_si256(at.cast())
                } else {
                    _mm256_cvtepi8_epi16(_mm_loadu_si128(at.cast()))
                };
            }
            for (row, sums) in sums.iter_mut().enumerate() {
                let input = _mm256_set1_epi32(inputs.add(pair * rows + row).read_unaligned());
                for (sum, wide) in sums.iter_mut().zip(wide) {
                    *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(input, wide));
                }
            }
        }
        for (row, sums) in sums.into_iter().enumerate() {
            for (half, sum) in sums.into_iter().enumerate() {
                let at = tile.add(row * 16 * N + 16 * part + 8 * half);
                _mm256_storeu_si256(at.cast(), sum);
            }
        }
    }
}
