//! The life of a task in plain words: who may do what and when, where it leads, who is paid. It
//! is written from the protocol's description and shares no rule with the pallet. It draws
//! nobody: it is told who was drawn, and says whether they may be.
//!
//! Here is what there is of it. What people do is in `acts`, what becomes of tasks by themselves in
//! `course`, and what they cost in `prices`.

use cairn_protocol::{
    id::{Amount, Height, ProviderId},
    job::{Policy, Terms},
    lifecycle::{Stage, Turn, MOVES},
};
use std::collections::BTreeMap;

pub type Account = u64;

pub const REASSIGNMENTS: u8 = 2;
pub const EXCLUDED: usize = 32;
/// An account holds at least so much, or is none.
pub(super) const DUST: Amount = 100;
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
    pub(super) fn is_accused(&self) -> bool {
        let others = self.excluded.len() - usize::from(self.accusers);
        self.accusers >= 3 && usize::from(self.accusers) > others && self.committed() == 0
    }

    /// Of all who have or had a seat, most said that nobody could do it.
    pub(super) fn is_plain(&self) -> bool {
        usize::from(self.accusers) * 2 > self.excluded.len() + self.seats.len()
    }

    pub(super) fn seat(&mut self, provider: ProviderId) -> Option<&mut Seat> {
        self.seats.iter_mut().find(|seat| seat.provider == provider)
    }

    pub(super) fn committed(&self) -> usize {
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
    pub(super) fn accepts(&self, said: Said) -> bool {
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

    pub(super) fn take(&mut self, who: Account, amount: Amount) {
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
}
