//! Random calls, sensible and not, by anyone at any time: whatever happens, the invariants hold
//! after each of them, each reward ends once, and nothing is left of any trial.

use super::mock::*;
use crate::{
    types::*, Agenda, Barred, Courses, Event, Files, Held, Latest, Line, Period, Rounds, Snapshots,
    Trials, Turns,
};
use cairn_protocol::{
    id::{BlockId, DeltaId},
    learning::{
        evaluation::{DeltaFlaw, Opinion},
        panel::Outcome,
    },
};
use cairn_seams::{Clock, OnPeriod};
use proptest::prelude::*;
use std::{cell::RefCell, collections::BTreeMap};

#[derive(Clone, Debug)]
enum Act {
    Register(AccountId),
    Leave(AccountId),
    Commit {
        who: AccountId,
        model: BlockId,
        ahead: u32,
    },
    /// Four curators seal a set each.
    CommitAll {
        model: BlockId,
        ahead: u32,
    },
    Reveal {
        who: AccountId,
        model: BlockId,
        back: u32,
    },
    /// All do who have sealed a set, but for one who may be silent.
    RevealAll {
        silent: Option<AccountId>,
        back: u32,
    },
    Lay(BlockId, u64),
    /// More than a trial measures.
    LayMany(BlockId),
    TakeOff(usize),
    EndPeriod,
    /// One of the panels that are at work comes to an end.
    Judge(usize, Verdict),
    /// All of them do, each with another loss, and those of the next heads.
    JudgeAll(u64),
    Poke {
        model: BlockId,
        back: u32,
    },
    Link(AccountId, AccountId),
    Unlink,
    Bond(u128),
    PanelsGone(bool),
    Stop,
    GoOn,
    Blocks(u32),
    FullBlocks(u32),
}

#[derive(Clone, Copy, Debug)]
enum Verdict {
    Loss(u64),
    Unavailable,
    NoModel,
    Flawed,
    Divided,
    NobodyFit,
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        5 => (LOSS / 2..LOSS * 11 / 10).prop_map(Verdict::Loss),
        1 => Just(Verdict::Unavailable),
        1 => Just(Verdict::NoModel),
        1 => Just(Verdict::Flawed),
        1 => Just(Verdict::Divided),
        1 => Just(Verdict::NobodyFit),
    ]
}

fn acts() -> impl Strategy<Value = Act> {
    use Act::*;
    let who = || prop::sample::select(ACCOUNTS.to_vec());
    let model = || prop::sample::select(vec![MODEL, MODEL, MODEL, OTHER, GENERATED]);
    let gain = prop_oneof![Just(0), 1..100_000u64];
    prop_oneof![
        1 => who().prop_map(Register),
        1 => who().prop_map(Leave),
        2 => (who(), model(), 0..4u32)
            .prop_map(|(who, model, ahead)| Commit { who, model, ahead }),
        6 => (model(), 1..3u32).prop_map(|(model, ahead)| CommitAll { model, ahead }),
        2 => (who(), model(), 0..3u32)
            .prop_map(|(who, model, back)| Reveal { who, model, back }),
        8 => (prop::option::weighted(0.3, who()), 1..3u32)
            .prop_map(|(silent, back)| RevealAll { silent, back }),
        6 => (model(), gain).prop_map(|(model, gain)| Lay(model, gain)),
        2 => model().prop_map(LayMany),
        2 => any::<usize>().prop_map(TakeOff),
        6 => Just(EndPeriod),
        2 => (any::<usize>(), verdict()).prop_map(|(nth, verdict)| Judge(nth, verdict)),
        6 => (LOSS * 9 / 10..LOSS * 11 / 10).prop_map(JudgeAll),
        2 => (model(), 0..3u32).prop_map(|(model, back)| Poke { model, back }),
        1 => (who(), who()).prop_map(|(a, b)| Link(a, b)),
        2 => Just(Unlink),
        1 => prop::sample::select(vec![0, BOND, BOND, BOND + 1, FUNDS]).prop_map(Bond),
        1 => prop::bool::weighted(0.2).prop_map(PanelsGone),
        1 => Just(Stop),
        3 => Just(GoOn),
        6 => (1..14u32).prop_map(Blocks),
        1 => (1..30u32).prop_map(FullBlocks),
    ]
}

