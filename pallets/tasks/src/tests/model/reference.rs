//! The life of a task in plain words: who may do what and when, where it leads, who is paid. It
//! is written from the protocol's description and shares no rule with the pallet. It draws
//! nobody: it is told who was drawn, and says whether they may be.

use crate::tests::mock::{BOB, LICENSED, MODEL, PRICE, PRICED};
use cairn_protocol::{
    audit::Verdict,
    failure::Failure,
    id::{Amount, BlockId, Height, ProviderId},
    job::{JobKind, Policy, Terms},
    lifecycle::{Stage, Turn, MOVES},
};
use codec::Encode;
use std::collections::BTreeMap;

pub type Account = u64;

const REVEAL: Height = 10;
pub const REASSIGNMENTS: u8 = 2;
pub const EXCLUDED: usize = 32;
/// An account holds at least so much, or is none.
const DUST: Amount = 100;
/// What a complaint costs that is answered.
pub const COMPLAINT: Amount = 200;
/// How long a worker has to answer it, from the draw of what it has to show.
pub const SHOW: Height = 15;
/// Parts per million between the fingerprints of neighbouring outputs.
const APART: u32 = 900;

/// What a worker says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Said {
    /// This output, with its fingerprint.
    Output(u8),
    /// This output alone.
    Bare(u8),
    /// An output longer than anyone asks for.
    TooLong,
    TooManyUnits,
    OtherEngine,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Progress {
    Locked,
    Working,
    /// To nothing that it could show, where none.
    Committed(Option<Said>),
    Revealed(Said),
}

#[derive(Clone, Debug)]
pub struct Seat {
    pub provider: ProviderId,
    pub progress: Progress,
}

#[derive(Clone, Debug)]
pub struct Task {
    pub requester: Account,
    pub terms: Terms,
    pub stage: Stage,
    pub due: Height,
    pub redundancy: u8,
    pub reassigned: u8,
    /// How many said that nobody could do what is asked for.
    pub accusers: u8,
    pub round: u16,
    pub seats: Vec<Seat>,
    pub excluded: Vec<ProviderId>,
    /// Those who wait for what guards say of what the others said.
    pub outvoted: Vec<ProviderId>,
    /// Reward and tip, as long as they are held, and the fee.
    pub earned: Amount,
    pub fee: Amount,
    /// For workers who are asked because others contradict each other.
    pub reserve: Amount,
    /// For the model's author.
    pub price: Amount,
    pub deposit: Amount,
    /// Those about whom there was a complaint, and the one that is open.
    pub complained: Vec<ProviderId>,
    pub complaint: Option<Complaint>,
    pub acknowledged: bool,
    /// When the seed of its draw was first asked for.
    pub asked: Height,
    /// By when guards should be done with it, if they are at it.
    pub audit: Option<Height>,
}

/// What a worker has to show can be drawn from `ready` on.
#[derive(Clone, Copy, Debug)]
pub struct Complaint {
    pub against: ProviderId,
    pub ready: Height,
    pub asked: bool,
    /// What was left of the window.
    pub rest: Height,
}

#[derive(Clone, Debug)]
pub struct Provider {
    pub owner: Account,
    pub operator: Account,
    pub left: bool,
    pub available: bool,
}

/// A draw, as the chain told of it.
#[derive(Clone, Debug)]
pub struct Drawn {
    pub task: u64,
    pub round: u16,
    pub providers: Vec<ProviderId>,
    pub due: Height,
}

#[derive(Debug)]
pub struct World {
    pub block: Height,
    /// The height at which the clock stands, if it does.
    pub stopped: Option<Height>,
    /// Blocks that did not count.
    pub lost: Height,
    pub submitted: u64,
    pub tasks: BTreeMap<u64, Task>,
    pub free: BTreeMap<Account, Amount>,
    pub providers: BTreeMap<ProviderId, Provider>,
    /// Accounts that call each other the same party.
    pub linked: Vec<(Account, Account)>,
    pub treasury: Account,
    pub creator: Account,
    /// How often each move of the lifecycle was made.
    pub moves: [u32; MOVES.len()],
}

impl Task {
    /// More than half of those asked.
    pub(super) fn quorum(&self) -> usize {
        usize::from(self.redundancy) / 2 + 1
    }

    /// Whether its results were shown, and others are asked because they differ.
    pub(super) fn is_contradicted(&self) -> bool {
        self.redundancy != self.terms.redundancy
    }

