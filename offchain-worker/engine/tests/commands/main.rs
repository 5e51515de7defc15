//! The command line, as people and scripts use it.

#[path = "../common/mod.rs"]
mod common;
mod publishing;
mod records;
mod training;

use cairn_artifact::{change::Change, changes::Changes, hex};
use cairn_engine::{
    folder::{save, ExactFolder, FloatFolder, Model, Tokens},
    parts,
};
use common::{
    fixture,
    home::{name, sayings, text, Home},
    Reference,
};
use serde_json::Value;
use std::fs;

#[test]
fn model_should_learn_and_be_changed_when_it_is_taken_through_all_commands() {
    let home = Home::new();
    home.file("sayings.txt", &sayings());
    let from = fixture("llama");
    let imported = home.said(&["import", name(&from), "--out", "floats"]);
    assert_eq!(imported["model"]["decoder"]["layers"], 2);
    let sample = ["--text", "sayings.txt", "--length", "24"];
    let quantise = [&["quantise", "floats", "--out", "exact"], sample.as_slice()].concat();
    let published = home.said(&quantise);
    assert_eq!(published["manifests"]["loss"].as_str().expect("a name").len(), 64);

    let lost = |model: &str, profile: &str| {
        let eval = [&["eval", model, "--profile", profile], sample.as_slice()].concat();
        let said = home.said(&eval);
        assert!(said["tokens_per_s"].as_f64().is_some_and(|rate| rate > 0.0), "{said}");
        said["loss"].as_f64().expect("a number")
    };
    let before = lost("exact", "exact");
    assert!((before / lost("floats", "float") - 1.0).abs() < 0.005);
    assert!((before / lost("exact", "float") - 1.0).abs() < 0.005);

    losses_of_answers_should_be_alike(&home);

    // All weights, and factors of low rank.
    for (run, rank) in [("whole", None), ("low", Some(["--rank", "4"]))] {
        let steps = ["--steps", "40", "--batch", "8", "--rate", "0.01", "--warmup", "5"];
        let rank = rank.as_ref().map_or(&[][..], |rank| rank.as_slice());
        let train = ["train", "exact", "--out", run];
        let train = [&train, sample.as_slice(), steps.as_slice(), rank].concat();
        let learned = home.said(&train);
        let changes = learned["changes"].as_object().expect("changes");
        assert_eq!(changes.keys().collect::<Vec<_>>(), ["trunk"]);
        assert!(changes["trunk"].as_str().expect("a size").ends_with(" bytes"));
        let change = format!("{run}/changes/trunk.change");
        let inspected = home.said(&["inspect", &change]);
        assert_eq!(inspected["bytes"], fs::metadata(home.at(&change)).expect("a file").len());
        assert_eq!(inspected["base"], home.said(&["inspect", "exact"])["components"]["trunk"]);
        let to = format!("{run}-exact");
        home.said(&["apply", "exact", &change, "--out", &to]);
        let after = lost(&to, "exact");
        assert!(after < 0.8 * before, "{run}: {after}, and {before} before");
        // What was learned in floats is what the changed model is.
        let floats = lost(run, "float");
        let (drop, expected) = (before - after, before - floats);
        assert!((drop / expected - 1.0).abs() < 0.01, "{run}: {after} and {floats} in floats");
        // The same again is what was there.
        let again = home.said(&train);
        assert_eq!(again["changes"], learned["changes"]);
    }
    assert_eq!(lost("exact", "exact"), before, "the base is as it was");

    texts_should_be_made(&home);
}

/// Of answers alone, whichever arithmetic.
fn losses_of_answers_should_be_alike(home: &Home) {
    let answers = "{\"prompt\": \"the red\", \"answer\": \" hen lays\"}\n";
    home.file("answers.jsonl", &answers.repeat(3));
    let answered = |profile: &str| {
        let eval = ["eval", "exact", "--profile", profile, "--answers", "answers.jsonl"];
        let said = home.said(&eval);
        assert!(said["tokens_per_s"].as_f64().is_some_and(|rate| rate > 0.0), "{said}");
        (said["tokens"].as_u64(), said["loss"].as_f64().expect("a number"))
    };
    let (exact, floats) = (answered("exact"), answered("float"));
    assert_eq!(exact.0, floats.0);
    assert!((exact.1 / floats.1 - 1.0).abs() < 0.01, "{exact:?} {floats:?}");
}

