//! What becomes of tasks by themselves: time runs out, results are compared, money moves, workers
//! are drawn.

use super::{prices::guards, reference::*};
use crate::tests::mock::PRICED;
use cairn_protocol::{
    id::{Amount, Height, ProviderId},
    job::Policy,
    lifecycle::{Stage, Turn},
};

/// From the block that asks for a seed to the first that can draw with it.
pub const SEED: Height = 17;
const WINDOW: Height = 20;
/// How long guards should take.
const AUDIT: Height = 40;
const REMATCH: Height = 60;
const RECORD: Height = 30;
/// Jobs that each provider works on at once.
const SLOTS: usize = 4;
/// What one worker is offered at most: twenty times what each has bonded, which nobody adds to.
const COVERED: Amount = 20 * 20_000;

impl Task {
    fn ask_for_chunks(&mut self, now: Height) {
        self.complaint.iter_mut().for_each(|open| open.asked = true);
        self.due = now + SHOW;
    }
}

impl World {
    /// What a block does after its transactions, if it has room for everything. In which order
    /// it settles tasks is its own affair, and decides who is paid first where an account is new.
    pub fn idle(&mut self, settled: &[u64], drawn: &[Drawn]) {
        if self.stopped.is_some() {
            assert!(drawn.is_empty(), "somebody was drawn while the clock stood");
            return;
        }
        let now = self.now();
        let late = |(id, task): (&u64, &Task)| (now > task.due).then_some(*id);
        let mut late: Vec<u64> = self.tasks.iter().filter_map(late).collect();
        late.sort_by_key(|id| settled.iter().position(|other| other == id));
        late.into_iter().for_each(|id| self.expire(id));
        drawn.iter().for_each(|drawn| self.assign(drawn));
        for task in self.tasks.values_mut() {
            let ready = |open: &Complaint| now >= open.ready && !open.asked;
            if task.complaint.as_ref().is_some_and(ready) {
                task.ask_for_chunks(now);
            }
        }
    }

    /// The time of a task's stage has run out.
    pub(super) fn expire(&mut self, id: u64) {
        let prunes = self.with(id, |world, task| {
            match task.stage {
                Stage::Queued => world.refund(task, Turn::GivenUp),
                Stage::AwaitingKeys => world.forfeit(task),
                Stage::Assigned => {
                    task.dismiss(|seat| {
                        !matches!(seat.progress, Progress::Locked | Progress::Working)
                    });
                    if task.seats.len() >= task.quorum() {
                        world.open_reveals(task);
                    } else {
                        world.fill_again(task);
                    }
                }
                Stage::Committed => world.judge(task),
                Stage::Window => world.settle(task),
                Stage::Settled | Stage::Refunded => {
                    assert!(world.pay(task.requester, task.deposit));
                    return true;
                }
                Stage::Contested => world.hear(task),
                // It waits on as long as guards are at it, and for nothing if they are not.
                Stage::Audited => match task.audit {
                    Some(due) => task.due = due.max(world.now()),
                    None => world.pass_audit(task),
                },
            }
            false
        });
        if prunes {
            self.tasks.remove(&id);
        }
    }

    pub(super) fn judge(&mut self, task: &mut Task) {
        task.dismiss(|seat| matches!(seat.progress, Progress::Revealed(_)));
        if task.seats.len() < task.quorum() {
            return self.fill_again(task);
        }
        if let Some(agree) = task.verdict() {
            let named = task.seats.iter().map(|seat| seat.provider);
            let outvoted = named.filter(|one| !agree.contains(one)).collect();
            task.dismiss(|seat| agree.contains(&seat.provider));
            if guards(&task.terms) > 0 {
                task.outvoted = outvoted;
                task.due = self.now() + AUDIT;
                task.audit = Some(task.due);
                return self.turn(task, Turn::AgreedAuditable, Stage::Audited);
            }
            task.due = self.now() + WINDOW;
            return self.turn(task, Turn::Agreed, Stage::Window);
        }
        task.dismiss(|_| false);
        let asks_more = matches!(task.terms.policy, Policy::Proven | Policy::Tolerance { .. });
        if asks_more && task.redundancy < 9 {
            task.redundancy = if task.redundancy < 5 { 5 } else { 9 };
            self.queue_again(task, Turn::Contradicted);
        } else {
            self.refund(task, Turn::Exhausted);
        }
    }

