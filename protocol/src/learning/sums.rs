//! What examples come to, as a tree of sums: a wrong total can be walked down to an example.
//!
//! ```text
//!                    root: count, sums, hash            hash = H(children)
//!          ┌────────────┴───────┬──────────┐
//!      256 examples        256 examples   the rest      each has sixteen children, the last
//!          ┆                    ┆          ┆            of a row what is left
//!        leaf … leaf: record, losses, trace             hash = H(leaf)
//! ```
//!
//! The tree's shape follows from the number of examples alone: of the children of a node, all but
//! the last have the largest power of sixteen of examples that is less than its own. What would be
//! the only child of a node stands in its place.

use crate::{
    id::Digest,
    learning::{
        evaluation::{excess, MOST_LOSS},
        sample::MOST,
    },
    share::Ppm,
    wire::wire,
};
use alloc::{vec, vec::Vec};
use codec::Encode;
use core::{fmt, ops::Range};
use primitive_types::U256;

/// Children of a node.
pub const WIDTH: usize = 16;

const LEAF: &[u8; 15] = b"cairn/sums/leaf";
const NODE: &[u8; 15] = b"cairn/sums/node";

wire! {
    /// An example, as it was judged.
    #[derive(Copy)]
    pub struct Leaf {
        /// Which record it is.
        pub record: u64,
        /// What was lost on it before, in millionths of a nat.
        pub baseline: u64,
        /// And after.
        pub loss: u64,
        /// What the losses came of: a hash over both runs.
        pub trace: Digest,
    }

    /// What some examples in a row come to.
    #[derive(Copy)]
    pub struct Node {
        pub count: u32,
        pub baseline: u64,
        pub loss: u64,
        /// Of the [`excess`] of each.
        pub sum: i128,
        /// Of its square.
        pub squares: U256,
        /// Of the children, or of the leaf.
        pub hash: Digest,
    }
}

/// A tree over a sample.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tree {
    /// From the leaves up to the root alone.
    rows: Vec<Vec<Node>>,
    root: Node,
}

/// Why there is no such tree.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SumFlaw {
    /// It has no leaves.
    Empty,
    TooMany {
        most: u32,
        have: usize,
    },
    /// The record does not come after the one before it.
    Unsorted {
        record: u64,
    },
    /// An example loses more than it can.
    Loss {
        record: u64,
        most: u64,
        have: u64,
    },
    /// A node of so many examples has other children.
    WrongShape {
        count: u32,
    },
    /// The children come to something else than their parent says.
    WrongSums,
    /// The parent's hash is not that of its children.
    WrongHash,
}

impl Node {
    /// What one example comes to.
    pub fn leaf(leaf: &Leaf, threshold: Ppm) -> Self {
        let sum = excess(leaf.baseline, leaf.loss, threshold);
        // Of 97 bits at most.
        let size = U256::from(sum.unsigned_abs());
        Self {
            count: 1,
            baseline: leaf.baseline,
            loss: leaf.loss,
            sum,
            squares: size.saturating_mul(size),
            hash: sp_crypto_hashing::blake2_256(&(LEAF, leaf).encode()),
        }
    }

    /// What children come to together; none where it cannot be counted.
    fn over(children: &[Self]) -> Option<Self> {
        let hash = sp_crypto_hashing::blake2_256(&(NODE, children).encode());
        let nothing = Self { count: 0, baseline: 0, loss: 0, sum: 0, squares: U256::zero(), hash };
        children.iter().try_fold(nothing, |all, one| {
            Some(Self {
                count: all.count.checked_add(one.count)?,
                baseline: all.baseline.checked_add(one.baseline)?,
                loss: all.loss.checked_add(one.loss)?,
                sum: all.sum.checked_add(one.sum)?,
                squares: all.squares.checked_add(one.squares)?,
                hash,
            })
        })
    }
}

