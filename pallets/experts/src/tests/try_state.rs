//! Each invariant can fail: what is broken on purpose is noticed, and named.

use super::mock::*;
use crate::{types::*, *};
use cairn_protocol::{
    dag::{BlockKind, Header, SemVer},
    id::{BlockId, ProviderId},
    learning::source::Purpose,
};
use frame_support::{
    assert_ok,
    storage::{with_transaction, TransactionOutcome},
    traits::fungible::MutateHold,
    BoundedVec,
};
use sp_runtime::DispatchError;

/// That an invariant is broken by a change, and whole again without it.
#[track_caller]
fn breaks(invariant: &'static str, change: impl FnOnce()) {
    let mut found = Ok(());
    let undone: Result<(), DispatchError> = with_transaction(|| {
        change();
        found = Experts::do_try_state();
        TransactionOutcome::Rollback(Ok(()))
    });
    undone.unwrap();
    assert_eq!(found, Err(invariant.into()));
    assert_eq!(Experts::do_try_state(), Ok(()));
}

/// Puts a block that nobody paid for where it belongs.
fn slip_in(header: Header<AccountId>) -> BlockId {
    slip_in_onto(None, header)
}

fn slip_in_onto(onto: Option<BlockId>, header: Header<AccountId>) -> BlockId {
    let id = header.id();
    Blocks::<Test>::insert(id, Block { onto, ..Block::apart(header) });
    id
}

fn amend(id: BlockId, change: impl FnOnce(&mut Block<AccountId>)) {
    Blocks::<Test>::mutate(id, |block| change(block.as_mut().unwrap()));
}

/// One of Alice's models, of which a head is published and changed twice, with a set of examples.
struct Scene {
    model: BlockId,
    published: BlockId,
    below: BlockId,
    top: BlockId,
    set: BlockId,
}

fn scene() -> Scene {
    let model = create(ALICE, 0);
    let published = publish(model, HEAD, 0);
    let (below, top) = (lay(model, HEAD, 1), lay(model, HEAD, 2));
    let set = register(model, records(), Purpose::Validation);
    assert_ok!(Experts::choose_validation(RuntimeOrigin::signed(ALICE), model, set));
    Scene { model, published, below, top, set }
}

#[test]
fn try_state_should_fail_when_a_block_stands_under_another_id() {
    execute(|| {
        let model = create(ALICE, 0);
        breaks("blocks_are_named_by_their_headers", || {
            let block = Blocks::<Test>::take(model).unwrap();
            Blocks::<Test>::insert(BlockId([1; 32]), block);
        });
        breaks("blocks_are_named_by_their_headers", || {
            amend(model, |block| block.header.gain = 1);
        });
    });
}

#[test]
fn try_state_should_fail_when_a_block_breaks_a_rule() {
    execute(|| {
        create(ALICE, 0);
        breaks("blocks_break_no_rule", || {
            slip_in(Header { version: 9, ..header(BOB, 7) });
        });
        breaks("blocks_break_no_rule", || {
            slip_in(Header { kind: BlockKind::Delta, ..header(BOB, 7) });
        });
    });
}

#[test]
fn try_state_should_fail_when_a_block_stands_on_what_is_not_below_it() {
    execute(|| {
        let Scene { model, top, set, .. } = scene();
        let other = create(ALICE, 1);
        let absent = BlockId([1; 32]);
        breaks("parents_are_there", || {
            let header = delta(model, HEAD, 3);
            let parents = BoundedVec::truncate_from(vec![absent]);
            slip_in_onto(Some(top), Header { parents, ..header });
        });
        breaks("parents_are_there", || amend(top, |block| block.onto = Some(absent)));
        breaks("parents_are_of_the_same_component", || {
            amend(top, |block| block.onto = Some(other));
        });
        breaks("parents_are_of_the_same_component", || {
            let header = delta(model, HEAD, 3);
            let parents = BoundedVec::truncate_from(vec![set]);
            slip_in_onto(Some(top), Header { parents, ..header });
        });
    });
}

#[test]
fn try_state_should_fail_when_what_stands_beside_a_block_is_not_there() {
    execute(|| {
        let Scene { model, published, set, .. } = scene();
        breaks("models_have_cards", || Cards::<Test>::remove(model));
        breaks("models_have_cards", || Cards::<Test>::insert(set, card()));
        breaks("models_have_cards", || Cards::<Test>::insert(BlockId([1; 32]), card()));
        breaks("models_have_cards", || {
            Cards::<Test>::mutate(model, |card| card.as_mut().unwrap().royalty = u32::MAX);
        });
        breaks("sets_have_sources", || DataSets::<Test>::remove(set));
        breaks("sets_have_sources", || {
            let examples = DataSets::<Test>::get(set).unwrap();
            DataSets::<Test>::insert(published, examples);
        });
        breaks("sets_have_sources", || {
            DataSets::<Test>::mutate(set, |examples| {
                examples.as_mut().unwrap().source = generator();
            });
        });
        breaks("blocks_are_what_their_headers_say", || {
            amend(published, |block| block.file = weights(77));
        });
        breaks("blocks_are_what_their_headers_say", || {
            amend(set, |block| block.release.major = 7);
        });
    });
}

