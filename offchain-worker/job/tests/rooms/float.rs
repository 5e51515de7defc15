//! Jobs on models in floats, and what their fingerprints tell apart.

use crate::home::{inline, Home};
use cairn_engine::{
    embed, exact,
    fingerprint::{self, prefill},
    folder::{ExactFolder, Model, Purpose},
    Device,
};
use cairn_kernel::run::Alone;
use cairn_order::{engines, Input, Made, Order, Over, Product};
use cairn_protocol::{
    failure::Failure,
    id::File,
    result::{Fingerprint, WITHIN},
    spec::{Choice, EmbedSpec, EvaluateSpec, InferSpec, Records, Spec},
};
use std::slice::from_ref;

const TEXT: &str = "the quick brown fox";
const EMBED: Spec = Spec::Embed(EmbedSpec);

fn infer(most: u32) -> Spec {
    Spec::Infer(InferSpec { most, choice: Choice::Greedy, stops: Default::default() })
}

fn floats(folder: &ExactFolder) -> Model {
    folder.floats(&Device::flex()).expect("a model")
}

fn print(made: &Made) -> &Fingerprint {
    made.fingerprint.as_ref().expect("floats have one")
}

#[track_caller]
fn apart(one: &Fingerprint, other: &Fingerprint) -> u64 {
    one.distance(other).expect("they are alike")
}

fn row(bytes: &[u8]) -> Vec<f32> {
    let (numbers, _) = bytes.as_chunks::<4>();
    numbers.iter().copied().map(f32::from_le_bytes).collect()
}

#[test]
fn embed_should_give_the_row_that_the_engine_does_with_its_fingerprint() {
    let home = Home::new();
    let (folder, bundle) = home.encoder();
    let order = home.float(&EMBED, TEXT.as_bytes(), bundle, Over::Input);
    let made = home.run(&order).expect("it runs");
    let Model::Encoder(encoder) = floats(&folder) else { panic!("it is an encoder") };
    let tokens = folder.codec().expect("rules").encode(TEXT).expect("tokens");
    let expected = embed::rows(&encoder, from_ref(&tokens)).expect("it fits").remove(0);
    let expected = fingerprint::of(&expected).expect("finite");
    assert!(apart(print(&made), &expected) <= u64::from(WITHIN / 10));
    // It is of what is answered, whatever else is.
    assert_eq!(made.fingerprint, fingerprint::of(&row(inline(&made))));
    assert_eq!((made.units, made.trace), (tokens.len() as u64, [0; 32]));
    let more = home.run(&Order { threads: 3, ..order.clone() }).expect("it runs");
    assert!(apart(print(&made), print(&more)) <= u64::from(WITHIN / 10));
    let few = Order { units: tokens.len() as u64 - 1, ..order };
    assert_eq!(home.refused(&few).0, Failure::MalformedSpec);
}

#[test]
fn fingerprint_should_be_told_from_that_of_who_computes_in_eight_bits() {
    let home = Home::new();
    let (folder, bundle) = home.encoder();
    let package = folder.package(Purpose::Embedding).expect("an encoder");
    let plan = package.plan().expect("it fits");
    let codec = folder.codec().expect("rules");
    for text in [TEXT, "a fox", "stones are laid on a path", "the lazy dog"] {
        let order = home.float(&EMBED, text.as_bytes(), bundle, Over::Input);
        let made = home.run(&order).expect("it runs");
        let tokens = codec.encode(text).expect("tokens");
        let numbers = exact::embed(&plan, &Alone, &tokens).expect("it runs");
        let step = folder.embedding_step();
        let forged: Vec<f32> = numbers.iter().map(|x| (f64::from(*x) * step) as f32).collect();
        let forged = fingerprint::of(&forged).expect("finite");
        let apart = apart(print(&made), &forged);
        println!("{text}: the exact form is {apart} ppm off");
        assert!(apart > u64::from(WITHIN), "{text}: {apart}");
    }
}

fn decoded(home: &Home, bundle: File, over: Over) -> Made {
    home.run(&home.float(&infer(12), TEXT.as_bytes(), bundle, over)).expect("it runs")
}

fn claimed(text: &[u8]) -> Over {
    Over::Claimed(Input::Inline(text.to_vec()))
}

