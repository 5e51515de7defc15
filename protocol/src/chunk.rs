//! Chunks of an artifact, proven to belong to its [`ContentId`].
//!
//! BLAKE3 hashes chunks of 1,024 bytes into the leaves of a binary tree, whose root is the id. The
//! tree's shape follows from the length alone: what lies left of a node is the largest power of two
//! of chunks that leaves something to its right. So a chunk and the values of the siblings on its
//! way up are enough to come out at the root.
//!
//! A chunk somewhere in the middle may be proven under a wrong length whose tree has the same way
//! down to it. The last chunk is proven under no length but the true one: its place and its own
//! length are hashed into its leaf, and on the way up from it nothing lies to the right. Whoever
//! has to be sure of a length asks for the last chunk.

use crate::{
    id::{ContentId, Seed},
    wire::wire,
};
use alloc::{collections::BTreeSet, vec::Vec};
use blake3::{
    hazmat::{merge_subtrees_non_root, merge_subtrees_root, ChainingValue, HasherExt, Mode},
    Hasher,
};
use bounded_collections::{BoundedVec, ConstU32};
use codec::Encode;
use core::ops::Range;

/// Bytes of each chunk but the last, which may have fewer.
pub const CHUNK_BYTES: u32 = 1_024;
/// Siblings of a chunk at most: so high is the tree of the longest artifact there can be.
pub const SIBLINGS: u32 = 54;

wire! {
    /// A chunk and what proves it.
    pub struct Proof {
        pub chunk: BoundedVec<u8, ConstU32<CHUNK_BYTES>>,
        /// The chaining values of what lies beside the way from the chunk up to the root.
        pub siblings: BoundedVec<[u8; 32], ConstU32<SIBLINGS>>,
    }
}

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flaw {
    /// The artifact has fewer chunks.
    NoSuchChunk,
    /// The chunk is longer or shorter than the one that stands there.
    WrongChunkLength,
    /// From that chunk the root is nearer, or farther.
    WrongHeight,
    /// Chunk and siblings do not come out at the artifact's id.
    WrongRoot,
}

/// What an artifact of these bytes is called.
pub fn content(bytes: &[u8]) -> ContentId {
    ContentId(*blake3::hash(bytes).as_bytes())
}

/// How many chunks an artifact has; one of no bytes has one of no bytes.
pub fn chunks(total_bytes: u64) -> u64 {
    total_bytes.div_ceil(CHUNK_BYTES.into()).max(1)
}

/// The chunks that a seed asks to be shown: the last one, which proves the length, and `count`
/// others, or all there are. In ascending order.
pub fn asked(seed: &Seed, total_bytes: u64, count: u8) -> Vec<u64> {
    let last = chunks(total_bytes).saturating_sub(1);
    let mut asked = BTreeSet::from([last]);
    // Floyd's sample: each set of so many is as likely as any other.
    for top in last.saturating_sub(count.into())..last {
        let lot = lot(seed, top);
        let drawn = lot.checked_rem(u128::from(top).saturating_add(1)).unwrap_or(0);
        let drawn = u64::try_from(drawn).unwrap_or(top);
        if !asked.insert(drawn) {
            asked.insert(top);
        }
    }
    asked.into_iter().collect()
}

/// A number that nobody knows before the seed.
fn lot(seed: &Seed, nth: u64) -> u128 {
    let hash = sp_crypto_hashing::blake2_128(&(b"cairn/chunk", seed, nth).encode());
    u128::from_le_bytes(hash)
}

