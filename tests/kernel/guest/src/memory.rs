//! Memory that is given back all at once.

use core::{
    alloc::{GlobalAlloc, Layout},
    arch::wasm32::{memory_grow, memory_size},
    ptr::null_mut,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

const PAGE: usize = 1 << 16;

/// Where memory that nobody has starts; zero before the first call.
static FREE: AtomicUsize = AtomicUsize::new(0);
/// Where it started in the beginning.
static FIRST: AtomicUsize = AtomicUsize::new(0);

struct Memory;

#[global_allocator]
static MEMORY: Memory = Memory;

pub(crate) fn forget() {
    FREE.store(FIRST.load(Relaxed), Relaxed);
}

// SAFETY: what is given lies in pages of the memory that are there, and nothing is given twice
// before all is forgotten, when nobody holds any. There is one thread.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if FIRST.load(Relaxed) == 0 {
            // Pages of its own, behind what the module starts with.
            FIRST.store(memory_size::<0>() * PAGE, Relaxed);
            forget();
        }
        let start = FREE.load(Relaxed).next_multiple_of(layout.align());
        let Some(end) = start.checked_add(layout.size()) else { return null_mut() };
        let need = end.div_ceil(PAGE).saturating_sub(memory_size::<0>());
        if need > 0 && memory_grow::<0>(need) == usize::MAX {
            return null_mut();
        }
        FREE.store(end, Relaxed);
        start as *mut u8
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // Only what was given last can be given again.
        if at as usize + layout.size() == FREE.load(Relaxed) {
            FREE.store(at as usize, Relaxed);
        }
    }
}
