//! Deltas as they have to go, by what others say: what panels come to, who keeps what, and what is
//! published. What learning says of them, and keeps, has to be the same.

use crate::{config::DELTA_RULES, AccountId, Mock, RuntimeEvent};
use cairn_protocol::{
    dag::Component,
    id::{Amount, BlockId, ContentId, DeltaId},
    learning::{
        acceptance::passes,
        evaluation::{Evaluation, Opinion},
        panel::{Case, Outcome},
        reward::gain,
    },
    lifecycle::delta::{Forfeit, Reason, Stage},
    share::{of, ratio, Ppm, WHOLE},
};
use pallet_cairn_curation::Event as Sealed;
use pallet_cairn_custody::{Event as Kept, Keeps};
use pallet_cairn_experts::{Blocks, Event as Stacked, Heads};
use pallet_cairn_learning::{Deltas, Event as Learnt};
use pallet_cairn_panels::Event as Judged;
use pallet_cairn_rewards::{Admissions, Event as Paid};
use std::collections::{BTreeMap, BTreeSet};

type Place = (BlockId, Component);

/// All that there is of models, and what becomes of deltas.
pub(crate) struct Reference {
    /// Whose each block is that is there: of which model, and which component if it is of one.
    blocks: BTreeMap<BlockId, (BlockId, Option<Component>)>,
    lines: BTreeMap<Place, Vec<Stone>>,
    deltas: BTreeMap<DeltaId, Fate>,
    /// What holds of what a delta gained.
    shares: BTreeMap<DeltaId, Ppm>,
    /// How models did on the sealed sets of a period.
    trials: BTreeMap<(BlockId, u32), Shown>,
}

/// What was measured on sealed sets.
#[derive(Default)]
struct Shown {
    /// The most that any set showed at any head.
    highest: u64,
    /// What all deltas together are found to have gained.
    gained: u64,
}

/// A block that a component was or is; the last one is its head.
#[derive(Clone, Copy)]
struct Stone {
    block: BlockId,
    published: bool,
    /// Samples that were drawn against it.
    judged: u32,
}

/// How far a delta has come.
struct Fate {
    place: Place,
    block: BlockId,
    parent: BlockId,
    artifact: ContentId,
    stage: Come,
    /// What it is held against, after how many samples.
    trial: Option<(BlockId, u32)>,
    /// What a panel came to, and what learning heard of that.
    said: Option<Outcome>,
    heard: Option<Outcome>,
    /// It was judged a second time.
    again: bool,
    /// Enough say that they keep it.
    kept: bool,
    /// Its reward waits for sealed sets.
    waits: bool,
    /// What is put aside for it, and for whose examples it was measured on.
    aside: Option<(Amount, Amount)>,
    /// What was put aside, and was paid of that just now.
    paid: Option<(Amount, Amount)>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Come {
    Pending,
    Keeping,
    Laid,
    Ended(Stage),
}

impl Reference {
    /// Of models that nothing was learnt of yet.
    pub(crate) fn new() -> Self {
        let whose = |block: &pallet_cairn_experts::types::Block<AccountId>, id| {
            let component = Some(block.header.component.clone());
            (block.header.model.unwrap_or(id), component.filter(|name| !name.is_empty()))
        };
        let blocks = Blocks::<Mock>::iter().map(|(id, block)| (id, whose(&block, id))).collect();
        let lines = Heads::<Mock>::iter().map(|(model, component, top)| {
            let stone = Stone { block: top.block, published: true, judged: 0 };
            ((model, component), vec![stone])
        });
        let lines = lines.collect();
        Self {
            blocks,
            lines,
            deltas: BTreeMap::new(),
            shares: BTreeMap::new(),
            trials: BTreeMap::new(),
        }
    }