/// The same tokens again, and for a person the text alone.
fn texts_should_be_made(home: &Home) {
    let made = |model: &str, more: &[&str]| {
        let generate = ["generate", model, "--prompt", "the red", "--most", "12"];
        let mut said = home.said(&[generate.as_slice(), more].concat());
        // Another each time.
        let rate = said.as_object_mut().and_then(|fields| fields.remove("tokens_per_s"));
        let rate = rate.and_then(|rate| rate.as_f64()).expect("a number");
        let none = said["tokens"].as_array().expect("tokens").is_empty();
        assert!(rate > 0.0 || none, "{rate}: {said}");
        said
    };
    let greedy = made("whole-exact", &[]);
    assert_eq!(greedy["tokens"], made("whole-exact", &["--threads", "1"])["tokens"]);
    assert!(!greedy["tokens"].as_array().expect("tokens").is_empty());
    let drawn = ["--temperature", "0.8", "--top-k", "20", "--top-p", "0.9", "--seed", "5"];
    assert_eq!(made("whole-exact", &drawn), made("whole-exact", &drawn));
    assert!(made("floats", &[])["text"].is_string());
    let output = home.call(&["generate", "whole-exact", "--prompt", "the red", "--most", "12"]);
    assert_eq!(text(&output.stdout).trim_end(), greedy["text"].as_str().expect("text").trim_end());
}

#[test]
fn changes_of_one_base_should_come_to_the_same_in_any_order() {
    let home = Home::new();
    home.file("sayings.txt", &sayings());
    home.said(&["import", name(&fixture("llama")), "--out", "floats"]);
    let sample = ["--text", "sayings.txt", "--length", "24"];
    home.said(&[&["quantise", "floats", "--out", "exact"], sample.as_slice()].concat());
    for (run, seed) in [("one", "1"), ("two", "2")] {
        let steps = ["--steps", "3", "--batch", "2", "--seed", seed];
        let train = ["train", "exact", "--out", run];
        home.said(&[&train, sample.as_slice(), steps.as_slice()].concat());
    }
    let (one, two) = ("one/changes/trunk.change", "two/changes/trunk.change");
    let applied = |changes: &[&str], to: &str| {
        home.said(&[&["apply", "exact"], changes, &["--out", to]].concat())["manifests"].clone()
    };
    let both = applied(&[one, two], "both");
    assert_eq!(both, applied(&[two, one], "turned"));
    assert!(both["loss"].is_string() && both != applied(&[one], "first"));
}

#[test]
fn changes_in_one_file_should_be_applied_as_they_are_one_by_one() {
    let home = Home::new();
    home.file("sayings.txt", &sayings());
    home.said(&["import", name(&fixture("llama")), "--out", "floats"]);
    let sample = ["--text", "sayings.txt", "--length", "24"];
    home.said(&[&["quantise", "floats", "--out", "exact"], sample.as_slice()].concat());
    let train = ["train", "exact", "--out", "run", "--steps", "3", "--batch", "2"];
    home.said(&[&train, sample.as_slice()].concat());
    let bytes = fs::read(home.at("run/changes/trunk.change")).expect("a change");
    let change = Change::decode(&bytes).expect("a change");
    let base = hex(&change.base());
    let changes = Changes::new([change]).expect("one change");
    fs::write(home.at("delta"), changes.encode()).expect("written");
    let applied = |file: &str, to: &str| {
        home.said(&["apply", "exact", file, "--out", to])["manifests"].clone()
    };
    assert_eq!(applied("delta", "one"), applied("run/changes/trunk.change", "other"));
    let inspected = home.said(&["inspect", "delta"]);
    assert_eq!(inspected["form"], "changes");
    assert_eq!(inspected["bytes"], changes.encode().len());
    assert!(inspected["changes"][&base].is_object(), "{inspected}");
    // What is cut off is refused in words.
    fs::write(home.at("half"), &changes.encode()[..40]).expect("written");
    let error = home.refused(&["apply", "exact", "half", "--out", "none"]);
    assert!(error.contains("half") && error.contains("fetch it again"), "{error}");
}

