//! What clients ask before and after they call. Nothing here is asked by the chain itself.

use crate::{pallet::*, types::*};
use alloc::vec::Vec;
use cairn_protocol::{
    audit::may_be,
    id::{Amount, Height, Seed, TaskId},
    job::{Policy, Terms},
    lifecycle::Stage,
    matching::Demand,
    settlement::Escrow,
    view::{ComplaintView, Lack, Obstacle, Quote, Supply, TaskView, WaitsFor},
};
use cairn_seams::{Beacon, Clock, Lane, Prospect, Registry, Survey};
use frame_support::pallet_prelude::Get;

/// Providers looked at for a quote.
const SAMPLE: u32 = 64;
/// Tasks counted for a quote, of those that wait for their draw and of those that come due.
const COUNTED: usize = 4_096;
/// Tasks of one account that are listed at once.
pub const LISTED: usize = 256;

impl<T: Config> Pallet<T> {
    /// What a task would cost an account, and who would do it. `seed` decides who is looked at.
    pub fn quote(requester: &T::AccountId, terms: &Terms, seed: &Seed) -> Result<Quote, Error<T>> {
        let (escrow, deposit) = Self::price(requester, terms)?;
        let (supply, mut prices) = Self::supply(requester, terms, seed);
        prices.sort_unstable();
        let median = prices.len().checked_div(2).and_then(|middle| prices.get(middle));
        let (ahead, lag) = Self::queue_before(terms.tip);
        let draws = T::Rules::get().draws;
        // It is submitted in the next block, and each draw waits for a seed of its own.
        let wait = supply.draws(draws.sample, terms.redundancy).map(|count| {
            let drawing = draws.lasting(count, T::Beacon::delay());
            drawing.saturating_add(lag).saturating_add(1)
        });
        let is_late = |wait: Height| T::Clock::now().saturating_add(wait) > terms.match_by;
        let late = wait.is_some_and(is_late).then_some(Lack::Time);
        let lack = supply.lack(terms.redundancy).or(late);
        Ok(Quote {
            escrow,
            deposit,
            prices: prices.first().copied().zip(median.copied()),
            ahead,
            wait,
            lack,
            why: lack.map(|lack| Self::why(lack, &supply)).unwrap_or_default(),
            judged: Self::judged(terms, &escrow),
            warning: Self::warning(terms),
            supply,
        })
    }

    /// Who there is for a task, and what those who are fit ask for a unit.
    fn supply(requester: &T::AccountId, terms: &Terms, seed: &Seed) -> (Supply, Vec<Amount>) {
        let draws = T::Rules::get().draws;
        // As matching does: for one worker there is no floor.
        let floor = if terms.redundancy > 1 { draws.floor } else { 0 };
        let demand = Demand::of(terms, terms.redundancy, draws.cover);
        let lane = Lane::Jobs(terms.job.kind);
        let Survey { field, absent, pool, weaker } =
            T::Registry::survey(lane, terms.requirements.class, SAMPLE, seed);
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let looked_at = count(field.len()).saturating_add(absent);
        let mut supply = Supply { pool, weaker, looked_at, ..Supply::default() };
        supply.note(Obstacle::Absent, absent);

        let own = T::Registry::kin(T::Registry::names(requester));
        let (mut fit, mut prices) = (Vec::new(), Vec::new());
        for prospect in field {
            let Prospect { candidate, names } = &prospect;
            match demand.admits(candidate, &draws.weights, floor) {
                Err(reason) => supply.note(reason.into(), 1),
                Ok(()) if names.iter().any(|name| own.contains(name)) => {
                    supply.note(Obstacle::Own, 1)
                }
                Ok(()) => {
                    prices.extend(candidate.price);
                    fit.push(prospect);
                }
            }
        }
        supply.fit = count(fit.len());
        // As many as a draw would find seats for, if there were seats for all.
        let parties = T::Registry::parties(fit);
        supply.parties = count(demand.draw(&parties, u8::MAX, &draws.weights, floor, seed).len());
        (supply, prices)
    }

