//! Which instructions something is computed with.

use super::{plain, Weight, Work};

/// Instructions to compute with. All of them come to the same.
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
        let older = || has!("avx2") && has!("bmi1") && has!("bmi2") && has!("lzcnt");
        match self {
            Self::Plain => true,
            Self::Avx2 => older(),
            Self::Vnni => {
                older()
                    && has!("avx512f")
                    && has!("avx512bw")
                    && has!("avx512dq")
                    && has!("avx512vl")
                    && has!("avx512vnni")
            }
        }
    }

    /// Whether this machine has it. Without `std` nothing is known of it.
    #[cfg(not(all(feature = "std", target_arch = "x86_64")))]
    pub fn is_there(&self) -> bool {
        *self == Self::Plain
    }

    /// Does the work with these instructions.
    pub(crate) fn apply<W: Work>(self, work: W) -> W::Made {
        #[cfg(target_arch = "x86_64")]
        let work = match super::x86::apply(self, work) {
            Ok(made) => return made,
            Err(work) => work,
        };
        work.work()
    }

    /// The sums of products of so many rows of inputs with a part of a panel of weights, a row of
    /// the tile for each row of inputs. Says with which instructions they were made.
    pub(in crate::run) fn multiply<W: Weight>(
        self,
        inputs: &[[i16; 2]],
        rows: usize,
        weights: &[W],
        tile: &mut [i32],
    ) -> Self {
        #[cfg(target_arch = "x86_64")]
        if self != Self::Plain && super::x86::multiply(self, inputs, rows, weights, tile) {
            return self;
        }
        plain::multiply(inputs, rows, weights, tile);
        Self::Plain
    }
}
