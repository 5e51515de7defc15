//! What is said of the engines, against what they are.

use cairn_job::engines;
use cairn_kernel::program::SEMANTICS;
use cairn_order::engines as said;

/// The versions that the lock file has of a crate.
fn locked(name: &str) -> Vec<&'static str> {
    let lock = include_str!("../../../../Cargo.lock");
    let named = |package: &&str| package.contains(&format!("\nname = \"{name}\"\n"));
    let version = |package: &'static str| {
        package.lines().find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
    };
    lock.split("[[package]]").filter(named).filter_map(version).collect()
}

#[test]
fn engines_should_be_what_is_said_where_they_are_not_linked() {
    assert_eq!(engines(), said::all());
    assert_eq!(said::SEMANTICS, SEMANTICS);
}

#[test]
fn versions_should_be_those_that_are_built() {
    assert_eq!(locked(said::WASM_NAME), [said::WASM_VERSION]);
    assert_eq!(locked(said::SIMULATE_NAME), [said::SIMULATE_VERSION]);
}
