//! Guards look at a result.

use super::{
    books::{money, Actor},
    chance::{Chance, Purpose},
    course::{answer, requirements, Content, LIE, TRUTH},
    market::*,
    rules::*,
};
use cairn_protocol::{
    fault::Fault,
    id::ProviderId,
    job::Policy,
    matching::Demand,
    result::Answer,
    tally::{tally, widened, Verdict},
};

/// What guards make of a result.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Found {
    /// Nobody looked.
    Nothing,
    Right,
    /// Proven false: every guard found the same, and something else.
    False,
    /// They contradict each other to the end, which proves nothing.
    Contradiction,
}

/// A result that everyone who looks at it can see is false.
const PLANTED: Content = 3;

impl Market {
    /// An audit of what workers gave; before it, those of planted results that keep the share.
    pub fn audit(&mut self, content: Content) -> Found {
        let mut chance = self.chance(Purpose::Planted, 0);
        let mut nth = 0;
        while chance.happens(self.audits.planted) {
            nth += 1;
            self.convene(PLANTED, nth);
        }
        let found = self.convene(content, 0);
        self.books.shown += u64::from(content != TRUTH);
        self.books.found += u64::from(content != TRUTH && found == Found::False);
        found
    }

    /// Draws guards until all of a draw agree, or nobody more is asked.
    fn convene(&mut self, content: Content, nth: u64) -> Found {
        self.books.audits += 1;
        let mut chance = self.chance(Purpose::Guards, nth);
        let demand = Demand { requirements: requirements(), sealed: false, price: GUARD_PAY };
        let mut asked: Vec<usize> = vec![];
        let mut count = GUARDS;
        loop {
            let sampled = chance.sample(SAMPLE, self.guards.len());
            let seed = chance.seed();
            let field = Self::field(&mut self.guards, &sampled, self.now, |index, _| {
                !asked.contains(&index)
            });
            let drawn = demand.draw(&field, count, &WEIGHTS, FLOOR, &seed);
            let answers: Vec<(ProviderId, Answer)> = drawn
                .iter()
                .map(|guard| (*guard, answer(self.opinion(guard.0 as usize, content, &mut chance))))
                .collect();
            asked.extend(drawn.iter().map(|guard| guard.0 as usize));
            match tally(Policy::Proven, count, &answers) {
                Verdict::Agreed { .. }
                    if answers.iter().all(|(_, one)| *one == answer(content)) =>
                {
                    return Found::Right
                }
                Verdict::Agreed { .. } => return Found::False,
                Verdict::Short => return Found::Nothing,
                Verdict::Disagreed => match widened(count) {
                    Some(wider) => count = wider,
                    None => return Found::Contradiction,
                },
            }
        }
    }

    /// What a guard says, what it costs it and what it gets.
    fn opinion(&mut self, guard: usize, content: Content, chance: &mut Chance) -> Content {
        let one = &self.guards[guard];
        let covers = one.actor == Actor::SybilGuard && content == LIE;
        let lazy = one.conduct == Conduct::Agrees || covers;
        let slips = chance.happens(FAILS_WRONG);
        let account = self.books.of_mut(one.actor);
        account.seats += 1;
        account.paid += money(GUARD_PAY);
        if !lazy {
            account.spent += money(WORK);
        }
        self.books.treasury -= money(GUARD_PAY);
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
