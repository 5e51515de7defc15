//! What models learn from, are calibrated on and judged by, from the command line.

mod common;

use common::{
    fixture,
    home::{name, sayings, Home},
};

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
