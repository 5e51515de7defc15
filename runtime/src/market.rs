//! What clients ask of the market, as a runtime API.

use crate::{
    AccountId, Address, AllPalletsWithSystem, Balance, Entropy, Providers, Reputation, Runtime,
    RuntimeCall, RuntimeOrigin, SafeMode, Signature, System, Tasks, TransactionPayment,
    TxExtension, UncheckedExtrinsic,
};
use alloc::{format, string::String, vec::Vec};
pub use cairn_protocol::task::Seat;
pub use cairn_protocol::{
    audit::record::{AuditView, AuditWaitsFor},
    view::{
        ComplaintView, Lack, Obstacle, Quote, Supply, TaskView, UnpricedQuote, UnpricedTaskView,
        WaitsFor,
    },
};
use cairn_protocol::{
    id::{ProviderId, TaskId},
    job::Terms,
    profile::Profile,
};
use codec::{Decode, DecodeLimit, Encode};
use frame_support::{
    dispatch::GetDispatchInfo,
    storage::{with_transaction_unchecked, TransactionOutcome},
    traits::{Hooks, PalletsInfoAccess},
};
pub use pallet_cairn_reputation::Entry;
use pallet_transaction_payment::OnChargeTransaction;
use scale_info::TypeInfo;
use sp_core::ecdsa;
use sp_runtime::{generic::Era, traits::Dispatchable, DispatchError};

/// How fees are taken.
type Charge = <Runtime as pallet_transaction_payment::Config>::OnChargeTransaction;

/// As deep as a call in a transaction may nest.
const CALL_DEPTH: u32 = 256;
/// Blocks for which a wallet's transaction stays valid; any number takes as many bytes.
const MORTALITY: u64 = 64;

/// Everything known of a provider.
#[derive(Clone, Debug, Decode, Encode, TypeInfo)]
pub struct ProviderView {
    pub card: pallet_cairn_providers::Card<AccountId>,
    pub profile: Profile,
    pub reputation: pallet_cairn_reputation::Card,
}

/// Why a call would fail in the next block.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
pub enum Refusal {
    /// The bytes are no call of this runtime.
    #[codec(index = 0)]
    NotACall,
    /// The call fails, with the runtime's error and its name: `Tasks::WrongStage`, or words where
    /// the error is no pallet's.
    #[codec(index = 1)]
    Fails { error: DispatchError, name: Vec<u8> },
    /// The account cannot pay this fee, which has to be there before the call is made, even where
    /// it is given back.
    #[codec(index = 2)]
    FeeUnaffordable { fee: Balance },
}

sp_api::decl_runtime_apis! {
    /// The market as clients see it. The second version has `audit`, and quotes that say why. No
    /// network ran the first, so nothing of it is kept, and a client made for it has to stop where
    /// it finds the second: it would misread a quote. The third has pages of `tasks_of`, and
    /// `FeeUnaffordable`, which a client made for the second cannot read. In the fourth models have
    /// prices, which are put aside too. A method that changes from the third on keeps its older form
    /// beside it, with `changed_in`.
    #[api_version(4)]
    pub trait MarketApi {
        /// The same, where nothing is put aside for a model's author.
        #[changed_in(4)]
        fn quote(requester: AccountId, terms: Terms) -> Result<UnpricedQuote, Refusal>;

        /// What a task would cost an account now, who would do it and when, why nobody would, and
        /// how it is judged.
        fn quote(requester: AccountId, terms: Terms) -> Result<Quote, Refusal>;

        /// The same, where nothing is put aside for a model's author.
        #[changed_in(4)]
        fn task(task: TaskId) -> Option<UnpricedTaskView<AccountId>>;

        /// A task that is still kept, and who has to act by when.
        fn task(task: TaskId) -> Option<TaskView<AccountId>>;

        /// The audit of a task in the stage `Audited`, and who has to act by when.
        fn audit(task: TaskId) -> Option<AuditView>;

        /// The tasks of an account that are still kept, 256 of them at most.
        #[changed_in(3)]
        fn tasks_of(requester: AccountId) -> Vec<TaskId>;

        /// The tasks of an account that are still kept, a page of 256 at most, in no order that
        /// says anything. The next page is had after the last task of this one, until one is
        /// empty; whatever is submitted meanwhile may stand on a page before.
        fn tasks_of(requester: AccountId, after: Option<TaskId>) -> Vec<TaskId>;

        fn provider(provider: ProviderId) -> Option<ProviderView>;

        /// The registrations of an owner: all, which are 64 at most.
        fn providers_of(owner: AccountId) -> Vec<ProviderId>;

        /// Whether a call by an account would be accepted in the next block, the first that a
        /// transaction can come into; nothing comes of it. A call for which no transaction is
        /// signed, such as one of a multisig, is refused where the account cannot pay a fee.
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

/// Makes the call in the block after this one, says what came of it, and takes it back.
pub(crate) fn check(who: AccountId, call: &[u8]) -> Result<(), Refusal> {
    let call = RuntimeCall::decode_all_with_depth_limit(CALL_DEPTH, &mut &*call)
        .map_err(|_| Refusal::NotACall)?;
    with_transaction_unchecked(|| {
        begin_next_block();
        TransactionOutcome::Rollback(pay_and_call(who, call))
    })
}

/// No transaction comes into this block any more. Of what the next one begins with only that is
/// done which says when the market's clock runs and which round its beacon is in: a session's end
/// or a scheduled call may take long, and neither needs a look at this one call.
fn begin_next_block() {
    let block = System::block_number();
    let next = block.saturating_add(1);
    // The block's own hash is not in its state; what is kept in its place stays.
    System::initialize(&next, &System::block_hash(block), &Default::default());
    SafeMode::on_initialize(next);
    Entropy::on_initialize(next);
}

/// Takes the fee, as is done before a call, and makes the call.
fn pay_and_call(who: AccountId, call: RuntimeCall) -> Result<(), Refusal> {
    let transaction = dearest_transaction(&who, call);
    let info = transaction.get_dispatch_info();
    let length = u32::try_from(transaction.encoded_size()).unwrap_or(u32::MAX);
    let (call, fee) = (transaction.function, TransactionPayment::compute_fee(length, &info, 0));
    <Charge as OnChargeTransaction<Runtime>>::withdraw_fee(&who, &call, &info, fee, 0)
        .map_err(|_| Refusal::FeeUnaffordable { fee })?;
    let result = call.dispatch(RuntimeOrigin::signed(who));
    result.map(|_| ()).map_err(|failure| Refusal::of(failure.error))
}

/// The transaction of an account with a call that costs most, but for a tip: its signature is as
/// long as any, and it is not valid for ever.
fn dearest_transaction(who: &AccountId, call: RuntimeCall) -> UncheckedExtrinsic {
    let era = Era::mortal(MORTALITY, System::block_number().into());
    let extension: TxExtension = (
        frame_system::CheckNonZeroSender::new(),
        frame_system::CheckSpecVersion::new(),
        frame_system::CheckTxVersion::new(),
        frame_system::CheckGenesis::new(),
        frame_system::CheckMortality::from(era),
        frame_system::CheckNonce::from(System::account_nonce(who)),
        frame_system::CheckWeight::new(),
        pallet_transaction_payment::ChargeTransactionPayment::from(0),
        frame_metadata_hash_extension::CheckMetadataHash::new(true),
        frame_system::WeightReclaim::new(),
    );
    let signature = Signature::Ecdsa(ecdsa::Signature::from_raw([0; 65]));
    UncheckedExtrinsic::new_signed(call, Address::Id(who.clone()), signature, extension)
}
