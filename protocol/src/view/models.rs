//! Models, as clients see them.

use crate::{
    dag::{BlockKind, SemVer},
    id::{BlockId, File, Height},
    learning::model::{Access, Component, Head, ModelCard},
    share::Ppm,
};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use scale_info::TypeInfo;

answer! {
    /// A model, and how it stands.
    pub struct ModelView<AccountId> {
        pub author: AccountId,
        /// What describes it.
        pub bundle: File,
        pub release: SemVer,
        /// With whom may use it now.
        pub card: ModelCard,
        /// Who may use it later, and from which height on.
        pub announced: Option<(Access, Height)>,
        /// In the order of names; without components of which nothing was published.
        pub heads: Vec<HeadView>,
        /// The set that its deltas are judged on.
        pub validation: Option<BlockId>,
        /// Jobs that ran on it and were settled.
        pub uses: u64,
        /// How far it has come, which [`quality`](crate::learning::quality::quality) says and
        /// [`LossesView`] is the reason of. None before it was measured, or where there is no way
        /// to go.
        pub quality: Option<Ppm>,
        /// What it loses; none before it was measured.
        pub losses: Option<LossesView>,
    }

    /// A component, as it stands.
    pub struct HeadView {
        pub component: Component,
        pub head: Head,
    }

    /// The mean loss of a model on the set that it is judged on, in millionths of a nat: before the
    /// first delta that was measured on that set was laid, and since the last was.
    #[derive(Copy)]
    pub struct LossesView {
        pub first: u64,
        pub last: u64,
        /// Millionths of the logarithm of first over last.
        pub gain: u64,
        /// What no model loses less than, as governance has it; none where nobody knows.
        pub floor: Option<u64>,
    }

    /// A block of a lineage.
    pub struct Step<AccountId> {
        pub block: BlockId,
        pub kind: BlockKind,
        pub release: SemVer,
        pub author: AccountId,
        /// What the component was after it.
        pub file: File,
        /// What its author claimed.
        pub gain: u64,
        /// How many candidates were judged against it.
        pub judged: u32,
        /// What it was laid on; none where the model begins.
        pub onto: Option<BlockId>,
    }
}
