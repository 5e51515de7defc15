//! Numbers that look random and are the same in every run.

use cairn_protocol::{
    id::Seed,
    share::{Ppm, WHOLE},
};
use sp_crypto_hashing::{blake2_256, twox_64};

/// A stream of numbers.
pub struct Chance {
    origin: u64,
    taken: u64,
}

impl Chance {
    /// The stream of that name. No other stream has its numbers.
    pub fn of(name: [u64; 4]) -> Self {
        let names = name.map(u64::to_le_bytes);
        Self { origin: u64::from_le_bytes(twox_64(names.as_flattened())), taken: 0 }
    }

    fn bytes(&mut self) -> [[u8; 8]; 2] {
        self.taken += 1;
        [self.origin, self.taken].map(u64::to_le_bytes)
    }

    pub fn number(&mut self) -> u64 {
        u64::from_le_bytes(twox_64(self.bytes().as_flattened()))
    }

    pub fn seed(&mut self) -> Seed {
        blake2_256(self.bytes().as_flattened())
    }

    /// A number under `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.number()) * u128::from(bound);
        (wide >> 64) as u64
    }

    pub fn happens(&mut self, share: Ppm) -> bool {
        self.below(WHOLE.into()) < share.into()
    }

    /// So many different numbers under `total`, or all there are.
    pub fn sample(&mut self, count: usize, total: usize) -> Vec<usize> {
        let mut numbers: Vec<usize> = (0..total).collect();
        let count = count.min(total);
        for front in 0..count {
            let other = front + self.below((total - front) as u64) as usize;
            numbers.swap(front, other);
        }
        numbers.truncate(count);
        numbers
    }
}