    /// Whether it is over where too few are left.
    pub(super) fn is_asked_no_more(&self) -> bool {
        self.reassigned >= REASSIGNMENTS || self.excluded.len() == EXCLUDED
    }

    /// Three or more said that nobody could do it, few others left, and nobody has a result.
    fn is_accused(&self) -> bool {
        let others = self.excluded.len() - usize::from(self.accusers);
        self.accusers >= 3 && usize::from(self.accusers) > others && self.committed() == 0
    }

    /// Of all who have or had a seat, most said that nobody could do it.
    fn is_plain(&self) -> bool {
        usize::from(self.accusers) * 2 > self.excluded.len() + self.seats.len()
    }

    fn seat(&mut self, provider: ProviderId) -> Option<&mut Seat> {
        self.seats.iter_mut().find(|seat| seat.provider == provider)
    }

    fn committed(&self) -> usize {
        let waits = |seat: &&Seat| matches!(seat.progress, Progress::Locked | Progress::Working);
        self.seats.len() - self.seats.iter().filter(waits).count()
    }

    /// Those who do not come up to it lose their seats and are not asked again.
    pub(super) fn dismiss(&mut self, stays: impl Fn(&Seat) -> bool) {
        let (stay, leave) = std::mem::take(&mut self.seats).into_iter().partition(|s| stays(s));
        self.seats = stay;
        let leave: Vec<Seat> = leave;
        let room = EXCLUDED - self.excluded.len();
        self.excluded.extend(leave.into_iter().map(|seat| seat.provider).take(room));
    }

    /// Whether the chain takes this for an answer.
    fn accepts(&self, said: Said) -> bool {
        // An even output is a byte, an odd one the name of an artifact; each ten units of work.
        let fits = |output: u8| {
            (output % 2 == 1 || self.terms.output_bytes >= 1) && self.terms.job.units >= 10
        };
        match said {
            Said::Output(output) => fits(output),
            Said::Bare(output) => {
                fits(output) && !matches!(self.terms.policy, Policy::Tolerance { .. })
            }
            Said::TooLong | Said::TooManyUnits | Said::OtherEngine => false,
        }
    }

    /// Whether each who is paid has a part of the reward to itself.
    pub(super) fn is_apiece(&self) -> bool {
        let exact = matches!(self.terms.policy, Policy::Proven | Policy::Tolerance { .. });
        exact && self.terms.redundancy > 1
    }

    /// What a seat's result is, if it was revealed.
    pub(super) fn output(&self, provider: ProviderId) -> Option<u8> {
        let seat = self.seats.iter().find(|seat| seat.provider == provider)?;
        match seat.progress {
            Progress::Revealed(Said::Output(output) | Said::Bare(output)) => Some(output),
            _ => None,
        }
    }

    /// Who agrees, of enough who answered; none if they contradict each other.
    pub(super) fn verdict(&self) -> Option<Vec<ProviderId>> {
        let said = |seat: &Seat| match seat.progress {
            Progress::Revealed(Said::Output(output) | Said::Bare(output)) => output,
            _ => unreachable!("only answers are judged"),
        };
        let with = |agrees: &dyn Fn(u8) -> bool| -> Vec<ProviderId> {
            let agree = self.seats.iter().filter(|seat| agrees(said(seat)));
            agree.map(|seat| seat.provider).collect()
        };
        let (needed, near) = match self.terms.policy {
            Policy::Replicated | Policy::Outcome { .. } => (self.quorum(), 0),
            Policy::Proven => (self.seats.len(), 0),
            // One alone is compared with nobody.
            Policy::Tolerance { within } => (self.seats.len(), within),
        };
        (0..=u8::MAX)
            .filter(|centre| self.seats.iter().any(|seat| said(seat) == *centre))
            .map(|centre| with(&|output| u32::from(centre.abs_diff(output)) * APART <= near))
            .find(|agree| agree.len() >= needed)
    }
}

/// How many may look at the result, at most: nobody where all of several have to say the same.
pub(super) fn guards(terms: &Terms) -> Amount {
    match terms.policy {
        Policy::Outcome { guards, .. } => guards.into(),
        Policy::Proven | Policy::Tolerance { .. } if terms.redundancy > 1 => 0,
        _ if terms.auditable => 9,
        _ => 0,
    }
}

