//! What operators, steps and deltas at random come to, for ever: a change of these numbers is a
//! change of semantics, or of what is drawn at random.

use super::*;
use crate::run::Alone;

/// So many scenes of each operator.
const SCENES: u64 = 40;
const DELTAS: u64 = 200;

/// Says what to write here where something comes to what it did not.
fn assert_frozen(have: &[(&str, u64)], need: &[(&str, u64)]) {
    let line = |(name, number): &(&str, u64)| {
        let parts = [48, 32, 16, 0].map(|shift| format!("{:04x}", (number >> shift) & 0xffff));
        format!("    (\"{name}\", 0x{}),\n", parts.join("_"))
    };
    let list: String = have.iter().map(line).collect();
    assert!(have == need, "these came to others:\n{list}");
}

/// A number for each operator.
fn each(of: impl Fn(Write) -> u64) -> Vec<(&'static str, u64)> {
    operators::ALL.iter().map(|(name, write)| (*name, of(*write))).collect()
}

#[test]
fn operators_should_give_the_bits_they_always_gave_when_computed_again() {
    for path in Path::ALL.into_iter().filter(Path::is_there) {
        let scene = |write, seed| computed(write, seed, path, Tiling::USUAL, &Alone);
        let have = each(|write| hash((0..SCENES).flat_map(|seed| scene(write, seed))));
        assert_frozen(&have, &COMPUTED);
    }
}

#[test]
fn steps_should_give_the_bits_they_always_gave_when_computed_again() {
    let scenes = |write| (0..SCENES).flat_map(move |seed| elements(write, seed));
    assert_frozen(&each(|write| hash(halves(scenes(write)))), &JUDGED);
}

#[test]
fn deltas_should_give_the_bits_they_always_gave_when_computed_again() {
    assert_frozen(&[("deltas", hash((0..DELTAS).flat_map(changed)))], &CHANGED);
}

/// Whole results of each operator.
const COMPUTED: [(&str, u64); 27] = [
    ("embed", 0xdb38_4494_cfc7_4df3),
    ("position", 0x9c8f_4146_b761_1603),
    ("add", 0x2833_b84f_ba26_25de),
    ("rms_norm", 0x75d9_4de1_1c31_12a1),
    ("layer_norm", 0xb5e8_f167_ffa0_528f),
    ("narrow", 0x99d0_d7ea_f7ee_b588),
    ("exponent", 0xa4cc_7715_2b24_579c),
    ("shift", 0x1635_e6ab_c99a_d475),
    ("linear", 0x8453_f6a7_3eaa_a148),
    ("rotate", 0xa13b_2785_443c_ec7f),
    ("attention", 0x46c2_7cd5_89fd_25dc),
    ("gated", 0xb4ce_31d1_98c0_ace4),
    ("gelu", 0xdda1_f18e_8159_4af8),
    ("relu", 0x0588_4095_85a8_e423),
    ("choose", 0xd471_263f_d2d2_2e68),
    ("share", 0x7add_5324_6e59_4900),
    ("expert", 0xcead_2995_7a0b_cc02),
    ("combine", 0xe90c_c13e_074b_47ef),
    ("mean", 0xb527_65b2_321b_5301),
    ("first", 0xa85a_2ad9_256e_d8a6),
    ("last", 0x1cbf_837c_6e3a_a4b9),
    ("unit", 0x151f_5658_456d_44bd),
    ("cross_entropy", 0x1e4d_de17_670c_1d18),
    ("sample", 0xbf2e_8707_fbf6_a35c),
    ("scale", 0x5b72_9af1_4a7c_8540),
    ("moved", 0xe777_2f95_8298_a97d),
    ("changed", 0xf013_d0c3_d2a3_819c),
];

/// Three elements of each of them, with all steps.
const JUDGED: [(&str, u64); 27] = [
    ("embed", 0xa81f_9d97_92f8_8471),
    ("position", 0x4aa2_d979_178a_7d7b),
    ("add", 0xb858_9003_cd77_7b15),
    ("rms_norm", 0xffbe_3318_c40a_1231),
    ("layer_norm", 0x6678_8bd1_cc82_e9bf),
    ("narrow", 0x9470_d589_ee72_4ef5),
    ("exponent", 0x1d9a_90de_f9d3_a6e7),
    ("shift", 0x8bee_3e4d_3ba7_e8c8),
    ("linear", 0xd761_9b35_080a_4518),
    ("rotate", 0x05c0_642a_93b5_4d28),
    ("attention", 0xaa24_3b36_4d62_e448),
    ("gated", 0x044c_fdc2_054c_26e1),
    ("gelu", 0x4f92_3a27_4aa4_ba50),
    ("relu", 0x32ab_6458_1c07_e31b),
    ("choose", 0x2968_8ba0_c2d6_d810),
    ("share", 0x8a32_7546_3862_fdd6),
    ("expert", 0x26c7_8239_8861_00cd),
    ("combine", 0xb76d_c48c_7eb8_897f),
    ("mean", 0x322e_3220_1669_2b14),
    ("first", 0xbebe_fc1b_b8f5_5132),
    ("last", 0x6756_ef4c_3c40_5653),
    ("unit", 0xd6d3_876b_0ca2_2daa),
    ("cross_entropy", 0x1673_86d4_72d5_5bb1),
    ("sample", 0x311a_c72f_99e5_fab8),
    ("scale", 0xc48b_6c97_db8a_dbdd),
    ("moved", 0xf826_8c88_8f79_a0e5),
    ("changed", 0xaf58_4e80_ca25_7a7a),
];

const CHANGED: [(&str, u64); 1] = [("deltas", 0x0962_7427_8f1b_c4a8)];
