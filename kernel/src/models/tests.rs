use super::*;
use crate::{
    check::Checked,
    element::{element, Given},
    num::Scale,
    program::{Rows, TensorId, Values},
    run::{Artifact, Matrix, Numbers, Path, Piece, Plan, Tensors},
    sample::Rule,
    testing::{artifacts, hash, Random},
};
use proptest::prelude::*;

const ROWS: u32 = 24;
const VOCABULARY: u32 = 29;
const CLASSES: u32 = 5;

fn decoder(random: &mut Random) -> Decoder {
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

fn mixture(random: &mut Random) -> Decoder {
    let count = random.from(1, 5);
    let experts = Experts { count, chosen: random.from(1, count), all: random.chance() };
    Decoder { experts: Some(experts), ..decoder(random) }
}

fn encoder(random: &mut Random) -> Encoder {
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

fn classifier(random: &mut Random) -> Classifier {
    let gelu = Activation::Gelu { normal: Scale::power(4), scale: Scale::power(-16) };
    let mut layer = || Layer {
        outputs: random.from(1, 30),
        activation: if random.chance() { gelu } else { Activation::Relu },
    };
    let layers = (0..2).map(|_| layer()).collect();
    let (features, bits) = (random.from(1, 30), random.from(8, 16) as u8);
    let chosen = random.chance();
    Classifier { rows: ROWS, features, bits, layers, classes: CLASSES, chosen }
}

/// A model with weights and a sequence at random.
struct Case {
    path: Path,
    program: Checked,
    tokens: Vec<i32>,
    targets: Vec<i32>,
    features: Vec<i16>,
    seed: [u8; 32],
    artifacts: std::collections::BTreeMap<TensorId, Artifact<'static>>,
}

impl Case {
    fn new(model: &Model, random: &mut Random) -> Self {
        let program = model.program.clone().check().unwrap_or_else(|flaw| panic!("{flaw}"));
        let length = random.from(1, ROWS) as usize;
        let below = |most: u32| (0, i64::from(most) - 1);
        let mut case = Self {
            path: Path::best(),
            tokens: Vec::new(),
            targets: Vec::new(),
            features: Vec::new(),
            seed: [random.next() as u8; 32],
            artifacts: artifacts(&program, random.next()),
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

    fn plan(&self) -> Plan<'_> {
        Plan::bind_for(self.path, &self.program, |id| self.artifacts.get(&id).cloned()).unwrap()
    }

    fn length(&self) -> usize {
        let rows = self.features.len() / self.features_a_row();
        self.tokens.len().max(rows)
    }

    fn features_a_row(&self) -> usize {
        let mut tensors = self.program.tensors();
        let found = tensors.find(|(_, one)| matches!(one.values, Values::Features { .. }));
        found.map_or(1, |(_, one)| one.columns as usize)
    }

    fn piece(&self, from: usize, to: usize) -> Piece<'_> {
        let columns = self.features_a_row();
        Piece {
            tokens: self.tokens.get(from..to).unwrap_or_default(),
            targets: self.targets.get(from..to).unwrap_or_default(),
            features: self.features.get(from * columns..to * columns).unwrap_or_default(),
            seed: self.seed,
        }
    }

    fn whole(&self) -> Tensors {
        let plan = self.plan();
        plan.run(&mut plan.start(), &self.piece(0, self.length()), &self.all()).unwrap()
    }

    /// Everything that is not an artifact's.
    fn all(&self) -> Vec<TensorId> {
        let tensors = self.program.tensors();
        tensors.filter(|(_, found)| !found.values.is_bound()).map(|(id, _)| id).collect()
    }
}

fn numbers(matrix: &Matrix) -> Vec<i32> {
    match matrix.numbers() {
        Numbers::Narrow(numbers) => numbers.iter().copied().map(i32::from).collect(),
        Numbers::Wide(numbers) => numbers.clone(),
    }
}

/// Runs in random pieces, and compares every tensor with that of the whole.
fn pieces_should_be_the_whole(case: &Case, random: &mut Random) {
    let whole = case.whole();
    let plan = case.plan();
    let mut state = plan.start();
    let mut pieces: Vec<Tensors> = Vec::new();
    while state.rows() < case.length() {
        let from = state.rows();
        let to = random.from(from as u32 + 1, case.length() as u32) as usize;
        pieces.push(plan.run(&mut state, &case.piece(from, to), &case.all()).unwrap());
    }
    for id in case.all() {
        let mut matrices = pieces.iter().filter_map(|piece| piece.get(id));
        let have: Vec<i32> = match case.program.tensor(id).unwrap().rows {
            Rows::One => matrices.next_back().map(numbers).unwrap(),
            _ => matrices.flat_map(numbers).collect(),
        };
        assert_eq!(Some(have), whole.get(id).map(numbers), "tensor {}", id.0);
    }
}

/// Asks for some elements of every operator.
fn elements_should_be_the_whole(case: &Case, random: &mut Random) {
    let whole = case.whole();
    let mut given =
        Given { length: case.length() as u32, seed: Some(case.seed), rows: Default::default() };
    for (id, found) in case.program.tensors() {
        let all: Vec<i32> = match case.artifacts.get(&id) {
            Some(Artifact::Masters(masters)) => masters.iter().copied().map(i32::from).collect(),
            Some(Artifact::Constants(constants)) => constants.to_vec(),
            _ => whole.get(id).map(numbers).unwrap(),
        };
        let rows = all.chunks(found.columns as usize).zip(0..);
        given.rows.extend(rows.map(|(values, row)| ((id, row), values.to_vec())));
    }
    for (index, step) in case.program.program().ops.iter().enumerate() {
        let made = whole.get(step.result).unwrap();
        for _ in 0..3 {
            let row = random.from(0, made.rows() as u32 - 1);
            let column = random.from(0, made.columns() as u32 - 1);
            let have = made.at(row as usize, column as usize).map(i64::from);
            assert_eq!(element(&case.program, index, row, column, &given).ok(), have);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn decoder_should_give_the_same_bits_when_run_in_pieces(seed: u64) {
        let random = &mut Random(seed);
        let case = Case::new(&decoder(random).model(), random);
        pieces_should_be_the_whole(&case, random);
        elements_should_be_the_whole(&case, random);
    }

    #[test]
    fn mixture_should_give_the_same_bits_when_run_in_pieces(seed: u64) {
        let random = &mut Random(seed);
        let case = Case::new(&mixture(random).model(), random);
        pieces_should_be_the_whole(&case, random);
        elements_should_be_the_whole(&case, random);
    }

    #[test]
    fn classifier_should_give_the_same_bits_when_run_in_pieces(seed: u64) {
        let random = &mut Random(seed);
        let case = Case::new(&classifier(random).model(), random);
        pieces_should_be_the_whole(&case, random);
        elements_should_be_the_whole(&case, random);
    }

    #[test]
    fn encoder_should_be_its_elements_when_run(seed: u64) {
        let random = &mut Random(seed);
        let case = Case::new(&encoder(random).model(), random);
        elements_should_be_the_whole(&case, random);
    }

    #[test]
    fn programs_should_come_back_when_encoded(seed: u64) {
        let random = &mut Random(seed);
        for program in [
            decoder(random).model().program,
            mixture(random).model().program,
            encoder(random).model().program,
            classifier(random).model().program,
        ] {
            prop_assert_eq!(crate::program::Program::decode(&program.encode()), Ok(program));
        }
    }
}

#[test]
fn encoder_should_refuse_a_second_piece_when_rows_see_later_ones() {
    let random = &mut Random(1);
    let case = Case::new(&encoder(random).model(), random);
    let plan = case.plan();
    let mut state = plan.start();
    plan.run(&mut state, &case.piece(0, 1), &[]).unwrap();
    let again = plan.run(&mut state, &case.piece(0, 1), &[]);
    assert_eq!(again, Err(crate::run::Error::Whole));
}

#[test]
fn models_should_compute_something_when_weights_are_random() {
    let random = &mut Random(2);
    for _ in 0..8 {
        for model in [decoder(random).model(), encoder(random).model()] {
            let case = Case::new(&model, random);
            let whole = case.whole();
            for (id, found) in case.program.tensors().filter(|(_, one)| one.values.is_made()) {
                let Some(bits) = found.values.bits() else { continue };
                let numbers = numbers(whole.get(id).unwrap());
                let most = crate::num::most(bits.into()) as i32;
                let saturated = numbers.iter().filter(|one| one.abs() == most).count();
                let nothing = numbers.iter().filter(|one| **one == 0).count();
                let usual = 2 * saturated.max(nothing) <= numbers.len().max(8);
                assert!(usual, "tensor {id:?}: {found:?}, {saturated} and {nothing}");
            }
        }
    }
}

/// What each family computes, for ever: a change here is a change of semantics.
#[test]
fn results_should_be_what_they_always_were_when_computed_again() {
    let frozen = |path: Path, model: fn(&mut Random) -> Model| {
        let random = &mut Random(7);
        let cases = (0..8).map(|_| Case { path, ..Case::new(&model(random), random) });
        let results = cases.flat_map(|case| {
            let whole = case.whole();
            let all = case.all();
            all.into_iter().flat_map(|id| numbers(whole.get(id).unwrap())).collect::<Vec<_>>()
        });
        hash(results)
    };
    let need = [
        0xa510_e697_a4f2_5b68,
        0x04af_8951_60ae_5d4e,
        0xb3ba_112a_a0dc_abe4,
        0x0a44_dcc1_a503_c257,
    ];
    for path in Path::ALL.into_iter().filter(Path::is_there) {
        let have = [
            frozen(path, |random| decoder(random).model()),
            frozen(path, |random| mixture(random).model()),
            frozen(path, |random| encoder(random).model()),
            frozen(path, |random| classifier(random).model()),
        ];
        assert_eq!(have, need, "{path:?}: {have:#018x?}");
    }
}
