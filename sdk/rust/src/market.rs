//! What the market says of itself, in the types of [`cairn_protocol`].

mod duties;
mod touched;

use cairn_protocol::{
    audit::record::AuditView,
    dag::Header,
    id::{BlockId, ProviderId, TaskId},
    job::Terms,
    view::{Quote, TaskView},
};
use codec::Decode;
use subxt::{tx::Payload, utils::Static};

use crate::{
    chain::{self, runtime_types::cairn_runtime::market::Refusal},
    config::{AccountId32, At},
    Error, Result,
};

pub use crate::chain::runtime_types::cairn_runtime::market::ProviderView;
pub use duties::{Duty, Named};
pub use touched::Touched;

/// The market after one block.
pub struct Market {
    at: At,
}

impl Market {
    pub fn new(at: At) -> Self {
        Self { at }
    }

    /// The block that is looked at.
    pub fn at(&self) -> &At {
        &self.at
    }

    /// What a task would cost an account now, who would do it and when, and why nobody would.
    pub async fn quote(&self, requester: &AccountId32, terms: &Terms) -> Result<Quote> {
        let terms = Static(terms.clone());
        let api = chain::runtime_apis().market_api();
        let answer = self.at.runtime_apis().call(api.quote(*requester, terms)).await?;
        answer.map(|quote| quote.0).map_err(|refusal| self.explain(refusal))
    }

    /// A task that is still kept, and who has to act by when.
    pub async fn task(&self, task: TaskId) -> Result<Option<TaskView<AccountId32>>> {
        let api = chain::runtime_apis().market_api();
        let answer = self.at.runtime_apis().call(api.task(Static(task))).await?;
        Ok(answer.map(|view| view.0))
    }

    /// The audit of a task, and who has to act by when.
    pub async fn audit(&self, task: TaskId) -> Result<Option<AuditView>> {
        let api = chain::runtime_apis().market_api();
        let answer = self.at.runtime_apis().call(api.audit(Static(task))).await?;
        Ok(answer.map(|view| view.0))
    }

    /// All tasks of an account that are still kept, in the order of their submission.
    pub async fn tasks_of(&self, requester: &AccountId32) -> Result<Vec<TaskId>> {
        let api = chain::runtime_apis().market_api();
        let mut tasks: Vec<TaskId> = Vec::new();
        loop {
            let page = api.tasks_of(*requester, tasks.last().copied().map(Static));
            let page = self.at.runtime_apis().call(page).await?;
            if page.is_empty() {
                tasks.sort_unstable();
                return Ok(tasks);
            }
            tasks.extend(page.into_iter().map(|task| task.0));
        }
    }

    /// Everything known of a provider.
    pub async fn provider(&self, provider: ProviderId) -> Result<Option<ProviderView>> {
        let api = chain::runtime_apis().market_api();
        Ok(self.at.runtime_apis().call(api.provider(Static(provider))).await?)
    }

    /// The registrations of an owner.
    pub async fn providers_of(&self, owner: &AccountId32) -> Result<Vec<ProviderId>> {
        let api = chain::runtime_apis().market_api();
        let answer = self.at.runtime_apis().call(api.providers_of(*owner)).await?;
        Ok(answer.into_iter().map(|provider| provider.0).collect())
    }

    /// Whom an account calls one party with itself, and who call it so.
    pub async fn linked(&self, account: &AccountId32) -> Result<Vec<AccountId32>> {
        let links = chain::storage().providers().links();
        Ok(self.at.storage().fetch(links, (*account,)).await?.decode()?.0)
    }

    /// All registrations, in the order of their numbers. All of them are read.
    pub async fn providers(&self) -> Result<Vec<ProviderId>> {
        let mut found = Vec::new();
        let address = chain::storage().providers().providers();
        let mut all = self.at.storage().iter(address, ()).await?;
        while let Some(entry) = all.next().await {
            found.push(entry?.key()?.decode()?.0 .0);
        }
        found.sort_unstable();
        Ok(found)
    }

    /// How many providers are registered, and how many tasks were ever submitted.
    pub async fn counts(&self) -> Result<(u32, u64)> {
        let providers = chain::storage().providers().counter_for_providers();
        let providers = self.at.storage().fetch(providers, ()).await?.decode()?;
        let tasks = chain::storage().tasks().submitted();
        Ok((providers, self.at.storage().fetch(tasks, ()).await?.decode()?))
    }

