//! What the pallets of learning promise each other.

use alloc::vec::Vec;
use cairn_protocol::{
    dag::{Component, Header},
    id::{Amount, BlockId, ContentId, DeltaId, File, Height, PanelId, Seed},
    learning::{
        brief::Brief,
        model::{Head, ModelCard, Part, Parts},
        panel::{Case, Outcome},
        source::{DataSet, Source},
    },
    share::Ppm,
};
use sp_runtime::{DispatchError, DispatchResult};

/// The register of models, as learning sees it.
pub trait Lineage<AccountId> {
    /// What describes a model.
    fn bundle(model: &BlockId) -> Option<File>;

    fn card(model: &BlockId) -> Option<ModelCard>;

    /// Whoever made a block, of any kind.
    fn author(block: &BlockId) -> Option<AccountId>;

    /// The last block that was laid on a component.
    fn head(model: &BlockId, component: &Component) -> Option<Head>;

    /// What a component is once this block of it is laid.
    fn file(block: &BlockId) -> Option<File>;

    /// The heads of all components that have one.
    fn parts(model: &BlockId) -> Parts;

    fn data(block: &BlockId) -> Option<DataSet<AccountId>>;

    /// The set that a model's deltas are judged on.
    fn validation(model: &BlockId) -> Option<BlockId>;

    /// One more candidate was judged against this head.
    fn note_judged(model: &BlockId, component: &Component);

    /// Whether a delta of this header may be laid: its model and component are there, and its
    /// parent is what the component is, or was since it was last published.
    fn check(header: &Header<AccountId>) -> DispatchResult;

    /// What is held for a block of this header, when it is laid.
    fn deposit(header: &Header<AccountId>) -> Amount;

    /// Lays a delta. The head moves to it, and is this file from now on.
    fn lay(header: Header<AccountId>, file: File, deposit_from: &AccountId) -> DispatchResult;

    /// Whether a block is a delta that is part of a component as it stands: it was laid since that
    /// was published last, and not taken off.
    fn carries(model: &BlockId, component: &Component, block: &BlockId) -> bool;

    /// Takes the topmost delta off a component, and says which it was; none where there is nothing
    /// but what was published.
    fn unlay(model: &BlockId, component: &Component) -> Option<BlockId>;

    /// What a model lost on a set, as a mean, before a delta was laid and since.
    fn note_loss(model: &BlockId, data: &BlockId, before: u64, since: u64);
}

/// Hears what the authors of models do to them by hand.
pub trait OnPublished {
    /// The author of this model published a component of it, for the first time or anew. What is
    /// laid or taken off is not published.
    fn published(model: &BlockId);
}

impl OnPublished for () {
    fn published(_: &BlockId) {}
}

/// Those who say how much guards can be asked to judge.
pub trait Judging {
    /// Whether a sample of a source takes no more than they are asked for.
    fn takes(source: &Source) -> bool;
}

/// Committees of guards.
pub trait Panels<AccountId> {
    /// Asks for one. Nobody is on it who goes by one of these names, or is one party with whoever
    /// does. [`Judged::judged`] hears what comes of it.
    fn open(case: Case, barred: Vec<AccountId>) -> Result<PanelId, DispatchError>;

    /// Until when a panel waits for what it waits for; none where it is over.
    fn due(panel: PanelId) -> Option<Height>;

    /// The case is off: the guards are free, and nobody is paid.
    fn close(panel: PanelId);
}

/// Those whose cases panels judge.
pub trait Judged {
    /// Bytes that guards have to hold at the least to judge a case as it is now; nothing where it
    /// cannot be judged.
    fn held(case: &Case) -> u64;

    /// What guards are to judge in a round of their panel, the first of which is one, fixed at the
    /// draw whose seed this is; none calls the case off. What was said in the rounds before is
    /// public.
    fn brief(case: &Case, round: u16, seed: &Seed) -> Option<Brief>;

    /// The panel is over. There is no brief where guards were never drawn.
    fn judged(case: &Case, brief: Option<&Brief>, outcome: Outcome);
}

/// Who holds what heads are made of.
pub trait Custody {
    /// Asks for keepers of what comes of a delta. [`Kept`] hears whether there are enough.
    fn ask(delta: DeltaId, model: &BlockId, file: File);

