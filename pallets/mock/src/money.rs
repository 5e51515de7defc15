//! What events say of money, against what there is.

use crate::{config::REWARD_RULES, Balances, Mock, RuntimeEvent, RuntimeHoldReason};
use cairn_protocol::{id::Amount, learning::reward::Cause};
use pallet_cairn_rewards::{types::Sums, Current, Issued, Ledgers, Sponsors};

/// What there was when it was looked at last.
pub(crate) struct Money {
    issued: Amount,
    /// Of that, what was ever minted for learning and serving.
    causes: Sums,
    /// What sponsors had left or put aside.
    sponsored: Amount,
}

/// What events say.
#[derive(Default)]
pub(crate) struct Flow {
    minted: Amount,
    burnt: Amount,
    /// Of that, from escrows and from stakes for contributions.
    escrows: Amount,
    dropped: Amount,
    /// What tasks and the beacon say that they burnt.
    settled: Amount,
    forfeited: Amount,
    /// Grants for serving.
    granted: Amount,
    /// What authors of deltas got, and those whose examples they were measured on.
    rewarded: Amount,
    examples: Amount,
    /// What those who judge, keep and seal got, and what each of them says of it.
    judges: Amount,
    guards: Amount,
    keepers: Amount,
    curators: Amount,
    /// What sponsors put aside, and took back.
    sponsored: Amount,
    withdrawn: Amount,
}

impl Money {
    pub(crate) fn now() -> Self {
        let all = Sponsors::<Mock>::iter_values().flatten();
        Self {
            issued: Balances::total_issuance(),
            causes: Issued::<Mock>::get(),
            sponsored: all.map(|one| one.left + one.held).sum(),
        }
    }

    /// Whatever came or went since was reported, for what it came, and by whom it went.
    pub(crate) fn check(&mut self, flow: &Flow) {
        let now = Self::now();
        assert_eq!(self.issued + flow.minted, now.issued + flow.burnt, "money went unsaid");
        assert_eq!(flow.escrows, flow.settled, "tasks burnt something else");
        assert_eq!(flow.dropped, flow.forfeited, "stakes were burnt otherwise");
        assert_eq!(flow.burnt, flow.escrows + flow.dropped, "something else was burnt");
        let accounts = frame_system::Account::<Mock>::iter_values();
        let sum: Amount = accounts.map(|account| account.data.free + account.data.reserved).sum();
        assert_eq!(sum, now.issued, "the issuance is nobody's");

        let of = |cause| now.causes.of(cause) - self.causes.of(cause);
        let minted: Amount = Cause::ALL.map(of).iter().sum();
        assert_eq!(minted, flow.minted, "money was made for nothing");
        assert_eq!(of(Cause::Inference), flow.granted, "grants are other ones");
        assert_eq!(of(Cause::Data), flow.examples, "examples were paid otherwise");
        assert_eq!(flow.judges, flow.guards + flow.keepers + flow.curators, "judges got it not");
        let of_sponsors = self.sponsored + flow.sponsored - flow.withdrawn - now.sponsored;
        let of_budgets = of(Cause::Learning) + of(Cause::Validation);
        assert_eq!(of_budgets + of_sponsors, flow.rewarded + flow.judges, "somebody else paid");
        now.check_budgets();
        *self = now;
    }

    /// Nothing was minted past what periods had, each by itself or all together.
    fn check_budgets(&self) {
        let periods = Current::<Mock>::get().map_or(0, |period| Amount::from(period.number) + 1);
        let fresh = REWARD_RULES.budgets();
        for cause in Cause::ALL {
            let most = periods * fresh.of(cause);
            assert!(self.causes.of(cause) <= most, "more was minted for {cause:?} than {most}");
            for (period, ledger) in Ledgers::<Mock>::iter() {
                let used = ledger.minted.of(cause) + ledger.held.of(cause);
                let budget = ledger.budgets.of(cause);
                assert!(used <= budget, "{cause:?} of {period}: {used} of {budget}");
            }
        }
    }
}

impl Flow {
    pub(crate) fn add(&mut self, event: RuntimeEvent) {
        match event {
            RuntimeEvent::Balances(event) => self.add_balances(event),
            RuntimeEvent::Tasks(event) => match event {
                pallet_cairn_tasks::Event::Settled { burnt, .. } => self.settled += burnt,
                pallet_cairn_tasks::Event::Refunded { burnt, .. } => self.settled += burnt,
                _ => {}
            },
            RuntimeEvent::Entropy(pallet_cairn_entropy::Event::Forfeited { stake, .. }) => {
                self.forfeited += stake;
            }
            RuntimeEvent::Rewards(event) => self.add_rewards(event),
            RuntimeEvent::Panels(pallet_cairn_panels::Event::Paid { amount, .. }) => {
                self.guards += amount;
            }
            RuntimeEvent::Custody(pallet_cairn_custody::Event::Shown { paid, .. }) => {
                self.keepers += paid;
            }
            RuntimeEvent::Curation(pallet_cairn_curation::Event::CuratorsPaid { paid, .. }) => {
                self.curators += paid;
            }
            _ => {}
        }
    }

    fn add_balances(&mut self, event: pallet_balances::Event<Mock>) {
        use pallet_balances::Event::*;
        let escrow = pallet_cairn_tasks::HoldReason::Escrow;
        match event {
            Minted { amount, .. } | MintedCredit { amount } | Issued { amount } => {
                self.minted += amount;
            }
            BurnedHeld { reason, amount, .. } => {
                self.burnt += amount;
                if reason == RuntimeHoldReason::Tasks(escrow) {
                    self.escrows += amount;
                }
            }
            BurnedDebt { amount } => {
                self.burnt += amount;
                self.dropped += amount;
            }
            Burned { amount, .. } | Rescinded { amount } => self.burnt += amount,
            _ => {}
        }
    }

    fn add_rewards(&mut self, event: pallet_cairn_rewards::Event<Mock>) {
        use pallet_cairn_rewards::Event::*;
        match event {
            Granted { amount, .. } => self.granted += amount,
            Released { paid, data, .. } => {
                self.rewarded += paid;
                self.examples += data;
            }
            JudgesPaid { paid, .. } => self.judges += paid,
            Sponsored { amount, .. } => self.sponsored += amount,
            Withdrawn { amount, .. } => self.withdrawn += amount,
            _ => {}
        }
    }
}
