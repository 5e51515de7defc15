//! Models in exact form: near the floats that they are of, and the same bits however they are run.

#[path = "../common/mod.rs"]
mod common;
mod minilm;

use burn::tensor::{Int, Tensor, TensorData};
use cairn_artifact::{cache::Cache, package::Package, store::Store};
use cairn_engine::{
    exact::{self, ExactError, Generation, Prompt},
    generate::{Reason, Request, Sampling},
    import,
    model::{Decoder, Encoder, ModelError, Segment},
    quantise::{self, checked, Exact, Options, QuantiseError, Rounding},
    train::draw_classes,
};
use cairn_kernel::{
    models::Outcome,
    program::{Op, TensorId},
    run::{Alone, Crew, Piece, Threads},
    sample::{largest, Rule},
};
use common::{device, first_rows, fixture, off, Reference};

const DECODERS: [&str; 5] = ["llama", "llama3", "qwen3", "qwen3_moe", "qwen3_moe_all"];
const OPTIONS: Options = Options { rounding: Rounding::Compensated, context: None };

fn float(name: &str) -> Decoder {
    import::decoder(&fixture(name), &device()).expect("supported")
}

/// Sequences that look random, and are the same each time.
fn samples(count: u32, length: u32, below: u32) -> Vec<Vec<u32>> {
    let token = |n: u32| n.wrapping_mul(2_654_435_761).rotate_left(9) % below;
    (0..count).map(|n| (0..length).map(|at| token(n * length + at + 1)).collect()).collect()
}

fn quantised(name: &str) -> (Decoder, Exact) {
    let decoder = float(name);
    let below = decoder.config().vocabulary as u32;
    let exact = quantise::decoder(&decoder, &samples(24, 40, below), &OPTIONS).expect("a model");
    (decoder, exact)
}

fn floats<const D: usize>(values: Tensor<D>) -> Vec<f32> {
    values.try_into_vec_as::<f32>().expect("f32")
}

fn logits(decoder: &Decoder, tokens: &[u32]) -> Vec<f32> {
    let given: Vec<i32> = tokens.iter().map(|token| *token as i32).collect();
    let batch: Tensor<2, Int> =
        Tensor::from_data(TensorData::new(given, [1, tokens.len()]), &device());
    floats(decoder.forward(batch).expect("it fits"))
}

/// Of each token but the first, in nats.
fn float_loss(decoder: &Decoder, sequences: &[Vec<u32>]) -> f64 {
    let vocabulary = decoder.config().vocabulary;
    let lost = |sequence: &Vec<u32>| {
        let logits = logits(decoder, &sequence[..sequence.len() - 1]);
        let rows = logits.chunks(vocabulary).zip(&sequence[1..]);
        let lost = rows.map(|(row, target)| {
            let sum: f64 = row.iter().map(|x| f64::from(*x).exp()).sum();
            sum.ln() - f64::from(row[*target as usize])
        });
        lost.sum::<f64>()
    };
    let tokens: usize = sequences.iter().map(|sequence| sequence.len() - 1).sum();
    sequences.iter().map(lost).sum::<f64>() / tokens as f64
}

fn exact_loss(exact: &Exact, crew: &dyn Crew, sequences: &[Vec<u32>]) -> exact::Loss {
    let model = exact.model_for(exact::losses()).expect("a decoder");
    let program = checked(&model).expect("a program");
    let plan = exact.plan(&model, &program).expect("it fits");
    exact::loss(&plan, crew, sequences).expect("it runs")
}

fn exact_rows(exact: &Exact, crew: &dyn Crew, tokens: &[u32]) -> Vec<f32> {
    let model = exact.model();
    let program = checked(&model).expect("a program");
    let plan = exact.plan(&model, &program).expect("it fits");
    let rows = exact::rows(&plan, crew, tokens, &[]).expect("it runs");
    rows.into_iter().map(|x| (f64::from(x) * exact.result_step()) as f32).collect()
}

