//! Which instructions a tile is computed with.

use super::{plain, Tile};

/// Instructions to multiply with. All of them come to the same.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Path {
    /// What every machine has.
    Plain,
    /// AVX2 of x86-64.
    Avx2,
    /// AVX-512 with its instructions for inner products, of x86-64.
    Vnni,
}

impl Path {
    pub const ALL: [Self; 3] = [Self::Plain, Self::Avx2, Self::Vnni];

    /// The best that this machine has.
    pub fn best() -> Self {
        Self::ALL.into_iter().rev().find(Self::is_there).unwrap_or(Self::Plain)
    }

    /// Whether this machine has it. Without `std` nothing is known of it.
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    pub fn is_there(&self) -> bool {
        use std::arch::is_x86_feature_detected as has;
        match self {
            Self::Plain => true,
            Self::Avx2 => has!("avx2"),
            Self::Vnni => has!("avx512f") && has!("avx512bw") && has!("avx512vnni"),
        }
    }

    /// Whether this machine has it. Without `std` nothing is known of it.
    #[cfg(not(all(feature = "std", target_arch = "x86_64")))]
    pub fn is_there(&self) -> bool {
        *self == Self::Plain
    }

    /// Adds the products of at most eight rows, from that column on, with a part of a panel.
    pub(super) fn multiply(
        self,
        inputs: &[i16],
        columns: usize,
        first: usize,
        weights: &[i8],
        tile: &mut Tile,
    ) {
        #[cfg(target_arch = "x86_64")]
        if self != Self::Plain && super::x86::multiply(self, inputs, columns, first, weights, tile)
        {
            return;
        }
        plain::multiply(inputs, columns, first, weights, tile);
    }
}
