//! What models learn from, are calibrated on and judged by.

use super::unfit;
use cairn_engine::{
    folder::Codec,
    train::{Cases, Labelled, Sequence, Sequences, Texts},
};
use clap::Args;
use serde::Deserialize;
use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

/// Where examples come from: one of these.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Source {
    /// A file of text: cut into records, or, for an encoder, with a text on each line.
    #[arg(long, value_name = "FILE")]
    pub text: Option<PathBuf>,

    /// Text from a grammar whose entropy is known, by this number.
    #[arg(long, value_name = "SEED")]
    pub synthetic: Option<u64>,

    /// A file with a line of JSON for each example: {"prompt": "…", "answer": "…"}.
    #[arg(long, value_name = "FILE")]
    pub answers: Option<PathBuf>,

    /// A file with a line of JSON for each case: {"features": [0.5, …], "class": 1}, or for an
    /// encoder {"text": "…", "class": 1}.
    #[arg(long, value_name = "FILE")]
    pub cases: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    prompt: String,
    answer: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    features: Vec<f32>,
    class: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    text: String,
    class: u32,
}

type Found<T> = Result<T, Box<dyn Error>>;

impl Source {
    /// Sequences of tokens, of as many as `length` each.
    pub fn sequences(&self, codec: &Codec, length: usize) -> Found<Vec<Sequence>> {
        check_size(length, 1)?;
        if let Some(path) = &self.text {
            let text = read(path)?;
            let tokens = codec.encode(&text)?;
            let whole = tokens.chunks(length).filter(|record| record.len() >= 2);
            let records = whole.map(|record| Sequence { tokens: record.to_vec(), given: 1 });
            return filled(path, records.collect());
        }
        let Some(path) = &self.answers else {
            return Err(unfit("a language model", "a classifier or an encoder for --cases"));
        };
        let example = |Answer { prompt, answer }: Answer| -> Found<Sequence> {
            let (tokens, given) = codec.encode_on(&prompt, &answer)?;
            Ok(Sequence { tokens, given: given.max(1) })
        };
        let examples = lines::<Answer>(path)?.into_iter().map(example).collect::<Found<_>>()?;
        filled(path, examples)
    }

    pub fn cases(&self, count: usize, seed: [u8; 32]) -> Found<Cases> {
        let Some(path) = &self.cases else {
            return Err(unfit("a classifier", "a language model for texts"));
        };
        let mut cases = Cases { seed, count, ..Cases::default() };
        for Case { features, class } in filled(path, lines(path)?)? {
            cases.features.push(features);
            cases.classes.push(class);
        }
        Ok(cases)
    }

    /// Texts with their classes, for an encoder.
    pub fn labelled(&self, codec: &Codec, count: usize, seed: [u8; 32]) -> Found<Labelled> {
        let Some(path) = &self.cases else {
            return Err(unfit("an encoder", "a language model for texts without classes"));
        };
        let mut labelled = Labelled { seed, count, ..Labelled::default() };
        for Text { text, class } in filled(path, lines(path)?)? {
            labelled.texts.push(codec.encode(&text)?);
            labelled.classes.push(class);
        }
        Ok(labelled)
    }

    /// The first texts of a file that has one on each line, each by itself as an encoder meets it.
    pub fn lines(&self, codec: &Codec, count: usize) -> Found<Vec<Vec<u32>>> {
        let Some(path) = &self.text else {
            return Err(unfit("an encoder", "a language model for --synthetic and --answers"));
        };
        let text = read(path)?;
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        let lines = filled(path, lines.collect())?;
        Ok(lines
            .into_iter()
            .take(count)
            .map(|line| codec.encode(line))
            .collect::<Result<_, _>>()?)
    }

    /// Text of the grammar, where it is to come from there.
    pub fn texts(
        &self,
        codec: &Codec,
        length: usize,
        count: usize,
        from: u64,
    ) -> Found<Option<Texts>> {
        let Some(number) = self.synthetic else { return Ok(None) };
        check_size(length, count)?;
        match codec {
            Codec::Bytes => Ok(Some(Texts { seed: seed(number), from, length, count })),
            Codec::Rules(_) => {
                Err(unfit("a model with a tokenizer", "one whose tokens are bytes for --synthetic"))
            }
        }
    }
}

/// The most tokens that are held at once.
const MOST: usize = 1 << 28;

pub fn check_size(length: usize, count: usize) -> Found<()> {
    if length < 2 {
        return Err(format!("--length is {length}; a record has 2 tokens at least").into());
    }
    match length.checked_mul(count) {
        Some(size) if size <= MOST => Ok(()),
        _ => Err(format!("{count} records of {length} tokens are more than {MOST}; ask for fewer")
            .into()),
    }
}

fn filled<T>(path: &Path, found: Vec<T>) -> Found<Vec<T>> {
    match found.is_empty() {
        true => Err(format!("{} has no example; give it one at least", path.display()).into()),
        false => Ok(found),
    }
}

/// All that is drawn by a number.
pub fn seed(number: u64) -> [u8; 32] {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    seed
}

pub fn batches(examples: Vec<Sequence>, count: usize, seed: [u8; 32]) -> Sequences {
    Sequences { seed, examples, count }
}

fn read(path: &Path) -> Found<String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()).into())
}

fn lines<T: for<'a> Deserialize<'a>>(path: &Path) -> Found<Vec<T>> {
    let text = read(path)?;
    let parse = |(line, number): (&str, usize)| {
        serde_json::from_str(line)
            .map_err(|error| format!("{}, line {number}: {error}", path.display()).into())
    };
    let filled = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    filled.map(parse).collect()
}
