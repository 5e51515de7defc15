//! Results in floats as a few whole numbers, by which honest devices are told from others.
//!
//! Devices add in different orders, so that their results differ in the last digits. A fingerprint
//! keeps what a cheaper model would have to get right, and its numbers lie as far apart as the
//! results do.

use crate::model::{numbers, Decoder, ModelError, Piece};
use cairn_protocol::result::{Fingerprint, FINGERPRINT_VALUES};

/// How fingerprints are made, as a part of the engine's name. Another way has another name.
pub const FORM: &str = "fingerprint-1";

/// Tokens that are computed at once.
const ROWS: usize = 512;
/// A number of a fingerprint stands for one part of so many.
const PARTS: f64 = (1_u64 << 20) as f64;

/// What an embedding, or logits, come to. None where there are none, or one is not finite.
///
/// Each number is added to one of those of the fingerprint or taken from it, as its place says, so
/// that all of them count, and none has to be found again among near ones on another device.
pub fn of(result: &[f32]) -> Option<Fingerprint> {
    let count = result.len().min(FINGERPRINT_VALUES as usize);
    if count == 0 || result.iter().any(|number| !number.is_finite()) {
        return None;
    }
    let mut sums = vec![0.0; count];
    for (number, at) in result.iter().zip(0..) {
        let signed = if adds(at) { f64::from(*number) } else { -f64::from(*number) };
        sums[at as usize % count] += signed;
    }
    // As large as one of them, however many there are, since signs look random.
    let each = PARTS / (result.len().div_ceil(count) as f64).sqrt();
    // What is larger than is held is as large as is held.
    let values: Vec<i32> = sums.into_iter().map(|sum: f64| (sum * each).round() as i32).collect();
    values.try_into().ok().map(Fingerprint)
}

/// Logits after the last of some tokens, which are computed anew, whoever made them.
pub fn prefill(decoder: &Decoder, tokens: &[u32]) -> Result<Vec<f32>, ModelError> {
    let mut cache = decoder.cache();
    let mut logits = Err(ModelError::Nothing);
    for tokens in tokens.chunks(ROWS) {
        logits = decoder.advance(&mut [Piece { tokens, cache: &mut cache }]);
        if logits.is_err() {
            break;
        }
    }
    numbers(logits?)
}

/// Whether the number at a place is added: by the last bit of SplitMix64.
fn adds(at: u64) -> bool {
    let mut bits = at.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (bits ^ (bits >> 31)) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(result: &[f32]) -> Vec<i32> {
        of(result).expect("finite").0.into_inner()
    }

    #[test]
    fn fingerprint_should_be_none_when_there_is_nothing_to_compare() {
        assert_eq!(of(&[]), None);
        for number in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(of(&[1.0, number]), None);
        }
    }

    #[test]
    fn fingerprint_should_be_the_numbers_when_there_are_few() {
        // The third is taken off, as places say that all devices agree on.
        assert_eq!(values(&[0.5, -1.0, 0.25]), [1 << 19, -(1 << 20), -(1 << 18)]);
        let signs: Vec<u8> = (0..16).map(|at| adds(at).into()).collect();
        assert_eq!(signs, [1, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 0, 1]);
        // More than is held.
        assert_eq!(values(&[f32::MAX]), [i32::MAX]);
    }

    #[test]
    fn fingerprint_should_be_no_longer_and_no_larger_when_there_are_many() {
        let result: Vec<f32> = (0..64_000_u16).map(|at| f32::from(at % 7) - 3.0).collect();
        let values = values(&result);
        assert_eq!(values.len(), 64);
        let largest = values.iter().map(|value| value.unsigned_abs()).max();
        assert!(largest < Some(10 << 20), "{largest:?}");
    }

    proptest! {
        #[test]
        fn fingerprint_should_change_with_any_number_of_the_result(
            result in prop::collection::vec(-8.0_f32..8.0, 1..500),
            at: prop::sample::Index,
        ) {
            let mut other = result.clone();
            other[at.index(result.len())] += 1.0;
            let distance = |other: &[f32]| of(&result)?.distance(&of(other)?);
            prop_assert_eq!(distance(&result), Some(0));
            prop_assert!(distance(&other) > Some(0));
        }
    }
}
