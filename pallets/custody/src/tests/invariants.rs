//! Random calls, sensible and not, by anyone at any time: whatever happens, every pallet's
//! invariants hold after each of them, every file is let go, and no seed is left over.

use super::mock::*;
use crate::{types::*, Event};
use cairn_protocol::{
    chunk,
    id::{DeltaId, ProviderId},
    profile::{Availability, Role},
};
use cairn_seams::Custody as _;
use frame_support::traits::SafeModeNotify;
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::{cell::RefCell, collections::BTreeMap};

const PROVIDERS: u64 = 7;
const DELTAS: u64 = 4;
/// Calls in a sequence.
const CALLS: usize = 60;

#[derive(Clone, Debug)]
enum Step {
    Ask {
        delta: u64,
        hasty: bool,
    },
    Release {
        delta: u64,
    },
    /// Old heads contain the file, or do not any more.
    OldHeads(bool),
    Attest {
        who: u64,
        delta: u64,
    },
    /// All who may, to a file that is still to be kept.
    AttestAll,
    /// Blocks pass until somebody is asked, who shows what it is asked for, or something else.
    Show {
        patience: u64,
        right: bool,
    },
    ShowNothing {
        who: u64,
        delta: u64,
    },
    Poke {
        delta: u64,
    },
    Availability {
        who: u64,
        to: usize,
    },
    Leave {
        who: u64,
    },
    Withdraw {
        who: u64,
    },
    Rules {
        keepers: u8,
        most: u8,
        chunks: u8,
    },
    Authors(u64),
    Stop,
    Resume,
    Blocks(u64),
    FullBlocks(u64),
}

fn steps() -> impl Strategy<Value = Step> {
    use Step::*;
    let (who, delta) = (0..PROVIDERS, 0..DELTAS);
    prop_oneof![
        4 => (delta.clone(), prop::bool::weighted(0.1))
            .prop_map(|(delta, hasty)| Ask { delta, hasty }),
        2 => delta.clone().prop_map(|delta| Release { delta }),
        2 => any::<bool>().prop_map(OldHeads),
        4 => (who.clone(), delta.clone()).prop_map(|(who, delta)| Attest { who, delta }),
        6 => Just(AttestAll),
        12 => (0..50u64, prop::bool::weighted(0.8))
            .prop_map(|(patience, right)| Show { patience, right }),
        1 => (who.clone(), delta.clone()).prop_map(|(who, delta)| ShowNothing { who, delta }),
        2 => delta.prop_map(|delta| Poke { delta }),
        1 => (who.clone(), 0..3usize).prop_map(|(who, to)| Availability { who, to }),
        1 => who.clone().prop_map(|who| Leave { who }),
        1 => who.prop_map(|who| Withdraw { who }),
        1 => (0..5u8, 0..7u8, 0..20u8)
            .prop_map(|(keepers, most, chunks)| Rules { keepers, most, chunks }),
        1 => (2..5u64).prop_map(Authors),
        1 => Just(Stop),
        3 => Just(Resume),
        12 => (1..30u64).prop_map(Blocks),
        1 => (1..30u64).prop_map(FullBlocks),
    ]
}

thread_local! {
    /// How often each thing happened.
    static TIMES: RefCell<BTreeMap<&'static str, u32>> = const { RefCell::new(BTreeMap::new()) };
}

/// A keeper that has to show something, and of what.
fn somebody_asked() -> Option<(DeltaId, ProviderId)> {
    crate::Keeps::<Test>::iter().find_map(|(delta, keep)| match keep.stage {
        Stage::Asked { keeper, .. } => Some((delta, keeper)),
        _ => None,
    })
}

fn show_soon(patience: u64, right: bool) -> bool {
    let asked = (0..patience).find_map(|_| {
        somebody_asked().or_else(|| {
            run(1);
            None
        })
    });
    let Some((delta, keeper)) = asked else { return patience > 0 };
    let keepings = Custody::keepings_of(keeper);
    let mine = keepings.iter().find(|one| one.delta == delta).expect("it keeps it");
    let (chunks, _) = mine.asked.clone().expect("it is asked");
    let mut bytes = artifact();
    if !right {
        bytes.iter_mut().for_each(|byte| *byte ^= 1);
    }
    let proofs: Vec<_> = chunks.into_iter().map(|nth| chunk::prove(&bytes, nth).unwrap()).collect();
    let shown = Custody::show(by(keeper), delta, proofs.try_into().unwrap()).is_ok();
    assert!(right || !shown, "something else was taken for the file");
    true
}