    /// Nothing was found against the result.
    pub(super) fn pass_audit(&mut self, task: &mut Task) {
        task.outvoted.clear();
        task.due = self.now() + WINDOW;
        self.turn(task, Turn::AuditPassed, Stage::Window);
    }

    pub(super) fn fill_again(&mut self, task: &mut Task) {
        if task.is_asked_no_more() {
            return self.refund(task, Turn::Exhausted);
        }
        task.reassigned += 1;
        self.queue_again(task, Turn::Vacated);
    }

    fn queue_again(&mut self, task: &mut Task, turn: Turn) {
        task.asked = self.now();
        task.due = task.due.max(self.now() + REMATCH);
        self.turn(task, turn, Stage::Queued);
    }

    pub(super) fn refund(&mut self, task: &mut Task, turn: Turn) {
        let back = task.earned + task.fee + task.reserve + task.price;
        assert!(self.pay(task.requester, back));
        self.end(task, turn, Stage::Refunded);
    }

    /// The requester gave no keys: those who waited for them share the fee.
    fn forfeit(&mut self, task: &mut Task) {
        let each = task.fee / task.seats.len() as Amount;
        for seat in &task.seats {
            assert!(self.pay(self.providers[&seat.provider].owner, each));
        }
        assert!(self.pay(task.requester, task.earned + task.reserve + task.price));
        self.end(task, Turn::KeysMissing, Stage::Refunded);
    }

    /// Nothing is shown in time by a worker that was asked; one that was not yet is now.
    fn hear(&mut self, task: &mut Task) {
        let Some(open) = task.complaint.filter(|open| open.asked) else {
            return task.ask_for_chunks(self.now());
        };
        task.complaint = None;
        assert!(self.pay(task.requester, COMPLAINT));
        task.seats.retain(|seat| seat.provider != open.against);
        if task.seats.is_empty() {
            return self.refund(task, Turn::Withheld);
        }
        task.due = self.now() + open.rest;
        self.turn(task, Turn::Dropped, Stage::Window);
    }

    /// Four fifths to the workers, a twentieth to the model's creator or a fiftieth if that one asks
    /// for no more, and the price beside it; what is left to the treasury; the fee to nobody.
    fn settle(&mut self, task: &mut Task) {
        let paid = task.seats.len() as Amount;
        let reward = task.terms.reward;
        let used = match task.is_apiece() {
            true => reward * paid / Amount::from(task.terms.redundancy),
            false => reward,
        };
        let earned = used + task.terms.tip;
        assert!(self.pay(task.requester, reward + task.reserve - used));
        let each = earned * 4 / 5 / paid;
        let mut left = earned;
        for seat in &task.seats {
            assert!(self.pay(self.providers[&seat.provider].owner, each));
            left -= each;
        }
        left += task.price;
        if let Some(model) = task.terms.job.model {
            let royalty = if model == PRICED { earned / 50 } else { earned / 20 };
            if self.pay(self.creator, royalty + task.price) {
                left -= royalty + task.price;
            }
        }
        // Where there is no treasury either, it is burnt.
        self.pay(self.treasury, left);
        let seats = std::mem::take(&mut task.seats);
        self.end(task, Turn::Accepted, Stage::Settled);
        task.seats = seats;
    }

    pub(super) fn end(&mut self, task: &mut Task, turn: Turn, to: Stage) {
        (task.earned, task.fee, task.reserve, task.price) = (0, 0, 0, 0);
        task.seats.clear();
        task.due = self.now() + RECORD;
        self.turn(task, turn, to);
    }