/// What is held for the room a task may take: five for each entry, and one for each byte in it, as
/// they are encoded where accounts have eight bytes.
fn deposit(terms: &Terms) -> Amount {
    let exact = matches!(terms.policy, Policy::Proven | Policy::Tolerance { .. });
    let first = Amount::from(terms.redundancy);
    let workers = if exact && first > 1 { 9 } else { first };
    let guards = guards(terms);
    let members = workers + guards;
    let keys = if terms.seal.is_some() { members } else { 0 };
    // Complaints, or the record of an audit and its place on an agenda.
    let (more, beside) = match terms.policy {
        _ if guards == 0 => (1, 137),
        Policy::Tolerance { .. } => (2, 877 + 300 * members),
        _ => (2, 651 + 74 * members),
    };
    let record = 437 + 47 * workers;
    let answer = 302 + Amount::from(terms.output_bytes.max(40));
    let fixed = record + terms.encoded_size() as Amount + beside;
    5 * (4 + more + workers + keys) + fixed + workers * answer + keys * 1_283
}

/// What the author of a model asks of an account for a use, if that one may use it.
fn price_of(model: BlockId, who: Account) -> Option<Amount> {
    match model {
        MODEL => Some(0),
        PRICED => Some(PRICE),
        LICENSED if who == BOB => Some(0),
        _ => None,
    }
}

impl World {
    pub fn now(&self) -> Height {
        self.stopped.unwrap_or(self.block - self.lost)
    }

    pub fn stop(&mut self) {
        self.stopped = Some(self.now());
    }

    pub fn resume(&mut self) {
        if let Some(height) = self.stopped.take() {
            self.lost = self.block - height;
        }
    }

    /// Whether the chain takes this task; what it then costs.
    fn price(&self, who: Account, terms: &Terms) -> Option<[Amount; 5]> {
        let (now, job, workers) = (self.now(), &terms.job, terms.redundancy);
        let key_time = terms.seal.map_or(5, |seal| seal.key_blocks);
        let in_time = terms.match_by > now
            && terms.match_by <= now + 1_000
            && (5..=500).contains(&terms.work_blocks)
            && (5..=50).contains(&key_time);
        let countable = [1, 3, 5, 7, 9].contains(&workers);
        let (modelled, judged) = match (job.kind, terms.policy) {
            (JobKind::Infer, Policy::Tolerance { .. }) => (true, !job.sampled || workers == 1),
            (JobKind::Embed, Policy::Tolerance { .. })
            | (JobKind::Infer | JobKind::Embed | JobKind::Evaluate, Policy::Proven) => {
                (true, !job.sampled)
            }
            (JobKind::Simulate | JobKind::Wasm, Policy::Replicated) => (false, !job.sampled),
            (JobKind::Train, Policy::Outcome { guards, .. }) => {
                (true, !job.sampled && workers == 1 && [3, 5, 7, 9].contains(&guards))
            }
            _ => return None,
        };
        let price = match job.model {
            Some(model) if modelled => price_of(model, who)?,
            None if !modelled => 0,
            _ => return None,
        };
        let runs = job.units > 0;
        let small = terms.encoded_size() <= 2_048 && terms.output_bytes <= 2_048;
        let paid = terms.reward >= 100 * Amount::from(workers);
        if self.stopped.is_some() || !(in_time && countable && judged && runs && small && paid) {
            return None;
        }
        let earned = terms.reward.checked_add(terms.tip)?;
        let fee = earned / 100 + 10;
        let reserve = match terms.policy {
            Policy::Proven | Policy::Tolerance { .. } if workers > 1 => {
                terms.reward.checked_mul(9)? / Amount::from(workers) - terms.reward
            }
            _ => 0,
        };
        let held = [earned, fee, deposit(terms), reserve, price];
        let whole = held.iter().try_fold(DUST, |sum, part| sum.checked_add(*part))?;
        (self.free[&who] >= whole).then_some(held)
    }

    pub fn submit(&mut self, who: Account, terms: Terms) -> bool {
        let Some(held) = self.price(who, &terms) else { return false };
        let [earned, fee, deposit, reserve, price] = held;
        self.take(who, held.iter().sum());
        let task = Task {
            requester: who,
            stage: Stage::Queued,
            due: terms.match_by,
            redundancy: terms.redundancy,
            terms,
            reassigned: 0,
            accusers: 0,
            round: 0,
            seats: Vec::new(),
            excluded: Vec::new(),
            outvoted: Vec::new(),
            earned,
            fee,
            reserve,
            price,
            deposit,
            complained: Vec::new(),
            complaint: None,
            acknowledged: false,
            asked: self.now(),
            audit: None,
        };
        self.tasks.insert(self.submitted, task);
        self.submitted += 1;
        true
    }

