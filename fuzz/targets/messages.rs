//! What strangers seal for others, and what the program says that does their jobs: one of each
//! with some of its bytes changed, and bytes that are nothing. What is read is what would be
//! written.

#![no_main]

mod edit;

use cairn_order::{
    devices::{Device, Devices},
    Fault, Made, Outcome, Product,
};
use cairn_protocol::{
    envelope::{
        Address, SealedKey, SealedPayload, SealedResult, ENCAPSULATION_BYTES, NONCE_BYTES,
        OPENING_BYTES, PAYLOAD_OVERHEAD, TAG_BYTES,
    },
    failure::Failure,
    id::{ProviderId, TaskId},
};
use edit::Read;
use std::sync::LazyLock;

const FORMS: [Read; 6] = [
    |bytes| SealedPayload::parse(bytes).ok().map(|read| read.to_bytes()),
    |bytes| SealedKey::parse(bytes).ok().map(|read| read.to_bytes()),
    |bytes| SealedResult::parse(bytes).ok().map(|read| read.to_bytes()),
    |bytes| Outcome::from_bytes(bytes).ok().map(|read| read.to_bytes()),
    numbered,
    |bytes| Devices::from_bytes(bytes).ok().map(|read| read.to_bytes()),
];

/// One of each form.
static WANTED: LazyLock<[Vec<u8>; 6]> = LazyLock::new(|| {
    let (nonce, encapsulation) = ([1; NONCE_BYTES], [2; ENCAPSULATION_BYTES]);
    let payload = SealedPayload { nonce: &nonce, ciphertext: &[3; PAYLOAD_OVERHEAD] };
    let address =
        Address { task: TaskId(7), provider: ProviderId(3), generation: 2, recipient: [9; 8] };
    let ciphertext = [4; OPENING_BYTES + TAG_BYTES];
    let key = SealedKey { address, encapsulation: &encapsulation, ciphertext: &ciphertext };
    let result = SealedResult { encapsulation: &encapsulation, ciphertext: &[5; TAG_BYTES + 9] };
    let product = Product::Scratch("result".into());
    let made = Made { product, units: 8, trace: [6; 32], fingerprint: None };
    let failed = Outcome::Failed(Fault::new(Failure::ALL[0], "it has no end"));
    let bytes = [
        payload.to_bytes(),
        key.to_bytes(),
        result.to_bytes(),
        failed.to_bytes(),
        Outcome::Made(made).numbered_to_bytes(7),
        Devices { gpus: vec!["a card".into()], lent: Device::Wgpu }.to_bytes(),
    ];
    edit::wanted(bytes, FORMS)
});

fn numbered(bytes: &[u8]) -> Option<Vec<u8>> {
    let (number, read) = Outcome::numbered_from_bytes(bytes).ok()?;
    Some(read.numbered_to_bytes(number))
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| edit::read(&WANTED, FORMS, bytes));
