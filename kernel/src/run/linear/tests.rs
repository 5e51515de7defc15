use super::*;
use crate::testing::Random;

fn exact(inputs: &[i16], weights: &[i8], columns: usize) -> Vec<i64> {
    let dot = |input: &[i16], weights: &[i8]| {
        input.iter().zip(weights).map(|(x, w)| i64::from(*x) * i64::from(*w)).sum()
    };
    let rows = inputs.chunks_exact(columns);
    rows.flat_map(|input| weights.chunks_exact(columns).map(move |w| dot(input, w))).collect()
}

/// All inner products, tile by tile, of at most so many pairs of columns at once.
fn product(packed: &Packed<'_>, inputs: &[i16], pairs: usize) -> Vec<i64> {
    let mut sums = Vec::new();
    for rows in inputs.chunks(ROWS * packed.columns) {
        let mut tile = Inputs::default();
        tile.fill(packed.columns, rows.chunks_exact(packed.columns)).unwrap();
        let mut made = vec![Vec::new(); tile.rows()];
        for panel in 0..packed.panels() {
            packed.multiply(panel, &tile, pairs, |sums| match sums {
                Sums::Narrow(sums) => {
                    let wide = sums.iter().map(|row| row.map(i64::from));
                    made.iter_mut().zip(wide).for_each(|(made, row)| made.extend(row));
                }
                Sums::Wide(sums) => {
                    made.iter_mut().zip(sums).for_each(|(made, row)| made.extend(row));
                }
            });
        }
        sums.extend(made.iter().flat_map(|row| &row[..packed.outputs]));
    }
    sums
}

fn compare(inputs: &[i16], weights: &[i8], columns: usize) {
    let need = exact(inputs, weights, columns);
    for path in Path::ALL.into_iter().filter(Path::is_there) {
        let packed = Packed::of_weights(weights, columns, path);
        for pairs in [1, 7, 258, usize::MAX] {
            let have = product(&packed, inputs, pairs);
            assert_eq!(have, need, "{path:?}, {columns} columns, {pairs} pairs");
        }
    }
}

#[test]
fn multiply_should_be_exact_when_all_is_at_its_most() {
    for columns in [1, 2, 511, 512, 513, 516, 517, 2_065] {
        for (x, w) in [(32_767, 127), (-32_767, 127), (32_767, -127), (-32_767, -127)] {
            compare(&vec![x; 9 * columns], &vec![w; 49 * columns], columns);
        }
    }
}

#[test]
fn multiply_should_be_exact_when_any() {
    let mut random = Random(1);
    for _ in 0..400 {
        let columns = random.from(1, 700) as usize;
        let (rows, outputs) = (random.from(1, 40) as usize, random.from(1, 130) as usize);
        let inputs = random.numbers((-32_767, 32_767), rows * columns);
        let weights = random.numbers((-127, 127), outputs * columns);
        let inputs: Vec<_> = inputs.into_iter().map(|x| x as i16).collect();
        let weights: Vec<_> = weights.into_iter().map(|w| w as i8).collect();
        compare(&inputs, &weights, columns);
    }
}

#[test]
fn full_should_end_before_a_sum_can_be_too_large() {
    let panel = vec![-127i8; 2 * PANEL * 600];
    let ends = full(&panel);
    assert_eq!(ends, [258, 516, 600]);
    assert!(258 * 2 * 127 * 32_767 < i64::from(i32::MAX) && 259 * 2 * 127 * 32_767 > 1i64 << 31);
}

#[test]
fn full_should_end_where_pair_by_pair_it_would_when_any() {
    let mut random = Random(2);
    for _ in 0..60 {
        let pairs = random.from(0, 900) as usize;
        let panel = random.numbers((-127, 127), 2 * PANEL * pairs);
        let panel: Vec<_> = panel.into_iter().map(|w| w as i8).collect();
        let (mut ends, mut held) = (Vec::new(), [0; PANEL]);
        for (pair, weights) in panel.chunks(2 * PANEL).enumerate() {
            let more = absolute(weights);
            if (0..PANEL).any(|row| held[row] + more[row] > FULL) {
                ends.push(pair);
                held = [0; PANEL];
            }
            (0..PANEL).for_each(|row| held[row] += more[row]);
        }
        ends.push(pairs);
        assert_eq!(full(&panel), ends);
    }
}

#[test]
fn pack_should_be_as_long_as_said_when_any() {
    for (rows, columns) in [(1, 1), (47, 3), (48, 2), (49, 2), (96, 5), (100, 1)] {
        let masters = vec![256; (rows * columns) as usize];
        let packed = pack(&masters, columns as usize);
        assert_eq!(packed.len() as u64, packed_len(rows, columns));
        assert_eq!(packed.iter().map(|w| i64::from(*w)).sum::<i64>(), masters.len() as i64);
    }
}

#[test]
fn pack_should_keep_its_order_when_its_number_is_1() {
    let (rows, columns) = (100, 5);
    let number = |row: usize, column: usize| (row + column) as i8;
    let all = (0..rows).flat_map(|row| (0..columns).map(move |column| number(row, column)));
    let masters: Vec<_> = all.map(|weight| i16::from(weight) << 8).collect();
    let packed = pack(&masters, columns);
    assert_eq!(PACKING, 1);
    let wide = columns + 1;
    for (at, have) in packed.into_iter().enumerate() {
        let (panel, rest) = (at / (48 * wide), at % (48 * wide));
        let (row, column) = (48 * panel + rest % 96 / 2, rest / 96 * 2 + rest % 2);
        let there = row < rows && column < columns;
        assert_eq!(have, if there { number(row, column) } else { 0 }, "{row} {column}");
    }
}
