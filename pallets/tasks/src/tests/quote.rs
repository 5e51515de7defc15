use super::mock::*;
use crate::{types::queue_key, Agenda, Queue, WeightInfo};
use cairn_protocol::{
    fault::Fault,
    id::{Amount, Height, ProviderId, Region, Seed, TaskId},
    job::{Requirements, Seal, Terms},
    lifecycle::Stage,
    profile::{Availability, DeviceClass, Profile, Role},
    settlement::Escrow,
    share::WHOLE,
    view::{Lack, Obstacle, Quote},
};
use cairn_seams::{Beacon, Registry};
use codec::Encode;
use frame_support::{
    assert_ok,
    traits::{Get, OnFinalize, OnInitialize},
    weights::WeightMeter,
};
use frame_system::limits::BlockWeights;

const SEED: Seed = [0; 32];

fn quote(terms: &Terms) -> Quote {
    quote_for(ALICE, terms)
}

/// Nothing may come of asking.
fn quote_for(requester: AccountId, terms: &Terms) -> Quote {
    let state = || sp_io::storage::root(sp_runtime::StateVersion::V1);
    let before = state();
    let quote = Tasks::quote(&requester, terms, &SEED).expect("it can be had");
    assert_eq!(state(), before);
    quote
}

fn words(bytes: &[u8]) -> &str {
    core::str::from_utf8(bytes).expect("these are words")
}

/// What is asked of whoever does it.
fn asking(change: impl FnOnce(&mut Requirements)) -> Terms {
    let mut terms = terms(1);
    change(&mut terms.requirements);
    terms
}

fn amend(provider: u64, change: impl FnOnce(&mut Profile)) {
    let mut profile = profile(provider);
    change(&mut profile);
    let origin = RuntimeOrigin::signed(owner(ProviderId(provider)));
    assert_ok!(Providers::update_profile(origin, ProviderId(provider), Box::new(profile)));
}

fn set_price(provider: u64, price: Amount) {
    amend(provider, |profile| profile.offers.0.iter_mut().for_each(|offer| offer.price = price));
}

fn pause(provider: u64) {
    let origin = RuntimeOrigin::signed(operator(ProviderId(provider)));
    assert_ok!(Providers::set_availability(origin, ProviderId(provider), Availability::Paused));
}

/// Has a provider work on that many jobs.
fn load(provider: u64, jobs: u32) {
    for _ in 0..jobs {
        Providers::engage(ProviderId(provider));
        Providers::begin_work(ProviderId(provider));
    }
}

/// Another registration of an owner, with an operator of its own.
fn register_another(owner: AccountId, operator: AccountId, provider: u64) {
    let roles = [Role::Compute].into_iter().collect();
    let profile = Box::new(profile(1_000 + provider));
    assert_ok!(Providers::register(RuntimeOrigin::signed(owner), operator, profile, roles, 20_000));
    assert_ok!(Providers::heartbeat(RuntimeOrigin::signed(operator), ProviderId(provider)));
}

fn link(one: AccountId, other: AccountId) {
    assert_ok!(Providers::link_account(RuntimeOrigin::signed(one), other, true));
    assert_ok!(Providers::link_account(RuntimeOrigin::signed(other), one, true));
}

/// That all are unfit for one reason, which is told.
fn assert_unfit(quote: &Quote, all: u32, obstacle: Obstacle) {
    assert_eq!((quote.supply.looked_at, quote.supply.fit), (all, 0), "{obstacle:?}");
    assert_eq!(quote.supply.obstacles, [(obstacle, all)]);
    assert_eq!((quote.supply.parties, quote.supply.eligible()), (0, 0));
    assert_eq!((quote.wait, quote.prices), (None, None));
    assert_eq!(quote.lack, Some(Lack::Unfit));
    assert!(words(&quote.why).starts_with(Lack::Unfit.in_words()));
    assert!(words(&quote.why).contains(obstacle.in_words()), "{}", words(&quote.why));
}

