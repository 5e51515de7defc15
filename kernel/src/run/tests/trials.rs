//! Each operator with random shapes and values, many of them extreme, against its elements.

use super::trial;
use crate::testing::operators;
use proptest::prelude::*;

macro_rules! trials {
    ($($name:ident: $operator:literal;)*) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(500))]
            $(
                #[test]
                fn $name(seed: u64) {
                    let found = operators::ALL.iter().find(|(name, _)| *name == $operator);
                    trial(seed, found.unwrap().1);
                }
            )*
        }

        #[test]
        fn trials_should_be_of_every_operator_when_there_are_more() {
            assert_eq!([$($operator),*].as_slice(), operators::ALL.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        }
    };
}

trials! {
    embed_should_be_its_elements_when_run: "embed";
    position_should_be_its_elements_when_run: "position";
    add_should_be_its_elements_when_run: "add";
    rms_norm_should_be_its_elements_when_run: "rms_norm";
    layer_norm_should_be_its_elements_when_run: "layer_norm";
    narrow_should_be_its_elements_when_run: "narrow";
    exponent_should_be_its_elements_when_run: "exponent";
    shift_should_be_its_elements_when_run: "shift";
    linear_should_be_its_elements_when_run: "linear";
    rotate_should_be_its_elements_when_run: "rotate";
    attention_should_be_its_elements_when_run: "attention";
    gated_should_be_its_elements_when_run: "gated";
    gelu_should_be_its_elements_when_run: "gelu";
    relu_should_be_its_elements_when_run: "relu";
    choose_should_be_its_elements_when_run: "choose";
    share_should_be_its_elements_when_run: "share";
    expert_should_be_its_elements_when_run: "expert";
    combine_should_be_its_elements_when_run: "combine";
    mean_should_be_its_elements_when_run: "mean";
    first_should_be_its_elements_when_run: "first";
    last_should_be_its_elements_when_run: "last";
    unit_should_be_its_elements_when_run: "unit";
    cross_entropy_should_be_its_elements_when_run: "cross_entropy";
    sample_should_be_its_elements_when_run: "sample";
    scale_should_be_its_elements_when_run: "scale";
    moved_should_be_its_elements_when_run: "moved";
    changed_should_be_its_elements_when_run: "changed";
}
