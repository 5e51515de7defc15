//! What proves a chunk of a file, and what a total of losses is walked down by. What a keeper or a
//! guard has made holds, and no longer when something of it is changed.

#![no_main]

use cairn_protocol::{
    chunk::{chunks, content, prove, verify, Proof},
    learning::sums::{check_children, tree, Leaf, Node, Tree},
};
use codec::Decode;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((head, rest)) = bytes.split_first_chunk::<16>() else { return };
    let [length, index] = [0_usize, 8].map(|at| head[at..at + 8].iter().fold(0, next_byte));
    chunk(rest, length, index);
    sums(rest, head[0].into());
});

fn next_byte(number: u64, byte: &u8) -> u64 {
    (number << 8) | u64::from(*byte)
}

fn chunk(bytes: &[u8], length: u64, index: u64) {
    let id = content(bytes);
    // It has less than all of the bytes, and so proves nothing of them.
    if let Ok(proof) = Proof::decode(&mut &bytes[..]) {
        assert!(verify(&id, length, index, &proof).is_err());
    }
    let length = bytes.len() as u64;
    let index = index % chunks(length);
    let proof = prove(bytes, index).expect("there is such a chunk");
    assert_eq!(verify(&id, length, index, &proof), Ok(()));
    let mut chunk = proof.chunk.to_vec();
    if let Some(byte) = chunk.first_mut() {
        *byte ^= 1;
        let chunk = chunk.try_into().expect("it is as long");
        assert!(verify(&id, length, index, &Proof { chunk, ..proof }).is_err());
    }
}

fn sums(bytes: &[u8], threshold: u32) {
    if let Ok((parent, children)) = <(Node, Vec<Node>)>::decode(&mut &bytes[..]) {
        // Said in the end, whatever they are.
        let _ = check_children(&parent, &children);
    }
    let losses = bytes.chunks_exact(8).map(|losses| {
        let (baseline, loss) = losses.split_at(4);
        [baseline, loss].map(|bytes| bytes.iter().fold(0, next_byte))
    });
    let leaves: Vec<_> = (0..)
        .zip(losses)
        .map(|(record, [baseline, loss])| Leaf { record, baseline, loss, trace: [0; 32] })
        .collect();
    if let Ok(tree) = tree(&leaves, threshold) {
        walk(&tree, tree.root(), &mut Vec::new());
    } else {
        assert!(leaves.is_empty());
    }
}

/// Down to each leaf.
fn walk(tree: &Tree, node: &Node, path: &mut Vec<u8>) {
    let children = tree.children(path).expect("the path was walked");
    let Some((first, others)) = children.split_first() else { return };
    assert_eq!(check_children(node, children), Ok(()));
    let false_one = Node { loss: first.loss ^ 1, ..*first };
    assert!(check_children(node, &[&[false_one][..], others].concat()).is_err());
    for (place, child) in (0..).zip(children) {
        path.push(place);
        walk(tree, child, path);
        path.pop();
    }
}
