use super::*;
use crate::{
    id::{BlockId, File},
    learning::{
        brief::Subject,
        source::Source,
        sums::{tree, Leaf},
    },
    spec::Records,
};
use alloc::vec::Vec;
use bounded_collections::BoundedVec;
use codec::Encode;
use proptest::prelude::*;

fn brief(count: u32, threshold: Ppm) -> Brief {
    let file = File { id: ContentId([1; 32]), bytes: 6_400 };
    Brief {
        model: BlockId([2; 32]),
        bundle: file,
        judge: ContentId([3; 32]),
        parts: BoundedVec::new(),
        subject: Subject::Delta {
            component: BoundedVec::truncate_from(b"a".to_vec()),
            artifact: File { id: ContentId([4; 32]), bytes: 10 },
            base: ContentId([5; 32]),
        },
        source: Source::Records(Records { file, record_bytes: 100 }),
        count,
        threshold,
        attempts: 6,
        seed: [7; 32],
    }
}

/// What examples come to that were measured so.
fn measured(losses: &[(u64, u64)], threshold: Ppm) -> Evaluation {
    let leaf = |(record, (baseline, loss)): (usize, &(u64, u64))| Leaf {
        record: record as u64,
        baseline: *baseline,
        loss: *loss,
        trace: [0; 32],
    };
    let leaves: Vec<_> = losses.iter().enumerate().map(leaf).collect();
    Evaluation::of(ContentId([9; 32]), tree(&leaves, threshold).unwrap().root())
}

#[test]
fn excess_should_be_what_is_beyond_the_threshold() {
    assert_eq!(excess(1_000, 990, 10_000), 0);
    assert_eq!(excess(1_000, 980, 10_000), 10_000_000);
    assert_eq!(excess(1_000, 1_000, 10_000), -10_000_000);
    assert_eq!(excess(1_000, 1_001, 0), -1_000_000);
    // Whatever is said, it is counted.
    assert_eq!(excess(u64::MAX, 0, 0), i128::from(u64::MAX) * 1_000_000);
    let least = -i128::from(u64::MAX) * i128::from(u32::MAX);
    assert_eq!(excess(u64::MAX, u64::MAX, u32::MAX), least);
}

#[test]
fn answers_should_refuse_numbers_that_do_not_go_together() {
    let good = measured(&[(1_000, 900), (500, 700)], 10_000);
    let brief = brief(2, 10_000);
    assert!(good.answers(&brief));
    let most = MOST_LOSS * 2;
    let too_large = Evaluation { baseline: most + 1, loss: most + 1, ..good };
    let too_large = Evaluation { sum: excess(most + 1, most + 1, 10_000), ..too_large };
    let others = [
        Evaluation { count: 3, ..good },
        Evaluation { baseline: good.baseline + 1, ..good },
        Evaluation { loss: good.loss - 1, ..good },
        Evaluation { sum: good.sum + 1, ..good },
        Evaluation { squares: U256::one(), ..good },
        Evaluation { squares: U256::MAX, ..good },
        Evaluation { squares: U256::from(u128::MAX) * U256::from(u64::MAX), ..too_large },
    ];
    for other in others {
        assert!(!other.answers(&brief), "{other:?}");
    }
    assert!(!good.answers(&Brief { threshold: 9_999, ..brief }));
}

/// Guards commit to these bytes.
#[test]
fn opinions_should_keep_their_bytes() {
    let evaluation = Evaluation {
        candidate: ContentId([1; 32]),
        baseline: 2,
        loss: 3,
        count: 4,
        sum: -5,
        squares: U256::from(6),
        trace: [7; 32],
    };
    let mut squares = [0; 32];
    squares[0] = 6;
    let expected = [
        &[0][..],
        &[1; 32],
        &2u64.to_le_bytes(),
        &3u64.to_le_bytes(),
        &4u32.to_le_bytes(),
        &(-5i128).to_le_bytes(),
        &squares,
        &[7; 32],
    ];
    assert_eq!(Opinion::Measured(evaluation).encode(), expected.concat());
    let unavailable = Opinion::Unavailable(ContentId([8; 32]));
    assert_eq!(unavailable.encode(), [&[1][..], &[8; 32]].concat());
    for (index, flaw) in (0u8..).zip(DeltaFlaw::ALL) {
        assert_eq!(Opinion::Flawed(flaw).encode(), [2, index]);
    }
    let preimage = [b"cairn/opinion/body".as_slice(), &[0, 1], &[9; 32], &[2, 0]].concat();
    assert_eq!(Opinion::Flawed(DeltaFlaw::NotAChange).preimage(&[9; 32]), preimage);
}

/// What guards are asked, and answer for.
#[test]
fn briefs_should_keep_their_bytes() {
    let file = [&[1; 32][..], &6_400u64.to_le_bytes()].concat();
    let artifact = [&[4; 32][..], &10u64.to_le_bytes()].concat();
    let expected = [
        &[2; 32][..],
        &file,
        &[3; 32],
        &[0],
        &[0, 4, b'a'],
        &artifact,
        &[5; 32],
        &[0],
        &file,
        &100u32.to_le_bytes(),
        &64u32.to_le_bytes(),
        &10_000u32.to_le_bytes(),
        &6u32.to_le_bytes(),
        &[7; 32],
    ];
    assert_eq!(brief(64, 10_000).encode(), expected.concat());
    let heads = Brief { subject: Subject::Heads(BoundedVec::new()), ..brief(64, 10_000) };
    let before = expected[..4].concat();
    assert_eq!(heads.encode()[before.len()..][..2], [1, 0]);
}

proptest! {
    /// Whatever was measured answers what was asked, at the largest loss too.
    #[test]
    fn answers_should_take_what_was_measured(
        losses in prop::collection::vec((0..=MOST_LOSS, 0..=MOST_LOSS), 1..300), threshold: Ppm,
    ) {
        let found = measured(&losses, threshold);
        prop_assert!(found.answers(&brief(losses.len() as u32, threshold)));
    }

    #[test]
    fn excess_should_add_up(
        a in 0..=MOST_LOSS, b in 0..=MOST_LOSS, c in 0..=MOST_LOSS, d in 0..=MOST_LOSS,
        threshold: Ppm,
    ) {
        let apart = excess(a, b, threshold) + excess(c, d, threshold);
        prop_assert_eq!(apart, excess(a + c, b + d, threshold));
    }
}
