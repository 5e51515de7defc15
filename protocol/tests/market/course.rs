//! A task from its draw to its end, by the rules that the chain calls.

use super::{
    books::{money, Actor},
    market::*,
    purpose::Purpose,
    rules::*,
};
use bounded_collections::BoundedVec;
use cairn_protocol::{
    audit,
    fault::Fault,
    id::{Amount, EngineId, ProviderId},
    job::{Job, JobKind, Payload, Policy, Requirements, Terms},
    matching::Demand,
    reputation::Observation,
    result::{Answer, Output},
    settlement::{fee, refund, Escrow, Pay, Split},
    tally::{quorum, tally, widened, Verdict},
};

/// What a job comes to, in short.
pub type Content = u64;
pub const TRUTH: Content = 0;
/// What liars agreed on beforehand.
pub const LIE: Content = 1;

/// Somebody wants something done.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    pub policy: Policy,
    pub redundancy: u8,
    /// For each worker.
    pub reward: Amount,
    pub units: u64,
    pub auditable: bool,
    /// A party whose providers may not do it, and earn no reputation by it.
    pub party: Option<u32>,
    /// What honest work on it costs.
    pub work: Amount,
    /// Draws that may find too few, until the requester's deadline.
    pub draws: u64,
    /// A single worker is drawn by bond too.
    pub drawn: bool,
}

/// What an ordinary requester asks for.
pub const ORDINARY: Request = Request {
    policy: Policy::Replicated,
    redundancy: 1,
    reward: REWARD,
    units: UNITS,
    auditable: true,
    party: None,
    work: WORK,
    draws: 50,
    drawn: false,
};

struct Seat {
    provider: usize,
    answer: Option<Content>,
}

/// A task under way.
struct Course {
    request: Request,
    terms: Terms,
    redundancy: u8,
    seats: Vec<Seat>,
    excluded: Vec<usize>,
    draws: u64,
    /// Sybils held one.
    majority: bool,
}

impl Request {
    fn terms(&self) -> Terms {
        let kind = match self.policy {
            Policy::Proven => JobKind::Embed,
            _ => JobKind::Simulate,
        };
        let job = Job {
            kind,
            model: None,
            engine: EngineId([1; 32]),
            input: Payload::Inline(Default::default()),
            parameters: Default::default(),
            seed: [0; 32],
            units: self.units,
            sampled: false,
        };
        self.policy.judges(&job, self.redundancy).expect("the policy fits");
        Terms {
            job,
            policy: self.policy,
            redundancy: self.redundancy,
            requirements: requirements(),
            reward: self.reward * Amount::from(self.redundancy),
            tip: 0,
            match_by: 1,
            work_blocks: 1,
            seal: None,
            output_bytes: 8,
            auditable: self.auditable,
        }
    }
}

pub fn requirements() -> Requirements {
    Requirements { memory_mib: MEMORY, ..Requirements::any(CLASS) }
}

pub fn answer(content: Content) -> Answer {
    Answer {
        engine: EngineId([1; 32]),
        output: Output::Inline(BoundedVec::truncate_from(content.to_le_bytes().to_vec())),
        fingerprint: None,
        units: 1,
    }
}

impl Market {
    /// Has a task done, and pays for it or gives the money back.
    pub fn serve(&mut self, request: Request) {
        let terms = request.terms();
        let fee = fee(FEE_FIXED, FEE_SHARE, terms.reward, terms.tip);
        let pay = Pay::of(terms.policy, terms.redundancy);
        let reserve = pay.reserve(terms.reward).expect("it is small");
        let escrow = Escrow { reward: terms.reward, tip: terms.tip, fee, reserve, price: 0 };
        self.books.escrowed += money(escrow.total().expect("it is small"));
        let redundancy = request.redundancy;
        let (seats, excluded, draws) = (vec![], vec![], 0);
        let mut course =
            Course { request, terms, redundancy, seats, excluded, draws, majority: false };
        let paid = self.follow(&mut course);
        let split = if paid {
            SHARES.settle(&escrow, pay, course.seats.len() as u8, None)
        } else {
            refund(&escrow)
        };
        self.pay(&course, &split);
        self.renew();
        self.books.majorities += u64::from(course.majority);
        self.books.tasks += 1;
    }

