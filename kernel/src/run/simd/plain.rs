//! The path of every machine.

use super::Weight;

pub(super) fn multiply<W: Weight>(
    inputs: &[[i16; 2]],
    rows: usize,
    weights: &[W],
    tile: &mut [i32],
) {
    tile[..rows * W::PANEL].fill(0);
    for (inputs, weights) in inputs.chunks_exact(rows).zip(weights.chunks_exact(2 * W::PANEL)) {
        for (input, sums) in inputs.iter().zip(tile.chunks_exact_mut(W::PANEL)) {
            let [x, y] = input.map(i32::from);
            for (sum, weights) in sums.iter_mut().zip(weights.as_chunks::<2>().0) {
                let [w, v] = weights.map(Into::into);
                *sum += x * w + y * v;
            }
        }
    }
}
