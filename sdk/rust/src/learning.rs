//! Models and what they learn, as the chain has it, in the types of [`cairn_protocol`].

pub mod calls;

use cairn_protocol::{
    dag::Component,
    id::{Amount, BlockId, DeltaId, File, Height, PanelId, ProviderId},
    learning::{
        brief::Brief,
        committee::{Duty, PanelView},
        curation::{CuratorView, SetView, TrialView},
        delta::{DeltaView, Preview},
        source::DataSet,
    },
    view::{ModelView, Step},
};
use subxt::utils::Static;

use crate::{
    chain::{
        self,
        runtime_types::{
            bounded_collections::bounded_vec::BoundedVec, pallet_cairn_custody::types as custody,
        },
    },
    config::{AccountId32, At},
    Result,
};

pub use crate::chain::runtime_types::pallet_cairn_rewards::types::{PeriodView, SupportView};

/// Models and their deltas after one block.
pub struct Learning {
    at: At,
}

/// A file that a provider keeps.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Keeping {
    pub delta: DeltaId,
    pub file: File,
    /// The chunks that it has to show, in ascending order, and by when; none while it only has to
    /// hold the file.
    pub asked: Option<(Vec<u64>, Height)>,
}

/// A file that keepers are wanted for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Wanted {
    pub delta: DeltaId,
    pub file: File,
    /// Up to when they count before the head moves; none where it has moved.
    pub due: Option<Height>,
}

impl Learning {
    pub fn new(at: At) -> Self {
        Self { at }
    }

    /// The block that is looked at.
    pub fn at(&self) -> &At {
        &self.at
    }

    /// What is known of a model, and how its components stand.
    pub async fn model(&self, model: BlockId) -> Result<Option<ModelView<AccountId32>>> {
        let api = chain::runtime_apis().learning_api();
        let answer = self.at.runtime_apis().call(api.model(Static(model))).await?;
        Ok(answer.map(|view| view.0))
    }

    /// All models, by the blocks that began them. All of them are read.
    pub async fn models(&self) -> Result<Vec<BlockId>> {
        let mut found = Vec::new();
        let mut all = self.at.storage().iter(chain::storage().experts().cards(), ()).await?;
        while let Some(entry) = all.next().await {
            found.push(entry?.key()?.decode()?.0 .0);
        }
        Ok(found)
    }

    /// A block and all that it stands on, down to the one that began its model. As many pages are
    /// read as there are.
    pub async fn lineage(&self, from: BlockId) -> Result<Vec<Step<AccountId32>>> {
        let mut steps: Vec<Step<AccountId32>> = Vec::new();
        let mut next = Some(from);
        while let Some(from) = next {
            let page = self.lineage_page(from).await?;
            next = page.last().and_then(|step| step.onto);
            steps.extend(page);
        }
        Ok(steps)
    }

    /// The first so many blocks of it; the last of them says what the next page begins with.
    pub async fn lineage_page(&self, from: BlockId) -> Result<Vec<Step<AccountId32>>> {
        let api = chain::runtime_apis().learning_api();
        let page = self.at.runtime_apis().call(api.lineage(Static(from))).await?;
        Ok(page.into_iter().map(|step| step.0).collect())
    }

    /// Who says that it serves a component.
    pub async fn servers(&self, model: BlockId, component: &Component) -> Result<Vec<ProviderId>> {
        let api = chain::runtime_apis().learning_api();
        let question = api.servers(Static(model), name(component));
        let answer = self.at.runtime_apis().call(question).await?;
        Ok(answer.into_iter().map(|provider| provider.0).collect())
    }

    /// Where the examples of a DATA block come from.
    pub async fn data(&self, block: BlockId) -> Result<Option<DataSet<AccountId32>>> {
        let api = chain::runtime_apis().learning_api();
        let answer = self.at.runtime_apis().call(api.data(Static(block))).await?;
        Ok(answer.map(|set| set.0))
    }

    /// What whoever makes a delta of a component has to know beforehand; none where none can be
    /// handed in.
    pub async fn preview(&self, model: BlockId, component: &Component) -> Result<Option<Preview>> {
        let api = chain::runtime_apis().learning_api();
        let question = api.preview(Static(model), name(component));
        let answer = self.at.runtime_apis().call(question).await?;
        Ok(answer.map(|preview| preview.0))
    }

    /// A delta that is still kept, and what it waits for.
    pub async fn delta(&self, delta: DeltaId) -> Result<Option<DeltaView<AccountId32>>> {
        let api = chain::runtime_apis().learning_api();
        let answer = self.at.runtime_apis().call(api.delta(Static(delta))).await?;
        Ok(answer.map(|view| view.0))
    }

