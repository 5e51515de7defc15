//! How far apart fingerprints lie: those of honest devices, and those of cheaper models.
//!
//! What is tolerated has to lie between the two, with room on either side.

mod common;

use burn::module::Module;
use cairn_engine::{
    config::{DecoderConfig, EncoderConfig, Pooling},
    embed, fingerprint, import,
    model::{Decoder, Encoder, Piece},
    parts::{self, Part, Role},
    train::draw,
    Device,
};
use cairn_protocol::result::{Fingerprint, WITHIN};
use common::{device, fixture};
use rayon_core::ThreadPoolBuilder;
use std::collections::BTreeMap;

/// So many times what honest devices differ by is tolerated, at least.
const ABOVE_HONEST: u64 = 10;
/// And cheaper models are so many times as far off as that.
const BELOW_FORGED: u64 = 4;

/// The furthest that honest devices were apart, and the nearest that anything else came.
#[derive(Clone, Copy, Debug)]
struct Apart {
    honest: u64,
    forged: u64,
}

impl Apart {
    fn none() -> Self {
        Self { honest: 0, forged: u64::MAX }
    }

    fn honest(&mut self, one: &Fingerprint, other: &Fingerprint) {
        self.honest = self.honest.max(one.distance(other).expect("they are alike"));
    }

    fn forged(&mut self, one: &Fingerprint, other: &Fingerprint) {
        self.forged = self.forged.min(one.distance(other).expect("they are alike"));
    }

    #[track_caller]
    fn check(self, name: &str) {
        let Self { honest, forged } = self;
        println!("{name}: honest {honest} ppm apart at most, cheaper {forged} ppm at least");
        let within = u64::from(WITHIN);
        assert!(honest * ABOVE_HONEST <= within, "{name}: {honest} is too near to {within}");
        assert!(within * BELOW_FORGED <= forged, "{name}: {forged} is too near to {within}");
    }
}

fn by_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    ThreadPoolBuilder::new().num_threads(threads).build().expect("threads").install(work)
}

/// Texts that look random, and are the same each time.
fn texts(below: u32, lengths: &[usize]) -> Vec<Vec<u32>> {
    let token = |n: usize| (n as u32).wrapping_mul(2_654_435_761).rotate_left(9) % below;
    let text = |(length, at): (&usize, usize)| -> Vec<u32> {
        (0..*length).map(|n| token(n + at * 997)).collect()
    };
    lengths.iter().zip(1..).map(text).collect()
}

fn print(numbers: &[f32]) -> Fingerprint {
    fingerprint::of(numbers).expect("finite")
}

fn logits(decoder: &Decoder, tokens: &[u32]) -> Fingerprint {
    print(&fingerprint::prefill(decoder, tokens).expect("it fits"))
}

/// The same sequence one token at a time, beside another.
fn logits_by_steps(decoder: &Decoder, tokens: &[u32]) -> Fingerprint {
    let (mut cache, mut other) = (decoder.cache(), decoder.cache());
    let mut row = Vec::new();
    for token in tokens {
        let tokens = std::slice::from_ref(token);
        let mut pieces =
            [Piece { tokens: &[1], cache: &mut other }, Piece { tokens, cache: &mut cache }];
        let both = decoder.advance(&mut pieces).expect("it fits");
        let both = both.try_into_vec_as::<f32>().expect("floats");
        row = both[both.len() / 2..].to_vec();
    }
    print(&row)
}

fn points(encoder: &Encoder, texts: &[Vec<u32>]) -> Vec<Fingerprint> {
    embed::rows(encoder, texts).expect("they fit").iter().map(|row| print(row)).collect()
}

/// Weights in few bits, a step for each output, as those who save memory serve them.
fn coarse<M: Module>(model: &M, bits: u32) -> M {
    let parts = parts::read(model).expect("weights");
    parts::replace(model.clone(), |name, role, _| {
        let part = &parts[name];
        matches!(role, Role::Linear | Role::Table).then(|| rounded(part, bits))
    })
}

fn rounded(part: &Part, bits: u32) -> Vec<f32> {
    let (columns, most) = (part.shape[1], (1_u32 << (bits - 1)) - 1);
    let is_table = part.role == Role::Table;
    let output = |at: usize| if is_table { at / columns } else { at % columns };
    let mut largest = vec![f32::MIN_POSITIVE; if is_table { part.shape[0] } else { columns }];
    for (value, at) in part.values.iter().zip(0..) {
        largest[output(at)] = largest[output(at)].max(value.abs());
    }
    let near = |(value, at): (&f32, usize)| {
        let step = largest[output(at)] / most as f32;
        (value / step).round() * step
    };
    part.values.iter().zip(0..).map(near).collect()
}

/// What `model` has of the weights of a larger one.
fn part_of<M: Module>(model: M, parts: &BTreeMap<String, Part>) -> M {
    parts::replace(model, |name, _, _| Some(parts[name].values.clone()))
}

/// Those who save work: fewer bits, a quarter of the layers, or any weights at all.
fn cheaper_decoders(decoder: &Decoder) -> Vec<Decoder> {
    let config = decoder.config();
    let few = DecoderConfig { layers: (config.layers / 4).max(1), ..config.clone() };
    let few = Decoder::new(&few, &device()).expect("a shape");
    let parts = parts::read(decoder).expect("weights");
    vec![
        coarse(decoder, 8),
        coarse(decoder, 4),
        part_of(few, &parts),
        draw(decoder.clone(), &[9; 32]),
    ]
}

