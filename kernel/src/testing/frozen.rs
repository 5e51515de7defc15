//! What operators, steps and deltas at random come to, for ever: a change of these numbers is a
//! change of semantics, or of what is drawn at random.

use super::*;
use crate::run::Alone;

/// So many scenes of each operator.
const SCENES: u64 = 40;
const DELTAS: u64 = 200;

/// Says what to write here where something comes to what it did not.
fn assert_frozen(have: &[(&str, u64)], need: &[(&str, u64)]) {
    let line = |(name, number): &(&str, u64)| {
        let parts = [48, 32, 16, 0].map(|shift| format!("{:04x}", (number >> shift) & 0xffff));
        format!("    (\"{name}\", 0x{}),\n", parts.join("_"))
    };
    let list: String = have.iter().map(line).collect();
    assert!(have == need, "these came to others:\n{list}");
}

/// A number for each operator.
fn each(of: impl Fn(Write) -> u64) -> Vec<(&'static str, u64)> {
    operators::ALL.iter().map(|(name, write)| (*name, of(*write))).collect()
}

#[test]
fn operators_should_give_the_bits_they_always_gave_when_computed_again() {
    for path in Path::ALL.into_iter().filter(Path::is_there) {
        let scene = |write, seed| computed(write, seed, path, Tiling::USUAL, &Alone);
        let have = each(|write| hash((0..SCENES).flat_map(|seed| scene(write, seed))));
        assert_frozen(&have, &COMPUTED);
    }
}

#[test]
fn steps_should_give_the_bits_they_always_gave_when_computed_again() {
    let scenes = |write| (0..SCENES).flat_map(move |seed| elements(write, seed));
    assert_frozen(&each(|write| hash(halves(scenes(write)))), &JUDGED);
}

#[test]
fn deltas_should_give_the_bits_they_always_gave_when_computed_again() {
    assert_frozen(&[("deltas", hash((0..DELTAS).flat_map(changed)))], &CHANGED);
}

/// Whole results of each operator.
const COMPUTED: [(&str, u64); 25] = [
    ("embed", 0),
    ("position", 0),
    ("add", 0),
    ("rms_norm", 0),
    ("layer_norm", 0),
    ("narrow", 0),
    ("exponent", 0),
    ("shift", 0),
    ("linear", 0),
    ("rotate", 0),
    ("attention", 0),
    ("gated", 0),
    ("gelu", 0),
    ("relu", 0),
    ("choose", 0),
    ("share", 0),
    ("expert", 0),
    ("combine", 0),
    ("mean", 0),
    ("first", 0),
    ("last", 0),
    ("unit", 0),
    ("cross_entropy", 0),
    ("sample", 0),
    ("scale", 0),
];

/// Three elements of each of them, with all steps.
const JUDGED: [(&str, u64); 25] = [
    ("embed", 0),
    ("position", 0),
    ("add", 0),
    ("rms_norm", 0),
    ("layer_norm", 0),
    ("narrow", 0),
    ("exponent", 0),
    ("shift", 0),
    ("linear", 0),
    ("rotate", 0),
    ("attention", 0),
    ("gated", 0),
    ("gelu", 0),
    ("relu", 0),
    ("choose", 0),
    ("share", 0),
    ("expert", 0),
    ("combine", 0),
    ("mean", 0),
    ("first", 0),
    ("last", 0),
    ("unit", 0),
    ("cross_entropy", 0),
    ("sample", 0),
    ("scale", 0),
];

const CHANGED: [(&str, u64); 1] = [("deltas", 0)];
