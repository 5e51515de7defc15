//! The record of a delta: what is known of it as long as it is kept, and how clients see it.

use crate::{
    dag::{Component, Header},
    id::{Amount, BlockId, ContentId, DeltaId, File, Height, PanelId},
    learning::{
        evaluation::{Evaluation, Opinion},
        limits::TooMuch,
        model::{Head, Parts},
        panel::Outcome,
        source::Source,
    },
    lifecycle::delta::{Reason, Stage},
    share::Ppm,
    wire::wire,
};

wire! {
    /// A component of a model: where deltas queue.
    #[derive(Ord, PartialOrd)]
    pub struct Place {
        pub model: BlockId,
        pub component: Component,
    }

    /// A delta that was handed in.
    pub struct Delta<AccountId> {
        pub header: Header<AccountId>,
        pub submitted: Height,
        pub stage: Stage,
        /// Why it is there, once there is a reason.
        pub reason: Option<Reason>,
        /// Up to when this stage lasts. What waits for others waits on after it.
        pub due: Height,
        /// When the chain looks at it next.
        pub next: Height,
        /// Who judges it, as long as they do.
        pub panel: Option<PanelId>,
        /// What it was drawn against, of late.
        pub trial: Option<Trial>,
        /// It is judged a second time, since its head had moved.
        pub again: bool,
        /// What guards said of it.
        pub word: Option<Outcome>,
        /// Whether enough say that they keep what the component becomes, once that is known.
        pub kept: Option<bool>,
        pub stakes: Stakes,
        /// By how much it lowered the loss, where it is laid: millionths of the logarithm of old
        /// over new.
        pub gain: u64,
        /// What was set aside for it.
        pub reward: Amount,
        /// That waits for sealed sets.
        pub waits: bool,
        /// The published block that it was laid on, by way of others.
        pub root: Option<BlockId>,
        /// What was laid on it.
        pub above: Option<DeltaId>,
    }

    /// What a delta is held against.
    #[derive(Copy)]
    pub struct Trial {
        pub head: BlockId,
        /// The component there.
        pub file: File,
        /// The set that the sample is of.
        pub data: BlockId,
        pub count: u32,
        pub threshold: Ppm,
        /// How many samples were drawn before against the same head.
        pub attempts: u32,
    }

    /// What is held of a delta's author.
    #[derive(Copy, Default)]
    pub struct Stakes {
        /// Lost in part where there is no delta.
        pub bond: Amount,
        /// Lost where it is not better.
        pub deposit: Amount,
        /// For its block, if it comes to that.
        pub block: Amount,
    }
}

/// A delta, and what it waits for.
#[derive(Clone, Debug, Eq, PartialEq, codec::Decode, codec::Encode, scale_info::TypeInfo)]
pub struct DeltaView<AccountId> {
    pub delta: Delta<AccountId>,
    /// What the header is called.
    pub block: BlockId,
    pub waits_for: DeltaWaitsFor,
}

/// What has to happen, that a delta goes on.
#[derive(Clone, Copy, Debug, Eq, PartialEq, codec::Decode, codec::Encode, scale_info::TypeInfo)]
pub enum DeltaWaitsFor {
    /// Nothing: it is over.
    #[codec(index = 0)]
    Nothing,
    /// These guards.
    #[codec(index = 1)]
    Panel(PanelId),
    /// So many deltas that were handed in before.
    #[codec(index = 2)]
    Turn { ahead: u32 },
    /// Whoever keeps what the component becomes.
    #[codec(index = 3)]
    Keepers,
    /// The component is being rolled back.
    #[codec(index = 4)]
    Rollback,
    /// Nobody: it goes on by itself.
    #[codec(index = 5)]
    Chain,
}

/// What whoever makes a delta has to know beforehand.
#[derive(Clone, Debug, Eq, PartialEq, codec::Decode, codec::Encode, scale_info::TypeInfo)]
pub struct Preview {
    pub bundle: File,
    /// The program that comes to losses, by its file in the bundle.
    pub judge: ContentId,
    pub parts: Parts,
    /// What the next delta is laid on, as it is now.
    pub head: Head,
    /// The set that it is judged on.
    pub data: BlockId,
    pub source: Source,
    pub count: u32,
    pub threshold: Ppm,
    /// How many samples were drawn against this head.
    pub attempts: u32,
    /// How many deltas are in the queue.
    pub ahead: u32,
    /// Why guards are not asked for it, where judging takes too much.
    pub too_much: Option<TooMuch>,
    /// Whether somebody pays for deltas of this model.
    pub paid: bool,
    /// What a gain is multiplied by.
    pub difficulty: Ppm,
    pub terms: Terms,
}

wire! {
    /// What handing in a delta takes.
    #[derive(Copy)]
    pub struct Terms {
        /// Blocks from its commitment to the first in which it may be handed in.
        pub delay: Height,
        /// And to the last.
        pub life: Height,
        /// Held for a commitment.
        pub commitment: Amount,
        pub bond: Price,
        pub deposit: Price,
        /// What of the deposit is never given back, but for a delta of which nothing is known: its
        /// name is kept for good.
        pub mark: Amount,
        /// Bytes of a delta, at most.
        pub most_bytes: u64,
    }

    /// What is held, by the size of the artifact.
    #[derive(Copy)]
    pub struct Price {
        pub fixed: Amount,
        pub byte: Amount,
    }
}

impl Price {
    pub fn of(&self, bytes: u64) -> Amount {
        self.fixed.saturating_add(self.byte.saturating_mul(bytes.into()))
    }
}

impl<AccountId> Delta<AccountId> {
    /// Where it queues; none where its header is no delta's.
    pub fn place(&self) -> Option<Place> {
        Some(Place { model: self.header.model?, component: self.header.component.clone() })
    }

    /// The block that its author made it on.
    pub fn parent(&self) -> Option<BlockId> {
        self.header.parents.first().copied()
    }

    /// What guards measured, if they did.
    pub fn evaluation(&self) -> Option<Evaluation> {
        match self.word {
            Some(Outcome::Decided(Opinion::Measured(evaluation))) => Some(evaluation),
            _ => None,
        }
    }
}
