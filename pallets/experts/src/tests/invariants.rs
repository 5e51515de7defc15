//! Random calls, against a plain model.

use super::mock::*;
use crate::*;
use cairn_protocol::{
    dag::{BlockKind, Header, SemVer},
    id::{Amount, BlockId, Height, ProviderId},
    learning::model::Access,
};
use cairn_seams::{Lineage, Models};
use frame_support::BoundedVec;
use proptest::prelude::*;
use sp_runtime::StateVersion;
use std::collections::BTreeMap;

/// The one component of each model that anything is laid on here.
const COMPONENT: &str = HEAD;

/// What a header stands on.
#[derive(Clone, Copy, Debug)]
enum Ground {
    /// So many blocks below the head.
    Below(usize),
    Model,
    Absent,
}

#[derive(Clone, Debug)]
enum Step {
    Create { who: AccountId, author: AccountId, nth: u16, kind: BlockKind },
    Publish { who: AccountId, nth: usize, ground: Ground, minor: u16 },
    Lay { payer: AccountId, nth: usize, ground: Ground, file: u8 },
    Unlay { nth: usize },
    Judge { nth: usize },
    Access { who: AccountId, nth: usize, access: Access },
    License { who: AccountId, nth: usize, whom: AccountId },
    Revoke { who: AccountId, nth: usize, whom: AccountId },
    Serve { who: AccountId, provider: u64, nth: usize },
    Stop { who: AccountId, provider: u64, nth: usize },
    Use { nth: usize },
    Pass(Height),
    Deposit(Amount, Amount),
}

fn steps() -> impl Strategy<Value = Step> {
    let who = || prop::sample::select(vec![ALICE, ALICE, ALICE, BOB, CAROL]);
    let nth = || 0..3usize;
    let amount = || prop::sample::select(vec![0, 1, 20, 500, 3_000, u128::MAX]);
    let kind = prop_oneof![9 => Just(BlockKind::Meta), 1 => Just(BlockKind::Data)];
    let ground = || {
        prop_oneof![
            6 => Just(Ground::Below(0)),
            2 => (1..4usize).prop_map(Ground::Below),
            2 => Just(Ground::Model),
            1 => Just(Ground::Absent),
        ]
    };
    let access = prop_oneof![
        Just(Access::Open),
        Just(Access::Licensed),
        prop::sample::select(vec![0, 5, 9, Amount::MAX]).prop_map(|price| Access::PerUse { price }),
    ];
    prop_oneof![
        4 => (who(), prop::option::weighted(0.2, who()), 0..4u16, kind).prop_map(
            |(who, other, nth, kind)| Step::Create { who, author: other.unwrap_or(who), nth, kind }
        ),
        4 => (who(), nth(), ground(), 0..6u16)
            .prop_map(|(who, nth, ground, minor)| Step::Publish { who, nth, ground, minor }),
        6 => (who(), nth(), ground(), any::<u8>())
            .prop_map(|(payer, nth, ground, file)| Step::Lay { payer, nth, ground, file }),
        2 => nth().prop_map(|nth| Step::Unlay { nth }),
        1 => nth().prop_map(|nth| Step::Judge { nth }),
        3 => (who(), nth(), access)
            .prop_map(|(who, nth, access)| Step::Access { who, nth, access }),
        2 => (who(), nth(), who()).prop_map(|(who, nth, whom)| Step::License { who, nth, whom }),
        1 => (who(), nth(), who()).prop_map(|(who, nth, whom)| Step::Revoke { who, nth, whom }),
        3 => (who(), 1..3u64, nth())
            .prop_map(|(who, provider, nth)| Step::Serve { who, provider, nth }),
        2 => (who(), 1..3u64, nth())
            .prop_map(|(who, provider, nth)| Step::Stop { who, provider, nth }),
        1 => nth().prop_map(|nth| Step::Use { nth }),
        2 => (1..60u32).prop_map(Step::Pass),
        1 => (amount(), amount()).prop_map(|(item, byte)| Step::Deposit(item, byte)),
    ]
}

/// A block of a component, with whoever paid for it and how much.
#[derive(Clone, Debug)]
struct Laid {
    block: BlockId,
    series: u16,
    patch: u16,
    is_delta: bool,
    payer: AccountId,
    deposit: Amount,
    judged: u32,
}

