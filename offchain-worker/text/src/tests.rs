use crate::{
    entropies,
    grammar::{Slot, State},
    record,
};
use std::collections::BTreeSet;

const SEED: [u8; 32] = [7; 32];

fn text(seed: &[u8; 32], index: u64, length: usize) -> String {
    let mut bytes = vec![0; length];
    record(seed, index, &mut bytes);
    String::from_utf8(bytes).expect("it is ASCII")
}

/// All that can be reached from the beginning of a sentence.
fn states() -> BTreeSet<State> {
    let mut known = BTreeSet::from([State::START]);
    let mut new = vec![State::START];
    while let Some(state) = new.pop() {
        let next = state.words().iter().map(|word| state.after(word));
        let found: Vec<_> = next.filter(|next| !known.contains(next)).collect();
        known.extend(found.iter().copied());
        new.extend(found);
    }
    known
}

#[test]
fn record_should_be_the_same_each_time() {
    assert_eq!(
        text(&SEED, 0, 120),
        "the child mends an iron bell .\na fox follows a stranger near a well .\n\
         every small king carries the boat .\nevery queen me",
    );
    let hash = (0..100).fold(0xcbf2_9ce4_8422_2325_u64, |hash, index| {
        let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        text(&SEED, index, 256).bytes().fold(hash, mix)
    });
    assert_eq!(hash, 0xb66a_98ee_b8a8_e373, "{hash:#x}");
}

#[test]
fn record_should_differ_when_seed_or_index_do() {
    let all: BTreeSet<_> = (0..200).map(|index| text(&SEED, index, 64)).collect();
    assert!(all.len() > 195, "{}", all.len());
    assert_ne!(text(&SEED, 0, 256), text(&[8; 32], 0, 256));
}

#[test]
fn record_should_begin_alike_when_it_is_longer() {
    assert!(text(&SEED, 3, 500).starts_with(&text(&SEED, 3, 77)));
    assert_eq!(text(&SEED, 3, 0), "");
}

#[test]
fn every_state_should_have_words_that_are_told_apart() {
    let states = states();
    assert!(states.len() > 20, "{}", states.len());
    for state in states {
        let spoken = |word: &str| format!("{word}{}", char::from(state.separator(word)));
        let words: Vec<_> = state.words().iter().map(|word| spoken(word)).collect();
        assert_eq!(state.lots().iter().sum::<u16>(), 256, "{state:?}");
        assert_eq!(state.lots().len(), words.len(), "{state:?}");
        for (nth, word) in words.iter().enumerate() {
            let others = words.iter().enumerate().filter(|(other, _)| *other != nth);
            assert!(others.into_iter().all(|(_, other)| !other.starts_with(word)), "{word}");
        }
    }
}

#[test]
fn words_should_be_as_frequent_as_their_lots_say() {
    for state in states() {
        let all: Vec<_> = (0..=255).map(|chance| state.spoken(chance).0).collect();
        for (word, lots) in state.words().iter().zip(state.lots()) {
            let times = all.iter().filter(|one| *one == word).count();
            assert_eq!(times, usize::from(*lots), "{word}");
        }
    }
}

/// What a reader who knows the grammar is surprised by, byte by byte, is the entropy.
#[test]
fn entropies_should_be_what_text_holds() {
    const RECORDS: u64 = 4_000;
    const LENGTH: usize = 96;
    let mut told = 0.0;
    for index in 0..RECORDS {
        let text = text(&SEED, index, LENGTH);
        let (mut state, mut left) = (State::START, text.as_str());
        while !left.is_empty() {
            let words = crate::entropy::shares(state);
            let fits = |word: &str| {
                let spoken = format!("{word}{}", char::from(state.separator(word)));
                spoken.starts_with(left) || left.starts_with(&spoken)
            };
            let (likely, word) = words
                .filter(|(word, _)| fits(word))
                .fold((0.0, ""), |(sum, _), (word, share)| (sum + share, word));
            told -= f64::ln(likely);
            left = left.get(word.len() + 1..).unwrap_or("");
            state = state.after(word);
        }
    }
    let measured = told / RECORDS as f64;
    let computed: f64 = entropies(LENGTH).iter().sum();
    assert!((measured / computed - 1.0).abs() < 0.01, "{measured} {computed}");
}

#[test]
fn entropies_should_be_near_their_mean_when_records_are_long() {
    let all = entropies(4_096);
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    let (early, late) = (mean(&all[1_024..2_048]), mean(&all[3_072..]));
    assert!((early / late - 1.0).abs() < 0.001, "{early} {late}");
    assert!((late - 0.3162).abs() < 0.0002, "{late}");
}

#[test]
fn sentences_should_stay_with_whom_they_are_about() {
    for state in states() {
        let next = state.after("and");
        if state.slot() == Slot::Turn {
            assert_eq!((next.slot(), next.about()), (Slot::Deed, state.about()));
        }
    }
}
