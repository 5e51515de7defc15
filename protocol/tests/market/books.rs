//! Who made what.

use super::rules::UNIT;
use cairn_protocol::id::Amount;

/// Money that may be owed.
pub type Money = i128;

/// Who somebody is, to the books.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Actor {
    Honest,
    Sybil,
    Dealer,
    Guard,
    SybilGuard,
    LazyGuard,
}

/// What one kind of actor did and made.
#[derive(Clone, Copy, Debug, Default)]
pub struct Account {
    pub seats: u64,
    pub paid: Money,
    pub spent: Money,
    pub slashed: Money,
    pub slashes: u64,
    /// Registrations given up for new ones.
    pub names: u64,
}

/// One run of a market.
#[derive(Clone, Debug, Default)]
pub struct Books {
    accounts: [Account; 6],
    pub tasks: u64,
    pub seats: u64,
    /// Tasks in which Sybils held a majority of the seats.
    pub majorities: u64,
    pub settled: u64,
    /// Settled, and false.
    pub wrong: u64,
    pub audits: u64,
    /// Results that were false and audited, and of these the ones found out.
    pub shown: u64,
    pub found: u64,
    pub treasury: Money,
    pub burnt: Money,
    pub escrowed: Money,
    pub back: Money,
}

impl Account {
    /// What is left of it all.
    pub fn net(&self) -> Money {
        self.paid - self.spent - self.slashed
    }
}

impl Books {
    pub fn of(&self, actor: Actor) -> &Account {
        &self.accounts[actor as usize]
    }

    pub fn of_mut(&mut self, actor: Actor) -> &mut Account {
        &mut self.accounts[actor as usize]
    }

    /// Whether every unit that was put aside went somewhere, pay of guards being the treasury's.
    pub fn balance(&self) -> bool {
        let paid: Money = self.accounts.iter().map(|account| account.paid).sum();
        self.escrowed == paid + self.treasury + self.burnt + self.back
    }

    /// What an actor made in a thousand tasks, in CRN.
    pub fn made(&self, actor: Actor) -> f64 {
        self.a_thousand(crn(self.of(actor).net()))
    }

    pub fn a_thousand(&self, amount: f64) -> f64 {
        amount * 1_000.0 / self.tasks as f64
    }
}

pub fn money(amount: Amount) -> Money {
    Money::try_from(amount).expect("amounts of the simulation are small")
}

pub fn crn(money: Money) -> f64 {
    money as f64 / UNIT as f64
}
