//! Answers of runtimes in which models had no prices. Nothing is put aside for their authors there.

use super::{ComplaintView, Lack, Quote, Supply, TaskView, WaitsFor};
use crate::{
    id::{Amount, Height, ProviderId},
    job::Terms,
    lifecycle::Stage,
    result::Answer,
    settlement::Escrow,
    task::Seat,
};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use scale_info::TypeInfo;

answer! {
    /// [`Escrow`], as it was.
    #[derive(Copy)]
    pub struct UnpricedEscrow {
        pub reward: Amount,
        pub tip: Amount,
        pub fee: Amount,
        pub reserve: Amount,
    }

    /// [`Quote`], as it was.
    pub struct UnpricedQuote {
        pub escrow: UnpricedEscrow,
        pub deposit: Amount,
        pub supply: Supply,
        pub prices: Option<(Amount, Amount)>,
        pub ahead: u32,
        pub wait: Option<Height>,
        pub lack: Option<Lack>,
        pub why: Vec<u8>,
        pub judged: Vec<u8>,
        pub warning: Vec<u8>,
    }

    /// [`TaskView`], as it was.
    pub struct UnpricedTaskView<AccountId> {
        pub requester: AccountId,
        pub terms: Terms,
        pub escrow: UnpricedEscrow,
        pub submitted: Height,
        pub stage: Stage,
        pub due: Height,
        pub now: Height,
        pub waits_for: WaitsFor,
        pub redundancy: u8,
        pub reassigned: u8,
        pub seats: Vec<Seat>,
        pub answers: Vec<(ProviderId, Answer)>,
        pub acknowledged: bool,
        pub complaint: Option<ComplaintView>,
    }
}

impl From<UnpricedEscrow> for Escrow {
    fn from(escrow: UnpricedEscrow) -> Self {
        let UnpricedEscrow { reward, tip, fee, reserve } = escrow;
        Self { reward, tip, fee, reserve, price: 0 }
    }
}

impl From<UnpricedQuote> for Quote {
    fn from(quote: UnpricedQuote) -> Self {
        Self {
            escrow: quote.escrow.into(),
            deposit: quote.deposit,
            supply: quote.supply,
            prices: quote.prices,
            ahead: quote.ahead,
            wait: quote.wait,
            lack: quote.lack,
            why: quote.why,
            judged: quote.judged,
            warning: quote.warning,
        }
    }
}

impl<AccountId> From<UnpricedTaskView<AccountId>> for TaskView<AccountId> {
    fn from(task: UnpricedTaskView<AccountId>) -> Self {
        Self {
            requester: task.requester,
            terms: task.terms,
            escrow: task.escrow.into(),
            submitted: task.submitted,
            stage: task.stage,
            due: task.due,
            now: task.now,
            waits_for: task.waits_for,
            redundancy: task.redundancy,
            reassigned: task.reassigned,
            seats: task.seats,
            answers: task.answers,
            acknowledged: task.acknowledged,
            complaint: task.complaint,
        }
    }
}
