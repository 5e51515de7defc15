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
    ("embed", 0xb3d7_4035_231c_144b),
    ("position", 0xc53f_fe45_4e91_85f9),
    ("add", 0x2833_b84f_ba26_25de),
    ("rms_norm", 0x7875_5135_ed43_f2f6),
    ("layer_norm", 0x143b_75bf_7404_4386),
    ("narrow", 0xff21_621a_b607_d518),
    ("exponent", 0xa4cc_7715_2b24_579c),
    ("shift", 0x1635_e6ab_c99a_d475),
    ("linear", 0xa76e_ba2a_e53c_085d),
    ("rotate", 0xa13b_2785_443c_ec7f),
    ("attention", 0x7ae7_0913_d846_9b19),
    ("gated", 0xe8de_3128_fb18_d540),
    ("gelu", 0x6137_f53f_f24b_9df2),
    ("relu", 0x0588_4095_85a8_e423),
    ("choose", 0xd471_263f_d2d2_2e68),
    ("share", 0x1d36_5ccb_4ec8_d4c0),
    ("expert", 0xd91f_49d9_b587_766e),
    ("combine", 0xe90c_c13e_074b_47ef),
    ("mean", 0xb527_65b2_321b_5301),
    ("first", 0xa85a_2ad9_256e_d8a6),
    ("last", 0x1cbf_837c_6e3a_a4b9),
    ("unit", 0xa03f_a5cc_0c23_d5a0),
    ("cross_entropy", 0x3d00_67a9_a637_d4ed),
    ("sample", 0x528b_b8e9_9144_3b96),
    ("scale", 0xf328_e3f8_ccad_b2da),
    ("moved", 0xe777_2f95_8298_a97d),
    ("changed", 0xf013_d0c3_d2a3_819c),
];

/// Three elements of each of them, with all steps.
const JUDGED: [(&str, u64); 27] = [
    ("embed", 0x6bd5_a759_4376_8b0b),
    ("position", 0x9c86_863a_66f1_8930),
    ("add", 0xb858_9003_cd77_7b15),
    ("rms_norm", 0xab86_1843_00ad_9166),
    ("layer_norm", 0xe323_bff1_6836_8a20),
    ("narrow", 0xc98f_62bf_cfe5_4568),
    ("exponent", 0x1d9a_90de_f9d3_a6e7),
    ("shift", 0x8bee_3e4d_3ba7_e8c8),
    ("linear", 0xba8d_7c6e_69e4_c6b0),
    ("rotate", 0x05c0_642a_93b5_4d28),
    ("attention", 0x060a_a687_e7bc_ca92),
    ("gated", 0x1786_9403_c981_186e),
    ("gelu", 0xc330_de6b_3cf0_0ecd),
    ("relu", 0x32ab_6458_1c07_e31b),
    ("choose", 0x2968_8ba0_c2d6_d810),
    ("share", 0x32d0_1c0f_1aac_839b),
    ("expert", 0xe8a7_c1ff_885d_660b),
    ("combine", 0xb76d_c48c_7eb8_897f),
    ("mean", 0x322e_3220_1669_2b14),
    ("first", 0xbebe_fc1b_b8f5_5132),
    ("last", 0x6756_ef4c_3c40_5653),
    ("unit", 0xcd8f_d03d_3370_1f49),
    ("cross_entropy", 0x6611_6a62_6739_13d2),
    ("sample", 0xe153_15f1_dbec_1593),
    ("scale", 0xad29_3cd8_277d_ceb7),
    ("moved", 0xf826_8c88_8f79_a0e5),
    ("changed", 0xaf58_4e80_ca25_7a7a),
];

const CHANGED: [(&str, u64); 1] = [("deltas", 0x0962_7427_8f1b_c4a8)];
