//! What a provider has to do.

use std::collections::BTreeSet;

use cairn_protocol::{
    audit::record::{Audit, Progress},
    challenge::Challenge,
    id::{ProviderId, TaskId},
    task::Task,
};
use subxt::utils::Static;

use super::Market;
use crate::{chain, config::AccountId32, Result};

/// Something that a provider has to do, or has begun to.
#[derive(Clone, Debug)]
pub enum Duty {
    /// It has a seat at this task.
    Work { task: TaskId, record: Task<AccountId32> },
    /// It takes part in the audit of this task.
    Audit { task: TaskId, record: Audit<AccountId32> },
    /// It is challenged to show what it can compute.
    Challenge { number: u64, record: Challenge },
}

/// Tasks, with their audits, and challenges.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Named {
    pub tasks: BTreeSet<TaskId>,
    pub challenges: BTreeSet<u64>,
}

impl Named {
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty() && self.challenges.is_empty()
    }

    /// What is in both.
    pub fn shared(&self, other: &Self) -> Self {
        Self { tasks: &self.tasks & &other.tasks, challenges: &self.challenges & &other.challenges }
    }

    /// What is in one of them.
    pub fn joined(&self, other: &Self) -> Self {
        Self { tasks: &self.tasks | &other.tasks, challenges: &self.challenges | &other.challenges }
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
}

impl Market {
    /// Every task, audit and challenge that a provider takes part in. All that there are are read:
    /// whoever knows which may concern it asks for [`Self::duties_at`] those.
    pub async fn duties(&self, provider: ProviderId) -> Result<Vec<Duty>> {
        let mut duties = self.works(provider).await?;
        duties.extend(self.audits(provider).await?);
        duties.extend(self.challenges(provider).await?);
        Ok(duties)
    }

    /// Those of the named that a provider takes part in. No others are read.
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
        let named = Named { tasks, challenges: [7].into() };
        let found = market.duties_at(ProviderId(4), &named).await.unwrap();
        assert!(found.is_empty());
        // A task and its audit each, and the challenge.
        assert_eq!(world.count("state_getStorage"), 5);
        assert_eq!(world.count("state_getKeysPaged"), 0);
        market.duties(ProviderId(4)).await.unwrap();
        assert_eq!(world.count("state_getKeysPaged"), 3);
    }
}
