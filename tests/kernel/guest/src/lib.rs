//! The kernel compiled to WASM, for the tests to execute.

#![cfg_attr(target_arch = "wasm32", no_std)]
// An allocator, and names for what is called from outside.
#![allow(unsafe_code)]

#[cfg(target_arch = "wasm32")]
mod memory;

use cairn_kernel::{
    run::{Alone, Path},
    testing,
};

/// What an operator at random comes to.
#[no_mangle]
pub extern "C" fn operator(seed: u64) -> u64 {
    testing::operator(seed, Path::best(), &Alone)
}

/// What a model at random comes to.
#[no_mangle]
pub extern "C" fn model(seed: u64) -> u64 {
    testing::model(seed, Path::best(), &Alone)
}

/// Gives back all memory: nothing outlives a call.
#[no_mangle]
pub extern "C" fn forget() {
    #[cfg(target_arch = "wasm32")]
    memory::forget();
}

#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
