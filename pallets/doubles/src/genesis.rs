//! What there is when a test begins.

use sp_io::TestExternalities;
use sp_runtime::{BuildStorage, Storage};

/// A chain on which each of these accounts owns that much.
pub fn endowed<T: pallet_balances::Config>(
    accounts: impl IntoIterator<Item = T::AccountId>,
    each: T::Balance,
) -> Storage {
    let mut storage =
        frame_system::GenesisConfig::<T>::default().build_storage().expect("it is empty");
    pallet_balances::GenesisConfig::<T> {
        balances: accounts.into_iter().map(|account| (account, each)).collect(),
        ..Default::default()
    }
    .assimilate_storage(&mut storage)
    .expect("no account stands twice");
    storage
}

/// The same as changes to an empty chain: what lies in a trie is slow to go through.
pub fn afresh(storage: Storage) -> TestExternalities {
    let mut externalities = TestExternalities::new_empty();
    externalities.execute_with(|| {
        storage.top.iter().for_each(|(key, value)| sp_io::storage::set(key, value));
    });
    externalities
}
