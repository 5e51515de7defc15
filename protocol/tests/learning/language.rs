//! A language, texts in it, and models of it whose losses are whole numbers.
//!
//! The next token hangs on the two before it, so a model is a matrix of masters with a row for
//! each pair and a column for each token, and all that a delta does can be computed exactly. Texts
//! are as uneven as real ones: most records are plain, some are garbled, a few nearly all of it, and
//! a few are in another language.

use super::chance::Chance;
use cairn_kernel::{
    delta::{Delta, Sparse},
    math::{exp2f, log2},
    num::{round, saturate},
};
use cairn_protocol::{
    chunk::content,
    id::{ContentId, File},
    learning::source::Source,
    share::{Ppm, WHOLE},
    spec::{Records, TOKEN_BYTES},
};

/// Tokens of the language that nearly all is in.
pub const NATIVE: usize = 16;
/// With those of the other one.
pub const TOKENS: usize = 20;
/// Pairs of tokens: the rows of a model.
pub const ROWS: usize = TOKENS * TOKENS;
/// Tokens of a record. The first two are given.
const LENGTH: usize = 32;
const SCORED: usize = LENGTH - 2;
pub const RECORD_BYTES: u32 = LENGTH as u32 * TOKEN_BYTES;

/// How often a record is in the other language.
pub const FOREIGN: Ppm = 20_000;
/// Half of all records are garbled in no more than twice this share of their tokens; in general
/// one in x is so in x times this share or more.
const GARBLED: u64 = 10_000;

/// A master's step is this many of the 2^24ths of a bit that the kernel's powers are in, so that
/// masters reach over 16 bits of a logarithm.
const STEP_SHIFT: u32 = 13;
/// What a token counts that was never seen after a pair, in sixteenths of once.
const UNSEEN: u64 = 4;

/// Whether a row is of a pair that only the other language has.
pub fn is_foreign(row: usize) -> bool {
    row / TOKENS >= NATIVE && row % TOKENS >= NATIVE
}

/// What is said, and how often.
pub struct Language {
    /// Of each pair, up to where on a scale to the last of them each token reaches.
    reaches: Vec<[u32; TOKENS]>,
}

impl Language {
    /// Each language has other habits. A token is rarer the later it comes among those that may
    /// follow a pair, about as the square of its place.
    pub fn new(name: u64) -> Self {
        let mut chance = Chance::of([name, 0, 0, 0]);
        let reaches = (0..ROWS)
            .map(|row| {
                let (first, count) =
                    if is_foreign(row) { (NATIVE, TOKENS - NATIVE) } else { (0, NATIVE) };
                let mut weights = [0; TOKENS];
                for (place, token) in chance.sample(count, count).into_iter().enumerate() {
                    weights[first + token] = (1 << 20) / ((place + 1) * (place + 2)) as u32;
                }
                let mut sum = 0;
                weights.map(|weight| {
                    sum += weight;
                    sum
                })
            })
            .collect();
        Self { reaches }
    }

    fn next(&self, row: usize, chance: &mut Chance) -> usize {
        let reaches = &self.reaches[row];
        let point = chance.below(reaches[TOKENS - 1].into());
        reaches.partition_point(|reach| u64::from(*reach) <= point)
    }

    fn record(&self, chance: &mut Chance) -> Record {
        let foreign = chance.happens(FOREIGN);
        let (first, count) = if foreign { (NATIVE, TOKENS - NATIVE) } else { (0, NATIVE) };
        let garbled = (GARBLED * u64::from(WHOLE) / (1 + chance.below(WHOLE.into()))) as Ppm;
        // What garbles is no part of the text, which goes on as if it were not there.
        let mut pair = [0; 2].map(|_| first + chance.below(count as u64) as usize);
        let mut read = pair;
        core::array::from_fn(|_| {
            let token = self.next(pair[0] * TOKENS + pair[1], chance);
            pair = [pair[1], token];
            let seen =
                if chance.happens(garbled) { chance.below(TOKENS as u64) as usize } else { token };
            let row = read[0] * TOKENS + read[1];
            read = [read[1], seen];
            (row * TOKENS + seen) as u16
        })
    }

    /// So many records of text that nobody has seen before who does not know the name.
    pub fn text(&self, count: usize, name: [u64; 4]) -> Text {
        let mut chance = Chance::of(name);
        Text { records: (0..count).map(|_| self.record(&mut chance)).collect() }
    }
}

/// What comes after each pair of a record, as the place in a model's matrix.
type Record = [u16; SCORED];

/// Records, as guards and researchers read them.
pub struct Text {
    records: Vec<Record>,
}

impl Text {
    pub fn count(&self) -> u64 {
        self.records.len() as u64
    }

