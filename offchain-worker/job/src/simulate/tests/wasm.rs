//! The same on another machine: as WASM, whose floats are those of IEEE 754 and no processor's own.

use super::{
    frozen::{scenes, FROZEN, STEPS},
    *,
};
use std::{env, fs, path::PathBuf, process::Command};
use wasmtime::{Caller, Engine, Extern, Instance, Linker, Module, Store};

const TARGET: &str = "wasm32-wasip1";
const SYSTEM: &str = "wasi_snapshot_preview1";

/// Whether there is a standard library for it.
fn is_installed() -> bool {
    let question = ["--print", "target-libdir", "--target", TARGET];
    let Ok(said) = Command::new("rustc").args(question).output() else { return false };
    fs::exists(String::from_utf8_lossy(&said.stdout).trim()).unwrap_or(false)
}

/// Compiles the guest, in a build folder of its own: whoever runs this test may hold the lock of
/// the usual one.
fn build() -> PathBuf {
    let here = env::current_exe().expect("it runs");
    let folder = here.ancestors().nth(3).expect("it is in a build folder").join("simulate-guest");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let guest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/simulate-guest/Cargo.toml");
    let status = Command::new(cargo)
        .args(["build", "--release", "--locked", "--target", TARGET])
        .args(["--manifest-path".as_ref(), guest.as_os_str()])
        .args(["--target-dir".as_ref(), folder.as_os_str()])
        // What is meant for this machine's code.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("CARGO_BUILD_TARGET")
        .status();
    assert!(status.is_ok_and(|status| status.success()), "the guest is not built");
    folder.join(TARGET).join("release/cairn_simulate_guest.wasm")
}

/// Writes into the guest's memory; 0 if that has the place.
fn write(caller: &mut Caller<'_, ()>, at: u32, bytes: &[u8]) -> u32 {
    let memory = caller.get_export("memory").and_then(Extern::into_memory);
    let written = memory.map(|memory| memory.write(&mut *caller, at as usize, bytes));
    u32::from(!matches!(written, Some(Ok(()))))
}

/// What maps are seeded with, on which nothing may depend.
fn random(mut caller: Caller<'_, ()>, at: u32, length: u32) -> u32 {
    write(&mut caller, at, &vec![7; length as usize])
}

/// No variables, which have no bytes.
fn no_variables(mut caller: Caller<'_, ()>, count: u32, bytes: u32) -> u32 {
    write(&mut caller, count, &[0; 4]) | write(&mut caller, bytes, &[0; 4])
}

fn started(module: &Module, store: &mut Store<()>) -> wasmtime::Result<Instance> {
    let mut linker = Linker::new(module.engine());
    linker.func_wrap(SYSTEM, "random_get", random)?;
    linker.func_wrap(SYSTEM, "environ_sizes_get", no_variables)?;
    linker.func_wrap(SYSTEM, "environ_get", |_: u32, _: u32| 0u32)?;
    // It asks the system for nothing else.
    linker.define_unknown_imports_as_traps(module)?;
    let instance = linker.instantiate(&mut *store, module)?;
    if let Ok(begin) = instance.get_typed_func::<(), ()>(&mut *store, "_initialize") {
        begin.call(&mut *store, ())?;
    }
    Ok(instance)
}

fn trace(module: &Module, scene: &str) -> wasmtime::Result<String> {
    let mut store = Store::new(module.engine(), ());
    let instance = started(module, &mut store)?;
    let push = instance.get_typed_func::<u32, ()>(&mut store, "push")?;
    for byte in scene.bytes() {
        push.call(&mut store, byte.into())?;
    }
    let simulate = instance.get_typed_func::<u32, u32>(&mut store, "simulate")?;
    assert_eq!(simulate.call(&mut store, STEPS)?, 1, "the scene is fine");
    let traced = instance.get_typed_func::<u32, u32>(&mut store, "traced")?;
    let mut hash = String::new();
    for at in 0..32 {
        let byte = traced.call(&mut store, at)?;
        hash.push_str(&format!("{byte:02x}"));
    }
    Ok(hash)
}

#[test]
#[ignore = "compiles a guest for wasm32-wasip1"]
fn scenes_should_come_to_the_same_when_they_are_moved_as_wasm() -> wasmtime::Result<()> {
    if !is_installed() {
        eprintln!("SKIPPED: {TARGET} is not installed; rustup target add {TARGET}");
        return Ok(());
    }
    let module = Module::from_file(&Engine::default(), build())?;
    for ((name, need), scene) in FROZEN.iter().zip(scenes()) {
        assert_eq!(trace(&module, &scene)?, *need, "{name}");
    }
    Ok(())
}
