use super::*;
use proptest::prelude::*;

fn drawn(temperature: f32, most: usize, share: f32) -> Sampling {
    Sampling::Drawn { temperature, most, share, seed: [7; 32] }
}

#[test]
fn choose_should_take_the_lower_when_logits_are_equal() {
    assert_eq!(Sampling::Greedy.choose(&[0.5, 2.0, 2.0, -1.0], 3), Some(1));
    assert_eq!(drawn(1.0, 1, 1.0).choose(&[0.5, 2.0, 2.0, -1.0], 3), Some(1));
}

#[test]
fn choose_should_take_nothing_when_a_logit_is_not_finite() {
    assert_eq!(Sampling::Greedy.choose(&[0.0, f32::NAN], 0), None);
    assert_eq!(drawn(1.0, 2, 1.0).choose(&[0.0, f32::INFINITY], 0), None);
}

#[test]
fn choose_should_take_only_the_likeliest_when_they_have_the_share() {
    // Shares of 0.64, 0.24, 0.09 and 0.03.
    let logits = [3.0, 2.0, 1.0, 0.0];
    for position in 0..500 {
        assert_eq!(drawn(1.0, 4, 0.6).choose(&logits, position), Some(0));
        assert!(drawn(1.0, 4, 0.8).choose(&logits, position).is_some_and(|token| token < 2));
        assert!(drawn(1.0, 3, 1.0).choose(&logits, position).is_some_and(|token| token < 3));
    }
}

#[test]
fn choose_should_draw_as_often_as_shares_say_when_drawn_often() {
    let logits = [0.0, 1.0, 2.0];
    for temperature in [0.5_f32, 1.0, 2.0] {
        let mut counts = [0_f64; 3];
        let draws = 20_000;
        for position in 0..draws {
            let token = drawn(temperature, 3, 1.0).choose(&logits, position).expect("finite");
            counts[token as usize] += 1.0 / draws as f64;
        }
        let weights = logits.map(|logit: f32| f64::from(logit / temperature).exp());
        let sum: f64 = weights.iter().sum();
        for (count, weight) in counts.iter().zip(weights) {
            assert!((count - weight / sum).abs() < 0.015, "{counts:?} at {temperature}");
        }
    }
}

/// The first bytes of ChaCha8's key stream for a key of zeros, as published with the
/// eSTREAM test vectors.
#[test]
fn uniform_should_be_the_start_of_the_published_stream_when_key_and_position_are_zero() {
    let first = u64::from_le_bytes([0x3e, 0x00, 0xef, 0x2f, 0x89, 0x5f, 0x40, 0xd6]);
    let expected = (first >> 11) as f64 / (1_u64 << 53) as f64;
    assert_eq!(uniform(&[0; 32], 0), expected);
}

#[test]
fn check_should_refuse_when_numbers_make_no_sense() {
    for temperature in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        let refused = drawn(temperature, 1, 1.0).check();
        assert!(matches!(refused, Err(GenerateError::Temperature(_))));
    }
    for share in [0.0, 1.5, f32::NAN] {
        assert!(matches!(drawn(1.0, 1, share).check(), Err(GenerateError::Share(_))));
    }
    assert_eq!(drawn(1.0, 0, 1.0).check(), Err(GenerateError::Most(0)));
    assert_eq!(drawn(0.7, 40, 0.9).check(), Ok(()));
}

proptest! {
    #[test]
    fn largest_should_be_the_start_of_the_order_when_only_some_are_wanted(
        logits in prop::collection::vec(-4_i8..4, 1..60),
        most in 1_usize..70,
    ) {
        let logits: Vec<f32> = logits.into_iter().map(f32::from).collect();
        let all = largest(&logits, logits.len());
        prop_assert_eq!(&largest(&logits, most)[..], &all[..most.min(all.len())]);
        let ordered = all.windows(2).all(|pair| {
            let [a, b] = [pair[0], pair[1]].map(|token| logits[token as usize]);
            a > b || (a == b && pair[0] < pair[1])
        });
        prop_assert!(ordered);
    }
}