#[test]
fn try_state_should_fail_when_a_head_is_none_of_its_component() {
    execute(|| {
        let Scene { model, published, top, set, .. } = scene();
        let component = || name(HEAD);
        let amend_top = |change: fn(&mut Top)| {
            Heads::<Test>::mutate(model, component(), |top| change(top.as_mut().unwrap()));
        };
        let stand = |model, component, block| {
            let latest = SemVer { major: 1, minor: 0, patch: 2 };
            Heads::<Test>::insert(model, component, Top { block, latest });
        };
        breaks("heads_are_of_models", || stand(set, component(), top));
        breaks("heads_are_of_models", || stand(model, name("tail"), top));
        breaks("heads_are_blocks", || amend_top(|top| top.block = BlockId([1; 32])));
        breaks("heads_are_of_their_component", || {
            let other = publish(model, ROUTER, 0);
            Heads::<Test>::mutate(model, component(), |top| top.as_mut().unwrap().block = other);
        });
        breaks("releases_are_given_once", || amend_top(|top| top.latest.patch = 1));
        breaks("releases_are_given_once", || amend_top(|top| top.latest.minor = 1));
        // All but what was published is above its head.
        breaks("components_are_chains", || stand(model, component(), published));
        breaks("components_are_chains", || Heads::<Test>::remove(model, component()));
    });
}

#[test]
fn try_state_should_fail_when_blocks_are_no_chain() {
    execute(|| {
        let Scene { model, published, below, top, set } = scene();
        breaks("releases_grow", || amend(below, |block| block.release.patch = 2));
        breaks("components_are_chains", || amend(published, |block| block.onto = None));
        breaks("components_are_chains", || amend(set, |block| block.onto = Some(model)));
        // One that is laid beside another.
        breaks("components_are_chains", || {
            let header = delta(model, HEAD, 3);
            slip_in_onto(Some(below), header);
        });
        breaks("components_are_chains", || amend(top, |block| block.onto = Some(published)));
    });
}

#[test]
fn try_state_should_fail_when_a_model_is_judged_on_something_else() {
    execute(|| {
        let Scene { model, set, .. } = scene();
        let other = create(ALICE, 1);
        let training = register(model, generator(), Purpose::Training);
        breaks("models_are_judged_on_their_sets", || Validation::<Test>::insert(model, training));
        breaks("models_are_judged_on_their_sets", || Validation::<Test>::insert(other, set));
        breaks("models_are_judged_on_their_sets", || Validation::<Test>::insert(model, model));
    });
}

#[test]
fn try_state_should_fail_when_what_is_served_is_not_listed() {
    execute(|| {
        let Scene { model, set, .. } = scene();
        let one = ProviderId(1);
        let names = BoundedVec::truncate_from(vec![name(HEAD), name(ROUTER)]);
        assert_ok!(Experts::serve(RuntimeOrigin::signed(BOB), one, model, names));
        let amend = |change: fn(&mut Serving<AccountId>)| {
            Servers::<Test>::mutate(model, one, |serving| change(serving.as_mut().unwrap()));
        };
        breaks("servers_are_listed", || Served::<Test>::remove(one));
        breaks("servers_are_listed", || Servers::<Test>::remove(model, one));
        breaks("servers_are_listed", || {
            assert_ok!(Served::<Test>::try_append(one, model));
        });
        breaks("servers_are_listed", || {
            Served::<Test>::insert(ProviderId(2), BoundedVec::default());
        });
        breaks("servers_serve_components", || amend(|serving| serving.components.truncate(0)));
        breaks("servers_serve_components", || {
            amend(|serving| serving.components.as_mut().reverse())
        });
        breaks("servers_serve_components", || {
            amend(|serving| serving.components = BoundedVec::truncate_from(vec![name("tail")]));
        });
        breaks("servers_serve_components", || {
            let serving = Servers::<Test>::take(model, one).unwrap();
            Servers::<Test>::insert(set, one, serving);
            Served::<Test>::insert(one, BoundedVec::truncate_from(vec![set]));
        });
    });
}

#[test]
fn try_state_should_fail_when_something_is_kept_of_no_model() {
    execute(|| {
        let Scene { published, .. } = scene();
        let broken = "belongings_are_of_models";
        breaks(broken, || Uses::<Test>::insert(published, 1));
        breaks(broken, || LossesOf::<Test>::insert(published, Losses { first: 1, last: 1 }));
        breaks(broken, || Licences::<Test>::insert(published, BOB, 0));
        breaks(broken, || {
            let access = cairn_protocol::learning::model::Access::Open;
            Announced::<Test>::insert(published, Announcement { access, from: 0 });
        });
        let unjudged = create(ALICE, 1);
        breaks("losses_are_of_a_set", || {
            LossesOf::<Test>::insert(unjudged, Losses { first: 1, last: 1 });
        });
    });
}

#[test]
fn try_state_should_fail_when_deposits_are_not_what_is_held() {
    execute(|| {
        let Scene { model, top, .. } = scene();
        let alice = || RuntimeOrigin::signed(ALICE);
        assert_ok!(Experts::license(alice(), model, BOB));
        let one = ProviderId(1);
        let names = BoundedVec::truncate_from(vec![name(HEAD)]);
        assert_ok!(Experts::serve(RuntimeOrigin::signed(BOB), one, model, names));
        breaks("deposits_are_held", || amend(model, |block| block.deposit += 1));
        breaks("deposits_are_held", || amend(model, |block| block.deposit -= 1));
        breaks("deposits_are_held", || amend(top, |block| block.payer = CAROL));
        breaks("deposits_are_held", || Licences::<Test>::insert(model, BOB, 1));
        breaks("deposits_are_held", || {
            Servers::<Test>::mutate(model, one, |serving| serving.as_mut().unwrap().deposit = 1);
        });
        // Also of one who made nothing, and of one who has no account.
        for reason in [HoldReason::Block, HoldReason::Licence, HoldReason::Serving] {
            breaks("deposits_are_held", || {
                assert_ok!(Balances::hold(&reason.into(), &ALICE, 1));
            });
        }
        breaks("deposits_are_held", || {
            let header = header(99, 0);
            Cards::<Test>::insert(header.id(), card());
            let block = Block { deposit: 1, ..Block::apart(header.clone()) };
            Blocks::<Test>::insert(header.id(), block);
        });
    });
}
