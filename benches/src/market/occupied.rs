//! Bytes of state that an open task occupies.

use cairn_protocol::{id::TaskId, job::Terms, lifecycle::Stage};
use cairn_runtime::{AccountId, MarketClock, Runtime, RuntimeOrigin, Tasks};
use cairn_seams::{Beacon, Clock};
use frame_support::storage::storage_prefix;
use sp_io::hashing::twox_128;

use super::{
    chain::{self, entries, Chain},
    work,
};
use crate::Error;

const PROVIDERS: u64 = 20;
const LATER: u32 = 3_600;

/// Bytes of keys and values, stage after stage.
pub struct Occupied {
    pub waits_for_seed: usize,
    pub at_work: usize,
    pub committed: usize,
    pub window: usize,
}

/// What one task adds that asks for so many workers, who answer with so many bytes.
pub fn measure(terms: impl FnOnce(u32, u32) -> Terms) -> Result<Occupied, Error> {
    let mut chain = Chain::new()?;
    chain.register(PROVIDERS)?;
    let requester = chain::account("requester", 0);
    chain.block(|| chain::endow(&requester))??;
    let before = chain.state(market_bytes);
    let terms = terms(chain.state(MarketClock::now) + LATER, LATER);
    let answer = work::answer(terms.output_bytes);
    chain.block(|| chain::submit(&requester, terms))??;
    let added = |chain: &mut Chain| chain.state(market_bytes).saturating_sub(before);

    let waits_for_seed = added(&mut chain);
    let delay = chain.state(<Runtime as pallet_cairn_tasks::Config>::Beacon::delay);
    chain.blocks(delay)?;
    let at_work = added(&mut chain);
    let genesis = chain.state(Tasks::genesis);
    let seats = chain.state(|| pallet_cairn_tasks::Tasks::<Runtime>::get(TaskId(0)));
    let seats = seats.map(|task| task.seats.to_vec()).unwrap_or_default();
    let operator = |provider: u64| RuntimeOrigin::signed(worker(provider));
    chain
        .block(|| {
            seats.iter().try_for_each(|seat| {
                let commitment =
                    work::commitment(TaskId(0), seat.round, seat.provider, &answer, &genesis);
                Tasks::commit(operator(seat.provider.0), TaskId(0), commitment).map(|_| ())
            })
        })
        .map(|done| done.map_err(|failure| Error::Setup(format!("{failure:?}"))))??;
    let committed = added(&mut chain);
    chain
        .block(|| {
            seats.iter().try_for_each(|seat| {
                let answer = Box::new(answer.clone());
                Tasks::reveal(operator(seat.provider.0), TaskId(0), answer, work::salt())
                    .map(|_| ())
            })
        })
        .map(|done| done.map_err(|failure| Error::Setup(format!("{failure:?}"))))??;
    let stage = chain.state(|| pallet_cairn_tasks::Tasks::<Runtime>::get(TaskId(0)));
    if stage.map(|task| task.stage) != Some(Stage::Window) {
        return Err(Error::Setup("the task's workers did not agree".into()));
    }
    Ok(Occupied { waits_for_seed, at_work, committed, window: added(&mut chain) })
}

fn worker(provider: u64) -> AccountId {
    chain::account("provider", provider)
}

/// Keys and values of everything that grows with tasks: the tasks themselves, the windows of
/// their seeds, and what is held of their requesters' money.
fn market_bytes() -> usize {
    let prefixes = [
        twox_128(b"Tasks").to_vec(),
        storage_prefix(b"Entropy", b"Windows").to_vec(),
        storage_prefix(b"Balances", b"Holds").to_vec(),
    ];
    let bytes = |prefix: &Vec<u8>| entries(prefix).map(|(key, value)| key.len() + value.len());
    prefixes.iter().flat_map(bytes).sum()
}

impl Occupied {
    pub fn most(&self) -> usize {
        self.waits_for_seed.max(self.at_work).max(self.committed).max(self.window)
    }
}
