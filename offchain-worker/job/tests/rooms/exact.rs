//! Jobs on models, against what the engine comes to itself.

use crate::home::{inline, samples, Home};
use cairn_engine::{
    exact::{self, Generation},
    folder::Purpose,
    generate::{Request, Sampling},
};
use cairn_kernel::{run::Alone, sample::Rule};
use cairn_order::{Input, Order};
use cairn_protocol::{
    failure::Failure,
    id::{EngineId, File},
    job::JobKind,
    spec::{Choice, EmbedSpec, EvaluateSpec, InferSpec, Records, Spec, TrainSpec},
};
use codec::Encode;

const TEXT: &str = "the quick brown fox";

fn drawn(seed: [u8; 32]) -> Sampling {
    Sampling::Drawn { temperature: 1.2, most: 40, share: 0.9, seed }
}

/// The same in the job's integers.
fn choice(sampling: &Sampling) -> Choice {
    match exact::rule(sampling).expect("a rule").0 {
        Rule::Greedy => Choice::Greedy,
        Rule::Drawn { scale, most, prefix } => {
            Choice::Drawn { multiplier: scale.multiplier, shift: scale.shift, most, prefix }
        }
    }
}

fn infer(most: u32, choice: Choice, stops: &[u32]) -> Spec {
    let stops = stops.to_vec().try_into().expect("few");
    Spec::Infer(InferSpec { most, choice, stops })
}

