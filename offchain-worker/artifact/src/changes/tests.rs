use super::*;
use cairn_kernel::delta::{Delta, Sparse};
use proptest::prelude::*;

fn change(base: u8, step: i16) -> Change {
    let sparse = Sparse::new(4, 3, vec![(1, vec![(0, step)])]).expect("sorted");
    let deltas = [("a.weights".to_string(), Delta::Sparse(sparse))].into();
    Change::new(ContentId([base; 32]), deltas).expect("good names")
}

fn changes() -> Changes {
    Changes::new([change(9, 5), change(2, -1)]).expect("two of two components")
}

#[test]
fn changes_should_be_what_they_were_when_read_again() {
    let changes = changes();
    assert_eq!(Changes::decode(&changes.encode()), Ok(changes.clone()));
    let bases: Vec<u8> = changes.as_slice().iter().map(|change| change.base().0[0]).collect();
    assert_eq!(bases, [2, 9]);
    // In whatever order they are given.
    assert_eq!(Changes::new([change(2, -1), change(9, 5)]), Ok(changes));
}

#[test]
fn bytes_should_be_as_described_when_written() {
    let [first, second] = [change(2, -1), change(9, 5)].map(|change| change.encode());
    let length = |change: &[u8]| (change.len() as u64).to_le_bytes();
    let expected = [
        b"cairn-changes-1\n".as_slice(),
        &[2, 0, 0, 0],
        &length(&first),
        &first,
        &length(&second),
        &second,
    ];
    assert_eq!(changes().encode(), expected.concat());
    assert!(Changes::is_form(&changes().encode()) && !Changes::is_form(&first));
}

#[test]
fn changes_should_be_refused_when_a_component_is_there_twice_or_none_is() {
    assert_eq!(Changes::new([]), Err(Flaw::Empty));
    let base = ContentId([2; 32]);
    assert_eq!(Changes::new([change(2, 1), change(2, 3)]), Err(Flaw::Order { base }));
    let turned = Changes(vec![change(9, 5), change(2, -1)]).encode();
    assert_eq!(Changes::decode(&turned), Err(Flaw::Order { base }));
}

#[test]
fn changes_should_be_refused_when_they_are_cut_off_or_longer() {
    let bytes = changes().encode();
    for length in 0..bytes.len() {
        assert!(Changes::decode(&bytes[..length]).is_err(), "{length}");
    }
    let long = [bytes.as_slice(), &[0]].concat();
    assert_eq!(Changes::decode(&long), Err(Flaw::Long { more: 1 }));
    let mut many = bytes;
    many[16..20].fill(0xff);
    assert_eq!(Changes::decode(&many), Err(Flaw::Short { change: 2 }));
}

#[test]
fn changes_should_be_refused_when_one_of_them_is_none() {
    assert_eq!(Changes::decode(&change(2, 1).encode()), Err(Flaw::Form));
    let mut bytes = changes().encode();
    // The first letter of the first change.
    bytes[28] = b'C';
    let flaw = change::Flaw::Form;
    assert_eq!(Changes::decode(&bytes), Err(Flaw::Change { change: 0, flaw }));
}

proptest! {
    #[test]
    fn decode_should_take_one_form_when_bytes_are_damaged(at: prop::sample::Index, byte: u8) {
        let mut bytes = changes().encode();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(read) = Changes::decode(&bytes) {
            prop_assert_eq!(read.encode(), bytes);
        }
    }

    #[test]
    fn decode_should_not_panic_when_bytes_are_anything(
        tail in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let bytes = [FORM.as_slice(), &tail].concat();
        let _ = Changes::decode(&bytes);
    }
}
