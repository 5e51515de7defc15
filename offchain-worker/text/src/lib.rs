#![doc = include_str!("../README.md")]
#![cfg_attr(not(any(feature = "std", test)), no_std)]

#[cfg(any(feature = "std", test))]
mod entropy;
pub mod generator;
mod grammar;
#[cfg(test)]
mod tests;

#[cfg(any(feature = "std", test))]
pub use entropy::entropies;

use cairn_kernel::chacha;
use grammar::State;

/// Fixes all text: what is made of the same seed is the same everywhere.
pub type Seed = [u8; 32];

/// Fills a record: sentence after sentence from the beginning of one, cut where it is full.
pub fn record(seed: &Seed, index: u64, record: &mut [u8]) {
    let mut chances = Chances::of(seed, index);
    let mut state = State::START;
    let mut at = 0;
    while at < record.len() {
        let (word, next) = state.spoken(chances.next_byte());
        let spoken = word.bytes().chain([state.separator(word)]);
        for (place, byte) in record[at..].iter_mut().zip(spoken) {
            *place = byte;
        }
        at = at.saturating_add(word.len()).saturating_add(1);
        state = next;
    }
}

/// A stream of bytes for each record.
struct Chances {
    key: Seed,
    block: u64,
    left: [u8; 64],
    used: usize,
}

impl Chances {
    /// The key of a record's stream is half a block of the seed's.
    fn of(seed: &Seed, index: u64) -> Self {
        let mut key = Seed::default();
        key.copy_from_slice(&bytes(chacha::block(seed, index))[..32]);
        Self { key, block: 0, left: [0; 64], used: 64 }
    }

    fn next_byte(&mut self) -> u8 {
        if self.used == self.left.len() {
            self.left = bytes(chacha::block(&self.key, self.block));
            self.block = self.block.wrapping_add(1);
            self.used = 0;
        }
        let byte = self.left[self.used];
        self.used += 1;
        byte
    }
}

fn bytes(words: [u32; 16]) -> [u8; 64] {
    let mut bytes = [0; 64];
    for (place, word) in bytes.chunks_exact_mut(4).zip(words) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}
