//! What clients ask of models and their deltas, as a runtime API.

use crate::{AccountId, Balance};
use alloc::vec::Vec;
use cairn_protocol::{
    dag::Component,
    id::{BlockId, DeltaId, File, Height, PanelId, ProviderId},
    learning::{
        brief::Brief,
        committee::{Duty, PanelView},
        curation::{CuratorView, SetView, TrialView},
        delta::{DeltaView, Preview},
        source::DataSet,
    },
    view::{ModelView, Step},
};
pub use pallet_cairn_custody::Keeping;
pub use pallet_cairn_rewards::{PeriodView, SupportView};

sp_api::decl_runtime_apis! {
    /// Models and what they learn, as clients see it. A method that changes keeps its older form
    /// beside it, with `changed_in`.
    pub trait LearningApi {
        /// What is known of a model, and how its components stand.
        fn model(model: BlockId) -> Option<ModelView<AccountId>>;

        /// A block and what it stands on, down to the one that began its model: a page. The next
        /// one begins with what the last of them was laid on.
        fn lineage(from: BlockId) -> Vec<Step<AccountId>>;

        /// Who says that it serves a component.
        fn servers(model: BlockId, component: Component) -> Vec<ProviderId>;

        /// Where the examples of a DATA block come from.
        fn data(block: BlockId) -> Option<DataSet<AccountId>>;

        /// What whoever makes a delta of a component has to know beforehand; none where none can be
        /// handed in.
        fn preview(model: BlockId, component: Component) -> Option<Preview>;

        /// A delta that is judged, is laid, or was not so long ago.
        fn delta(delta: DeltaId) -> Option<DeltaView<AccountId>>;

        /// Those of an author that are still kept, a page of 256 at most. The next page is had
        /// after the last of this one, until one is empty.
        fn deltas_of(author: AccountId, after: Option<DeltaId>) -> Vec<DeltaId>;

        /// Those that are being judged for a component, the first one first.
        fn queue_of(model: BlockId, component: Component) -> Vec<DeltaId>;

        /// A panel that is under way, and who has to act by when.
        fn panel(panel: PanelId) -> Option<PanelView>;

        /// What it judges, once its guards are drawn.
        fn brief(panel: PanelId) -> Option<Brief>;

        /// The panels that wait for a guard, for what, and up to when.
        fn panels_of(guard: ProviderId) -> Vec<(PanelId, Duty, Height)>;

        /// Files that keepers are wanted for, and up to when they count before a head moves.
        fn wanted() -> Vec<(DeltaId, File, Option<Height>)>;

        /// The files that a provider keeps, and what it has to show of them.
        fn keepings_of(provider: ProviderId) -> Vec<Keeping>;

        /// The period that goes on, its budgets, and all that was ever minted.
        fn period() -> Option<PeriodView>;

        /// Who pays for what a model gains, and how much there is.
        fn support_of(model: BlockId) -> SupportView;

        /// The periods that a provider's owner can claim a grant of, and how much each is.
        fn grants_of(provider: ProviderId) -> Vec<(u32, Balance)>;

        /// How a model's trial on sealed sets stands.
        fn trial(model: BlockId, period: u32) -> Option<TrialView>;

        /// The sets of a trial, in the order in which they were sealed.
        fn sets_of(model: BlockId, period: u32) -> Vec<SetView<AccountId>>;

        /// What a curator has at stake.
        fn curator(account: AccountId) -> Option<CuratorView>;
    }
}
