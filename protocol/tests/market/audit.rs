//! Guards look at a result.

use super::{
    books::{money, Actor},
    chance::Chance,
    course::{requirements, Content, LIE, TRUTH},
    market::*,
    purpose::Purpose,
    rules::*,
};
use cairn_protocol::{
    audit::{self, Finding, Report, Verdict},
    fault::Fault,
    id::ProviderId,
    job::Policy,
    matching::by_bond,
};

/// A result that everyone who looks at it can see is false.
const PLANTED: Content = 3;

/// Whoever finds the same found it in the same way.
fn report(content: Content) -> Report {
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&content.to_le_bytes());
    Report { finding: Finding::Answer(digest), trace: [0; 32] }
}

impl Market {
    /// An audit of what workers gave; before it, those of planted results that keep the share.
    pub fn audit(&mut self, policy: Policy, content: Content) -> Verdict {
        let mut chance = self.chance(Purpose::Planted, 0);
        let mut nth = 0;
        while chance.happens(self.audits.planted) {
            nth += 1;
            self.convene(policy, PLANTED, nth);
        }
        let verdict = self.convene(policy, content, 0);
        self.books.shown += u64::from(content != TRUTH);
        self.books.found += u64::from(content != TRUTH && !verdict.passes());
        verdict
    }

    /// Draws guards by bond, and judges what they report.
    fn convene(&mut self, policy: Policy, content: Content, nth: u64) -> Verdict {
        self.books.audits += 1;
        let mut chance = self.chance(Purpose::Guards, nth);
        let sampled = chance.sample(SAMPLE, self.guards.len());
        let seed = chance.seed();
        let mut field = Self::field(&mut self.guards, &sampled, self.now, |_, _| true);
        field.retain(|(_, candidate)| audit::fits(&requirements(), false, candidate));
        let drawn = by_bond(field.iter().collect(), GUARDS, &seed);
        let reports: Vec<(ProviderId, Report)> = drawn
            .iter()
            .map(|guard| (*guard, report(self.opinion(guard.0 as usize, content, &mut chance))))
            .collect();
        audit::judge(policy, GUARDS, &report(content), &reports).verdict
    }

    /// What a guard says, what it costs it and what it gets.
    fn opinion(&mut self, guard: usize, content: Content, chance: &mut Chance) -> Content {
        let one = &self.guards[guard];
        let covers = one.actor == Actor::SybilGuard && content == LIE;
        let lazy = one.conduct == Conduct::Agrees || covers;
        let slips = chance.happens(FAILS_WRONG);
        let pay = money(audit::pay(REWARD, GUARDS_PAY, GUARDS));
        let account = self.books.of_mut(one.actor);
        account.seats += 1;
        account.paid += pay;
        if !lazy {
            account.spent += money(WORK);
        }
        self.books.treasury -= pay;
        if lazy && content == PLANTED {
            Self::slash(&mut self.books, one, Fault::AgreedUnread);
        }
        match (lazy, slips) {
            (true, _) => content,
            (false, true) => chance.number() | 4,
            (false, false) => TRUTH,
        }
    }
}
