//! What a provider can do wrong.

use crate::wire::wire;

wire! {
    /// Why a provider is penalised, mildest first.
    #[derive(Copy, Hash, Ord, PartialOrd)]
    pub enum Fault {
        /// Took a task and never committed to a result.
        #[codec(index = 0)]
        Silent,
        /// Committed to a result and never revealed it.
        #[codec(index = 1)]
        Unrevealed,
        /// Could not show the result it was asked for.
        #[codec(index = 2)]
        Withheld,
        /// Agreed, as an auditor, to what was known to be false.
        #[codec(index = 3)]
        AgreedUnread,
        /// Gave a result that a recomputation proved wrong.
        #[codec(index = 4)]
        Wrong,
    }
}

impl Fault {
    pub const ALL: [Self; 5] =
        [Self::Silent, Self::Unrevealed, Self::Withheld, Self::AgreedUnread, Self::Wrong];

    /// Whether it was late and no more. Others can bring that about, by an input that nobody gets.
    pub fn is_lateness(self) -> bool {
        matches!(self, Self::Silent | Self::Unrevealed)
    }
}
