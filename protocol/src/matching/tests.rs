use super::*;
use crate::{
    id::Region,
    profile::{DeviceClass, Hardware},
};
use proptest::prelude::*;

const WEIGHTS: Weights = Weights { fit: 2, reputation: 4, price: 2, load: 1, region: 1 };

fn candidate(provider: u64) -> Candidate {
    Candidate {
        provider: ProviderId(provider),
        hardware: Hardware {
            class: DeviceClass::Gpu,
            memory_mib: 16_384,
            compute: 86,
            slots: 4,
            binding: [0; 32],
        },
        region: Region(0x0101),
        price: Some(10),
        throughput: 1_000,
        enclave: false,
        sealable: false,
        load: 0,
        bond: 1_000,
        reputation: 500_000,
    }
}

fn demand() -> Demand {
    Demand {
        requirements: Requirements {
            class: DeviceClass::SmallGpu,
            memory_mib: 8_192,
            compute: 80,
            throughput: 500,
            within: None,
            near: None,
            reputation: 300_000,
            enclave: false,
        },
        sealed: false,
        price: 20,
        offered: 20,
        cover: WHOLE,
    }
}

fn seeds() -> impl Strategy<Value = Seed> {
    any::<[u8; 32]>()
}

prop_compose! {
    fn candidates()(
        class in prop::sample::select(DeviceClass::ALL.to_vec()),
        (memory_mib, compute, slots, load) in any::<(u32, u16, u8, u8)>(),
        (region, price, throughput) in any::<(u16, Option<Amount>, u64)>(),
        (enclave, sealable) in any::<(bool, bool)>(),
        (bond, reputation) in any::<(Amount, Ppm)>(),
        provider: u64,
    ) -> Candidate {
        Candidate {
            provider: ProviderId(provider),
            hardware: Hardware { class, memory_mib, compute, slots, binding: [0; 32] },
            region: Region(region),
            price,
            throughput,
            enclave,
            sealable,
            load,
            bond,
            reputation,
        }
    }
}

#[test]
fn check_should_name_what_is_missing() {
    let (demand, fit) = (demand(), candidate(1));
    assert_eq!(demand.check(&fit), Ok(()));
    let sealed = Demand { sealed: true, ..demand };
    let asks = |change: fn(&mut Requirements)| {
        let mut other = demand;
        change(&mut other.requirements);
        other
    };
    let cases = [
        (demand, Candidate { price: None, ..fit }, Unfit::Kind),
        (demand, Candidate { price: Some(21), ..fit }, Unfit::Price),
        (demand, Candidate { bond: 19, ..fit }, Unfit::Bond),
        (demand, Candidate { load: 4, ..fit }, Unfit::Full),
        (demand, Candidate { reputation: 299_999, ..fit }, Unfit::Reputation),
        (demand, Candidate { throughput: 499, ..fit }, Unfit::Throughput),
        (sealed, fit, Unfit::PayloadKey),
        (asks(|wanted| wanted.class = DeviceClass::LargeGpu), fit, Unfit::Class),
        (asks(|wanted| wanted.memory_mib = 16_385), fit, Unfit::Memory),
        (asks(|wanted| wanted.compute = 87), fit, Unfit::Compute),
        (asks(|wanted| wanted.within = Some(Region(0x0102))), fit, Unfit::Region),
        (asks(|wanted| wanted.enclave = true), fit, Unfit::Enclave),
    ];
    for (demand, candidate, reason) in cases {
        assert_eq!(demand.check(&candidate), Err(reason));
    }
}

#[test]
fn score_should_prefer_each_term_when_the_rest_is_equal() {
    let demand = Demand {
        requirements: Requirements { near: Some(Region(0x0101)), ..demand().requirements },
        ..demand()
    };
    let fit = candidate(1);
    let roomy = Hardware { memory_mib: 32_768, ..fit.hardware };
    let strong = Hardware { class: DeviceClass::Accelerator, ..fit.hardware };
    let worse = [
        Candidate { hardware: roomy, ..fit },
        Candidate { hardware: strong, ..fit },
        Candidate { reputation: 499_999, ..fit },
        Candidate { price: Some(11), ..fit },
        Candidate { load: 1, ..fit },
        Candidate { region: Region(0x0102), ..fit },
    ];
    for other in worse {
        assert!(demand.score(&other, &WEIGHTS) < demand.score(&fit, &WEIGHTS), "{other:?}");
    }
    let near = Candidate { region: Region(0x0102), ..fit };
    let far = Candidate { region: Region(0x0201), ..fit };
    assert!(demand.score(&far, &WEIGHTS) < demand.score(&near, &WEIGHTS));
}

#[test]
fn demand_should_share_the_reward_between_workers_and_units() {
    let terms = crate::testing::terms(1_000, 10);
    assert_eq!(Demand::of(&terms, 1, WHOLE).price, 100);
    assert_eq!(Demand::of(&terms, 3, WHOLE).price, 33);
    assert_eq!(Demand::of(&terms, 0, WHOLE).price, 0);
}