#[test]
fn logits_should_be_near_the_float_ones_when_computed_exactly() {
    for name in DECODERS {
        let (_, exact) = quantised(name);
        let reference = Reference::of(name);
        let (tokens, expected) = (reference.tokens("tokens"), reference.floats("logits"));
        let found = exact_rows(&exact, &Alone, &tokens);
        let most = off(name, &found, &expected);
        let norm = |values: &mut dyn Iterator<Item = f32>| {
            values.map(|x| f64::from(x).powi(2)).sum::<f64>().sqrt()
        };
        let relative = norm(&mut found.iter().zip(&expected).map(|(x, y)| x - y))
            / norm(&mut expected.iter().copied());
        println!("{name}: off by {relative:.2e} of the logits");
        // Of the tiny models, whose sums of eight bits are short, so that errors hardly cancel.
        assert!(relative < 0.04 && most < 0.35, "{name}: {relative} {most}");
    }
}

#[test]
fn losses_should_be_near_the_float_ones_when_computed_exactly() {
    for name in DECODERS {
        let (decoder, exact) = quantised(name);
        let held_out = samples(60, 41, decoder.config().vocabulary as u32).split_off(30);
        let expected = float_loss(&decoder, &held_out);
        let loss = exact_loss(&exact, &Alone, &held_out);
        let found = loss.micro_nats as f64 / loss.tokens as f64 / 1e6;
        let gap = found / expected - 1.0;
        println!("{name}: {found:.6} of {expected:.6} nats, {:.5} %", gap * 100.0);
        assert_eq!(loss.tokens, 30 * 40);
        assert!(gap.abs() < 0.001, "{name}: {gap}");
    }
}

#[test]
fn bits_should_be_the_same_when_several_threads_or_files_are_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::at(folder.path().join("store")).expect("a store");
    let cache = Cache::at(folder.path().join("cache")).expect("a cache");
    let threads = Threads::new(3).expect("threads");
    for name in DECODERS {
        let (decoder, exact) = quantised(name);
        let given = samples(3, 33, decoder.config().vocabulary as u32);
        let expected = exact_loss(&exact, &Alone, &given);
        assert_eq!(exact_loss(&exact, &threads, &given), expected, "{name}");
        let model = exact.model_for(exact::losses()).expect("a decoder");
        let id = exact.publish(&store, &model).expect("published");
        let package = Package::open(&store, &cache, &id).expect("opened");
        let plan = package.plan().expect("it fits");
        assert_eq!(exact::loss(&plan, &threads, &given).expect("it runs"), expected, "{name}");
        // Quantised again it has the same name.
        let again = quantised(name).1;
        assert_eq!(again, exact);
        assert_eq!(again.publish(&store, &model).expect("published"), id);
    }
}

#[test]
fn generation_should_make_the_same_tokens_when_nothing_is_kept_between_them() {
    let drawn = Sampling::Drawn { temperature: 1.2, most: 40, share: 0.9, seed: [5; 32] };
    for name in ["llama", "qwen3_moe"] {
        let (_, exact) = quantised(name);
        let model = exact.model_for(Outcome::LastLogits).expect("a decoder");
        let program = checked(&model).expect("a program");
        let plan = exact.plan(&model, &program).expect("it fits");
        for sampling in [Sampling::Greedy, drawn.clone()] {
            let request = |prompt: &[u32], most| Request {
                prompt: prompt.to_vec(),
                sampling: sampling.clone(),
                most,
                stops: vec![],
            };
            let made = |request: &Request| -> Vec<u32> {
                let generation = Generation::new(&plan, &Alone, request).expect("fit");
                generation.collect::<Result<_, _>>().expect("it runs")
            };
            let mut tokens = vec![5, 9, 31];
            let at_once = made(&request(&tokens, 12));
            for _ in 0..12 {
                tokens.extend(made(&request(&tokens, 1)));
            }
            assert_eq!(tokens[3..], at_once, "{name}");
            assert_eq!(retold(&exact, &sampling, &tokens), tokens[3..], "{name}");
        }
    }
}

