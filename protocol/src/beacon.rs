//! What randomness is asked for, and what is kept of the asking.

use crate::{id::Height, wire::wire};

wire! {
    /// What a seed is drawn for. No two draws have the same subject.
    #[derive(Copy)]
    pub struct Subject {
        /// The pallet and the kind of draw, in its own words.
        pub purpose: [u8; 8],
        /// The task, challenge or audit.
        pub id: u64,
        /// How often something was drawn for it before.
        pub nth: u32,
    }

    /// A seed asked for and not yet used.
    #[derive(Copy)]
    pub struct Ticket {
        pub subject: Subject,
        /// The window opens after this height.
        pub requested_at: Height,
    }
}
