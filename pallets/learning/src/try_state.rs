//! What has to hold after every block.

use crate::{pallet::*, types::*};
use alloc::collections::{BTreeMap, BTreeSet};
use cairn_protocol::{
    dag::BlockKind,
    id::{Amount, DeltaId},
};
use cairn_seams::{Lineage, Panels};
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;

type Checked = Result<(), TryRuntimeError>;

impl<T: Config> Pallet<T> {
    /// Every invariant of the pallet, named as in the README.
    pub fn do_try_state() -> Checked {
        Self::check_agenda()?;
        for (id, delta) in Deltas::<T>::iter() {
            ensure!(Agenda::<T>::contains_key(delta.next, id), "agenda: a delta has no look");
            ensure!(id.0 < Submitted::<T>::get(), "agenda: a delta was never handed in");
            let listed = DeltasOf::<T>::contains_key(&delta.header.author, id);
            ensure!(listed, "authors: a delta is not listed");
            Self::check_stage(id, &delta)?;
        }
        for (author, id) in DeltasOf::<T>::iter_keys() {
            let its = Deltas::<T>::get(id).is_some_and(|delta| delta.header.author == author);
            ensure!(its, "authors: a delta is another's, or forgotten");
        }
        Self::check_queues()?;
        Self::check_pending()?;
        Self::check_artifacts()?;
        Self::check_lines()?;
        Self::check_measures()?;
        Self::check_deposits()
    }

    fn check_agenda() -> Checked {
        for (height, id) in Agenda::<T>::iter_keys() {
            let delta = Deltas::<T>::get(id).ok_or("agenda: a delta on it is unknown")?;
            ensure!(delta.next == height, "agenda: a delta stands on it twice");
            ensure!(height >= Served::<T>::get(), "agenda: a delta would never be looked at");
        }
        Ok(())
    }

    fn check_stage(id: DeltaId, delta: &DeltaOf<T>) -> Checked {
        let header = &delta.header;
        let sound = header.kind == BlockKind::Delta && header.check().is_ok();
        ensure!(sound, "stages: a header is none of a delta");
        let ended = delta.reason.map(|reason| reason.stage());
        let pending = delta.stage.is_pending();
        ensure!(pending == ended.is_none(), "stages: a delta has ended for no reason");
        let fits = pending || ended == Some(delta.stage);
        ensure!(fits, "stages: a delta has ended for another reason");
        let panel = delta.panel.map(|panel| T::Panels::due(panel).is_some());
        match delta.stage {
            Stage::Judging => {
                ensure!(panel != Some(false), "stages: a panel is over that was not heard");
                ensure!(panel.is_none() || delta.word.is_none(), "stages: a panel was heard");
            }
            _ => ensure!(panel.is_none(), "stages: a panel is left"),
        }
        if delta.stage == Stage::Queued {
            ensure!(delta.word.is_some(), "stages: a delta waits though nothing was said of it");
        }
        if matches!(delta.stage, Stage::Keeping | Stage::Laid | Stage::RolledBack) {
            let trial = delta.trial.ok_or("stages: a delta passed without a trial")?;
            let artifact = &header.artifact.id;
            let evaluation = delta.evaluation().ok_or("stages: a delta passed unmeasured")?;
            let opinion = cairn_protocol::learning::evaluation::Opinion::Measured(evaluation);
            let against = Reason::against(&opinion, trial.attempts, artifact);
            ensure!(against.is_none(), "stages: a delta passed that is not better");
        }
        let laid = matches!(delta.stage, Stage::Laid | Stage::RolledBack);
        ensure!(
            laid == delta.root.is_some(),
            "lines: a delta was laid on nothing, or on something"
        );
        ensure!(laid || delta.reward == 0, "stages: a delta is paid that was not laid");
        let may_wait = delta.stage == Stage::Laid;
        ensure!(may_wait || !delta.waits, "stages: a reward waits of what is not laid");
        if laid {
            let block = Laid::<T>::get(header.id());
            ensure!(block == Some(id), "lines: a block is not noted");
        }
        Ok(())
    }

    fn check_queues() -> Checked {
        let mut queued = BTreeSet::new();
        for (place, queue) in Queues::<T>::iter() {
            ensure!(!queue.is_empty(), "queues: an empty one is left");
            ensure!(queue.iter().is_sorted(), "queues: one is out of order");
            for (nth, id) in queue.iter().enumerate() {
                let delta = Deltas::<T>::get(id).ok_or("queues: a delta is unknown")?;
                ensure!(delta.stage.is_pending(), "queues: a delta has ended");
                ensure!(delta.place().as_ref() == Some(&place), "queues: a delta is elsewhere");
                ensure!(queued.insert(*id), "queues: a delta stands twice");
                let kept = delta.stage == Stage::Keeping;
                ensure!(nth == 0 || !kept, "queues: one has passed before its turn");
            }
        }
        let pending = Deltas::<T>::iter().filter(|(_, delta)| delta.stage.is_pending());
        let all: BTreeSet<_> = pending.map(|(id, _)| id).collect();
        ensure!(all == queued, "queues: a delta is in none");
        Ok(())
    }

