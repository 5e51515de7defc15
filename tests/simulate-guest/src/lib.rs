//! Simulations compiled to WASM, for a test of `cairn-job` to run. They are that program's own.

// Names for what is called from outside.
#![allow(unsafe_code)]

/// Where the module is.
#[path = "../../../offchain-worker/job/src"]
pub mod job {
    pub mod simulate;
}

use cairn_protocol::spec::SimulateSpec;
use std::{
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

static SCENE: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static TRACE: Mutex<[u8; 32]> = Mutex::new([0; 32]);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The next byte of the scene.
#[no_mangle]
pub extern "C" fn push(byte: u32) {
    lock(&SCENE).push(byte as u8);
}

/// Moves the scene so many steps; 1 if it comes to something.
#[no_mangle]
pub extern "C" fn simulate(steps: u32) -> u32 {
    let spec = SimulateSpec { steps, every: 0 };
    match job::simulate::run(&spec, &lock(&SCENE), Path::new("nowhere"), u32::MAX) {
        Ok(made) => {
            *lock(&TRACE) = made.trace;
            1
        }
        Err(_) => 0,
    }
}

/// A byte of the trace that it came to.
#[no_mangle]
pub extern "C" fn traced(at: u32) -> u32 {
    lock(&TRACE).get(at as usize).copied().unwrap_or(0).into()
}
