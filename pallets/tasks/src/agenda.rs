//! When each task is looked at next, and who looks.

use crate::{pallet::*, types::*, WeightInfo};
use cairn_protocol::{
    id::{Height, TaskId},
    lifecycle::{Act, Stage, Turn},
};
use cairn_seams::Clock;
use frame_support::{
    pallet_prelude::{DispatchResult, Get},
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

    pub(crate) fn do_poke(id: TaskId) -> DispatchResult {
        let task = Self::open(id, Act::Poke)?;
        Self::look_at(id, task);
        Ok(())
    }

    /// Moves on what is due and finds workers, as far as the block has room.
    pub(crate) fn serve(meter: &mut WeightMeter) {
        if T::Clock::is_stopped() || meter.try_consume(T::WeightInfo::serve()).is_err() {
            return;
        }
        let now = T::Clock::now();
        let first = Served::<T>::get();
        let mut height = first;
        for _ in 0..T::ServedPerBlock::get() {
            if height > now || meter.try_consume(T::WeightInfo::look_at()).is_err() {
                break;
            }
            match Agenda::<T>::iter_key_prefix(height).next() {
                None => height = height.saturating_add(1),
                Some(id) => match Tasks::<T>::get(id).defensive() {
                    Some(task) => Self::look_at(id, task),
                    None => Agenda::<T>::remove(height, id),
                },
            }
        }
        if height > first {
            Served::<T>::put(height);
        }
        for _ in 0..T::ServedPerBlock::get() {
            if meter.try_consume(T::WeightInfo::find_workers()).is_err() {
                break;
            }
            let Some(key) = Queue::<T>::iter_keys().next() else { break };
            Self::find_workers(key);
        }
    }

    /// Does what time demands of a task.
    fn look_at(id: TaskId, mut task: TaskOf<T>) {
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
            // No guard is drawn yet, so every result passes.
            Stage::Audited => {
                Self::turn(&mut task, Turn::AuditPassed);
                Self::open_window(id, task);
            }
            Stage::Window => Self::settle(id, task),
            Stage::Contested => {
                Self::refund(id, task, Turn::Withheld, RefundReason::Withheld);
            }
            Stage::Settled | Stage::Refunded => Self::prune(id, task),
        }
    }
}