    /// What began a model; none where no such model is registered.
    pub async fn model(&self, model: BlockId) -> Result<Option<Header<AccountId32>>> {
        let blocks = chain::storage().experts().blocks();
        let Some(block) = self.at.storage().try_fetch(blocks, (Static(model),)).await? else {
            return Ok(None);
        };
        // The header is what a block begins with; its deposit comes after.
        let header = Header::decode(&mut block.bytes()).map_err(subxt::Error::from)?;
        Ok(Some(header))
    }

    /// Whether a call by an account would be accepted in the next block; nothing comes of it.
    pub async fn check(&self, who: &AccountId32, call: &impl Payload) -> Result<()> {
        let bytes = self.at.tx().call_data(call)?;
        let api = chain::runtime_apis().market_api();
        let answer = self.at.runtime_apis().call(api.check(*who, bytes)).await?;
        answer.map_err(|refusal| self.explain(refusal))
    }

    /// Whether these bytes are a call of the runtime. This account makes it on trial, and nothing
    /// comes of it.
    pub async fn is_call(&self, who: &AccountId32, call: &[u8]) -> Result<bool> {
        let api = chain::runtime_apis().market_api();
        let answer = self.at.runtime_apis().call(api.check(*who, call.to_vec())).await?;
        Ok(!matches!(answer, Err(Refusal::NotACall)))
    }

    /// The runtime's refusal, with what to do about it.
    fn explain(&self, refusal: Refusal) -> Error {
        match refusal {
            Refusal::NotACall => Error::NotACall,
            Refusal::FeeUnaffordable { fee } => Error::FeeUnaffordable { fee },
            Refusal::Fails { name, .. } => {
                let name = String::from_utf8_lossy(&name).into_owned();
                match name.split_once("::") {
                    Some((pallet, name)) => Error::named(self.at.metadata_ref(), pallet, name),
                    None => Error::unnamed(&name),
                }
            }
        }
    }
}

/// The calls of a requester and of a provider that most programs make. All others are in
/// [`crate::chain`].
pub mod calls {
    use cairn_protocol::{
        audit::Report,
        chunk::Proof,
        failure::{Failure, Reason},
        id::{Amount, Digest, ProviderId, TaskId},
        job::{Terms, WrappedKey},
        profile::{Availability, Profile, RoleSet},
        result::Answer,
    };
    use subxt::{tx::StaticPayload, utils::Static};

    use crate::{
        chain::{
            self, audits::calls as audits, balances::calls as balances,
            providers::calls as providers,
            runtime_types::bounded_collections::bounded_vec::BoundedVec, tasks::calls as tasks,
        },
        config::AccountId32,
    };

    pub use crate::learning::calls::create_model;

    pub fn transfer(
        to: &AccountId32,
        amount: Amount,
    ) -> StaticPayload<balances::TransferKeepAlive> {
        chain::tx().balances().transfer_keep_alive((*to).into(), amount)
    }

    pub fn submit(terms: Terms) -> StaticPayload<tasks::Submit> {
        chain::tx().tasks().submit(Static(terms))
    }

    pub fn cancel(task: TaskId) -> StaticPayload<tasks::Cancel> {
        chain::tx().tasks().cancel(Static(task))
    }

    pub fn post_key(
        task: TaskId,
        provider: ProviderId,
        key: WrappedKey,
    ) -> StaticPayload<tasks::PostKey> {
        chain::tx().tasks().post_key(Static(task), Static(provider), Static(key))
    }

    /// Says that a key does not open the payload.
    pub fn reject_key(task: TaskId) -> StaticPayload<tasks::RejectKey> {
        chain::tx().tasks().reject_key(Static(task))
    }

    pub fn commit(task: TaskId, commitment: Digest) -> StaticPayload<tasks::Commit> {
        chain::tx().tasks().commit(Static(task), commitment)
    }

    pub fn reveal(task: TaskId, answer: Answer, salt: Digest) -> StaticPayload<tasks::Reveal> {
        chain::tx().tasks().reveal(Static(task), Static(answer), salt)
    }

