//! Random sequences of the calls of learning; see `drive` for what is checked.

#![no_main]

use cairn_market_mock::{drive, Area};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    drive(Area::Learning, bytes);
});
