//! What models learn from, are calibrated on and judged by, from the command line.

mod common;

use cairn_artifact::hex;
use cairn_engine::{
    folder::{ExactFolder, FloatFolder, Model, Purpose},
    generate::{Generation, Request, Sampling},
    import,
    quantise::{self, Options},
    tokens::Tokenizer,
};
use common::{
    device, fixture,
    home::{name, sayings, Home},
};
use serde_json::{json, Value};
use std::{fs, path::PathBuf, sync::Arc};

/// A line for each text that has one of the words, which is its class.
fn labelled(words: &[&str]) -> String {
    let text = |n: usize| {
        let (class, other) = (n % words.len(), n / words.len());
        let (before, after) = (["the", "it"][other % 2], ["over", "upon", "right"][other % 3]);
        let text = format!("{before} {} {after}", words[class]);
        format!("{{\"text\": \"{text}\", \"class\": {class}}}\n")
    };
    (0..6 * words.len()).map(text).collect()
}

#[test]
fn encoder_should_be_taught_and_judged_when_texts_have_classes() {
    let home = Home::new();
    let words = ["dog", "path", "guard", "brown"];
    home.file("some.jsonl", &labelled(&words[..2]));
    home.file("all.jsonl", &labelled(&words));
    home.said(&["import", name(&fixture("bert")), "--out", "floats"]);
    let right = |model: &str, profile: &str| {
        let said = home.said(&["eval", model, "--profile", profile, "--cases", "all.jsonl"]);
        assert_eq!(said["cases"], 24);
        said["right"].as_u64().expect("a number")
    };
    let near = |x: u64, y: u64| assert!(x.abs_diff(y) <= 2, "{x} and {y}");

    // Of four classes it has seen two.
    let steps = ["--batch", "12", "--rate", "0.01", "--warmup", "5"];
    let train = ["train", "floats", "--out", "taught", "--classes", "4", "--steps", "20"];
    home.said(&[&train, steps.as_slice(), &["--cases", "some.jsonl"]].concat());
    let said = home.said(&["quantise", "taught", "--out", "exact", "--cases", "all.jsonl"]);
    assert!(said["manifests"]["embedding"].is_string() && said["manifests"]["classes"].is_string());
    let before = right("exact", "exact");
    assert!(before <= 16, "{before} of 24");
    near(before, right("taught", "float"));
    near(before, right("exact", "float"));

    // From the exact form it learns the others too.
    let train = ["train", "exact", "--out", "run", "--steps", "40", "--cases", "all.jsonl"];
    let learned = home.said(&[&train, steps.as_slice()].concat());
    assert!(learned["changes"]["trunk"].is_string());
    home.said(&["apply", "exact", "run/changes/trunk.change", "--out", "better"]);
    let after = right("better", "exact");
    assert!(after >= before + 6, "{after}, and {before} before");
    near(after, right("run", "float"));
    near(after, right("better", "float"));
    assert!(home.said(&["embed", "better", "a dog"])["embeddings"].is_array());

    // By factors of low rank too.
    let low = ["train", "exact", "--out", "low", "--rank", "4", "--steps", "40"];
    home.said(&[&low, steps.as_slice(), &["--cases", "all.jsonl"]].concat());
    home.said(&["apply", "exact", "low/changes/trunk.change", "--out", "low-exact"]);
    let after = right("low-exact", "exact");
    assert!(after >= before + 6, "{after}, and {before} before");
}

#[test]
fn encoder_should_say_what_to_do_when_it_has_no_classes_or_others() {
    let home = Home::new();
    home.file("cases.jsonl", &labelled(&["dog", "path"]));
    home.file("rows.jsonl", "{\"features\": [0.5], \"class\": 0}\n");
    home.file("sayings.txt", &sayings());
    home.said(&["import", name(&fixture("bert")), "--out", "floats"]);
    home.said(&["import", name(&fixture("llama")), "--out", "decoder"]);
    home.said(&["quantise", "floats", "--out", "exact", "--cases", "cases.jsonl"]);
    let cases = ["--cases", "cases.jsonl"];
    let two = ["train", "floats", "--out", "two", "--classes", "2", "--steps", "1"];
    home.said(&[&two, cases.as_slice()].concat());
    for (arguments, words) in [
        (vec!["train", "floats", "--out", "x"], "--classes"),
        (vec!["train", "floats", "--out", "x", "--classes", "0"], "classes is 0"),
        (vec!["train", "floats", "--out", "x", "--classes", "1"], "not below 1"),
        (vec!["train", "two", "--out", "x", "--classes", "3"], "has 2 classes"),
        (vec!["train", "exact", "--out", "x", "--classes", "2"], "in floats first"),
        (vec!["train", "decoder", "--out", "x", "--classes", "2"], "an encoder"),
        (vec!["train", "decoder", "--out", "x"], "an encoder for --cases"),
        (vec!["eval", "floats"], "no classes apart"),
        (vec!["eval", "exact"], "with classes"),
    ] {
        let error = home.refused(&[arguments.as_slice(), cases.as_slice()].concat());
        assert!(error.contains(words), "{arguments:?}: {error}");
    }
    for (arguments, words) in [
        (["train", "two", "--out", "x", "--cases", "rows.jsonl"], "line 1"),
        (["train", "two", "--out", "x", "--text", "sayings.txt"], "without classes"),
    ] {
        let error = home.refused(&arguments);
        assert!(error.contains(words), "{arguments:?}: {error}");
    }
}

