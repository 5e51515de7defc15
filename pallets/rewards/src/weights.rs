//! What each call and each step of the hooks costs.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions, the least of 3 runs; AMD EPYC, 2
//! cores, 24682416 kB, Linux 6.18.44-fc-v445, 2026-11-23.
//!
//! Estimated by hand since, until it measures them anew: `sponsor`.

cairn_seams::weights! {
    /// Model, book, period; admission, book.
    admit(): (48_983, 3, 2);
    /// Data set, book, period; admission, book.
    admit_data(): (45_808, 4, 2);
    /// Admission.
    expel(): (24_286, 1, 1);
    /// Clock, model, rules, sponsors, account and holds, those of who makes room, book, period;
    /// sponsors, book.
    sponsor(): (165_000, 9, 5);
    /// Clock, sponsors, rules, account and holds; sponsors.
    withdraw_sponsorship(): (75_822, 4, 3);
    /// Clock, period, rules, fees, ledger, provider, account, what was issued; fees, ledger.
    claim(): (72_948, 9, 4);
    /// Clock, period.
    turn(): (5_808, 2, 0);
    /// Rules, ledgers of the period that ends and of the next, what was allotted; who hears it.
    roll_over(): (81_661, 5, 5);
    /// Clock, period, rules; ledgers of two periods. Of each provider its fees.
    retire(providers): (53_072, 6, 2) + providers * (3_367, 1, 1);
}
