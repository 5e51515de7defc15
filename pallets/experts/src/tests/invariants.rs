//! Random calls, against a plain model.

use super::mock::*;
use crate::*;
use cairn_protocol::{
    dag::{BlockKind, Header},
    id::{Amount, BlockId},
};
use cairn_seams::Models;
use proptest::prelude::*;
use sp_runtime::{DispatchError, StateVersion};
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Step {
    Create(AccountId, Header<AccountId>),
    Deposit(Amount, Amount),
}

fn headers() -> impl Strategy<Value = Header<AccountId>> {
    let kind = prop_oneof![9 => Just(BlockKind::Meta), 1 => Just(BlockKind::Data)];
    let gain = prop_oneof![9 => Just(0u64), 1 => Just(1)];
    (prop::sample::select(ACCOUNTS.to_vec()), 0..4u16, kind, gain)
        .prop_map(|(author, nth, kind, gain)| Header { kind, gain, ..header(author, nth) })
}

fn step() -> impl Strategy<Value = Step> {
    let amount = || prop::sample::select(vec![0, 1, 20, 500, 3_000, u128::MAX]);
    let signer = prop::option::weighted(0.2, prop::sample::select(ACCOUNTS.to_vec()));
    prop_oneof![
        8 => (signer, headers()).prop_map(|(signer, header)| {
            Step::Create(signer.unwrap_or(header.author), header)
        }),
        1 => (amount(), amount()).prop_map(|(item, byte)| Step::Deposit(item, byte)),
    ]
}

/// Whose each model is, and what is held for all of an account's.
#[derive(Default)]
struct Model {
    authors: BTreeMap<BlockId, AccountId>,
    held: BTreeMap<AccountId, Amount>,
}

impl Model {
    fn create(&mut self, who: AccountId, header: &Header<AccountId>) -> Result<(), Error<Test>> {
        if header.kind != BlockKind::Meta {
            return Err(Error::NotAMeta);
        }
        if header.gain > 0 {
            return Err(Error::ClaimsGain);
        }
        if header.author != who {
            return Err(Error::NotTheAuthor);
        }
        if self.authors.contains_key(&header.id()) {
            return Err(Error::AlreadyThere);
        }
        let deposit = ItemDeposit::get().saturating_add(ByteDeposit::get().saturating_mul(BYTES));
        let held = self.held.entry(who).or_default();
        // One is the least that has to stay free.
        if held.saturating_add(deposit) >= FUNDS {
            return Err(Error::InsufficientBalance);
        }
        *held += deposit;
        self.authors.insert(header.id(), who);
        Ok(())
    }
}

fn take_step(model: &mut Model, step: Step) {
    match step {
        Step::Create(who, header) => {
            let expected = model.create(who, &header).map_err(DispatchError::from);
            let before = sp_io::storage::root(StateVersion::V1);
            let outcome = frame_support::storage::with_storage_layer(|| {
                Experts::create_model(RuntimeOrigin::signed(who), Box::new(header))
            });
            assert_eq!(outcome, expected);
            if outcome.is_err() {
                assert_eq!(sp_io::storage::root(StateVersion::V1), before);
            }
        }
        Step::Deposit(item, byte) => {
            ItemDeposit::set(item);
            ByteDeposit::set(byte);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn pallet_should_do_what_the_model_does_when_calls_are_random(
        steps in prop::collection::vec(step(), 40),
    ) {
        execute(|| {
            let mut model = Model::default();
            for step in steps {
                take_step(&mut model, step);
                check();
            }
            for who in ACCOUNTS {
                prop_assert_eq!(held(who), model.held.get(&who).copied().unwrap_or(0));
                for nth in 0..4 {
                    let id = header(who, nth).id();
                    prop_assert_eq!(Experts::creator(&id), model.authors.get(&id).copied());
                }
            }
            Ok(())
        })?;
    }
}