/// Says whether anything came of it.
fn take(step: Step) -> bool {
    match step {
        Step::Ask { delta, hasty } => {
            let delta = DeltaId(delta);
            let is_new = crate::Keeps::<Test>::get(delta).is_none_or(|keep| keep.old);
            if is_new {
                Hasty::mutate(|all| all.retain(|one| *one != delta));
                Hasty::mutate(|all| all.extend(hasty.then_some(delta)));
                Custody::ask(delta, &MODEL, file());
            }
            is_new
        }
        Step::Release { delta } => {
            let delta = DeltaId(delta);
            let before = crate::Keeps::<Test>::get(delta);
            Custody::release(delta);
            let is_kept = before.is_some_and(|keep| keep.stage != Stage::Gathering);
            let is_needed = is_kept && !Old::get().is_empty();
            assert_eq!(crate::Keeps::<Test>::contains_key(delta), is_needed);
            true
        }
        Step::OldHeads(contain) => {
            Old::set(contain.then(|| file().id).into_iter().collect());
            true
        }
        Step::Attest { who, delta } => Custody::attest(by(ProviderId(who)), DeltaId(delta)).is_ok(),
        Step::AttestAll => {
            let gathers = |keep: &Keep| keep.stage == Stage::Gathering;
            let wanted = crate::Keeps::<Test>::iter().find(|(_, keep)| gathers(keep));
            wanted.is_some_and(|(delta, _)| {
                let attests = |who: &u64| Custody::attest(by(ProviderId(*who)), delta).is_ok();
                (0..PROVIDERS).filter(attests).count() > 0
            })
        }
        Step::Show { patience, right } => show_soon(patience, right),
        Step::ShowNothing { who, delta } => {
            let none = Default::default();
            Custody::show(by(ProviderId(who)), DeltaId(delta), none).is_ok()
        }
        Step::Poke { delta } => Custody::poke(signed(BOB), DeltaId(delta)).is_ok(),
        Step::Rules { keepers, most, chunks } => {
            CustodyRules::set(Rules { keepers, most, chunks, ..RULES });
            true
        }
        other => take_around(other),
    }
}

/// What happens beside the files.
fn take_around(step: Step) -> bool {
    match step {
        Step::Availability { who, to } => {
            let to = [Availability::Available, Availability::Draining, Availability::Paused][to];
            Providers::set_availability(by(ProviderId(who)), ProviderId(who), to).is_ok()
        }
        Step::Leave { who } => {
            Providers::leave(signed(owner(ProviderId(who))), ProviderId(who)).is_ok()
        }
        Step::Withdraw { who } => {
            Providers::withdraw(signed(owner(ProviderId(who))), ProviderId(who)).is_ok()
        }
        Step::Authors(count) => {
            Authors::set(count);
            true
        }
        Step::Stop => {
            Clock::entered();
            true
        }
        Step::Resume => {
            Clock::exited();
            true
        }
        Step::Blocks(blocks) => {
            run(blocks);
            true
        }
        Step::FullBlocks(blocks) => {
            (0..blocks).for_each(|_| full_block());
            true
        }
        _ => false,
    }
}

/// Who was ever penalised was asked, and showed nothing.
fn count_events() {
    let mut asked: BTreeMap<(DeltaId, ProviderId), i64> = BTreeMap::new();
    for record in System::events() {
        let RuntimeEvent::Custody(event) = record.event else { continue };
        let name = match event {
            Event::Wanted { .. } => "wanted",
            Event::Attested { .. } => "attested",
            Event::Kept { .. } => "kept",
            Event::Unkept { .. } => "unkept",
            Event::ChunksAsked { delta, provider, .. } => {
                *asked.entry((delta, provider)).or_default() += 1;
                "asked"
            }
            Event::Shown { delta, provider, .. } => {
                *asked.entry((delta, provider)).or_default() -= 1;
                "shown"
            }
            Event::Withheld { delta, provider } => {
                *asked.entry((delta, provider)).or_default() -= 1;
                "withheld"
            }
            Event::Lost { .. } => "lost",
            Event::Released { .. } => "released",
            Event::Outlived { .. } => "outlived",
            _ => continue,
        };
        TIMES.with_borrow_mut(|all| *all.entry(name).or_default() += 1);
    }
    assert!(asked.values().all(|open| *open >= 0), "somebody answered who was not asked");
}

fn sequence(luck: u64, steps: Vec<Step>) {
    execute(|| {
        Luck::set(luck);
        for nth in 0..PROVIDERS {
            join(&[if nth % 2 == 0 { Role::Storage } else { Role::Guard }]);
        }
        for step in steps {
            // A call that is refused leaves what was checked before: its changes are undone.
            if take(step) {
                check();
            }
        }
        // When everything has come to an end nothing is left of it.
        Clock::exited();
        Authors::set(3);
        run(u64::from(RULES.keep) + 2 * SEED + 100);
        assert_eq!(crate::Keeps::<Test>::iter().count(), 0);
        assert_eq!(crate::Agenda::<Test>::iter().count(), 0);
        assert_eq!(pallet_cairn_entropy::Windows::<Test>::iter().count(), 0);
        count_events();
    });
}

#[test]
fn invariants_should_hold_whatever_is_called() {
    let count = 150;
    let config = Config { cases: count, ..Default::default() };
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, random);
    let steps = (any::<u64>(), prop::collection::vec(steps(), CALLS));
    let result = runner.run(&steps, |(luck, steps)| {
        sequence(luck, steps);
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
    // Sequences in which nothing ever comes of anything would prove nothing.
    let times = TIMES.with_borrow(Clone::clone);
    println!("{times:?}");
    let kinds = [
        "wanted", "attested", "kept", "unkept", "asked", "shown", "withheld", "lost", "released",
        "outlived",
    ];
    for kind in kinds {
        let times = times.get(kind).copied().unwrap_or_default();
        assert!(times >= count / 20, "{kind} came {times} times");
    }
}
