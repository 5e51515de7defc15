//! What a provider has to do.

use std::collections::BTreeSet;

use cairn_protocol::{
    audit::record::{Audit, Progress},
    challenge::Challenge,
    id::{DeltaId, PanelId, ProviderId, TaskId},
    learning::committee::Panel,
    task::Task,
};
use subxt::utils::Static;

use super::Market;
use crate::{
    chain,
    config::AccountId32,
    learning::{Keeping, Learning, Wanted},
    Result,
};

/// Something that a provider has to do, or has begun to.
#[derive(Clone, Debug)]
pub enum Duty {
    /// It has a seat at this task.
    Work { task: TaskId, record: Task<AccountId32> },
    /// It takes part in the audit of this task.
    Audit { task: TaskId, record: Audit<AccountId32> },
    /// It is challenged to show what it can compute.
    Challenge { number: u64, record: Challenge },
    /// It has a seat on this panel, and is asked once more if that grows.
    Judge { panel: PanelId, record: Panel<AccountId32> },
    /// It keeps this file.
    Keep(Keeping),
    /// Keepers are wanted for this file, and it may be one.
    Want(Wanted),
}

/// Tasks, with their audits, challenges, panels, and deltas of which files are kept.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Named {
    pub tasks: BTreeSet<TaskId>,
    pub challenges: BTreeSet<u64>,
    pub panels: BTreeSet<PanelId>,
    pub deltas: BTreeSet<DeltaId>,
}

impl Named {
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
            && self.challenges.is_empty()
            && self.panels.is_empty()
            && self.deltas.is_empty()
    }

    /// What is in both.
    pub fn shared(&self, other: &Self) -> Self {
        Self {
            tasks: &self.tasks & &other.tasks,
            challenges: &self.challenges & &other.challenges,
            panels: &self.panels & &other.panels,
            deltas: &self.deltas & &other.deltas,
        }
    }

    /// What is in one of them.
    pub fn joined(&self, other: &Self) -> Self {
        Self {
            tasks: &self.tasks | &other.tasks,
            challenges: &self.challenges | &other.challenges,
            panels: &self.panels | &other.panels,
            deltas: &self.deltas | &other.deltas,
        }
    }
}

impl Duty {
    fn work(task: TaskId, record: Task<AccountId32>, provider: ProviderId) -> Option<Self> {
        record.seat(provider).is_some().then_some(Self::Work { task, record })
    }

    fn audit(task: TaskId, record: Audit<AccountId32>, provider: ProviderId) -> Option<Self> {
        let mine = record.members().find(|member| member.provider == provider);
        let is_open = mine.is_some_and(|member| !matches!(member.progress, Progress::Revealed(_)));
        is_open.then_some(Self::Audit { task, record })
    }

    fn challenge(number: u64, record: Challenge, provider: ProviderId) -> Option<Self> {
        let is_mine = record.members.iter().any(|member| member.provider == provider);
        is_mine.then_some(Self::Challenge { number, record })
    }

    fn judge(panel: PanelId, record: Panel<AccountId32>, provider: ProviderId) -> Option<Self> {
        record.seat(provider).is_some().then_some(Self::Judge { panel, record })
    }

    /// The delta whose file it is about.
    fn delta(&self) -> Option<DeltaId> {
        match self {
            Self::Keep(keeping) => Some(keeping.delta),
            Self::Want(wanted) => Some(wanted.delta),
            _ => None,
        }
    }
}

impl Market {
    /// Everything that a provider takes part in, and every file that it could keep. All that there
    /// are are read: whoever knows which may concern it asks for [`Self::duties_at`] those.
    pub async fn duties(&self, provider: ProviderId) -> Result<Vec<Duty>> {
        let mut duties = self.works(provider).await?;
        duties.extend(self.audits(provider).await?);
        duties.extend(self.challenges(provider).await?);
        duties.extend(self.judgings(provider, &self.panels(provider).await?).await?);
        duties.extend(self.keepings(provider).await?);
        Ok(duties)
    }

