use super::*;
use alloc::{string::ToString, vec::Vec};

fn name(text: &str) -> Component {
    BoundedVec::truncate_from(text.as_bytes().to_vec())
}

fn card(components: &[&str]) -> ModelCard {
    let components: Vec<_> = components.iter().map(|text| name(text)).collect();
    ModelCard {
        configuration: ContentId([1; 32]),
        tokenizer: None,
        judge: ContentId([2; 32]),
        components: BoundedVec::truncate_from(components),
        royalty: 50_000,
        price_hint: 0,
        licence: BoundedVec::truncate_from(b"Apache-2.0".to_vec()),
        access: Access::Open,
    }
}

#[test]
fn check_should_name_the_flaw_when_a_card_describes_no_model() {
    let good = card(&["expert-0", "expert-1", "router"]);
    let licence = |text: &[u8]| BoundedVec::truncate_from(text.to_vec());
    let cases = [
        (card(&[]), CardFlaw::NoComponents),
        (card(&["", "a"]), CardFlaw::Nameless),
        (card(&["b", "a"]), CardFlaw::Unsorted),
        (card(&["a", "a"]), CardFlaw::Unsorted),
        (
            ModelCard { royalty: WHOLE + 1, ..good.clone() },
            CardFlaw::Royalty { most: WHOLE, have: WHOLE + 1 },
        ),
        (ModelCard { licence: licence(b""), ..good.clone() }, CardFlaw::NoLicence),
        (ModelCard { licence: licence(b"mine\n"), ..good.clone() }, CardFlaw::NoLicence),
    ];
    for (card, flaw) in cases {
        assert_eq!(card.check(), Err(flaw));
        assert!(!flaw.to_string().is_empty());
    }
    assert_eq!(good.check(), Ok(()));
    assert!(good.has(&name("router")) && !good.has(&name("expert-2")));
}

#[test]
fn access_should_keep_its_bytes() {
    let price = 9;
    let cases = [
        (Access::Open, vec![0]),
        (Access::PerUse { price }, [&[1][..], &9u128.to_le_bytes()].concat()),
        (Access::Licensed, vec![2]),
    ];
    for (access, bytes) in cases {
        assert_eq!(access.encode(), bytes);
    }
}

/// What heads are called is part of what guards commit to.
#[test]
fn content_should_be_blake3_of_the_parts() {
    let file = File { id: ContentId([5; 32]), bytes: 300 };
    let parts: Parts = BoundedVec::truncate_from(vec![Part { component: name("router"), file }]);
    let bytes = [&[4, 24][..], b"router", &[5; 32], &300u64.to_le_bytes()].concat();
    assert_eq!(content_of(&parts), chunk::content(&bytes));
}
