//! What every chain has. The macros are for a module whose runtime names its pallets `System` and
//! `Balances`, and whose accounts are numbers.

/// Makes accounts and what they own part of a chain. The least that an account may own is named by
/// whoever tests: sums in tests depend on it.
///
/// It has to be a macro: defaults are filled in with `RuntimeEvent`, `PalletInfo` and the like of
/// the module that it is called in. Nor can it do without bringing in `derive_impl`, which calls
/// itself once more by that name alone and has to find it there.
#[macro_export]
macro_rules! money {
    ($Chain:ident, ExistentialDeposit = $least:tt) => {
        use frame_support::derive_impl;

        #[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
        impl frame_system::Config for $Chain {
            type AccountData = pallet_balances::AccountData<cairn_protocol::id::Amount>;
            type Block = frame_system::mocking::MockBlock<Self>;
        }

        #[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
        impl pallet_balances::Config for $Chain {
            type AccountStore = System;
            type Balance = cairn_protocol::id::Amount;
            type ExistentialDeposit = frame_support::traits::ConstU128<$least>;
        }
    };
}

/// Gives `execute`, for a module that has `externalities`, `begin_block` and `check`: no test can
/// forget to look at the invariants.
#[macro_export]
macro_rules! execute {
    () => {
        /// Runs a test in block one, and checks every pallet's invariants at its end.
        pub(crate) fn execute<R>(test: impl FnOnce() -> R) -> R {
            externalities().execute_with(|| {
                begin_block(1);
                let result = test();
                check();
                result
            })
        }
    };
}