#[derive(Clone, Debug)]
struct Model {
    id: BlockId,
    author: AccountId,
    access: Access,
    next: Option<(Access, Height)>,
    /// From what was published first up to the head.
    stack: Vec<Laid>,
    /// The newest release there was: a minor number and a patch.
    latest: Option<(u16, u16)>,
    licences: BTreeMap<AccountId, Amount>,
    /// By provider, until when and at whose expense.
    servers: BTreeMap<u64, (Height, AccountId, Amount)>,
    uses: u64,
}

#[derive(Default)]
struct World {
    models: Vec<Model>,
    /// By account and by what it is for.
    held: BTreeMap<(AccountId, u8), Amount>,
}

fn cost(items: Amount, bytes: Amount) -> Amount {
    let entries = ItemDeposit::get().saturating_mul(items);
    entries.saturating_add(ByteDeposit::get().saturating_mul(bytes))
}

fn price_of(access: Access) -> Amount {
    match access {
        Access::PerUse { price } => price,
        _ => 0,
    }
}

impl Model {
    fn access_now(&self) -> Access {
        let counts = self.next.filter(|(_, from)| *from <= Now::get());
        counts.map_or(self.access, |(access, _)| access)
    }

    fn price(&self, who: AccountId) -> Option<Amount> {
        let access = self.access_now();
        let licensed = self.licences.contains_key(&who) || self.author == who;
        (access != Access::Licensed || licensed).then(|| price_of(access))
    }

    /// What a header stands on.
    fn ground(&self, ground: Ground) -> BlockId {
        let below = |depth: usize| self.stack.iter().rev().nth(depth).map(|laid| laid.block);
        match ground {
            Ground::Below(depth) => below(depth).unwrap_or(self.id),
            Ground::Model => self.id,
            Ground::Absent => BlockId([3; 32]),
        }
    }

    fn has_block(&self, block: BlockId) -> bool {
        self.stack.iter().any(|laid| laid.block == block)
    }
}

impl World {
    /// Holds an amount, if something stays free.
    fn hold(&mut self, who: AccountId, reason: u8, amount: Amount) -> bool {
        let all: Amount = (0..3).filter_map(|one| self.held.get(&(who, one))).sum();
        let fits = all.saturating_add(amount) < FUNDS;
        if fits {
            *self.held.entry((who, reason)).or_default() += amount;
        }
        fits
    }

    fn release(&mut self, who: AccountId, reason: u8, amount: Amount) {
        *self.held.get_mut(&(who, reason)).unwrap() -= amount;
    }

    fn create(&mut self, who: AccountId, header: &Header<AccountId>) -> bool {
        let id = header.id();
        let fits = header.kind == BlockKind::Meta
            && header.author == who
            && self.models.iter().all(|model| model.id != id)
            && self.hold(who, 0, cost(6, MODEL));
        if fits {
            self.models.push(Model {
                id,
                author: who,
                access: Access::Open,
                next: None,
                stack: Vec::new(),
                latest: None,
                licences: BTreeMap::new(),
                servers: BTreeMap::new(),
                uses: 0,
            });
        }
        fits
    }

    fn publish(&mut self, who: AccountId, nth: usize, header: &Header<AccountId>) -> bool {
        let model = self.models[nth].clone();
        let parent = header.parents[0];
        let on_head = parent == model.ground(Ground::Below(0));
        let newer = model.latest.is_none_or(|(minor, _)| header.release.minor > minor);
        let first = model.stack.is_empty();
        let deposit = if first { cost(2, FIRST_PART) } else { cost(1, PART) };
        let fits = model.author == who && on_head && newer && self.hold(who, 0, deposit);
        if fits {
            let SemVer { minor, patch, .. } = header.release;
            let block = header.id();
            let (is_delta, judged) = (false, 0);
            let laid = Laid { block, series: minor, patch, is_delta, payer: who, deposit, judged };
            self.models[nth].stack.push(laid);
            self.models[nth].latest = Some((minor, patch));
        }
        fits
    }

    fn lay(&mut self, payer: AccountId, nth: usize, header: &Header<AccountId>) -> bool {
        let model = self.models[nth].clone();
        let Some((series, patch)) = model.latest else { return false };
        let parent = model.stack.iter().find(|laid| laid.block == header.parents[0]);
        let fits = parent.is_some_and(|parent| parent.series == series)
            && !model.has_block(header.id())
            && self.hold(payer, 0, cost(1, PART));
        if fits {
            let (block, patch, deposit) = (header.id(), patch + 1, cost(1, PART));
            let (is_delta, judged) = (true, 0);
            let laid = Laid { block, series, patch, is_delta, payer, deposit, judged };
            self.models[nth].stack.push(laid);
            self.models[nth].latest = Some((series, patch));
        }
        fits
    }

