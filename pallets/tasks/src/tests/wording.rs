//! What a quote says in words.

use super::mock::*;
use cairn_protocol::{
    audit::may_be,
    id::Seed,
    job::{JobKind, Policy, Requirements, Terms},
    view::Quote,
};

const SEED: Seed = [0; 32];
const TOLERANCE: Policy = Policy::Tolerance { within: 1_000 };
const OUTCOME: Policy = Policy::Outcome { target: 1, guards: 3 };

const EXACT: &str = "One worker computes an exact program. Whoever recomputes it gets the same \
                     bits, and the chain has nobody do so.";
const EXACT_GUARDED: &str = "One worker computes an exact program. Whoever recomputes it gets the \
                             same bits, as guards do where the lot falls on it: a result that \
                             they all contradict alike is refunded.";
const EXACT_ALL: &str =
    "All workers must get the same bits. If they do not, up to nine others are \
                         asked, and nobody is paid until a round is unanimous. The task costs up \
                         to its reserve more than its reward; what is not paid comes back.";
const BELIEVED: &str = "One worker is believed: nothing is compared.";
const BELIEVED_GUARDED: &str =
    "One worker is believed unless guards are drawn by lot to recompute \
                                the result: one that most of them contradict alike is refunded, \
                                and its worker penalised.";
const MAJORITY: &str = "The majority of equal hashes is paid. A majority of colluding workers \
                        could pass off a wrong result.";
const MAJORITY_GUARDED: &str = "The majority of equal hashes is paid. A majority of colluding \
                                workers could pass off a wrong result unless guards are drawn by \
                                lot to recompute it, which is likelier where a worker contradicts.";
const FINGERPRINT: &str = "One worker gives a fingerprint that nobody compares. Nothing is proven.";
const FINGERPRINT_GUARDED: &str = "One worker gives a fingerprint, which guards compare with \
                                   theirs where the lot falls on it: a result that they all \
                                   contradict alike is refunded. Nothing is proven.";
const FINGERPRINTS: &str = "All fingerprints must lie near each other. If they do not, up to nine \
                            others are asked. This screens results and proves none. The task \
                            costs up to its reserve more than its reward; what is not paid comes \
                            back.";
const MEASURED: &str = "Drawn guards measure the loss exactly. At or under the target it is paid.";

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

/// A job of a kind that the policy judges.
fn judged_by(policy: Policy, redundancy: u8, auditable: bool) -> Terms {
    let (kind, model) = match policy {
        Policy::Proven | Policy::Tolerance { .. } => (JobKind::Infer, Some(MODEL)),
        Policy::Replicated => (JobKind::Simulate, None),
        Policy::Outcome { .. } => (JobKind::Train, Some(MODEL)),
    };
    let mut asked = Terms { policy, auditable, ..terms(redundancy) };
    (asked.job.kind, asked.job.model) = (kind, model);
    asked
}

#[test]
fn judged_should_speak_of_guards_when_they_may_look_at_the_result() {
    let cases = [
        (Policy::Proven, 1, false, EXACT),
        (Policy::Proven, 1, true, EXACT_GUARDED),
        (Policy::Proven, 3, false, EXACT_ALL),
        (Policy::Proven, 3, true, EXACT_ALL),
        (Policy::Replicated, 1, false, BELIEVED),
        (Policy::Replicated, 1, true, BELIEVED_GUARDED),
        (Policy::Replicated, 3, false, MAJORITY),
        (Policy::Replicated, 3, true, MAJORITY_GUARDED),
        (TOLERANCE, 1, false, FINGERPRINT),
        (TOLERANCE, 1, true, FINGERPRINT_GUARDED),
        (TOLERANCE, 3, false, FINGERPRINTS),
        (TOLERANCE, 3, true, FINGERPRINTS),
        // Whatever its requester allows, an outcome is measured.
        (OUTCOME, 1, false, MEASURED),
        (OUTCOME, 1, true, MEASURED),
    ];
    market(1, || {
        for (policy, redundancy, auditable, expected) in cases {
            let asked = judged_by(policy, redundancy, auditable);
            assert_eq!(in_words(quote(&asked).judged), expected);
            let allowed = auditable || matches!(policy, Policy::Outcome { .. });
            let guarded = allowed && may_be(policy, redundancy);
            assert_eq!(expected.contains("guards"), guarded, "{expected}");
        }
    });
}
