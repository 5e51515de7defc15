//! What each call and each step of the hooks costs.
//!
//! Estimates by what each reads and writes, until `scripts/bench weights` has measured them.

cairn_seams::weights! {
    /// Model, book, period; admission, book.
    admit(): (30_000, 3, 2);
    /// Data set, book, period; admission, book.
    admit_data(): (30_000, 3, 2);
    /// Admission.
    expel(): (18_000, 1, 1);
    /// Clock, model, rules, sponsors, account and holds, book, period; sponsors, book.
    sponsor(): (80_000, 9, 4);
    /// Clock, sponsors, rules, account and holds; sponsors.
    withdraw_sponsorship(): (80_000, 6, 3);
    /// Clock, period, rules, fees, ledger, provider, account, what was issued; fees, ledger.
    claim(): (80_000, 10, 5);
    /// Clock, period.
    turn(): (8_000, 3, 0);
    /// Rules, ledgers of the period that ends and of the next, what was allotted; who hears it.
    roll_over(): (120_000, 10, 8);
    /// Clock, period, rules; ledgers of two periods. Of each provider its fees.
    retire(providers): (45_000, 7, 3) + providers * (6_000, 1, 1);
}