    fn check_pending() -> Checked {
        let mut counts: BTreeMap<T::AccountId, u32> = BTreeMap::new();
        for delta in Deltas::<T>::iter_values().filter(|delta| delta.stage.is_pending()) {
            let count = counts.entry(delta.header.author).or_default();
            *count = count.saturating_add(1);
        }
        let noted: BTreeMap<_, _> = Pending::<T>::iter().collect();
        ensure!(noted == counts, "authors: what is pending is miscounted");
        Ok(())
    }

    fn check_artifacts() -> Checked {
        for (place, artifact, taken) in Artifacts::<T>::iter() {
            let (Taken::Pending(id) | Taken::Laid(id) | Taken::Reserved { delta: id, .. }) = taken;
            let Some(delta) = Deltas::<T>::get(id) else {
                ensure!(matches!(taken, Taken::Laid(_)), "artifacts: one is taken by nobody");
                continue;
            };
            let its = delta.place() == Some(place) && delta.header.artifact.id == artifact;
            ensure!(its, "artifacts: one is another's");
            let fits = match taken {
                Taken::Pending(_) => delta.stage.is_pending(),
                Taken::Laid(_) => matches!(delta.stage, Stage::Laid | Stage::RolledBack),
                Taken::Reserved { .. } => matches!(delta.stage, Stage::Stale | Stage::Lapsed),
            };
            ensure!(fits, "artifacts: one is taken otherwise");
        }
        for (id, delta) in Deltas::<T>::iter() {
            let place = delta.place().ok_or("stages: a header is none of a delta")?;
            let taken = Artifacts::<T>::get(place, delta.header.artifact.id);
            let expected = match delta.stage {
                Stage::Queued | Stage::Judging | Stage::Keeping => Some(Taken::Pending(id)),
                Stage::Laid | Stage::RolledBack => Some(Taken::Laid(id)),
                // It may have been handed in again.
                Stage::Rejected | Stage::Stale | Stage::Lapsed => continue,
            };
            ensure!(taken == expected, "artifacts: one is free that is not");
        }
        Ok(())
    }

    fn check_lines() -> Checked {
        for (block, id) in Laid::<T>::iter() {
            let delta = Deltas::<T>::get(id).ok_or("lines: a block is of an unknown delta")?;
            ensure!(delta.header.id() == block, "lines: a block is another one");
            if let Some(above) = delta.above.and_then(Deltas::<T>::get) {
                let laid = matches!(above.stage, Stage::Laid | Stage::RolledBack);
                ensure!(laid, "lines: something stands on a delta that was not laid");
            }
        }
        for (place, top) in Tops::<T>::iter() {
            let head = T::Lineage::head(&place.model, &place.component);
            // Another one may have been published since.
            let is_head = head.is_some_and(|head| head.block == top.block);
            let undone = Laid::<T>::get(top.block)
                .and_then(Deltas::<T>::get)
                .is_some_and(|delta| delta.stage == Stage::RolledBack);
            ensure!(!(is_head && undone), "lines: what is rolled back is the head");
            let its = top.delta.and_then(Deltas::<T>::get).map(|delta| delta.header.id());
            ensure!(its.is_none_or(|its| its == top.block), "lines: the top is another's");
        }
        for (place, Rollback { target, .. }) in Rollbacks::<T>::iter() {
            let delta = Deltas::<T>::get(target).ok_or("lines: what is rolled back is unknown")?;
            ensure!(delta.place() == Some(place), "lines: what is rolled back is elsewhere");
            let known = matches!(delta.stage, Stage::Laid | Stage::RolledBack);
            ensure!(known, "lines: what is rolled back was not laid");
        }
        if let Some(Cut { place, block }) = Cutting::<T>::get() {
            let other = Rollbacks::<T>::contains_key(place);
            ensure!(!other, "lines: a component is rolled back twice");
            let known = Laid::<T>::contains_key(block);
            ensure!(!known, "lines: a block is cut whose delta is known");
        }
        Ok(())
    }

    fn check_measures() -> Checked {
        for (model, Measure { data, .. }) in Measures::<T>::iter() {
            let of_model = T::Lineage::data(&data).is_some_and(|set| set.model == model);
            ensure!(of_model, "measures: one is of a set of another model");
        }
        Ok(())
    }

    fn check_deposits() -> Checked {
        let mut sums: BTreeMap<(u8, T::AccountId), Amount> = BTreeMap::new();
        let mut add = |nth: u8, who: &T::AccountId, amount: Amount| {
            let sum = sums.entry((nth, who.clone())).or_default();
            *sum = sum.saturating_add(amount);
        };
        for (author, _, commitment) in Commitments::<T>::iter() {
            add(0, &author, commitment.deposit);
        }
        for delta in Deltas::<T>::iter_values() {
            let Stakes { bond, deposit, block } = delta.stakes;
            let author = &delta.header.author;
            [bond, deposit, block]
                .into_iter()
                .zip(1..)
                .for_each(|(sum, nth)| add(nth, author, sum));
        }
        let reasons =
            [HoldReason::Commitment, HoldReason::Bond, HoldReason::Deposit, HoldReason::Block];
        for account in frame_system::Account::<T>::iter_keys() {
            for (nth, reason) in (0..).zip(&reasons) {
                let held = T::Currency::balance_on_hold(&(*reason).into(), &account);
                let sum = sums.get(&(nth, account.clone())).copied().unwrap_or(0);
                ensure!(held == sum, "deposits: they differ from holds");
            }
        }
        Ok(())
    }
}
