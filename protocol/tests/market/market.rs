//! Providers and guards, as matching sees them, and what happens to them.

use super::{
    books::{money, Actor, Books},
    chance::Chance,
    purpose::Purpose,
    rules::*,
};
use cairn_protocol::{
    fault::Fault,
    id::{Amount, Height, ProviderId, Region},
    profile::{Candidate, DeviceClass, Hardware},
    reputation::{Observation, Record},
    share::{self, Ppm},
};

/// How somebody works.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Conduct {
    /// As asked, but for the failures of the honest.
    Works,
    /// As asked and without a failure.
    WorksWell,
    /// Gives the false result that all its like give.
    Lies,
    /// The same, this often.
    LiesAt(Ppm),
    /// The same where its like hold a majority of the seats, and works elsewhere.
    LiesInMajority,
    /// The same where its like hold all seats.
    LiesUnanimously,
    /// Confirms what it is shown. A guard's.
    Agrees,
}

/// A registration.
#[derive(Clone)]
pub struct Provider {
    pub actor: Actor,
    pub conduct: Conduct,
    /// What the chain takes for one party.
    pub party: u32,
    pub price: Amount,
    pub bond: Amount,
    pub load: u8,
    pub record: Record,
    /// Of the record, at this height.
    standing: Option<(Height, Ppm)>,
}

/// Simultaneous jobs of each provider.
const SLOTS: u8 = 4;
/// What every machine is, and every task asks for.
pub const CLASS: DeviceClass = DeviceClass::SmallGpu;
pub const MEMORY: u32 = 8_192;

pub const WELL: Observation =
    Observation { accurate: Some(true), timely: Some(true), available: Some(true) };
pub const LATE: Observation =
    Observation { accurate: None, timely: Some(false), available: Some(false) };
pub const FALSE: Observation = Observation { accurate: Some(false), timely: None, available: None };

impl Provider {
    pub fn new(actor: Actor, conduct: Conduct, price: Amount, bond: Amount) -> Self {
        let record = Record::default();
        Self { actor, conduct, party: 0, price, bond, load: 0, record, standing: None }
    }

    /// With that many right results behind it.
    pub fn with_history(mut self, results: u32) -> Self {
        for _ in 0..results {
            self.observe(WELL, 0);
        }
        self
    }

    /// A new name, of which nothing is known.
    pub fn forget(&mut self) {
        self.record = Record::default();
        self.standing = None;
    }

    pub fn observe(&mut self, seen: Observation, now: Height) {
        self.record = self.record.observed(seen, &REPUTATION, now);
        self.standing = None;
    }

    pub fn standing(&mut self, now: Height) -> Ppm {
        match self.standing {
            Some((at, standing)) if at == now => standing,
            _ => {
                let standing = self.record.standing(&REPUTATION, now);
                self.standing = Some((now, standing));
                standing
            }
        }
    }

    fn candidate(&mut self, index: usize, now: Height) -> Candidate {
        Candidate {
            provider: ProviderId(index as u64),
            hardware: Hardware {
                class: CLASS,
                memory_mib: MEMORY,
                compute: 0,
                slots: SLOTS,
                binding: [0; 32],
            },
            region: Region(0),
            price: Some(self.price),
            throughput: 0,
            enclave: false,
            sealable: false,
            load: self.load,
            bond: self.bond,
            reputation: self.standing(now),
        }
    }
}

/// Everyone there is.
pub struct Market {
    pub run: u64,
    pub now: Height,
    ticks: u32,
    pub audits: Audits,
    pub providers: Vec<Provider>,
    pub guards: Vec<Provider>,
    pub books: Books,
}

impl Market {
    pub fn new(run: u64, audits: Audits, providers: Vec<Provider>, guards: Vec<Provider>) -> Self {
        let numbered = |mut all: Vec<Provider>| {
            for (party, one) in (1..).zip(&mut all) {
                // One that has a party keeps it.
                if one.party == 0 {
                    one.party = party;
                }
            }
            all
        };
        let (providers, guards) = (numbered(providers), numbered(guards));
        let (now, ticks, books) = (0, 0, Books::default());
        Self { run, now, ticks, audits, providers, guards, books }
    }

    /// Numbers for the task at hand.
    pub fn chance(&self, purpose: Purpose, part: u64) -> Chance {
        purpose.chance(self.run, self.books.tasks, part)
    }

    /// Time passes, and what was begun is done.
    pub fn tick(&mut self) {
        self.ticks += 1;
        self.now = self.ticks / TICKS_A_READING * READING;
        for provider in &mut self.providers {
            provider.load = 0;
        }
    }

    /// A fault costs a share of the bond, and the bond is made up again: whoever is slashed under
    /// its minimum gets no more work.
    pub fn slash(books: &mut Books, provider: &Provider, fault: Fault) {
        let lost = money(share::of(fault_share(fault), provider.bond));
        let account = books.of_mut(provider.actor);
        account.slashed += lost;
        account.slashes += 1;
    }

    /// Candidates among those sampled, each with the party it belongs to.
    pub fn field(
        all: &mut [Provider],
        sampled: &[usize],
        now: Height,
        may: impl Fn(usize, &Provider) -> bool,
    ) -> Vec<(u32, Candidate)> {
        let mut field = Vec::with_capacity(sampled.len());
        for index in sampled.iter().copied() {
            let one = &mut all[index];
            if may(index, one) {
                field.push((one.party, one.candidate(index, now)));
            }
        }
        field
    }
}
