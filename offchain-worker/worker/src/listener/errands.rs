//! What panels ask this provider, and what it could keep of models, with what either takes.

use crate::{
    sizes::Sizes,
    view,
    work::{Aim, Errand, Seat, Work},
};
use cairn_protocol::{
    id::{Height, PanelId, ProviderId},
    learning::{brief::Brief, committee::Panel},
};
use cairn_sdk::{learning::calls::attest, AccountId32, Error, Learning, Market, Result, Wanted};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tracing::debug;

/// Those that were read: a brief stays as it is for as long as its round lasts.
pub(crate) struct Errands {
    sizes: Arc<Sizes>,
    known: BTreeMap<Seat, Errand>,
}

impl Errands {
    pub fn new(sizes: Arc<Sizes>) -> Self {
        Self { sizes, known: BTreeMap::new() }
    }

    /// What a guard has to do on a panel; nothing while it draws others for another sample.
    pub async fn judging(
        &mut self,
        market: &Market,
        provider: ProviderId,
        panel: PanelId,
        record: &Panel<AccountId32>,
        now: Height,
    ) -> Result<Option<Work>> {
        let seat = Seat::on_panel(panel, record.round);
        let errand = match self.known.get(&seat) {
            Some(known) => known.clone(),
            None => {
                let brief = Learning::new(market.at().clone()).brief(panel).await?;
                let Some(brief) = brief else { return Ok(None) };
                self.learn(seat, brief, Aim::Opinion, record.due.saturating_sub(now))
            }
        };
        let memory = self.sizes.of(&errand.like());
        Ok(Work::on_panel(panel, record, provider, errand, memory, market.at().block_number()))
    }

    /// What it takes to keep a file, where the chain would take this provider's word that it does.
    pub async fn wanted(
        &mut self,
        market: &Market,
        operator: &AccountId32,
        wanted: &Wanted,
        now: Height,
    ) -> Result<Option<Work>> {
        match market.check(operator, &attest(wanted.delta)).await {
            Ok(()) => {}
            Err(refusal) if is_refusal(&refusal) => {
                debug!("delta {} is kept by others: {refusal}", wanted.delta.0);
                return Ok(None);
            }
            Err(other) => return Err(other),
        }
        let seat = Work::keeper_seat(wanted);
        let errand = match self.known.get(&seat) {
            Some(known) => known.clone(),
            None => {
                let learning = Learning::new(market.at().clone());
                let laid = view::laid(&learning, wanted.delta).await?;
                let Some(brief) = laid else { return Ok(None) };
                let blocks = Work::keeper_due(wanted, now).saturating_sub(now);
                self.learn(seat, brief, Aim::Candidate(wanted.file), blocks)
            }
        };
        let memory = self.sizes.of(&errand.like());
        Ok(Some(Work::of_keeper(wanted, errand, memory, now, market.at().block_number())))
    }

    fn learn(&mut self, seat: Seat, brief: Brief, aim: Aim, blocks: Height) -> Errand {
        let errand = Errand { brief: Arc::new(brief), aim, blocks };
        self.known.insert(seat, errand.clone());
        errand
    }

    /// Forgets those that are over.
    pub fn retain(&mut self, works: &[Work]) {
        let there: BTreeSet<Seat> = works.iter().map(|work| work.seat).collect();
        self.known.retain(|seat, _| there.contains(seat));
    }
}

/// Whether the runtime itself says no.
fn is_refusal(error: &Error) -> bool {
    matches!(error, Error::Runtime { .. } | Error::Dispatch { .. } | Error::FeeUnaffordable { .. })
}
