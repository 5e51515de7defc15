//! What a quote says in words.

use super::mock::*;
use cairn_protocol::{
    id::Seed,
    job::{Requirements, Terms},
    view::Quote,
};

const SEED: Seed = [0; 32];

fn quote(terms: &Terms) -> Quote {
    Tasks::quote(&ALICE, terms, &SEED).expect("it can be had")
}

fn in_words(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("these are words")
}

fn warning(terms: &Terms) -> String {
    in_words(quote(terms).warning)
}

#[test]
fn warning_should_say_that_nobody_verifies_a_quote_when_an_enclave_is_asked_for() {
    let unverified = "A trusted execution environment is what its provider declares: the chain \
                      verifies no quote, so do not rely on it to keep the input secret.";
    market(1, || {
        for auditable in [false, true] {
            let open = Terms { auditable, ..terms(1) };
            let requirements = Requirements { enclave: true, ..open.requirements };
            let enclosed = Terms { requirements, ..open.clone() };
            assert!(!warning(&open).contains("execution environment"));
            // It comes after what there was to warn of.
            assert_eq!(warning(&enclosed), format!("{} {unverified}", warning(&open)));

            let several = Terms { redundancy: 3, ..enclosed };
            assert_eq!(warning(&several), unverified);
        }
    });
}