#[test]
fn texts_should_lie_alike_when_they_are_embedded_exactly_and_in_floats() {
    let home = Home::new();
    home.file("sayings.txt", &sayings().replace(". ", ".\n"));
    home.said(&["import", name(&fixture("bert")), "--out", "floats"]);
    let sample = ["--text", "sayings.txt", "--length", "16"];
    home.said(&[&["quantise", "floats", "--out", "exact"], sample.as_slice()].concat());
    let points = |model: &str, profile: &str| -> Vec<Vec<f64>> {
        let texts = ["a red hen", "an old egg", "the wet farm"];
        let said = home.said(&[&["embed", model, "--profile", profile], &texts[..]].concat());
        serde_json::from_value(said["embeddings"].clone()).expect("rows of numbers")
    };
    let short = ["quantise", "floats", "--out", "short", "--context", "40"];
    home.said(&[short.as_slice(), &sample].concat());
    let exact = points("exact", "exact");
    let floats = ["floats", "exact", "short"].map(|model| points(model, "float"));
    for floats in floats.into_iter().chain([points("short", "exact")]) {
        assert_eq!((exact.len(), exact[0].len()), (3, floats[0].len()));
        for (x, y) in exact.iter().zip(&floats) {
            let cosine: f64 = x.iter().zip(y).map(|(x, y)| x * y).sum();
            assert!(cosine > 0.999, "{cosine}");
        }
    }
}

#[test]
fn classifier_should_be_taught_and_judged_when_it_has_cases() {
    let home = Home::new();
    let case = |(a, b, class): (f64, f64, u8)| {
        format!("{{\"features\": [{a}, {b}], \"class\": {class}}}\n")
    };
    let cases = [(0.0, 0.0, 0), (0.0, 1.0, 1), (1.0, 0.0, 1), (1.0, 1.0, 0)].map(case).concat();
    home.file("cases.jsonl", &cases);
    save(&home.at("floats"), &Model::Classifier(perceptron()), &Tokens::None, home.path())
        .expect("written");
    let source = ["--cases", "cases.jsonl"];
    let steps = ["--steps", "200", "--batch", "16", "--rate", "0.02"];
    let train = ["train", "floats", "--out", "taught"];
    home.said(&[&train, source.as_slice(), steps.as_slice()].concat());
    home.said(&[&["quantise", "taught", "--out", "exact"], source.as_slice()].concat());
    // Another's, which needs no teaching.
    let onnx = fixture("classifiers/gemm/model.onnx");
    let inspected = home.said(&["inspect", name(&onnx)]);
    let imported = home.said(&["import", name(&onnx), "--out", "imported"]);
    assert_eq!(imported["model"], inspected["model"]);
    assert_eq!(home.said(&["inspect", "imported"])["weights"], inspected["weights"]);
    for model in ["taught", "exact"] {
        let judged = home.said(&[&["eval", model], source.as_slice()].concat());
        assert_eq!((&judged["cases"], &judged["right"]), (&4.into(), &4.into()), "{model}");
    }
    // Features go twice as far as those that it was calibrated on, and what is beyond is counted.
    home.file("far.jsonl", &[(1.9, -1.9, 0), (9.0, -9.0, 1), (0.5, 2.5, 1)].map(case).concat());
    for (cases, cut) in [("cases.jsonl", 0), ("far.jsonl", 3)] {
        assert_eq!(home.said(&["eval", "exact", "--cases", cases])["cut"], cut);
    }
    // What is of another shape is nobody's mistake but the file's.
    home.file("long.jsonl", "{\"features\": [0.0, 1.0, 1.0, 0.0], \"class\": 1}\n");
    home.file("other.jsonl", &case((0.0, 1.0, 2)));
    for model in ["taught", "exact"] {
        let eval = |cases| home.refused(&["eval", model, "--cases", cases]);
        assert!(eval("long.jsonl").contains("case 0 has 4 features, and the model takes 2"));
        assert!(eval("other.jsonl").contains("case 0 is of class 2, which is not below 2"));
    }
}

