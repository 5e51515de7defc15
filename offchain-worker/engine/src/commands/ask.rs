//! Commands that ask a model.

use super::{
    data::{batches, seed, Source},
    unfit, Chosen, Opened, Outcome, Output,
};
use cairn_engine::{
    embed::{classes, rows},
    exact::{self, features},
    folder::{Codec, CodecStream, ExactFolder, FloatFolder, Model, Purpose, Shape},
    generate::{Generation, Reason, Request, Sampling},
    model::Decoder,
    train::{evaluate, Sequence, Texts},
};
use clap::Args;
use serde_json::{json, Value};
use std::{
    error::Error,
    sync::Arc,
    time::{Duration, Instant},
};

#[derive(Debug, Args)]
pub struct Eval {
    #[command(flatten)]
    chosen: Chosen,

    #[command(flatten)]
    source: Source,

    /// Tokens of a record.
    #[arg(long, default_value_t = 256)]
    length: usize,

    /// Records of synthetic text.
    #[arg(long, default_value_t = 64)]
    records: usize,

    /// The first record of synthetic text; far from what was learned from.
    #[arg(long, default_value_t = 1 << 32)]
    from: u64,
}

type Found<T> = Result<T, Box<dyn Error>>;

impl Eval {
    pub fn run(&self, output: &Output) -> Outcome {
        let result = match self.chosen.open()? {
            Opened::Exact(folder) => self.exact(&folder)?,
            Opened::Float(folder) => self.float(&folder)?,
        };
        output.say(&result)?;
        Ok(())
    }

    fn texts(&self, codec: &Codec) -> Found<Option<Texts>> {
        self.source.texts(codec, self.length, self.records, self.from)
    }

    /// What a decoder is judged by, whichever arithmetic it has: all of it fits before any is
    /// computed.
    fn sequences(&self, codec: &Codec, shape: &Shape) -> Found<Vec<Sequence>> {
        let all = batches(self.source.sequences(codec, self.length)?, 1, [0; 32]);
        if let Shape::Decoder(config) = shape {
            all.fit(config)?;
        }
        Ok(all.examples)
    }

    /// How many cases a program in exact form gets right.
    fn judged(&self, folder: &ExactFolder) -> Found<Value> {
        let package = folder.package(Purpose::Classes)?;
        let (plan, crew) = (package.plan()?, self.chosen.crew()?);
        if let Shape::Encoder(config) = folder.shape() {
            let cases = self.source.labelled(&folder.codec()?, 1, [0; 32])?;
            cases.fit(config)?;
            let row = |text: &Vec<u32>| exact::embed(&plan, &crew, text);
            let rows = cases.texts.iter().map(row).collect::<Result<Vec<_>, _>>()?;
            return Ok(verdict("exact", &rows, &cases.classes));
        }
        let cases = self.source.cases(1, [0; 32])?;
        if let Shape::Classifier(config) = folder.shape() {
            cases.fit(config)?;
        }
        let row = |case: &Vec<f32>| {
            let given = features(case, folder.feature_step());
            exact::rows(&plan, &crew, &[], &given)
        };
        let rows = cases.features.iter().map(row).collect::<Result<Vec<_>, _>>()?;
        let mut said = verdict("exact", &rows, &cases.classes);
        let cut = cases.features.iter().map(|case| exact::cut(case, folder.feature_step()));
        said["cut"] = cut.sum::<usize>().into();
        Ok(said)
    }

    fn exact(&self, folder: &ExactFolder) -> Found<Value> {
        if self.source.cases.is_some() {
            return self.judged(folder);
        }
        let crew = self.chosen.crew()?;
        let codec = folder.codec()?;
        let (records, given, floor) = match self.texts(&codec)? {
            Some(texts) => (texts.tokens(0), Vec::new(), Some(texts.floor())),
            None => {
                let all = self.sequences(&codec, folder.shape())?;
                let read = all.iter().filter(|one| one.given > 1);
                let given = read.map(|one| one.tokens[..one.given].to_vec()).collect();
                (all.into_iter().map(|one| one.tokens).collect(), given, None)
            }
        };
        let package = folder.package(Purpose::Loss)?;
        let plan = package.plan()?;
        let begin = Instant::now();
        let mut lost = exact::loss(&plan, &crew, &records)?;
        let (computed, took) = (lost.tokens, begin.elapsed());
        if !given.is_empty() {
            // What comes after changes no bit of it, so it can be taken off.
            let read = exact::loss(&plan, &crew, &given)?;
            lost.micro_nats -= read.micro_nats;
            lost.tokens -= read.tokens;
        }
        let mean = lost.micro_nats as f64 / lost.tokens as f64 / 1e6;
        Ok(json!({
            "profile": "exact",
            "tokens": lost.tokens,
            "micro_nats": lost.micro_nats,
            "loss": mean,
            "floor": floor,
            "tokens_per_s": per_second(computed, took),
        }))
    }

