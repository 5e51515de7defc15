//! The path of every machine.

use super::{Tile, PANEL};

pub(super) fn multiply(
    inputs: &[i16],
    columns: usize,
    first: usize,
    weights: &[i8],
    tile: &mut Tile,
) {
    for (pair, weights) in weights.chunks_exact(2 * PANEL).enumerate() {
        let at = first + 2 * pair;
        for (input, sums) in inputs.chunks_exact(columns).zip(tile.iter_mut()) {
            let (x, y) = (i32::from(input[at]), i32::from(input[at + 1]));
            for (sum, weights) in sums.iter_mut().zip(weights.chunks_exact(2)) {
                *sum += x * i32::from(weights[0]) + y * i32::from(weights[1]);
            }
        }
    }
}
