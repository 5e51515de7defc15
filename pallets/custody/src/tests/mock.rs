//! A chain of the pallet with its real neighbours but for deltas and the purse, which note what
//! they are told; of the chain below there is the block number, and authors whose VRFs are hashes.

use crate::{self as pallet_cairn_custody, types::*};
use cairn_doubles::endowed;
use cairn_protocol::{
    chunk::{self, Proof},
    id::{Amount, BlockId, ContentId, DeltaId, File, ProviderId},
    job::JobKind,
    profile::{DeviceClass, Role},
    share::Ppm,
};
use cairn_seams::{Custody as _, Kept, OldHeads, Purse};
use frame_support::{
    assert_ok, dispatch::DispatchResultWithPostInfo, parameter_types, traits::ConstU32,
};

pub(crate) use cairn_doubles::{operator, owner};

pub(crate) type AccountId = u64;

#[frame_support::runtime]
mod runtime {
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeFreezeReason,
        RuntimeHoldReason,
        RuntimeSlashReason,
        RuntimeLockId,
        RuntimeTask
    )]
    pub struct Test;

    #[runtime::pallet_index(0)]
    pub type System = frame_system;
    #[runtime::pallet_index(1)]
    pub type Balances = pallet_balances;
    #[runtime::pallet_index(2)]
    pub type Clock = pallet_cairn_clock;
    #[runtime::pallet_index(3)]
    pub type Entropy = pallet_cairn_entropy;
    #[runtime::pallet_index(4)]
    pub type Providers = pallet_cairn_providers;
    #[runtime::pallet_index(5)]
    pub type Reputation = pallet_cairn_reputation;
    #[runtime::pallet_index(6)]
    pub type Custody = pallet_cairn_custody;
}

cairn_doubles::money!(Test, ExistentialDeposit = 100);
cairn_doubles::market!(Test, Helper, OnSlash = ());

parameter_types! {
    pub static CustodyRules: Rules = RULES;
    /// What deltas were told: whether the file is kept.
    pub static Heard: Vec<(DeltaId, bool)> = Vec::new();
    /// Deltas that need their file no more as soon as it is kept.
    pub static Hasty: Vec<DeltaId> = Vec::new();
    /// Whom the purse paid, and how much.
    pub static Paid: Vec<(BlockId, AccountId, Amount)> = Vec::new();
    pub static IsEmpty: bool = false;
    /// Files of the model's old heads.
    pub static Old: Vec<ContentId> = Vec::new();
}

/// Three have to keep a file and four may. It is challenged every 30 blocks for 300.
pub(crate) const RULES: Rules = Rules {
    keepers: 3,
    most: 4,
    gather: 20,
    keep: 300,
    interval: 30,
    show: 10,
    chunks: 4,
    pay: 70,
};

/// Deltas that wait, and a purse that is never empty unless it is told to be.
pub struct ByHand;
impl Kept for ByHand {
    fn kept(delta: DeltaId) {
        Heard::mutate(|all| all.push((delta, true)));
        if Hasty::get().contains(&delta) {
            Custody::release(delta);
        }
    }

    fn unkept(delta: DeltaId) {
        Heard::mutate(|all| all.push((delta, false)));
    }
}

impl OldHeads for ByHand {
    fn contain(model: &BlockId, file: &ContentId) -> bool {
        *model == MODEL && Old::get().contains(file)
    }
}

impl Purse<AccountId> for ByHand {
    fn period() -> u32 {
        0
    }

    fn pays_for(_: &BlockId, _: &BlockId) -> bool {
        true
    }

    fn difficulty(_: &BlockId) -> Ppm {
        cairn_protocol::share::WHOLE
    }

    fn reserve(_: DeltaId, _: &BlockId, _: &BlockId, _: &AccountId, _: Amount) -> Amount {
        0
    }

    fn release(_: DeltaId, _: Ppm) -> Amount {
        0
    }

    fn pay_guards(model: &BlockId, guards: &[AccountId], each: Amount) -> Amount {
        if IsEmpty::get() {
            return 0;
        }
        let paid = guards.iter().map(|guard| (*model, *guard, each));
        Paid::mutate(|all| all.extend(paid));
        each * guards.len() as Amount
    }

    fn note_success(_: &BlockId) {}
}

impl pallet_cairn_custody::Config for Test {
    type Beacon = Entropy;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Helper;
    type Clock = Clock;
    type Deltas = ByHand;
    type OldHeads = ByHand;
    type Purse = ByHand;
    type Registry = Providers;
    type Reputation = Reputation;
    type Rules = CustodyRules;
    type ServedPerBlock = ConstU32<16>;
    type WeightInfo = ();
}

pub(crate) const BOB: AccountId = 2;
pub(crate) const RICH: Amount = 10_000_000;
/// Providers that can be registered.
pub(crate) const MOST: u64 = 40;
pub(crate) const MODEL: BlockId = BlockId([7; 32]);
/// The delta that most tests are about.
pub(crate) const DELTA: DeltaId = DeltaId(7);
/// Blocks from asking for a seed to a draw with it.
pub(crate) const SEED: u64 = 17;

pub(crate) fn signed(account: AccountId) -> RuntimeOrigin {
    RuntimeOrigin::signed(account)
}