    fn float(&self, folder: &FloatFolder) -> Found<Value> {
        match &folder.model {
            Model::Decoder(decoder) => {
                let codec = folder.codec()?;
                if let Some(texts) = self.texts(&codec)? {
                    // One at a time, so that a large model has room.
                    let one = Texts { count: 1, ..texts.clone() };
                    let begin = Instant::now();
                    let loss = evaluate(decoder, &one, 0..self.records as u64)?;
                    let took = begin.elapsed();
                    let tokens = self.records * (self.length - 1);
                    return Ok(json!({
                        "profile": "float",
                        "tokens": tokens,
                        "loss": loss,
                        "floor": texts.floor(),
                        "tokens_per_s": per_second(tokens as u64, took),
                    }));
                }
                sequences(decoder, self.sequences(&codec, &folder.model.shape())?)
            }
            Model::Classifier(classifier) => {
                let cases = self.source.cases(1, [0; 32])?;
                cases.fit(classifier.config())?;
                let rows = cases.features.iter().map(|case| classifier.classes(case));
                let rows = rows.collect::<Result<Vec<_>, _>>()?;
                Ok(verdict("float", &rows, &cases.classes))
            }
            Model::Encoder(encoder) => {
                let cases = self.source.labelled(&folder.codec()?, 1, [0; 32])?;
                cases.fit(encoder.config())?;
                Ok(verdict("float", &classes(encoder, &cases.texts)?, &cases.classes))
            }
        }
    }
}

/// What a decoder loses on what is not given of sequences.
fn sequences(decoder: &Decoder, all: Vec<Sequence>) -> Found<Value> {
    let (mut sum, mut tokens, mut computed) = (0.0, 0, 0);
    let begin = Instant::now();
    for one in all {
        let lost = one.tokens.len().saturating_sub(one.given);
        computed += one.tokens.len().saturating_sub(1) as u64;
        let loss = evaluate(decoder, &batches(vec![one], 1, [0; 32]), 0..1)?;
        sum += loss * lost as f64;
        tokens += lost;
    }
    let rate = per_second(computed, begin.elapsed());
    let loss = sum / tokens.max(1) as f64;
    Ok(json!({ "profile": "float", "tokens": tokens, "loss": loss, "tokens_per_s": rate }))
}

/// Tokens a second, to a hundredth.
fn per_second(tokens: u64, took: Duration) -> f64 {
    let rate = tokens as f64 / took.as_secs_f64().max(1e-9);
    (rate * 100.0).round() / 100.0
}

/// How many cases have the largest number where their class is.
fn verdict<T: PartialOrd>(profile: &str, rows: &[Vec<T>], classes: &[u32]) -> Value {
    let cases = rows.iter().zip(classes);
    let right = cases.filter(|(row, class)| best(row.iter()) == Some(**class as usize)).count();
    json!({ "profile": profile, "cases": classes.len(), "right": right })
}

/// The place of the largest, of equals the first.
fn best<'a, T: PartialOrd + 'a>(row: impl Iterator<Item = &'a T>) -> Option<usize> {
    let larger = |best: Option<(usize, &'a T)>, (at, number): (usize, &'a T)| match best {
        Some((_, most)) if number <= most => best,
        _ => Some((at, number)),
    };
    row.enumerate().fold(None, larger).map(|(at, _)| at)
}

#[derive(Debug, Args)]
pub struct Generate {
    #[command(flatten)]
    chosen: Chosen,

    /// The text to go on with.
    #[arg(long)]
    prompt: String,

    /// The most tokens to make.
    #[arg(long, default_value_t = 128)]
    most: usize,

    /// Draw tokens, more evenly the higher; the likeliest are taken where it is not given.
    #[arg(long, allow_negative_numbers = true)]
    temperature: Option<f32>,

    /// Draw of so many of the likeliest.
    #[arg(long, default_value_t = 50, requires = "temperature")]
    top_k: usize,

    /// Draw of the fewest whose shares sum to this.
    #[arg(long, default_value_t = 1.0, requires = "temperature", allow_negative_numbers = true)]
    top_p: f32,

