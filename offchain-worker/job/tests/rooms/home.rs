//! Where the tests' jobs find their files, and small models among them.

use cairn_artifact::store::Store;
use cairn_engine::{
    folder::{ExactFolder, FloatFolder, Model},
    quantise::{self, Options},
    Device as Computed,
};
use cairn_job::engines;
use cairn_order::{engines as said, Device, Fault, Input, Made, Order, Outcome, Over, Product};
use cairn_protocol::{
    failure::Failure,
    id::{EngineId, File},
    spec::Spec,
};
use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// A store, a cache and a scratch folder.
pub struct Home(TempDir);

impl Home {
    pub fn new() -> Self {
        let home = Self(TempDir::new().expect("a folder"));
        for name in ["store", "cache", "scratch"] {
            fs::create_dir(home.at(name)).expect("a folder");
        }
        home
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn store(&self) -> Store {
        Store::at(self.at("store")).expect("a store")
    }

    pub fn put(&self, bytes: &[u8]) -> File {
        self.store().put(bytes).expect("written")
    }

    /// Where a file of the store lies.
    pub fn path(&self, file: &File) -> PathBuf {
        self.store().path(&file.id)
    }

    /// What the worker would make of a job with this spec.
    pub fn order(&self, spec: &Spec, input: &[u8], bundle: Option<File>) -> Order {
        let kind = spec.kind();
        let able = engines().into_iter().find(|engine| engine.kinds.contains(&kind));
        let path = |name| self.at(name).to_str().expect("Unicode").to_owned();
        Order {
            kind,
            engine: able.map_or(EngineId([0; 32]), |engine| engine.id),
            parameters: spec.encode(),
            seed: [7; 32],
            units: 1_000,
            input: Input::Inline(input.to_vec()),
            delta: None,
            component: None,
            inline: 2_048,
            fingerprint: None,
            bundle,
            store: path("store"),
            cache: path("cache"),
            threads: 1,
            device: Device::Cpu,
        }
    }

    /// The same of a job in floats, with what its fingerprint is made over.
    pub fn float(&self, spec: &Spec, input: &[u8], bundle: File, over: Over) -> Order {
        let order = self.order(spec, input, Some(bundle));
        Order { engine: said::float(), fingerprint: Some(over), ..order }
    }

    /// What comes of several in one process.
    pub fn run_all(&self, orders: &[Order]) -> Vec<Outcome> {
        cairn_job::run_all(orders, &self.at("scratch"))
    }

    /// The output, wherever it is.
    pub fn output(&self, made: &Made) -> Vec<u8> {
        match &made.product {
            Product::Inline(bytes) => bytes.clone(),
            Product::Scratch(name) => fs::read(self.at("scratch").join(name)).expect("a file"),
        }
    }

    pub fn run(&self, order: &Order) -> Result<Made, Fault> {
        cairn_job::run(order, &self.at("scratch"))
    }

    /// Why there is no result, and in which words.
    #[track_caller]
    pub fn refused(&self, order: &Order) -> (Failure, String) {
        let fault = self.run(order).expect_err("it is refused");
        (fault.failure, String::from_utf8(fault.reason.to_vec()).expect("text"))
    }

    /// A decoder in the store, and what it is described by.
    pub fn decoder(&self) -> (ExactFolder, File) {
        self.decoder_of("llama", 160)
    }

    /// The same with experts, each of which is a component.
    pub fn decoder_of_experts(&self) -> (ExactFolder, File) {
        self.decoder_of("qwen3_moe", 64)
    }

    fn decoder_of(&self, fixture: &str, tokens: u32) -> (ExactFolder, File) {
        let imported = imported(fixture);
        let Model::Decoder(decoder) = &imported.model else { panic!("it is a decoder") };
        let samples = samples(24, 40, tokens);
        let exact = quantise::decoder(decoder, &samples, &Options::default()).expect("a model");
        self.published(&imported, &exact)
    }

    /// An encoder in the store, and what it is described by.
    pub fn encoder(&self) -> (ExactFolder, File) {
        let imported = imported("bert");
        let Model::Encoder(encoder) = &imported.model else { panic!("it is an encoder") };
        let samples = samples(24, 21, 128);
        let exact = quantise::encoder(encoder, &samples, &Options::default()).expect("a model");
        self.published(&imported, &exact)
    }

    fn published(&self, imported: &FloatFolder, exact: &quantise::Exact) -> (ExactFolder, File) {
        let (shape, tokens) = (imported.model.shape(), &imported.tokens);
        let folder = self.at(shape.kind());
        let folder = ExactFolder::write(&folder, exact, &shape, tokens, imported.folder());
        let folder = folder.expect("written");
        let bundle = folder.publish(&self.store()).expect("published");
        (folder, bundle)
    }

    /// Lets whomever a job becomes read the store, and reach its scratch folder.
    pub fn open_to_all(&self) {
        for name in ["", "store", "scratch"] {
            allow(&self.at(name), 0o755);
        }
        for entry in fs::read_dir(self.at("store")).expect("a folder") {
            allow(&entry.expect("a file").path(), 0o444);
        }
    }
}

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("it is ours");
}

fn imported(name: &str) -> FloatFolder {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/fixtures");
    FloatFolder::import(&fixtures.join(name), &Computed::flex()).expect("supported")
}

/// Sequences that look random, and are the same each time.
pub fn samples(count: u32, length: u32, below: u32) -> Vec<Vec<u32>> {
    let token = |n: u32| n.wrapping_mul(2_654_435_761).rotate_left(9) % below;
    (0..count).map(|n| (0..length).map(|at| token(n * length + at + 1)).collect()).collect()
}

/// What is in the answer itself.
#[track_caller]
pub fn inline(made: &Made) -> &[u8] {
    let Product::Inline(bytes) = &made.product else { panic!("{made:?}") };
    bytes
}