    fn take(&mut self, who: Account, amount: Amount) {
        *self.free.get_mut(&who).expect("everyone is known") -= amount;
    }

    /// Pays an amount, or says that there is no account to pay it to.
    pub(super) fn pay(&mut self, who: Account, amount: Amount) -> bool {
        let free = self.free.get_mut(&who).expect("everyone is known");
        let exists = *free + amount >= DUST;
        if exists {
            *free += amount;
        }
        exists
    }

    pub(super) fn turn(&mut self, task: &mut Task, turn: Turn, to: Stage) {
        let made = MOVES.iter().position(|known| *known == (task.stage, turn, to));
        let made = made.unwrap_or_else(|| panic!("{:?}: {turn:?} leads to {to:?}", task.stage));
        self.moves[made] += 1;
        task.stage = to;
    }

    /// Lets somebody act on a task that is in that stage and not due.
    fn act(
        &mut self,
        id: u64,
        stages: &[Stage],
        act: impl FnOnce(&mut Self, &mut Task) -> bool,
    ) -> bool {
        let now = self.now();
        let open = |task: &Task| stages.contains(&task.stage) && now <= task.due;
        if self.stopped.is_some() || !self.tasks.get(&id).is_some_and(open) {
            return false;
        }
        self.with(id, act)
    }

    pub(super) fn with<R>(&mut self, id: u64, act: impl FnOnce(&mut Self, &mut Task) -> R) -> R {
        let mut task = self.tasks.remove(&id).expect("it was looked up");
        let result = act(self, &mut task);
        self.tasks.insert(id, task);
        result
    }

    pub(super) fn operated_by(&self, who: Account) -> Option<ProviderId> {
        let mut all = self.providers.iter();
        all.find(|(_, provider)| provider.operator == who).map(|(id, _)| *id)
    }

    pub fn cancel(&mut self, who: Account, id: u64) -> bool {
        self.act(id, &[Stage::Queued], |world, task| {
            // Whoever was shown results waits for what comes of them.
            let may = task.requester == who && task.seats.is_empty() && !task.is_contradicted();
            if may {
                world.refund(task, Turn::GivenUp);
            }
            may
        })
    }

    pub fn post_key(&mut self, who: Account, id: u64, provider: ProviderId) -> bool {
        self.act(id, &[Stage::AwaitingKeys], |world, task| {
            let requester = task.requester;
            let Some(seat) = task.seat(provider) else { return false };
            if requester != who || seat.progress != Progress::Locked {
                return false;
            }
            seat.progress = Progress::Working;
            if task.seats.iter().all(|seat| seat.progress != Progress::Locked) {
                task.due = world.now() + task.terms.work_blocks;
                world.turn(task, Turn::KeysPosted, Stage::Assigned);
            }
            true
        })
    }

    pub fn reject_key(&mut self, who: Account, id: u64) -> bool {
        let Some(provider) = self.operated_by(who) else { return false };
        self.act(id, &[Stage::Assigned], |world, task| {
            let sealed = task.terms.seal.is_some();
            let works = task.seat(provider).is_some_and(|s| s.progress == Progress::Working);
            if !(sealed && works) {
                return false;
            }
            task.dismiss(|seat| seat.provider != provider);
            if task.is_asked_no_more() {
                world.lose_fee(task);
            } else {
                world.fill_again(task);
            }
            true
        })
    }

    /// All goes back but the fee, which nobody has.
    fn lose_fee(&mut self, task: &mut Task) {
        let back = task.earned + task.reserve + task.price;
        assert!(self.pay(task.requester, back));
        self.end(task, Turn::Exhausted, Stage::Refunded);
    }

    /// A worker cannot do it. It goes on with those who are left if they are enough to decide.
    pub fn decline(&mut self, who: Account, id: u64, failure: Failure, readable: bool) -> bool {
        let Some(provider) = self.operated_by(who) else { return false };
        self.act(id, &[Stage::Assigned], |world, task| {
            let works = task.seat(provider).is_some_and(|s| s.progress == Progress::Working);
            if !(works && readable) {
                return false;
            }
            task.dismiss(|seat| seat.provider != provider);
            let accuses = matches!(failure, Failure::MalformedSpec | Failure::MissingArtifact);
            task.accusers += u8::from(accuses);
            if task.seats.len() >= task.quorum() {
                if task.committed() == task.seats.len() {
                    world.open_reveals(task);
                }
            } else if accuses && task.is_accused() && (task.is_asked_no_more() || task.is_plain()) {
                world.lose_fee(task);
            } else {
                world.fill_again(task);
            }
            true
        })
    }

