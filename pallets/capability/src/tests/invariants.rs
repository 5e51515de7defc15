//! Random calls, sensible and not, by anyone at any time: whatever happens, every pallet's
//! invariants hold after each of them, nobody's money moves but by its own doing, and nobody is
//! penalised.

use super::mock::*;
use crate::{types::*, *};
use cairn_protocol::{
    id::ProviderId,
    profile::{Availability, DeviceClass},
};
use cairn_seams::Registry;
use frame_support::traits::SafeModeNotify;
use proptest::prelude::*;
use std::cell::Cell;

const CROWD: u64 = 10;
/// Calls in a sequence.
const CALLS: usize = 50;

#[derive(Clone, Debug)]
enum Step {
    Commit {
        challenge: usize,
        provider: u64,
        answer: u8,
        copied: bool,
    },
    Reveal {
        challenge: usize,
        provider: u64,
        answer: u8,
    },
    /// Every member answers, but for one who is odd or silent.
    Deliver {
        challenge: usize,
        odd: Option<usize>,
        silent: Option<usize>,
    },
    Heartbeat(u64),
    /// Everyone says that it is there.
    Roll,
    Availability(u64, usize),
    Declare(u64, usize),
    Rotate(u64),
    Leave(u64),
    Withdraw(u64),
    Work(u64),
    Stop,
    Resume,
    FullBlocks(u64),
    Blocks(u64),
    Floor(u64),
    Interval(u32),
}

fn step() -> impl Strategy<Value = Step> {
    let (challenge, provider) = (0..5usize, 0..CROWD + 1);
    let nth = prop::option::of(0..4usize);
    prop_oneof![
        4 => (challenge.clone(), provider.clone(), 0..3u8, prop::bool::weighted(0.2)).prop_map(
            |(challenge, provider, answer, copied)| {
                Step::Commit { challenge, provider, answer, copied }
            }
        ),
        4 => (challenge.clone(), provider.clone(), 0..3u8).prop_map(
            |(challenge, provider, answer)| Step::Reveal { challenge, provider, answer }
        ),
        8 => (challenge, nth.clone(), nth)
            .prop_map(|(challenge, odd, silent)| Step::Deliver { challenge, odd, silent }),
        2 => provider.clone().prop_map(Step::Heartbeat),
        3 => Just(Step::Roll),
        1 => (provider.clone(), 0..3usize).prop_map(|(who, to)| Step::Availability(who, to)),
        1 => (provider.clone(), 0..5usize).prop_map(|(who, to)| Step::Declare(who, to)),
        1 => provider.clone().prop_map(Step::Rotate),
        1 => provider.clone().prop_map(Step::Leave),
        2 => provider.clone().prop_map(Step::Withdraw),
        1 => provider.prop_map(Step::Work),
        1 => Just(Step::Stop),
        4 => Just(Step::Resume),
        2 => (1..30u64).prop_map(Step::FullBlocks),
        10 => (1..25u64).prop_map(Step::Blocks),
        1 => (1..40_000u64).prop_map(Step::Floor),
        1 => prop::sample::select(vec![0, 1, 1, 1, 1, 50, u32::MAX]).prop_map(Step::Interval),
    ]
}

fn nth_open(nth: usize) -> Option<ChallengeId> {
    let mut open: Vec<_> = Challenges::<Test>::iter_keys().collect();
    open.sort();
    open.get(nth).copied()
}

/// The account that operates a provider now, and whether it did so from the beginning.
fn operates(provider: ProviderId) -> u64 {
    Providers::card(provider).map_or(operator(provider), |card| card.operator)
}

fn try_commit(id: ChallengeId, provider: ProviderId, committed: cairn_protocol::id::Digest) {
    let _ = Capability::commit(RuntimeOrigin::signed(operates(provider)), id, committed);
}

fn try_reveal(id: ChallengeId, provider: ProviderId, answer: u8) {
    let signed = RuntimeOrigin::signed(operates(provider));
    let _ = Capability::reveal(signed, id, [answer; 32], salt(provider));
}

fn deliver(id: ChallengeId, odd: Option<usize>, silent: Option<usize>) {
    let members = members(id);
    let all = || members.iter().enumerate().filter(|(nth, _)| silent != Some(*nth));
    let said = |nth| if odd == Some(nth) { 2 } else { 1 };
    all().for_each(|(nth, one)| {
        run(1);
        try_commit(id, *one, commitment(id, *one, [said(nth); 32]));
    });
    if silent.is_some() {
        run(COMMIT_BLOCKS.into());
    }
    all().for_each(|(nth, one)| try_reveal(id, *one, said(nth)));
}

// What comes of a call is no matter here: refused, it changes nothing.
fn take(step: Step) {
    match step {
        Step::Commit { challenge, provider, answer, copied } => {
            let Some(id) = nth_open(challenge) else { return };
            let whose = ProviderId(if copied { (provider + 1) % CROWD } else { provider });
            try_commit(id, ProviderId(provider), commitment(id, whose, [answer; 32]));
        }
        Step::Reveal { challenge, provider, answer } => {
            let Some(id) = nth_open(challenge) else { return };
            try_reveal(id, ProviderId(provider), answer);
        }
        Step::Deliver { challenge, odd, silent } => {
            let Some(id) = nth_open(challenge) else { return };
            deliver(id, odd, silent);
        }
        Step::Stop => Clock::entered(),
        Step::Resume => Clock::exited(),
        Step::FullBlocks(blocks) => (0..blocks).for_each(|_| full_block()),
        Step::Blocks(blocks) => run(blocks),
        Step::Floor(floor) => Floors::mutate(|floors| floors.gpu = floor),
        Step::Interval(blocks) => Interval::set(blocks),
        other => take_around(other),
    }
}