pub(crate) fn by(provider: ProviderId) -> RuntimeOrigin {
    signed(operator(provider))
}

pub(crate) fn externalities() -> sp_io::TestExternalities {
    Luck::set(0);
    Authors::set(3);
    CustodyRules::set(RULES);
    Heard::set(Vec::new());
    Hasty::set(Vec::new());
    Paid::set(Vec::new());
    IsEmpty::set(false);
    Old::set(Vec::new());
    let owners = (0..MOST).flat_map(|n| [owner(ProviderId(n)), operator(ProviderId(n))]);
    endowed::<Test>(owners.chain([BOB]), RICH).into()
}

cairn_doubles::execute!();

pub(crate) fn check() {
    Clock::do_try_state().unwrap();
    Entropy::do_try_state().unwrap();
    Providers::do_try_state().unwrap();
    Reputation::do_try_state().unwrap();
    Custody::do_try_state().unwrap();
    // Nothing else engages anybody here.
    let keeps: Vec<_> = crate::Keeps::<Test>::iter_values().collect();
    for provider in (0..pallet_cairn_providers::NextProvider::<Test>::get()).map(ProviderId) {
        let Some(card) = Providers::card(provider) else { continue };
        let kept = keeps.iter().filter(|keep| keep.keepers.contains(&provider)).count();
        assert_eq!(card.engagements as usize, kept, "{provider:?}");
    }
}

cairn_doubles::blocks!();

/// A provider of that owner, who is there.
pub(crate) fn enlist(owner: AccountId, roles: &[Role]) -> ProviderId {
    let provider = ProviderId(pallet_cairn_providers::NextProvider::<Test>::get());
    let profile = cairn_doubles::profile(provider.0, DeviceClass::Cpu, 2, &[JobKind::Simulate]);
    let roles = roles.iter().copied().collect();
    let operator = operator(provider);
    assert_ok!(Providers::register(signed(owner), operator, Box::new(profile), roles, 100_000));
    assert_ok!(Providers::heartbeat(signed(operator), provider));
    provider
}

/// A provider of an owner of its own.
pub(crate) fn join(roles: &[Role]) -> ProviderId {
    enlist(owner(ProviderId(pallet_cairn_providers::NextProvider::<Test>::get())), roles)
}

/// So many who store.
pub(crate) fn crowd(count: u64) -> Vec<ProviderId> {
    (0..count).map(|_| join(&[Role::Storage])).collect()
}

/// Of thirty chunks, the last one short.
pub(crate) fn artifact() -> Vec<u8> {
    (0..29 * 1_024 + 100u32).map(|at| (at / 7) as u8).collect()
}

pub(crate) fn file() -> File {
    let bytes = artifact();
    File { id: chunk::content(&bytes), bytes: bytes.len() as u64 }
}

pub(crate) fn ask() {
    Custody::ask(DELTA, &MODEL, file());
}

pub(crate) fn attest(provider: ProviderId) {
    assert_ok!(Custody::attest(by(provider), DELTA));
}

pub(crate) fn keep() -> Keep {
    crate::Keeps::<Test>::get(DELTA).expect("it is kept, or to be")
}

pub(crate) fn keepers() -> Vec<ProviderId> {
    keep().keepers.into_inner()
}

/// A file that three keep.
pub(crate) fn kept() -> Vec<ProviderId> {
    let keepers = crowd(3);
    ask();
    keepers.iter().for_each(|one| attest(*one));
    assert_eq!(keep().stage, Stage::Resting);
    keepers
}

/// Makes blocks until somebody is asked for chunks. Says who.
pub(crate) fn asked() -> ProviderId {
    for _ in 0..200 {
        if let Stage::Asked { keeper, .. } = keep().stage {
            return keeper;
        }
        run(1);
    }
    panic!("nobody was asked: {:?}", keep());
}

/// What proves the chunks that a keeper has to show.
pub(crate) fn proofs(keeper: ProviderId) -> Vec<Proof> {
    let keeping = Custody::keepings_of(keeper);
    let (chunks, _) = keeping[0].asked.clone().expect("it is asked");
    chunks.into_iter().map(|nth| chunk::prove(&artifact(), nth).expect("there is one")).collect()
}

pub(crate) fn show(keeper: ProviderId, proofs: Vec<Proof>) -> DispatchResultWithPostInfo {
    Custody::show(by(keeper), DELTA, proofs.try_into().expect("they are few"))
}

pub(crate) fn pending(provider: ProviderId) -> Amount {
    Providers::card(provider).unwrap().pending
}

pub(crate) fn score(provider: ProviderId) -> cairn_protocol::reputation::Score {
    Reputation::score(provider, KIND)
}

#[cfg(feature = "runtime-benchmarks")]
pub struct Helper;

#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper<AccountId> for Helper {
    fn enlist(_: u32) -> (ProviderId, AccountId) {
        let provider = join(&[Role::Storage]);
        (provider, operator(provider))
    }

    fn model() -> BlockId {
        MODEL
    }

    fn await_keepers(_: DeltaId) {}

    fn set_rules(rules: Rules) {
        CustodyRules::set(rules);
    }

    fn make_seed(ticket: &Ticket, seed: cairn_protocol::id::Seed) {
        pallet_cairn_entropy::benchmarking::close::<Test>(ticket, seed);
    }
}
