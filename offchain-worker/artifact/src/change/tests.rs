use super::*;
use cairn_kernel::delta::{LowRank, Sparse};
use proptest::prelude::*;

fn sparse() -> Delta {
    let rows = vec![(1, vec![(0, -7), (2, 300)]), (3, vec![(1, 1)])];
    Delta::Sparse(Sparse::new(4, 3, rows).expect("sorted"))
}

fn low_rank() -> Delta {
    let low = LowRank::new([2, 3], 1, 4, vec![5, -6], vec![1, 2, 3]).expect("fit");
    Delta::LowRank(low)
}

fn change() -> Change {
    let deltas = [("a.weights", sparse()), ("b", low_rank())];
    let deltas = deltas.map(|(name, delta)| (name.to_string(), delta)).into();
    Change::new(ContentId([9; 32]), deltas).expect("good names")
}

#[test]
fn change_should_be_what_it_was_when_read_again() {
    let change = change();
    assert_eq!(Change::decode(&change.encode()), Ok(change));
}

#[test]
fn bytes_should_be_as_described_when_written() {
    let delta = sparse().encode();
    let only = Change::new(ContentId([9; 32]), [("w".to_string(), sparse())].into()).expect("good");
    let expected = [
        b"cairn-change-1\r\n".as_slice(),
        &[9; 32],
        &[1, 0, 0, 0],
        &[1, b'w'],
        &(delta.len() as u64).to_le_bytes(),
        &delta,
    ];
    assert_eq!(only.encode(), expected.concat());
}

#[test]
fn change_should_be_refused_when_it_is_cut_off_or_longer() {
    let bytes = change().encode();
    for length in 0..bytes.len() {
        assert!(Change::decode(&bytes[..length]).is_err(), "{length}");
    }
    let long = [bytes.as_slice(), &[0]].concat();
    assert_eq!(Change::decode(&long), Err(Flaw::Long { more: 1 }));
}

#[test]
fn change_should_be_refused_when_its_names_are_bad_or_out_of_order() {
    let base = ContentId([0; 32]);
    assert_eq!(Change::new(base, BTreeMap::new()), Err(Flaw::Empty));
    let bad = Change::new(base, [("../up".to_string(), sparse())].into());
    assert_eq!(bad, Err(Flaw::Name { name: "../up".into() }));
    let bytes = change().encode();
    let at = bytes.windows(9).position(|part| part == b"a.weights").expect("it is there");
    for (byte, flaw) in
        [(b'/', Flaw::Name { name: "/.weights".into() }), (b'c', Flaw::Order { name: "b".into() })]
    {
        let mut bytes = bytes.clone();
        bytes[at] = byte;
        assert_eq!(Change::decode(&bytes), Err(flaw));
    }
}

#[test]
fn change_should_be_refused_when_it_says_that_it_has_more_than_there_is() {
    let mut bytes = change().encode();
    bytes[48..52].fill(0xff);
    assert_eq!(Change::decode(&bytes), Err(Flaw::Short { tensor: 2 }));
    let mut bytes = change().encode();
    bytes[62..70].fill(0xff);
    assert_eq!(Change::decode(&bytes), Err(Flaw::Short { tensor: 0 }));
    let mut bytes = change().encode();
    bytes[48..52].fill(0);
    assert!(matches!(Change::decode(&bytes), Err(Flaw::Long { .. })));
}

proptest! {
    #[test]
    fn change_should_have_one_form_when_bytes_are_damaged(
        at: prop::sample::Index, byte: u8,
    ) {
        let mut bytes = change().encode();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(read) = Change::decode(&bytes) {
            prop_assert_eq!(read.encode(), bytes);
        }
    }

    #[test]
    fn decode_should_not_panic_when_bytes_are_anything(
        tail in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let bytes = [FORM.as_slice(), &tail].concat();
        let _ = Change::decode(&bytes);
    }
}
