//! What has to hold after every block. The README numbers and names these.

use crate::{pallet::*, types::*};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};
use cairn_protocol::id::{BlockId, ContentId};
use frame_support::{
    ensure,
    traits::{fungible::InspectHold, Get},
};
use sp_runtime::TryRuntimeError;

type Checked = Result<(), TryRuntimeError>;

impl<T: Config> Pallet<T> {
    /// Every invariant of the pallet.
    pub fn do_try_state() -> Checked {
        Self::check_queues()?;
        Self::check_order()?;
        Self::check_snapshots()?;
        Self::check_rounds()?;
        Self::check_sets()?;
        Self::check_held()?;
        Self::check_curators()
    }

    fn check_queues() -> Checked {
        for (height, id) in Agenda::<T>::iter_keys() {
            let trial = Trials::<T>::get(id).ok_or("agenda: a trial on it is unknown")?;
            ensure!(trial.has_ended() && trial.next == height, "agenda: a trial is on it in vain");
            ensure!(height >= Served::<T>::get(), "agenda: a trial would never be looked at");
        }
        for (period, _) in Turns::<T>::iter_keys() {
            ensure!(period >= Turned::<T>::get(), "turns: one would never be made");
        }
        for (id, trial) in Trials::<T>::iter() {
            let next = id.period.saturating_add(1);
            let waits = match trial.stage {
                Stage::Announced => Turns::<T>::contains_key(id.period, id.model),
                Stage::Running => Turns::<T>::contains_key(next, id.model),
                _ => Agenda::<T>::contains_key(trial.next, id),
            };
            ensure!(waits, "queues: a trial waits for nothing");
            let begun = matches!(trial.stage, Stage::Announced) || id.period <= Period::<T>::get();
            ensure!(begun, "turns: a trial is ahead of its period");
        }
        Ok(())
    }

    fn check_order() -> Checked {
        let mut last: BTreeMap<BlockId, u32> = BTreeMap::new();
        for (id, trial) in Trials::<T>::iter() {
            let TrialId { model, period } = id;
            if trial.stage == Stage::Announced {
                let linked = trial.before.is_some() || trial.after.is_some();
                ensure!(!linked, "order: a trial that has not begun follows another");
                continue;
            }
            let other = |period| Trials::<T>::get(TrialId { model, period });
            if let Some(before) = trial.before {
                let back = other(before).and_then(|trial| trial.after);
                ensure!(before < period && back == Some(period), "order: trials do not follow");
                let undecided = !matches!(trial.stage, Stage::Judging | Stage::Releasing);
                ensure!(undecided, "order: a trial is decided before the one before it");
            }
            match trial.after {
                Some(after) => {
                    let back = other(after).and_then(|trial| trial.before);
                    ensure!(period < after && back == Some(period), "order: trials do not follow");
                    ensure!(trial.has_ended(), "order: two trials of a model go on");
                }
                None => {
                    let only = last.insert(model, period).is_none();
                    ensure!(only, "order: two trials of a model are the last");
                }
            }
        }
        let latest: BTreeMap<BlockId, u32> = Latest::<T>::iter().collect();
        ensure!(latest == last, "order: another trial is the last");
        Ok(())
    }

    fn check_snapshots() -> Checked {
        let mut uses: BTreeMap<SnapshotId, (BlockId, u32)> = BTreeMap::new();
        let held = Held::<T>::iter().map(|(id, _, held)| (id.model, held.before, held.after));
        let asked = Courses::<T>::iter().flat_map(|(id, course)| {
            course.into_iter().map(move |step| (id.model, step.before, step.after))
        });
        for (model, before, after) in held.chain(asked) {
            for id in [before, after] {
                let (_, count) = uses.entry(id).or_insert((model, 0));
                *count = count.saturating_add(1);
            }
        }
        let mut files: BTreeMap<(BlockId, ContentId), u32> = BTreeMap::new();
        for (id, snapshot) in Snapshots::<T>::iter() {
            let (model, needed) = uses.remove(&id).ok_or("snapshots: their uses are miscounted")?;
            ensure!(snapshot.uses == needed, "snapshots: their uses are miscounted");
            ensure!(id < NextSnapshot::<T>::get(), "snapshots: one is ahead of its number");
            for part in snapshot.parts {
                let count = files.entry((model, part.file.id)).or_default();
                *count = count.saturating_add(1);
            }
        }
        ensure!(uses.is_empty(), "snapshots: one is gone");
        let counted = Files::<T>::iter().map(|(model, file, count)| ((model, file), count));
        ensure!(files == counted.collect(), "files: their uses are miscounted");
        Ok(())
    }

    fn check_rounds() -> Checked {
        for (id, trial) in Trials::<T>::iter() {
            let course = Courses::<T>::get(id);
            let is_judged = trial.stage == Stage::Judging;
            ensure!(is_judged || course.is_empty(), "rounds: a trial asks out of its time");
            let base = course.first().map(|step| step.before);
            ensure!(trial.base == base, "rounds: a trial does not begin where its deltas do");
            let heads: BTreeSet<SnapshotId> =
                course.iter().flat_map(|step| [step.before, step.after]).collect();
            let is_on = trial.at.is_none_or(|at| heads.contains(&at) && trial.base != Some(at));
            ensure!(is_on, "rounds: another head is measured");
            let was_asked = |head| Rounds::<T>::contains_key(id, head);
            let is_again = trial.again.is_none_or(was_asked);
            ensure!(is_again, "rounds: a head is measured again before it was");
            ensure!(trial.at.is_some() || trial.judging == 0, "rounds: no head is measured");
            for (head, round) in Rounds::<T>::iter_prefix(id) {
                ensure!(heads.contains(&head), "rounds: another head was measured");
                let is_again = trial.again == Some(head) && round.is_empty();
                ensure!(trial.at != Some(head) || is_again, "rounds: a head is measured again");
                let known = round.iter().all(|reading| reading.set < trial.sets);
                ensure!(known, "rounds: another set was measured");
            }
        }
        let left = Courses::<T>::iter_keys().find(|id| !Trials::<T>::contains_key(id));
        ensure!(left.is_none(), "rounds: deltas are left");
        let left = Rounds::<T>::iter_keys().find(|(id, _)| !Trials::<T>::contains_key(id));
        ensure!(left.is_none(), "rounds: one is left");
        Ok(())
    }