#[test]
fn quote_should_say_what_is_put_aside() {
    market(1, || {
        let terms = terms(1);
        let quoted = quote(&terms);
        let before = free(ALICE);
        submit(terms.clone());
        let escrow = quoted.escrow.total().expect("it is an amount");
        assert_eq!(escrow, 9_000 + 900 + 109);
        assert_eq!(quoted.deposit, 30 + 484 + terms.encoded_size() as Amount + 137 + 366);
        assert_eq!(before - free(ALICE), escrow + quoted.deposit);
    });
}

#[test]
fn quote_should_name_the_price_of_the_model() {
    market(1, || {
        let says = "The model has a price for each use";
        let open = quote(&proven(1));
        assert_eq!((open.escrow.price, words(&open.judged).contains(says)), (0, false));
        let priced = quote(&priced(1));
        assert_eq!(priced.escrow, Escrow { price: PRICE, ..open.escrow });
        let judged = format!("{} {says}, beside the reward", words(&open.judged));
        assert!(words(&priced.judged).starts_with(&judged), "{}", words(&priced.judged));
    });
}

#[test]
fn quote_should_fail_when_the_task_would_be_refused() {
    market(1, || {
        let quoted = Tasks::quote(&ALICE, &terms(2), &SEED);
        assert!(matches!(quoted, Err(crate::Error::EvenRedundancy)));
        let mut licensed = proven(1);
        licensed.job.model = Some(LICENSED);
        let quoted = Tasks::quote(&ALICE, &licensed, &SEED);
        assert!(matches!(quoted, Err(crate::Error::ModelNotLicensed)));
    });
}

#[test]
fn quote_should_give_the_least_and_the_median_price_of_the_fit() {
    market(6, || {
        // A unit is paid 900: the last asks too much and has no say.
        for (provider, price) in [30, 10, 900, 20, 40, 901].into_iter().enumerate() {
            set_price(provider as u64, price);
        }
        let quoted = quote(&terms(1));
        assert_eq!(quoted.prices, Some((10, 30)));
        assert_eq!((quoted.supply.looked_at, quoted.supply.fit), (6, 5));
        assert_eq!(quoted.supply.obstacles, [(Obstacle::Price, 1)]);
        assert_eq!((quoted.lack, words(&quoted.why)), (None, ""));
        // Each of three is paid a third.
        let shared = quote(&terms(3));
        assert_eq!(shared.supply.obstacles, [(Obstacle::Price, 2)]);
        assert_eq!(shared.prices, Some((10, 30)));
    });
}

#[test]
fn quote_should_name_what_each_lacks_who_is_not_fit() {
    market(3, || {
        type Asking = fn(&mut Requirements);
        let asked: [(Obstacle, Asking); 6] = [
            (Obstacle::Memory, |wanted| wanted.memory_mib = 16_385),
            (Obstacle::Compute, |wanted| wanted.compute = 87),
            (Obstacle::Throughput, |wanted| wanted.throughput = 1),
            (Obstacle::Region, |wanted| wanted.within = Some(Region(0x0102))),
            (Obstacle::Reputation, |wanted| wanted.reputation = WHOLE),
            (Obstacle::Enclave, |wanted| wanted.enclave = true),
        ];
        for (obstacle, change) in asked {
            assert_unfit(&quote(&asking(change)), 3, obstacle);
        }

        (0..3).for_each(|provider| amend(provider, |profile| profile.payload_key = None));
        let seal = Some(Seal { commitment: [0; 32], key_blocks: 10 });
        assert_unfit(&quote(&Terms { seal, ..terms(1) }), 3, Obstacle::PayloadKey);

        (0..3).for_each(|provider| set_price(provider, 901));
        assert_unfit(&quote(&terms(1)), 3, Obstacle::Price);
        (0..3).for_each(|provider| set_price(provider, 900));
        assert_eq!(quote(&terms(1)).supply.fit, 3);
    });
}

