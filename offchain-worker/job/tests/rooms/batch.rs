//! Several jobs in one process come to what each comes to alone.

use crate::home::Home;
use cairn_order::{Input, Made, Order, Outcome, Over};
use cairn_protocol::{
    failure::Failure,
    result::WITHIN,
    spec::{Choice, EmbedSpec, InferSpec, Spec},
};
use std::{fs, sync::mpsc};

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

/// What is told of two orders, and of a third that comes with the first outcome and before anything
/// else is computed. By then nothing is left of the model's files.
fn joined(home: &Home, orders: [Order; 3]) -> Vec<(u32, Outcome)> {
    let [first, second, third] = [0, 1, 2].map(|at| orders[at as usize].numbered_to_bytes(at));
    let (to, come) = mpsc::channel();
    let (asks, asked) = mpsc::channel();
    to.send(second).expect("it is there");
    let mut late = Some((to, third, asked));
    let more = move || {
        asks.send(()).expect("it is there");
        Ok(come.recv().ok())
    };
    let mut told = Vec::new();
    let tell = |bytes: &[u8]| {
        told.push(Outcome::numbered_from_bytes(bytes).expect("an outcome"));
        if let Some((to, third, asked)) = late.take() {
            for folder in ["store", "cache"] {
                fs::remove_dir_all(home.at(folder)).expect("it is ours");
            }
            to.send(third).expect("it is there");
            // Whoever asks for a fourth has handed on the third.
            asked.iter().take(3).for_each(drop);
        }
        Ok(())
    };
    cairn_job::work_off(&first, more, &home.at("scratch"), tell).expect("all are orders");
    told
}

#[test]
fn order_should_be_next_on_the_model_that_is_open_when_it_comes_late() {
    for spec in [EMBED, infer(9)] {
        let home = Home::new();
        let (_, bundle) = if spec == EMBED { home.encoder() } else { home.decoder() };
        let orders = ["the quick brown fox", "a fox", "stones are laid"]
            .map(|text| home.order(&spec, text.as_bytes(), Some(bundle)));
        let alone = orders.each_ref().map(|order| Outcome::from(home.run(order)));
        let told = joined(&home, orders);
        let numbers: Vec<u32> = told.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [0, 1, 2]);
        for (outcome, alone) in told.iter().map(|(_, outcome)| outcome).zip(&alone) {
            made(outcome);
            assert_eq!(outcome, alone);
        }
    }
}

#[test]
fn text_in_floats_should_join_those_that_are_written_when_it_comes_late() {
    let home = Home::new();
    let (_, bundle) = home.decoder();
    let order = |text: &str, most| home.float(&infer(most), text.as_bytes(), bundle, Over::Made);
    let orders = [order("the quick", 24), order("a fox", 1), order("stones", 2)];
    let alone = orders.each_ref().map(|order| home.run(order).expect("it runs"));
    let told = joined(&home, orders);
    // The last to come ends before the first, which was begun long before.
    let numbers: Vec<u32> = told.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [1, 2, 0]);
    for (number, outcome) in &told {
        let (now, alone) = (made(outcome), &alone[*number as usize]);
        assert_eq!((&now.product, now.units), (&alone.product, alone.units));
        let prints = now.fingerprint.as_ref().zip(alone.fingerprint.as_ref());
        let distance = prints.and_then(|(one, other)| one.distance(other));
        assert!(distance <= Some((WITHIN / 10).into()) && distance.is_some(), "{distance:?}");
    }
}

#[test]
fn embedding_in_floats_should_be_computed_on_the_open_model_when_its_text_comes_late() {
    let home = Home::new();
    let (_, bundle) = home.encoder();
    let orders = ["the quick brown fox", "a fox", "stones are laid"]
        .map(|text| home.float(&EMBED, text.as_bytes(), bundle, Over::Input));
    let units = orders.each_ref().map(|order| home.run(order).expect("it runs").units);
    let mut told = joined(&home, orders);
    told.sort_by_key(|(number, _)| *number);
    let done: Vec<u64> = told.iter().map(|(_, outcome)| made(outcome).units).collect();
    assert_eq!(done, units);
}
