//! Synthetic text as a module that makes records: a seed and a record's number in, its tokens out. A
//! token is a byte of the text, and four bytes of the record.

#![cfg(target_arch = "wasm32")]
#![no_std]
// What a module is given and what it makes passes through its memory.
#![allow(unsafe_code)]

use core::{
    alloc::{GlobalAlloc, Layout},
    arch::wasm32::unreachable,
    panic::PanicInfo,
    ptr::null_mut,
};

/// Tokens of a record.
const TOKENS: usize = cairn_text::generator::TOKENS as usize;
const SEED_BYTES: usize = 32;
const INPUT_BYTES: usize = SEED_BYTES + 8;

#[link(wasm_import_module = "cairn")]
extern "C" {
    fn input_read(to: *mut u8, offset: u32, length: u32) -> u32;
    fn output_write(from: *const u8, length: u32);
}

/// Makes the record that it is asked for.
#[no_mangle]
pub extern "C" fn record() {
    let mut input = [0; INPUT_BYTES];
    // SAFETY: as many bytes are written as there is room for.
    let read = unsafe { input_read(input.as_mut_ptr(), 0, INPUT_BYTES as u32) };
    if read as usize != INPUT_BYTES {
        unreachable();
    }
    let (mut seed, mut index) = ([0; SEED_BYTES], [0; 8]);
    seed.copy_from_slice(&input[..SEED_BYTES]);
    index.copy_from_slice(&input[SEED_BYTES..]);
    let mut text = [0; TOKENS];
    cairn_text::record(&seed, u64::from_le_bytes(index), &mut text);
    let tokens = text.map(|byte| u32::from(byte).to_le_bytes());
    let tokens = tokens.as_flattened();
    // SAFETY: as many bytes are read as there are.
    unsafe { output_write(tokens.as_ptr(), tokens.len() as u32) };
}

/// Text is made without memory of its own; what it is compiled with asks for an allocator.
struct Nothing;

#[global_allocator]
static NOTHING: Nothing = Nothing;

// SAFETY: nothing is ever given.
unsafe impl GlobalAlloc for Nothing {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    unreachable()
}
