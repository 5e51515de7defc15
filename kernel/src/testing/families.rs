//! Models of every family, with weights and sequences at random.

use super::{artifacts, numbers, Random};
use crate::{
    check::Checked,
    models::{
        Activation, Classifier, Decoder, DecoderLayer, Encoder, EncoderLayer, Experts, Layer,
        Model, Outcome, Pool,
    },
    num::Scale,
    program::{Rows, TensorId, Values},
    run::{Alone, Artifact, Crew, Path, Piece, Plan, Tensors, Tiling},
    sample::Rule,
};
use alloc::{collections::BTreeMap, vec, vec::Vec};

/// The longest sequences, and those of some.
const ROWS: u32 = 24;
const LONG: u32 = 120;
const VOCABULARY: u32 = 29;
const CLASSES: u32 = 5;

pub fn decoder(random: &mut Random) -> Decoder {
    let groups = random.from(1, 2);
    let rule = Rule::Drawn { scale: Scale::power(2), most: random.from(1, 40), prefix: 60_000 };
    let outcomes = [
        Outcome::Logits,
        Outcome::LastLogits,
        Outcome::Loss(Scale::power(9)),
        Outcome::Tokens(rule),
        Outcome::LastToken(rule),
        Outcome::LastToken(Rule::Greedy),
    ];
    Decoder {
        rows: ROWS,
        vocabulary: VOCABULARY,
        hidden: 4 * random.from(1, 8),
        heads: groups * random.from(1, 3),
        groups,
        head: 2 * random.from(1, 8),
        inner: random.from(3, 40),
        experts: None,
        normed_heads: random.chance(),
        biased: random.chance(),
        tied: random.chance(),
        epsilon: random.from(0, 100_000),
        embedding: Scale::power(1),
        layers: (0..random.from(1, 3))
            .map(|_| {
                let shifted = random.chance();
                let gated = Scale::power(if shifted { -14 } else { -20 });
                DecoderLayer { shifted, gated, ..DecoderLayer::default() }
            })
            .collect(),
        norm: Scale::power(-18),
        outcome: outcomes[random.below(outcomes.len() as u64) as usize],
    }
}

pub fn mixture(random: &mut Random) -> Decoder {
    let count = random.from(1, 5);
    let experts = Experts { count, chosen: random.from(1, count), all: random.chance() };
    Decoder { experts: Some(experts), ..decoder(random) }
}

pub fn encoder(random: &mut Random) -> Encoder {
    let heads = random.from(1, 3);
    Encoder {
        rows: ROWS,
        vocabulary: VOCABULARY,
        hidden: heads * random.from(2, 10),
        heads,
        inner: random.from(3, 40),
        epsilon: random.from(0, 100_000),
        embedding: Scale::power(1),
        position: Scale::power(0),
        norm: Scale::power(-14),
        layers: vec![EncoderLayer::default(); random.from(1, 3) as usize],
        pool: [Pool::All, Pool::Mean, Pool::First][random.below(3) as usize],
        unit: random.chance().then(|| Scale::power(-1)),
        classes: random.chance().then_some(CLASSES),
    }
}

pub fn classifier(random: &mut Random) -> Classifier {
    let gelu = Activation::Gelu { normal: Scale::power(4), scale: Scale::power(-16) };
    let mut layer = || Layer {
        outputs: random.from(1, 30),
        activation: if random.chance() { gelu } else { Activation::Relu },
        shifted: false,
    };
    let layers = (0..2).map(|_| layer()).collect();
    let (features, bits) = (random.from(1, 30), random.from(8, 16) as u8);
    let chosen = random.chance();
    Classifier { rows: ROWS, features, bits, layers, classes: CLASSES, chosen, shares: None }
}

/// A classifier that gives the share of each class.
pub fn sharing(random: &mut Random) -> Classifier {
    Classifier { chosen: false, shares: Some(Scale::power(1)), ..classifier(random) }
}

/// What shifted rows are of: more than 16 bits hold.
const CURVED: Scale = Scale::power(-14);

/// An encoder that shifts what its layers make.
pub fn shifted_encoder(random: &mut Random) -> Encoder {
    let encoder = encoder(random);
    let layer = EncoderLayer { shifted: true, gelu: CURVED, ..EncoderLayer::default() };
    Encoder { layers: vec![layer; encoder.layers.len()], ..encoder }
}

/// A classifier that shifts what its layers make.
pub fn shifted_classifier(random: &mut Random) -> Classifier {
    let mut classifier = classifier(random);
    for layer in &mut classifier.layers {
        layer.shifted = true;
        if let Activation::Gelu { scale, .. } = &mut layer.activation {
            *scale = CURVED;
        }
    }
    classifier
}

/// A model with weights and a sequence at random.
pub struct Case {
    pub path: Path,
    pub tiling: Tiling,
    pub program: Checked,
    pub tokens: Vec<i32>,
    pub targets: Vec<i32>,
    pub features: Vec<i16>,
    pub seed: [u8; 32],
    pub artifacts: BTreeMap<TensorId, Artifact<'static>>,
}