    /// Round after round, until enough agree or nobody is asked again.
    fn follow(&mut self, course: &mut Course) -> bool {
        let mut reassigned = 0;
        while self.seat(course) {
            self.work(course);
            let answers: Vec<(ProviderId, Answer)> = course
                .seats
                .iter()
                .filter_map(|seat| Some((ProviderId(seat.provider as u64), answer(seat.answer?))))
                .collect();
            match tally(course.terms.policy, course.redundancy, &answers) {
                Verdict::Agreed { against, .. } => return self.agreed(course, &against),
                Verdict::Short if reassigned < REASSIGNMENTS => reassigned += 1,
                Verdict::Short => return false,
                Verdict::Disagreed => {
                    course.excluded.extend(course.seats.drain(..).map(|seat| seat.provider));
                    let wider = match course.terms.policy {
                        Policy::Proven => widened(course.redundancy),
                        _ => None,
                    };
                    let Some(wider) = wider else { return false };
                    course.redundancy = wider;
                }
            }
        }
        false
    }

    /// Draws workers for the vacant seats; none where too few were found by the deadline.
    fn seat(&mut self, course: &mut Course) -> bool {
        let demand = Demand::of(&course.terms, course.terms.redundancy, COVER);
        let vacant = course.redundancy - course.seats.len() as u8;
        while course.draws < course.request.draws {
            let mut chance = self.chance(Purpose::Draw, course.draws);
            course.draws += 1;
            let sampled = chance.sample(SAMPLE, self.providers.len());
            let seed = chance.seed();
            let taken: Vec<u32> =
                course.seats.iter().map(|seat| self.providers[seat.provider].party).collect();
            let field = Self::field(&mut self.providers, &sampled, self.now, |index, one| {
                !course.excluded.contains(&index)
                    && !taken.contains(&one.party)
                    && course.request.party != Some(one.party)
            });
            let chosen = if course.redundancy > 1 || course.request.drawn {
                demand.draw(&field, vacant, &WEIGHTS, FLOOR, &seed)
            } else {
                let field: Vec<_> = field.into_iter().map(|(_, candidate)| candidate).collect();
                demand.best(&field, &WEIGHTS, &seed).into_iter().collect()
            };
            if chosen.len() == usize::from(vacant) {
                let seats =
                    chosen.iter().map(|one| Seat { provider: one.0 as usize, answer: None });
                course.seats.extend(seats);
                return true;
            }
        }
        false
    }

    /// Those who have not yet answered do, or fail to and lose the seat.
    fn work(&mut self, course: &mut Course) {
        let sybils = |seat: &&Seat| {
            let open = seat.answer.is_none_or(|content| content == LIE);
            open && self.providers[seat.provider].actor == Actor::Sybil
        };
        let held = course.seats.iter().filter(sybils).count();
        course.majority |= held >= quorum(course.redundancy);
        for at in 0..course.seats.len() {
            if course.seats[at].answer.is_some() {
                continue;
            }
            let provider = course.seats[at].provider;
            self.books.seats += 1;
            self.books.of_mut(self.providers[provider].actor).seats += 1;
            let result = self.result(provider, held, course);
            match result {
                Ok(content) => course.seats[at].answer = Some(content),
                Err(fault) => {
                    course.excluded.push(provider);
                    self.observe(provider, LATE, course);
                    Self::slash(&mut self.books, &self.providers[provider], fault);
                }
            }
        }
        course.seats.retain(|seat| seat.answer.is_some());
    }

