//! What has to hold, whatever was done.

use crate::{
    drive::Tally,
    market::{header, CREATOR, LICENSED},
    money::{Flow, Money},
    reference::Reference,
    Audits, Capability, Clock, Curation, Custody, Entropy, Experts, Learning, Merit, Mock, Panels,
    Providers, Reputation, Rewards, RuntimeEvent, System, Tasks,
};
use cairn_protocol::{
    id::{Amount, BlockId, Height, ProviderId, TaskId},
    job::JobKind,
    lifecycle::Stage,
    share::WHOLE,
};
use cairn_seams::{Clock as _, Reputation as _};
use pallet_cairn_audits::types::Member;
use pallet_cairn_capability::types::Progress;
use std::collections::BTreeMap;

/// What the market was like when it was looked at last.
pub(crate) struct Watch {
    height: Height,
    money: Money,
    /// How models and their deltas have to be.
    learnt: Reference,
    /// A block has begun while the clock was stopped, and nothing was called since.
    still: bool,
    /// The models that tasks run on, and what is put aside for their authors.
    models: BTreeMap<TaskId, (BlockId, Amount)>,
    /// How many tasks on each were settled.
    uses: BTreeMap<BlockId, u64>,
}

impl Watch {
    pub(crate) fn new() -> Self {
        Self {
            height: Clock::now(),
            money: Money::now(),
            learnt: Reference::new(),
            still: false,
            models: BTreeMap::new(),
            uses: BTreeMap::new(),
        }
    }

    /// Another block has begun.
    pub(crate) fn pass(&mut self, running: bool) {
        self.height += Height::from(running);
        self.still = !running;
    }

    /// Whether something was reported but by the beacon.
    pub(crate) fn sees_more_than_the_beacon(&self) -> bool {
        let beacon = |event: &RuntimeEvent| matches!(event, RuntimeEvent::Entropy(_));
        System::event_count() > 0
            && System::read_events_no_consensus().any(|record| !beacon(&record.event))
    }

    /// Checks everything, and counts what was reported since it last did.
    pub(crate) fn check(&mut self, tally: &mut Tally) {
        assert_eq!(Clock::now(), self.height, "time went otherwise than blocks");
        self.check_uses(tally);
        self.check_reports(tally);
        self.learnt.check();
        check_states();
        check_work();
        check_pots();
        check_standings();
    }

    fn check_uses(&mut self, tally: &mut Tally) {
        use pallet_cairn_tasks::Event as Asked;
        for record in System::read_events_no_consensus() {
            match record.event {
                RuntimeEvent::Tasks(Asked::Submitted { task, .. }) => self.note_model(task),
                RuntimeEvent::Tasks(Asked::Settled { task, .. }) => {
                    let Some((model, price)) = self.models.remove(&task) else { continue };
                    *self.uses.entry(model).or_default() += 1;
                    tally.priced += u64::from(price > 0);
                    tally.licensed += u64::from(model == header(CREATOR, LICENSED).id());
                }
                _ => {}
            }
        }
        let used: BTreeMap<_, _> = pallet_cairn_experts::Uses::<Mock>::iter().collect();
        assert_eq!(used, self.uses, "models were used otherwise");
    }

    fn note_model(&mut self, id: TaskId) {
        let task = pallet_cairn_tasks::Tasks::<Mock>::get(id).expect("it was just submitted");
        let terms = pallet_cairn_tasks::TermsOf::<Mock>::get(id).expect("it was just submitted");
        if let Some(model) = terms.job.model {
            self.models.insert(id, (model, task.escrow.price));
        } else {
            assert_eq!(task.escrow.price, 0, "nobody has a price for it");
        }
    }

