//! Random calls and events, against a plain model.

use super::mock::*;
use crate::{types::*, *};
use cairn_doubles::Register;
use cairn_protocol::id::{Amount, ProviderId};
use cairn_seams::Registry;
use proptest::prelude::*;
use sp_runtime::{DispatchError, StateVersion};
use std::collections::BTreeMap;

const PROVIDERS: u64 = 5;

#[derive(Clone, Debug)]
enum Step {
    Link(AccountId, u64),
    Unlink(AccountId),
    Settle(u64, Amount),
    End(u32),
    Rotate(Vec<AccountId>),
    Sell(u64, AccountId),
    Join(u64, AccountId),
    Withdraw(u64),
    Tune(Rules),
    Deposit(Amount),
}

fn step() -> impl Strategy<Value = Step> {
    let account = || prop::sample::select(ACCOUNTS.to_vec());
    let paid = || prop_oneof![0..5_000u128, Just(u128::MAX)];
    let rules = (0..1_200_000u32, 0..50u128, paid()).prop_map(|(share, price, most)| Rules {
        share,
        price,
        most,
    });
    prop_oneof![
        8 => (account(), 1..=PROVIDERS).prop_map(|(who, what)| Step::Link(who, what)),
        3 => account().prop_map(Step::Unlink),
        12 => (1..=PROVIDERS, paid()).prop_map(|(what, paid)| Step::Settle(what, paid)),
        6 => (0..100u32).prop_map(Step::End),
        2 => prop::sample::subsequence(ACCOUNTS.to_vec(), 0..=4).prop_map(Step::Rotate),
        3 => (1..=PROVIDERS, account()).prop_map(|(what, who)| Step::Sell(what, who)),
        3 => (1..=PROVIDERS, account()).prop_map(|(what, who)| Step::Join(what, who)),
        1 => (1..=PROVIDERS).prop_map(Step::Withdraw),
        1 => rules.prop_map(Step::Tune),
        1 => prop::sample::select(vec![0, 5, DEPOSIT, FUNDS, u128::MAX]).prop_map(Step::Deposit),
    ]
}

/// Who linked what, and what was paid for since.
#[derive(Default)]
struct Model {
    links: BTreeMap<AccountId, (u64, Amount, Amount)>,
    since: Option<u64>,
    points: BTreeMap<AccountId, u64>,
}

fn is_one_party(provider: u64, account: AccountId) -> bool {
    Register::<Hand>::belongs_to(ProviderId(provider), &account)
}

impl Model {
    fn link(&mut self, who: AccountId, provider: u64) -> Result<(), Error<Test>> {
        if self.links.contains_key(&who) {
            return Err(Error::AlreadyLinked);
        }
        if !Parties::get().contains_key(&ProviderId(provider)) {
            return Err(Error::UnknownProvider);
        }
        if !is_one_party(provider, who) {
            return Err(Error::NotYours);
        }
        if !Validators::get().contains(&who) {
            return Err(Error::NotValidator);
        }
        let former = self.links.iter().find(|(_, link)| link.0 == provider).map(|(who, _)| *who);
        if former.is_some_and(|former| is_one_party(provider, former)) {
            return Err(Error::ProviderTaken);
        }
        let deposit = CurrentDeposit::get();
        if deposit >= FUNDS {
            return Err(Error::InsufficientBalance);
        }
        former.map(|former| self.links.remove(&former));
        self.links.insert(who, (provider, deposit, 0));
        self.since.get_or_insert(System::block_number());
        Ok(())
    }

    fn settle(&mut self, provider: u64, paid: Amount) {
        if let Some(link) = self.links.values_mut().find(|link| link.0 == provider) {
            link.2 = link.2.saturating_add(paid).min(CurrentRules::get().most);
        }
    }

    fn end(&mut self) {
        let Some(since) = self.since.replace(System::block_number()) else { return };
        let rules = CurrentRules::get();
        let authored = (System::block_number() - since) * 20;
        let pool = authored * u64::from(rules.share.min(1_000_000)) / 1_000_000;
        let mut earned = vec![];
        for (who, link) in &mut self.links {
            let work = std::mem::take(&mut link.2);
            let points = (work / rules.price.max(1)).min(u32::MAX.into()) as u64;
            if Validators::get().contains(who) && is_one_party(link.0, *who) {
                earned.push((*who, points));
            }
        }
        let all: u64 = earned.iter().map(|earned| earned.1).sum();
        for (who, points) in earned {
            let wide = u128::from(points) * u128::from(pool.min(all));
            let part = wide.checked_div(all.into()).unwrap_or(0);
            *self.points.entry(who).or_default() += part as u64;
        }
    }
}

fn call(
    make: impl FnOnce() -> frame_support::dispatch::DispatchResult,
) -> Result<(), DispatchError> {
    let before = sp_io::storage::root(StateVersion::V1);
    let outcome = frame_support::storage::with_storage_layer(make);
    if outcome.is_err() {
        assert_eq!(sp_io::storage::root(StateVersion::V1), before);
    }
    outcome
}

fn take_step(model: &mut Model, step: Step) {
    match step {
        Step::Link(who, provider) => {
            let signed = RuntimeOrigin::signed(who);
            let outcome = call(|| Merit::link_provider(signed, ProviderId(provider)));
            assert_eq!(outcome, model.link(who, provider).map_err(Into::into));
        }
        Step::Unlink(who) => {
            let outcome = call(|| Merit::unlink_provider(RuntimeOrigin::signed(who)));
            let expected = model.links.remove(&who).map(|_| ()).ok_or(Error::<Test>::NotLinked);
            assert_eq!(outcome, expected.map_err(Into::into));
        }
        Step::Settle(provider, paid) => {
            settle(provider, paid);
            model.settle(provider, paid);
        }
        Step::End(blocks) => {
            end_session(blocks);
            model.end();
        }
        Step::Rotate(validators) => Validators::set(validators),
        Step::Sell(provider, owner) => sell(ProviderId(provider), owner),
        Step::Join(provider, who) => {
            if Parties::get().contains_key(&ProviderId(provider)) {
                join(ProviderId(provider), who);
            }
        }
        Step::Withdraw(provider) => withdraw(ProviderId(provider)),
        Step::Tune(rules) => CurrentRules::set(rules),
        Step::Deposit(deposit) => CurrentDeposit::set(deposit),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn pallet_should_do_what_the_model_does_when_calls_are_random(
        steps in prop::collection::vec(step(), 50),
    ) {
        execute(|| {
            let mut model = Model::default();
            for step in steps {
                take_step(&mut model, step);
                check();
                let expected = ACCOUNTS.map(|who| model.points.get(&who).copied().unwrap_or(0));
                prop_assert_eq!(points().map(u64::from), expected);
                for who in ACCOUNTS {
                    let deposit = model.links.get(&who).map_or(0, |link| link.1);
                    prop_assert_eq!(held(who), deposit);
                }
            }
            Ok(())
        })?;
    }
}