/// What happens to the challenged otherwise.
fn take_around(step: Step) {
    let signed = RuntimeOrigin::signed;
    match step {
        Step::Heartbeat(who) => {
            let who = ProviderId(who);
            let _ = Providers::heartbeat(signed(operates(who)), who);
        }
        Step::Roll => (0..CROWD).for_each(|who| take_around(Step::Heartbeat(who))),
        Step::Availability(who, to) => {
            let to = [Availability::Available, Availability::Draining, Availability::Paused][to];
            let _ =
                Providers::set_availability(signed(owner(ProviderId(who))), ProviderId(who), to);
        }
        Step::Declare(who, to) => {
            let profile = Box::new(profile(who, DeviceClass::ALL[to]));
            let who = ProviderId(who);
            let _ = Providers::update_profile(signed(owner(who)), who, profile);
        }
        Step::Rotate(who) => {
            let next = 10_000 + System::block_number() * CROWD + who;
            let who = ProviderId(who);
            let _ = Providers::rotate_operator(signed(owner(who)), who, next);
        }
        Step::Leave(who) => {
            let _ = Providers::leave(signed(owner(ProviderId(who))), ProviderId(who));
        }
        Step::Withdraw(who) => {
            let _ = Providers::withdraw(signed(owner(ProviderId(who))), ProviderId(who));
        }
        Step::Work(who) => work(ProviderId(who)),
        _ => {}
    }
}

/// Begins or ends paid work.
fn work(who: ProviderId) {
    let mut busy = Busy::get();
    if busy.contains(&who) {
        busy.retain(|one| *one != who);
        Providers::end_work(who);
        Providers::disengage(who);
    } else if Providers::card(who).is_some() {
        busy.push(who);
        Providers::engage(who);
        Providers::begin_work(who);
    }
    Busy::set(busy);
}

/// Runs one sequence; says how many challenges were judged and how many members measured.
fn sequence(luck: u64, steps: Vec<Step>) -> (usize, usize) {
    let mut counts = (0, 0);
    Busy::set(Vec::new());
    execute(|| {
        Luck::set(luck);
        crowd(CROWD - 4, DeviceClass::Gpu);
        crowd(4, DeviceClass::Cpu);
        run(WINDOW);
        System::reset_events();
        let issued = Balances::total_issuance();
        for step in steps {
            take(step);
            check();
            assert_eq!(Balances::total_issuance(), issued);
        }
        for event in events() {
            if let Event::Judged { outcomes, .. } = event {
                let measured = |outcome: &Outcome| matches!(outcome, Outcome::Agreed { .. });
                counts.0 += 1;
                counts.1 += outcomes.iter().filter(|(_, outcome)| measured(outcome)).count();
            }
        }
        // When everything has come to an end nothing is left of it.
        Clock::exited();
        (0..CROWD).map(ProviderId).filter(|who| Busy::get().contains(who)).for_each(work);
        Interval::set(u32::MAX);
        run(u64::from(COMMIT_BLOCKS + REVEAL_BLOCKS) + 5);
        assert_eq!(Challenges::<Test>::iter_keys().count(), 0);
        assert!(Agenda::<Test>::get().is_empty());
    });
    counts
}

fn sequences(count: u32) {
    let config = proptest::test_runner::Config { cases: count, ..Default::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let (judged, measured) = (Cell::new(0), Cell::new(0));
    let steps = (any::<u64>(), prop::collection::vec(step(), CALLS));
    let result = runner.run(&steps, |(luck, steps)| {
        let (over, agreed) = sequence(luck, steps);
        judged.set(judged.get() + over);
        measured.set(measured.get() + agreed);
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
    // A sequence in which nothing ever succeeds would prove nothing.
    assert!(judged.get() > 3 * count as usize, "{} challenges were judged", judged.get());
    assert!(measured.get() > count as usize, "{} members were measured", measured.get());
}

#[test]
fn invariants_should_hold_whatever_is_called() {
    sequences(100);
}

/// A hundred thousand sequences, a fifth a test.
mod for_long {
    use super::*;

    #[test]
    #[ignore = "a quarter of an hour: 20,000 sequences, for scripts/test --long"]
    fn invariants_should_hold_in_the_first_fifth() {
        sequences(20_000);
    }

    #[test]
    #[ignore = "a quarter of an hour: 20,000 sequences, for scripts/test --long"]
    fn invariants_should_hold_in_the_second_fifth() {
        sequences(20_000);
    }

    #[test]
    #[ignore = "a quarter of an hour: 20,000 sequences, for scripts/test --long"]
    fn invariants_should_hold_in_the_third_fifth() {
        sequences(20_000);
    }

    #[test]
    #[ignore = "a quarter of an hour: 20,000 sequences, for scripts/test --long"]
    fn invariants_should_hold_in_the_fourth_fifth() {
        sequences(20_000);
    }

    #[test]
    #[ignore = "a quarter of an hour: 20,000 sequences, for scripts/test --long"]
    fn invariants_should_hold_in_the_last_fifth() {
        sequences(20_000);
    }
}
