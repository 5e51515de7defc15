//! On which examples of a set the model is measured.

use super::mock::*;
use cairn_protocol::{id::Seed, learning::panel::Case};
use cairn_seams::Judged as _;

/// What guards were drawn by.
const SEEDS: [Seed; 2] = [[1; 32], [2; 32]];

/// What draws the samples of Alice's, Bob's and Carol's sets for a round of their panels.
fn samples(round: u16) -> [Seed; 3] {
    let [one, other] = SEEDS.map(|drawn_by| {
        [0, 1, 2].map(|set| {
            let case = Case::Sealed { model: MODEL, period: 1, set };
            Curation::brief(&case, round, &drawn_by).expect("it is judged").seed
        })
    });
    assert_eq!(one, other, "it does not matter who judges");
    one
}

/// The same of the panels that measure the first head, and the second.
fn samples_of_two_heads(round: u16) -> [[Seed; 3]; 2] {
    running(1_000);
    lay(MODEL, 2, 1_000);
    end_period();
    [ALICE, BOB, CAROL].iter().for_each(|curator| reveal(*curator, MODEL, 1));
    run(2);
    let first = samples(round);
    measure_heads(MODEL, 1, &[[990_000; 3]]);
    [first, samples(round)]
}

#[test]
fn all_heads_should_be_measured_on_one_sample_when_guards_agree_at_once() {
    execute(|| {
        let salts = [ALICE, BOB, CAROL].map(|curator| opening(curator, 1).salt);
        assert_eq!(samples_of_two_heads(1), [salts, salts]);
    });
}

#[test]
fn panels_should_judge_another_sample_when_opinions_are_public() {
    execute(|| {
        let [first, second] = samples_of_two_heads(2);
        let salts = [ALICE, BOB, CAROL].map(|curator| opening(curator, 1).salt);
        assert!(first.iter().zip(&salts).all(|(sample, salt)| sample != salt), "{first:?}");
        // Two heads whose panels grew are compared on one sample too.
        assert_eq!(first, second);
        assert!(samples(3).iter().zip(&second).all(|(third, second)| third != second));
    });
}