    /// All deltas of an author that are still kept, in the order in which they were handed in.
    pub async fn deltas_of(&self, author: &AccountId32) -> Result<Vec<DeltaId>> {
        let api = chain::runtime_apis().learning_api();
        let mut deltas: Vec<DeltaId> = Vec::new();
        loop {
            let page = api.deltas_of(*author, deltas.last().copied().map(Static));
            let page = self.at.runtime_apis().call(page).await?;
            if page.is_empty() {
                deltas.sort_unstable();
                return Ok(deltas);
            }
            deltas.extend(page.into_iter().map(|delta| delta.0));
        }
    }

    /// Those that are being judged for a component, the first one first.
    pub async fn queue_of(&self, model: BlockId, component: &Component) -> Result<Vec<DeltaId>> {
        let api = chain::runtime_apis().learning_api();
        let question = api.queue_of(Static(model), name(component));
        let answer = self.at.runtime_apis().call(question).await?;
        Ok(answer.into_iter().map(|delta| delta.0).collect())
    }

    /// A panel that is under way, and who has to act by when.
    pub async fn panel(&self, panel: PanelId) -> Result<Option<PanelView>> {
        let api = chain::runtime_apis().learning_api();
        let answer = self.at.runtime_apis().call(api.panel(Static(panel))).await?;
        Ok(answer.map(|view| view.0))
    }

    /// What it judges, once its guards are drawn.
    pub async fn brief(&self, panel: PanelId) -> Result<Option<Brief>> {
        let api = chain::runtime_apis().learning_api();
        let answer = self.at.runtime_apis().call(api.brief(Static(panel))).await?;
        Ok(answer.map(|brief| brief.0))
    }

    /// The panels that wait for a guard, for what, and up to when.
    pub async fn panels_of(&self, guard: ProviderId) -> Result<Vec<(PanelId, Duty, Height)>> {
        let api = chain::runtime_apis().learning_api();
        let answer = self.at.runtime_apis().call(api.panels_of(Static(guard))).await?;
        Ok(answer.into_iter().map(|(panel, duty, due)| (panel.0, duty.0, due)).collect())
    }

    /// The files that keepers are wanted for.
    pub async fn wanted(&self) -> Result<Vec<Wanted>> {
        let api = chain::runtime_apis().learning_api();
        let answer = self.at.runtime_apis().call(api.wanted()).await?;
        let read = |(delta, file, due): (Static<DeltaId>, Static<File>, Option<Height>)| Wanted {
            delta: delta.0,
            file: file.0,
            due,
        };
        Ok(answer.into_iter().map(read).collect())
    }

    /// The files that a provider keeps, and what it has to show of them.
    pub async fn keepings_of(&self, provider: ProviderId) -> Result<Vec<Keeping>> {
        let api = chain::runtime_apis().learning_api();
        let answer = self.at.runtime_apis().call(api.keepings_of(Static(provider))).await?;
        let read = |custody::Keeping { delta, file, asked }| Keeping {
            delta: delta.0,
            file: file.0,
            asked,
        };
        Ok(answer.into_iter().map(read).collect())
    }

    /// The period that goes on, its budgets, and all that was ever minted; none before the first
    /// one has begun.
    pub async fn period(&self) -> Result<Option<PeriodView>> {
        let api = chain::runtime_apis().learning_api();
        Ok(self.at.runtime_apis().call(api.period()).await?)
    }

    /// Who pays for what a model gains, and how much there is.
    pub async fn support_of(&self, model: BlockId) -> Result<SupportView> {
        let api = chain::runtime_apis().learning_api();
        Ok(self.at.runtime_apis().call(api.support_of(Static(model))).await?)
    }

    /// The periods that a provider's owner can claim a grant of, and how much each is.
    pub async fn grants_of(&self, provider: ProviderId) -> Result<Vec<(u32, Amount)>> {
        let api = chain::runtime_apis().learning_api();
        Ok(self.at.runtime_apis().call(api.grants_of(Static(provider))).await?)
    }

    /// How a model's trial on sealed sets stands.
    pub async fn trial(&self, model: BlockId, period: u32) -> Result<Option<TrialView>> {
        let api = chain::runtime_apis().learning_api();
        let answer = self.at.runtime_apis().call(api.trial(Static(model), period)).await?;
        Ok(answer.map(|view| view.0))
    }

    /// The sets of a trial, in the order in which they were sealed.
    pub async fn sets_of(&self, model: BlockId, period: u32) -> Result<Vec<SetView<AccountId32>>> {
        let api = chain::runtime_apis().learning_api();
        let answer = self.at.runtime_apis().call(api.sets_of(Static(model), period)).await?;
        Ok(answer.into_iter().map(|set| set.0).collect())
    }

    /// What a curator has at stake.
    pub async fn curator(&self, account: &AccountId32) -> Result<Option<CuratorView>> {
        let api = chain::runtime_apis().learning_api();
        let answer = self.at.runtime_apis().call(api.curator(*account)).await?;
        Ok(answer.map(|view| view.0))
    }
}

/// A component's name, as the chain is asked for it.
fn name(component: &Component) -> BoundedVec<u8> {
    BoundedVec(component.to_vec())
}