#[test]
fn quote_should_say_that_no_bond_covers_what_is_offered() {
    market(3, || {
        let mut rules = RULES;
        // Of the 20,000 that each has bonded 1,200.
        rules.draws.cover = 60_000;
        TaskRules::set(rules);
        let offer = |redundancy, reward, tip| Terms { reward, tip, ..terms(redundancy) };
        assert_unfit(&quote(&offer(1, 1_200, 1)), 3, Obstacle::Bond);
        assert_eq!(quote(&offer(1, 1_100, 100)).supply.fit, 3);
        // Each of three is offered a third, and of the tip as much.
        assert_unfit(&quote(&offer(3, 3_000, 603)), 3, Obstacle::Bond);
        assert_eq!(quote(&offer(3, 3_000, 602)).lack, None);
        // What a penalty is to take covers nothing.
        Providers::penalise(ProviderId(0), Fault::Silent, 0);
        let quoted = quote(&offer(1, 1_200, 0));
        assert_eq!((quoted.supply.fit, quoted.supply.obstacles), (2, vec![(Obstacle::Bond, 1)]));
        // As the draw has it.
        let (dear, covered) = (submit(offer(1, 1_200, 1)), submit(offer(1, 1_200, 0)));
        run(18);
        assert_eq!((task(dear).stage, task(covered).stage), (Stage::Queued, Stage::Assigned));
        assert_ne!(workers(covered), [ProviderId(0)]);
    });
}

#[test]
fn quote_should_count_who_is_full_until_a_job_ends() {
    market(2, || {
        load(0, 4);
        let half = quote(&terms(1));
        assert_eq!((half.supply.fit, half.supply.obstacles), (1, vec![(Obstacle::Full, 1)]));
        assert_eq!(half.lack, None);
        load(1, 4);
        assert_unfit(&quote(&terms(1)), 2, Obstacle::Full);
        Providers::end_work(ProviderId(1));
        assert_eq!(quote(&terms(1)).supply.fit, 1);
    });
}

#[test]
fn quote_should_leave_out_the_requesters_own_and_those_linked_to_it() {
    market(3, || {
        let requester = owner(ProviderId(0));
        let quoted = quote_for(requester, &terms(1));
        assert_eq!(quoted.supply.fit, 2);
        assert_eq!(quoted.supply.obstacles, [(Obstacle::Own, 1)]);
        link(requester, owner(ProviderId(1)));
        assert_eq!(quote_for(requester, &terms(1)).supply.obstacles, [(Obstacle::Own, 2)]);
        link(requester, owner(ProviderId(2)));
        assert_unfit(&quote_for(requester, &terms(1)), 3, Obstacle::Own);
        assert_eq!(quote(&terms(1)).supply.fit, 3);
    });
}

#[test]
fn quote_should_apply_the_floor_when_several_are_drawn() {
    market(3, || {
        let mut rules = RULES;
        rules.draws.floor = WHOLE;
        TaskRules::set(rules);
        assert_unfit(&quote(&terms(3)), 3, Obstacle::Score);
        // One is not drawn by bond: the best takes it, however good.
        assert_eq!(quote(&terms(1)).supply.fit, 3);
        let alone = submit(terms(1));
        let several = submit(terms(3));
        run(18);
        assert_eq!((task(alone).stage, task(several).stage), (Stage::Assigned, Stage::Queued));
        // A price of all that is paid scores less.
        rules.draws.floor = 700_000;
        TaskRules::set(rules);
        assert_eq!(quote(&terms(3)).lack, None);
        set_price(0, 300);
        let quoted = quote(&terms(3));
        assert_eq!(quoted.supply.obstacles, [(Obstacle::Score, 1)]);
        assert_eq!((quoted.supply.fit, quoted.lack), (2, Some(Lack::Parties)));
    });
}

#[test]
fn quote_should_count_parties_when_several_are_asked() {
    market(3, || {
        register_another(owner(ProviderId(0)), BOB, 3);
        link(owner(ProviderId(1)), owner(ProviderId(2)));
        let quoted = quote(&terms(3));
        assert_eq!((quoted.supply.fit, quoted.supply.parties), (4, 2));
        assert_eq!((quoted.lack, quoted.wait), (Some(Lack::Parties), None));
        assert_eq!(words(&quoted.why), Lack::Parties.in_words());
        let alone = quote(&terms(1));
        assert_eq!((alone.supply.fit, alone.supply.parties), (4, 2));
        assert_eq!((alone.lack, alone.wait), (None, Some(18)));
        // As the draw has it.
        let (alone, several) = (submit(terms(1)), submit(terms(3)));
        run(18);
        assert_eq!((task(alone).stage, task(several).stage), (Stage::Assigned, Stage::Queued));
    });
}

