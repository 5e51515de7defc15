//! One step after another.

use crate::{
    calls,
    checks::{is_learning_under_way, Watch},
    config::{Authors, ENOUGH_AUTHORS},
    dice::Dice,
    drive::{Area, Tally},
    market::{self, next_block, run_block, PEOPLE},
    AccountId, Clock, Mock, RuntimeCall, RuntimeOrigin, System,
};
use cairn_protocol::id::ProviderId;
use cairn_seams::Clock as _;
use frame_support::traits::{SafeModeNotify, UnfilteredDispatchable};
use pallet_cairn_providers::Providers;
use std::{fmt::Debug, sync::LazyLock};

/// Calls in a sequence, at most.
pub const CALLS: u64 = 50;

/// Blocks in which all that is under way comes to its end: what a delta waits for twice, and what
/// its reward does.
const ENDS: u64 = 900;

static TRACED: LazyLock<bool> = LazyLock::new(|| std::env::var_os("CAIRN_TRACE").is_some());

/// What goes on beside calls.
#[derive(Clone, Copy)]
enum World {
    Call,
    Blocks,
    FullBlocks,
    Stop,
    Resume,
    Roll,
    Authors,
}

/// A market under way.
pub(crate) struct Course {
    area: Area,
    watch: Watch,
    pub(crate) tally: Tally,
}

impl Course {
    pub(crate) fn new(area: Area) -> Self {
        Self { area, watch: Watch::new(), tally: Tally::default() }
    }

    pub(crate) fn step(&mut self, dice: &mut Dice) {
        // Nearly nothing can be done while the chain is stopped.
        let resume = if Clock::is_stopped() { 24 } else { 0 };
        let what = dice.weighted(&[
            (64, World::Call),
            (12, World::Blocks),
            (1, World::FullBlocks),
            (1, World::Stop),
            (resume, World::Resume),
            (3, World::Roll),
            (1, World::Authors),
        ]);
        match what {
            World::Call => calls::make(self.area, self, dice),
            World::Blocks => {
                let most = dice.one(&[4, 20, 60]);
                self.blocks(dice.between(1, most), run_block);
            }
            World::FullBlocks => self.blocks(dice.between(1, 30), next_block),
            World::Stop => self.told("stop", Clock::entered),
            World::Resume => self.told("resume", Clock::exited),
            World::Roll => self.roll(),
            World::Authors => {
                let authors = dice.one(&[ENOUGH_AUTHORS, ENOUGH_AUTHORS, 2, 1, 0]);
                self.told(authors, || Authors::set(authors));
            }
        }
    }

    /// Makes a call, unless enough were made. Says whether it was accepted.
    pub(crate) fn call(&mut self, who: AccountId, call: impl Into<RuntimeCall>) -> bool {
        self.dispatch(RuntimeOrigin::signed(who), call.into())
    }

    /// As [`Course::call`], by governance.
    pub(crate) fn govern(&mut self, call: impl Into<RuntimeCall>) -> bool {
        self.dispatch(RuntimeOrigin::root(), call.into())
    }

    fn dispatch(&mut self, origin: RuntimeOrigin, call: RuntimeCall) -> bool {
        if self.tally.calls == CALLS {
            return false;
        }
        trace(&call);
        let result = call.dispatch_bypass_filter(origin);
        trace(&result);
        self.tally.calls += 1;
        if result.is_ok() {
            self.tally.accepted += 1;
            self.check();
        }
        result.is_ok()
    }

    /// Does what is no call, but counts as one.
    pub(crate) fn report(&mut self, what: impl Debug, report: impl FnOnce()) {
        if self.tally.calls < CALLS {
            self.tally.calls += 1;
            self.tally.accepted += 1;
            self.told(what, report);
        }
    }

    /// Lets blocks pass.
    pub(crate) fn blocks(&mut self, count: u64, pass: fn()) {
        trace(&("blocks", count));
        for _ in 0..count {
            pass();
            self.tally.blocks += 1;
            self.watch.pass(!Clock::is_stopped());
            // What the beacon alone does is checked when the last of them is made.
            if self.watch.sees_more_than_the_beacon() {
                self.check();
            }
        }
        self.check();
    }

    /// Lets time pass until nothing of learning waits for anything, which has to come by itself.
    pub(crate) fn end(&mut self) {
        if Clock::is_stopped() {
            self.told("resume", Clock::exited);
        }
        Authors::set(ENOUGH_AUTHORS);
        const STEP: u64 = 10;
        for _ in 0..ENDS / STEP {
            if !is_learning_under_way() {
                break;
            }
            self.blocks(STEP, run_block);
        }
        assert!(!is_learning_under_way(), "something of learning has no end");
        self.check();
    }

    /// Checks everything.
    pub(crate) fn check(&mut self) {
        self.watch.check(&mut self.tally);
    }

    fn told(&mut self, what: impl Debug, change: impl FnOnce()) {
        trace(&what);
        change();
        self.check();
    }

    /// Every operator says that it is there.
    pub(crate) fn roll(&mut self) {
        trace(&"roll");
        for (provider, record) in Providers::<Mock>::iter() {
            let operator = RuntimeOrigin::signed(record.operator);
            let _ = crate::Providers::heartbeat(operator, provider);
        }
        self.check();
    }
}

/// A provider there is, or may be.
pub(crate) fn any_provider(dice: &mut Dice) -> ProviderId {
    let some = dice.between(0, PEOPLE + 1);
    ProviderId(dice.usually(some, &[u64::MAX]))
}

/// Who operates a provider, or once in a while somebody else.
pub(crate) fn operator_of(dice: &mut Dice, provider: ProviderId) -> AccountId {
    let operator = Providers::<Mock>::get(provider).map(|record| record.operator);
    let usual = operator.unwrap_or(market::operator(0));
    dice.usually(usual, &[market::operator(0), market::operator(1), market::owner(0)])
}

/// Who owns a provider, or once in a while somebody else.
pub(crate) fn owner_of(dice: &mut Dice, provider: ProviderId) -> AccountId {
    let owner = Providers::<Mock>::get(provider).map(|record| record.owner);
    let usual = owner.unwrap_or(market::owner(0));
    dice.usually(usual, &[market::owner(0), market::owner(1), market::operator(0)])
}

fn trace(what: &impl Debug) {
    if *TRACED {
        eprintln!("block {}: {what:?}", System::block_number());
    }
}
