//! Against what `transformers` computes with the same checkpoints.

mod common;

use burn::tensor::{Int, Tensor, TensorData};
use cairn_engine::{
    embed::Embedder,
    generate::{Generation, Request, Sampling},
    import,
    model::{Decoder, Segment},
    tokens::Tokenizer,
};
use common::{device, first_rows, fixture, off, texts, whole, Reference, TOLERANCE};
use std::sync::Arc;

const DECODERS: [&str; 5] = ["llama", "llama3", "qwen3", "qwen3_moe", "qwen3_moe_all"];

fn decoder(name: &str) -> Decoder {
    import::decoder(&fixture(name), &device()).expect("the fixture is one that is supported")
}

fn batch(tokens: &[u32], count: usize) -> Tensor<2, Int> {
    let tokens: Vec<i32> = tokens.iter().map(|token| *token as i32).collect();
    let shape = [count, tokens.len() / count];
    Tensor::from_data(TensorData::new(tokens, shape), &device())
}

fn floats<const D: usize>(values: Tensor<D>) -> Vec<f32> {
    values.try_into_vec_as::<f32>().expect("f32")
}

#[test]
fn logits_should_be_those_of_transformers_when_a_sequence_is_computed_whole() {
    for name in DECODERS {
        let reference = Reference::of(name);
        let tokens = reference.tokens("tokens");
        let logits = decoder(name).forward(batch(&tokens, 1)).expect("it fits");
        assert!(off(name, &floats(logits), &reference.floats("logits")) < TOLERANCE);
    }
}

#[test]
fn logits_should_be_those_of_transformers_when_a_sequence_comes_piece_by_piece() {
    for name in DECODERS {
        let (reference, decoder) = (Reference::of(name), decoder(name));
        let tokens = reference.tokens("tokens");
        let expected = reference.floats("logits");
        let vocabulary = decoder.config().vocabulary;
        let mut cache = decoder.cache();
        for length in [5, 1, 1, 9, 8] {
            let from = cache.length();
            let tokens = &tokens[from..from + length];
            let mut pieces = [cairn_engine::model::Piece { tokens, cache: &mut cache }];
            let logits = floats(decoder.advance(&mut pieces).expect("it fits"));
            let last = (cache.length() - 1) * vocabulary;
            assert!(off(name, &logits, &expected[last..last + vocabulary]) < TOLERANCE);
        }
        assert_eq!(cache.length(), tokens.len());
    }
}

#[test]
fn tokens_should_be_those_of_transformers_when_generated_greedily() {
    for name in DECODERS {
        let expected = Reference::of(name).tokens("generated");
        let (prompt, expected) = expected.split_at(7);
        let request = Request {
            prompt: prompt.to_vec(),
            sampling: Sampling::Greedy,
            most: expected.len(),
            stops: vec![],
        };
        let made = Generation::new(Arc::new(decoder(name)), request).expect("a fit request");
        assert_eq!(made.collect::<Result<Vec<_>, _>>().expect("no failure"), expected, "{name}");
    }
}

#[test]
fn rows_should_be_those_of_transformers_when_an_encoder_reads_two_segments() {
    let reference = Reference::of("bert");
    let (tokens, types) = (reference.tokens("tokens"), reference.tokens("types"));
    let encoder = import::encoder(&fixture("bert"), &device()).expect("supported");
    let rows = encoder.forward(&[Segment { tokens: &tokens, types: &types }]).expect("it fits");
    assert!(off("bert", &floats(rows), &reference.floats("hidden")) < TOLERANCE);
}

#[test]
fn embeddings_should_be_those_of_transformers_when_texts_are_embedded_together() {
    let cases = texts("bert");
    let written: Vec<&str> = cases.iter().map(|c| c["text"].as_str().expect("a text")).collect();
    let embedder = Embedder::open(&fixture("bert"), &device()).expect("supported");
    let rows = embedder.embed(&written).expect("they fit");
    for (row, case) in rows.iter().zip(&cases) {
        let mean = case["mean"].as_array().expect("a list");
        let mean: Vec<f32> = mean.iter().map(|x| x.as_f64().expect("a number") as f32).collect();
        assert!(off("embedding", row, &mean) < TOLERANCE);
    }
}

#[test]
fn embeddings_should_be_the_first_rows_of_transformers_when_the_checkpoint_says_so() {
    let reference = Reference::of("bert");
    let (tokens, types) = (reference.tokens("tokens"), reference.tokens("types"));
    let hidden = reference.floats("hidden");
    for unit in [false, true] {
        let encoder = import::encoder(first_rows(unit).path(), &device()).expect("supported");
        let columns = encoder.config().hidden;
        let first = &hidden[..columns];
        let length = match unit {
            true => first.iter().map(|x| x * x).sum::<f32>().sqrt(),
            false => 1.0,
        };
        let expected: Vec<f32> = first.iter().map(|x| x / length).collect();
        // Behind another text, which has a first row of its own.
        let before = Segment { tokens: &tokens[3..9], types: &[] };
        let texts = [before, Segment { tokens: &tokens, types: &types }];
        let rows = floats(encoder.embed(&texts).expect("they fit"));
        assert!(off("first row", &rows[columns..], &expected) < TOLERANCE);
    }
}

#[test]
fn tokens_should_be_those_of_tokenizers_when_texts_are_encoded() {
    for (name, vocabulary) in [("llama", 160), ("bert", 128)] {
        let tokenizer = Tokenizer::open(&fixture(name), vocabulary).expect("a tokenizer");
        for case in texts(name) {
            let text = case["text"].as_str().expect("a text");
            assert_eq!(tokenizer.encode(text).expect("encodes"), whole(&case["tokens"]));
        }
    }
}

#[test]
fn text_should_be_the_same_when_its_tokens_come_one_by_one() {
    let tokenizer = Tokenizer::open(&fixture("llama"), 160).expect("a tokenizer");
    for case in texts("llama") {
        let tokens = whole(&case["tokens"]);
        let mut stream = tokenizer.stream();
        let parts = tokens.iter().filter_map(|token| stream.push(*token).expect("decodes"));
        let text = parts.collect::<String>();
        assert_eq!(text, case["text"].as_str().expect("a text"));
        assert_eq!(text, tokenizer.decode(&tokens).expect("decodes"));
    }
}

/// The weights are too large for the repository; `fixtures/minilm.py` fetches them.
#[test]
fn embeddings_should_be_those_of_others_when_the_model_is_a_real_one() {
    let Some(folder) = std::env::var_os("CAIRN_MINILM") else {
        eprintln!("SKIPPED: CAIRN_MINILM does not name a folder with all-MiniLM-L6-v2");
        return;
    };
    let embedder = Embedder::open(folder.as_ref(), &device()).expect("supported");
    let cases = texts("minilm");
    let written: Vec<&str> = cases.iter().map(|c| c["text"].as_str().expect("a text")).collect();
    let rows = embedder.embed(&written).expect("they fit");
    // Of transformers, and of ONNX Runtime.
    for name in ["embeddings", "onnxruntime"] {
        let expected = Reference::of("minilm").floats(name);
        assert_eq!(expected.len(), rows.len() * 384);
        for (row, expected) in rows.iter().zip(expected.chunks(384)) {
            let cosine: f32 = row.iter().zip(expected).map(|(a, b)| a * b).sum();
            println!("MiniLM, {name}: 1 - cosine is {:e}", 1.0 - cosine);
            assert!(off("MiniLM", row, expected) < TOLERANCE);
            assert!((1.0 - cosine).abs() < 1e-5);
        }
    }
}