#[test]
fn shares_should_stay_with_a_model_when_it_is_taken_through_all_commands() {
    let home = Home::new();
    let reference = Reference::of("classifiers/matmul");
    let (features, shares) = (reference.floats("features"), reference.floats("shares"));
    let case = |(features, shares): (&[f32], &[f32])| {
        let best = (1..5).fold(0, |best, at| if shares[at] > shares[best] { at } else { best });
        format!("{{\"features\": {features:?}, \"class\": {best}}}\n")
    };
    let cases = features.chunks(6).zip(shares.chunks(5)).map(case);
    home.file("cases.jsonl", &cases.collect::<String>());
    let source = ["--cases", "cases.jsonl"];

    let onnx = fixture("classifiers/matmul/model.onnx");
    let imported = home.said(&["import", name(&onnx), "--out", "floats"]);
    assert_eq!(imported["model"]["classifier"]["shares"], true);
    assert_eq!(home.said(&["inspect", name(&onnx)])["model"], imported["model"]);
    home.said(&[&["quantise", "floats", "--out", "exact"], source.as_slice()].concat());
    let train = ["train", "exact", "--out", "run", "--steps", "2", "--batch", "4"];
    home.said(&[&train, source.as_slice()].concat());
    home.said(&["apply", "exact", "run/changes/trunk.change", "--out", "better"]);
    // One case is nearly of another class.
    for (model, least) in [("floats", 24), ("exact", 24), ("run", 23), ("better", 23)] {
        assert_eq!(home.said(&["inspect", model])["model"], imported["model"], "{model}");
        let judged = home.said(&[&["eval", model], source.as_slice()].concat());
        assert!(judged["right"].as_u64().is_some_and(|right| right >= least), "{model}: {judged}");
    }

    // Of a model that gives numbers nothing is written, as before there were others.
    let onnx = fixture("classifiers/gemm/model.onnx");
    home.said(&["import", name(&onnx), "--out", "numbers"]);
    let about = fs::read_to_string(home.at("numbers").join("model.json")).expect("a model");
    assert!(about.contains("classifier") && !about.contains("shares"), "{about}");
}

#[test]
fn biases_should_be_learned_when_a_model_is_in_floats_and_not_when_it_is_exact() {
    let home = Home::new();
    let line = |n: u8| format!("{{\"features\": [{n}, 0.5], \"class\": {}}}\n", n % 2);
    home.file("cases.jsonl", &(0..4).map(line).collect::<String>());
    save(&home.at("floats"), &Model::Classifier(perceptron()), &Tokens::None, home.path())
        .expect("written");
    let source = ["--cases", "cases.jsonl"];
    home.said(&[&["quantise", "floats", "--out", "exact"], source.as_slice()].concat());
    for (model, out) in [("floats", "from-floats"), ("exact", "from-exact")] {
        let train = ["train", model, "--out", out, "--steps", "20", "--batch", "4"];
        home.said(&[&train, source.as_slice()].concat());
    }
    let read = |model: Model| match model {
        Model::Classifier(classifier) => parts::read(&classifier).expect("on this machine"),
        _ => panic!("another model"),
    };
    let opened = |folder: &str| FloatFolder::open(&home.at(folder), &common::device());
    let floats = |folder: &str| read(opened(folder).expect("a model").model);
    let exact = ExactFolder::open(&home.at("exact")).expect("a model");
    let settled = read(exact.floats(&common::device()).expect("its masters"));
    let (before, from_floats, from_exact) =
        (floats("floats"), floats("from-floats"), floats("from-exact"));
    for name in ["layers.0.weight", "classes.weight"] {
        assert!(from_floats[name] != before[name], "{name} has not learned");
        assert!(from_exact[name] != settled[name], "{name} has not learned");
    }
    for name in ["layers.0.bias", "classes.bias"] {
        assert!(from_floats[name] != before[name], "{name} has not learned");
        assert_eq!(from_exact[name], settled[name], "{name} has learned");
    }
}

fn perceptron() -> cairn_engine::model::Classifier {
    use cairn_engine::config::{Activation, ClassifierConfig, ClassifierLayer};
    let layer = ClassifierLayer { outputs: 16, activation: Activation::Gelu };
    let config = ClassifierConfig { features: 2, layers: vec![layer], classes: 2, shares: false };
    let model = cairn_engine::model::Classifier::new(&config, &common::device()).expect("fit");
    cairn_engine::train::draw(model, &[3; 32])
}

