//! What each call costs, at the most expensive state.
//!
//! Estimates, all of them, until `scripts/bench weights` has measured them.

cairn_seams::weights! {
    /// Block, account and holds; the same, and card.
    create_model(): (110_000, 3, 4);
    /// Card, model, head, block, account and holds; block, head, account and holds.
    publish(): (120_000, 6, 4);
    /// Card, block, account and holds; block, source, account and holds.
    register_data(): (100_000, 4, 4);
    /// Model, source, block, set; set, losses.
    choose_validation(): (60_000, 4, 2);
    /// Model, card, what was announced, clock; card, what is announced.
    set_access(): (80_000, 6, 2);
    /// Model, licence, account and holds; the same without the model.
    license(): (80_000, 4, 3);
    /// The same.
    revoke_licence(): (80_000, 4, 3);
    /// Operator, card, declaration, list, clock, accounts and holds, before and now; the same
    /// without operator, card and clock.
    serve(): (200_000, 10, 6);
    /// Declaration, clock, operator, list, account and holds; the same without clock and operator.
    stop_serving(): (120_000, 7, 4);
}
