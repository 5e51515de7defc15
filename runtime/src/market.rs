//! What clients ask of the market, as a runtime API.

use crate::{
    AccountId, AllPalletsWithSystem, Providers, Reputation, RuntimeCall, RuntimeOrigin, System,
    Tasks,
};
use alloc::{format, string::String, vec::Vec};
pub use cairn_protocol::task::Seat;
pub use cairn_protocol::{
    audit::record::{AuditView, AuditWaitsFor},
    view::{ComplaintView, Lack, Obstacle, Quote, Supply, TaskView, WaitsFor},
};
use cairn_protocol::{
    id::{ProviderId, TaskId},
    job::Terms,
    profile::Profile,
};
use codec::{Decode, DecodeLimit, Encode};
use frame_support::{
    storage::{with_transaction_unchecked, TransactionOutcome},
    traits::PalletsInfoAccess,
};
pub use pallet_cairn_reputation::Entry;
use scale_info::TypeInfo;
use sp_runtime::{traits::Dispatchable, DispatchError};

/// As deep as a call in a transaction may nest.
const CALL_DEPTH: u32 = 256;

/// Everything known of a provider.
#[derive(Clone, Debug, Decode, Encode, TypeInfo)]
pub struct ProviderView {
    pub card: pallet_cairn_providers::Card<AccountId>,
    pub profile: Profile,
    pub reputation: pallet_cairn_reputation::Card,
}

/// Why a call would fail now.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
pub enum Refusal {
    /// The bytes are no call of this runtime.
    #[codec(index = 0)]
    NotACall,
    /// The call fails, with the runtime's error and its name: `Tasks::WrongStage`, or words where
    /// the error is no pallet's.
    #[codec(index = 1)]
    Fails { error: DispatchError, name: Vec<u8> },
}

sp_api::decl_runtime_apis! {
    /// The market as clients see it. The second version has `audit`, and quotes that say why. No
    /// network ran the first, so nothing of it is kept, and a client made for it has to stop where
    /// it finds the second: it would misread a quote. A method that changes from here on keeps its
    /// older form beside it, with `changed_in`.
    #[api_version(2)]
    pub trait MarketApi {
        /// What a task would cost an account now, who would do it and when, why nobody would, and
        /// how it is judged.
        fn quote(requester: AccountId, terms: Terms) -> Result<Quote, Refusal>;

        /// A task that is still kept, and who has to act by when.
        fn task(task: TaskId) -> Option<TaskView<AccountId>>;

        /// The audit of a task in the stage `Audited`, and who has to act by when.
        fn audit(task: TaskId) -> Option<AuditView>;

        /// The tasks of an account that are still kept, 256 at most.
        fn tasks_of(requester: AccountId) -> Vec<TaskId>;

        fn provider(provider: ProviderId) -> Option<ProviderView>;

        /// The registrations of an owner: all, which are 64 at most.
        fn providers_of(owner: AccountId) -> Vec<ProviderId>;

        /// Whether a call by an account would be accepted now; nothing comes of it.
        fn check(who: AccountId, call: Vec<u8>) -> Result<(), Refusal>;
    }
}

impl Refusal {
    fn of(error: DispatchError) -> Self {
        Self::Fails { error, name: name_of(error).into_bytes() }
    }
}

/// What an error is called. Several pallets have errors of one name, so theirs goes before it.
fn name_of(error: DispatchError) -> String {
    let name: &'static str = error.into();
    let DispatchError::Module(module) = error else { return name.into() };
    let index = usize::from(module.index);
    match AllPalletsWithSystem::infos().into_iter().find(|pallet| pallet.index == index) {
        Some(pallet) => format!("{}::{name}", pallet.name),
        None => name.into(),
    }
}

pub(crate) fn quote(requester: &AccountId, terms: &Terms) -> Result<Quote, Refusal> {
    // Who is looked at changes from block to block and need not be random.
    let seed = System::parent_hash().0;
    Tasks::quote(requester, terms, &seed).map_err(|error| Refusal::of(error.into()))
}

pub(crate) fn provider(provider: ProviderId) -> Option<ProviderView> {
    Some(ProviderView {
        card: Providers::card(provider)?,
        profile: Providers::profile(provider)?,
        reputation: Reputation::card(provider),
    })
}

/// Makes the call, says what came of it, and takes it back.
pub(crate) fn check(who: AccountId, call: &[u8]) -> Result<(), Refusal> {
    let call = RuntimeCall::decode_all_with_depth_limit(CALL_DEPTH, &mut &*call)
        .map_err(|_| Refusal::NotACall)?;
    let result = with_transaction_unchecked(|| {
        TransactionOutcome::Rollback(call.dispatch(RuntimeOrigin::signed(who)))
    });
    result.map(|_| ()).map_err(|failure| Refusal::of(failure.error))
}
