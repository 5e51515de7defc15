//! What may be learned from, and what is refused.

use super::*;

#[test]
fn examples_should_be_refused_when_a_model_cannot_learn_from_them() {
    let model = decoder(&tiny());
    let one = |tokens: Vec<u32>, given| Sequences {
        examples: vec![Sequence { tokens, given }],
        ..sequences(1)
    };
    assert!(one(vec![1, 2], 0).check(&model).is_ok());
    let refused = |lessons: Sequences| lessons.check(&model).expect_err("refused");
    assert!(matches!(refused(one(vec![1, 2], 2)), TrainError::Example { .. }));
    assert!(matches!(refused(one(vec![1; 18], 1)), TrainError::Long { length: 17, most: 16 }));
    assert!(matches!(refused(one(vec![1, 11], 1)), TrainError::Model(ModelError::Token { .. })));
    assert!(matches!(refused(Sequences::default()), TrainError::Nothing));
    let texts = demo::texts(SEED);
    assert!(matches!(texts.check(&model), Err(TrainError::Long { .. })));
    let encoder = encoder(&tiny_encoder());
    let one =
        |text: Vec<u32>, class| Labelled { texts: vec![text], classes: vec![class], ..labelled(1) };
    assert!(one(vec![1; 8], 2).check(&encoder).is_ok());
    let refused = |lessons: Labelled| lessons.check(&encoder).expect_err("refused");
    assert!(matches!(refused(one(vec![1], 3)), TrainError::Class { case: 0, class: 3, below: 3 }));
    for text in [vec![], vec![1; 9], vec![11]] {
        assert!(matches!(refused(one(text, 0)), TrainError::Text { case: 0, .. }));
    }
    let labels = Labelled { classes: vec![0], ..labelled(1) };
    assert!(matches!(refused(labels), TrainError::Labels { cases: 8, labels: 1 }));
    assert!(matches!(refused(Labelled::default()), TrainError::Nothing));
    let config = EncoderConfig { classes: None, ..tiny_encoder() };
    let alone = labelled(1).check(&self::encoder(&config)).expect_err("refused");
    assert!(matches!(alone, TrainError::Model(ModelError::Classes)));
    let diverging = Settings { clip: 0.0, ..settings(1) };
    assert!(matches!(Trainer::new(model, diverging), Err(TrainError::Setting { .. })));
}

#[test]
fn step_should_be_refused_when_it_takes_more_examples_than_it_has_draws() {
    let most: usize = 1 << 20;
    let model = decoder(&DecoderConfig { vocabulary: 256, ..tiny() });
    let config = ClassifierConfig { features: 1, layers: vec![], classes: 2, shares: false };
    let classifier = Classifier::new(&config, &device()).expect("fit");
    let cases = |count| Cases { seed: SEED, features: vec![vec![0.5]], classes: vec![1], count };
    let checked = |count: usize| {
        [
            Texts { length: 8, count, ..demo::texts(SEED) }.check(&model),
            sequences(count).check(&model),
            labelled(count).check(&encoder(&tiny_encoder())),
            cases(count).check(&classifier),
        ]
    };
    for found in checked(most) {
        assert!(found.is_ok(), "{found:?}");
    }
    for found in checked(most + 1) {
        let error = found.expect_err("refused").to_string();
        assert!(error.contains("1048577") && error.contains("fewer"), "{error}");
    }
}