    fn unlay(&mut self, nth: usize) -> Option<BlockId> {
        let top = self.models[nth].stack.pop_if(|laid| laid.is_delta)?;
        self.release(top.payer, 0, top.deposit);
        Some(top.block)
    }

    fn set_access(&mut self, who: AccountId, nth: usize, access: Access) -> bool {
        let model = &mut self.models[nth];
        if model.author != who {
            return false;
        }
        let now = model.access_now();
        if price_of(access) > price_of(now) {
            model.access = now;
            model.next = Some((access, Now::get() + PriceNotice::get()));
        } else {
            (model.access, model.next) = (access, None);
        }
        true
    }

    fn license(&mut self, who: AccountId, nth: usize, whom: AccountId) -> bool {
        let Model { author, licences, .. } = &self.models[nth];
        let deposit = cost(1, 48 + 16 + 8 + 16);
        let may = *author == who && !licences.contains_key(&whom);
        let fits = may && self.hold(who, 1, deposit);
        if fits {
            self.models[nth].licences.insert(whom, deposit);
        }
        fits
    }

    fn revoke(&mut self, who: AccountId, nth: usize, whom: AccountId) -> bool {
        let model = &mut self.models[nth];
        if model.author != who {
            return false;
        }
        let Some(deposit) = model.licences.remove(&whom) else { return false };
        self.release(who, 1, deposit);
        true
    }

    fn serve(&mut self, who: AccountId, provider: u64, nth: usize) -> bool {
        let served = self.models.iter().filter(|model| model.servers.contains_key(&provider));
        let full = served.count() as u32 == MaxServed::get();
        let before = self.models[nth].servers.get(&provider).copied();
        if operator(provider) != who || (full && before.is_none()) {
            return false;
        }
        let deposit = cost(2, (1 + 5 + 4 + 8 + 16) + 16 + 8 + 32 + 2 * 48);
        let back = before.map_or(0, |(_, _, deposit)| deposit);
        self.held.entry((who, 2)).and_modify(|held| *held -= back);
        let fits = self.hold(who, 2, deposit);
        if fits {
            let until = Now::get() + ServeBlocks::get();
            self.models[nth].servers.insert(provider, (until, who, deposit));
        } else {
            self.held.entry((who, 2)).and_modify(|held| *held += back);
        }
        fits
    }

    fn stop(&mut self, who: AccountId, provider: u64, nth: usize) -> bool {
        let Some((until, payer, deposit)) = self.models[nth].servers.get(&provider).copied() else {
            return false;
        };
        let may = operator(provider) == who || Now::get() > until;
        if may {
            self.models[nth].servers.remove(&provider);
            self.release(payer, 2, deposit);
        }
        may
    }
}

fn operator(provider: u64) -> AccountId {
    if provider == 1 {
        BOB
    } else {
        CAROL
    }
}

/// Makes a call, which leaves nothing where it is refused, as is expected.
fn call(
    expected: bool,
    call: impl FnOnce() -> sp_runtime::DispatchResult,
) -> Result<(), TestCaseError> {
    let before = sp_io::storage::root(StateVersion::V1);
    let outcome = frame_support::storage::with_storage_layer(call);
    prop_assert_eq!(outcome.is_ok(), expected, "{:?}", outcome);
    if !expected {
        prop_assert_eq!(sp_io::storage::root(StateVersion::V1), before);
    }
    Ok(())
}