    /// Hears what is reported, in the order in which it is.
    pub(crate) fn hear(&mut self, event: RuntimeEvent) {
        match event {
            RuntimeEvent::Experts(event) => self.hear_of_blocks(event),
            RuntimeEvent::Learning(event) => self.hear_of_deltas(event),
            RuntimeEvent::Panels(Judged::Judged { case: Case::Delta(id), outcome, .. }) => {
                self.fate(id).said = Some(outcome);
            }
            RuntimeEvent::Custody(Kept::Kept { delta, .. }) => {
                let fate = self.fate(delta);
                assert_eq!(fate.stage, Come::Keeping, "{delta:?} is kept, and need not be");
                fate.kept = true;
            }
            RuntimeEvent::Rewards(event) => self.hear_of_pay(event),
            RuntimeEvent::Curation(event) => self.hear_of_sets(event),
            _ => {}
        }
    }

    fn fate(&mut self, id: DeltaId) -> &mut Fate {
        self.deltas.get_mut(&id).expect("it was handed in")
    }

    fn line(&mut self, model: BlockId, component: Component) -> &mut Vec<Stone> {
        self.lines.entry((model, component)).or_default()
    }

    fn head(&self, place: &Place) -> Option<&Stone> {
        self.lines.get(place)?.last()
    }

    fn hear_of_blocks(&mut self, event: Stacked<Mock>) {
        match event {
            Stacked::ModelCreated { model, .. } => {
                assert!(self.blocks.insert(model, (model, None)).is_none(), "it was there");
            }
            Stacked::DataRegistered { data, model, .. } => {
                assert_eq!(parents(data), [model], "it stands on something else");
                assert_eq!(self.blocks.get(&model), Some(&(model, None)), "it stands on nothing");
                self.blocks.insert(data, (model, None));
            }
            Stacked::Published { model, component, block, .. } => {
                let line = self.line(model, component.clone());
                let below = line.last().map_or(model, |stone| stone.block);
                line.push(Stone { block, published: true, judged: 0 });
                assert_eq!(parents(block), [below], "it does not stand on the head");
                assert_eq!(self.blocks.get(&below).map(|whose| whose.0), Some(model));
                self.blocks.insert(block, (model, Some(component)));
                let is_admitted = Admissions::<Mock>::contains_key(model);
                assert!(!is_admitted, "nobody admitted the model as it is");
            }
            Stacked::Laid { model, component, block, .. } => self.lay(model, component, block),
            Stacked::Unlaid { model, component, block, head } => {
                let line = self.line(model, component);
                let top = line.pop().expect("something was laid");
                assert!(top.block == block && !top.published, "another one was taken off");
                assert_eq!(line.last().map(|stone| stone.block), Some(head));
                self.blocks.remove(&block);
            }
            _ => {}
        }
    }

    /// Whatever is laid is a delta that was found to be better than the head, and is kept.
    fn lay(&mut self, model: BlockId, component: Component, block: BlockId) {
        let place = (model, component.clone());
        let head = self.head(&place).expect("something was published").block;
        let mut all = self.deltas.values_mut();
        let fate = all.find(|fate| fate.block == block && fate.stage == Come::Keeping);
        let fate = fate.expect("a delta is laid that did not pass");
        assert_eq!(fate.place, place, "it is another component's");
        assert_eq!(fate.trial.map(|trial| trial.0), Some(head), "it was not held against this");
        assert!(fate.kept, "nobody keeps it");
        fate.stage = Come::Laid;
        self.line(model, component.clone()).push(Stone { block, published: false, judged: 0 });
        self.blocks.insert(block, (model, Some(component)));
    }

