//! What a release has, and what it has not.

use std::{fs, path::Path};

use cairn_worker_faults::{MARKER, VARIABLE};

fn holds(program: &Path, text: &str) -> bool {
    let bytes = fs::read(program).unwrap_or_else(|error| {
        panic!("{}: {error}; cargo build --release --workspace", program.display())
    });
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn worker_should_hold_no_fault_when_it_is_released() {
    let faulty = Path::new(env!("CARGO_BIN_EXE_cairn-worker-faulty"));
    let released = faulty.with_file_name("cairn-worker");
    for text in [MARKER, VARIABLE] {
        // Else it would be looked for in vain.
        assert!(holds(faulty, text), "{text}");
        assert!(!holds(&released, text), "{text}");
    }
}
