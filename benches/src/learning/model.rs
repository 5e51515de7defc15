//! Models with weights at random, and deltas of them. What is judged takes as long as if something
//! had been learned.

use crate::Error;
use cairn_artifact::{contents::Numbers, store::Store};
use cairn_engine::{
    apply::Deltas as Changed,
    base::Base,
    config::DecoderConfig,
    demo,
    device::Device,
    folder::{ExactFolder, Published, Shape, Tokens},
    model::Decoder,
    quantise::{self, Rounding},
    train::draw,
};
use cairn_kernel::{
    chacha,
    delta::{Delta, LowRank},
};
use cairn_order::{Judging, Want};
use cairn_protocol::{
    id::{BlockId, ContentId, File, Seed},
    learning::{
        brief::{Brief, Subject},
        source::Source,
    },
    spec::{Records, TOKEN_BYTES},
};
use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

const SEED: Seed = *b"cairn-bench learning random data";
/// What both models are made of that is not an expert.
const COMPONENT: &str = "trunk";
/// Of the products that deltas are.
const RANK: u32 = 8;
/// What a product is shifted by, of factors of a byte: masters move by a few hundred.
const SHIFT: u8 = 8;
const THRESHOLD: u32 = 10_000;
/// Of the large model.
const RECORD_TOKENS: u32 = 65;

/// A model in a store, and what its deltas are judged on.
pub struct Model {
    home: TempDir,
    bundle: File,
    /// The program that comes to losses.
    judge: ContentId,
    /// What deltas change.
    component: File,
    base: Base,
    source: Source,
    records: u32,
}

/// Deltas of a model, none like another.
pub struct Deltas<'m> {
    model: &'m Model,
    made: u64,
    bytes: u64,
    shapes: Vec<(String, [u32; 2])>,
}

impl Model {
    /// The demo model, judged on as many records of text that its generator makes.
    pub fn demo(records: u32) -> Result<Self, Error> {
        let device = Device::flex();
        let decoder =
            demo::model(&SEED, &device).map_err(|error| Error::Setup(error.to_string()))?;
        let sample = tokens(0, demo::LENGTH, decoder.config().vocabulary);
        Self::publish(&decoder, &sample, records, |store| {
            let module = store.put(cairn_text::generator::MODULE).map_err(setup)?;
            let source = demo::source();
            match source.file() == module {
                true => Ok(source),
                false => Err(Error::Setup("the demo's generator is another module".into())),
            }
        })
    }

    /// One of 110 million weights, all of them in use for each token, judged on as many records.
    pub fn large(records: u32) -> Result<Self, Error> {
        let config = DecoderConfig {
            context: RECORD_TOKENS as usize,
            vocabulary: 32_768,
            hidden: 768,
            layers: 12,
            heads: 12,
            groups: 4,
            head: 64,
            inner: 2_048,
            experts: None,
            normed_heads: true,
            tied: true,
            epsilon: 1e-6,
            theta: 10_000.0,
            scaling: None,
        };
        let decoder = Decoder::new(&config, &Device::flex()).map_err(setup)?;
        let decoder = draw(decoder, &SEED);
        let sample = tokens(0, RECORD_TOKENS as usize, config.vocabulary);
        Self::publish(&decoder, &sample, records, |store| {
            let count = (records * RECORD_TOKENS) as usize;
            let tokens = tokens(1, count, config.vocabulary);
            let bytes: Vec<u8> = tokens.iter().flat_map(|token| token.to_le_bytes()).collect();
            let file = store.put(&bytes).map_err(setup)?;
            Ok(Source::Records(Records { file, record_bytes: RECORD_TOKENS * TOKEN_BYTES }))
        })
    }

    fn publish(
        decoder: &Decoder,
        sample: &[u32],
        records: u32,
        source: impl FnOnce(&Store) -> Result<Source, Error>,
    ) -> Result<Self, Error> {
        let options = quantise::Options { rounding: Rounding::Nearest, context: None };
        let exact = quantise::decoder(decoder, &[sample], &options)?;
        let home = tempfile::tempdir()?;
        let shape = Shape::Decoder(decoder.config().clone());
        let folder = home.path().join("model");
        let folder = ExactFolder::write(&folder, &exact, &shape, &Tokens::Bytes, home.path())?;
        let store = Store::at(home.path().join("store")).map_err(setup)?;
        let Published { bundle, judge, components, .. } = folder.publish_described(&store)?;
        let source = source(&store)?;
        let none = || Error::Setup(format!("the model has no component {COMPONENT}"));
        let component = *components.get(COMPONENT).ok_or_else(none)?;
        let base = folder.base()?;
        let model = Self { home, bundle, judge, component, base, source, records };
        model.open_to_all()?;
        Ok(model)
    }