/// Builds the tree over examples in the order of their records.
pub fn tree(leaves: &[Leaf], threshold: Ppm) -> Result<Tree, SumFlaw> {
    let most = usize::try_from(MOST).unwrap_or(usize::MAX);
    if leaves.len() > most {
        return Err(SumFlaw::TooMany { most: MOST, have: leaves.len() });
    }
    for (leaf, next) in leaves.iter().zip(leaves.iter().skip(1)) {
        if leaf.record >= next.record {
            return Err(SumFlaw::Unsorted { record: next.record });
        }
    }
    for Leaf { record, baseline, loss, .. } in leaves {
        let have = *baseline.max(loss);
        if have > MOST_LOSS {
            return Err(SumFlaw::Loss { record: *record, most: MOST_LOSS, have });
        }
    }
    let mut row: Vec<_> = leaves.iter().map(|leaf| Node::leaf(leaf, threshold)).collect();
    let mut rows = vec![];
    loop {
        match row.as_slice() {
            [] => return Err(SumFlaw::Empty),
            [root] => {
                let root = *root;
                rows.push(row);
                return Ok(Tree { rows, root });
            }
            nodes => {
                let above = nodes.chunks(WIDTH).map(parent).collect::<Option<Vec<_>>>();
                rows.push(core::mem::replace(&mut row, above.ok_or(SumFlaw::WrongSums)?));
            }
        }
    }
}

/// What stands over some nodes of a row: the node itself where it is one.
fn parent(nodes: &[Node]) -> Option<Node> {
    match nodes {
        [only] => Some(*only),
        nodes => Node::over(nodes),
    }
}

impl Tree {
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// The children of the node to which a path leads, child by child from the root; none where
    /// there is no such node. A leaf has none of its own, and gives an empty slice.
    pub fn children(&self, path: &[u8]) -> Option<&[Node]> {
        let (mut row, mut places) = self.below(self.rows.len().checked_sub(1)?, 0)?;
        for child in path {
            let place = places.start.checked_add(usize::from(*child))?;
            if place >= places.end {
                return None;
            }
            (row, places) = self.below(row, place)?;
        }
        self.rows.get(row)?.get(places)
    }

    /// In which row and where the children are of a node at a place of a row. An only child is the
    /// node itself, and its children are what is asked for.
    fn below(&self, mut row: usize, mut place: usize) -> Option<(usize, Range<usize>)> {
        while let Some(next) = row.checked_sub(1) {
            let first = place.checked_mul(WIDTH)?;
            let end = first.checked_add(WIDTH)?.min(self.rows.get(next)?.len());
            if end.checked_sub(first)? > 1 {
                return Some((next, first..end));
            }
            (row, place) = (next, first);
        }
        Some((0, 0..0))
    }
}

/// Whether these are the children of that node.
pub fn check_children(parent: &Node, children: &[Node]) -> Result<(), SumFlaw> {
    let counts = children.iter().map(|child| child.count);
    if !counts.eq(parts(parent.count)) {
        return Err(SumFlaw::WrongShape { count: parent.count });
    }
    let whole = Node::over(children).ok_or(SumFlaw::WrongSums)?;
    if whole.hash != parent.hash {
        return Err(SumFlaw::WrongHash);
    }
    if whole != *parent {
        return Err(SumFlaw::WrongSums);
    }
    Ok(())
}

/// How many examples each child of a node has.
fn parts(count: u32) -> impl Iterator<Item = u32> {
    let width = u32::try_from(WIDTH).unwrap_or(u32::MAX);
    let mut each = 1u32;
    while each.checked_mul(width).is_some_and(|wider| wider < count) {
        each = each.saturating_mul(width);
    }
    let children = if count > 1 { count.div_ceil(each) } else { 0 };
    (0..children).map(move |child| count.saturating_sub(child.saturating_mul(each)).min(each))
}

impl fmt::Display for SumFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("there are no examples"),
            Self::TooMany { most, have } => write!(f, "{have} examples, and {most} are the most"),
            Self::Unsorted { record } => {
                write!(f, "record {record} does not come after the one before it")
            }
            Self::Loss { record, most, have } => {
                write!(f, "record {record} loses {have}, and {most} is the most")
            }
            Self::WrongShape { count } => {
                write!(f, "a node of {count} examples has other children")
            }
            Self::WrongSums => f.write_str("the children come to something else"),
            Self::WrongHash => f.write_str("the hash is not that of the children"),
        }
    }
}

impl core::error::Error for SumFlaw {}

#[cfg(test)]
mod tests;