    fn why(lack: Lack, supply: &Supply) -> Vec<u8> {
        let mut words = lack.in_words().as_bytes().to_vec();
        let chief = supply.chief_obstacle().filter(|_| lack == Lack::Unfit);
        if let Some(obstacle) = chief {
            words.extend_from_slice(b" What is in the way most often: ");
            words.extend_from_slice(obstacle.in_words().as_bytes());
            words.push(b'.');
        }
        words
    }

    /// How many tasks are looked at before one that is submitted in the next block with that
    /// tip, as far as they are counted, and how many blocks they keep it waiting.
    ///
    /// Whatever comes due up to its seed is taken for a task that goes into the queue before it.
    fn queue_before(tip: Amount) -> (u32, Height) {
        let (now, each) = (T::Clock::now(), Self::served_per_block());
        let submitted = now.saturating_add(1);
        let ageing = T::Rules::get().prices.ageing;
        let key = queue_key(submitted, tip, ageing, Submitted::<T>::get());
        let before = Queue::<T>::iter_keys().take_while(|other| *other < key);
        let ready = before.take(COUNTED).count();

        let seeded = submitted.saturating_add(T::Beacon::delay());
        let (mut due, mut standing, mut queued) = (0usize, 0usize, ready);
        for height in (Served::<T>::get()..=seeded).take(COUNTED) {
            let here = Agenda::<T>::iter_key_prefix(height).take(COUNTED.saturating_sub(due));
            let here = here.count();
            due = due.saturating_add(here);
            standing = standing.saturating_add(here);
            if height < seeded {
                // To find out that a height is done takes a look of its own.
                standing = standing.saturating_add(1);
            }
            if height > now && height < seeded {
                let moved = standing.min(each);
                standing = standing.saturating_sub(moved);
                queued = queued.saturating_add(moved.saturating_sub(1)).saturating_sub(each);
            }
        }
        let lag = standing.saturating_add(queued).checked_div(each).unwrap_or(0);
        let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        (narrow(ready.saturating_add(due)), narrow(lag))
    }

    /// How the result is judged, and what of it costs more than was offered for the work.
    fn judged(terms: &Terms, escrow: &Escrow) -> Vec<u8> {
        let mut words = Self::in_words(terms).as_bytes().to_vec();
        if escrow.price > 0 {
            words.extend_from_slice(
                b" The model has a price for each use, beside the reward: its author is paid it \
                  when the task is settled, and it comes back if the task is refunded.",
            );
        }
        words
    }