#[test]
fn demand_should_offer_each_its_part_of_reward_and_tip() {
    let offered = |tip, workers| {
        let terms = Terms { tip, ..crate::testing::terms(1_000, 10) };
        Demand::of(&terms, workers, WHOLE).offered
    };
    let parts = [offered(0, 1), offered(101, 1), offered(101, 3), offered(101, 0)];
    assert_eq!(parts, [1_000, 1_101, 367, 0]);
    assert_eq!(offered(Amount::MAX, 1), Amount::MAX);
}

#[test]
fn check_should_want_a_bond_that_covers_what_one_worker_is_offered() {
    let fit = candidate(1);
    let check = |offered, cover, bond| {
        Demand { offered, cover, ..demand() }.check(&Candidate { bond, ..fit })
    };
    assert_eq!(check(60, 60_000, 1_000), Ok(()));
    assert_eq!(check(61, 60_000, 1_000), Err(Unfit::Bond));
    assert_eq!(check(60, 60_000, 999), Err(Unfit::Bond));
    // More than the whole is a share, too.
    assert_eq!(check(2_500, 2_500_000, 1_000), Ok(()));
    assert_eq!(check(2_501, 2_500_000, 1_000), Err(Unfit::Bond));
    // Nothing covers nothing, and what cannot be counted covers everything.
    assert_eq!(check(1, u32::MAX, 0), Err(Unfit::Bond));
    assert_eq!(check(0, 0, 0), Ok(()));
    assert_eq!(check(Amount::MAX, u32::MAX, Amount::MAX), Ok(()));
    assert_eq!(check(Amount::MAX, WHOLE - 1, Amount::MAX), Err(Unfit::Bond));
}

#[test]
fn best_should_decide_by_lot_when_scores_are_equal() {
    let field: Vec<_> = (0..8).map(candidate).collect();
    let mut wins = [0u32; 8];
    for round in 0..4_000u32 {
        let mut seed = [0; 32];
        seed[..4].copy_from_slice(&round.to_le_bytes());
        let best = demand().best(&field, &WEIGHTS, &seed).expect("all are fit");
        wins[best.0 as usize] += 1;
    }
    // 500 expected each, with a standard deviation of 21.
    assert!(wins.iter().all(|wins| (390..610).contains(wins)), "{wins:?}");
}

#[test]
fn draw_should_be_in_proportion_to_bonds() {
    let field: Vec<_> = [1_000, 2_000, 5_000]
        .into_iter()
        .zip(0..)
        .map(|(bond, provider)| (provider, Candidate { bond, ..candidate(provider) }))
        .collect();
    let mut first = [0u32; 3];
    for round in 0..8_000u32 {
        let mut seed = [0; 32];
        seed[..4].copy_from_slice(&round.to_le_bytes());
        let drawn = demand().draw(&field, 1, &WEIGHTS, 0, &seed);
        first[drawn[0].0 as usize] += 1;
    }
    // 1,000, 2,000 and 5,000 expected; five standard deviations.
    assert!((850..1_150).contains(&first[0]), "{first:?}");
    assert!((1_800..2_200).contains(&first[1]), "{first:?}");
    assert!((4_780..5_220).contains(&first[2]), "{first:?}");
}

#[test]
fn draw_should_take_nobody_below_the_floor() {
    let good = Candidate { reputation: 900_000, ..candidate(1) };
    let poor = Candidate { reputation: 300_000, ..candidate(2) };
    let floor = demand().score(&good, &WEIGHTS);
    let field = [(1, good), (2, poor)];
    assert_eq!(demand().draw(&field, 2, &WEIGHTS, floor, &[0; 32]), [ProviderId(1)]);
}

#[test]
fn admits_should_name_the_score_when_only_that_is_too_low() {
    let (demand, fit) = (demand(), candidate(1));
    let floor = demand.score(&fit, &WEIGHTS);
    assert_eq!(demand.admits(&fit, &WEIGHTS, floor), Ok(()));
    assert_eq!(demand.admits(&fit, &WEIGHTS, floor + 1), Err(Unfit::Score));
    let full = Candidate { load: 4, ..fit };
    assert_eq!(demand.admits(&full, &WEIGHTS, WHOLE), Err(Unfit::Full));
}

#[test]
fn chance_should_be_that_of_drawing_without_putting_back() {
    // One of four, each as likely to be the fit one.
    assert_eq!(chance(4, 1, 1, 1), 250_000);
    assert_eq!(chance(4, 1, 2, 1), 500_000);
    // Both of two fit ones among four, in two draws: one of six pairs.
    assert_eq!(chance(4, 2, 2, 2), 166_666);
    // Of 24 with three fit, 16 drawn: all but 8·7·6 / (24·23·22) find one, and
    // 16·15·14 / (24·23·22) find all.
    assert_eq!(chance(24, 3, 16, 1), 972_332);
    assert_eq!(chance(24, 3, 16, 3), 276_679);
    assert_eq!(chance(u64::MAX, u64::MAX / 2, 1, 1), 499_999);
}

