//! What the kernel computes as WASM, and the text that is made there.

use cairn_kernel::{
    run::{Alone, Path as Instructions, Threads, Tiling},
    testing::{self, Backwards, Eager, Random},
};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};
use wasmparser::{Parser, Payload};
use wasmtime::{Engine, Error, Instance, Memory, Module, Store, TypedFunc};

const OPERATORS: u64 = 10_000;
const MODELS: u64 = 100;
const DECODERS: u64 = 100;
const DELTAS: u64 = 1_000;
const RECORDS: u64 = 1_000;

/// Compiles the guest. Its build folder is its own: whoever runs this test may hold the lock of
/// the usual one.
fn build() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kernel-guest");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("guest/Cargo.toml");
    let status = Command::new(cargo)
        .args(["build", "--release", "--locked", "--offline", "--target", "wasm32v1-none"])
        .args(["--manifest-path".as_ref(), manifest.as_os_str()])
        .args(["--target-dir".as_ref(), folder.as_os_str()])
        // What is meant for this machine's code.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("CARGO_BUILD_TARGET")
        .status();
    assert!(status.is_ok_and(|status| status.success()), "the guest is not built");
    folder.join("wasm32v1-none/release/cairn_kernel_guest.wasm")
}

/// The kernel as WASM.
struct Guest {
    store: Store<()>,
    operator: TypedFunc<u64, u64>,
    model: TypedFunc<u64, u64>,
    generated: TypedFunc<u64, u64>,
    judged: TypedFunc<u64, u64>,
    delta: TypedFunc<u64, u64>,
    text: TypedFunc<(u32, u64, u32), u64>,
    forget: TypedFunc<(), ()>,
    memory: Memory,
}

impl Guest {
    fn new() -> wasmtime::Result<Self> {
        let engine = Engine::default();
        let module = Module::from_file(&engine, build())?;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[])?;
        let memory = instance.get_memory(&mut store, "memory");
        Ok(Self {
            operator: instance.get_typed_func(&mut store, "operator")?,
            model: instance.get_typed_func(&mut store, "model")?,
            generated: instance.get_typed_func(&mut store, "generated")?,
            judged: instance.get_typed_func(&mut store, "judged")?,
            delta: instance.get_typed_func(&mut store, "delta")?,
            text: instance.get_typed_func(&mut store, "text")?,
            forget: instance.get_typed_func(&mut store, "forget")?,
            memory: memory.ok_or_else(|| Error::msg("it has no memory"))?,
            store,
        })
    }

    fn operator(&mut self, seed: u64) -> wasmtime::Result<u64> {
        self.forget.call(&mut self.store, ())?;
        self.operator.call(&mut self.store, seed)
    }

    fn model(&mut self, seed: u64) -> wasmtime::Result<u64> {
        self.forget.call(&mut self.store, ())?;
        self.model.call(&mut self.store, seed)
    }

    fn generated(&mut self, seed: u64) -> wasmtime::Result<u64> {
        self.forget.call(&mut self.store, ())?;
        self.generated.call(&mut self.store, seed)
    }

    fn judged(&mut self, seed: u64) -> wasmtime::Result<u64> {
        self.forget.call(&mut self.store, ())?;
        self.judged.call(&mut self.store, seed)
    }

    fn delta(&mut self, seed: u64) -> wasmtime::Result<u64> {
        self.forget.call(&mut self.store, ())?;
        self.delta.call(&mut self.store, seed)
    }

    fn text(&mut self, seed: u8, index: u64, length: u32) -> wasmtime::Result<Vec<u8>> {
        self.forget.call(&mut self.store, ())?;
        let place = self.text.call(&mut self.store, (seed.into(), index, length))?;
        let mut record = vec![0; length as usize];
        self.memory.read(&self.store, place as usize, &mut record)?;
        Ok(record)
    }
}

/// How many locals and operators the functions of a module have, and those of them that are of
/// floats.
fn floats(module: &[u8]) -> wasmparser::Result<(usize, Vec<String>)> {
    let mut all = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        let Payload::CodeSectionEntry(body) = payload? else { continue };
        for local in body.get_locals_reader()? {
            all.push(format!("{:?}", local?.1));
        }
        for operator in body.get_operators_reader()? {
            all.push(format!("{:?}", operator?));
        }
    }
    let count = all.len();
    all.retain(|found| found.contains("F32") || found.contains("F64"));
    Ok((count, all))
}