    fn hear_of_deltas(&mut self, event: Learnt<Mock>) {
        match event {
            Learnt::DeltaSubmitted { delta, .. } => self.submit(delta),
            Learnt::Drawn { delta, head, attempts, .. } => {
                let place = self.fate(delta).place.clone();
                let (model, component) = place;
                let top = self.line(model, component).last_mut().expect("something was published");
                assert_eq!((top.block, top.judged), (head, attempts), "{delta:?}");
                top.judged += 1;
                self.fate(delta).trial = Some((head, attempts));
            }
            Learnt::Heard { delta, outcome } => {
                let fate = self.fate(delta);
                assert_eq!(fate.said, Some(outcome), "{delta:?} heard something else");
                fate.heard = Some(outcome);
            }
            Learnt::Redrawn { delta, .. } => {
                assert!(self.has_moved(delta), "{delta:?} was judged");
                let fate = self.fate(delta);
                assert!(!fate.again, "{delta:?} is judged a third time");
                (fate.again, fate.kept, fate.stage) = (true, false, Come::Pending);
                (fate.trial, fate.said, fate.heard) = (None, None, None);
            }
            Learnt::Passed { delta, file, .. } => {
                assert!(!self.has_moved(delta), "{delta:?} was held against something else");
                let fate = self.fate(delta);
                let (_, attempts) = fate.trial.expect("it was drawn");
                let found = fate.evaluation();
                assert!(passes(&found, attempts), "{delta:?} is no better");
                assert_eq!((fate.stage, file.id), (Come::Pending, found.candidate));
                fate.stage = Come::Keeping;
            }
            Learnt::DeltaLaid { delta, block, gain, reward, waits } => {
                self.check_laid(delta, block, gain, reward, waits);
            }
            Learnt::Rejected { delta, reason, lost } => {
                self.end(delta, reason);
                assert_eq!(lost, forfeited(&reason), "{delta:?} lost something else");
            }
            Learnt::Outdated { delta, reason } | Learnt::Lapsed { delta, reason } => {
                self.end(delta, reason);
            }
            Learnt::RolledBack { delta: Some(delta), block, .. } => {
                let fate = self.fate(delta);
                assert_eq!((fate.stage, fate.block), (Come::Laid, block), "{delta:?}");
                assert_eq!(fate.aside, None, "something is put aside for what was taken off");
                let paid = fate.paid.take().map_or(0, |(_, paid)| paid);
                assert_eq!(paid, 0, "what was taken off is paid");
                (fate.stage, fate.waits) = (Come::Ended(Stage::RolledBack), false);
            }
            _ => {}
        }
    }

    /// Whatever a delta names is there, and is of the same component.
    fn submit(&mut self, id: DeltaId) {
        let header = Deltas::<Mock>::get(id).expect("it was just handed in").header;
        let model = header.model.expect("it is of one");
        let place = (model, header.component.clone());
        let parent = header.parents[0];
        let whose = self.blocks.get(&parent).expect("its parent is absent");
        assert_eq!(*whose, (model, Some(header.component.clone())), "its parent is another's");
        let fate = Fate {
            place,
            block: header.id(),
            parent,
            artifact: header.artifact.id,
            stage: Come::Pending,
            trial: None,
            said: None,
            heard: None,
            again: false,
            kept: false,
            waits: false,
            aside: None,
            paid: None,
        };
        assert!(self.deltas.insert(id, fate).is_none(), "{id:?} was there");
    }

    /// Whether a component is another one than a delta was held against.
    fn has_moved(&self, id: DeltaId) -> bool {
        let fate = &self.deltas[&id];
        let head = self.head(&fate.place).map(|stone| stone.block);
        fate.trial.map(|trial| trial.0) != head
    }

    /// Whether what a delta was made on is what its component is, or was since it was published.
    fn stands(&self, id: DeltaId) -> bool {
        let fate = &self.deltas[&id];
        let line = &self.lines[&fate.place];
        let since = line.iter().rposition(|stone| stone.published).unwrap_or(0);
        line[since..].iter().any(|stone| stone.block == fate.parent)
    }

