use super::*;
use crate::{
    element::{element, Given},
    program::Rows,
    run::{Artifact, Path, Tensors},
    testing::{
        families::{classifier, decoder, encoder, mixture, Case},
        hash, numbers, Backwards, Eager, Random,
    },
};
use proptest::prelude::*;

/// Runs in random pieces, and compares every tensor with that of the whole.
fn pieces_should_be_the_whole(case: &Case, random: &mut Random) {
    let whole = case.whole();
    let plan = case.plan();
    let mut state = plan.start();
    let mut pieces: Vec<Tensors> = Vec::new();
    while state.rows() < case.length() {
        let from = state.rows();
        let to = random.from(from as u32 + 1, case.length() as u32) as usize;
        let piece = case.piece(from, to);
        // What nobody wants is left out, and changes nothing of the rest.
        let result = case.program.program().result;
        let least = plan.run(&mut state.clone(), &piece, &[]).unwrap();
        pieces.push(plan.run(&mut state, &piece, &case.all()).unwrap());
        assert_eq!(least.get(result), pieces.last().and_then(|piece| piece.get(result)));
    }
    let mut least = plan.start();
    let (first, rest) = (random.from(0, case.length() as u32) as usize, case.length());
    let parts = [(0, first), (first, rest)].into_iter().filter(|(from, to)| from < to);
    let results = parts.map(|(from, to)| plan.run(&mut least, &case.piece(from, to), &[]).unwrap());
    let last = results.last().unwrap();
    let result = case.program.program().result;
    if case.program.tensor(result).unwrap().rows == Rows::One {
        assert_eq!(last.get(result), whole.get(result));
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

/// Every path that this machine has; what it has not got is said aloud.
fn paths() -> Vec<Path> {
    let (there, missing): (Vec<_>, Vec<_>) = Path::ALL.into_iter().partition(Path::is_there);
    missing.into_iter().for_each(|path| eprintln!("SKIPPED: {path:?}, which is not there"));
    there
}

#[test]
fn models_should_give_the_same_bits_when_run_by_anyone_in_any_way() {
    let paths = paths();
    #[cfg(feature = "std")]
    let threads = Eager(crate::run::Threads::new(3).unwrap());
    #[cfg(not(feature = "std"))]
    let threads = Backwards { hands: 3 };
    for seed in 0..100 {
        let case = Case::any(seed);
        let need = Case { path: Path::Plain, ..Case::any(seed) }.whole();
        for path in &paths {
            let case = Case { path: *path, ..Case::any(seed) };
            for hands in [2, 5] {
                assert_eq!(case.whole_by(&Backwards { hands }), need, "{seed}, {path:?}");
            }
            assert_eq!(case.whole_by(&threads), need, "{seed}, {path:?}");
        }
        let random = &mut Random(seed);
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