    fn in_words(terms: &Terms) -> &'static str {
        let guarded = terms.auditable && may_be(terms.policy, terms.redundancy);
        match (terms.policy, terms.redundancy, guarded) {
            (Policy::Proven, 1, false) => {
                "One worker computes an exact program. Whoever recomputes it gets the same bits, \
                 and the chain has nobody do so."
            }
            (Policy::Proven, 1, true) => {
                "One worker computes an exact program. Whoever recomputes it gets the same bits, \
                 as guards do where the lot falls on it: a result that they all contradict alike \
                 is refunded."
            }
            (Policy::Proven, _, _) => {
                "All workers must get the same bits. If they do not, up to nine others are asked, \
                 and nobody is paid until a round is unanimous. The task costs up to its reserve \
                 more than its reward; what is not paid comes back."
            }
            (Policy::Replicated, 1, false) => "One worker is believed: nothing is compared.",
            (Policy::Replicated, 1, true) => {
                "One worker is believed unless guards are drawn by lot to recompute the result: \
                 one that most of them contradict alike is refunded, and its worker penalised."
            }
            (Policy::Replicated, _, false) => {
                "The majority of equal hashes is paid. A majority of colluding workers could \
                 pass off a wrong result."
            }
            (Policy::Replicated, _, true) => {
                "The majority of equal hashes is paid. A majority of colluding workers could \
                 pass off a wrong result unless guards are drawn by lot to recompute it, which \
                 is likelier where a worker contradicts."
            }
            (Policy::Tolerance { .. }, 1, false) => {
                "One worker gives a fingerprint that nobody compares. Nothing is proven."
            }
            (Policy::Tolerance { .. }, 1, true) => {
                "One worker gives a fingerprint, which guards compare with theirs where the lot \
                 falls on it: a result that they all contradict alike is refunded. Nothing is \
                 proven."
            }
            (Policy::Tolerance { .. }, _, _) => {
                "All fingerprints must lie near each other. If they do not, up to nine others are \
                 asked. This screens results and proves none. The task costs up to its reserve \
                 more than its reward; what is not paid comes back."
            }
            (Policy::Outcome { .. }, _, _) => {
                "Drawn guards measure the loss exactly. At or under the target it is paid."
            }
        }
    }

    fn warning(terms: &Terms) -> Vec<u8> {
        let all = [Self::unchecked(terms), Self::unverified(terms)];
        let told: Vec<&str> = all.into_iter().filter(|words| !words.is_empty()).collect();
        told.join(" ").into_bytes()
    }

    /// Where a false result would most likely be paid.
    fn unchecked(terms: &Terms) -> &'static str {
        match (terms.policy, terms.redundancy, terms.auditable) {
            (Policy::Outcome { .. }, _, _) => "",
            (_, 1, false) => {
                "Nobody checks this result: one worker gives it, no other is asked, and no guard \
                 may look at it. A worker who gives anything at all is paid."
            }
            (_, 1, true) => {
                "Most such results are looked at by nobody but you: guards recompute some, drawn \
                 by lot. Ask more workers where a wrong result would cost you more than they do."
            }
            _ => "",
        }
    }

    /// What providers declare and nobody verifies, of what is asked of them.
    fn unverified(terms: &Terms) -> &'static str {
        if terms.requirements.enclave {
            "A trusted execution environment is what its provider declares: the chain verifies no \
             quote, so do not rely on it to keep the input secret."
        } else {
            ""
        }
    }

    /// A task as clients see it.
    pub fn view(id: TaskId) -> Option<TaskView<T::AccountId>> {
        let task = Tasks::<T>::get(id)?;
        let terms = TermsOf::<T>::get(id)?;
        let answers = task
            .seats
            .iter()
            .filter_map(|seat| Some((seat.provider, Answers::<T>::get(id, seat.provider)?)))
            .collect();
        let complaint = Complaints::<T>::get(id).and_then(|all| all.open).map(|open| {
            let chunks = Self::asked_chunks(id, &open).unwrap_or_default();
            ComplaintView { against: open.against, deposit: open.deposit, chunks }
        });
        Some(TaskView {
            waits_for: Self::waits_for(&task, complaint.as_ref()),
            requester: task.requester,
            terms,
            escrow: task.escrow,
            submitted: task.submitted,
            stage: task.stage,
            due: task.due,
            now: T::Clock::now(),
            redundancy: task.redundancy,
            reassigned: task.reassigned,
            seats: task.seats.into_inner(),
            answers,
            acknowledged: task.acknowledged,
            complaint,
        })
    }

    fn waits_for(task: &TaskOf<T>, complaint: Option<&ComplaintView>) -> WaitsFor {
        let those = |progress: fn(Progress) -> bool| Self::seats_where(task, progress);
        match task.stage {
            Stage::AwaitingKeys => WaitsFor::Keys(those(|progress| progress == Progress::Locked)),
            Stage::Assigned => {
                WaitsFor::Commitments(those(|progress| progress == Progress::Working))
            }
            Stage::Committed => {
                WaitsFor::Reveals(those(|progress| matches!(progress, Progress::Committed(_))))
            }
            Stage::Contested => match complaint {
                Some(one) if !one.chunks.is_empty() => WaitsFor::Results([one.against].to_vec()),
                _ => WaitsFor::Chain,
            },
            Stage::Queued | Stage::Audited | Stage::Window | Stage::Settled | Stage::Refunded => {
                WaitsFor::Chain
            }
        }
    }

    /// The tasks of an account that are still kept, in the order of their hashes: as many as fit
    /// on a page, from the first on, or from the one that follows another, kept or not.
    pub fn tasks_of(requester: &T::AccountId, after: Option<TaskId>) -> Vec<TaskId> {
        let from = after.map(|task| TasksOf::<T>::hashed_key_for(requester, task));
        let tasks = match from {
            Some(key) => TasksOf::<T>::iter_key_prefix_from(requester, key),
            None => TasksOf::<T>::iter_key_prefix(requester),
        };
        tasks.take(LISTED).collect()
    }
}
