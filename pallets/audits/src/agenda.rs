//! When each audit is looked at next, and who looks.

use crate::{pallet::*, types::*, WeightInfo};
use cairn_protocol::{
    id::{Height, TaskId},
    lifecycle::audit::{Act, Turn},
};
use cairn_seams::Clock;
use frame_support::{
    pallet_prelude::{DispatchResultWithPostInfo, Get, Weight},
    traits::Defensive,
    weights::WeightMeter,
};

impl<T: Config> Pallet<T> {
    /// Turns an audit to its next stage.
    pub(crate) fn turn(audit: &mut AuditOf<T>, turn: Turn) {
        if let Some(stage) = audit.stage.after(turn).defensive() {
            audit.stage = stage;
        }
    }

    /// Turns it to a stage that lasts so many blocks, after which it is looked at.
    pub(crate) fn enter(id: TaskId, audit: &mut AuditOf<T>, turn: Turn, blocks: Height) {
        Self::turn(audit, turn);
        audit.due = T::Clock::now().saturating_add(blocks);
        Self::schedule(id, audit, audit.due.saturating_add(1));
    }

    /// Has an audit looked at once, at that height.
    pub(crate) fn schedule(id: TaskId, audit: &mut AuditOf<T>, at: Height) {
        Agenda::<T>::remove(audit.next, id);
        // What lies behind is never looked at again.
        audit.next = at.max(Served::<T>::get());
        Agenda::<T>::insert(audit.next, id, ());
    }

    pub(crate) fn do_poke(anyone: T::AccountId, id: TaskId) -> DispatchResultWithPostInfo {
        let audit = Self::open(id, Act::Poke, &anyone)?;
        let spent = T::WeightInfo::poke().saturating_add(Self::cost_of_look(&audit));
        Self::look_at(id, audit);
        Ok(Some(spent).into())
    }

    /// Moves on what is due, as far as the block has room.
    pub(crate) fn serve(meter: &mut WeightMeter) {
        if T::Clock::is_stopped() || meter.try_consume(T::WeightInfo::serve()).is_err() {
            return;
        }
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
            let Some(audit) = Audits::<T>::get(id).defensive() else {
                Agenda::<T>::remove(height, id);
                continue;
            };
            if meter.try_consume(Self::cost_of_look(&audit)).is_err() {
                break;
            }
            Self::look_at(id, audit);
        }
        if height > first {
            Served::<T>::put(height);
        }
    }

    /// What the next look at an audit costs at most.
    pub(crate) fn cost_of_look(audit: &AuditOf<T>) -> Weight {
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let guards = count(audit.guards.len());
        // Who was outvoted hears of it as well.
        let asked = if audit.contested { u32::from(audit.redundancy) } else { 0 };
        let workers = count(audit.workers.len()).max(asked);
        match audit.stage {
            Stage::Drawing => T::WeightInfo::draw(T::Rules::get().draws.sample.into())
                .max(T::WeightInfo::conclude(workers)),
            Stage::Commits | Stage::Reveals => T::WeightInfo::close(guards),
            Stage::Keys | Stage::Unmasking => T::WeightInfo::conclude(guards.max(workers)),
        }
    }

    /// The most that a look at any audit costs.
    pub(crate) fn dearest_look() -> Weight {
        T::WeightInfo::draw(T::Rules::get().draws.sample.into())
            .max(T::WeightInfo::close(MAX_GUARDS))
            .max(T::WeightInfo::conclude(MAX_GUARDS))
    }

    /// Does what time demands of an audit.
    fn look_at(id: TaskId, audit: AuditOf<T>) {
        match audit.stage {
            Stage::Drawing => Self::draw(id, audit),
            Stage::Keys => Self::drop(id, audit, Turn::KeysMissing),
            Stage::Commits => Self::close_commits(id, audit),
            Stage::Reveals => Self::close_reveals(id, audit),
            Stage::Unmasking => Self::judge(id, audit),
        }
    }
}
