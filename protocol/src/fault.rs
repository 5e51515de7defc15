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
        /// Gave another result than most who did the same work, and guards found what those had.
        #[codec(index = 3)]
        Outvoted,
        /// Agreed, as an auditor, to what was known to be false.
        #[codec(index = 4)]
        AgreedUnread,
        /// Gave a result that was believed, and that a recomputation proved wrong.
        #[codec(index = 5)]
        Wrong,
    }
}

impl Fault {
    pub const ALL: [Self; 6] = [
        Self::Silent,
        Self::Unrevealed,
        Self::Withheld,
        Self::Outvoted,
        Self::AgreedUnread,
        Self::Wrong,
    ];

    /// Whether it was late and no more. Others can bring that about, by an input that nobody gets.
    pub fn is_lateness(self) -> bool {
        matches!(self, Self::Silent | Self::Unrevealed)
    }
}
