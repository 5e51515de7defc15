//! What providers say that they serve.

use super::mock::*;
use crate::*;
use cairn_protocol::{
    dag::Component,
    id::{Amount, BlockId, ProviderId},
};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};

/// Bob's and Carol's.
const FIRST_ONE: ProviderId = ProviderId(1);
const OTHER: ProviderId = ProviderId(2);

fn serve(who: AccountId, provider: ProviderId, model: BlockId, names: &[&str]) -> DispatchResult {
    let names: Vec<Component> = names.iter().map(|one| name(one)).collect();
    Experts::serve(RuntimeOrigin::signed(who), provider, model, names.try_into().unwrap())
}

fn stop(who: AccountId, provider: ProviderId, model: BlockId) -> DispatchResult {
    Experts::stop_serving(RuntimeOrigin::signed(who), provider, model)
}

fn servers(model: BlockId, component: &str) -> Vec<ProviderId> {
    let mut servers = Experts::servers(&model, &name(component));
    servers.sort_unstable();
    servers
}

fn held_of(who: AccountId) -> Amount {
    held_for(HoldReason::Serving, who)
}

#[test]
fn serve_should_list_the_provider_until_it_expires() {
    execute(|| {
        let model = create(ALICE, 0);
        assert_ok!(serve(BOB, FIRST_ONE, model, &[HEAD]));
        assert_ok!(serve(CAROL, OTHER, model, &[ROUTER, HEAD, ROUTER]));
        assert_eq!(servers(model, HEAD), [FIRST_ONE, OTHER]);
        assert_eq!(servers(model, ROUTER), [OTHER]);
        let until = Now::get() + ServeBlocks::get();
        let told = Event::Serving { provider: OTHER, model, until };
        assert_eq!(events().last(), Some(&told));
        // The declaration under two names, and the model in the provider's list.
        let bytes = (1 + 5 + 4 + 8 + 16) + 16 + 8 + 32 + 2 * 48;
        assert_eq!(held_of(BOB), 2 * 500 + 2 * bytes);

        Now::set(until);
        assert_eq!(servers(model, HEAD), [FIRST_ONE, OTHER]);
        // Said again, it counts from then on.
        assert_ok!(serve(BOB, FIRST_ONE, model, &[HEAD]));
        Now::set(until + 1);
        assert_eq!(servers(model, HEAD), [FIRST_ONE]);
        assert_eq!(held_of(BOB), 2 * 500 + 2 * bytes);
    });
}

#[test]
fn serve_should_not_list_a_provider_that_is_gone() {
    execute(|| {
        let model = create(ALICE, 0);
        assert_ok!(serve(BOB, FIRST_ONE, model, &[HEAD]));
        Operators::set(vec![]);
        assert_eq!(servers(model, HEAD), []);
    });
}

#[test]
fn serve_should_hold_of_the_new_operator_when_there_is_another() {
    execute(|| {
        let model = create(ALICE, 0);
        assert_ok!(serve(BOB, FIRST_ONE, model, &[HEAD]));
        let deposit = held_of(BOB);
        Operators::set(vec![(FIRST_ONE, ALICE)]);
        assert_noop!(serve(BOB, FIRST_ONE, model, &[HEAD]), Error::<Test>::NotTheOperator);
        assert_ok!(serve(ALICE, FIRST_ONE, model, &[HEAD]));
        assert_eq!((held_of(BOB), held_of(ALICE)), (0, deposit));
    });
}

#[test]
fn serve_should_fail_when_there_is_nothing_to_serve() {
    execute(|| {
        let model = create(ALICE, 0);
        let fails = |provider, model, names: &[&str], error: Error<Test>| {
            assert_noop!(serve(BOB, provider, model, names), error);
        };
        fails(OTHER, model, &[HEAD], Error::NotTheOperator);
        fails(ProviderId(9), model, &[HEAD], Error::NotTheOperator);
        fails(FIRST_ONE, BlockId([1; 32]), &[HEAD], Error::UnknownModel);
        fails(FIRST_ONE, model, &[HEAD, "tail"], Error::UnknownComponent);
        fails(FIRST_ONE, model, &[], Error::NothingServed);
        ItemDeposit::set(FUNDS);
        fails(FIRST_ONE, model, &[HEAD], Error::InsufficientBalance);
    });
}

#[test]
fn serve_should_fail_when_the_provider_serves_as_many_models_as_it_may() {
    execute(|| {
        let models: Vec<_> = (0..4).map(|nth| create(ALICE, nth)).collect();
        for model in &models[..3] {
            assert_ok!(serve(BOB, FIRST_ONE, *model, &[HEAD]));
        }
        assert_noop!(serve(BOB, FIRST_ONE, models[3], &[HEAD]), Error::<Test>::TooManyServed);
        // It may say so again of those it has, and another of these.
        assert_ok!(serve(BOB, FIRST_ONE, models[0], &[ROUTER]));
        assert_ok!(serve(CAROL, OTHER, models[3], &[HEAD]));
        assert_ok!(stop(BOB, FIRST_ONE, models[1]));
        assert_ok!(serve(BOB, FIRST_ONE, models[3], &[HEAD]));
    });
}

#[test]
fn stop_serving_should_give_the_deposit_back() {
    execute(|| {
        let model = create(ALICE, 0);
        assert_ok!(serve(BOB, FIRST_ONE, model, &[HEAD]));
        ItemDeposit::set(900);
        assert_ok!(stop(BOB, FIRST_ONE, model));
        assert_eq!((held_of(BOB), servers(model, HEAD)), (0, vec![]));
        assert_eq!(Served::<Test>::iter().count(), 0);
        let told = Event::StoppedServing { provider: FIRST_ONE, model };
        assert_eq!(events().last(), Some(&told));
        assert_noop!(stop(BOB, FIRST_ONE, model), Error::<Test>::NotServed);
    });
}

#[test]
fn stop_serving_should_be_for_anyone_when_it_counts_no_more() {
    execute(|| {
        let model = create(ALICE, 0);
        assert_ok!(serve(BOB, FIRST_ONE, model, &[HEAD]));
        Now::mutate(|now| *now += ServeBlocks::get());
        assert_noop!(stop(CAROL, FIRST_ONE, model), Error::<Test>::NotTheOperator);
        Now::mutate(|now| *now += 1);
        // Its operator is gone, and has its deposit back.
        Operators::set(vec![]);
        assert_ok!(stop(CAROL, FIRST_ONE, model));
        assert_eq!(held_of(BOB), 0);
    });
}