    /// Checks those who were drawn, and seats them.
    fn assign(&mut self, drawn: &Drawn) {
        for provider in &drawn.providers {
            self.check_drawn(drawn.task, *provider, &drawn.providers);
        }
        let now = self.now();
        self.with(drawn.task, |world, task| {
            assert_eq!(task.stage, Stage::Queued, "{drawn:?}");
            assert!(now >= task.asked + SEED && now <= task.due, "{drawn:?} of {task:?}");
            let (progress, time, turn, to) = match task.terms.seal {
                None => (Progress::Working, task.terms.work_blocks, Turn::Seated, Stage::Assigned),
                Some(seal) => {
                    let turn = Turn::SeatedSealed;
                    (Progress::Locked, seal.key_blocks, turn, Stage::AwaitingKeys)
                }
            };
            assert!(drawn.round > task.round, "{drawn:?} of {task:?}");
            task.round = drawn.round;
            task.due = now + time;
            assert_eq!(task.due, drawn.due, "{drawn:?}");
            let seats = drawn.providers.iter().map(|p| Seat { provider: *p, progress });
            task.seats.extend(seats);
            assert_eq!(task.seats.len(), usize::from(task.redundancy), "{drawn:?}");
            world.turn(task, turn, to);
        });
    }

    fn check_drawn(&self, id: u64, drawn: ProviderId, all: &[ProviderId]) {
        let (task, provider) = (&self.tasks[&id], &self.providers[&drawn]);
        let say = || format!("{drawn:?} was drawn for {task:?} with {all:?}");
        assert!(provider.available && !provider.left, "not there: {}", say());
        assert!(!task.excluded.contains(&drawn), "failed before: {}", say());
        let seated = task.seats.iter().map(|seat| &seat.provider);
        let asked = seated.chain(all).chain(&task.excluded);
        let owners = asked.map(|other| self.providers[other].owner);
        let same = owners.filter(|owner| self.one_party(*owner, provider.owner));
        assert_eq!(same.count(), 1, "one party, asked twice: {}", say());
        let own = [provider.owner, provider.operator]
            .iter()
            .any(|account| self.one_party(*account, task.requester));
        assert!(!own, "the requester's own: {}", say());
        assert!(self.load(drawn) < SLOTS, "too much to do: {}", say());
        let price =
            task.terms.reward / Amount::from(task.terms.redundancy) / task.terms.job.units as u128;
        assert!(price >= 1, "too dear: {}", say());
        let offered = (task.terms.reward + task.terms.tip) / Amount::from(task.terms.redundancy);
        assert!(offered <= COVERED, "no bond covers it: {}", say());
    }

    fn one_party(&self, a: Account, b: Account) -> bool {
        let sides = |account| {
            let operated = self.operated_by(account).map(|id| self.providers[&id].owner);
            [Some(account), operated].into_iter().flatten()
        };
        sides(a).any(|a| {
            let linked = |b| self.linked.contains(&(a, b)) || self.linked.contains(&(b, a));
            sides(b).any(|b| a == b || linked(b))
        })
    }

    /// Jobs that a provider works on.
    pub fn load(&self, provider: ProviderId) -> usize {
        self.seats(provider, |stage| {
            use Stage::*;
            !matches!(stage, Audited | Window | Contested | Settled | Refunded)
        })
    }

    /// Jobs that it may be called to account for.
    pub fn engagements(&self, provider: ProviderId) -> usize {
        let outvoted = self.tasks.values().flat_map(|task| &task.outvoted);
        let waits = outvoted.filter(|one| **one == provider).count();
        waits + self.seats(provider, |stage| !matches!(stage, Stage::Settled | Stage::Refunded))
    }

    fn seats(&self, provider: ProviderId, counts: impl Fn(Stage) -> bool) -> usize {
        let tasks = self.tasks.values().filter(|task| counts(task.stage));
        tasks.flat_map(|task| &task.seats).filter(|seat| seat.provider == provider).count()
    }
}