    fn check_laid(
        &mut self,
        id: DeltaId,
        block: BlockId,
        gained: u64,
        reward: Amount,
        waits: bool,
    ) {
        let fate = self.fate(id);
        assert_eq!((fate.stage, fate.block), (Come::Laid, block), "{id:?}");
        let found = fate.evaluation();
        assert_eq!(gained, gain(found.baseline, found.loss), "{id:?}");
        assert!(reward <= DELTA_RULES.curve.reward(gained, 3 * WHOLE), "{id:?} gets {reward}");
        // What does not wait is paid by now.
        let aside = fate.aside.map(|(whole, _)| whole);
        let known = if waits { aside } else { fate.paid.take().map(|(whole, _)| whole) };
        assert_eq!(known.unwrap_or(0), reward, "{id:?}");
        assert!(waits || aside.is_none(), "{id:?} waits, and need not");
        fate.waits = waits;
    }

    /// A delta comes to nothing, for a reason that there is.
    fn end(&mut self, id: DeltaId, reason: Reason) {
        let (moved, stands) = (self.has_moved(id), self.stands(id));
        let fate = self.fate(id);
        let against = match (fate.heard, fate.trial) {
            (Some(Outcome::Decided(opinion)), Some((_, attempts))) => {
                Reason::against(&opinion, attempts, &fate.artifact)
            }
            _ => None,
        };
        let is_so = match reason {
            Reason::NotBetter => against == Some(reason) && !moved,
            Reason::Unavailable(_) | Reason::Flawed(_) | Reason::Unmeasurable => {
                against == Some(reason)
            }
            Reason::HeadMoved => moved && stands,
            Reason::Superseded => !stands,
            Reason::Divided => fate.heard == Some(Outcome::Divided),
            // Or the panel had nothing to judge.
            Reason::NobodyFit => matches!(fate.heard, Some(Outcome::NobodyFit) | None),
            Reason::NotKept => fate.stage == Come::Keeping && !fate.kept,
            Reason::Accepted | Reason::Invalidated | Reason::AncestorInvalidated => false,
        };
        assert!(is_so, "{id:?} ended, as is said, since it is {reason:?}");
        assert!(matches!(fate.stage, Come::Pending | Come::Keeping), "{id:?} had ended");
        fate.stage = Come::Ended(reason.stage());
    }

    fn hear_of_pay(&mut self, event: Paid<Mock>) {
        match event {
            Paid::Reserved { delta, amount, data } => {
                let fate = self.fate(delta);
                assert_eq!(fate.stage, Come::Laid, "{delta:?} is paid without a verdict");
                assert_eq!(fate.aside.replace((amount, data)), None, "{delta:?} is paid twice");
            }
            Paid::Released { delta, paid, data } => {
                let fate = self.fate(delta);
                let (whole, part) = fate.aside.take().expect("it was put aside");
                assert!(paid <= whole && data <= part, "{delta:?} got more than was put aside");
                fate.paid = Some((whole, paid));
            }
            _ => {}
        }
    }

    fn hear_of_sets(&mut self, event: Sealed<Mock>) {
        match event {
            Sealed::SetMeasured { model, period, gain, .. } => {
                let shown = self.trials.entry((model, period)).or_default();
                shown.highest = shown.highest.max(u64::try_from(gain).unwrap_or(0));
            }
            Sealed::Over { model, period } => {
                self.trials.remove(&(model, period));
            }
            Sealed::GainHeld { model, period, delta, public, sealed, share } => {
                let shown = self.trials.entry((model, period)).or_default();
                shown.gained += sealed;
                assert!(shown.gained <= shown.highest, "{model:?} was never so good in {period}");
                assert_eq!(share, ratio(sealed.into(), public.into()), "{delta:?}");
                let before = self.shares.insert(delta, share);
                assert_eq!(before, None, "{delta:?} is found to hold twice");
            }
            Sealed::RewardReleased { delta, amount, .. } => {
                let share = self.shares.remove(&delta).expect("nobody measured it");
                let fate = self.fate(delta);
                assert!(std::mem::take(&mut fate.waits), "{delta:?} waited for nothing");
                let (whole, paid) = fate.paid.take().unwrap_or_default();
                assert!(amount == paid && paid <= of(share, whole), "{delta:?} got {paid}");
            }
            Sealed::RewardLapsed { delta, .. } => {
                let fate = self.fate(delta);
                assert!(std::mem::take(&mut fate.waits), "{delta:?} waited for nothing");
                let paid = fate.paid.take().map_or(0, |(_, paid)| paid);
                assert_eq!(paid, 0, "{delta:?} is paid for what nobody measured");
            }
            _ => {}
        }
    }