#[test]
fn demo_should_be_made_when_there_is_no_folder_of_that_name() {
    let home = Home::new();
    let small = ["--synthetic", "1", "--length", "24", "--batch", "2", "--steps", "2"];
    home.said(&[&["train", "demo", "--out", "run"], small.as_slice()].concat());
    let inspected = home.said(&["inspect", "run"]);
    let weights = inspected["weights"].as_u64().expect("a number");
    assert!((900_000..1_200_000).contains(&weights), "{weights}");
    let eval = ["eval", "run", "--synthetic", "2", "--length", "24", "--records", "2"];
    let judged = home.said(&eval);
    assert!(judged["loss"].as_f64() > judged["floor"].as_f64());
    assert!(judged["tokens_per_s"].as_f64().is_some_and(|rate| rate > 0.0), "{judged}");
}

#[test]
fn commands_should_say_what_to_do_when_something_is_wrong() {
    let home = Home::new();
    home.file("sayings.txt", &sayings());
    home.file("empty.txt", "");
    home.file("broken.jsonl", "{\"prompt\": \"a\"}\n");
    home.said(&["import", name(&fixture("llama")), "--out", "floats"]);
    let text = ["--text", "sayings.txt"];
    for (arguments, words) in [
        (vec!["inspect", "nowhere"], "nowhere"),
        (vec!["import", "floats/tokenizer.json", "--out", "x"], "ONNX"),
        (vec!["import", "nowhere", "--out", "x"], "config.json"),
        (vec!["import", name(&fixture("llama")), "--out", "floats"], "is there already"),
        (vec!["eval", "floats", "--profile", "exact", text[0], text[1]], "quantise"),
        (vec!["eval", "floats"], "--text"),
        (vec!["eval", "floats", "--text", "none.txt"], "none.txt"),
        (vec!["eval", "floats", "--answers", "broken.jsonl"], "line 1"),
        (vec!["eval", "floats", "--text", "empty.txt"], "no example"),
        (vec!["eval", "floats", "--synthetic", "1"], "bytes"),
        (vec!["train", "demo", "--out", "x", "--synthetic", "1", "--length", "0"], "2 tokens"),
        (vec!["train", "demo", "--out", "x", "--synthetic", "1", "--batch", "9999999"], "fewer"),
        (vec!["eval", "floats", "--length", "1", text[0], text[1]], "2 tokens"),
        (vec!["eval", "floats", "--device", "tpu", text[0], text[1]], "cpu, wgpu and cuda"),
        (vec!["generate", "floats", "--prompt", ""], "no token"),
        (vec!["generate", "floats", "--prompt", "a", "--temperature", "-1"], "temperature"),
        (vec!["embed", "floats", "a"], "an encoder"),
        (vec!["apply", "floats", "sayings.txt", "--out", "x"], "card.json"),
        (vec!["train", "floats", "--out", "x", text[0], text[1]], "takes 64"),
        (
            vec![
                "train", "floats", "--out", "x", "--rate", "0", "--length", "24", text[0], text[1],
            ],
            "rate",
        ),
    ] {
        let error = home.refused(&arguments);
        assert!(error.contains(words), "{arguments:?}: {error}");
    }
    assert!(!home.at("x").join("model.json").exists());
    let sample = [text.as_slice(), &["--length", "24"]].concat();
    home.said(&[&["quantise", "floats", "--out", "exact"], sample.as_slice()].concat());
    let damaged = home.refused(&["apply", "exact", "sayings.txt", "--out", "changed"]);
    assert!(damaged.contains("does not begin as changes do"), "{damaged}");
    assert!(!home.at("changed").exists());
    let exact = home.refused(&["eval", "exact", "--device", "wgpu", text[0], text[1]]);
    assert!(exact.contains("--profile float"), "{exact}");
    for arguments in
        [&["--json", "inspect", "nowhere"][..], &["inspect", "--json"], &["--json", "x"]]
    {
        let output = home.call(arguments);
        let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert!(said["error"].is_string() && !output.status.success(), "{arguments:?}");
    }
    assert!(home.call(&["--json", "--help"]).status.success());
}

#[test]
fn commands_should_fail_and_not_panic_when_nobody_reads_what_they_say() {
    let home = Home::new();
    home.said(&["import", name(&fixture("bert")), "--out", "floats"]);
    let closed = || {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        writer
    };
    for arguments in [
        &["embed", "floats", "a red hen"][..],
        &["--json", "embed", "floats", "a red hen"],
        &["inspect", "floats"],
        &["--json", "inspect", "nowhere"],
    ] {
        let output = home.command(arguments).stdout(closed()).output().expect("it starts");
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {error}");
        assert!(!error.contains("panicked"), "{arguments:?}: {error}");
    }
    let output = home.command(&["inspect", "nowhere"]).stderr(closed()).output();
    assert_eq!(output.expect("it starts").status.code(), Some(1));
}