#[test]
fn quote_should_find_the_strong_among_many_weak() {
    market(PROVIDERS, || {
        for provider in 1..PROVIDERS {
            Providers::note_throughput(ProviderId(provider), 0);
        }
        let strong = asking(|wanted| wanted.class = DeviceClass::Gpu);
        let quoted = quote(&strong);
        assert_eq!((quoted.supply.pool, quoted.supply.weaker), (1, 23));
        assert_eq!((quoted.supply.looked_at, quoted.supply.fit), (1, 1));
        assert_eq!((quoted.supply.eligible(), quoted.lack), (1, None));
        let any = quote(&terms(1));
        assert_eq!((any.supply.pool, any.supply.weaker, any.supply.fit), (24, 0, 24));
    });
}

#[test]
fn quote_should_say_that_all_are_weaker_when_they_are() {
    market(3, || {
        let quoted = quote(&asking(|wanted| wanted.class = DeviceClass::LargeGpu));
        assert_eq!((quoted.supply.pool, quoted.supply.weaker), (0, 3));
        assert_eq!((quoted.supply.looked_at, quoted.supply.fit), (0, 0));
        assert_eq!(quoted.supply.obstacles, []);
        assert_eq!((quoted.lack, quoted.wait), (Some(Lack::Class), None));
        assert_eq!(words(&quoted.why), Lack::Class.in_words());
    });
}

#[test]
fn quote_should_say_that_nobody_is_there_when_all_have_paused() {
    market(2, || {
        let mut of_no_provider = terms(1);
        of_no_provider.job.kind = cairn_protocol::job::JobKind::Wasm;
        let quoted = quote(&of_no_provider);
        assert_eq!((quoted.lack, quoted.wait), (Some(Lack::Nobody), None));

        pause(0);
        assert_eq!(quote(&terms(1)).supply.pool, 1);
        pause(1);
        let quoted = quote(&terms(1));
        assert_eq!((quoted.supply.pool, quoted.supply.weaker), (0, 0));
        assert_eq!((quoted.lack, quoted.wait), (Some(Lack::Nobody), None));
        assert_eq!(words(&quoted.why), Lack::Nobody.in_words());
    });
}

#[test]
fn quote_should_count_the_silent_and_not_expect_them() {
    market(4, || {
        System::set_block_number(10_010);
        // As if it had been served all along: nothing was due.
        crate::Served::<Test>::put(10_010);
        for provider in 0..2 {
            let origin = RuntimeOrigin::signed(operator(ProviderId(provider)));
            assert_ok!(Providers::heartbeat(origin, ProviderId(provider)));
        }
        let quoted = quote(&terms(1));
        assert_eq!((quoted.supply.pool, quoted.supply.looked_at), (4, 4));
        assert_eq!((quoted.supply.fit, quoted.supply.eligible()), (2, 2));
        assert_eq!(quoted.supply.obstacles, [(Obstacle::Absent, 2)]);
        assert_eq!((quoted.lack, quoted.wait), (None, Some(18)));

        (0..2).for_each(pause);
        let quoted = quote(&terms(1));
        assert_eq!((quoted.supply.pool, quoted.supply.looked_at), (2, 2));
        assert_eq!(quoted.supply.obstacles, [(Obstacle::Absent, 2)]);
        assert_eq!((quoted.lack, quoted.wait), (Some(Lack::Absent), None));
        assert_eq!(words(&quoted.why), Lack::Absent.in_words());
    });
}

