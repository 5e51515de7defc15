//! Numbers that look random and are the same in every run.

use cairn_protocol::{
    id::Seed,
    share::{Ppm, WHOLE},
};
use sp_crypto_hashing::{blake2_256, twox_64};

/// What numbers are drawn for. No purpose takes another one's, so two markets that differ in how
/// somebody behaves draw the same workers for as long as both stay the same.
#[derive(Clone, Copy)]
pub enum Purpose {
    Population,
    Draw,
    Work,
    Audited,
    Planted,
    Guards,
}

/// A stream of numbers.
pub struct Chance {
    origin: u64,
    taken: u64,
}

impl Chance {
    /// The stream of one purpose in one task of one run, and of one part of it.
    pub fn of(run: u64, purpose: Purpose, task: u64, part: u64) -> Self {
        let names = [run, purpose as u64, task, part].map(u64::to_le_bytes);
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
