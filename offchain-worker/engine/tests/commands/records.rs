//! Records of tokens, as jobs take them.

use super::*;

#[test]
fn records_should_be_the_tokens_of_whole_ones_when_a_text_is_cut() {
    let home = Home::new();
    home.file("sayings.txt", &sayings());
    home.said(&["import", name(&fixture("llama")), "--out", "floats"]);
    let cut = ["records", "floats", "--text", "sayings.txt", "--length"];
    let said = home.said(&[cut.as_slice(), &["24", "--out", "data"]].concat());
    let folder = FloatFolder::open(&home.at("floats"), &common::device()).expect("a model");
    let tokens = folder.codec().expect("rules").encode(&sayings()).expect("tokens");
    let whole = tokens.chunks_exact(24);
    assert_eq!(said["records"], whole.len());
    let expected: Vec<u8> = whole.flatten().flat_map(|token| token.to_le_bytes()).collect();
    let bytes = fs::read(home.at("data")).expect("a file");
    assert!(bytes == expected && !bytes.is_empty());
    assert_eq!(said["bytes"], bytes.len());

    let long = home.refused(&[cut.as_slice(), &["100000", "--out", "none"]].concat());
    assert!(long.contains("no 100000 tokens"), "{long}");
    let answers = ["records", "floats", "--answers", "sayings.txt", "--out", "none"];
    assert!(home.refused(&answers).contains("many lengths"));
    assert!(!home.at("none").exists());
}

#[test]
fn records_should_be_those_asked_for_when_text_is_synthetic() {
    let home = Home::new();
    let small = ["--synthetic", "1", "--length", "16"];
    let train = ["train", "demo", "--out", "demo", "--steps", "1", "--batch", "1"];
    home.said(&[&train, small.as_slice()].concat());
    let cut = |count, from, out: &'static str| {
        let which = ["--records", count, "--from", from, "--out", out];
        home.said(&[&["records", "demo"], small.as_slice(), &which].concat());
        fs::read(home.at(out)).expect("a file")
    };
    let (three, last) = (cut("3", "5", "three"), cut("1", "7", "last"));
    assert_eq!((three.len(), last.len()), (3 * 16 * 4, 16 * 4));
    assert_eq!(three[2 * 16 * 4..], last);
    // A token is a byte of it.
    assert!(last.chunks(4).all(|token| token[0].is_ascii() && token[1..] == [0; 3]));
}