#[test]
fn generation_should_show_what_each_token_was_chosen_of_when_a_rule_is_given() {
    let (_, exact) = quantised("llama");
    let model = exact.model_for(Outcome::LastLogits).expect("a decoder");
    let program = checked(&model).expect("a program");
    let plan = exact.plan(&model, &program).expect("it fits");
    let model = exact.model_for(Outcome::Logits).expect("a decoder");
    let program = checked(&model).expect("a program");
    let all = exact.plan(&model, &program).expect("it fits");
    let mut tokens = vec![5, 9, 31];
    let (rule, seed) = (Rule::Greedy, [0; 32]);
    let prompt = Prompt { tokens: tokens.clone(), rule, seed, most: 4, stops: vec![] };
    let mut generation = Generation::with_rule(&plan, &Alone, prompt).expect("fit");
    while let Some(token) = generation.next() {
        let rows = exact::rows(&all, &Alone, &tokens, &[]).expect("it runs");
        let last = &rows[rows.len() - generation.logits().len()..];
        assert_eq!(last, generation.logits());
        let token = token.expect("it runs");
        assert_eq!(largest(last, 1), [token]);
        tokens.push(token);
    }
    assert_eq!(tokens.len(), 7);
}

/// What one program of the whole text, with a token drawn at each of its positions, comes to behind
/// the first three: what a judge has of a generation.
fn retold(exact: &Exact, sampling: &Sampling, tokens: &[u32]) -> Vec<u32> {
    let (rule, seed) = exact::rule(sampling).expect("a rule");
    let model = exact.model_for(Outcome::Tokens(rule)).expect("a decoder");
    let program = checked(&model).expect("a program");
    let plan = exact.plan(&model, &program).expect("it fits");
    let given: Vec<i32> = tokens.iter().map(|token| *token as i32).collect();
    let piece = Piece { tokens: &given[..given.len() - 1], seed, ..Piece::default() };
    let made = plan.run(&mut plan.start(), &piece, &[]).expect("it runs");
    let made = made.get(program.program().result).expect("the result");
    (2..made.rows()).map(|row| made.at(row, 0).expect("a token") as u32).collect()
}

#[test]
fn generation_should_end_when_a_stop_comes_or_the_context_is_full() {
    let (_, exact) = quantised("llama");
    let model = exact.model_for(Outcome::LastLogits).expect("a decoder");
    let program = checked(&model).expect("a program");
    let plan = exact.plan(&model, &program).expect("it fits");
    let request = |most, stops: &[u32]| Request {
        prompt: vec![8, 4],
        sampling: Sampling::Greedy,
        most,
        stops: stops.to_vec(),
    };
    let run = |request: Request| {
        let mut made = Generation::new(&plan, &Alone, &request).expect("fit");
        let tokens: Vec<u32> = made.by_ref().map(|token| token.expect("it runs")).collect();
        (tokens, made.reason())
    };
    let (free, reason) = run(request(1_000, &[]));
    assert_eq!((free.len(), reason), (63, Some(Reason::Context)));
    let first = free.iter().position(|token| *token == free[4]).expect("it is there");
    assert_eq!(run(request(10, &[free[4]])), (free[..first].to_vec(), Some(Reason::Stop)));
    assert_eq!(run(request(3, &[])), (free[..3].to_vec(), Some(Reason::Most)));
    let refused = |request| Generation::new(&plan, &Alone, &request).err();
    let none = Request { prompt: vec![], ..request(1, &[]) };
    assert!(matches!(refused(none), Some(ExactError::NoPrompt)));
    assert!(matches!(refused(request(0, &[])), Some(ExactError::Most(0))));
}

#[test]
fn quantise_should_say_what_is_wrong_when_a_sample_is_of_no_use() {
    let decoder = float("llama");
    let refused = |samples: &[Vec<u32>], context| {
        let options = Options { context, ..OPTIONS };
        quantise::decoder(&decoder, samples, &options).expect_err("no such sample")
    };
    assert!(matches!(refused(&[], None), QuantiseError::NoSample));
    assert!(matches!(refused(&[vec![], vec![]], None), QuantiseError::NoSample));
    let token = refused(&[vec![1], vec![3, 160]], None);
    let unknown = ModelError::Token { token: 160, at: 1, below: 160 };
    assert!(matches!(token, QuantiseError::Sample { at: 1, source } if source == unknown));
    let long = refused(&[vec![1; 20]], Some(19)).to_string();
    assert!(long.contains("20 more are given") && long.contains("1 to 19"), "{long}");
    let context = refused(&[vec![1]], Some(65));
    assert!(matches!(context, QuantiseError::Context { found: 65, most: 64 }));
}

