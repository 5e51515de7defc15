//! Random sequences: of requests and blocks against a plain model of windows, of everything
//! against `try_state` and a plain model of contributions.

use super::{
    mock::*,
    windows::{draw_seed, seed_of},
};
use crate::*;
use cairn_protocol::id::{ProviderId, Seed};
use cairn_seams::{Beacon, Clock, Subject, Ticket};
use frame_support::traits::SafeModeNotify;
use proptest::prelude::*;
use sp_runtime::{DispatchError, StateVersion};
use std::collections::{BTreeMap, BTreeSet};

/// What happens in a block before it ends.
#[derive(Clone, Debug)]
enum Act {
    Request,
    /// Of the tickets there are, by its index modulo their number.
    Release(usize),
    Enter,
    Exit,
    Active(u32),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => Just(Act::Request),
        3 => any::<usize>().prop_map(Act::Release),
        1 => Just(Act::Enter),
        2 => Just(Act::Exit),
        1 => (0..6u32).prop_map(Act::Active),
    ]
}

/// An author, who may be none, and an output.
fn author(authors: u64) -> impl Strategy<Value = Option<(AccountId, Seed)>> {
    prop::option::weighted(0.8, (0..authors, any::<Seed>()))
}

/// What happens in a block, and who ends it.
type PlannedBlock = (Vec<Act>, Option<(AccountId, Seed)>);

fn blocks(authors: u64) -> impl Strategy<Value = Vec<PlannedBlock>> {
    prop::collection::vec((prop::collection::vec(act(), 0..3), author(authors)), 20..120)
}

/// Windows as the README describes them, with every block kept.
#[derive(Default)]
struct Model {
    recorded: BTreeMap<Height, Option<(AccountId, Seed)>>,
    /// When the window of a height closed, if it did.
    closed_at: BTreeMap<Height, Option<Height>>,
    tickets: Vec<Ticket>,
    next_id: u64,
}

impl Model {
    fn act(&mut self, act: &Act) {
        match act {
            Act::Request => {
                let ticket = request(self.next_id);
                self.next_id += 1;
                self.closed_at.entry(ticket.requested_at).or_default();
                self.tickets.push(ticket);
            }
            Act::Release(index) if !self.tickets.is_empty() => {
                let ticket = self.tickets.swap_remove(index % self.tickets.len());
                Entropy::release(ticket);
                if self.tickets.iter().all(|other| other.requested_at != ticket.requested_at) {
                    self.closed_at.remove(&ticket.requested_at);
                    assert_eq!(Entropy::seed(&ticket), None);
                }
            }
            Act::Release(_) => {}
            Act::Enter => MarketClock::entered(),
            Act::Exit => MarketClock::exited(),
            Act::Active(count) => ActiveAuthors::set(*count),
        }
    }

    fn finish_block(&mut self, author: Option<(AccountId, Seed)>) {
        if !<MarketClock as Clock>::is_stopped() {
            let now = MarketClock::now();
            assert!(self.recorded.insert(now, author).is_none());
            let needed = LeastAuthors::get().min(ActiveAuthors::get()).max(1) as usize;
            for (requested_at, closed_at) in &mut self.closed_at {
                let after = self.recorded.range(requested_at + 1..);
                let authors: BTreeSet<_> =
                    after.flat_map(|(_, block)| block).map(|b| b.0).collect();
                if closed_at.is_none() && now >= requested_at + WINDOW && authors.len() >= needed {
                    *closed_at = Some(now);
                }
            }
        }
        finish_block(author);
    }

    fn seed(&self, ticket: &Ticket) -> Option<Seed> {
        let closed_at = (*self.closed_at.get(&ticket.requested_at)?)?;
        let blocks =
            self.recorded.iter().filter_map(|(height, block)| Some((*height, (*block)?.1)));
        let window = seed_of(ticket.requested_at, closed_at, blocks, [0; 32]);
        Some(draw_seed(window, ticket.subject))
    }
}