    /// What a provider makes of a job, if its like hold that many seats.
    fn result(&mut self, provider: usize, held: usize, course: &Course) -> Result<Content, Fault> {
        let mut chance = self.chance(Purpose::Work, provider as u64);
        let one = &mut self.providers[provider];
        let lies = match one.conduct {
            Conduct::Lies => true,
            Conduct::LiesAt(share) => chance.happens(share),
            Conduct::LiesInMajority => held >= quorum(course.redundancy),
            Conduct::LiesUnanimously => held == usize::from(course.redundancy),
            Conduct::Works | Conduct::WorksWell | Conduct::Agrees => false,
        };
        if lies {
            return Ok(LIE);
        }
        one.load += 1;
        let fails = one.conduct == Conduct::Works;
        if fails && chance.happens(FAILS_SILENT) {
            return Err(Fault::Silent);
        }
        self.books.of_mut(one.actor).spent += money(course.request.work);
        if fails && chance.happens(FAILS_UNREVEALED) {
            return Err(Fault::Unrevealed);
        }
        let slips = fails && chance.happens(FAILS_WRONG);
        Ok(if slips { chance.number() | 2 } else { TRUTH })
    }

    /// Enough agree. Leaves those who are paid in their seats, and says whether they are.
    fn agreed(&mut self, course: &mut Course, against: &[ProviderId]) -> bool {
        let outvoted: Vec<usize> = against.iter().map(|one| one.0 as usize).collect();
        for provider in outvoted.iter().copied() {
            self.observe(provider, FALSE, course);
        }
        course.seats.retain(|seat| !outvoted.contains(&seat.provider));
        let Some(content) = course.seats.first().and_then(|seat| seat.answer) else { return false };
        let verdict = self.looked_at(course, content, !outvoted.is_empty());
        // Who was outvoted lost pay and standing already, and now some of its bond.
        let convicted = audit::may_convict_outvoted(course.terms.policy)
            && verdict.is_some_and(audit::Verdict::convicts_outvoted);
        for provider in outvoted.into_iter().filter(|_| convicted) {
            Self::slash(&mut self.books, &self.providers[provider], Fault::Outvoted);
        }
        match verdict {
            None | Some(audit::Verdict::Passed | audit::Verdict::Confirmed) => {}
            Some(verdict) => {
                if verdict == audit::Verdict::Wrong {
                    for seat in &course.seats {
                        Self::slash(&mut self.books, &self.providers[seat.provider], Fault::Wrong);
                    }
                }
                for at in 0..course.seats.len() {
                    self.observe(course.seats[at].provider, FALSE, course);
                }
                return false;
            }
        }
        for at in 0..course.seats.len() {
            self.observe(course.seats[at].provider, WELL, course);
        }
        self.books.settled += 1;
        self.books.wrong += u64::from(content != TRUTH);
        true
    }

    /// Has guards look at a result, if lots are cast so.
    fn looked_at(
        &mut self,
        course: &Course,
        content: Content,
        contested: bool,
    ) -> Option<audit::Verdict> {
        let policy = course.terms.policy;
        let share = audit::chance(policy, course.redundancy, contested, &self.audits.shares);
        let drawn = course.request.auditable && self.chance(Purpose::Audited, 0).happens(share);
        drawn.then(|| self.audit(policy, content))
    }

    fn observe(&mut self, provider: usize, seen: Observation, course: &Course) {
        let one = &mut self.providers[provider];
        if course.request.party != Some(one.party) {
            one.observe(seen, self.now);
        }
    }

    fn pay(&mut self, course: &Course, split: &Split) {
        for seat in course.seats.iter().filter(|_| split.each > 0) {
            let actor = self.providers[seat.provider].actor;
            self.books.of_mut(actor).paid += money(split.each);
        }
        self.books.treasury += money(split.treasury);
        self.books.burnt += money(split.burnt);
        self.books.back += money(split.back);
    }

    /// A liar whose record has become worse than none takes a new name.
    fn renew(&mut self) {
        for one in self.providers.iter_mut().filter(|one| one.actor == Actor::Sybil) {
            if one.standing(self.now) < REPUTATION.prior {
                one.forget();
                self.books.of_mut(Actor::Sybil).names += 1;
            }
        }
    }
}