#[test]
fn quote_should_estimate_a_pool_that_it_does_not_look_at_all_of() {
    market(100, || {
        // Every other one is full.
        (0..100).step_by(2).for_each(|provider| load(provider, 4));
        let quoted = quote(&terms(1));
        let supply = &quoted.supply;
        assert_eq!((supply.pool, supply.looked_at), (100, 64));
        let full = supply.obstacles.iter().map(|(_, count)| *count).sum::<u32>();
        assert_eq!(supply.fit + full, 64);
        assert_eq!(supply.eligible(), u64::from(supply.fit) * 100 / 64);
        // Fifty are; four standard deviations of the estimate.
        assert!((35..=65).contains(&supply.eligible()), "{supply:?}");
    });
}

/// Blocks from now until a task that is submitted in the next block has its workers.
fn blocks_to_workers(terms: Terms) -> Height {
    let asked_at = now();
    run(1);
    blocks_until_seated(asked_at, submit(terms))
}

fn blocks_until_seated(since: Height, id: TaskId) -> Height {
    while task(id).stage == Stage::Queued {
        run(1);
    }
    // They were drawn at the end of the block before this one.
    now() - 1 - since
}

#[test]
fn wait_should_be_until_the_seed_when_nobody_is_ahead() {
    market(3, || {
        for redundancy in [1, 3] {
            let quoted = quote(&terms(redundancy));
            assert_eq!(quoted.wait, Some(Entropy::delay() + 1));
            assert_eq!(quoted.wait, Some(blocks_to_workers(terms(redundancy))));
        }
    });
}

#[test]
fn wait_should_count_those_who_come_due_before() {
    market(PROVIDERS, || {
        PerBlock::set(2);
        for _ in 0..9 {
            submit(terms(1));
        }
        // They wait for the seed of block 18, and the next for that of block 19.
        let quoted = quote(&terms(1));
        assert_eq!(quoted.ahead, 9);
        // Block 18 takes two of them, and so on; the fifth finds out that there are no more.
        assert_eq!(quoted.wait, Some(18 + 4));
        assert_eq!(quoted.wait, Some(blocks_to_workers(terms(1))));
    });
}

/// Puts so many tasks into the queue, for whose draws the blocks have no room.
fn queue(count: u32) {
    for _ in 0..count {
        submit(terms(1));
    }
    while now() < 18 {
        next_block();
    }
    type Costs = <Test as crate::Config>::WeightInfo;
    // Each of the heights from 0 to 18 takes a look of its own, to find out that it is done.
    let looks = Costs::find_due().saturating_mul((count + 19).into());
    let entries = Costs::enter_queue().saturating_mul(count.into());
    let limit = Costs::serve().saturating_add(looks).saturating_add(entries);
    Tasks::serve(&mut WeightMeter::with_limit(limit));
}

/// Goes on to the next block; this one is full.
fn next_block() {
    let now = System::block_number();
    AllPalletsWithSystem::on_finalize(now);
    System::set_block_number(now + 1);
    AllPalletsWithSystem::on_initialize(now + 1);
}

#[test]
fn wait_should_count_those_who_stand_before_it_in_the_queue() {
    market(PROVIDERS, || {
        queue(42);
        let queued = Queue::<Test>::iter_keys().count() as u32;
        assert_eq!(queued, 42);
        PerBlock::set(2);
        // Two a block are served until its own seed is there, and then those that are left.
        let quoted = quote(&terms(1));
        assert_eq!(quoted.ahead, queued);
        let left = queued - 2 * Entropy::delay();
        assert_eq!(quoted.wait, Some(18 + left / 2));

        // A tip goes before tasks that are older by fewer blocks than it is worth.
        let first = Terms { tip: 900 + 10 * 18 + 1, ..terms(1) };
        assert_eq!((quote(&first).ahead, quote(&first).wait), (0, Some(18)));
        let last = Terms { tip: 0, ..terms(1) };
        assert_eq!(quote(&last).wait, quoted.wait);

        let since = now();
        next_block();
        let id = submit(terms(1));
        assert_eq!(quoted.wait, Some(blocks_until_seated(since, id)));
    });
}

