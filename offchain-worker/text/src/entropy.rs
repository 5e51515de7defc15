//! What cannot be foreseen of the text, however much of it was read.

use crate::grammar::State;
use std::collections::BTreeMap;

/// The entropy of each byte of a record of that length, in nats, given those before it. No model
/// can have a lower mean loss.
pub fn entropies(length: usize) -> Vec<f64> {
    let mut entropies = vec![0.0; length];
    // How likely a word begins at each place, by the state it begins in.
    let mut begins: Vec<BTreeMap<State, f64>> = vec![BTreeMap::new(); length];
    if let Some(first) = begins.first_mut() {
        first.insert(State::START, 1.0);
    }
    for at in 0..length {
        for (state, likely) in std::mem::take(&mut begins[at]) {
            for (place, entropy) in entropies[at..].iter_mut().zip(within(state)) {
                *place += likely * entropy;
            }
            for (word, share) in shares(state) {
                if let Some(next) = begins.get_mut(at + word.len() + 1) {
                    *next.entry(state.after(word)).or_default() += likely * share;
                }
            }
        }
    }
    entropies
}

pub(crate) fn shares(state: State) -> impl Iterator<Item = (&'static str, f64)> {
    let shares = state.lots().iter().map(|lots| f64::from(*lots) / 256.0);
    state.words().iter().copied().zip(shares)
}

/// The entropy of each byte of a word, its separator among them.
fn within(state: State) -> Vec<f64> {
    let words: Vec<(Vec<u8>, f64)> = shares(state)
        .map(|(word, share)| (word.bytes().chain([state.separator(word)]).collect(), share))
        .collect();
    let longest = words.iter().map(|(word, _)| word.len()).max().unwrap_or(0);
    let entropy = |at: usize| {
        // By what was read of the word, how likely each next byte is.
        let mut read: BTreeMap<&[u8], BTreeMap<u8, f64>> = BTreeMap::new();
        for (word, share) in words.iter().filter(|(word, _)| word.len() > at) {
            *read.entry(&word[..at]).or_default().entry(word[at]).or_default() += share;
        }
        let of = |next: &BTreeMap<u8, f64>| {
            let all: f64 = next.values().sum();
            next.values().map(|share| share * (all / share).ln()).sum::<f64>()
        };
        read.values().map(of).sum()
    };
    (0..longest).map(entropy).collect()
}