#[test]
fn examples_should_be_refused_alike_in_either_arithmetic_when_one_cannot_be_judged() {
    let home = Home::new();
    home.file("sayings.txt", &sayings());
    home.said(&["import", name(&fixture("llama")), "--out", "floats"]);
    let sample = ["--text", "sayings.txt", "--length", "24"];
    home.said(&[&["quantise", "floats", "--out", "exact"], sample.as_slice()].concat());
    let example = |answer: &str| format!("{{\"prompt\": \"the red\", \"answer\": \"{answer}\"}}\n");
    let (fit, given, long) = (example(" hen"), example(""), example(&" hen".repeat(99)));
    for (examples, words) in [
        (given.clone(), ["example 0 has", "left to be foretold"]),
        // Also beside one that can be.
        (fit.clone() + &given, ["example 1 has", "left to be foretold"]),
        (fit + &long, ["takes 64", "cut it"]),
    ] {
        home.file("answers.jsonl", &examples);
        let [exact, float] = ["exact", "float"].map(|profile| {
            let eval = ["eval", "exact", "--profile", profile, "--answers", "answers.jsonl"];
            home.refused(&eval)
        });
        assert!(words.iter().all(|word| exact.contains(word)), "{exact}");
        assert_eq!(exact, float);
    }
}

#[test]
fn profiles_and_devices_should_be_taken_where_they_say_what_is_done() {
    let home = Home::new();
    home.file("sayings.txt", &sayings());
    let (from, text) = (fixture("llama"), ["--text", "sayings.txt", "--length", "24"]);
    let (float, exact) = (["--profile", "float"], ["--profile", "exact"]);
    let cpu = ["--device", "cpu"];
    home.said(&[&["import", name(&from), "--out", "floats"], &float[..], &cpu].concat());
    home.said(&[&["quantise", "floats", "--out", "exact"], &text[..], &exact, &cpu].concat());
    let train = ["train", "exact", "--out", "run", "--steps", "1", "--batch", "2"];
    home.said(&[&train, &text[..], &float, &cpu].concat());
    let change = "run/changes/trunk.change";
    home.said(&[&["apply", "exact", change, "--out", "changed"], &exact[..], &cpu].concat());
    home.said(&[&["inspect", "changed"], &cpu[..]].concat());
}

#[test]
fn profile_or_device_should_be_refused_in_words_when_it_means_nothing() {
    let home = Home::new();
    home.file("sayings.txt", &sayings());
    let from = fixture("llama");
    home.said(&["import", name(&from), "--out", "floats"]);
    let import = ["import", name(&from), "--out", "x"];
    let train = ["train", "demo", "--out", "x", "--synthetic", "1"];
    let quantise = ["quantise", "floats", "--out", "x", "--text", "sayings.txt"];
    let apply = ["apply", "floats", "none.change", "--out", "x"];
    let (exact, float) = (["--profile", "exact"], ["--profile", "float"]);
    for (command, option, words) in [
        (&import[..], exact, "cairn-engine quantise"),
        (&import[..], ["--device", "wgpu"], "leave --device out"),
        (&train[..], exact, "learn in floats"),
        (&quantise[..], float, "eval --profile float"),
        (&quantise[..], ["--device", "cuda"], "leave --device out"),
        (&apply[..], float, "eval --profile float"),
        (&apply[..], ["--device", "cuda"], "leave --device out"),
        (&["inspect", "floats"][..], exact, "computes nothing"),
        (&["inspect", "floats"][..], float, "computes nothing"),
        (&["inspect", "floats"][..], ["--device", "cuda"], "leave --device out"),
    ] {
        let error = home.refused(&[command, option.as_slice()].concat());
        assert!(error.contains(words) && !error.contains("Usage"), "{command:?}: {error}");
        assert!(error.contains("leave --profile out") || error.contains("leave --device out"));
        assert!(!home.at("x").exists(), "{command:?} begins");
    }
}
