//! Who pays guards and planters.

use cairn_protocol::id::Amount;
use cairn_seams::Patron;
use core::marker::PhantomData;
use frame_support::traits::{
    fungible::{Inspect, Mutate},
    tokens::Preservation,
    Get,
};

/// Pays from an account, and keeps that alive.
pub struct PaidFrom<Currency, Source>(PhantomData<(Currency, Source)>);

impl<AccountId, Currency, Source> Patron<AccountId> for PaidFrom<Currency, Source>
where
    AccountId: Eq,
    Currency: Inspect<AccountId, Balance = Amount> + Mutate<AccountId>,
    Source: Get<AccountId>,
{
    fn pay(to: &AccountId, amount: Amount) -> Amount {
        let source = Source::get();
        // An empty treasury must not keep audits from ending.
        Currency::transfer(&source, to, amount, Preservation::Preserve).unwrap_or(0)
    }
}