#[test]
fn loss_should_be_refused_when_a_sequence_or_a_program_is_not_for_it() {
    let (_, exact) = quantised("llama");
    for (outcome, sequences, says) in [
        (Outcome::Logits, vec![vec![1, 2]], "comes to no losses"),
        (exact::losses(), vec![], "no sequence"),
        (exact::losses(), vec![vec![1, 2], vec![1]], "sequence 1 has 1 tokens"),
        (exact::losses(), vec![vec![1; 66]], "2 to 65"),
    ] {
        let model = exact.model_for(outcome).expect("a decoder");
        let program = checked(&model).expect("a program");
        let plan = exact.plan(&model, &program).expect("it fits");
        let error = exact::loss(&plan, &Alone, &sequences).expect_err("refused").to_string();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn embeddings_should_be_near_the_float_ones_when_computed_exactly() {
    let encoder = import::encoder(&fixture("bert"), &device()).expect("supported");
    let texts = samples(40, 21, 128);
    let exact = quantise::encoder(&encoder, &texts[..30], &OPTIONS).expect("a model");
    let model = exact.model();
    let program = checked(&model).expect("a program");
    let plan = exact.plan(&model, &program).expect("it fits");
    let threads = Threads::new(2).expect("threads");
    for tokens in &texts[30..] {
        let expected = floats(encoder.embed(&[Segment { tokens, types: &[] }]).expect("it fits"));
        let found = exact::embed(&plan, &Alone, tokens).expect("it runs");
        assert_eq!(exact::embed(&plan, &threads, tokens).expect("it runs"), found);
        let found: Vec<f32> =
            found.iter().map(|x| (f64::from(*x) * exact.result_step()) as f32).collect();
        let length = |row: &[f32]| row.iter().map(|x| x * x).sum::<f32>().sqrt();
        let dot: f32 = found.iter().zip(&expected).map(|(x, y)| x * y).sum();
        let cosine = dot / length(&found) / length(&expected);
        assert!(cosine > 0.9995, "{cosine}");
    }
}

/// Embeddings of texts by an encoder in exact form, which is calibrated on others.
fn exact_embeddings(encoder: &Encoder, sample: &[Vec<u32>], texts: &[Vec<u32>]) -> Vec<Vec<f32>> {
    let exact = quantise::encoder(encoder, sample, &OPTIONS).expect("a model");
    let model = exact.model();
    let program = checked(&model).expect("a program");
    let plan = exact.plan(&model, &program).expect("it fits");
    let row = |tokens: &Vec<u32>| -> Vec<f32> {
        let found = exact::embed(&plan, &Alone, tokens).expect("it runs");
        found.iter().map(|x| (f64::from(*x) * exact.result_step()) as f32).collect()
    };
    texts.iter().map(row).collect()
}

#[test]
fn embeddings_should_be_of_first_rows_when_an_encoder_that_takes_them_is_computed_exactly() {
    let first = import::encoder(first_rows(true).path(), &device()).expect("supported");
    let mean = import::encoder(&fixture("bert"), &device()).expect("supported");
    let texts = samples(40, 21, 128);
    let (sample, texts) = texts.split_at(30);
    let found = exact_embeddings(&first, sample, texts);
    let means = exact_embeddings(&mean, sample, texts);
    for (tokens, found) in texts.iter().zip(&found) {
        let expected = floats(first.embed(&[Segment { tokens, types: &[] }]).expect("it fits"));
        let near = cosine(found, &expected);
        // A row by itself: errors are not those of a mean, which cancel.
        assert!(near > 0.998, "{near}");
    }
    let alike: f64 = found.iter().zip(&means).map(|(first, mean)| cosine(first, mean)).sum();
    assert!(alike / (texts.len() as f64) < 0.98, "{alike}");
}

#[test]
fn gelus_should_have_room_and_exponents_when_an_encoder_is_quantised() {
    let encoder = import::encoder(&fixture("bert"), &device()).expect("supported");
    let texts = samples(12, 21, 128);
    let exact = quantise::encoder(&encoder, &texts, &OPTIONS).expect("a model");
    let model = exact.model();
    let ops = || model.program.ops.iter().map(|step| &step.op);
    let bent = ops().filter_map(|op| match op {
        Op::Gelu { values, .. } => Some(*values),
        _ => None,
    });
    let bent: Vec<TensorId> = bent.collect();
    let shifted = ops().filter(|op| matches!(op, Op::Linear { exponents: Some(_), .. })).count();
    assert_eq!([bent.len(), shifted], [encoder.config().layers; 2]);
    let program = checked(&model).expect("a program");
    let plan = exact.plan(&model, &program).expect("it fits");
    let mut largest = vec![0; bent.len()];
    for tokens in &texts {
        let tokens: Vec<i32> = tokens.iter().map(|token| *token as i32).collect();
        let piece = Piece { tokens: &tokens, ..Piece::default() };
        let made = plan.run(&mut plan.start(), &piece, &bent).expect("it runs");
        for (largest, id) in largest.iter_mut().zip(&bent) {
            let made = made.get(*id).expect("it was asked for");
            for column in 0..made.columns() {
                let column = (0..made.rows()).filter_map(|row| made.at(row, column));
                *largest = column.map(i32::abs).fold(*largest, i32::max);
            }
        }
    }
    // An eighth of what 16 bits hold, but for what is rounded on the way.
    assert!(largest.iter().all(|most| (3_700..=4_400).contains(most)), "{largest:?}");
}

#[test]
fn classes_of_texts_should_be_near_the_float_ones_when_computed_exactly() {
    let encoder = import::encoder(&fixture("bert"), &device()).expect("supported");
    let encoder = draw_classes(encoder, 5, &[4; 32]).expect("fit");
    let texts = samples(40, 21, 128);
    let exact = quantise::encoder(&encoder, &texts[..30], &OPTIONS).expect("a model");
    let model = exact.model();
    let program = checked(&model).expect("a program");
    let plan = exact.plan(&model, &program).expect("it fits");
    for tokens in &texts[30..] {
        let expected = encoder.classes(&[Segment { tokens, types: &[] }]).expect("it fits");
        let found = exact::embed(&plan, &Alone, tokens).expect("it runs");
        assert_eq!(found.len(), 5);
        for (found, expected) in found.iter().zip(floats(expected)) {
            let found = (f64::from(*found) * exact.result_step()) as f32;
            assert!((found - expected).abs() < 0.05, "{found} and not {expected}");
        }
    }
}

#[test]
fn embeddings_should_be_the_same_when_an_encoder_has_classes_too() {
    let encoder = import::encoder(&fixture("bert"), &device()).expect("supported");
    let texts = samples(12, 21, 128);
    let alone = quantise::encoder(&encoder, &texts, &OPTIONS).expect("a model");
    assert_eq!(alone.embedding().expect("an encoder"), alone.model());
    let encoder = draw_classes(encoder, 5, &[4; 32]).expect("fit");
    let exact = quantise::encoder(&encoder, &texts, &OPTIONS).expect("a model");
    assert_eq!(exact.embedding().expect("an encoder"), alone.model());
    assert_eq!(exact.embedding_step(), Some(alone.result_step()));
    for (name, tensor) in alone.tensors() {
        assert_eq!(&exact.tensors()[name], tensor, "{name}");
    }
}

fn cosine(left: &[f32], right: &[f32]) -> f64 {
    let dot = |x: &[f32], y: &[f32]| -> f64 {
        x.iter().zip(y).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum()
    };
    dot(left, right) / (dot(left, left) * dot(right, right)).sqrt()
}