#[test]
fn quote_should_count_only_so_many_who_are_ahead() {
    market(1, || {
        let many = || (0..5_000u64).map(|n| (queue_key(0, 10_000, 10, n), TaskId(n)));
        for (key, id) in many() {
            Queue::<Test>::insert(key, ());
            Agenda::<Test>::insert(9, id, ());
        }
        assert_eq!(quote(&terms(1)).ahead, 4_096 + 4_096);
        for (key, id) in many() {
            Queue::<Test>::remove(key);
            Agenda::<Test>::remove(9, id);
        }
        assert_eq!(quote(&terms(1)).ahead, 0);
    });
}

#[test]
fn wait_should_count_the_draws_it_takes_when_few_are_fit() {
    market(4, || {
        (1..4).for_each(|provider| set_price(provider, 901));
        // A draw that looks at all of them finds the one.
        assert_eq!(quote(&terms(1)).wait, Some(18));
        let mut rules = RULES;
        rules.draws.sample = 1;
        TaskRules::set(rules);
        // One that looks at one of them finds it one time in four, and rests an eighth of how long it
        // has looked: 2, 4 and 7 blocks.
        assert_eq!(quote(&terms(1)).wait, Some(1 + 4 * Entropy::delay() + 13));
        // No draw of two finds three parties.
        rules.draws.sample = 2;
        TaskRules::set(rules);
        (1..4).for_each(|provider| set_price(provider, 1));
        let several = quote(&terms(3));
        assert_eq!((several.supply.parties, several.wait), (4, None));
    });
}

#[test]
fn quote_should_say_that_time_is_too_short_when_it_is() {
    market(1, || {
        let until = |blocks| Terms { match_by: now() + blocks, ..terms(1) };
        let late = quote(&until(17));
        assert_eq!((late.wait, late.lack), (Some(18), Some(Lack::Time)));
        assert_eq!(words(&late.why), Lack::Time.in_words());
        let fine = quote(&until(18));
        assert_eq!((fine.wait, fine.lack), (Some(18), None));

        let (late, fine) = (until(17), until(18));
        run(1);
        let (late, fine) = (submit(late), submit(fine));
        run(25);
        assert_eq!((task(late).stage, task(fine).stage), (Stage::Refunded, Stage::Assigned));
    });
}

#[test]
fn blocks_should_serve_as_many_as_a_quote_counts_on() {
    market(PROVIDERS, || {
        PerBlock::set(1_000);
        let served = Tasks::served_per_block() as u32;
        assert!((50..1_000).contains(&served), "{served}: the weight of a block decides");
        let cheap = Terms { reward: 300, tip: 0, ..terms(3) };
        // None can be given to anyone, so that each stays what it is.
        let strong = Requirements::any(DeviceClass::LargeGpu);
        let count = served + served / 2;
        for _ in 0..count {
            submit(Terms { requirements: strong, ..cheap.clone() });
        }
        while now() < 18 {
            next_block();
        }
        let weights: BlockWeights = <Test as frame_system::Config>::BlockWeights::get();
        Tasks::serve(&mut WeightMeter::with_limit(weights.max_block));
        // All were taken into the queue, which costs the draws of a few.
        let left = Queue::<Test>::iter_keys().count() as u32;
        let drawn = count - left;
        assert!(drawn <= served + 1 && drawn >= served * 9 / 10, "{drawn} of {served}");
        PerBlock::set(7);
        assert_eq!(Tasks::served_per_block(), 7);
        PerBlock::set(0);
        assert_eq!(Tasks::served_per_block(), 1);
    });
}

#[test]
fn quote_should_warn_when_nobody_checks_the_result() {
    market(1, || {
        let quoted = |terms| quote(&terms);
        let unseen = Terms { auditable: false, ..terms(1) };
        assert!(words(&quoted(unseen).warning).starts_with("Nobody checks this result"));
        let seen = Terms { auditable: true, ..terms(1) };
        assert!(
            words(&quoted(seen).warning).starts_with("Most such results are looked at by nobody")
        );
        assert!(quoted(Terms { auditable: false, ..terms(3) }).warning.is_empty());
        // What it may cost at most is put aside.
        let exact = quoted(proven(3));
        assert_eq!(exact.escrow.reserve, 18_000);
        assert!(words(&exact.judged).contains("costs up to its reserve"));
        assert_eq!(quoted(terms(3)).escrow.reserve, 0);
    });
}