    /// What the pallets keep is what has to be there.
    pub(crate) fn check(&self) {
        let known: BTreeSet<_> = Blocks::<Mock>::iter_keys().collect();
        assert!(known.iter().eq(self.blocks.keys()), "there are other blocks");
        let heads: BTreeMap<Place, BlockId> = Heads::<Mock>::iter()
            .map(|(model, component, top)| ((model, component), top.block))
            .collect();
        let lines = self.lines.iter().filter_map(|(place, line)| Some((place, line.last()?.block)));
        assert!(heads.iter().map(|(place, head)| (place, *head)).eq(lines), "heads are other ones");
        for ((model, component), head) in &heads {
            let whose = self.blocks.get(head).expect("a head is a block");
            assert_eq!(*whose, (*model, Some(component.clone())), "a head is another's");
        }
        for (id, delta) in Deltas::<Mock>::iter() {
            let come = match delta.stage {
                Stage::Queued | Stage::Judging => Come::Pending,
                Stage::Keeping => Come::Keeping,
                Stage::Laid => Come::Laid,
                ended => Come::Ended(ended),
            };
            assert_eq!(self.deltas.get(&id).map(|fate| fate.stage), Some(come), "{id:?}");
        }
        for (id, fate) in &self.deltas {
            let pending = matches!(fate.stage, Come::Pending | Come::Keeping);
            assert!(!pending || Deltas::<Mock>::contains_key(id), "{id:?} has no end");
            assert_eq!(fate.paid, None, "{id:?} is paid before anything said what holds");
            assert!(fate.aside.is_none() || fate.waits, "{id:?} is not paid");
        }
        for (id, keep) in Keeps::<Mock>::iter() {
            let fate = &self.deltas[&id];
            let needed = match fate.stage {
                Come::Keeping => true,
                Come::Laid => fate.waits || self.is_last(fate),
                Come::Pending | Come::Ended(_) => false,
            };
            // Custody looks from time to time whether heads that trials need have it still.
            assert!(needed || keep.old, "{id:?} is kept for nothing");
        }
    }

    /// Whether nothing was laid on a component after a delta.
    fn is_last(&self, fate: &Fate) -> bool {
        let line = self.lines.get(&fate.place);
        let last = line.and_then(|line| line.iter().rfind(|stone| !stone.published));
        last.map(|stone| stone.block) == Some(fate.block)
    }
}

impl Fate {
    fn evaluation(&self) -> Evaluation {
        match self.heard {
            Some(Outcome::Decided(Opinion::Measured(evaluation))) => evaluation,
            other => panic!("nothing was measured: {other:?}"),
        }
    }
}

fn parents(block: BlockId) -> Vec<BlockId> {
    let block = Blocks::<Mock>::get(block).expect("it is there");
    block.header.parents.into_inner()
}

/// What an end costs the author.
fn forfeited(reason: &Reason) -> Amount {
    let terms = DELTA_RULES.terms;
    let deposit = terms.deposit.fixed + terms.mark;
    match reason.forfeits() {
        Forfeit::Nothing => 0,
        Forfeit::Deposit => deposit,
        Forfeit::DepositAndBond => deposit + of(DELTA_RULES.forfeit, terms.bond.fixed),
    }
}
