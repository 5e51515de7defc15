use super::*;
use crate::{
    check::{self, Flaw, MOST_SEARCHED},
    element::{element, Given},
    math::exp2,
    num::Scale,
    program::Rows,
    run::{Alone, Artifact, Crew, Path, Piece, Plan, Tensors, Tiling},
    testing::{
        families::{
            classifier, decoder, encoder, mixture, sharing, shifted_classifier, shifted_encoder,
            Case,
        },
        hash, numbers, Backwards, Eager, Random,
    },
};
use proptest::prelude::*;

mod deltas;

/// Runs in random pieces on every path, by one and by several, and compares every tensor with that
/// of the whole.
fn pieces_should_be_the_whole(case: &Case, random: &mut Random) {
    let whole = case.whole();
    let threads = threads();
    for path in Path::ALL.into_iter().filter(Path::is_there) {
        let plan = case.plan_for(path);
        for crew in [&Alone as &dyn Crew, &threads] {
            pieces_by_should_be_the_whole(case, &whole, &plan, crew, random);
        }
    }
}

fn pieces_by_should_be_the_whole(
    case: &Case,
    whole: &Tensors,
    plan: &Plan<'_>,
    crew: &dyn Crew,
    random: &mut Random,
) {
    let mut state = plan.start();
    let mut pieces: Vec<Tensors> = Vec::new();
    let result = case.program.program().result;
    while state.rows() < case.length() {
        let from = state.rows();
        // Often one token, as when text is generated.
        let most = if random.chance() { from + 1 } else { case.length() };
        let piece = case.piece(from, random.from(from as u32 + 1, most as u32) as usize);
        // What nobody wants is left out, and changes nothing of the rest.
        let least = plan.run_by(crew, &mut state.clone(), &piece, &[]).unwrap();
        pieces.push(plan.run_by(crew, &mut state, &piece, &case.all()).unwrap());
        assert_eq!(least.get(result), pieces.last().and_then(|piece| piece.get(result)));
    }
    let mut least = plan.start();
    let (first, rest) = (random.from(0, case.length() as u32) as usize, case.length());
    let parts = [(0, first), (first, rest)].into_iter().filter(|(from, to)| from < to);
    let run = |(from, to)| plan.run_by(crew, &mut least, &case.piece(from, to), &[]).unwrap();
    let last = parts.map(run).last().unwrap();
    if case.program.tensor(result).unwrap().rows == Rows::One {
        assert_eq!(last.get(result), whole.get(result));
    }
    for id in case.all() {
        let have = case.joined(id, &pieces);
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
    fn shares_should_give_the_same_bits_when_run_in_pieces(seed: u64) {
        let random = &mut Random(seed);
        let case = Case::new(&sharing(random).model(), random);
        pieces_should_be_the_whole(&case, random);
        elements_should_be_the_whole(&case, random);
    }

    #[test]
    fn shifted_rows_should_give_the_same_bits_when_run_in_pieces(seed: u64) {
        let random = &mut Random(seed);
        let case = Case::new(&shifted_classifier(random).model(), random);
        pieces_should_be_the_whole(&case, random);
        elements_should_be_the_whole(&case, random);
        let case = Case::new(&shifted_encoder(random).model(), random);
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
            sharing(random).model().program,
            shifted_encoder(random).model().program,
            shifted_classifier(random).model().program,
        ] {
            prop_assert_eq!(crate::program::Program::decode(&program.encode()), Ok(program));
        }
    }
}

/// What a classifier of one feature comes to, of which the hidden number is 127/16 times as large,
/// and the result 127/4,096 times that.
fn magnified(x: i16, shifted: bool) -> i32 {
    let layers = vec![Layer { outputs: 1, activation: Activation::Relu, shifted }];
    let (chosen, shares) = (false, None);
    let model =
        Classifier { rows: 1, features: 1, bits: 16, layers, classes: 1, chosen, shares }.model();
    let program = model.program.clone().check().unwrap();
    let scale = |exponent| Artifact::Constants(vec![Scale::power(exponent).pack()].into());
    let weight = || Artifact::Masters(vec![127_i16 << 8].into());
    let bias = || Artifact::Constants(vec![0_i32].into());
    let artifacts = BTreeMap::from([
        (model.names["layers.0.weights"], weight()),
        (model.names["layers.0.scales"], scale(-4)),
        (model.names["layers.0.biases"], bias()),
        (model.names["classes.weights"], weight()),
        (model.names["classes.scales"], scale(-12)),
        (model.names["classes.biases"], bias()),
    ]);
    let plan = Plan::bind(&program, |id| artifacts.get(&id).cloned()).unwrap();
    let piece = Piece { features: &[x], ..Piece::default() };
    let made = plan.run(&mut plan.start(), &piece, &[]).unwrap();
    numbers(made.get(program.program().result).unwrap())[0]
}