#[test]
fn chance_should_be_certain_or_nothing_when_all_are_drawn() {
    for fit in 0..=9u8 {
        for needed in 0..=9u8 {
            let expected = if fit >= needed { WHOLE } else { 0 };
            assert_eq!(chance(9, fit.into(), 9, needed), expected, "{fit} of 9, {needed} needed");
            assert_eq!(chance(9, fit.into(), 255, needed), expected);
        }
    }
    assert_eq!(chance(0, 0, 16, 1), 0);
    assert_eq!(chance(1_000, 1_000, 16, 9), WHOLE);
    assert_eq!(chance(1_000, 1_000, 2, 3), 0);
}

proptest! {
    #[test]
    fn chance_should_grow_with_the_fit_and_shrink_with_the_need(
        (pool, fit) in (0..100_000u64).prop_flat_map(|pool| (Just(pool), 0..=pool)),
        (drawn, needed) in (0u8.., 0u8..9),
    ) {
        let of = |fit, drawn, needed| chance(pool, fit, drawn, needed);
        let this = of(fit, drawn, needed);
        prop_assert!(this <= WHOLE);
        // Rounding takes off one at most.
        prop_assert!(of((fit + 1).min(pool), drawn, needed) + 1 >= this);
        prop_assert!(of(fit, drawn.saturating_add(1), needed) + 1 >= this);
        prop_assert!(of(fit, drawn, needed + 1) <= this + 1);
    }

    #[test]
    fn check_should_offer_nobody_more_than_the_share_of_its_bond(
        (bond, reward, tip) in any::<(u64, u64, u64)>(),
        (workers, cover) in (1u8..=9, 0..=2 * WHOLE),
    ) {
        let terms = Terms { tip: tip.into(), ..crate::testing::terms(reward.into(), 1) };
        let one = Candidate { bond: bond.into(), price: Some(0), ..candidate(1) };
        let found = Demand::of(&terms, workers, cover).check(&one);
        let each = (Amount::from(reward) + Amount::from(tip)) / Amount::from(workers);
        let covers = each * Amount::from(WHOLE) <= Amount::from(bond) * Amount::from(cover);
        prop_assert_eq!(found, if covers { Ok(()) } else { Err(Unfit::Bond) });
    }

    #[test]
    fn best_should_pass_the_filters_and_have_no_better(
        field in prop::collection::vec(candidates(), 0..16),
        seed in seeds(),
        price: Amount,
    ) {
        let demand = Demand { price, ..demand() };
        let fit: Vec<_> = field.iter().filter(|one| demand.check(one).is_ok()).collect();
        match demand.best(&field, &WEIGHTS, &seed) {
            None => prop_assert!(fit.is_empty()),
            Some(best) => {
                let best = fit.iter().find(|one| one.provider == best).expect("it is fit");
                let score = demand.score(best, &WEIGHTS);
                prop_assert!(fit.iter().all(|one| demand.score(one, &WEIGHTS) <= score));
            }
        }
    }

    #[test]
    fn best_should_not_depend_on_the_order_of_the_field(
        field in prop::collection::vec(candidates(), 0..16),
        seed in seeds(),
    ) {
        let mut reversed = field.clone();
        reversed.reverse();
        let demand = Demand { price: Amount::MAX, ..demand() };
        prop_assert_eq!(
            demand.best(&field, &WEIGHTS, &seed),
            demand.best(&reversed, &WEIGHTS, &seed),
        );
    }

    #[test]
    fn score_should_be_a_share_whatever_the_numbers(
        candidate in candidates(),
        price: Amount,
        (fit, reputation, price_weight, load, region) in any::<(u16, u16, u16, u16, u16)>(),
    ) {
        let weights = Weights { fit, reputation, price: price_weight, load, region };
        let demand = Demand { price, ..demand() };
        prop_assert!(demand.score(&candidate, &weights) <= WHOLE);
    }

    #[test]
    fn draw_should_take_each_party_once_and_only_the_fit(
        field in prop::collection::vec((0u8..4, candidates()), 0..16),
        seed in seeds(),
        count in 0u8..12,
    ) {
        let demand = Demand { price: Amount::MAX, ..demand() };
        let drawn = demand.draw(&field, count, &WEIGHTS, 0, &seed);
        let parties = |of: &dyn Fn(&Candidate) -> bool| {
            let mut parties: Vec<_> =
                field.iter().filter(|(_, one)| of(one)).map(|(party, _)| *party).collect();
            parties.sort_unstable();
            parties.dedup();
            parties
        };
        let fit = parties(&|one| demand.check(one).is_ok());
        prop_assert_eq!(drawn.len(), fit.len().min(count.into()));
        for provider in &drawn {
            let found = field.iter().any(|(_, one)| {
                one.provider == *provider && demand.check(one).is_ok()
            });
            prop_assert!(found);
        }
    }
}
