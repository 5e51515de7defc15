//! When each task is looked at next, and who looks.

use crate::{pallet::*, types::*, WeightInfo};
use cairn_protocol::{
    id::{Height, TaskId},
    job::MAX_REDUNDANCY,
    lifecycle::{Act, Stage, Turn},
};
use cairn_seams::Clock;
use frame_support::{
    pallet_prelude::{DispatchResultWithPostInfo, Get, Weight},
    traits::Defensive,
    weights::WeightMeter,
};

impl<T: Config> Pallet<T> {
    /// Has a task looked at after it is due.
    pub(crate) fn schedule_due(id: TaskId, task: &mut TaskOf<T>, due: Height) {
        task.due = due;
        Self::schedule(id, task, due.saturating_add(1));
    }

    /// Has a task looked at once, at that height.
    pub(crate) fn schedule(id: TaskId, task: &mut TaskOf<T>, at: Height) {
        Agenda::<T>::remove(task.next, id);
        // What lies behind is never looked at again.
        task.next = at.max(Served::<T>::get());
        Agenda::<T>::insert(task.next, id, ());
    }

    /// Turns a task to its next stage.
    pub(crate) fn turn(task: &mut TaskOf<T>, turn: Turn) {
        if let Some(stage) = task.stage.after(turn).defensive() {
            task.stage = stage;
        }
    }

    pub(crate) fn do_poke(anyone: T::AccountId, id: TaskId) -> DispatchResultWithPostInfo {
        let task = Self::open(id, Act::Poke, &anyone)?;
        let spent = T::WeightInfo::poke().saturating_add(Self::cost_of_look(&task));
        Self::look_at(id, task);
        Ok(Some(spent).into())
    }

    /// Moves on what is due and finds workers, as far as the block has room.
    pub(crate) fn serve(meter: &mut WeightMeter) {
        if T::Clock::is_stopped() || meter.try_consume(T::WeightInfo::serve()).is_err() {
            return;
        }
        Self::serve_agenda(meter);
        Self::serve_queue(meter);
    }

    fn serve_agenda(meter: &mut WeightMeter) {
        let now = T::Clock::now();
        let first = Served::<T>::get();
        let mut height = first;
        // Goes on behind the last: each search from the beginning would go over all removed so far.
        let mut due = Agenda::<T>::iter_key_prefix(height);
        for _ in 0..T::ServedPerBlock::get() {
            if height > now || meter.try_consume(T::WeightInfo::find_due()).is_err() {
                break;
            }
            let next = due.next().or_else(|| {
                // Something may have been added behind.
                due = Agenda::<T>::iter_key_prefix(height);
                due.next()
            });
            let Some(id) = next else {
                height = height.saturating_add(1);
                due = Agenda::<T>::iter_key_prefix(height);
                continue;
            };
            let Some(task) = Tasks::<T>::get(id).defensive() else {
                Agenda::<T>::remove(height, id);
                continue;
            };
            if meter.try_consume(Self::cost_of_look(&task)).is_err() {
                break;
            }
            Self::look_at(id, task);
        }
        if height > first {
            Served::<T>::put(height);
        }
    }

    fn serve_queue(meter: &mut WeightMeter) {
        let sample = T::Rules::get().draws.sample.into();
        for key in Queue::<T>::iter_keys().take(T::ServedPerBlock::get() as usize) {
            let id = TaskId(queued_task(&key));
            let Some(task) = Tasks::<T>::get(id).defensive() else {
                Queue::<T>::remove(key);
                continue;
            };
            if meter.try_consume(Self::cost_of_draw(&task, sample)).is_err() {
                break;
            }
            Self::find_workers(id, task);
        }
    }

    /// Tasks that a block takes into the queue and finds workers for, if it has no transactions.
    pub(crate) fn served_per_block() -> usize {
        let sample = T::Rules::get().draws.sample.into();
        let (one, several) =
            (T::WeightInfo::find_worker(sample, 0), T::WeightInfo::find_workers(sample, 0));
        let each = T::WeightInfo::find_due()
            .saturating_add(T::WeightInfo::enter_queue())
            .saturating_add(one.max(several));
        let room = T::BlockWeights::get().max_block.saturating_sub(T::WeightInfo::serve());
        let fitting = room.checked_div_per_component(&each).unwrap_or(u64::MAX);
        let served = u64::from(T::ServedPerBlock::get()).min(fitting).max(1);
        usize::try_from(served).unwrap_or(usize::MAX)
    }

    /// What it costs to look for workers among so many, and who of them failed before.
    fn cost_of_draw(task: &TaskOf<T>, sample: u32) -> Weight {
        let failed = u32::try_from(task.excluded.len()).unwrap_or(u32::MAX);
        match task.redundancy {
            1 => T::WeightInfo::find_worker(sample, failed),
            _ => T::WeightInfo::find_workers(sample, failed),
        }
    }

    /// What the next look at a task costs at most.
    pub(crate) fn cost_of_look(task: &TaskOf<T>) -> Weight {
        let seats = u32::try_from(task.seats.len()).unwrap_or(u32::MAX);
        match task.stage {
            Stage::Queued if T::Clock::now() > task.due => T::WeightInfo::give_up(seats),
            Stage::Queued if task.place == Place::Resting => T::WeightInfo::ask_again(),
            Stage::Queued => T::WeightInfo::enter_queue(),
            Stage::Audited => T::WeightInfo::look_at_audit(),
            Stage::Contested => T::WeightInfo::ask_for_chunks().max(T::WeightInfo::withhold()),
            Stage::AwaitingKeys => T::WeightInfo::forfeit(seats),
            Stage::Assigned => T::WeightInfo::close_commits(seats),
            Stage::Committed => T::WeightInfo::judge(seats),
            Stage::Window => T::WeightInfo::settle(seats),
            Stage::Settled | Stage::Refunded => T::WeightInfo::prune(seats),
        }
    }

    /// The most that a look at any task costs.
    pub(crate) fn dearest_look() -> Weight {
        let seats = MAX_REDUNDANCY.into();
        T::WeightInfo::enter_queue()
            .max(T::WeightInfo::ask_again())
            .max(T::WeightInfo::look_at_audit())
            .max(T::WeightInfo::give_up(seats))
            .max(T::WeightInfo::forfeit(seats))
            .max(T::WeightInfo::close_commits(seats))
            .max(T::WeightInfo::judge(seats))
            .max(T::WeightInfo::settle(seats))
            .max(T::WeightInfo::withhold())
            .max(T::WeightInfo::prune(seats))
    }

    /// Does what time demands of a task.
    pub(crate) fn look_at(id: TaskId, mut task: TaskOf<T>) {
        let overdue = T::Clock::now() > task.due;
        match task.stage {
            Stage::Queued if overdue => {
                Self::leave_queue(&mut task);
                Self::refund(id, task, Turn::GivenUp, RefundReason::NobodyFound);
            }
            Stage::Queued => {
                Self::enter_queue(id, &mut task);
                Tasks::<T>::insert(id, task);
            }
            Stage::AwaitingKeys => Self::forfeit(id, task),
            Stage::Assigned => Self::close_commits(id, task),
            Stage::Committed => Self::judge(id, task),
            Stage::Audited => Self::look_at_audit(id, task),
            Stage::Window => Self::settle(id, task),
            Stage::Contested => Self::hear(id, task),
            Stage::Settled | Stage::Refunded => Self::prune(id, task),
        }
    }
}
