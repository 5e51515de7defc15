//! Several jobs in one process come to what each comes to alone.

use crate::home::Home;
use cairn_order::{Input, Made, Order, Outcome, Over};
use cairn_protocol::{
    failure::Failure,
    result::WITHIN,
    spec::{Choice, EmbedSpec, InferSpec, Spec},
};

const TEXTS: [&str; 4] = ["the quick brown fox", "a fox", "stones are laid", "the lazy dog"];
const EMBED: Spec = Spec::Embed(EmbedSpec);

fn infer(most: u32) -> Spec {
    Spec::Infer(InferSpec { most, choice: Choice::Greedy, stops: Default::default() })
}

#[track_caller]
fn made(outcome: &Outcome) -> &Made {
    let Outcome::Made(made) = outcome else { panic!("{outcome:?}") };
    made
}

#[track_caller]
fn failure(outcome: &Outcome) -> Failure {
    let Outcome::Failed(fault) = outcome else { panic!("{outcome:?}") };
    fault.failure
}

/// These, and three that fail for what is theirs alone: no text, too much of it, too little paid.
fn with_bad_ones(orders: Vec<Order>) -> Vec<Order> {
    let first = orders[0].clone();
    let letters = Input::Inline(vec![0xff]);
    let long = Input::Inline("fox ".repeat(100).into_bytes());
    let mut all = vec![Order { input: letters, ..first.clone() }];
    all.extend(orders);
    all.insert(2, Order { input: long, units: 3, ..first.clone() });
    all.push(Order { units: 0, ..first });
    all
}

#[test]
fn exact_results_should_be_the_same_bits_as_alone() {
    let home = Home::new();
    let ((_, encoder), (_, decoder)) = (home.encoder(), home.decoder());
    for (spec, bundle) in [(EMBED, encoder), (infer(9), decoder)] {
        let order = |text: &&str| home.order(&spec, text.as_bytes(), Some(bundle));
        let orders = with_bad_ones(TEXTS.iter().map(order).collect());
        let together = home.run_all(&orders);
        assert_eq!(together.len(), orders.len());
        for (order, outcome) in orders.iter().zip(&together) {
            assert_eq!(outcome, &Outcome::from(home.run(order)));
        }
        let failed = |outcome: &&Outcome| matches!(outcome, Outcome::Failed(_));
        assert!(together.iter().filter(failed).count() >= 2);
    }
}

#[test]
fn results_in_floats_should_be_near_what_each_is_alone() {
    let home = Home::new();
    let ((_, encoder), (_, decoder)) = (home.encoder(), home.decoder());
    let cases = [
        (EMBED, encoder, Over::Input),
        (infer(9), decoder, Over::Input),
        (infer(9), decoder, Over::Made),
    ];
    for (spec, bundle, over) in cases {
        let order = |text: &&str| home.float(&spec, text.as_bytes(), bundle, over.clone());
        let orders = with_bad_ones(TEXTS.iter().map(order).collect());
        let together = home.run_all(&orders);
        for (order, outcome) in orders.iter().zip(&together) {
            let alone = match home.run(order) {
                Ok(alone) => alone,
                Err(fault) => {
                    assert_eq!(outcome, &Outcome::Failed(fault));
                    continue;
                }
            };
            let prints = made(outcome).fingerprint.as_ref().zip(alone.fingerprint.as_ref());
            let distance = prints.and_then(|(one, other)| one.distance(other));
            assert!(distance <= Some((WITHIN / 10).into()) && distance.is_some(), "{distance:?}");
            assert_eq!(made(outcome).units, alone.units);
        }
        assert_eq!(failure(&together[0]), Failure::MalformedSpec);
    }
}

#[test]
fn outputs_should_be_files_of_their_own_when_they_are_long() {
    let home = Home::new();
    let (_, bundle) = home.encoder();
    let order = |text: &&str| {
        let order = home.order(&EMBED, text.as_bytes(), Some(bundle));
        Order { inline: 4, ..order }
    };
    let orders: Vec<Order> = TEXTS.iter().map(order).collect();
    let together = home.run_all(&orders);
    let outputs: Vec<Vec<u8>> = together.iter().map(|one| home.output(made(one))).collect();
    for (order, output) in orders.iter().zip(&outputs) {
        let alone = home.run(order).expect("it runs");
        assert_eq!(output, &home.output(&alone));
    }
    assert_ne!(outputs[0], outputs[1]);
}

#[test]
fn batch_should_be_refused_when_its_jobs_do_not_belong_together() {
    let home = Home::new();
    let ((_, encoder), (_, decoder)) = (home.encoder(), home.decoder());
    let one = home.order(&EMBED, b"a fox", Some(encoder));
    let others = [
        home.order(&infer(4), b"a fox", Some(encoder)),
        home.order(&EMBED, b"a fox", Some(decoder)),
        home.float(&EMBED, b"a fox", encoder, Over::Input),
    ];
    for other in others {
        let outcomes = home.run_all(&[one.clone(), other]);
        assert_eq!(outcomes.iter().map(failure).collect::<Vec<_>>(), [Failure::Internal; 2]);
    }
    assert!(home.run_all(&[]).is_empty());
    // What all of them lack is each one's failure.
    let missing = Order { bundle: None, ..one };
    let outcomes = home.run_all(&[missing.clone(), missing]);
    assert_eq!(outcomes.iter().map(failure).collect::<Vec<_>>(), [Failure::MalformedSpec; 2]);
}
