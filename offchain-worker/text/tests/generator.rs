//! The module that is in the repository, against what its source is compiled to.

use cairn_text::generator::MODULE;
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Has what is built become the module that is in the repository.
const WRITE: &str = "CAIRN_WRITE_GENERATOR";

/// Compiles the module. Its build folder is its own: whoever runs this test may hold the lock of
/// the usual one.
fn build() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("text-generator");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("generator/Cargo.toml");
    let status = Command::new(cargo)
        .args(["build", "--release", "--locked", "--offline", "--target", "wasm32v1-none"])
        .args(["--manifest-path".as_ref(), manifest.as_os_str()])
        .args(["--target-dir".as_ref(), folder.as_os_str()])
        // Small, and without what says where it was compiled.
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1")
        .env("CARGO_PROFILE_RELEASE_LTO", "fat")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "s")
        .env("CARGO_PROFILE_RELEASE_PANIC", "abort")
        .env("CARGO_PROFILE_RELEASE_STRIP", "symbols")
        // What is meant for this machine's code, or for all crates together.
        .env_remove("CARGO_RESOLVER_FEATURE_UNIFICATION")
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("CARGO_BUILD_TARGET")
        .status();
    assert!(status.is_ok_and(|status| status.success()), "the module is not built");
    folder.join("wasm32v1-none/release/cairn_text_generator.wasm")
}

/// Whether this is the compiler that the repository asks for, as rustup has it. Another, or the
/// same of a distribution, comes to other bytes.
fn is_pinned() -> bool {
    let pinned = include_str!("../../../rust-toolchain.toml");
    let channel = pinned.lines().find_map(|line| line.strip_prefix("channel = ")).expect("one");
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = Command::new(rustc).arg("--version").output().expect("it runs");
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    said.split(' ').nth(1) == Some(channel.trim_matches('"')) && !said.contains("tarball")
}

#[test]
fn generator_should_be_what_its_source_is_compiled_to() {
    let built = fs::read(build()).expect("it is built");
    if env::var_os(WRITE).is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("generator/record.wasm");
        fs::write(path, &built).expect("written");
        return;
    }
    // What it makes `cairn-job` compares with the text, whoever compiled it.
    if is_pinned() {
        assert!(built == MODULE, "the source has changed: run this with {WRITE}=1");
    }
}