    pub fn commit(&mut self, who: Account, id: u64, to: Option<Said>) -> bool {
        let Some(provider) = self.operated_by(who) else { return false };
        self.act(id, &[Stage::Assigned], |world, task| {
            match task.seat(provider) {
                Some(seat) if seat.progress == Progress::Working => {
                    seat.progress = Progress::Committed(to);
                }
                _ => return false,
            }
            if task.committed() == task.seats.len() {
                world.open_reveals(task);
            }
            true
        })
    }

    pub(super) fn open_reveals(&mut self, task: &mut Task) {
        task.due = self.now() + REVEAL;
        self.turn(task, Turn::AllCommitted, Stage::Committed);
    }

    pub fn reveal(&mut self, who: Account, id: u64, said: Said, right_salt: bool) -> bool {
        let Some(provider) = self.operated_by(who) else { return false };
        self.act(id, &[Stage::Committed], |world, task| {
            let accepted = task.accepts(said);
            let Some(seat) = task.seat(provider) else { return false };
            let opens = seat.progress == Progress::Committed(Some(said)) && right_salt;
            if !(opens && accepted) {
                return false;
            }
            seat.progress = Progress::Revealed(said);
            if task.seats.iter().all(|seat| matches!(seat.progress, Progress::Revealed(_))) {
                world.judge(task);
            }
            true
        })
    }

    pub fn acknowledge(&mut self, who: Account, id: u64) -> bool {
        self.act(
            id,
            &[Stage::Audited, Stage::Window, Stage::Contested, Stage::Settled],
            |_, task| {
                let may = task.requester == who && !task.acknowledged;
                task.acknowledged |= may;
                may
            },
        )
    }

    pub fn complain(&mut self, who: Account, id: u64, provider: ProviderId) -> bool {
        let rich = self.free.get(&who).is_some_and(|free| *free >= COMPLAINT + DUST);
        self.act(id, &[Stage::Window], |world, task| {
            let artifact = task.output(provider).is_some_and(|output| output % 2 == 1);
            let first = !task.complained.contains(&provider);
            if !(task.requester == who && artifact && first && rich) {
                return false;
            }
            world.take(who, COMPLAINT);
            let (now, rest) = (world.now(), task.due - world.now());
            let ready = now + super::course::SEED;
            task.complained.push(provider);
            task.complaint = Some(Complaint { against: provider, ready, asked: false, rest });
            task.due = ready + SHOW;
            world.turn(task, Turn::Complained, Stage::Contested);
            true
        })
    }

    pub fn show(&mut self, who: Account, id: u64, right: bool) -> bool {
        let Some(provider) = self.operated_by(who) else { return false };
        self.act(id, &[Stage::Contested], |world, task| {
            let Some(open) = task.complaint else { return false };
            // Of what has another length than it says, the end cannot be shown.
            let true_length = task.output(provider) == Some(1);
            let drawn = world.now() >= open.ready;
            if !(open.against == provider && drawn && right && true_length) {
                return false;
            }
            assert!(world.pay(world.providers[&provider].owner, COMPLAINT));
            task.complaint = None;
            task.due = world.now() + open.rest;
            world.turn(task, Turn::Shown, Stage::Window);
            true
        })
    }

    /// Guards are done with a task. Those who showed them nothing lose their seats. Gives all who
    /// are penalised: these, and whoever said what guards found to be wrong.
    pub fn judged(&mut self, id: u64, verdict: Verdict, silent: &[ProviderId]) -> Vec<ProviderId> {
        self.with(id, |world, task| {
            task.audit = None;
            task.seats.retain(|seat| !silent.contains(&seat.provider));
            let outvoted = std::mem::take(&mut task.outvoted);
            let wrong: Vec<_> = match verdict {
                Verdict::Wrong => task.seats.iter().map(|seat| seat.provider).collect(),
                Verdict::Confirmed => outvoted,
                _ => Vec::new(),
            };
            let stands = matches!(verdict, Verdict::Passed | Verdict::Confirmed);
            if stands && !task.seats.is_empty() {
                world.pass_audit(task);
            } else {
                world.refund(task, Turn::AuditLost);
            }
            [silent, wrong.as_slice()].concat()
        })
    }

    pub fn poke(&mut self, id: u64) -> bool {
        let now = self.now();
        let late = self.tasks.get(&id).is_some_and(|task| now > task.due);
        let moved = late && self.stopped.is_none();
        if moved {
            self.expire(id);
        }
        moved
    }
}
