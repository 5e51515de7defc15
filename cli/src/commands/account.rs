//! What accounts have, and payments between them.

use crate::{
    amount,
    exit::Outcome,
    output::{Output, Report},
    session::Global,
    values,
};
use cairn_protocol::id::Amount;
use cairn_sdk::{address, calls, AccountId32};
use clap::Args;

#[derive(Debug, Args)]
pub struct Balance {
    /// Whose [default: the account that would sign]
    #[arg(value_parser = values::account)]
    account: Option<AccountId32>,
}

impl Balance {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let account = match self.account {
            Some(account) => account,
            None => global.signer()?.account(),
        };
        let balance = global.chain().await?.balance(&account).await?;
        let report = Report::default()
            .text("account", address(&account))
            .amount("free", balance.free)
            .amount("held", balance.held);
        output.say(&report)
    }
}

#[derive(Debug, Args)]
pub struct Transfer {
    /// Who is paid: an address, or a development key such as //Bob.
    #[arg(value_parser = values::account)]
    to: AccountId32,

    /// How much, in CRN.
    #[arg(value_parser = amount::parse)]
    amount: Amount,
}

impl Transfer {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let account = global.account().await?;
        let call = calls::transfer(&self.to, self.amount);
        let included = account.send("transfer", &call, output).await?;
        let report = Report::default()
            .text("to", address(&self.to))
            .amount("amount", self.amount)
            .number("block", included.number);
        output.say(&report)
    }
}
