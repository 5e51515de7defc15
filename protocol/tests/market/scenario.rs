//! Markets with somebody in them who does not play fair.

use super::{
    books::{Actor, Books},
    chance::Chance,
    course::{Request, ORDINARY},
    market::*,
    purpose::Purpose,
    rules::*,
};
use cairn_protocol::{id::Amount, share::WHOLE};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

/// Runs of each scenario, which differ in nothing but chance.
pub const RUNS: u64 = 8;

/// Whom the chain takes for one party.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Owners {
    Several,
    One,
}

/// What somebody stakes.
#[derive(Clone, Copy, Debug)]
pub enum Bond {
    Least,
    /// No more than covers what is offered.
    Covering,
    LikeOthers,
}

/// What somebody asks for.
#[derive(Clone, Copy, Debug)]
pub enum Price {
    Lowest,
    LikeOthers,
}

/// A market that outsiders ask for work in.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// In each run.
    pub tasks: u64,
    pub request: Request,
    pub audits: Audits,
    pub honest: usize,
    /// Right results that the honest start with.
    pub known: u32,
    pub others: usize,
    pub who: Actor,
    pub conduct: Conduct,
    pub owners: Owners,
    pub bond: Bond,
    pub price: Price,
    /// Right results that the others start with.
    pub farmed: u32,
}

/// 200 registrations, of which a fifth are Sybils. Nobody is known yet.
pub const MARKET: Scenario = Scenario {
    tasks: 10_000,
    request: ORDINARY,
    audits: AUDITS,
    honest: 160,
    known: 0,
    others: 40,
    who: Actor::Sybil,
    conduct: Conduct::WorksWell,
    owners: Owners::Several,
    bond: Bond::Least,
    price: Price::Lowest,
    farmed: 0,
};

/// A price that leaves an honest worker something, and a bond from the least to ten times that.
pub fn honest(actor: Actor, count: usize, chance: &mut Chance) -> Vec<Provider> {
    let each = REWARD / Amount::from(UNITS);
    (0..count)
        .map(|_| {
            let price = each * Amount::from(500 + chance.below(400)) / 1_000;
            let bond = COMPUTE_BOND + COMPUTE_BOND * Amount::from(chance.below(901)) / 100;
            Provider::new(actor, Conduct::Works, price, bond)
        })
        .collect()
}

/// The least bond with which one may be offered so much.
fn covering(offered: Amount) -> Amount {
    (offered * Amount::from(WHOLE)).div_ceil(Amount::from(COVER))
}

/// Sixty, a fifth of whom are of another kind.
pub fn guards(others: Actor, run: u64) -> Vec<Provider> {
    let mut chance = Purpose::Population.chance(run, 0, 1);
    let conduct = match others {
        Actor::LazyGuard => Conduct::Agrees,
        _ => Conduct::WorksWell,
    };
    (0..60)
        .map(|nth| match nth {
            0..12 => Provider::new(others, conduct, 0, GUARD_BOND),
            _ => {
                let bond = GUARD_BOND + GUARD_BOND * Amount::from(chance.below(201)) / 100;
                Provider::new(Actor::Guard, Conduct::Works, 0, bond)
            }
        })
        .collect()
}

impl Scenario {
    fn providers(&self, run: u64) -> Vec<Provider> {
        let mut chance = Purpose::Population.chance(run, 0, 0);
        let known = |one: Provider| one.with_history(self.known);
        let mut all: Vec<Provider> =
            honest(Actor::Honest, self.honest, &mut chance).into_iter().map(known).collect();
        for mut one in honest(self.who, self.others, &mut chance) {
            one.conduct = self.conduct;
            if let Price::Lowest = self.price {
                one.price = 0;
            }
            match self.bond {
                Bond::Least => one.bond = COMPUTE_BOND,
                Bond::Covering => one.bond = covering(self.request.reward),
                Bond::LikeOthers => {}
            }
            if let Owners::One = self.owners {
                one.party = u32::MAX;
            }
            all.push(one.with_history(self.farmed));
        }
        all
    }

    fn run(&self, run: u64) -> Books {
        let guards = guards(Actor::SybilGuard, run);
        let mut market = Market::new(run, self.audits, self.providers(run), guards);
        while market.books.tasks < self.tasks {
            if market.books.tasks.is_multiple_of(TASKS_A_TICK) {
                market.tick();
            }
            market.serve(self.request);
        }
        assert!(market.books.balance(), "money was made or lost");
        market.books
    }

    /// All runs, each by itself, and made once however many tables show them.
    pub fn runs(&self) -> Vec<Books> {
        type Known = Mutex<BTreeMap<String, Arc<OnceLock<Vec<Books>>>>>;
        static KNOWN: Known = Mutex::new(BTreeMap::new());
        let name = format!("{self:?}");
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let runs = Arc::clone(known.entry(name).or_default());
        drop(known);
        runs.get_or_init(|| every(|run| self.run(run))).clone()
    }
}

/// What each run comes to, in their order.
pub fn every<Outcome: Send>(of: impl Fn(u64) -> Outcome + Sync) -> Vec<Outcome> {
    std::thread::scope(|scope| {
        let of = &of;
        let threads: Vec<_> = (0..RUNS).map(|run| scope.spawn(move || of(run))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a run does not fail")).collect()
    })
}