/// One function with a local of 64 bits, which makes a float of 32 and drops it.
const FLOATING: &[u8] = &[
    0, b'a', b's', b'm', 1, 0, 0, 0, // the format
    1, 4, 1, 0x60, 0, 0, // a type
    3, 2, 1, 0, // a function of it
    10, 12, 1, 10, 1, 1, 0x7c, 0x43, 0, 0, 0, 0, 0x1a, 0x0b,
];

#[test]
fn kernel_should_have_no_float_when_it_is_compiled() {
    let (count, found) = floats(FLOATING).unwrap();
    assert_eq!((count, found.len()), (4, 2), "{found:?}");
    let (count, found) = floats(&fs::read(build()).unwrap()).unwrap();
    assert!(count > 10_000, "{count}");
    assert_eq!(found, [""; 0]);
}

#[test]
fn text_should_be_the_same_when_it_is_made_as_wasm() -> wasmtime::Result<()> {
    let mut guest = Guest::new()?;
    for number in 0..RECORDS {
        // Records that follow each other, and some far away; all lengths, also none.
        let (seed, index) = ((number % 5) as u8, number << (number % 50));
        let length = (number * 37 % 600) as u32;
        let mut need = vec![0; length as usize];
        cairn_text::record(&[seed; 32], index, &mut need);
        assert_eq!(guest.text(seed, index, length)?, need, "record {index} of seed {seed}");
    }
    Ok(())
}

/// Every path that this machine has; what it has not got is said aloud.
fn paths() -> Vec<Instructions> {
    let (there, missing): (Vec<_>, Vec<_>) =
        Instructions::ALL.into_iter().partition(Instructions::is_there);
    missing.into_iter().for_each(|path| eprintln!("SKIPPED: {path:?}, which is not there"));
    there
}

#[test]
fn kernel_should_give_the_same_bits_when_it_is_wasm() -> wasmtime::Result<()> {
    let mut guest = Guest::new()?;
    let threads = Eager(Threads::new(3).unwrap());
    let paths = paths();
    for seed in 0..OPERATORS {
        let need = guest.operator(seed)?;
        // Others than those that the operator is made of.
        let random = &mut Random(!seed);
        for path in &paths {
            let tiling = random.tiling();
            let have = testing::operator(seed, *path, tiling, &Backwards { hands: 2 });
            assert_eq!(have, need, "operator {seed}, {path:?}, {tiling:?}");
        }
        // Threads look up what the guest computes, and compute what it looks up.
        let other = testing::tiling(seed + 1);
        let have = testing::operator(seed, Instructions::best(), other, &threads);
        assert_eq!(have, need, "operator {seed}, threads");
    }
    for seed in 0..MODELS {
        let need = guest.model(seed)?;
        let random = &mut Random(!seed);
        for path in &paths {
            for tiling in [Tiling::USUAL, random.tiling()] {
                let have = testing::model(seed, *path, tiling, &threads);
                assert_eq!(have, need, "model {seed}, {path:?}, {tiling:?}");
            }
        }
    }
    Ok(())
}

#[test]
fn generation_should_give_the_bits_of_the_whole_when_it_is_wasm() -> wasmtime::Result<()> {
    let mut guest = Guest::new()?;
    let threads = Eager(Threads::new(3).unwrap());
    let (paths, usual) = (paths(), Tiling::USUAL);
    for seed in 0..DECODERS {
        let need = testing::decoded(seed, Instructions::Plain, usual, &Alone);
        assert_eq!(guest.generated(seed)?, need, "decoder {seed}");
        // Others than those that the decoder is made of.
        let random = &mut Random(!seed);
        for path in &paths {
            let tiling = random.tiling();
            let have = testing::generated(seed, *path, tiling, &Alone);
            assert_eq!(have, need, "decoder {seed}, {path:?}, {tiling:?}");
        }
        // Threads take long for tokens that come one by one.
        if seed % 8 == 0 {
            let tiling = testing::tiling(seed);
            let have = testing::generated(seed, Instructions::best(), tiling, &threads);
            assert_eq!(have, need, "decoder {seed}, threads");
        }
    }
    Ok(())
}

#[test]
fn judge_should_give_the_same_bits_when_it_is_wasm() -> wasmtime::Result<()> {
    let mut guest = Guest::new()?;
    for seed in 0..OPERATORS {
        assert_eq!(testing::judged(seed), guest.judged(seed)?, "operator {seed}");
    }
    for seed in 0..DELTAS {
        assert_eq!(testing::delta(seed), guest.delta(seed)?, "delta {seed}");
    }
    Ok(())
}