    /// How the chain knows it.
    pub fn source(&self) -> Source {
        let bytes = self.count() * u64::from(RECORD_BYTES);
        let file = File { id: ContentId([1; 32]), bytes };
        Source::Records(Records { file, record_bytes: RECORD_BYTES })
    }
}

/// A component: a row of masters for each pair.
#[derive(Clone, Eq, PartialEq)]
pub struct Model {
    pub masters: Vec<i16>,
}

impl Model {
    /// What counting a text comes to.
    pub fn counted(text: &Text) -> Self {
        let mut counts = vec![0u64; ROWS * TOKENS];
        for place in text.records.iter().flatten() {
            counts[usize::from(*place)] += 16;
        }
        let mut masters = Vec::with_capacity(counts.len());
        for row in counts.chunks_exact(TOKENS) {
            let of = |count: &u64| log2(count + UNSEEN) >> STEP_SHIFT;
            let top = row.iter().map(of).max().unwrap_or(0);
            masters.extend(row.iter().map(|count| (of(count) - top) as i16));
        }
        Self { masters }
    }

    /// What knows nothing: each token is as likely as any other.
    pub fn blank() -> Self {
        Self { masters: vec![0; ROWS * TOKENS] }
    }

    pub fn id(&self) -> ContentId {
        let bytes: Vec<u8> = self.masters.iter().flat_map(|master| master.to_le_bytes()).collect();
        content(&bytes)
    }

    /// The one with some rows of another.
    pub fn with_rows(&self, other: &Self, takes: impl Fn(usize) -> bool) -> Self {
        let mut mixed = self.clone();
        for row in (0..ROWS).filter(|row| takes(*row)) {
            let numbers = row * TOKENS..(row + 1) * TOKENS;
            mixed.masters[numbers.clone()].copy_from_slice(&other.masters[numbers]);
        }
        mixed
    }

    /// So many 2^16ths of the way to another, or away from it.
    pub fn towards(&self, other: &Self, part: i64) -> Self {
        let between = |(from, to): (&i16, &i16)| {
            let (from, to) = (i64::from(*from), i64::from(*to));
            saturate(from + round((to - from) * part, 16), 16) as i16
        };
        Self { masters: self.masters.iter().zip(&other.masters).map(between).collect() }
    }

    /// What leads from this one to another, as far as one delta does.
    pub fn delta_to(&self, other: &Self) -> Delta {
        let most = i32::from(i16::MAX);
        self.delta(|place| {
            let change = i32::from(other.masters[place]) - i32::from(self.masters[place]);
            change.clamp(-most, most) as i16
        })
    }

    /// A delta that changes each master so.
    pub fn delta(&self, mut change: impl FnMut(usize) -> i16) -> Delta {
        let mut rows = Vec::new();
        for row in 0..ROWS {
            let changes = (0..TOKENS).map(|column| (column as u32, change(row * TOKENS + column)));
            let changes: Vec<_> = changes.filter(|(_, change)| *change != 0).collect();
            if !changes.is_empty() {
                rows.push((row as u32, changes));
            }
        }
        let sparse = Sparse::new(ROWS as u32, TOKENS as u32, rows);
        Delta::Sparse(sparse.expect("rows and columns ascend"))
    }

    /// This one after a delta, which is one for it.
    pub fn after(&self, delta: &Delta) -> Self {
        let mut masters = self.masters.clone();
        delta.apply(&mut masters).expect("the delta has the model's shape");
        Self { masters }
    }

    /// What is lost on each token after each pair, in millionths of a nat, as the kernel has it.
    fn losses(&self) -> Vec<u32> {
        let mut losses = Vec::with_capacity(self.masters.len());
        for row in self.masters.chunks_exact(TOKENS) {
            let top = row.iter().copied().map(i64::from).max().unwrap_or(0);
            let far = |master: &i16| (top - i64::from(*master)) << STEP_SHIFT;
            let powers: i64 = row.iter().map(|master| exp2f(far(master).unsigned_abs())).sum();
            let sum = log2(powers.unsigned_abs()) - (31 << 24);
            losses.extend(row.iter().map(|master| round((sum + far(master)) * 693_147, 24) as u32));
        }
        losses
    }

    /// What it loses on each record of a text.
    pub fn reader<'a>(&self, text: &'a Text) -> Reader<'a> {
        Reader { losses: self.losses(), text }
    }
}

/// A model that reads a text.
pub struct Reader<'a> {
    losses: Vec<u32>,
    text: &'a Text,
}

impl Reader<'_> {
    /// What is lost on a record, in millionths of a nat.
    pub fn loss(&self, record: u64) -> u64 {
        let places = &self.text.records[record as usize];
        places.iter().map(|place| u64::from(self.losses[usize::from(*place)])).sum()
    }

    /// What is lost on all of them.
    pub fn total(&self) -> u64 {
        (0..self.text.count()).map(|record| self.loss(record)).sum()
    }
}
