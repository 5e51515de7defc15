//! Runs: killed and gone on with, and what is in their folders already.

use super::*;
use std::{process::Stdio, time::Duration};

#[test]
fn training_should_come_to_the_same_when_it_is_killed_and_begun_again() {
    let home = Home::new();
    let train = |out: &'static str| {
        let small = ["--length", "24", "--batch", "2", "--steps", "120", "--every", "7"];
        [&["train", "demo", "--out", out, "--synthetic", "1"], small.as_slice()].concat()
    };
    let log = |out: &str| fs::read_to_string(home.at(out).join("loss.jsonl")).unwrap_or_default();
    let mut command = home.command(&train("killed"));
    let mut child = command.stdout(Stdio::null()).spawn().expect("it starts");
    // Past its first checkpoint, and not at one.
    while log("killed").lines().count() < 10 {
        assert_eq!(child.try_wait().expect("it can be asked"), None, "it ended by itself");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().and_then(|()| child.wait()).expect("it is killed");
    let seen = log("killed").lines().count();
    assert!(seen < 120, "it was done before it was killed");
    let about = home.at("killed").join("model.json");
    assert!(!about.exists());
    // Where somebody has put a model meanwhile, that is not taken for what the run comes to.
    fs::write(&about, "{}").expect("written");
    let error = home.refused(&train("killed"));
    assert!(error.contains("is there already"), "{error}");
    fs::remove_file(&about).expect("removed");
    for out in ["killed", "whole"] {
        home.said(&train(out));
    }
    assert_eq!(log("killed").lines().count(), 120);
    assert_eq!(log("killed"), log("whole"));
    let weights = |out: &str| fs::read(home.at(out).join("model.safetensors")).expect("weights");
    assert!(weights("killed") == weights("whole"), "other weights");
}

#[test]
fn training_should_be_refused_when_another_process_learns_into_its_folder() {
    let home = Home::new();
    let train = |steps: &'static str| {
        let small = ["--length", "24", "--batch", "2", "--every", "1000000", "--steps", steps];
        [&["train", "demo", "--out", "run", "--synthetic", "1"], small.as_slice()].concat()
    };
    let log = || fs::read_to_string(home.at("run").join("loss.jsonl")).unwrap_or_default();
    // Of more steps than it will make, and without a checkpoint.
    let mut command = home.command(&train("1000000"));
    let mut child = command.stdout(Stdio::null()).spawn().expect("it starts");
    while log().is_empty() {
        assert_eq!(child.try_wait().expect("it can be asked"), None, "it ended by itself");
        std::thread::sleep(Duration::from_millis(2));
    }
    let other = home.call(&train("2"));
    let running = child.try_wait().expect("it can be asked").is_none();
    child.kill().and_then(|()| child.wait()).expect("it is killed");
    let error = text(&other.stderr);
    assert!(running && !other.status.success(), "{error}");
    assert!(error.contains("another run") && error.contains("use another folder"), "{error}");
    // One that was killed keeps nobody out.
    home.said(&train("2"));
    assert_eq!(log().lines().count(), 2);
}

#[test]
fn training_should_be_refused_when_its_folder_has_a_model() {
    let home = Home::new();
    home.file("sayings.txt", &sayings());
    home.said(&["import", name(&fixture("llama")), "--out", "floats"]);
    let sample = ["--text", "sayings.txt", "--length", "24"];
    home.said(&[&["quantise", "floats", "--out", "exact"], sample.as_slice()].concat());
    let weights = || fs::read(home.at("floats").join("model.safetensors")).expect("weights");
    let before = weights();
    for model in ["floats", "exact"] {
        for out in ["floats", "exact"] {
            let train = ["train", model, "--out", out, "--steps", "2"];
            let error = home.refused(&[&train, sample.as_slice()].concat());
            assert!(error.contains("is there already") && error.contains("--out"), "{error}");
            assert!(!home.at(out).join("loss.jsonl").exists());
        }
    }
    assert!(weights() == before, "other weights");
}

#[test]
fn run_should_stay_what_it_came_to_when_another_is_begun_in_its_folder() {
    let home = Home::new();
    home.file("sayings.txt", &sayings());
    home.said(&["import", name(&fixture("llama")), "--out", "floats"]);
    let train = |model: &'static str, out: &'static str, steps: &'static str| {
        let source = ["--text", "sayings.txt", "--length", "24", "--batch", "2"];
        [&["train", model, "--out", out, "--steps", steps], source.as_slice()].concat()
    };
    let weights = |out: &str| fs::read(home.at(out).join("model.safetensors")).expect("weights");
    let log = |out: &str| fs::read_to_string(home.at(out).join("loss.jsonl")).expect("a log");
    home.said(&train("floats", "run", "2"));
    let (learned, losses) = (weights("run"), log("run"));
    assert!(learned != weights("floats"), "nothing was learned");
    let error = home.refused(&train("floats", "run", "4"));
    assert!(error.contains("steps was 2 and is 4"), "{error}");
    // A model of the same shape, with the same settings and examples.
    let error = home.refused(&train("run", "run", "2"));
    assert!(error.contains("another model"), "{error}");
    home.said(&train("floats", "run", "2"));
    assert!(weights("run") == learned && log("run") == losses, "another run");
    // What it came to learns more elsewhere.
    home.said(&train("run", "more", "4"));
    assert_eq!(log("more").lines().count(), 4);
    assert!(weights("more") != learned, "nothing more was learned");
}

#[test]
fn run_should_not_be_taken_for_done_when_its_model_cannot_be_read() {
    let home = Home::new();
    let small = ["--synthetic", "1", "--length", "24", "--batch", "2", "--steps", "2"];
    let train = [&["train", "demo", "--out", "run"], small.as_slice()].concat();
    home.said(&train);
    let read = |name: &str| fs::read(home.at("run").join(name)).expect("a file");
    let files = || ["model.json", "model.safetensors"].map(read);
    let learned = files();
    let about = home.at("run").join("model.json");
    fs::write(&about, "").expect("written");
    let error = home.refused(&train);
    assert!(error.contains("model.json") && error.contains("remove"), "{error}");
    fs::remove_file(&about).expect("removed");
    // The same command writes it, and leaves it when it is there.
    for _ in 0..2 {
        home.said(&train);
        assert!(files() == learned, "another model");
    }
}
