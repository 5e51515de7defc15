use super::*;
use crate::{
    check::{MOST_FRACTION, MOST_HEAD, MOST_ROWS},
    run::Path,
};

fn shape(head: usize, seen: usize) -> Shape {
    Shape {
        scale: Scale { multiplier: u16::MAX, shift: 1 },
        fraction: MOST_FRACTION.into(),
        bits: 16,
        head,
        heads: 1,
        groups: 1,
        start: 0,
        seen,
        causal: false,
        tiling: Tiling::USUAL,
    }
}

/// What one head of one row comes to, whichever way it is computed.
fn mean(shape: &Shape, read: &Read<'_>) -> Vec<i16> {
    let mut means = Vec::new();
    for full in [2, 6, 32] {
        let shape = &Shape { tiling: Tiling { full, ..Tiling::USUAL }, ..*shape };
        for path in Path::ALL.into_iter().filter(Path::is_there) {
            let mut made = vec![0; shape.head];
            few::compute(path, shape, read, &mut [Out { query: 0, numbers: &mut made }]).unwrap();
            means.push(made.clone());
            let mut packed = many::Packed::default();
            packed.fill(path, shape, read, 0).unwrap();
            let mut out = [Out { query: 0, numbers: &mut made }];
            many::compute(path, shape, read, &packed, &mut out).unwrap();
            means.push(made);
        }
    }
    let first = means.pop().unwrap();
    assert!(means.iter().all(|made| *made == first));
    first
}

#[test]
fn attention_should_stay_within_its_sums_when_all_is_at_its_most() {
    let seen = MOST_ROWS as usize;
    for (key, value) in [(2_047, 2_047), (-2_047, -2_047), (0, 2_047)] {
        let (keys, values) = (vec![key; seen], vec![value; seen]);
        let have = mean(&shape(1, seen), &Read { queries: &[2_047], keys: &keys, values: &values });
        // ⌊2^47 / L⌋ is 2^15 and rounded down for the longest sequence.
        let (have, need) = (i32::from(have[0]), i32::from(value) << MOST_FRACTION);
        assert!(have.abs() <= need.abs() && (have - need).abs() <= 1, "{have} {need}");
    }
}

#[test]
fn scores_should_fit_32_bits_when_a_head_has_its_most_columns() {
    let head = MOST_HEAD as usize;
    let keys = [vec![2_047; head], vec![-2_047; head]].concat();
    let values = [vec![5; head], vec![-5; head]].concat();
    let read = Read { queries: &vec![2_047; head], keys: &keys, values: &values };
    assert_eq!(mean(&Shape { fraction: 0, ..shape(head, 2) }, &read), vec![5; head]);
}
