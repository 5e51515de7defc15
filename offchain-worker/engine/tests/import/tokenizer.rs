//! Tokenizers that are of another model, or none.

use super::*;
use cairn_engine::tokens::{TokenError, Tokenizer};
use proptest::prelude::*;

#[test]
fn tokenizer_should_be_refused_when_the_model_has_fewer_tokens() {
    let refused = Tokenizer::open(&fixture("llama"), 10);
    assert!(matches!(refused, Err(TokenError::Vocabulary { model: 10, .. })));
    assert!(matches!(Tokenizer::open(&fixture("qwen3"), 100), Err(TokenError::File { .. })));
}

#[test]
fn tokenizer_should_be_refused_when_its_rules_are_none() {
    for text in ["", "[]", "{}", "{\"model\": 1e400}", "{\"decoder\": {\"type\": 7}}"] {
        let folder = copy("llama");
        fs::write(folder.path().join("tokenizer.json"), text).expect("written");
        let refused = Tokenizer::open(folder.path(), 160).expect_err("no tokenizer");
        assert!(refused.to_string().contains("tokenizer.json"), "{refused}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn tokenizer_should_not_panic_when_bytes_of_it_are_changed(
        (name, vocabulary) in prop::sample::select(vec![("llama", 160), ("bert", 128)]),
        changes in prop::collection::vec(
            (any::<u16>(), prop::sample::select(b"0123456789-e.[]{}\",:xn".to_vec())),
            1..4,
        ),
    ) {
        let folder = copy(name);
        let path = folder.path().join("tokenizer.json");
        let mut bytes = fs::read(&path).expect("a tokenizer");
        altered(&mut bytes, &changes, None, usize::MAX);
        fs::write(&path, bytes).expect("written");
        if let Ok(tokenizer) = Tokenizer::open(folder.path(), vocabulary) {
            if let Ok(tokens) = tokenizer.encode("the path is marked; is it right?") {
                // Reading on is enough; what comes of such rules is nobody's text.
                let _ = tokenizer.decode(&tokens);
            }
        }
    }
}