impl Case {
    pub fn new(model: &Model, random: &mut Random) -> Self {
        let program = model.program.clone().check().unwrap_or_else(|flaw| panic!("{flaw}"));
        let length = random.from(1, program.program().rows) as usize;
        let below = |most: u32| (0, i64::from(most) - 1);
        let mut case = Self {
            path: Path::best(),
            tiling: Tiling::USUAL,
            tokens: Vec::new(),
            targets: Vec::new(),
            features: Vec::new(),
            seed: [random.draw() as u8; 32],
            artifacts: artifacts(&program, random.draw()),
            program,
        };
        for (_, found) in case.program.tensors() {
            let len = length * found.columns as usize;
            let mut fill = |range| (0..len).map(|_| random.between(range)).collect::<Vec<_>>();
            match found.values {
                Values::Tokens { below: most } => case.tokens = fill(below(most)),
                Values::Targets { below: most } => case.targets = fill((-1, i64::from(most) - 1)),
                Values::Features { .. } => {
                    let features = fill(found.values.range());
                    case.features = features.into_iter().map(|one| one as i16).collect();
                }
                _ => {}
            }
        }
        case
    }

    /// One that generates, dense or with experts.
    pub fn decoder(seed: u64) -> Self {
        let random = &mut Random(seed);
        let rows = if random.below(4) == 0 { LONG } else { ROWS };
        let made = if random.chance() { decoder(random) } else { mixture(random) };
        Self::new(&Decoder { rows, ..made }.model(), random)
    }

    /// Of any family, and now and then with a long sequence.
    pub fn any(seed: u64) -> Self {
        let random = &mut Random(seed);
        let rows = if random.below(4) == 0 { LONG } else { ROWS };
        let model = match random.below(7) {
            0 => Decoder { rows, ..decoder(random) }.model(),
            1 => Decoder { rows, ..mixture(random) }.model(),
            2 => Encoder { rows, ..encoder(random) }.model(),
            3 => Encoder { rows, ..shifted_encoder(random) }.model(),
            4 => Classifier { rows, ..classifier(random) }.model(),
            5 => Classifier { rows, ..shifted_classifier(random) }.model(),
            _ => Classifier { rows, ..sharing(random) }.model(),
        };
        Self::new(&model, random)
    }

    pub fn plan(&self) -> Plan<'_> {
        self.plan_for(self.path)
    }

    pub fn plan_for(&self, path: Path) -> Plan<'_> {
        let plan = Plan::bind_for(path, &self.program, |id| self.artifacts.get(&id).cloned());
        plan.unwrap_or_else(|error| panic!("{error}")).tiled(self.tiling)
    }

    pub fn length(&self) -> usize {
        let rows = self.features.len() / self.features_a_row();
        self.tokens.len().max(rows)
    }

    pub fn features_a_row(&self) -> usize {
        let mut tensors = self.program.tensors();
        let found = tensors.find(|(_, one)| matches!(one.values, Values::Features { .. }));
        found.map_or(1, |(_, one)| one.columns as usize)
    }

    pub fn piece(&self, from: usize, to: usize) -> Piece<'_> {
        let columns = self.features_a_row();
        Piece {
            tokens: self.tokens.get(from..to).unwrap_or_default(),
            targets: self.targets.get(from..to).unwrap_or_default(),
            features: self.features.get(from * columns..to * columns).unwrap_or_default(),
            seed: self.seed,
        }
    }

    pub fn whole(&self) -> Tensors {
        self.whole_by(&Alone)
    }

    pub fn whole_by(&self, crew: &dyn Crew) -> Tensors {
        let plan = self.plan();
        let piece = self.piece(0, self.length());
        let made = plan.run_by(crew, &mut plan.start(), &piece, &self.all());
        made.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Where the pieces of a generation end: a prompt in two, then one token after the other.
    pub fn turns(&self, random: &mut Random) -> Vec<usize> {
        let length = self.length() as u32;
        let prompt = random.from(1, length);
        let first = random.from(1, prompt);
        let ends = [first].into_iter().chain((first < prompt).then_some(prompt));
        ends.chain(prompt + 1..=length).map(|end| end as usize).collect()
    }

    /// What pieces have of a tensor: all rows of each, or the one row that there is at last.
    pub fn joined(&self, id: TensorId, pieces: &[Tensors]) -> Vec<i32> {
        let mut matrices = pieces.iter().filter_map(|piece| piece.get(id));
        match self.program.tensor(id).map(|found| found.rows) {
            Some(Rows::One) => matrices.next_back().map(numbers).unwrap_or_default(),
            _ => matrices.flat_map(numbers).collect(),
        }
    }

    /// Everything that is not an artifact's.
    pub fn all(&self) -> Vec<TensorId> {
        let tensors = self.program.tensors();
        tensors.filter(|(_, found)| !found.values.is_bound()).map(|(id, _)| id).collect()
    }
}
