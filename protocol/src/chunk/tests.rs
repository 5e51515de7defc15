use super::*;
use proptest::prelude::*;

const CHUNK: usize = CHUNK_BYTES as usize;

/// Bytes of which no two chunks are alike.
fn artifact(length: usize) -> (Vec<u8>, ContentId) {
    let bytes: Vec<u8> = (0..length).map(|at| (at / 251) as u8 ^ (at % 251) as u8).collect();
    let id = content(&bytes);
    (bytes, id)
}

fn proof(bytes: &[u8], index: u64) -> Proof {
    prove(bytes, index).expect("there is such a chunk")
}

#[test]
fn every_chunk_should_be_proven_at_awkward_lengths() {
    let lengths = (0..=200usize).flat_map(|chunks| {
        [chunks * CHUNK, chunks * CHUNK + 1, (chunks * CHUNK).saturating_sub(1)]
    });
    for length in lengths {
        let (bytes, id) = artifact(length);
        let total = length as u64;
        // All of the small ones, and those at the edges of the parts of the large ones.
        let count = chunks(total);
        let wanted = (0..count).filter(|index| count < 20 || (index + 1) % 16 < 2);
        for index in wanted.chain([count - 1]) {
            let verified = verify(&id, total, index, &proof(&bytes, index));
            assert_eq!(verified, Ok(()), "{index} of {length} bytes");
        }
        assert_eq!(prove(&bytes, count), None);
        assert_eq!(prove(&bytes, u64::MAX), None);
    }
}

#[test]
fn a_tree_should_be_no_higher_than_a_proof() {
    assert_eq!((chunks(0), chunks(1), chunks(1_024), chunks(1_025)), (1, 1, 1, 2));
    let most = chunks(u64::MAX);
    assert_eq!(most, 1 << 54);
    assert_eq!(way_down(most, 0).len(), SIBLINGS as usize);
    assert_eq!(way_down(most, most - 1).len(), SIBLINGS as usize);
    assert_eq!(way_down(most - 1, most - 2).len(), 53);
    let empty = Proof { chunk: Default::default(), siblings: Default::default() };
    let none = ContentId([0; 32]);
    assert_eq!(verify(&none, u64::MAX, most, &empty), Err(Flaw::NoSuchChunk));
    assert_eq!(verify(&none, u64::MAX, most - 1, &empty), Err(Flaw::WrongChunkLength));
    let full = Proof { chunk: vec![0; 1_024].try_into().unwrap(), ..empty };
    assert_eq!(verify(&none, u64::MAX, 0, &full), Err(Flaw::WrongHeight));
}

#[test]
fn a_way_should_be_as_long_as_the_tree_is_high() {
    let last = chunks(u64::MAX) - 1;
    let way = Way::to(u64::MAX, last).expect("there is such a chunk");
    assert_eq!((way.chunk, way.beside.len()), (last * 1_024..u64::MAX, SIBLINGS as usize));
    assert_eq!(Way::to(u64::MAX, last + 1), None);
    assert_eq!(Way::to(0, 0), Some(Way { chunk: 0..0, beside: Vec::new() }));
    let way = Way::to(3 * 1_024 + 1, 2).expect("there is such a chunk");
    assert_eq!(way.chunk, 2 * 1_024..3 * 1_024);
    assert_eq!(way.beside, [3 * 1_024..3 * 1_024 + 1, 0..2 * 1_024]);
}

