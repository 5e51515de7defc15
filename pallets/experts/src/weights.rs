//! What each call costs, at the most expensive state.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions, the least of 3 runs; AMD EPYC, 2
//! cores, 24682416 kB, Linux 6.18.44-fc-v445, 2026-11-23.

cairn_seams::weights! {
    /// Block, account and holds; the same, and card.
    create_model(): (90_274, 3, 4);
    /// Card, model, head, block, account and holds, who hears it; block, head, account and holds, who
    /// hears it.
    publish(): (149_231, 7, 5);
    /// Card, block, account and holds; block, source, account and holds.
    register_data(): (75_311, 4, 4);
    /// Model, source, block, set; set, losses.
    choose_validation(): (40_826, 5, 2);
    /// Model, card, what was announced, clock; card, what is announced.
    set_access(): (52_187, 5, 2);
    /// Model, licence, account and holds; the same without the model.
    license(): (70_605, 4, 3);
    /// The same.
    revoke_licence(): (63_624, 4, 3);
    /// Operator, card, declaration, list, clock, accounts and holds, before and now; the same
    /// without operator, card and clock.
    serve(): (172_576, 7, 3);
    /// Declaration, clock, operator, list, account and holds; the same without clock and operator.
    stop_serving(): (90_775, 6, 4);
}