#[test]
fn rows_should_keep_what_16_bits_do_not_hold_when_they_are_shifted() {
    for x in [1, 300, 4_000, 30_000, 32_767] {
        let need = (i32::from(x) * 127 * 127) >> 16;
        let have = magnified(x, true);
        assert!((have - need).abs() <= 1, "{x}: {have} and not {need}");
    }
    // Of what is not shifted nothing is left beyond 32,767 · 127 / 4,096.
    assert_eq!(magnified(4_000, true), magnified(4_000, false));
    assert_eq!([magnified(30_000, false), magnified(32_767, false)], [1_016; 2]);
}

#[test]
fn shares_should_be_of_all_classes_in_their_order_when_a_classifier_gives_them() {
    for seed in 0..40 {
        let random = &mut Random(seed);
        let case = Case::new(&sharing(random).model(), random);
        let whole = case.whole();
        let last = case.program.program().ops.last().unwrap();
        let Op::Share { values, choices, scale, all: true } = last.op else {
            panic!("{:?} comes last", last.op);
        };
        let [logits, choices, shares] =
            [values, choices, last.result].map(|id| numbers(whole.get(id).unwrap()));
        let classes = case.program.tensor(values).unwrap().columns as usize;
        let rows = logits.chunks(classes).zip(choices.chunks(classes)).zip(shares.chunks(classes));
        for ((logits, choices), shares) in rows {
            assert!((0..).zip(choices).all(|(column, choice)| column == *choice), "{choices:?}");
            let top = i64::from(*logits.iter().max().unwrap());
            let power = |x: &i32| exp2(scale.of(top - i64::from(*x)).unsigned_abs());
            let sum: i64 = logits.iter().map(power).sum();
            for (x, share) in logits.iter().zip(shares) {
                let need = (power(x) << 15) / sum;
                assert!((i64::from(*share) - need).abs() <= 1, "{share} and not {need}");
            }
            // Half a unit of each of five is rounded, and the most is a unit less than all.
            let sum: i32 = shares.iter().sum();
            assert!((sum - (1 << 15)).abs() <= 3, "{shares:?}");
        }
    }
}

#[test]
fn shares_should_be_refused_when_there_are_more_classes_than_a_judge_goes_through() {
    let checked = |classes| {
        let (layers, chosen, shares) = (vec![], false, Some(Scale::ONE));
        let model = Classifier { rows: 1, features: 1, bits: 16, layers, classes, chosen, shares };
        model.model().program.check().map(drop)
    };
    assert_eq!(checked(MOST_SHARED), Ok(()));
    let (most, columns) = (MOST_SEARCHED, MOST_SHARED + 1);
    let flaw = Flaw::Searches { most, columns, count: columns };
    assert_eq!(checked(columns), Err(check::Error::Operator { index: 2, flaw }));
}

/// Every path that this machine has; what it has not got is said aloud.
fn paths() -> Vec<Path> {
    let (there, missing): (Vec<_>, Vec<_>) = Path::ALL.into_iter().partition(Path::is_there);
    missing.into_iter().for_each(|path| eprintln!("SKIPPED: {path:?}, which is not there"));
    there
}

/// Several who work at the same time.
#[cfg(feature = "std")]
fn threads() -> impl Crew {
    Eager(crate::run::Threads::new(3).unwrap())
}

#[cfg(not(feature = "std"))]
fn threads() -> impl Crew {
    Backwards { hands: 3 }
}

#[test]
fn models_should_give_the_same_bits_when_run_by_anyone_in_any_way() {
    let (paths, threads) = (paths(), threads());
    for seed in 0..100 {
        let case = Case::any(seed);
        let need = Case { path: Path::Plain, ..Case::any(seed) }.whole();
        // Others than those that the model is made of.
        let random = &mut Random(!seed);
        for path in &paths {
            for tiling in [Tiling::USUAL, random.tiling(), random.tiling()] {
                let case = Case { path: *path, tiling, ..Case::any(seed) };
                for hands in [1, 2, 5] {
                    let have = case.whole_by(&Backwards { hands });
                    assert_eq!(have, need, "{seed}, {path:?}, {tiling:?}, {hands} hands");
                }
                assert_eq!(case.whole_by(&threads), need, "{seed}, {path:?}, {tiling:?}");
            }
        }
        let case = Case { tiling: random.tiling(), ..case };
        elements_should_be_the_whole(&case, random);
        if !case.program.is_whole() {
            pieces_should_be_the_whole(&case, random);
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
        0xf5ae_6af9_df3e_8402,
        0xf481_4f76_6e3c_e4df,
        0x016e_bc65_69d4_c92d,
    ];
    for path in Path::ALL.into_iter().filter(Path::is_there) {
        let have = [
            frozen(path, |random| decoder(random).model()),
            frozen(path, |random| mixture(random).model()),
            frozen(path, |random| encoder(random).model()),
            frozen(path, |random| classifier(random).model()),
            frozen(path, |random| sharing(random).model()),
            frozen(path, |random| shifted_encoder(random).model()),
            frozen(path, |random| shifted_classifier(random).model()),
        ];
        assert_eq!(have, need, "{path:?}: {have:#018x?}");
    }
}