/// Whether a chunk is that one of an artifact of so many bytes.
pub fn verify(id: &ContentId, total_bytes: u64, index: u64, proof: &Proof) -> Result<(), Flaw> {
    let count = chunks(total_bytes);
    if index >= count {
        return Err(Flaw::NoSuchChunk);
    }
    let start = index.saturating_mul(CHUNK_BYTES.into());
    let length = total_bytes.saturating_sub(start).min(CHUNK_BYTES.into());
    if u64::try_from(proof.chunk.len()) != Ok(length) {
        return Err(Flaw::WrongChunkLength);
    }
    let way = way_down(count, index);
    if way.len() != proof.siblings.len() {
        return Err(Flaw::WrongHeight);
    }
    let steps: Vec<_> = way.into_iter().rev().zip(&proof.siblings).collect();
    let Some((top, below)) = steps.split_last() else {
        return is(blake3::hash(&proof.chunk), id);
    };
    let leaf = chaining_value(&proof.chunk, start);
    let node = below.iter().fold(leaf, |node, (right, sibling)| {
        let (left, right) = sides(&node, sibling, *right);
        merge_subtrees_non_root(left, right, Mode::Hash)
    });
    let (left, right) = sides(&node, top.1, top.0);
    is(merge_subtrees_root(left, right, Mode::Hash), id)
}

/// Proves a chunk of an artifact; none where there is no such chunk.
pub fn prove(bytes: &[u8], index: u64) -> Option<Proof> {
    let way = Way::to(u64::try_from(bytes.len()).ok()?, index)?;
    let values = way.beside.iter().map(|part| Some(chaining_value(cut(bytes, part)?, part.start)));
    let siblings = values.collect::<Option<Vec<_>>>()?.try_into().ok()?;
    Some(Proof { chunk: cut(bytes, &way.chunk)?.to_vec().try_into().ok()?, siblings })
}

/// What of an artifact proves a chunk of it, for whoever does not have all of it in memory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Way {
    /// Where the chunk is.
    pub chunk: Range<u64>,
    /// What lies beside the way from the chunk up to the root, from the nearest on. The chaining
    /// value of each is a sibling.
    pub beside: Vec<Range<u64>>,
}

impl Way {
    /// The way to a chunk of an artifact of so many bytes; none where there is no such chunk.
    pub fn to(total_bytes: u64, index: u64) -> Option<Self> {
        if index >= chunks(total_bytes) {
            return None;
        }
        let wanted = index.saturating_mul(CHUNK_BYTES.into());
        let (mut chunk, mut beside) = (0..total_bytes, Vec::new());
        loop {
            let count = chunks(chunk.end.saturating_sub(chunk.start));
            if count < 2 {
                break;
            }
            let middle = chunk.start.saturating_add(left(count).saturating_mul(CHUNK_BYTES.into()));
            if wanted < middle {
                beside.push(middle..chunk.end);
                chunk.end = middle;
            } else {
                beside.push(chunk.start..middle);
                chunk.start = middle;
            }
        }
        beside.reverse();
        Some(Self { chunk, beside })
    }
}

/// Of so many chunks those that lie left: the largest power of two that leaves something.
fn left(count: u64) -> u64 {
    count.div_ceil(2).next_power_of_two()
}

fn cut<'a>(bytes: &'a [u8], part: &Range<u64>) -> Option<&'a [u8]> {
    bytes.get(usize::try_from(part.start).ok()?..usize::try_from(part.end).ok()?)
}

/// At each node from the root down to a leaf, whether the way goes right.
fn way_down(mut count: u64, mut index: u64) -> Vec<bool> {
    let mut way = Vec::new();
    while count > 1 {
        let left = left(count);
        let right = index >= left;
        if right {
            (count, index) = (count.saturating_sub(left), index.saturating_sub(left));
        } else {
            count = left;
        }
        way.push(right);
    }
    way
}

/// The value of a part of the tree that is not the root, and not empty.
fn chaining_value(bytes: &[u8], start: u64) -> ChainingValue {
    if bytes.is_empty() {
        // Only a whole artifact may be, and that is a root.
        return ChainingValue::default();
    }
    Hasher::new().set_input_offset(start).update(bytes).finalize_non_root()
}

fn sides<'a>(
    node: &'a ChainingValue,
    sibling: &'a ChainingValue,
    right: bool,
) -> (&'a ChainingValue, &'a ChainingValue) {
    if right {
        (sibling, node)
    } else {
        (node, sibling)
    }
}

fn is(root: blake3::Hash, id: &ContentId) -> Result<(), Flaw> {
    if root.as_bytes() == &id.0 {
        Ok(())
    } else {
        Err(Flaw::WrongRoot)
    }
}

#[cfg(test)]
mod tests;