    /// Those of the named that a provider takes part in, or could. No others are read, but that
    /// files that are kept are asked for together.
    pub async fn duties_at(&self, provider: ProviderId, named: &Named) -> Result<Vec<Duty>> {
        let mut duties = Vec::new();
        for task in &named.tasks {
            let address = chain::storage().tasks().tasks();
            let found = self.at.storage().try_fetch(address, (Static(*task),)).await?;
            if let Some(record) = found {
                duties.extend(Duty::work(*task, record.decode()?.0, provider));
            }
        }
        for task in &named.tasks {
            let address = chain::storage().audits().audits();
            let found = self.at.storage().try_fetch(address, (Static(*task),)).await?;
            if let Some(record) = found {
                duties.extend(Duty::audit(*task, record.decode()?.0, provider));
            }
        }
        for number in &named.challenges {
            let address = chain::storage().capability().challenges();
            let found = self.at.storage().try_fetch(address, (*number,)).await?;
            if let Some(record) = found {
                duties.extend(Duty::challenge(*number, record.decode()?.0, provider));
            }
        }
        duties.extend(self.judgings(provider, &named.panels).await?);
        if !named.deltas.is_empty() {
            let is_named =
                |duty: &Duty| duty.delta().is_some_and(|one| named.deltas.contains(&one));
            duties.extend(self.keepings(provider).await?.into_iter().filter(is_named));
        }
        Ok(duties)
    }

    async fn works(&self, provider: ProviderId) -> Result<Vec<Duty>> {
        let mut found = Vec::new();
        let mut tasks = self.at.storage().iter(chain::storage().tasks().tasks(), ()).await?;
        while let Some(entry) = tasks.next().await {
            let entry = entry?;
            let (task, record) = (entry.key()?.decode()?.0, entry.value().decode()?);
            found.extend(Duty::work(task.0, record.0, provider));
        }
        Ok(found)
    }

    async fn audits(&self, provider: ProviderId) -> Result<Vec<Duty>> {
        let mut found = Vec::new();
        let mut audits = self.at.storage().iter(chain::storage().audits().audits(), ()).await?;
        while let Some(entry) = audits.next().await {
            let entry = entry?;
            let (task, record) = (entry.key()?.decode()?.0, entry.value().decode()?);
            found.extend(Duty::audit(task.0, record.0, provider));
        }
        Ok(found)
    }

    async fn challenges(&self, provider: ProviderId) -> Result<Vec<Duty>> {
        let mut found = Vec::new();
        let address = chain::storage().capability().challenges();
        let mut challenges = self.at.storage().iter(address, ()).await?;
        while let Some(entry) = challenges.next().await {
            let entry = entry?;
            let (number, record) = (entry.key()?.decode()?.0, entry.value().decode()?);
            found.extend(Duty::challenge(number, record.0, provider));
        }
        Ok(found)
    }

    /// The panels that a provider has a seat on.
    async fn panels(&self, provider: ProviderId) -> Result<BTreeSet<PanelId>> {
        let mut found = BTreeSet::new();
        let address = chain::storage().panels().seats_of();
        let mut seats = self.at.storage().iter(address, (Static(provider),)).await?;
        while let Some(entry) = seats.next().await {
            let (_, panel) = entry?.key()?.decode()?;
            found.insert(panel.0);
        }
        Ok(found)
    }

    async fn judgings(
        &self,
        provider: ProviderId,
        panels: &BTreeSet<PanelId>,
    ) -> Result<Vec<Duty>> {
        let mut found = Vec::new();
        for panel in panels {
            let address = chain::storage().panels().panels();
            let record = self.at.storage().try_fetch(address, (Static(*panel),)).await?;
            if let Some(record) = record {
                found.extend(Duty::judge(*panel, record.decode()?.0, provider));
            }
        }
        Ok(found)
    }

    async fn keepings(&self, provider: ProviderId) -> Result<Vec<Duty>> {
        let learning = Learning::new(self.at.clone());
        let kept = learning.keepings_of(provider).await?.into_iter().map(Duty::Keep);
        let wanted = learning.wanted().await?.into_iter().map(Duty::Want);
        Ok(kept.chain(wanted).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stub::World;

    #[tokio::test]
    async fn duties_at_should_read_what_is_named_and_nothing_else() {
        let world = World::new(&["a"]);
        let market = world.connect().await.unwrap().market().await.unwrap();
        let tasks = [TaskId(3), TaskId(9)].into();
        let (challenges, panels) = ([7].into(), [PanelId(2)].into());
        let mut named = Named { tasks, challenges, panels, ..Named::default() };
        let found = market.duties_at(ProviderId(4), &named).await.unwrap();
        assert!(found.is_empty());
        // A task and its audit each, the challenge, and the panel.
        assert_eq!(world.count("state_getStorage"), 6);
        assert_eq!(world.count("state_getKeysPaged"), 0);
        assert_eq!(world.count("state_call [\"LearningApi"), 0);
        named.deltas.insert(DeltaId(1));
        market.duties_at(ProviderId(4), &named).await.unwrap();
        assert_eq!(world.count("state_getKeysPaged"), 0);
        market.duties(ProviderId(4)).await.unwrap();
        assert_eq!(world.count("state_getKeysPaged"), 4);
    }
}
