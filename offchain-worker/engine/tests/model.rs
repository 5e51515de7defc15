//! What models refuse, and that sequences computed together do not meet.

mod common;

use burn::tensor::{Int, Tensor, TensorData};
use cairn_engine::{
    config::{ConfigError, DecoderConfig, ExpertsConfig, Scaling},
    import,
    model::{Decoder, ModelError, Piece, Segment},
};
use common::{device, fixture, off, TOLERANCE};

fn floats<const D: usize>(values: Tensor<D>) -> Vec<f32> {
    values.try_into_vec_as::<f32>().expect("on this machine")
}

fn advance(decoder: &Decoder, pieces: &mut [Piece<'_>]) -> Result<Vec<f32>, ModelError> {
    decoder.advance(pieces).map(floats)
}

#[test]
fn logits_should_be_the_same_when_sequences_are_computed_as_one_batch() {
    for name in ["llama", "qwen3_moe"] {
        let decoder = import::decoder(&fixture(name), &device()).expect("supported");
        let tokens: Vec<u32> = (0..30).map(|n| 3 + n * n % 57).collect();
        let given: Vec<i32> = tokens.iter().map(|token| *token as i32).collect();
        let batch: Tensor<2, Int> = Tensor::from_data(TensorData::new(given, [3, 10]), &device());
        let logits = floats(decoder.forward(batch).expect("it fits"));
        let vocabulary = decoder.config().vocabulary;
        for (tokens, logits) in tokens.chunks(10).zip(logits.chunks(10 * vocabulary)) {
            let mut cache = decoder.cache();
            let piece = Piece { tokens, cache: &mut cache };
            let last = advance(&decoder, &mut [piece]).expect("it fits");
            assert!(off(name, &last, &logits[9 * vocabulary..]) < TOLERANCE);
        }
    }
}

#[test]
fn caches_should_be_as_they_were_when_one_piece_of_several_is_refused() {
    let decoder = import::decoder(&fixture("llama"), &device()).expect("supported");
    let (mut first, mut second) = (decoder.cache(), decoder.cache());
    let mut one = [Piece { tokens: &[5, 6], cache: &mut first }];
    let expected = advance(&decoder, &mut one).expect("it fits");
    for (tokens, error) in [
        (&[4, 160][..], ModelError::Token { token: 160, at: 1, below: 160 }),
        (&[][..], ModelError::Length { before: 0, more: 0, most: 64 }),
        (&[1; 65][..], ModelError::Length { before: 0, more: 65, most: 64 }),
    ] {
        let mut pieces =
            [Piece { tokens: &[7], cache: &mut first }, Piece { tokens, cache: &mut second }];
        assert_eq!(advance(&decoder, &mut pieces), Err(error));
        assert_eq!((first.length(), second.length()), (2, 0));
    }
    assert_eq!(advance(&decoder, &mut []), Err(ModelError::Nothing));
    let mut one = [Piece { tokens: &[5, 6], cache: &mut second }];
    assert_eq!(advance(&decoder, &mut one), Ok(expected));
}

#[test]
fn advance_should_refuse_when_a_cache_is_of_another_model() {
    let decoder = import::decoder(&fixture("llama"), &device()).expect("supported");
    let config = DecoderConfig { layers: 3, ..decoder.config().clone() };
    let other = Decoder::new(&config, &device()).expect("a fit shape");
    let mut cache = other.cache();
    let mut pieces = [Piece { tokens: &[5], cache: &mut cache }];
    assert_eq!(advance(&decoder, &mut pieces), Err(ModelError::Cache { need: 2, have: 3 }));
}

#[test]
fn encoder_should_refuse_when_a_text_does_not_fit() {
    let encoder = import::encoder(&fixture("bert"), &device()).expect("supported");
    let refused = |tokens: &[u32], types: &[u32]| {
        encoder.embed(&[Segment { tokens: &[5, 6], types: &[] }, Segment { tokens, types }]).err()
    };
    assert_eq!(encoder.embed(&[]).err(), Some(ModelError::Nothing));
    let length = |more| Some(ModelError::Length { before: 0, more, most: 48 });
    assert_eq!(refused(&[], &[]), length(0));
    assert_eq!(refused(&[4; 49], &[]), length(49));
    let token = ModelError::Token { token: 128, at: 0, below: 128 };
    assert_eq!(refused(&[128], &[]), Some(token));
    assert_eq!(refused(&[9, 9], &[0]), Some(ModelError::Kinds { need: 2, have: 1 }));
    let kind = ModelError::Kind { kind: 2, at: 1, below: 2 };
    assert_eq!(refused(&[9, 9], &[0, 2]), Some(kind));
}

#[test]
fn decoder_should_be_refused_when_more_experts_are_chosen_than_there_are() {
    let decoder = import::decoder(&fixture("qwen3_moe"), &device()).expect("supported");
    let experts = Some(ExpertsConfig { count: 2, chosen: 3, all: false });
    let config = DecoderConfig { experts, ..decoder.config().clone() };
    let refused = Decoder::new(&config, &device()).expect_err("no such shape");
    assert!(refused.to_string().contains("chosen experts is 3"), "{refused}");
}

#[test]
fn decoder_should_be_refused_when_positions_are_scaled_by_what_is_none() {
    let decoder = import::decoder(&fixture("llama3"), &device()).expect("supported");
    let fit = decoder.config().scaling.expect("it is scaled");
    let refused = |scaling: Scaling| {
        let config = DecoderConfig { scaling: Some(scaling), ..decoder.config().clone() };
        Decoder::new(&config, &device()).expect_err("no such shape")
    };
    for number in [f64::NAN, f64::INFINITY, 0.0, -8.0] {
        for scaling in [
            Scaling { factor: number, ..fit },
            Scaling { low: number, ..fit },
            Scaling { high: number, ..fit },
        ] {
            let error = refused(scaling);
            assert!(matches!(error, ConfigError::Positive { .. }), "{scaling:?}: {error}");
        }
    }
    for (low, high) in [(4.0, 4.0), (4.0, 1.0)] {
        let error = refused(Scaling { low, high, ..fit });
        assert!(matches!(error, ConfigError::Below { .. }), "{error}");
    }
    let error = refused(Scaling { original: 0, ..fit });
    assert!(matches!(error, ConfigError::Range { .. }), "{error}");
}
