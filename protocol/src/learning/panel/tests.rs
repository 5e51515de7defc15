use super::*;
use crate::{
    id::{Amount, ContentId, Region},
    learning::evaluation::DeltaFlaw,
    profile::{DeviceClass, Hardware},
    share::{Ppm, WHOLE},
};
use codec::Encode;
use proptest::prelude::*;

fn candidate(number: u64, bond: Amount, reputation: Ppm) -> Candidate {
    Candidate {
        provider: ProviderId(number),
        hardware: Hardware {
            class: DeviceClass::Cpu,
            memory_mib: 0,
            compute: 0,
            slots: 1,
            binding: [0; 32],
        },
        region: Region(0),
        price: None,
        throughput: 0,
        enclave: false,
        sealable: false,
        load: 0,
        bond,
        reputation,
    }
}

fn opinion(number: u8) -> Opinion {
    Opinion::Unavailable(ContentId([number; 32]))
}

/// How often the first of a field is the one drawn.
fn wins(field: &[(u64, Candidate)]) -> usize {
    let seeds = (0..1_000u16).map(|number| {
        let mut seed = [0; 32];
        seed[..2].copy_from_slice(&number.to_le_bytes());
        seed
    });
    let first = field[0].1.provider;
    seeds.filter(|seed| choose(field.to_vec(), 1, seed) == [first]).count()
}

#[test]
fn choose_should_draw_by_bond_times_reputation() {
    let other = (2, candidate(2, 300, WHOLE));
    // One to three by bond, three to one by reputation, and both.
    assert!(wins(&[(1, candidate(1, 100, WHOLE)), other]).abs_diff(250) < 60);
    let doubted = (2, candidate(2, 100, 333_333));
    assert!(wins(&[(1, candidate(1, 100, WHOLE)), doubted]).abs_diff(750) < 60);
    assert!(wins(&[(1, candidate(1, 900, 333_333)), other]).abs_diff(500) < 60);
}

#[test]
fn choose_should_draw_a_party_once() {
    let field: Vec<_> = (0..9).map(|number| (number % 4, candidate(number, 10, WHOLE))).collect();
    let drawn = choose(field, 9, &[1; 32]);
    let mut parties: Vec<_> = drawn.iter().map(|provider| provider.0 % 4).collect();
    parties.sort_unstable();
    assert_eq!(parties, [0, 1, 2, 3]);
}

#[test]
fn tally_should_ask_for_two_thirds() {
    // Of a panel, the fewest that decide.
    let cases = [(1, 2), (2, 2), (3, 2), (4, 3), (5, 4), (6, 4), (7, 5), (8, 6), (9, 6)];
    for (panel, enough) in cases {
        assert_eq!(tally(&vec![opinion(1); enough], panel), Tally::Decided(opinion(1)), "{panel}");
        assert_eq!(tally(&vec![opinion(1); enough - 1], panel), Tally::Divided, "{panel}");
    }
    assert_eq!(tally(&[], 0), Tally::Divided);
    // More who answer than were asked do not make it easier.
    let flood: Vec<_> = (0..9).map(|number| opinion(number % 3)).collect();
    assert_eq!(tally(&flood, 3), Tally::Divided);
}

#[test]
fn tally_should_take_a_flaw_or_what_is_missing_for_an_opinion() {
    for said in [opinion(1), Opinion::Flawed(DeltaFlaw::TooLarge)] {
        assert_eq!(tally(&[said, opinion(9), said], 3), Tally::Decided(said));
    }
}

#[test]
fn larger_should_lead_to_the_most_and_end() {
    let sizes = |most| [1, 3, 5, 7, 9].map(|size| larger(size, most));
    assert_eq!(sizes(9), [Some(3), Some(5), Some(7), Some(9), None]);
    assert_eq!(sizes(5), [Some(3), Some(5), None, None, None]);
    assert_eq!(sizes(u8::MAX), sizes(9));
    assert_eq!(larger(u8::MAX, u8::MAX), None);
}

#[test]
fn dissenters_should_be_those_who_say_something_else() {
    let said: Vec<_> =
        (0..5).map(|number| (ProviderId(number), opinion(number as u8 / 3))).collect();
    assert_eq!(dissenters(&said, &opinion(0)), [ProviderId(3), ProviderId(4)]);
}

#[test]
fn cases_should_keep_their_bytes() {
    assert_eq!(Case::Delta(DeltaId(5)).encode(), [&[0][..], &5u64.to_le_bytes()].concat());
    let sealed = Case::Sealed { model: BlockId([6; 32]), period: 7, set: 2 };
    assert_eq!(sealed.encode(), [&[1][..], &[6; 32], &7u32.to_le_bytes(), &[2]].concat());
    let outcomes = [Outcome::Divided, Outcome::NobodyFit].map(|outcome| outcome.encode());
    assert_eq!(outcomes, [[1], [2]]);
}

proptest! {
    #[test]
    fn tally_should_decide_by_two_thirds_alone(
        said in prop::collection::vec(0..3u8, 0..=9), panel in 0..=9u8,
    ) {
        let opinions: Vec<_> = said.iter().map(|number| opinion(*number)).collect();
        let asked = said.len().max(panel.into());
        let count = |number| said.iter().filter(|one| **one == number).count();
        let decided = (0..3).find(|number| count(*number) >= 2 && count(*number) * 3 >= asked * 2);
        let expected = decided.map_or(Tally::Divided, |number| Tally::Decided(opinion(number)));
        prop_assert_eq!(tally(&opinions, panel), expected);
    }

    /// Less than a third of a panel decides nothing against the others, whatever it says.
    #[test]
    fn tally_should_not_follow_fewer_than_a_third(
        honest in 3..=9usize, lies in prop::collection::vec(1..9u8, 0..3),
    ) {
        prop_assume!(lies.len() * 3 < honest + lies.len());
        let mut opinions = vec![opinion(0); honest];
        opinions.extend(lies.iter().map(|number| opinion(*number)));
        let panel = opinions.len() as u8;
        prop_assert_eq!(tally(&opinions, panel), Tally::Decided(opinion(0)));
    }
}