#[test]
fn guard_should_find_the_fingerprint_of_the_text_that_is_claimed() {
    let home = Home::new();
    let (folder, bundle) = home.decoder();
    let made = decoded(&home, bundle, Over::Made);
    assert_eq!((made.units, made.trace), (12, [0; 32]));
    let text = inline(&made).to_vec();
    // What the engine comes to over prompt and text, as one text.
    let Model::Decoder(decoder) = floats(&folder) else { panic!("it is a decoder") };
    let whole = [TEXT.as_bytes(), &text].concat();
    let whole = String::from_utf8(whole).expect("text");
    let (mut tokens, before) =
        folder.codec().expect("rules").encode_on(&whole, "").expect("tokens");
    tokens.truncate(before.min(decoder.config().context));
    let expected = fingerprint::of(&prefill(&decoder, &tokens).expect("it fits"));
    assert!(apart(print(&made), &expected.expect("finite")) <= u64::from(WITHIN / 10));

    let found = decoded(&home, bundle, claimed(&text));
    assert!(apart(print(&made), print(&found)) <= u64::from(WITHIN / 10));
    assert_eq!((&found.product, found.units), (&Product::Inline(Vec::new()), 0));
    let stored = Over::Claimed(Input::Stored(home.put(&text)));
    assert_eq!(decoded(&home, bundle, stored), found);
    // Another text, none, and what is no text.
    for false_claim in [b" and a hen".as_slice(), b"", b"\xff\xfe"] {
        let found = decoded(&home, bundle, claimed(false_claim));
        assert!(apart(print(&made), print(&found)) > u64::from(WITHIN), "{false_claim:?}");
    }
}

#[test]
fn workers_should_be_compared_over_the_prompt_however_they_go_on() {
    let home = Home::new();
    let (_, bundle) = home.decoder();
    let order = |most| home.float(&infer(most), TEXT.as_bytes(), bundle, Over::Input);
    let [short, long] = [1, 12].map(|most| home.run(&order(most)).expect("it runs"));
    assert_ne!(inline(&short), inline(&long));
    assert_eq!((short.units, long.units), (1, 12));
    assert_eq!(short.fingerprint, long.fingerprint);
    let drawn = Choice::Drawn { multiplier: 1 << 15, shift: 16, most: 40, prefix: 1 << 16 };
    let spec = InferSpec { most: 12, choice: drawn, stops: Default::default() };
    let order = home.float(&Spec::Infer(spec), TEXT.as_bytes(), bundle, Over::Input);
    let [one, same] = [&order, &order].map(|order| home.run(order).expect("it runs"));
    let other = home.run(&Order { seed: [8; 32], ..order }).expect("it runs");
    assert_eq!(one, same);
    assert_ne!(inline(&one), inline(&other));
    assert_eq!(one.fingerprint, other.fingerprint);
}

#[test]
fn order_should_be_refused_when_it_cannot_be_judged_so() {
    let home = Home::new();
    let (_, bundle) = home.encoder();
    let order = home.float(&EMBED, TEXT.as_bytes(), bundle, Over::Input);
    let (failure, words) = home.refused(&Order { fingerprint: None, ..order.clone() });
    assert!(failure == Failure::MalformedSpec && words.contains("Tolerance"), "{words}");
    let exact = Order { engine: engines::exact(), ..order.clone() };
    let (failure, words) = home.refused(&exact);
    assert!(failure == Failure::MalformedSpec && words.contains("Proven"), "{words}");
    // An encoder makes no text, and nothing is evaluated in floats.
    let decode = home.float(&infer(4), TEXT.as_bytes(), bundle, Over::Made);
    assert_eq!(home.refused(&decode).0, Failure::MalformedSpec);
    let set = Records { file: home.put(&[0; 16]), record_bytes: 8 };
    let spec = Spec::Evaluate(EvaluateSpec { set, first: 0, count: 1 });
    let evaluate = home.float(&spec, b"", bundle, Over::Input);
    assert_eq!(home.refused(&evaluate).0, Failure::WrongEngine);
    let (_, decoder) = home.decoder();
    for prompt in [String::new(), "fox ".repeat(100)] {
        let order = home.float(&infer(4), prompt.as_bytes(), decoder, Over::Made);
        assert_eq!(home.refused(&order).0, Failure::MalformedSpec);
    }
}
