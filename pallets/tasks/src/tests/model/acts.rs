//! What people do with tasks: who may when, and where it leads.

use super::reference::{Account, Complaint, Progress, Said, Task, World, COMPLAINT, DUST, SHOW};
use cairn_protocol::{
    audit::Verdict,
    failure::Failure,
    id::{Height, ProviderId},
    job::Terms,
    lifecycle::{Stage, Turn},
};

const REVEAL: Height = 10;

impl World {
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
