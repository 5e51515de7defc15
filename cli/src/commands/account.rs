//! What accounts have, payments between them, and which of them are one party.

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

#[derive(Debug, Args)]
pub struct Link {
    /// Who it is: an address, or a development key such as //Bob.
    #[arg(value_parser = values::account)]
    account: AccountId32,
}

impl Link {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let account = global.account().await?;
        let call = calls::link_account(&self.account, true);
        let included = account.send("link", &call, output).await?;
        let links = account.chain.market().await?.linked(&account.id()).await?;
        let linked = links.contains(&self.account);
        if !linked {
            let own = address(&account.id());
            output.progress(&format!("It counts once the other one says `cairn link {own}` too."));
        }
        let report = Report::default()
            .text("account", address(&self.account))
            .with("linked", linked, if linked { "yes" } else { "no" })
            .number("block", included.number);
        output.say(&report)
    }
}

#[derive(Debug, Args)]
pub struct Unlink {
    /// Who it was: an address, or a development key such as //Bob.
    #[arg(value_parser = values::account)]
    account: AccountId32,
}

impl Unlink {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let account = global.account().await?;
        let call = calls::link_account(&self.account, false);
        let included = account.send("end of the link", &call, output).await?;
        let report = Report::default()
            .text("account", address(&self.account))
            .number("block", included.number);
        output.say(&report)
    }
}
