//! What the tests of several rooms share: one sealed task, all of whose randomness is fixed.

use crate::{
    payload::{seal_with, Drawn, Sealed},
    secret::Secret,
    wrap::Seat,
    Identity,
};
use cairn_protocol::id::{ProviderId, TaskId};

pub(crate) const GENESIS: [u8; 32] = [5; 32];
pub(crate) const REQUESTER: [u8; 32] = [6; 32];
pub(crate) const INPUT: &[u8] = b"an input";
pub(crate) const SEAT: Seat = Seat { task: TaskId(8), provider: ProviderId(9), generation: 10 };

pub(crate) fn identity(seed: u8) -> Identity {
    Identity::from_seed(&Secret::copied(&[seed; 32]))
}

pub(crate) fn requester() -> Identity {
    identity(4)
}

pub(crate) fn worker() -> Identity {
    identity(7)
}

pub(crate) fn sealed() -> Sealed {
    sealed_with([1; 32])
}

pub(crate) fn sealed_with(key: [u8; 32]) -> Sealed {
    let drawn = Drawn { key: Secret::copied(&key), salt: Secret::copied(&[2; 32]), nonce: [3; 12] };
    seal_with(INPUT, &requester().public(), &GENESIS, &REQUESTER, drawn).unwrap()
}

/// The fields of each line of a file of vectors; what is no hexadecimal number stays as it is.
pub(crate) fn vectors(text: &str) -> Vec<Vec<Vec<u8>>> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let field = |field: &str| hex::decode(field).unwrap_or_else(|_| field.into());
    lines.map(|line| line.split_whitespace().map(field).collect()).collect()
}

pub(crate) fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().unwrap()
}

/// BLAKE3, as the vectors have it of what is long.
pub(crate) fn hashed(bytes: &[u8]) -> Vec<u8> {
    blake3::hash(bytes).as_bytes().to_vec()
}