#[test]
fn encoder_should_be_calibrated_on_each_line_when_its_texts_are_lines() {
    let home = Home::new();
    let line = |n: usize| {
        let who = ["a brown dog", "it", "the guard"][n % 3];
        format!("{who} learned{} the path {}.", " over".repeat(n % 7), n % 5)
    };
    let lines: Vec<String> = (0..50).map(line).collect();
    home.file("lines.txt", &lines.join("\n \n"));
    home.said(&["import", name(&fixture("bert")), "--out", "floats"]);
    let floats = FloatFolder::open(&home.at("floats"), &device()).expect("a model");
    let Model::Encoder(encoder) = &floats.model else { panic!("it is an encoder") };

    // Some lines have more tokens, and keep those around them.
    let rules = Tokenizer::open(floats.folder(), 128).and_then(|rules| rules.cut(12));
    let rules = rules.expect("a tokenizer");
    let texts: Vec<Vec<u32>> =
        lines.iter().map(|line| rules.encode(line).expect("encodes")).collect();
    let cut = texts.iter().filter(|text| text.len() == 12).count();
    assert!(cut > 0 && cut < 50, "{cut} are cut");
    for (records, out) in [(20_usize, "first"), (64, "all")] {
        let (sample, records) = (&texts[..records.min(50)], records.to_string());
        let source = ["--text", "lines.txt", "--length", "12", "--records", &records];
        let said = home.said(&[&["quantise", "floats", "--out", out], source.as_slice()].concat());
        assert_eq!(said["sample"], sample.len());
        let exact = quantise::encoder(encoder, sample, &Options::default()).expect("a model");
        let (to, shape) = (home.at(&format!("{out}-expected")), floats.model.shape());
        let expected = ExactFolder::write(&to, &exact, &shape, &floats.tokens, floats.folder());
        let expected = expected.expect("published");
        let embedding = hex(&expected.manifests()[&Purpose::Embedding]);
        assert_eq!(said["manifests"]["embedding"], embedding);
    }
}

#[test]
fn quantise_should_say_how_many_records_its_sample_was() {
    let home = Home::new();
    home.file("sayings.txt", &sayings());
    home.file("cases.jsonl", &labelled(&["dog", "path"]));
    for model in ["llama", "bert"] {
        home.said(&["import", name(&fixture(model)), "--out", model]);
    }
    let sampled = |model: &str, out: &str, source: [&str; 6]| {
        let quantise = ["quantise", model, "--rounding", "nearest", "--out", out];
        home.said(&[quantise.as_slice(), &source].concat())["sample"].clone()
    };
    let text = ["--text", "sayings.txt", "--length", "24", "--records", "5"];
    assert_eq!(sampled("llama", "a", text), 5);
    // All that it says is one line.
    assert_eq!(sampled("bert", "b", text), 1);
    let cases = ["--cases", "cases.jsonl", "--length", "24", "--records", "7"];
    assert_eq!(sampled("bert", "c", cases), 7);
    let refused =
        |more: &[&str]| home.refused(&[&["quantise", "bert", "--out", "d"], more].concat());
    home.file("blank.txt", "\n \n");
    for (more, words) in [
        (["--text", "blank.txt", "--length", "24"], "no example"),
        (["--text", "sayings.txt", "--length", "1"], "2 tokens"),
        (["--text", "sayings.txt", "--records", "0"], "no sample"),
        (["--synthetic", "1", "--length", "24"], "an encoder"),
    ] {
        let error = refused(&more);
        assert!(error.contains(words), "{more:?}: {error}");
    }
}