    /// Leaves a task that this worker cannot do, and says why: in words of plain text, not empty.
    pub fn decline(
        task: TaskId,
        failure: Failure,
        reason: Reason,
    ) -> StaticPayload<tasks::Decline> {
        let reason = BoundedVec(reason.into_inner());
        chain::tx().tasks().decline(Static(task), Static(failure), reason)
    }

    pub fn acknowledge(task: TaskId) -> StaticPayload<tasks::Acknowledge> {
        chain::tx().tasks().acknowledge(Static(task))
    }

    /// Asks a worker to show its result, which nobody can fetch.
    pub fn complain(
        task: TaskId,
        provider: ProviderId,
    ) -> StaticPayload<tasks::ComplainUnavailable> {
        chain::tx().tasks().complain_unavailable(Static(task), Static(provider))
    }

    pub fn post_guard_key(
        task: TaskId,
        guard: ProviderId,
        key: WrappedKey,
    ) -> StaticPayload<audits::PostKey> {
        chain::tx().audits().post_key(Static(task), Static(guard), Static(key))
    }

    /// As [`reject_key`], of a guard.
    pub fn reject_guard_key(task: TaskId) -> StaticPayload<audits::RejectKey> {
        chain::tx().audits().reject_key(Static(task))
    }

    /// Answers a complaint with what proves the chunks that it asks for, in ascending order.
    pub fn show(task: TaskId, proofs: Vec<Proof>) -> StaticPayload<tasks::Show> {
        let proofs = BoundedVec(proofs.into_iter().map(Static).collect());
        chain::tx().tasks().show(Static(task), proofs)
    }

    pub fn commit_report(task: TaskId, commitment: Digest) -> StaticPayload<audits::Commit> {
        chain::tx().audits().commit(Static(task), commitment)
    }

    pub fn reveal_report(
        task: TaskId,
        report: Report,
        salt: Digest,
    ) -> StaticPayload<audits::Reveal> {
        chain::tx().audits().reveal(Static(task), Static(report), salt)
    }

    pub fn register(
        operator: &AccountId32,
        profile: Profile,
        roles: RoleSet,
        bond: Amount,
    ) -> StaticPayload<providers::Register> {
        chain::tx().providers().register(*operator, Static(profile), Static(roles), bond)
    }

    pub fn update_profile(
        provider: ProviderId,
        profile: Profile,
    ) -> StaticPayload<providers::UpdateProfile> {
        chain::tx().providers().update_profile(Static(provider), Static(profile))
    }

    pub fn add_bond(provider: ProviderId, amount: Amount) -> StaticPayload<providers::AddBond> {
        chain::tx().providers().add_bond(Static(provider), amount)
    }

    pub fn unbond(provider: ProviderId, amount: Amount) -> StaticPayload<providers::Unbond> {
        chain::tx().providers().unbond(Static(provider), amount)
    }

    /// Takes and gives up roles: these are all that it has then.
    pub fn set_roles(provider: ProviderId, roles: RoleSet) -> StaticPayload<providers::SetRoles> {
        chain::tx().providers().set_roles(Static(provider), Static(roles))
    }

    /// Names another operator, who has to send a heartbeat before there is work again.
    pub fn rotate_operator(
        provider: ProviderId,
        operator: &AccountId32,
    ) -> StaticPayload<providers::RotateOperator> {
        chain::tx().providers().rotate_operator(Static(provider), *operator)
    }

    /// Calls another account one party with the caller, or takes that back. It counts once the
    /// other one has said it too.
    pub fn link_account(
        other: &AccountId32,
        same_party: bool,
    ) -> StaticPayload<providers::LinkAccount> {
        chain::tx().providers().link_account(*other, same_party)
    }

    /// Ends the service for good, and unbonds everything.
    pub fn leave(provider: ProviderId) -> StaticPayload<providers::Leave> {
        chain::tx().providers().leave(Static(provider))
    }

    /// Pays out what has unbonded.
    pub fn withdraw(provider: ProviderId) -> StaticPayload<providers::Withdraw> {
        chain::tx().providers().withdraw(Static(provider))
    }

    pub fn set_availability(
        provider: ProviderId,
        availability: Availability,
    ) -> StaticPayload<providers::SetAvailability> {
        chain::tx().providers().set_availability(Static(provider), Static(availability))
    }

    pub fn heartbeat(provider: ProviderId) -> StaticPayload<providers::Heartbeat> {
        chain::tx().providers().heartbeat(Static(provider))
    }
}