/// What is counted over a sequence.
#[derive(Default)]
struct Ledger {
    laid: u64,
    /// Deltas that are part of the model, and wait.
    models: BTreeMap<DeltaId, BlockId>,
    forgotten: usize,
    waits: BTreeMap<DeltaId, u32>,
    put_off: BTreeMap<DeltaId, u8>,
    /// How often panels were asked about each head in each period.
    asked: BTreeMap<(u32, SnapshotId), u32>,
    slashed: u128,
}

thread_local! {
    /// How often things happened in all sequences, so that none happens never.
    static SEEN: RefCell<BTreeMap<&'static str, u32>> = const { RefCell::new(BTreeMap::new()) };
}

fn see(what: &'static str) {
    SEEN.with_borrow_mut(|seen| *seen.entry(what).or_default() += 1);
}

fn accept(what: &'static str, accepted: bool) {
    if accepted {
        see(what);
    }
}

impl Ledger {
    /// Reads what was reported, once.
    fn read(&mut self) {
        for event in events() {
            match event {
                Event::RewardWaits { delta, .. } => {
                    see("waits");
                    let times = self.waits.entry(delta).or_default();
                    *times += 1;
                    assert!(*times < 2, "{delta:?} waits again");
                }
                Event::RewardReleased { amount, .. } => {
                    see(if amount == 0 { "released with nothing" } else { "released" });
                }
                Event::RewardLapsed { delta, .. } => {
                    see("lapsed");
                    let has_waited = self.waits.contains_key(&delta);
                    let was_put_off = self.put_off.get(&delta) == Some(&MOST_PUT_OFF);
                    assert!(has_waited || was_put_off, "{delta:?} lapsed before its time");
                }
                Event::Slashed { amount, .. } => {
                    see("slashed");
                    self.slashed += amount;
                }
                Event::SetMissed { lack: Lack::Late, .. } => see("late"),
                Event::HeadAsked { period, head, .. } => {
                    let times = self.asked.entry((period, head)).or_default();
                    *times += 1;
                    assert!(*times <= 2, "panels are asked about {head} a third time");
                }
                Event::RewardPutOff { delta, .. } => {
                    see("put off");
                    let times = self.put_off.entry(delta).or_default();
                    *times += 1;
                    assert!(*times <= MOST_PUT_OFF, "{delta:?} is put off for ever");
                }
                _ => {}
            }
        }
        frame_system::Pallet::<Test>::reset_events();
    }

    /// A block passes, and what is said in it is heard.
    fn pass(&mut self, blocks: u32) {
        for _ in 0..blocks {
            run(1);
            self.read();
        }
    }

    fn lay(&mut self, model: BlockId, gain: u64) {
        self.laid += 1;
        let delta = lay(model, self.laid, gain);
        self.models.insert(delta, model);
    }

    fn take_off(&mut self, nth: usize) {
        let waiting: Vec<_> = Reserved::get().into_keys().collect();
        let Some(delta) = waiting.get(nth % waiting.len().max(1)) else { return };
        take_off(self.models[delta], *delta);
        self.forgotten += 1;
        see("forgotten");
    }

    fn take(&mut self, act: Act) {
        let now = Period::<Test>::get();
        match act {
            Act::Register(who) => accept("registered", Curation::register(signed(who)).is_ok()),
            Act::Leave(who) => accept("left", Curation::leave(signed(who)).is_ok()),
            Act::Commit { who, model, ahead } => {
                accept("sealed", try_commit(who, model, now + ahead).is_ok());
            }
            Act::CommitAll { model, ahead } => {
                for who in CURATORS {
                    accept("sealed", try_commit(who, model, now + ahead).is_ok());
                }
            }
            Act::Reveal { who, model, back } => {
                accept("opened", try_reveal(who, model, now.saturating_sub(back)).is_ok());
            }
            Act::RevealAll { silent, back } => {
                let period = now.saturating_sub(back);
                for who in CURATORS.into_iter().filter(|who| Some(*who) != silent) {
                    for model in [MODEL, OTHER] {
                        accept("opened", try_reveal(who, model, period).is_ok());
                    }
                }
            }
            Act::Lay(model, gain) => self.lay(model, gain),
            Act::LayMany(model) => (1..4).for_each(|nth| self.lay(model, nth * 1_000)),
            Act::TakeOff(nth) => self.take_off(nth),
            Act::EndPeriod => {
                if !<MarketClock as Clock>::is_stopped() {
                    Curation::ended(now);
                }
            }
            Act::Judge(nth, verdict) => judge(nth, verdict),
            Act::JudgeAll(loss) => {
                for _ in 0..3 {
                    let asked = Asked::get().len();
                    (0..asked).for_each(|nth| judge(0, Verdict::Loss(loss + nth as u64)));
                    self.pass(1);
                }
            }
            Act::Poke { model, back } => {
                let period = now.saturating_sub(back);
                accept("poked", Curation::poke(signed(EVE), model, period).is_ok());
            }
            Act::Link(a, b) => Links::mutate(|links| links.push((a, b))),
            Act::Unlink => Links::set(vec![]),
            Act::Bond(bond) => CurrentRules::mutate(|rules| rules.curators.bond = bond),
            Act::PanelsGone(gone) => NoPanels::set(gone),
            Act::Stop => stop(),
            Act::GoOn => go_on(),
            Act::Blocks(blocks) => self.pass(blocks),
            Act::FullBlocks(blocks) => (0..blocks).for_each(|_| full_block()),
        }
        self.read();
        check();
    }