    /// Decides what is drawn.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

impl Generate {
    pub fn run(&self, output: &Output) -> Outcome {
        let sampling = match self.temperature {
            None => Sampling::Greedy,
            Some(temperature) => {
                let (most, share) = (self.top_k, self.top_p);
                Sampling::Drawn { temperature, most, share, seed: seed(self.seed) }
            }
        };
        let opened = self.chosen.open()?;
        let (codec, tokens) = match &opened {
            Opened::Exact(folder) => (folder.codec()?, folder.tokens()),
            Opened::Float(folder) => (folder.codec()?, &folder.tokens),
        };
        let stops = tokens.stops().to_vec();
        // Without what the rules end a text with: it goes on.
        let (mut prompt, before) = codec.encode_on(&self.prompt, "")?;
        prompt.truncate(before);
        let request = Request { prompt, sampling, most: self.most, stops };
        let mut made = Made {
            codec: &codec,
            output,
            stream: codec.stream(),
            tokens: Vec::new(),
            took: Duration::ZERO,
        };
        let reason = match opened {
            Opened::Exact(folder) => {
                let package = folder.package(Purpose::Next)?;
                let (plan, crew) = (package.plan()?, self.chosen.crew()?);
                let mut tokens = exact::Generation::new(&plan, &crew, &request)?;
                made.take(&mut tokens)?;
                tokens.reason()
            }
            Opened::Float(folder) => {
                let Model::Decoder(decoder) = folder.model else {
                    return Err(unfit(folder.model.shape().kind(), "a decoder"));
                };
                let mut tokens = Generation::new(Arc::new(decoder), request)?;
                made.take(&mut tokens)?;
                tokens.reason()
            }
        };
        made.end(reason)
    }
}

/// What was made so far.
struct Made<'a> {
    codec: &'a Codec,
    output: &'a Output,
    stream: CodecStream<'a>,
    tokens: Vec<u32>,
    /// How long they took to be computed, the prompt among them.
    took: Duration,
}

impl Made<'_> {
    /// All tokens there are, and the time that it takes to make them but not to show them.
    fn take<E: Error + 'static>(
        &mut self,
        tokens: &mut impl Iterator<Item = Result<u32, E>>,
    ) -> Outcome {
        loop {
            let begin = Instant::now();
            let next = tokens.next();
            self.took += begin.elapsed();
            match next {
                Some(token) => self.push(token?)?,
                None => return Ok(()),
            }
        }
    }

    fn push(&mut self, token: u32) -> Outcome {
        self.tokens.push(token);
        if let Some(text) = self.stream.push(token)? {
            self.output.stream(&text)?;
        }
        Ok(())
    }

    fn end(self, reason: Option<Reason>) -> Outcome {
        let ended = match reason {
            Some(Reason::Stop) => "stop",
            Some(Reason::Most) => "most",
            Some(Reason::Context) => "context",
            Some(Reason::NotFinite) => "not finite",
            None => "none",
        };
        match self.output.json {
            true => {
                let text = self.codec.decode(&self.tokens)?;
                let rate = per_second(self.tokens.len() as u64, self.took);
                let result = json!({
                    "text": text,
                    "tokens": self.tokens,
                    "ended": ended,
                    "tokens_per_s": rate,
                });
                self.output.say(&result)?;
            }
            false => self.output.stream("\n")?,
        }
        Ok(())
    }
}

#[derive(Debug, Args)]
pub struct Embed {
    #[command(flatten)]
    chosen: Chosen,

    /// The texts.
    #[arg(required = true)]
    texts: Vec<String>,
}

impl Embed {
    pub fn run(&self, output: &Output) -> Outcome {
        let points = match self.chosen.open()? {
            Opened::Exact(folder) => {
                let package = folder.package(Purpose::Embedding)?;
                let (plan, crew) = (package.plan()?, self.chosen.crew()?);
                let codec = folder.codec()?;
                let mut points: Vec<Vec<f32>> = Vec::new();
                for text in &self.texts {
                    let row = exact::embed(&plan, &crew, &codec.encode(text)?)?;
                    let step = folder.embedding_step();
                    points.push(row.iter().map(|x| (f64::from(*x) * step) as f32).collect());
                }
                points
            }
            Opened::Float(folder) => {
                let Model::Encoder(encoder) = &folder.model else {
                    return Err(unfit(folder.model.shape().kind(), "an encoder"));
                };
                let codec = folder.codec()?;
                let encode = |text: &String| codec.encode(text);
                let tokens = self.texts.iter().map(encode).collect::<Result<Vec<_>, _>>()?;
                rows(encoder, &tokens)?
            }
        };
        if output.json {
            output.say(&json!({ "embeddings": points }))?;
            return Ok(());
        }
        for (text, point) in self.texts.iter().zip(&points) {
            let cosine =
                |other: &Vec<f32>| point.iter().zip(other).map(|(x, y)| x * y).sum::<f32>();
            let near: Vec<String> =
                points.iter().map(|one| format!("{:.4}", cosine(one))).collect();
            output.stream(&format!("{}  {text}\n", near.join(" ")))?;
        }
        Ok(())
    }
}
