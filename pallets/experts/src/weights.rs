//! What each call costs, at the most expensive state.
//!
//! Not measured yet: the time is an estimate, and `scripts/bench weights` has to write it anew.

cairn_seams::weights! {
    /// Block, account and holds; the same.
    create_model(): (100_000, 3, 3);
}
