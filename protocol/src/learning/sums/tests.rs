use super::*;
use num_bigint::BigInt;
use proptest::prelude::*;

const THRESHOLD: Ppm = 10_000;

fn leaf(record: u64, baseline: u64, loss: u64) -> Leaf {
    Leaf { record, baseline, loss, trace: [3; 32] }
}

fn leaves(count: u32) -> Vec<Leaf> {
    (0..count.into()).map(|record| leaf(record, 1_000 + record, 900 + record % 300)).collect()
}

/// Walks down from a node by its children alone, and says what leaves there are.
fn walk(tree: &Tree, node: &Node, path: &mut Vec<u8>, found: &mut Vec<Node>) {
    let children = tree.children(path).unwrap();
    if children.is_empty() {
        assert_eq!(node.count, 1);
        found.push(*node);
        return;
    }
    assert_eq!(check_children(node, children), Ok(()));
    for (number, child) in (0u8..).zip(children) {
        path.push(number);
        walk(tree, child, path, found);
        path.pop();
    }
    path.push(children.len() as u8);
    assert_eq!(tree.children(path), None);
    path.pop();
}

#[test]
fn every_leaf_should_be_reached_from_the_root() {
    for count in (1..=300).chain([4_095, 4_096, 4_097, MOST]) {
        let leaves = leaves(count);
        let tree = tree(&leaves, THRESHOLD).unwrap();
        let mut found = Vec::new();
        walk(&tree, tree.root(), &mut Vec::new(), &mut found);
        let expected: Vec<_> = leaves.iter().map(|leaf| Node::leaf(leaf, THRESHOLD)).collect();
        assert_eq!(found, expected, "{count}");
    }
}

#[test]
fn tree_should_have_sixteen_children_and_what_is_left() {
    let counts = |count, path: &[u8]| {
        let tree = tree(&leaves(count), THRESHOLD).unwrap();
        let children = tree.children(path).unwrap().to_vec();
        children.iter().map(|child| child.count).collect::<Vec<_>>()
    };
    assert_eq!(counts(16, &[]), [1; 16]);
    assert_eq!(counts(17, &[]), [16, 1]);
    assert_eq!(counts(17, &[1]), []);
    assert_eq!(counts(275, &[]), [256, 19]);
    assert_eq!(counts(275, &[1]), [16, 3]);
    assert_eq!(counts(275, &[1, 1]), [1; 3]);
    assert_eq!(counts(257, &[]), [256, 1]);
}

#[test]
fn tree_should_say_what_is_wrong_with_leaves() {
    let flaw = |leaves: &[Leaf]| tree(leaves, THRESHOLD).err();
    assert_eq!(flaw(&[]), Some(SumFlaw::Empty));
    let twice = [leaf(1, 0, 0), leaf(4, 0, 0), leaf(4, 0, 0)];
    assert_eq!(flaw(&twice), Some(SumFlaw::Unsorted { record: 4 }));
    let most = MOST_LOSS;
    for large in [leaf(7, most + 1, 0), leaf(7, 0, most + 1)] {
        let flaw = flaw(&[leaf(1, most, most), large]);
        assert_eq!(flaw, Some(SumFlaw::Loss { record: 7, most, have: most + 1 }));
    }
    let have = MOST as usize + 1;
    assert_eq!(flaw(&leaves(MOST + 1)), Some(SumFlaw::TooMany { most: MOST, have }));
}

