//! Files as strangers make them: one of each form with some of its bytes changed, and bytes that
//! are nothing. What is read is what would be written: each file has one form.

#![no_main]

mod edit;

use cairn_artifact::{
    change::Change,
    changes::Changes,
    contents::{Contents, Numbers, Tensor},
    manifest::{Component, Manifest},
};
use cairn_kernel::{
    delta::{Delta, LowRank, Sparse},
    models::{Activation, Classifier, Layer},
    program::Program,
};
use cairn_protocol::{
    bundle::{Bundle, VERSION},
    id::{ContentId, File},
};
use edit::Read;
use std::{borrow::Cow, sync::LazyLock};

const FORMS: [Read; 6] = [
    |bytes| Change::decode(bytes).ok().map(|read| read.encode()),
    |bytes| Changes::decode(bytes).ok().map(|read| read.encode()),
    contents,
    |bytes| Manifest::decode(bytes).ok().map(|read| read.encode().expect("it was read")),
    program,
    |bytes| Bundle::read(bytes).ok().map(|read| read.write()),
];

/// One of each form.
static WANTED: LazyLock<[Vec<u8>; 6]> = LazyLock::new(|| {
    let file = File { id: ContentId([1; 32]), bytes: 9 };
    let changes = Changes::new([change(1), change(2)]).expect("they are sound");
    let tensors = [
        ("a", Numbers::Masters(Cow::Owned(vec![1, -2]))),
        ("b", Numbers::Constants(Cow::Owned(vec![3, 4]))),
    ];
    let tensors =
        tensors.map(|(name, numbers)| (name.to_owned(), Tensor { rows: 1, columns: 2, numbers }));
    let mut held = Vec::new();
    let kept = Contents::new(tensors.into()).expect("they are sound");
    kept.write(&mut held).expect("memory takes it");
    let component = Component { file, tensors: [("a".to_owned(), 0)].into() };
    let manifest = Manifest::new(file, [("trunk".to_owned(), component)].into());
    let layers = vec![Layer { outputs: 2, activation: Activation::Relu, shifted: false }];
    let classifier = Classifier {
        rows: 4,
        features: 2,
        bits: 8,
        layers,
        classes: 2,
        chosen: true,
        shares: None,
    };
    let bundle = Bundle {
        version: VERSION,
        card: vec![1_u8, 2].try_into().expect("it is short"),
        tokenizer: Some(file),
        files: vec![file].try_into().expect("it is one"),
    };
    let bytes = [
        change(1).encode(),
        changes.encode(),
        held,
        manifest.encode().expect("its names are good"),
        classifier.model().program.encode(),
        bundle.write(),
    ];
    edit::wanted(bytes, FORMS)
});

fn change(base: u8) -> Change {
    let changed = vec![(0, vec![(1, 5)]), (1, vec![(0, -1), (2, 7)])];
    let sparse = Sparse::new(2, 3, changed).expect("it is sound");
    let low = LowRank::new([2, 2], 1, 3, vec![1, 2], vec![3, 4]).expect("it is sound");
    let deltas = [("a", Delta::Sparse(sparse)), ("b", Delta::LowRank(low))];
    let deltas = deltas.map(|(name, delta)| (name.to_owned(), delta));
    Change::new(ContentId([base; 32]), deltas.into()).expect("it is sound")
}

fn contents(bytes: &[u8]) -> Option<Vec<u8>> {
    let read = Contents::decode(bytes).ok()?;
    let mut written = Vec::new();
    read.write(&mut written).expect("memory takes it");
    Some(written)
}

fn program(bytes: &[u8]) -> Option<Vec<u8>> {
    let read = Program::decode(bytes).ok()?;
    let written = read.encode();
    // Whether it is of use is said in the end, whatever it is.
    let _ = read.check();
    Some(written)
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| edit::read(&WANTED, FORMS, bytes));