fn cheaper_encoders(encoder: &Encoder) -> Vec<Encoder> {
    let config = encoder.config();
    let few = EncoderConfig { layers: (config.layers / 4).max(1), ..config.clone() };
    let few = Encoder::new(&few, &device()).expect("a shape");
    let parts = parts::read(encoder).expect("weights");
    vec![
        coarse(encoder, 8),
        coarse(encoder, 4),
        part_of(few, &parts),
        draw(encoder.clone(), &[9; 32]),
    ]
}

/// Large enough that products are divided among threads.
fn wide_decoder(device: &Device) -> Decoder {
    let config = DecoderConfig {
        context: 256,
        vocabulary: 512,
        hidden: 256,
        layers: 4,
        heads: 8,
        groups: 4,
        head: 32,
        inner: 640,
        experts: None,
        normed_heads: false,
        tied: false,
        epsilon: 1e-6,
        theta: 10_000.0,
        scaling: None,
    };
    draw(Decoder::new(&config, device).expect("a shape"), &[3; 32])
}

fn wide_encoder(device: &Device) -> Encoder {
    let config = EncoderConfig {
        context: 256,
        vocabulary: 512,
        types: 2,
        hidden: 256,
        layers: 4,
        heads: 8,
        inner: 640,
        epsilon: 1e-12,
        pooling: Pooling::Mean,
        unit: true,
        classes: None,
    };
    draw(Encoder::new(&config, device).expect("a shape"), &[3; 32])
}

fn decoders(device: &Device) -> Vec<(&'static str, Decoder, Vec<Vec<u32>>)> {
    let small = ["llama", "llama3", "qwen3"].map(|name| {
        let decoder = import::decoder(&fixture(name), device).expect("supported");
        let texts = texts(decoder.config().vocabulary as u32, &[1, 3, 8, 20, 33, 60]);
        (name, decoder, texts)
    });
    let wide = ("wide decoder", wide_decoder(device), texts(512, &[5, 60, 220]));
    small.into_iter().chain([wide]).collect()
}

fn encoders(device: &Device) -> Vec<(&'static str, Encoder, Vec<Vec<u32>>)> {
    let small = import::encoder(&fixture("bert"), device).expect("supported");
    let small = ("bert", small, texts(128, &[1, 3, 8, 20, 33, 47]));
    vec![small, ("wide encoder", wide_encoder(device), texts(512, &[5, 60, 220]))]
}

#[test]
fn within_should_lie_between_honest_decoders_and_cheaper_ones() {
    for (name, decoder, texts) in decoders(&device()) {
        let (mut apart, cheaper) = (Apart::none(), cheaper_decoders(&decoder));
        for text in &texts {
            let found = by_threads(1, || logits(&decoder, text));
            apart.honest(&found, &by_threads(4, || logits(&decoder, text)));
            apart.honest(&found, &by_threads(2, || logits_by_steps(&decoder, text)));
            for other in &cheaper {
                apart.forged(&found, &logits(other, text));
            }
        }
        apart.check(name);
    }
}

#[test]
fn within_should_lie_between_honest_encoders_and_cheaper_ones() {
    for (name, encoder, texts) in encoders(&device()) {
        let mut apart = Apart::none();
        let alone = |text: &Vec<u32>| points(&encoder, std::slice::from_ref(text)).remove(0);
        let found: Vec<_> = by_threads(1, || texts.iter().map(alone).collect());
        for threads in [1, 4] {
            let together = by_threads(threads, || points(&encoder, &texts));
            found.iter().zip(&together).for_each(|(one, other)| apart.honest(one, other));
        }
        for other in cheaper_encoders(&encoder) {
            let forged = points(&other, &texts);
            found.iter().zip(&forged).for_each(|(one, other)| apart.forged(one, other));
        }
        apart.check(name);
    }
}

#[test]
fn fingerprints_should_be_far_apart_when_the_texts_are_others() {
    let decoder = import::decoder(&fixture("llama"), &device()).expect("supported");
    let texts = texts(160, &[20, 20, 20]);
    let prints: Vec<_> = texts.iter().map(|text| logits(&decoder, text)).collect();
    for (one, other) in prints.iter().zip(&prints[1..]) {
        assert!(one.distance(other) > Some((WITHIN * 10).into()));
    }
}

/// By whatever adapter there is, one in software too.
#[cfg(feature = "wgpu")]
#[test]
#[ignore = "needs a driver of Vulkan, as Mesa has one in software"]
fn within_should_hold_what_a_gpu_differs_by() {
    let gpu = cairn_engine::device::Kind::Wgpu.device().expect("it is compiled in");
    let here = decoders(&device()).into_iter().zip(decoders(&gpu));
    for ((name, decoder, texts), (_, other, _)) in here {
        let (mut apart, cheaper) = (Apart::none(), cheaper_decoders(&decoder));
        for text in &texts {
            let found = logits(&decoder, text);
            apart.honest(&found, &logits(&other, text));
            cheaper.iter().for_each(|cheap| apart.forged(&found, &logits(cheap, text)));
        }
        apart.check(name);
    }
    let here = encoders(&device()).into_iter().zip(encoders(&gpu));
    for ((name, encoder, texts), (_, other, _)) in here {
        let (mut apart, found) = (Apart::none(), points(&encoder, &texts));
        let there = points(&other, &texts);
        found.iter().zip(&there).for_each(|(one, other)| apart.honest(one, other));
        for other in cheaper_encoders(&encoder) {
            let forged = points(&other, &texts);
            found.iter().zip(&forged).for_each(|(one, other)| apart.forged(one, other));
        }
        apart.check(name);
    }
}