    /// Nobody needs to be asked for it any more, unless [`OldHeads`] contain it.
    fn release(delta: DeltaId);
}

/// Heads that models do not have any more, and are yet to be measured with.
pub trait OldHeads {
    /// Whether this file is part of some of a model's.
    fn contain(model: &BlockId, file: &ContentId) -> bool;
}

/// There are none.
impl OldHeads for () {
    fn contain(_: &BlockId, _: &ContentId) -> bool {
        false
    }
}

/// Hears who holds it.
pub trait Kept {
    fn kept(delta: DeltaId);

    fn unkept(delta: DeltaId);
}

/// Periods, their budgets, and sponsors.
pub trait Purse<AccountId> {
    /// Which one it is.
    fn period() -> u32;

    /// Whether anyone pays for gains of this model that are measured on this set.
    fn pays_for(model: &BlockId, data: &BlockId) -> bool;

    /// What rewards for this model are multiplied by in this period.
    fn difficulty(model: &BlockId) -> Ppm;

    /// Puts a reward aside, and says how much there is for it.
    fn reserve(
        delta: DeltaId,
        model: &BlockId,
        data: &BlockId,
        author: &AccountId,
        amount: Amount,
    ) -> Amount;

    /// Pays that share of what was put aside, and says how much it is. The rest is free again.
    fn release(delta: DeltaId, share: Ppm) -> Amount;

    /// Pays each of these accounts for judging, and says how much it came to.
    fn pay_guards(model: &BlockId, guards: &[AccountId], each: Amount) -> Amount;

    /// Puts aside what it takes to have a delta of the model judged, and what it gained measured on
    /// sealed sets if its reward is to wait for them, where no budget pays for that. Whether there
    /// is enough. Nobody needs to where whoever pays always has enough.
    fn set_aside_for_judging(_delta: DeltaId, _model: &BlockId) -> bool {
        true
    }

    /// The delta came to nothing, so that what is put aside to judge and measure it is free again.
    fn free_judging(_delta: DeltaId) {}

    /// Panels on sealed sets measure a model for this delta from now on, and are paid of what is put
    /// aside for that until its reward is released.
    fn measure(_model: &BlockId, _delta: DeltaId) {}

    /// Pays each of these accounts for a verdict, out of what is put aside for the case first, and
    /// says how much it came to. The rest of that is free again.
    fn pay_panel(_case: &Case, model: &BlockId, guards: &[AccountId], each: Amount) -> Amount {
        Self::pay_guards(model, guards, each)
    }

    /// One more delta of the model was laid.
    fn note_success(model: &BlockId);
}

/// Hears when a period has ended.
pub trait OnPeriod {
    fn ended(period: u32);
}

impl OnPeriod for () {
    fn ended(_: u32) {}
}

/// Hears when nothing is held for a delta any more.
pub trait OnReleased {
    /// The reward of a delta, which waited, is paid or has lapsed.
    fn released(delta: DeltaId);
}

impl OnReleased for () {
    fn released(_: DeltaId) {}
}

/// Whose deltas are being judged.
pub trait Authors<AccountId> {
    /// Whether some of this account's are, of whatever model.
    fn is_pending(who: &AccountId) -> bool;
}

/// What waits for examples that nobody knows yet.
pub trait Sealing<AccountId> {
    /// Whether rewards wait for them that deltas earned on a set.
    fn waits(data: &BlockId) -> bool;

    /// Whether somebody knows examples that a model's deltas will be judged on, and may not make
    /// any.
    fn barred(model: &BlockId, who: &AccountId) -> bool;

    /// A reward waits, for so much gained on examples that everyone knows by a delta that makes a
    /// component this. Has to be heard before the head moves.
    fn note(model: &BlockId, delta: DeltaId, gain: u64, laid: Part);

    /// It waits no more, since the delta was taken back, or nothing could be put aside for it: what
    /// it gained counts no longer.
    fn forget(model: &BlockId, delta: DeltaId);
}

/// Nothing waits.
impl<AccountId> Sealing<AccountId> for () {
    fn waits(_: &BlockId) -> bool {
        false
    }

    fn barred(_: &BlockId, _: &AccountId) -> bool {
        false
    }

    fn note(_: &BlockId, _: DeltaId, _: u64, _: Part) {}

    fn forget(_: &BlockId, _: DeltaId) {}
}