    fn check_sets() -> Checked {
        for (id, trial) in Trials::<T>::iter() {
            let sets = Self::sets(id);
            let numbers: BTreeSet<u8> = sets.iter().map(|(nth, _)| *nth).collect();
            ensure!(numbers == (0..trial.sets).collect(), "sets: a trial miscounts them");
            ensure!(trial.sets <= T::MaxSets::get(), "sets: there are too many");
            let curators: BTreeSet<_> = sets.iter().map(|(_, set)| set.curator.clone()).collect();
            ensure!(curators.len() == sets.len(), "sets: a curator has two in a trial");
            let judging =
                sets.iter().filter(|(_, set)| matches!(set.progress, Progress::Judging { .. }));
            let judging = judging.count();
            ensure!(judging == usize::from(trial.judging), "sets: panels are miscounted");
            let fits = |set: &SetOf<T>| match (trial.stage, set.progress) {
                (Stage::Announced | Stage::Running, progress) => progress == Progress::Sealed,
                (Stage::Reveals, Progress::Sealed | Progress::Opened(_)) => true,
                (
                    Stage::Judging,
                    Progress::Opened(_)
                    | Progress::Judging { .. }
                    | Progress::Measured { .. }
                    | Progress::Missed { .. }
                    | Progress::Void(_),
                ) => true,
                _ => false,
            };
            ensure!(sets.iter().all(|(_, set)| fits(set)), "sets: one is ahead, or behind");
            let sealed = sets.iter().filter(|_| !trial.has_ended());
            let barred = |curator| Barred::<T>::get(id.model, curator) >= Some(id.period);
            ensure!(
                sealed.into_iter().all(|(_, set)| barred(&set.curator)),
                "bars: a curator may author what it judges"
            );
        }
        for (id, _) in SealedSets::<T>::iter_keys() {
            ensure!(Trials::<T>::contains_key(id), "sets: one is left");
        }
        for (model, curator, period) in Barred::<T>::iter() {
            let sets = Self::sets(TrialId { model, period });
            let sealed = sets.iter().any(|(_, set)| set.curator == curator);
            ensure!(sealed, "bars: one is left");
        }
        Ok(())
    }

    fn check_held() -> Checked {
        for (id, delta) in Held::<T>::iter_keys() {
            ensure!(WaitsFor::<T>::get(delta) == Some(id), "held: a delta waits for another trial");
            let trial = Trials::<T>::get(id).ok_or("held: a delta waits for no trial")?;
            ensure!(trial.stage != Stage::Announced, "held: a delta was there before its trial");
        }
        for (delta, id) in WaitsFor::<T>::iter() {
            ensure!(Held::<T>::contains_key(id, delta), "held: a delta waits in vain");
        }
        for (model, place, delta) in Line::<T>::iter() {
            let held = WaitsFor::<T>::get(delta).filter(|id| id.model == model);
            let held = held.and_then(|id| Held::<T>::get(id, delta));
            ensure!(held.is_some_and(|held| held.place == place), "line: a delta is left");
        }
        for (id, trial) in Trials::<T>::iter() {
            let held: Vec<_> = Held::<T>::iter_prefix_values(id).collect();
            let gain = held.iter().fold(0u64, |sum, held| sum.saturating_add(held.gain));
            // What was forgotten or released since is in it still.
            let fits = if trial.has_ended() { gain <= trial.gain } else { gain == trial.gain };
            ensure!(fits, "held: their gains are miscounted");
            for (delta, held) in Held::<T>::iter_prefix(id) {
                let there = Line::<T>::get(id.model, held.place) == Some(delta);
                ensure!(there && held.place < trial.end, "line: a delta has another place");
                let is_asked = || Courses::<T>::get(id).iter().any(|step| step.delta == delta);
                let is_ahead = held.place >= trial.first;
                let is_decided = matches!(trial.stage, Stage::Releasing | Stage::Waiting);
                ensure!(is_ahead || is_decided || is_asked(), "line: a delta is passed over");
                let is_early = trial.stage != Stage::Releasing && held.finding != Finding::Open;
                ensure!(!is_early, "held: one is found before its time");
                ensure!(held.put_off <= MOST_PUT_OFF, "held: one is put off too often");
            }
        }
        Ok(())
    }

    fn check_curators() -> Checked {
        let mut sets: BTreeMap<T::AccountId, u32> = BTreeMap::new();
        for set in SealedSets::<T>::iter_values() {
            let count = sets.entry(set.curator).or_default();
            *count = count.saturating_add(1);
        }
        for account in frame_system::Account::<T>::iter_keys() {
            let known = Curators::<T>::get(&account);
            let held = T::Currency::balance_on_hold(&HoldReason::Bond.into(), &account);
            let bond = known.map_or(0, |known| known.bond);
            ensure!(held == bond, "bonds: they differ from holds");
            let count = sets.remove(&account).unwrap_or(0);
            let counted = known.map_or(0, |known| known.sets);
            ensure!(counted == count, "curators: their sets are miscounted");
        }
        ensure!(sets.is_empty(), "curators: a set has none");
        Ok(())
    }
}