/// A checkpoint of a decoder whose tokenizer puts one token before a text, and one behind it.
fn framed(home: &Home) -> PathBuf {
    let (from, to) = (fixture("llama"), home.at("framed"));
    fs::create_dir(&to).expect("made");
    for file in ["config.json", "generation_config.json", "model.safetensors"] {
        fs::copy(from.join(file), to.join(file)).expect("copied");
    }
    let rules = fs::read_to_string(from.join("tokenizer.json")).expect("a fixture");
    let mut rules: Value = serde_json::from_str(&rules).expect("JSON");
    let special = |id: &str| json!({ "SpecialToken": { "id": id, "type_id": 0 } });
    let sequence = |id: &str| json!({ "Sequence": { "id": id, "type_id": 0 } });
    let token = |id: &str, number: u32| json!({ "id": id, "ids": [number], "tokens": [id] });
    rules["post_processor"] = json!({
        "type": "TemplateProcessing",
        "single": [special("<s>"), sequence("A"), special("</s>")],
        "pair": [sequence("A"), sequence("B")],
        "special_tokens": { "<s>": token("<s>", 1), "</s>": token("</s>", 2) },
    });
    fs::write(to.join("tokenizer.json"), rules.to_string()).expect("written");
    to
}

#[test]
fn answer_should_be_of_one_text_with_its_prompt_when_texts_begin_with_a_space() {
    let home = Home::new();
    let rules = fs::read_to_string(fixture("llama").join("tokenizer.json")).expect("a fixture");
    let mut rules: Value = serde_json::from_str(&rules).expect("JSON");
    // Which an answer alone would have as well, in the middle of the text.
    rules["pre_tokenizer"]["add_prefix_space"] = true.into();
    home.file("tokenizer.json", &rules.to_string());
    let rules = Tokenizer::open(&home.at("."), 160).expect("a tokenizer");
    for (prompt, answer) in [("the path", " is laid"), ("the pa", "th is laid")] {
        let (both, before) = rules.encode_on(prompt, answer).expect("encodes");
        let whole = [prompt, answer].concat();
        assert_eq!(both, rules.encode(&whole).expect("encodes"));
        let decode = |tokens| rules.decode(tokens).expect("decodes");
        // A token with letters of both is of the answer.
        assert!(prompt.starts_with(decode(&both[..before]).trim_start()), "{prompt}{answer}");
        assert!(decode(&both[before..]).ends_with(answer), "{prompt}{answer}");
    }
}

#[test]
fn generation_should_go_on_from_a_text_that_has_no_end_when_tokens_go_around_texts() {
    let home = Home::new();
    let framed = framed(&home);
    let rules = Tokenizer::open(&framed, 160).expect("a tokenizer");
    let prompt = rules.encode("the path").expect("encodes");
    let decoder = Arc::new(import::decoder(&framed, &device()).expect("supported"));
    let made = |prompt: &[u32]| -> Vec<u32> {
        let (prompt, sampling) = (prompt.to_vec(), Sampling::Greedy);
        let request = Request { prompt, sampling, most: 6, stops: vec![2] };
        let tokens = Generation::new(Arc::clone(&decoder), request).expect("it fits");
        tokens.map(|token| token.expect("it is computed")).collect()
    };
    let open = made(&prompt[..prompt.len() - 1]);
    assert_ne!(made(&prompt), open);
    home.said(&["import", name(&framed), "--out", "floats"]);
    let said = home.said(&["generate", "floats", "--prompt", "the path", "--most", "6"]);
    assert_eq!(said["tokens"], json!(open));
}

#[test]
fn answer_should_be_of_one_text_with_its_prompt_when_tokens_go_around_texts() {
    let home = Home::new();
    let (framed, bare) = (framed(&home), fixture("llama"));
    let [around, plain] =
        [&framed, &bare].map(|folder| Tokenizer::open(folder, 160).expect("a tokenizer"));
    let tokens = |text: &str| plain.encode(text).expect("encodes");
    let (prompt, answer) = (tokens("the path"), tokens(" is laid"));
    assert_eq!(around.encode("the path").expect("encodes").len(), prompt.len() + 2);
    let both = [&[1][..], prompt.as_slice(), answer.as_slice(), &[2]].concat();
    let found = around.encode_on("the path", " is laid").expect("encodes");
    assert_eq!(found, (both, 1 + prompt.len()));
    let found = plain.encode_on("the path", " is laid").expect("encodes");
    assert_eq!(found, ([prompt.as_slice(), &answer].concat(), prompt.len()));
    // One that begins from nothing is foretold from what goes before texts.
    let found = around.encode_on("", " is laid").expect("encodes");
    assert_eq!(found.1, 1);

    // What is judged is the answer, and the token that ends it where the rules put one there.
    home.file("answers.jsonl", "{\"prompt\": \"the path\", \"answer\": \" is laid\"}\n");
    for (from, out, more) in [(&framed, "around", 1), (&bare, "plain", 0)] {
        home.said(&["import", name(from), "--out", out]);
        let said = home.said(&["eval", out, "--answers", "answers.jsonl"]);
        assert_eq!(said["tokens"], answer.len() + more);
    }
}