#[test]
fn every_flipped_bit_should_be_refused() {
    for length in [1, 1_023, 1_024, 1_025, 2_049, 5 * 1_024, 7 * 1_024 + 3] {
        let (bytes, id) = artifact(length);
        let total = length as u64;
        for index in 0..chunks(total) {
            let right = proof(&bytes, index);
            for bit in 0..right.chunk.len() * 8 {
                let mut chunk = right.chunk.to_vec();
                chunk[bit / 8] ^= 1 << (bit % 8);
                let flawed = Proof { chunk: chunk.try_into().unwrap(), ..right.clone() };
                assert_eq!(verify(&id, total, index, &flawed), Err(Flaw::WrongRoot));
            }
            for bit in 0..right.siblings.len() * 256 {
                let mut siblings = right.siblings.to_vec();
                siblings[bit / 256][bit / 8 % 32] ^= 1 << (bit % 8);
                let flawed = Proof { siblings: siblings.try_into().unwrap(), ..right.clone() };
                assert_eq!(verify(&id, total, index, &flawed), Err(Flaw::WrongRoot));
            }
            for bit in 0..256 {
                let mut other = id;
                other.0[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(verify(&other, total, index, &right), Err(Flaw::WrongRoot));
            }
        }
    }
}

/// The right edge proves the length: whoever claims another cannot prove its last chunk, by
/// whatever bytes and siblings of the true artifact.
#[test]
fn the_last_chunk_should_be_proven_under_no_length_but_the_true_one() {
    for length in [0u64, 1, 1_023, 1_024, 1_025, 2_048, 2_049, 3_072, 5_000, 8_192, 9_000] {
        let (bytes, id) = artifact(length as usize);
        let (others, last) = (0..chunks(length) - 1, proof(&bytes, chunks(length) - 1));
        let others: Vec<Proof> = others.map(|index| proof(&bytes, index)).collect();
        for claimed in (0..12_000).chain([u64::MAX]) {
            let index = chunks(claimed) - 1;
            let verified = verify(&id, claimed, index, &last);
            assert_eq!(verified.is_ok(), claimed == length, "{claimed} for {length}");
            // Any other chunk of it, at the end of the claimed length.
            assert!(others.iter().all(|other| verify(&id, claimed, index, other).is_err()));
        }
    }
    // One in the middle does not: the way down to it is the same in trees of three and of four.
    let (bytes, id) = artifact(4 * CHUNK);
    assert_eq!(verify(&id, 3 * 1_024, 0, &proof(&bytes, 0)), Ok(()));
}

#[test]
fn a_node_should_not_pass_for_a_chunk() {
    // The two children of a root, as if they were its only chunk.
    let (bytes, id) = artifact(2 * CHUNK);
    let (left, right) = bytes.split_at(CHUNK);
    let nodes = [chaining_value(left, 0), chaining_value(right, 1_024)].concat();
    let posing = Proof { chunk: nodes.try_into().unwrap(), siblings: Default::default() };
    assert_eq!(verify(&id, 64, 0, &posing), Err(Flaw::WrongRoot));
}

#[test]
fn asked_should_be_every_chunk_when_there_are_few() {
    assert_eq!(asked(&[0; 32], 0, 4), [0]);
    assert_eq!(asked(&[0; 32], 1_024, 4), [0]);
    assert_eq!(asked(&[0; 32], 1_025, 4), [0, 1]);
    assert_eq!(asked(&[0; 32], 5 * 1_024, 4), [0, 1, 2, 3, 4]);
    assert_eq!(asked(&[0; 32], 5 * 1_024, 0), [4]);
}

#[test]
fn asked_should_draw_each_chunk_as_often() {
    let mut times = [0u32; 9];
    for seed in 0..1_000u32 {
        let mut from = [0; 32];
        from[..4].copy_from_slice(&seed.to_le_bytes());
        let asked = asked(&from, 9 * 1_024, 4);
        asked.into_iter().for_each(|index| times[index as usize] += 1);
    }
    assert_eq!(times[8], 1_000);
    // Half of the time, with a standard deviation of 16.
    assert!(times[..8].iter().all(|count| (430..570).contains(count)), "{times:?}");
}

proptest! {
    #[test]
    fn verify_should_refuse_another_place_or_length(
        length in 1usize..200 * CHUNK,
        index: prop::sample::Index,
        claimed_index: prop::sample::Index,
        claimed in 1u64..200 * 1_024,
    ) {
        let (bytes, id) = artifact(length);
        let total = length as u64;
        let index = index.index(chunks(total) as usize) as u64;
        let right = proof(&bytes, index);
        prop_assert_eq!(verify(&id, total, index, &right), Ok(()));
        let elsewhere = claimed_index.index(chunks(total) as usize) as u64;
        prop_assert_eq!(verify(&id, total, elsewhere, &right).is_ok(), elsewhere == index);
        // Where the last chunk is proven too, the length is the true one.
        let last = chunks(claimed) - 1;
        let shown = prove(&bytes, last).is_some_and(|one| verify(&id, claimed, last, &one).is_ok());
        prop_assert_eq!(shown, claimed == total);
    }

    #[test]
    fn verify_should_refuse_swapped_missing_and_further_siblings(
        length in 2 * CHUNK + 1..200 * CHUNK,
        index: prop::sample::Index,
        places: (prop::sample::Index, prop::sample::Index),
    ) {
        let (bytes, id) = artifact(length);
        let total = length as u64;
        let index = index.index(chunks(total) as usize) as u64;
        let right = proof(&bytes, index);
        let height = right.siblings.len();
        let (a, b) = (places.0.index(height), places.1.index(height));
        let with = |change: &dyn Fn(&mut Vec<[u8; 32]>)| {
            let mut siblings = right.siblings.to_vec();
            change(&mut siblings);
            verify(&id, total, index, &Proof { siblings: siblings.try_into().unwrap(), ..right.clone() })
        };
        prop_assert_eq!(with(&|all| all.swap(a, b)).is_ok(), a == b);
        prop_assert_eq!(with(&|all| { all.remove(a); }), Err(Flaw::WrongHeight));
        prop_assert_eq!(with(&|all| all.insert(a, [7; 32])), Err(Flaw::WrongHeight));
    }

    #[test]
    fn asked_should_be_different_chunks_and_the_last(
        seed: Seed,
        total: u64,
        count in 0u8..32,
    ) {
        let asked = asked(&seed, total, count);
        prop_assert!(asked.windows(2).all(|pair| pair[0] < pair[1]));
        prop_assert_eq!(asked.last(), Some(&(chunks(total) - 1)));
        prop_assert_eq!(asked.len() as u64, chunks(total).min(u64::from(count) + 1));
    }

    #[test]
    fn way_down_should_lead_there(count in 1u64..=1 << 54, index: prop::sample::Index) {
        let index = index.index(count as usize) as u64;
        let (mut first, mut number) = (0, count);
        for right in way_down(count, index) {
            let left = 1 << (63 - (number - 1).leading_zeros());
            prop_assert!(left < number && left * 2 >= number);
            if right { first += left }
            number = if right { number - left } else { left };
        }
        prop_assert_eq!((first, number), (index, 1));
    }
}
