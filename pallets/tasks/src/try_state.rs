//! What has to hold after every block.

use crate::{
    footprint::{guards, Footprint},
    pallet::*,
    types::*,
};
use alloc::collections::{BTreeMap, BTreeSet};
use cairn_protocol::{
    audit::may_convict_outvoted,
    id::{Amount, ProviderId, TaskId},
    lifecycle::Stage,
    tally::quorum,
};
use cairn_seams::Registry;
use codec::Encode;
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Every invariant of the pallet, named as in the README.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::check_money()?;
        Self::check_agenda()?;
        Self::check_queue()?;
        for (id, task) in Tasks::<T>::iter() {
            Self::check_task(id, &task)?;
            Self::check_owners(&task)?;
            Self::check_outvoted(id, &task)?;
            Self::check_complaints(id, &task)?;
            Self::check_footprint(id, &task)?;
        }
        Self::check_engagements()?;
        Self::check_belongings()
    }

    /// The escrows of each requester's tasks are what is held of it, and so are the deposits of
    /// tasks and of open complaints.
    fn check_money() -> Result<(), TryRuntimeError> {
        let mut sums: BTreeMap<T::AccountId, (Amount, Amount, Amount)> = BTreeMap::new();
        for (id, task) in Tasks::<T>::iter() {
            let (escrow, deposit, complaint) = sums.entry(task.requester.clone()).or_default();
            let open = Complaints::<T>::get(id).and_then(|all| all.open);
            *complaint = complaint.saturating_add(open.map_or(0, |open| open.deposit));
            *escrow =
                escrow.saturating_add(task.escrow.total().ok_or("money: an escrow overflows")?);
            *deposit = deposit.saturating_add(task.deposit);
        }
        for account in frame_system::Account::<T>::iter_keys() {
            let (escrow, deposit, complaint) = sums.get(&account).copied().unwrap_or_default();
            let held = |reason: HoldReason| T::Currency::balance_on_hold(&reason.into(), &account);
            ensure!(held(HoldReason::Escrow) == escrow, "money: escrows differ from holds");
            ensure!(held(HoldReason::Deposit) == deposit, "money: deposits differ from holds");
            let same = held(HoldReason::Complaint) == complaint;
            ensure!(same, "money: deposits of complaints differ from holds");
        }
        Ok(())
    }

    /// Every task is looked at once more, never in the past.
    fn check_agenda() -> Result<(), TryRuntimeError> {
        for (height, id) in Agenda::<T>::iter_keys() {
            let task = Tasks::<T>::get(id).ok_or("agenda: a task on the agenda is unknown")?;
            ensure!(task.next == height, "agenda: a task stands on the agenda twice");
            ensure!(height >= Served::<T>::get(), "agenda: a task would never be looked at");
        }
        Ok(())
    }

    fn check_queue() -> Result<(), TryRuntimeError> {
        for key in Queue::<T>::iter_keys() {
            let task = Tasks::<T>::get(TaskId(queued_task(&key)))
                .ok_or("queue: an unknown task queues")?;
            let here = matches!(task.place, Place::Ready { key: at, .. } if at == key);
            ensure!(here, "queue: a task stands in the queue twice");
        }
        Ok(())
    }

    fn check_task(id: TaskId, task: &TaskOf<T>) -> Result<(), TryRuntimeError> {
        ensure!(Agenda::<T>::contains_key(task.next, id), "tasks: a task has no deadline");
        // In the block after its stage, or the first that is served.
        let latest = task.due.saturating_add(1).max(Served::<T>::get());
        ensure!(task.next <= latest, "tasks: a task is looked at long after it is due");
        ensure!(
            TasksOf::<T>::contains_key(&task.requester, id),
            "tasks: a requester lacks its task"
        );
        ensure!(TermsOf::<T>::contains_key(id), "tasks: a task has no terms");
        ensure!(id.0 < Submitted::<T>::get(), "tasks: a task was never submitted");
        let queued = task.stage == Stage::Queued;
        ensure!(queued == (task.place != Place::Nowhere), "tasks: a task has the wrong place");
        if let Place::Ready { key, .. } = task.place {
            ensure!(Queue::<T>::contains_key(key), "tasks: a task is not in the queue");
        }
        if task.stage.is_end() {
            ensure!(task.escrow == Default::default(), "tasks: an ended task holds an escrow");
        }
        Self::check_vacancies(task)?;
        for seat in &task.seats {
            let there = task.stage.is_end() || T::Registry::owner(seat.provider).is_some();
            ensure!(there, "tasks: a worker has left");
            let revealed = seat.progress == Progress::Revealed;
            let answered = Answers::<T>::contains_key(id, seat.provider);
            ensure!(revealed == answered, "tasks: an answer is missing, or was never revealed");
            ensure!(
                !task.excluded.contains(&seat.provider),
                "tasks: an excluded provider has a seat"
            );
            let same = task.seats.iter().filter(|other| other.provider == seat.provider);
            ensure!(same.count() == 1, "tasks: a provider has two seats");
        }
        Ok(())
    }

    /// At work exactly the seats of those who declined are vacant, and enough are left to decide.
    fn check_vacancies(task: &TaskOf<T>) -> Result<(), TryRuntimeError> {
        let left = task.excluded.len();
        let decisive = task.seats.len() >= quorum(task.redundancy);
        let vacant = match task.stage {
            Stage::Queued | Stage::AwaitingKeys => 0,
            _ => task.declined,
        };
        ensure!(task.declined == vacant, "tasks: one declined what nobody was asked for");
        let at_work = matches!(task.stage, Stage::AwaitingKeys | Stage::Assigned);
        ensure!(!at_work || task.vacant() == vacant, "tasks: a seat is vacant");
        ensure!(task.stage != Stage::Assigned || decisive, "tasks: too few are at work to decide");
        let gone = usize::from(task.declined) <= left || task.excluded.is_full();
        ensure!(gone, "tasks: more declined than have left");
        // Where the list is full, not all who left are in it.
        let counted = usize::from(task.accusers) <= left || task.excluded.is_full();
        ensure!(counted, "tasks: more accuse the requester than have left");
        Ok(())
    }

    /// An owner is asked once, under whatever name.
    fn check_owners(task: &TaskOf<T>) -> Result<(), TryRuntimeError> {
        let failed: BTreeSet<_> =
            task.excluded.iter().filter_map(|one| T::Registry::owner(*one)).collect();
        let mut seated = BTreeSet::new();
        for owner in task.seats.iter().filter_map(|seat| T::Registry::owner(seat.provider)) {
            ensure!(!failed.contains(&owner), "tasks: an owner failed, and has a seat");
            ensure!(seated.insert(owner), "tasks: an owner has two seats");
        }
        Ok(())
    }

    /// Whoever was outvoted waits for guards beside more who agreed, where guards may convict.
    fn check_outvoted(id: TaskId, task: &TaskOf<T>) -> Result<(), TryRuntimeError> {
        if task.outvoted.is_empty() {
            return Ok(());
        }
        ensure!(task.stage == Stage::Audited, "outvoted: somebody waits for no guards");
        let terms = TermsOf::<T>::get(id).ok_or("tasks: a task has no terms")?;
        ensure!(may_convict_outvoted(terms.policy), "outvoted: guards convict nobody here");
        let minority = task.outvoted.len() < task.seats.len();
        let answered = task.outvoted.len().saturating_add(task.seats.len());
        let asked = answered <= usize::from(task.redundancy);
        ensure!(minority && asked, "outvoted: they are no minority of those asked");
        for provider in &task.outvoted {
            ensure!(T::Registry::owner(*provider).is_some(), "outvoted: one has left");
            ensure!(task.seat(*provider).is_none(), "outvoted: one has a seat");
            let same = task.outvoted.iter().filter(|other| *other == provider);
            ensure!(same.count() == 1, "outvoted: one is noted twice");
        }
        Ok(())
    }

    /// A task is contested while a complaint about one of its artifacts is open.
    fn check_complaints(id: TaskId, task: &TaskOf<T>) -> Result<(), TryRuntimeError> {
        let complaints = Complaints::<T>::get(id).unwrap_or_default();
        let contested = task.stage == Stage::Contested;
        ensure!(contested == complaints.open.is_some(), "complaints: one is open, or none is");
        if let Some(open) = complaints.open {
            let artifact = Self::artifact(id, open.against).is_some();
            ensure!(artifact, "complaints: what is asked for is no artifact");
            let noted = complaints.made.iter().any(|(one, _)| *one == open.against);
            ensure!(noted, "complaints: one was not counted");
        }
        for (provider, _) in &complaints.made {
            let same = complaints.made.iter().filter(|(other, _)| other == provider);
            ensure!(same.count() == 1, "complaints: a provider is counted twice");
        }
        Ok(())
    }

    /// Whoever has a seat at a task that goes on, or was outvoted at it and waits for guards, is
    /// engaged for each such task, and so cannot withdraw.
    fn check_engagements() -> Result<(), TryRuntimeError> {
        let mut seats: BTreeMap<ProviderId, u32> = BTreeMap::new();
        for task in Tasks::<T>::iter_values().filter(|task| !task.stage.is_end()) {
            let seated = task.seats.iter().map(|seat| seat.provider);
            for provider in seated.chain(task.outvoted.iter().copied()) {
                let count = seats.entry(provider).or_default();
                *count = count.saturating_add(1);
            }
        }
        for (provider, count) in seats {
            // Other work engages it as well.
            let engaged = T::Registry::engagements(provider) >= count;
            ensure!(engaged, "tasks: a worker could withdraw");
        }
        Ok(())
    }

    /// A task takes no more room than its deposit is for. Of its audit it is looked at only whether
    /// the deposit is for one.
    fn check_footprint(id: TaskId, task: &TaskOf<T>) -> Result<(), TryRuntimeError> {
        let terms = TermsOf::<T>::get(id).ok_or("tasks: a task has no terms")?;
        let mut taken = Footprint::default()
            .with(1, task.encoded_size())
            .with(1, terms.encoded_size())
            .with(2, 0);
        let complaints = Complaints::<T>::get(id).map(|all| all.encoded_size());
        let answers = |seat: &Seat| Some(Answers::<T>::get(id, seat.provider)?.encoded_size());
        let keys = |seat: &Seat| Some(Keys::<T>::get(id, seat.provider)?.encoded_size());
        let of_seats = task.seats.iter().flat_map(|seat| [answers(seat), keys(seat)]);
        for size in of_seats.chain([complaints]).flatten() {
            taken = taken.with(1, size);
        }
        let most = Self::footprint(&terms);
        let fits = taken.items <= most.items && taken.bytes <= most.bytes;
        ensure!(fits, "footprint: a task takes more room than its deposit is for");
        let counted = task.stage != Stage::Audited || guards(&terms) > 0;
        ensure!(counted, "footprint: a task waits for an audit that its deposit is not for");
        Ok(())
    }

    /// Nothing is left of a task that is gone.
    fn check_belongings() -> Result<(), TryRuntimeError> {
        let kept = Tasks::<T>::contains_key;
        ensure!(TermsOf::<T>::iter_keys().all(kept), "belongings: terms are left");
        ensure!(Complaints::<T>::iter_keys().all(kept), "belongings: complaints are left");
        ensure!(
            TasksOf::<T>::iter_keys().all(|(_, id)| kept(id)),
            "belongings: a requester's list is old"
        );
        let seated = |id: TaskId, provider| {
            Tasks::<T>::get(id).is_some_and(|task| task.seat(provider).is_some())
        };
        ensure!(
            Answers::<T>::iter_keys().all(|(id, one)| seated(id, one)),
            "belongings: answers are left"
        );
        ensure!(
            Keys::<T>::iter_keys().all(|(id, one)| seated(id, one)),
            "belongings: keys are left"
        );
        Ok(())
    }
}