/// They are committed to, and change with the encoding of a leaf or a node.
#[test]
fn hashes_should_be_of_the_documented_bytes() {
    let (one, two) = (leaf(5, 1_000, 900), leaf(9, 800, 850));
    let bytes = [
        b"cairn/sums/leaf".as_slice(),
        &5u64.to_le_bytes(),
        &1_000u64.to_le_bytes(),
        &900u64.to_le_bytes(),
        &[3; 32],
    ];
    let first = Node::leaf(&one, THRESHOLD);
    assert_eq!(first.hash, sp_crypto_hashing::blake2_256(&bytes.concat()));
    assert_eq!((first.sum, first.squares), (90_000_000, U256::from(8_100_000_000_000_000u64)));

    let second = Node::leaf(&two, THRESHOLD);
    let mut bytes = [b"cairn/sums/node".as_slice(), &[2 << 2]].concat();
    for node in [&first, &second] {
        bytes.extend(node.count.to_le_bytes());
        bytes.extend(node.baseline.to_le_bytes());
        bytes.extend(node.loss.to_le_bytes());
        bytes.extend(node.sum.to_le_bytes());
        bytes.extend(node.squares.to_little_endian());
        bytes.extend(node.hash);
    }
    let root = *tree(&[one, two], THRESHOLD).unwrap().root();
    assert_eq!(root.hash, sp_crypto_hashing::blake2_256(&bytes));
    assert_eq!((root.count, root.baseline, root.loss), (2, 1_800, 1_750));
}

#[test]
fn check_children_should_say_what_is_wrong() {
    let tree = tree(&leaves(20), THRESHOLD).unwrap();
    let (root, children) = (*tree.root(), tree.children(&[]).unwrap().to_vec());
    assert_eq!(check_children(&root, &children), Ok(()));
    let shape = Err(SumFlaw::WrongShape { count: 20 });
    assert_eq!(check_children(&root, &[]), shape);
    assert_eq!(check_children(&root, &children[..1]), shape);
    let moved = [Node { count: 4, ..children[0] }, Node { count: 16, ..children[1] }];
    assert_eq!(check_children(&root, &moved), shape);
    // A parent that says more than its children, whose hash is theirs.
    let more = Node { loss: root.loss - 1, ..root };
    assert_eq!(check_children(&more, &children), Err(SumFlaw::WrongSums));
    let mut other = children.clone();
    other[1].hash = [0; 32];
    assert_eq!(check_children(&root, &other), Err(SumFlaw::WrongHash));
    // Sums that cannot be counted.
    let mut large = children;
    large[0].squares = U256::MAX;
    assert_eq!(check_children(&root, &large), Err(SumFlaw::WrongSums));
}

proptest! {
    #[test]
    fn root_should_be_the_plain_sums(
        losses in prop::collection::vec((0..=MOST_LOSS, 0..=MOST_LOSS), 1..400), threshold: Ppm,
    ) {
        let leaves: Vec<_> = (0u64..)
            .zip(&losses)
            .map(|(record, (baseline, loss))| leaf(record * 3, *baseline, *loss))
            .collect();
        let root = *tree(&leaves, threshold).unwrap().root();
        let big = |number: u64| BigInt::from(number);
        let excess = |(b, c): &(u64, u64)| -> BigInt {
            (big(*b) - big(*c)) * 1_000_000 - big(*b) * threshold
        };
        let sum: BigInt = losses.iter().map(excess).sum();
        let squares: BigInt = losses.iter().map(|both| excess(both).pow(2)).sum();
        prop_assert_eq!(root.count as usize, losses.len());
        prop_assert_eq!(root.baseline, losses.iter().map(|(b, _)| b).sum::<u64>());
        prop_assert_eq!(root.loss, losses.iter().map(|(_, c)| c).sum::<u64>());
        prop_assert_eq!(BigInt::from(root.sum), sum);
        let plus = num_bigint::Sign::Plus;
        let found = BigInt::from_bytes_le(plus, &root.squares.to_little_endian());
        prop_assert_eq!(found, squares);
    }

    /// Whoever changes one example changes the root, whatever the sums are.
    #[test]
    fn root_should_bind_every_example(
        count in 1..200u32, place: prop::sample::Index, what in 0..4,
    ) {
        let mut leaves = leaves(count);
        let before = *tree(&leaves, THRESHOLD).unwrap().root();
        let changed = &mut leaves[place.index(count as usize)];
        match what {
            // Its place stays where it was among the others.
            0 => changed.trace[31] ^= 1,
            1 => changed.baseline += 1,
            2 => changed.loss += 1,
            _ => leaves.iter_mut().for_each(|leaf| leaf.record += 1),
        }
        let after = *tree(&leaves, THRESHOLD).unwrap().root();
        prop_assert_ne!(before.hash, after.hash);
    }
}