/// Makes three authors' blocks until every window has closed, gives all tickets back, and looks
/// whether nothing is left.
fn wind_up(tickets: Vec<Ticket>) {
    MarketClock::exited();
    ActiveAuthors::set(4);
    run_to(System::block_number() + 200);
    for ticket in tickets {
        assert!(Entropy::seed(&ticket).is_some());
        Entropy::release(ticket);
    }
    assert_eq!(Windows::<Test>::iter().count(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// No seed before its window closes; each as soon as it may; all tickets back, all gone.
    #[test]
    fn seeds_should_be_the_models_when_blocks_and_requests_are_random(blocks in blocks(5)) {
        execute(|| {
            ClosingsPerBlock::set(1_000);
            GapsPerBlock::set(1_000);
            let mut model = Model::default();
            for (acts, author) in blocks {
                acts.iter().for_each(|act| model.act(act));
                model.finish_block(author);
                for ticket in &model.tickets {
                    prop_assert_eq!(Entropy::seed(ticket), model.seed(ticket));
                }
                prop_assert_eq!(Windows::<Test>::iter().count(), model.closed_at.len());
            }
            wind_up(model.tickets);
            Ok(())
        })?;
    }

    /// The same where authors are scarce and few windows close a block: a seed may be later than
    /// the model's then, but never earlier, never out of order, and it comes.
    #[test]
    fn seeds_should_never_be_early_when_few_windows_close_a_block(blocks in blocks(4)) {
        execute(|| {
            ClosingsPerBlock::set(2);
            GapsPerBlock::set(2);
            let mut model = Model::default();
            for (acts, author) in blocks {
                acts.iter().for_each(|act| model.act(act));
                model.finish_block(author);
                let mut earlier_is_open = false;
                model.tickets.sort_by_key(|ticket| ticket.requested_at);
                let mut height = 0;
                let mut is_open = false;
                for ticket in &model.tickets {
                    if ticket.requested_at != height {
                        earlier_is_open |= is_open;
                        height = ticket.requested_at;
                    }
                    is_open = Entropy::seed(ticket).is_none();
                    prop_assert!(is_open || model.seed(ticket).is_some());
                    prop_assert!(is_open || !earlier_is_open);
                }
            }
            wind_up(model.tickets);
            Ok(())
        })?;
    }

    /// One output of a window makes another seed; one outside does not.
    #[test]
    fn seed_should_change_when_and_only_when_an_output_of_its_window_does(
        blocks in prop::collection::vec((0..4u64, any::<Seed>()), 60),
        requested_at in 1..10u64,
        changed in 1..60u64,
        flip in 1..=u8::MAX,
    ) {
        let seed = |blocks: &[(AccountId, Seed)]| execute(|| {
            let mut tickets = vec![];
            for (number, block) in (1..).zip(blocks) {
                if number == requested_at {
                    tickets.push(request(0));
                }
                finish_block(Some(*block));
            }
            let closed_at = (1..=60).find(|closed_at| {
                let blocks = (1..).zip(blocks.iter().map(|block| block.1));
                let window = seed_of(requested_at as u32, *closed_at, blocks, [0; 32]);
                Some(draw_seed(window, tickets[0].subject)) == Entropy::seed(&tickets[0])
            });
            (Entropy::seed(&tickets[0]), closed_at)
        });
        let (first, closed_at) = seed(&blocks);
        prop_assume!(first.is_some());
        let mut others = blocks.clone();
        others[changed as usize - 1].1[7] ^= flip;
        let (second, _) = seed(&others);
        let is_inside = requested_at < changed && changed as u32 <= closed_at.unwrap();
        prop_assert_eq!(first != second, is_inside);
    }

    /// The place of an output counts too.
    #[test]
    fn seed_should_change_when_two_outputs_are_exchanged(one in 2..17u32, other in 2..17u32) {
        prop_assume!(one != other);
        let exchange = |height| match height {
            height if height == one => other,
            height if height == other => one,
            height => height,
        };
        let plain = (1..=17).map(|height| (height, vrf(height.into())));
        let exchanged = (1..=17).map(|height| (height, vrf(exchange(height).into())));
        prop_assert_ne!(seed_of(1, 17, plain, [0; 32]), seed_of(1, 17, exchanged, [0; 32]));
    }

    #[test]
    fn seeds_should_differ_when_subjects_do(
        one in any::<([u8; 8], u64, u32)>(), other in any::<([u8; 8], u64, u32)>(),
    ) {
        prop_assume!(one != other);
        let subject = |(purpose, id, nth)| Subject { purpose, id, nth };
        execute(|| {
            let tickets = [one, other].map(|which| Entropy::request(subject(which)));
            run_to(18);
            let [one, other] = tickets.map(|ticket| Entropy::seed(&ticket));
            prop_assert!(one.is_some() && other.is_some() && one != other);
            Ok(())
        })?;
    }
}

/// A call or an event around the pallet.
#[derive(Clone, Debug)]
enum Step {
    Commit(AccountId, Seed),
    Reveal(AccountId),
    RevealOther(AccountId, Seed),
    Pass(u8),
    Enter,
    Exit,
    Appoint(AccountId, u64, bool),
    Dismiss(AccountId),
    Stake(u64),
    Request,
    Release,
}

fn step() -> impl Strategy<Value = Step> {
    let account = || prop::sample::select(ACCOUNTS.to_vec());
    prop_oneof![
        6 => (account(), any::<Seed>()).prop_map(|(who, value)| Step::Commit(who, value)),
        6 => account().prop_map(Step::Reveal),
        1 => (account(), any::<Seed>()).prop_map(|(who, value)| Step::RevealOther(who, value)),
        6 => (1..8u8).prop_map(Step::Pass),
        1 => Just(Step::Enter),
        2 => Just(Step::Exit),
        2 => (account(), 1..5u64, prop::bool::weighted(0.8))
            .prop_map(|(who, provider, serves)| Step::Appoint(who, provider, serves)),
        1 => account().prop_map(Step::Dismiss),
        1 => prop::sample::select(vec![0, 7, STAKE, FUNDS, u64::MAX]).prop_map(Step::Stake),
        2 => Just(Step::Request),
        1 => Just(Step::Release),
    ]
}

/// Who has contributed to this round: account, provider, value, stake, and whether revealed.
#[derive(Default)]
struct Contributors {
    round: Height,
    committed: Vec<(AccountId, ProviderId, Seed, u64, bool)>,
    lost: BTreeMap<AccountId, u64>,
}

impl Contributors {
    fn age(&self) -> Height {
        MarketClock::now() - self.round
    }

    fn free(&self, who: AccountId) -> u64 {
        let held = self.committed.iter().filter(|c| c.0 == who && !c.4).map(|c| c.3).sum::<u64>();
        FUNDS - held - self.lost.get(&who).copied().unwrap_or(0)
    }

    fn commit(&mut self, who: AccountId, value: Seed) -> Result<(), Error<Test>> {
        if <MarketClock as Clock>::is_stopped() {
            return Err(Error::Stopped);
        }
        if self.age() >= ROUND / 2 {
            return Err(Error::NotCommitting);
        }
        let operators = Operators::get();
        let (provider, _) = *operators.get(&who).ok_or(Error::NotOperator)?;
        if !operators.values().any(|known| *known == (provider, true)) {
            return Err(Error::NotAvailable);
        }
        if self.committed.iter().any(|c| c.0 == who || c.1 == provider) {
            return Err(Error::AlreadyCommitted);
        }
        if self.committed.len() == 3 {
            return Err(Error::RoundFull);
        }
        let stake = CurrentStake::get();
        // One is the existential deposit, which cannot be held.
        if stake > 0 && stake > self.free(who).saturating_sub(1) {
            return Err(Error::StakeUnaffordable);
        }
        self.committed.push((who, provider, value, stake, false));
        Ok(())
    }

    fn reveal(&mut self, who: AccountId, value: Option<Seed>) -> Result<Seed, Error<Test>> {
        if <MarketClock as Clock>::is_stopped() {
            return Err(Error::Stopped);
        }
        if self.age() < ROUND / 2 {
            return Err(Error::NotRevealing);
        }
        let mine = self.committed.iter_mut().find(|c| c.0 == who).ok_or(Error::NothingCommitted)?;
        if mine.4 {
            return Err(Error::AlreadyRevealed);
        }
        if value.is_some_and(|value| value != mine.2) {
            return Err(Error::WrongValue);
        }
        mine.4 = true;
        Ok(mine.2)
    }

    fn pass(&mut self) {
        run_to(System::block_number() + 1);
        if !<MarketClock as Clock>::is_stopped() && self.age() >= ROUND {
            self.round = MarketClock::now();
            for (who, _, _, stake, revealed) in self.committed.drain(..) {
                *self.lost.entry(who).or_default() += if revealed { 0 } else { stake };
            }
        }
    }
}

/// Makes a call, and sees that it changes nothing where it fails.
fn call(
    make: impl FnOnce() -> frame_support::dispatch::DispatchResultWithPostInfo,
) -> Result<(), DispatchError> {
    let before = sp_io::storage::root(StateVersion::V1);
    let outcome = make().map(|_| ()).map_err(|failed| failed.error);
    if outcome.is_err() {
        assert_eq!(sp_io::storage::root(StateVersion::V1), before);
    }
    outcome
}

fn take_step(model: &mut Contributors, tickets: &mut Vec<Ticket>, step: Step) {
    match step {
        Step::Commit(who, value) => {
            let digest = commitment(who, value);
            let outcome = call(|| Entropy::commit(RuntimeOrigin::signed(who), digest));
            assert_eq!(outcome, model.commit(who, value).map_err(Into::into));
        }
        Step::Reveal(who) => {
            let expected = model.reveal(who, None);
            let value = *expected.as_ref().unwrap_or(&[0; 32]);
            let outcome = call(|| Entropy::reveal(RuntimeOrigin::signed(who), value));
            assert_eq!(outcome, expected.map(|_| ()).map_err(Into::into));
        }
        Step::RevealOther(who, value) => {
            let outcome = call(|| Entropy::reveal(RuntimeOrigin::signed(who), value));
            assert_eq!(outcome, model.reveal(who, Some(value)).map(|_| ()).map_err(Into::into));
        }
        Step::Pass(count) => (0..count).for_each(|_| model.pass()),
        Step::Enter => MarketClock::entered(),
        Step::Exit => MarketClock::exited(),
        Step::Appoint(who, provider, serves) => appoint(who, provider, serves),
        Step::Dismiss(who) => dismiss(who),
        Step::Stake(stake) => CurrentStake::set(stake),
        Step::Request => tickets.push(request(0)),
        Step::Release => tickets.pop().map(Entropy::release).unwrap_or_default(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn invariants_should_hold_when_calls_are_random(
        steps in prop::collection::vec(step(), 50),
    ) {
        execute(|| {
            let mut model = Contributors { round: 1, ..Default::default() };
            let mut tickets = vec![];
            for step in steps {
                take_step(&mut model, &mut tickets, step);
                check();
                for who in ACCOUNTS {
                    prop_assert_eq!(Balances::free_balance(who), model.free(who));
                }
            }
            wind_up(tickets);
            prop_assert!(Contributions::<Test>::get().is_empty());
            prop_assert!(ACCOUNTS.iter().all(|account| held(*account) == 0));
            Ok(())
        })?;
    }
}
