use super::*;
use crate::{
    id::{ContentId, File},
    learning::source::Generator,
    spec::Records,
};
use num_bigint::BigUint;
use proptest::prelude::*;

fn set(count: u64) -> Source {
    let file = File { id: ContentId([1; 32]), bytes: count * 8 };
    Source::Records(Records { file, record_bytes: 8 })
}

fn generator(count: u64) -> Source {
    let module = File { id: ContentId([1; 32]), bytes: 9 };
    Source::Generator(Generator { module, record_bytes: 8, fuel: 1, count })
}

#[test]
fn size_should_be_what_sees_the_threshold_at_four_deviations() {
    // Deviations of a tenth, and a threshold of a hundredth: 16 · 0.01 / 0.0001.
    assert_eq!(size(10_000, 10_000, MOST, u64::MAX), Some(1_600));
    assert_eq!(size(10_001, 10_000, MOST, u64::MAX), Some(1_601));
    assert_eq!(size(10_000, 10_000, 1_000, u64::MAX), Some(1_000));
    // The whole set where that is smaller.
    assert_eq!(size(10_000, 10_000, MOST, 900), Some(900));
    assert_eq!(size(0, 10_000, MOST, 900), Some(LEAST));
    assert_eq!(size(10_000, 10_000, 5, 900), Some(LEAST));
    assert_eq!(size(0, 10_000, MOST, 64), Some(64));
    assert_eq!(size(0, 10_000, MOST, 63), None);
    assert_eq!(size(u64::MAX, 1, u32::MAX, u64::MAX), Some(MOST));
    assert_eq!(size(1, 0, MOST, u64::MAX), Some(MOST));
}

/// They are consensus, and change with the encoding of a lot.
#[test]
fn records_should_stay_what_they_are() {
    assert_eq!(records(&set(1_000), 8, &[7; 32]), [137, 151, 229, 234, 462, 912, 926, 950]);
    assert_eq!(records(&generator(1_000), 5, &[7; 32]), [0, 1, 2, 3, 4]);
}

/// Each record is drawn about as often as any other.
#[test]
fn records_should_be_drawn_evenly() {
    let mut drawn = [0u32; 20];
    for first in 0..2_000u16 {
        let mut seed = [0; 32];
        seed[..2].copy_from_slice(&first.to_le_bytes());
        for record in records(&set(20), 5, &seed) {
            drawn[record as usize] += 1;
        }
    }
    // 500 times on average, with deviations of about 19.
    assert!(drawn.iter().all(|times| times.abs_diff(500) < 100), "{drawn:?}");
}

proptest! {
    #[test]
    fn size_should_be_rounded_up_within_its_bounds(
        variance: u64, threshold in 1..=WHOLE, most: u32, count in 64..=u64::MAX,
    ) {
        let square = BigUint::from(threshold).pow(2);
        let enough = (BigUint::from(variance) * 16_000_000u64 + &square - 1u32) / square;
        let bounded = enough.clamp(64u32.into(), most.clamp(LEAST, MOST).into());
        let expected = bounded.min(count.into());
        prop_assert_eq!(size(variance, threshold, most, count).map(BigUint::from), Some(expected));
    }

    #[test]
    fn records_should_be_different_and_in_order(
        there_are in 0..5_000u64, count in 0..=MOST + 9, seed: [u8; 32], generated: bool,
    ) {
        let source = if generated { generator(there_are) } else { set(there_are) };
        let drawn = records(&source, count, &seed);
        prop_assert_eq!(drawn.len() as u64, u64::from(count).min(there_are));
        prop_assert!(drawn.iter().all(|record| *record < there_are));
        prop_assert!(drawn.is_sorted_by(|one, next| one < next));
    }
}