    fn check_reports(&mut self, tally: &mut Tally) {
        let mut flow = Flow::default();
        for record in System::read_events_no_consensus() {
            assert!(
                !self.still
                    || matches!(record.event, RuntimeEvent::System(_) | RuntimeEvent::Merit(_)),
                "while the clock stood: {:?}",
                record.event
            );
            count(&record.event, tally);
            self.learnt.hear(record.event.clone());
            flow.add(record.event);
        }
        System::reset_events();
        self.still = false;
        self.money.check(&flow);
    }
}

fn count(event: &RuntimeEvent, tally: &mut Tally) {
    use pallet_cairn_audits::Event as Audited;
    use pallet_cairn_capability::Event as Challenged;
    use pallet_cairn_curation::Event as Sealed;
    use pallet_cairn_custody::Event as Kept;
    use pallet_cairn_entropy::Event as Contributed;
    use pallet_cairn_experts::Event as Stacked;
    use pallet_cairn_learning::Event as Learnt;
    use pallet_cairn_merit::Event as Linked;
    use pallet_cairn_panels::Event as Heard;
    use pallet_cairn_providers::Event as Registered;
    use pallet_cairn_rewards::Event as Paid;
    use pallet_cairn_tasks::Event as Asked;
    match event {
        RuntimeEvent::Audits(Audited::Judged { .. }) => tally.audited += 1,
        RuntimeEvent::Audits(Audited::Unmasked { .. }) => tally.unmasked += 1,
        RuntimeEvent::Merit(Linked::Rewarded { .. }) => tally.rewarded += 1,
        RuntimeEvent::Tasks(Asked::Settled { .. }) => tally.settled += 1,
        RuntimeEvent::Tasks(Asked::Refunded { .. }) => tally.refunded += 1,
        RuntimeEvent::Capability(Challenged::Judged { .. }) => tally.judged += 1,
        RuntimeEvent::Entropy(Contributed::Revealed { .. }) => tally.contributed += 1,
        RuntimeEvent::Experts(Stacked::Published { .. } | Stacked::Laid { .. }) => tally.laid += 1,
        RuntimeEvent::Experts(Stacked::Unlaid { .. }) => tally.unlaid += 1,
        RuntimeEvent::Learning(event) => match event {
            Learnt::DeltaLaid { .. } => tally.bettered += 1,
            Learnt::Rejected { .. } | Learnt::Outdated { .. } | Learnt::Lapsed { .. } => {
                tally.failed += 1;
            }
            Learnt::RolledBack { .. } => tally.undone += 1,
            _ => {}
        },
        RuntimeEvent::Panels(Heard::Judged { .. }) => tally.heard += 1,
        RuntimeEvent::Custody(Kept::Shown { .. }) => tally.shown += 1,
        RuntimeEvent::Custody(Kept::Withheld { .. }) => tally.withheld += 1,
        RuntimeEvent::Curation(Sealed::Judged { .. }) => tally.measured += 1,
        RuntimeEvent::Curation(Sealed::RewardLapsed { .. }) => tally.unpaid += 1,
        RuntimeEvent::Curation(Sealed::RewardReleased { .. }) => tally.paid += 1,
        RuntimeEvent::Rewards(Paid::Granted { .. }) => tally.granted += 1,
        RuntimeEvent::Rewards(Paid::Withdrawn { .. }) => tally.withdrawn += 1,
        RuntimeEvent::Providers(Registered::Slashed { .. }) => tally.slashed += 1,
        RuntimeEvent::Providers(Registered::Deregistered { .. }) => tally.gone += 1,
        _ => {}
    }
}

/// What each pallet says of itself.
fn check_states() {
    Clock::do_try_state().expect("the clock is right");
    Entropy::do_try_state().expect("the beacon is right");
    Providers::do_try_state().expect("the register is right");
    Reputation::do_try_state().expect("reputation is right");
    Tasks::do_try_state().expect("tasks are right");
    Capability::do_try_state().expect("challenges are right");
    Audits::do_try_state().expect("audits are right");
    Merit::do_try_state().expect("links are right");
    Experts::do_try_state().expect("models are right");
    Panels::do_try_state().expect("panels are right");
    Learning::do_try_state().expect("deltas are right");
    Custody::do_try_state().expect("keepers are right");
    Rewards::do_try_state().expect("budgets are right");
    Curation::do_try_state().expect("sealed sets are right");
}