fn take_step(world: &mut World, step: Step) -> Result<(), TestCaseError> {
    let signed = RuntimeOrigin::signed;
    let count = world.models.len();
    match step {
        Step::Create { who, author, nth, kind } => {
            let header = Header { kind, ..header(author, nth) };
            let expected = world.create(who, &header);
            let (header, card) = (Box::new(header), Box::new(card()));
            call(expected, || Experts::create_model(signed(who), header, card))?;
        }
        Step::Pass(blocks) => Now::mutate(|now| *now += blocks),
        Step::Deposit(item, byte) => {
            ItemDeposit::set(item);
            ByteDeposit::set(byte);
        }
        _ if count == 0 => {}
        Step::Publish { who, nth, ground, minor } => {
            let nth = nth % count;
            let model = &world.models[nth];
            let parents = BoundedVec::truncate_from(vec![model.ground(ground)]);
            let header = Header { parents, author: who, ..expert(model.id, COMPONENT, minor) };
            let expected = world.publish(who, nth, &header);
            call(expected, || Experts::publish(signed(who), Box::new(header)))?;
        }
        Step::Lay { payer, nth, ground, file } => {
            let nth = nth % count;
            let model = &world.models[nth];
            let parents = BoundedVec::truncate_from(vec![model.ground(ground)]);
            let header = Header { parents, ..delta(model.id, COMPONENT, file) };
            let expected = world.lay(payer, nth, &header);
            call(expected, || Experts::lay(header, weights(file), &payer))?;
        }
        Step::Unlay { nth } => {
            let nth = nth % count;
            let expected = world.unlay(nth);
            let model = world.models[nth].id;
            prop_assert_eq!(Experts::unlay(&model, &name(COMPONENT)), expected);
        }
        Step::Judge { nth } => {
            let model = &mut world.models[nth % count];
            if let Some(head) = model.stack.last_mut() {
                head.judged += 1;
            }
            Experts::note_judged(&model.id, &name(COMPONENT));
        }
        Step::Use { nth } => {
            let model = &mut world.models[nth % count];
            model.uses += 1;
            Experts::note_use(&model.id);
        }
        other => take_more(world, other)?,
    }
    Ok(())
}

/// What is done with who may use models, and who serves them.
fn take_more(world: &mut World, step: Step) -> Result<(), TestCaseError> {
    let signed = RuntimeOrigin::signed;
    let ids: Vec<_> = world.models.iter().map(|model| model.id).collect();
    let at = |nth: usize| nth % ids.len();
    match step {
        Step::Access { who, nth, access } => {
            let expected = world.set_access(who, at(nth), access);
            call(expected, || Experts::set_access(signed(who), ids[at(nth)], access))
        }
        Step::License { who, nth, whom } => {
            let expected = world.license(who, at(nth), whom);
            call(expected, || Experts::license(signed(who), ids[at(nth)], whom))
        }
        Step::Revoke { who, nth, whom } => {
            let expected = world.revoke(who, at(nth), whom);
            call(expected, || Experts::revoke_licence(signed(who), ids[at(nth)], whom))
        }
        Step::Serve { who, provider, nth } => {
            let expected = world.serve(who, provider, at(nth));
            let names = BoundedVec::truncate_from(vec![name(COMPONENT)]);
            let provider = ProviderId(provider);
            call(expected, || Experts::serve(signed(who), provider, ids[at(nth)], names))
        }
        Step::Stop { who, provider, nth } => {
            let expected = world.stop(who, provider, at(nth));
            let provider = ProviderId(provider);
            call(expected, || Experts::stop_serving(signed(who), provider, ids[at(nth)]))
        }
        _ => Ok(()),
    }
}

fn compare(world: &World) -> Result<(), TestCaseError> {
    let reasons = [HoldReason::Block, HoldReason::Licence, HoldReason::Serving];
    for who in ACCOUNTS {
        for (reason, nth) in reasons.into_iter().zip(0..) {
            let expected = world.held.get(&(who, nth)).copied().unwrap_or(0);
            prop_assert_eq!(held_for(reason, who), expected);
        }
    }
    for model in &world.models {
        prop_assert_eq!(Experts::creator(&model.id), Some(model.author));
        prop_assert_eq!(Uses::<Test>::get(model.id), model.uses);
        for who in ACCOUNTS {
            prop_assert_eq!(Experts::price(&model.id, &who), model.price(who));
        }
        let head = Experts::head(&model.id, &name(COMPONENT));
        let head =
            head.map(|head| (head.block, head.release.minor, head.release.patch, head.judged));
        let top = model.stack.last().map(|top| (top.block, top.series, top.patch, top.judged));
        prop_assert_eq!(head, top);
        let counts = |(until, _, _): &(Height, AccountId, Amount)| Now::get() <= *until;
        let servers = model.servers.iter().filter(|(_, server)| counts(server));
        let servers: Vec<_> = servers.map(|(provider, _)| ProviderId(*provider)).collect();
        let mut listed = Experts::servers(&model.id, &name(COMPONENT));
        listed.sort_unstable();
        prop_assert_eq!(listed, servers);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn pallet_should_do_what_the_model_does_when_calls_are_random(
        steps in prop::collection::vec(steps(), 60),
    ) {
        execute(|| -> Result<(), TestCaseError> {
            let mut world = World::default();
            for step in steps {
                take_step(&mut world, step)?;
                check();
                compare(&world)?;
            }
            Ok(())
        })?;
    }
}
