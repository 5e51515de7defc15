//! The kernel and synthetic text compiled to WASM, for the tests to execute.

#![cfg_attr(target_arch = "wasm32", no_std)]
// An allocator, and names for what is called from outside.
#![allow(unsafe_code)]

extern crate alloc;

#[cfg(target_arch = "wasm32")]
mod memory;

use alloc::vec;
use cairn_kernel::{
    run::{Alone, Path},
    testing::{self, tiling},
};

/// What an operator at random comes to.
#[no_mangle]
pub extern "C" fn operator(seed: u64) -> u64 {
    testing::operator(seed, Path::best(), tiling(seed), &Alone)
}

/// What a model at random comes to.
#[no_mangle]
pub extern "C" fn model(seed: u64) -> u64 {
    testing::model(seed, Path::best(), tiling(seed), &Alone)
}

/// What a decoder at random comes to when its tokens come one after the other.
#[no_mangle]
pub extern "C" fn generated(seed: u64) -> u64 {
    testing::generated(seed, Path::best(), tiling(seed), &Alone)
}

/// What a judge makes of an operator at random.
#[no_mangle]
pub extern "C" fn judged(seed: u64) -> u64 {
    testing::judged(seed)
}

/// What a delta at random comes to.
#[no_mangle]
pub extern "C" fn delta(seed: u64) -> u64 {
    testing::delta(seed)
}

/// Where in the memory a record of text is. Of the seed this is the first byte, again and again.
#[no_mangle]
pub extern "C" fn text(seed: u32, index: u64, length: u32) -> u64 {
    let mut record = vec![0; length as usize];
    cairn_text::record(&[seed as u8; 32], index, &mut record);
    record.leak().as_ptr() as u64
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
