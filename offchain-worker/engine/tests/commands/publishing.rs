//! Models that are published as bundles.

use super::*;
use cairn_artifact::hex;
use cairn_protocol::{bundle::Bundle, chunk::content};

#[test]
fn publish_should_say_the_same_bundle_when_it_is_done_again() {
    let home = Home::new();
    home.file("sayings.txt", &sayings());
    home.said(&["import", name(&fixture("llama")), "--out", "floats"]);
    let sample = ["--text", "sayings.txt", "--length", "24"];
    home.said(&[&["quantise", "floats", "--out", "exact"], sample.as_slice()].concat());
    let publish = ["publish", "exact", "--store", "store"];
    let said = home.said(&publish);
    let id = said["id"].as_str().expect("a name");
    let bytes = fs::read(home.at("store").join(id)).expect("a bundle");
    assert_eq!(hex(&content(&bytes)), id);
    assert_eq!((&said["bytes"], &said["store"]), (&bytes.len().into(), &"store".into()));
    let bundle = Bundle::read(&bytes).expect("a bundle");
    let card = fs::read(home.at("exact").join("card.json")).expect("a card");
    assert_eq!(bundle.card.to_vec(), card);
    let files = || fs::read_dir(home.at("store")).expect("a folder").count();
    assert_eq!(files(), bundle.files.len() + 1);
    assert_eq!(home.said(&publish), said);
    assert_eq!(files(), bundle.files.len() + 1);
    // For a person as well.
    let shown = text(&home.call(&publish).stdout);
    let line = |line: &str| line.split_whitespace().eq(["id", id]);
    assert!(shown.lines().any(line), "{shown}");
}

#[test]
fn publish_should_say_what_to_do_when_there_is_nothing_to_publish() {
    let home = Home::new();
    home.said(&["import", name(&fixture("llama")), "--out", "floats"]);
    for (arguments, words) in [
        (vec!["publish", "nowhere", "--store", "x"], "card.json"),
        (vec!["publish", "floats", "--store", "x"], "card.json"),
        (vec!["publish", "floats"], "--store"),
        (vec!["publish", "floats", "--store", "x", "--profile", "float"], "cairn-engine quantise"),
        (vec!["publish", "floats", "--store", "x", "--device", "cuda"], "leave --device out"),
    ] {
        let error = home.refused(&arguments);
        assert!(error.contains(words), "{arguments:?}: {error}");
    }
    assert!(!home.at("x").exists());
}