    /// What the whole of what is changed has.
    pub fn full(&self) -> u64 {
        self.component.bytes
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    pub fn store(&self) -> PathBuf {
        self.home().join("store")
    }

    /// A guard may become another user, who has to get in.
    fn open_to_all(&self) -> Result<(), Error> {
        for folder in [self.home(), &self.store()] {
            fs::set_permissions(folder, Permissions::from_mode(0o755))?;
        }
        for entry in fs::read_dir(self.store())? {
            fs::set_permissions(entry?.path(), Permissions::from_mode(0o444))?;
        }
        Ok(())
    }
}

impl<'m> Deltas<'m> {
    /// Of all matrices that are multiplied with and looked up nowhere.
    pub fn of(model: &'m Model) -> Result<Self, Error> {
        let tensors = model.base.tensors().iter().filter(|(name, tensor)| {
            let is_layers = name.starts_with("layers.") && !name.contains(".experts.");
            is_layers && tensor.rows > RANK && matches!(tensor.numbers, Numbers::Masters(_))
        });
        let shapes = tensors.map(|(name, tensor)| (name.clone(), [tensor.rows, tensor.columns]));
        let mut deltas = Self { model, made: 0, bytes: 0, shapes: shapes.collect() };
        deltas.bytes = deltas.change()?.len() as u64;
        Ok(deltas)
    }

    /// Bytes of each.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next, in the store, to be judged on records of its own.
    pub fn next(&mut self, threads: u16) -> Result<Judging, Error> {
        let model = self.model;
        let store = Store::existing(model.store());
        let artifact = store.put(&self.change()?).map_err(setup)?;
        model.open_to_all()?;
        let mut seed = SEED;
        seed[..8].copy_from_slice(&self.made.to_le_bytes());
        let component = COMPONENT.as_bytes().to_vec().try_into().unwrap_or_default();
        let brief = Brief {
            model: BlockId([1; 32]),
            bundle: model.bundle,
            judge: model.judge,
            parts: Default::default(),
            subject: Subject::Delta { component, artifact, base: model.component.id },
            source: model.source,
            count: model.records,
            threshold: THRESHOLD,
            attempts: 0,
            seed,
        };
        let store = model.store().display().to_string();
        Ok(Judging { brief, want: Want::Opinion, store, cache: String::new(), threads })
    }

    fn change(&mut self) -> Result<Vec<u8>, Error> {
        self.made += 1;
        let mut bytes = Bytes::of(self.made);
        let mut changed = Changed::new();
        for (name, [rows, columns]) in &self.shapes {
            let mut factor = |length: u32| (0..length * RANK).map(|_| bytes.small()).collect();
            let (high, wide) = (factor(*rows), factor(*columns));
            let low = LowRank::new([*rows, *columns], RANK, SHIFT, high, wide).map_err(setup)?;
            changed.insert(name.clone(), Delta::LowRank(low));
        }
        let changes = self.model.base.changes(changed).map_err(setup)?;
        let change = changes.get(COMPONENT);
        let change = change.ok_or_else(|| Error::Setup("nothing changes".into()))?;
        Ok(change.encode())
    }
}

/// Bytes that look random, and are the same each time.
struct Bytes {
    stream: u64,
    block: u64,
    left: Vec<u8>,
}

impl Bytes {
    fn of(stream: u64) -> Self {
        Self { stream, block: 0, left: Vec::new() }
    }

    fn small(&mut self) -> i16 {
        if self.left.is_empty() {
            let mut key = SEED;
            key[..8].copy_from_slice(&self.stream.to_le_bytes());
            let words = chacha::block(&key, self.block);
            self.left = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            self.block += 1;
        }
        i16::from(self.left.pop().unwrap_or(0)) - 128
    }
}

fn tokens(stream: u64, count: usize, below: usize) -> Vec<u32> {
    let mut bytes = Bytes::of(stream);
    let mut token = || {
        let [high, low] = [bytes.small(), bytes.small()].map(|byte| (byte + 128) as usize);
        ((high << 8 | low) % below) as u32
    };
    (0..count).map(|_| token()).collect()
}

fn setup(error: impl std::fmt::Display) -> Error {
    Error::Setup(error.to_string())
}