fn le(numbers: &[i32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

#[test]
fn infer_should_go_on_as_the_engine_does_whatever_the_threads() {
    let home = Home::new();
    let (folder, bundle) = home.decoder();
    let codec = folder.codec().expect("rules");
    let package = folder.package(Purpose::Next).expect("a decoder");
    let plan = package.plan().expect("it fits");
    let (mut prompt, before) = codec.encode_on(TEXT, "").expect("tokens");
    prompt.truncate(before);
    for sampling in [Sampling::Greedy, drawn([7; 32])] {
        let spec = |most, stops: &[u32]| infer(most, choice(&sampling), stops);
        let order = home.order(&spec(12, &[]), TEXT.as_bytes(), Some(bundle));
        let request =
            Request { prompt: prompt.clone(), sampling: sampling.clone(), most: 12, stops: vec![] };
        let mut generation = Generation::new(&plan, &Alone, &request).expect("fit");
        let (mut tokens, mut traces) = (Vec::new(), vec![blake3::Hasher::new()]);
        while let Some(token) = generation.next() {
            tokens.push(token.expect("it runs"));
            let mut trace = traces.last().expect("one").clone();
            trace.update(&le(generation.logits()));
            traces.push(trace);
        }
        let trace = |steps: usize| *traces[steps].finalize().as_bytes();
        let text = |tokens: &[u32]| codec.decode(tokens).expect("text").into_bytes();
        let made = home.run(&order).expect("it runs");
        assert_eq!(inline(&made), text(&tokens));
        assert_eq!((made.units, made.trace), (12, trace(12)));
        assert_eq!(home.run(&Order { threads: 3, ..order.clone() }), Ok(made));
        // No more than is paid for.
        let few = home.run(&Order { units: 3, ..order.clone() }).expect("it runs");
        assert_eq!(inline(&few), text(&tokens[..3]));
        assert_eq!((few.units, few.trace), (3, trace(3)));
        // The step that ended it is traced, and its token is no part of the text.
        let first = tokens.iter().position(|token| *token == tokens[4]).expect("it is there");
        let stopped = Order { parameters: spec(12, &[tokens[4]]).encode(), ..order };
        let stopped = home.run(&stopped).expect("it runs");
        assert_eq!(inline(&stopped), text(&tokens[..first]));
        assert_eq!((stopped.units, stopped.trace), (first as u64, trace(first + 1)));
    }
}

#[test]
fn embed_should_give_the_numbers_that_the_engine_does() {
    let home = Home::new();
    let (folder, bundle) = home.encoder();
    let order = home.order(&Spec::Embed(EmbedSpec), TEXT.as_bytes(), Some(bundle));
    let package = folder.package(Purpose::Embedding).expect("an encoder");
    let tokens = folder.codec().expect("rules").encode(TEXT).expect("tokens");
    let plan = package.plan().expect("it fits");
    let numbers = exact::embed(&plan, &Alone, &tokens).expect("it runs");
    let made = home.run(&order).expect("it runs");
    assert_eq!(inline(&made), le(&numbers));
    let trace = *blake3::hash(&le(&numbers)).as_bytes();
    assert_eq!((made.units, made.trace), (tokens.len() as u64, trace));
    let stored = Input::Stored(home.put(TEXT.as_bytes()));
    assert_eq!(home.run(&Order { input: stored, ..order.clone() }), Ok(made));
    let few = Order { units: tokens.len() as u64 - 1, ..order };
    assert_eq!(home.refused(&few).0, Failure::MalformedSpec);
}

fn evaluate(file: File, record_bytes: u32, first: u64, count: u64) -> Spec {
    Spec::Evaluate(EvaluateSpec { set: Records { file, record_bytes }, first, count })
}

#[test]
fn evaluate_should_say_what_the_engine_loses_on_the_records_asked_for() {
    let home = Home::new();
    let (folder, bundle) = home.decoder();
    let records = samples(6, 10, 160);
    let bytes: Vec<u8> = records.iter().flatten().flat_map(|token| token.to_le_bytes()).collect();
    let set = home.put(&bytes);
    let order = home.order(&evaluate(set, 40, 2, 3), &[], Some(bundle));
    let package = folder.package(Purpose::Loss).expect("a decoder");
    let plan = package.plan().expect("it fits");
    let loss = |records: &[Vec<u32>]| exact::loss(&plan, &Alone, records).expect("it runs");
    let all = loss(&records[2..5]);
    let output = (all.micro_nats, all.tokens).encode();
    assert_eq!((output.len(), all.tokens), (16, 27));
    let each = records[2..5].iter().flat_map(|record| {
        let lost = loss(std::slice::from_ref(record));
        lost.micro_nats.to_le_bytes()
    });
    let traced: Vec<u8> = output.iter().copied().chain(each).collect();
    let made = home.run(&order).expect("it runs");
    assert_eq!(inline(&made), output);
    assert_eq!((made.units, made.trace), (27, *blake3::hash(&traced).as_bytes()));
    assert_eq!(home.run(&Order { threads: 2, ..order.clone() }), Ok(made));
    let refused = |order: Order| home.refused(&order).0;
    assert_eq!(refused(Order { units: 26, ..order.clone() }), Failure::MalformedSpec);
    let spec = |spec: Spec| Order { parameters: spec.encode(), ..order.clone() };
    // Neither a whole number of tokens, nor a record of two, nor tokens that the model has.
    assert_eq!(refused(spec(evaluate(set, 30, 2, 3))), Failure::MalformedSpec);
    assert_eq!(refused(spec(evaluate(set, 4, 2, 3))), Failure::MalformedSpec);
    let strange = home.put(&[0xff; 40]);
    assert_eq!(refused(spec(evaluate(strange, 40, 0, 1))), Failure::MalformedSpec);
}

#[test]
fn order_should_be_refused_when_it_is_for_nothing_here() {
    let home = Home::new();
    let bundle = home.put(b"no bundle");
    let spec = infer(12, Choice::Greedy, &[]);
    let order = home.order(&spec, TEXT.as_bytes(), Some(bundle));
    let failure = |order: Order| home.refused(&order).0;
    let other = EngineId::of("cairn-kernel", "0", &[]);
    assert_eq!(failure(Order { engine: other, ..order.clone() }), Failure::WrongEngine);
    assert_eq!(failure(Order { bundle: None, ..order.clone() }), Failure::MalformedSpec);
    let letters = Input::Inline(vec![0xff]);
    assert_eq!(failure(Order { input: letters, ..order.clone() }), Failure::MalformedSpec);
    let parameters = Spec::Embed(EmbedSpec).encode();
    assert_eq!(failure(Order { parameters, ..order.clone() }), Failure::MalformedSpec);
    let records = Records { file: bundle, record_bytes: 9 };
    let (data, set) = (records, records);
    let train = Spec::Train(TrainSpec { data, set, steps: 1, rate_ppm: 1, rank: None });
    let train = Order { kind: JobKind::Train, parameters: train.encode(), ..order };
    assert_eq!(failure(train), Failure::MalformedSpec);
}

#[test]
fn infer_should_be_refused_when_the_model_takes_no_such_prompt() {
    let home = Home::new();
    let (_, bundle) = home.decoder();
    let spec = infer(12, Choice::Greedy, &[]);
    for prompt in [String::new(), "fox ".repeat(100)] {
        let order = home.order(&spec, prompt.as_bytes(), Some(bundle));
        assert_eq!(home.refused(&order).0, Failure::MalformedSpec);
    }
    let (_, encoder) = home.encoder();
    let order = home.order(&spec, TEXT.as_bytes(), Some(encoder));
    assert!(home.refused(&order).0.requesters());
}