/// Whether anything of learning waits for something.
pub(crate) fn is_learning_under_way() -> bool {
    let mut deltas = pallet_cairn_learning::Deltas::<Mock>::iter_values();
    deltas.any(|delta| delta.stage.is_pending())
        || pallet_cairn_learning::Rollbacks::<Mock>::iter_keys().next().is_some()
        || pallet_cairn_learning::Cutting::<Mock>::exists()
        || pallet_cairn_panels::Panels::<Mock>::iter_keys().next().is_some()
        || pallet_cairn_rewards::Reserves::<Mock>::iter_keys().next().is_some()
        || pallet_cairn_curation::Trials::<Mock>::iter_keys().next().is_some()
}

/// Every pallet that gives out work has begun and engaged for it what the register counts.
fn check_work() {
    let mut due: BTreeMap<ProviderId, (u32, u32)> = BTreeMap::new();
    let mut add = |provider, working: bool| {
        let (load, engagements) = due.entry(provider).or_default();
        *load += u32::from(working);
        *engagements += 1;
    };
    for task in pallet_cairn_tasks::Tasks::<Mock>::iter_values() {
        if task.stage.is_end() {
            continue;
        }
        let done = matches!(task.stage, Stage::Audited | Stage::Window | Stage::Contested);
        task.seats.iter().for_each(|seat| add(seat.provider, !done));
        task.outvoted.iter().for_each(|one| add(*one, false));
    }
    for challenge in pallet_cairn_capability::Challenges::<Mock>::iter_values() {
        for member in &challenge.members {
            add(member.provider, member.progress == Progress::Working);
        }
    }
    for audit in pallet_cairn_audits::Audits::<Mock>::iter_values() {
        let reports = |guard: &Member| guard.report().is_some();
        audit.guards.iter().for_each(|guard| add(guard.provider, !reports(guard)));
    }
    for panel in pallet_cairn_panels::Panels::<Mock>::iter_values() {
        panel.guards.iter().for_each(|seat| add(seat.guard, seat.opinion().is_none()));
    }
    for keep in pallet_cairn_custody::Keeps::<Mock>::iter_values() {
        keep.keepers.iter().for_each(|keeper| add(*keeper, false));
    }
    for (provider, record) in pallet_cairn_providers::Providers::<Mock>::iter() {
        let open = due.remove(&provider).unwrap_or_default();
        assert_eq!((record.load, record.engagements), open, "{provider:?} is bound otherwise");
    }
    assert!(due.is_empty(), "with open work these withdrew: {due:?}");
}

/// What sponsors put aside to have a delta judged, or measured, is free once that is over.
fn check_pots() {
    use pallet_cairn_learning::types::Stage;
    for id in pallet_cairn_rewards::Judging::<Mock>::iter_keys() {
        let delta = pallet_cairn_learning::Deltas::<Mock>::get(id).expect("it is kept");
        assert!(matches!(delta.stage, Stage::Queued | Stage::Judging), "{id:?} is judged no more");
    }
    for id in pallet_cairn_rewards::Measuring::<Mock>::iter_keys() {
        let delta = pallet_cairn_learning::Deltas::<Mock>::get(id).expect("it is kept");
        assert!(delta.stage.is_pending() || delta.waits, "{id:?} is measured no more");
    }
}

fn check_standings() {
    for (provider, kind) in pallet_cairn_reputation::Records::<Mock>::iter_keys() {
        assert!(Reputation::standing(provider, kind) <= WHOLE, "a standing is out of bounds");
    }
    assert!(Reputation::standing(ProviderId(u64::MAX), JobKind::Infer) <= WHOLE);
}