    /// All that was begun comes to an end by itself.
    fn wind_up(&mut self) {
        go_on();
        for _ in 0..5 {
            Curation::ended(Period::<Test>::get());
            self.pass(50);
        }
        assert_eq!(Trials::<Test>::iter().count(), 0);
        assert_eq!(Held::<Test>::iter().count(), 0);
        assert_eq!(Line::<Test>::iter().count(), 0);
        assert_eq!(Courses::<Test>::iter().count(), 0);
        assert_eq!(Rounds::<Test>::iter().count(), 0);
        assert_eq!(Snapshots::<Test>::iter().count(), 0);
        assert_eq!(Files::<Test>::iter().count(), 0);
        assert_eq!(Latest::<Test>::iter().count(), 0);
        assert_eq!(Barred::<Test>::iter().count(), 0);
        assert_eq!(Agenda::<Test>::iter().count(), 0);
        assert_eq!(Turns::<Test>::iter().count(), 0);
        let released = Released::get();
        assert_eq!(released.len() + self.forgotten, self.laid as usize, "each ends once");
        assert!(released.values().all(|paid| *paid <= REWARD));
        for who in ACCOUNTS {
            accept("left", Curation::leave(signed(who)).is_ok());
            assert_eq!(held(who), 0, "{who} has its bond back");
        }
        assert_eq!(Balances::total_issuance(), 5 * FUNDS - self.slashed);
    }
}

fn judge(nth: usize, verdict: Verdict) {
    let asked: Vec<_> = Asked::get().into_iter().collect();
    let Some((panel, _)) = asked.get(nth % asked.len().max(1)) else { return };
    see("judged");
    conclude(*panel, |brief| match verdict {
        Verdict::Loss(loss) => Outcome::Decided(Opinion::Measured(found(brief, LOSS, loss))),
        Verdict::Unavailable => Outcome::Decided(Opinion::Unavailable(brief.source.file().id)),
        Verdict::NoModel => Outcome::Decided(Opinion::Unavailable(brief.bundle.id)),
        Verdict::Flawed => Outcome::Decided(Opinion::Flawed(DeltaFlaw::Unmeasurable)),
        Verdict::Divided => Outcome::Divided,
        Verdict::NobodyFit => Outcome::NobodyFit,
    });
}

#[test]
fn invariants_should_hold_when_calls_are_random() {
    let config = ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() };
    let seed = proptest::test_runner::TestRng::deterministic_rng(config.rng_algorithm);
    let mut runner = proptest::test_runner::TestRunner::new_with_rng(config, seed);
    let sequences = prop::collection::vec(acts(), 60);
    let ran = runner.run(&sequences, |acts| {
        execute(|| {
            let mut ledger = Ledger::default();
            frame_system::Pallet::<Test>::reset_events();
            acts.into_iter().for_each(|act| ledger.take(act));
            ledger.wind_up();
        });
        Ok(())
    });
    ran.unwrap();
    let all = [
        "forgotten",
        "judged",
        "lapsed",
        "late",
        "left",
        "opened",
        "poked",
        "put off",
        "registered",
        "released",
        "released with nothing",
        "sealed",
        "slashed",
        "waits",
    ];
    SEEN.with_borrow(|seen| {
        let missing: Vec<_> = all.iter().filter(|what| !seen.contains_key(*what)).collect();
        assert!(missing.is_empty(), "never seen: {missing:?}");
    });
}
