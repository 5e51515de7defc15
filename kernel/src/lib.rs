#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), no_std)]
// Tests compare with floats, and nothing else here has any.
#![cfg_attr(not(test), deny(clippy::disallowed_types, clippy::float_arithmetic))]
#![cfg_attr(test, allow(clippy::disallowed_types, clippy::float_arithmetic))]

extern crate alloc;
#[cfg(all(feature = "std", not(test)))]
extern crate std;

mod bytes;
pub mod chacha;
pub mod check;
pub mod delta;
pub mod element;
pub mod math;
pub mod micro;
pub mod models;
pub mod num;
pub mod program;
pub mod run;
pub mod sample;
#[cfg(any(test, feature = "testing"))]
#[doc(hidden)]
pub mod testing;
