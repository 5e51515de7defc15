//! What a task would cost, who would do it and when.

use super::job::Job;
use crate::{
    exit::Outcome,
    output::{Output, Report},
    sealing::Party,
    session::Global,
};
use cairn_protocol::{id::Amount, view};
use clap::Args;

#[derive(Debug, Args)]
pub struct Quote {
    #[command(subcommand)]
    job: Job,
}

impl Quote {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let requester = global.signer()?.account();
        let chain = global.chain().await?;
        let market = chain.market().await?;
        let party = Party { genesis: chain.genesis().0, requester: requester.0 };
        let asked = self.job.asked(market.at().block_number(), &party)?;
        output.say(&described(&market.quote(&requester, &asked.terms).await?))
    }
}

/// What a requester has to know before it submits.
pub fn described(quote: &view::Quote) -> Report {
    let escrow = &quote.escrow;
    let total = escrow.total().unwrap_or(Amount::MAX);
    let supply = &quote.supply;
    let report = Report::default()
        .amount("price", total.saturating_sub(escrow.reserve))
        .amount("model_price", escrow.price)
        .amount("put_aside", total)
        .amount("deposit", quote.deposit)
        .number("fit", supply.fit)
        .number("looked_at", supply.looked_at);
    let report = match quote.wait {
        Some(blocks) => report.with("wait_blocks", blocks, format!("{blocks} or more")),
        None => report.with("wait_blocks", (), ""),
    };
    let obstacles: Vec<String> = supply
        .obstacles
        .iter()
        .map(|(obstacle, count)| format!("{count}: {}", obstacle.in_words()))
        .collect();
    report
        .with("obstacles", obstacles.clone(), obstacles.join("\n"))
        .text("why", String::from_utf8_lossy(&quote.why))
        .text("judged", String::from_utf8_lossy(&quote.judged))
        .text("warning", String::from_utf8_lossy(&quote.warning))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_protocol::{
        settlement::Escrow,
        view::{Obstacle, Supply},
    };

    fn quote() -> view::Quote {
        view::Quote {
            escrow: Escrow { reward: 300, tip: 10, fee: 20, reserve: 600, price: 40 },
            deposit: 5,
            supply: Supply { fit: 1, looked_at: 2, ..Supply::default() },
            prices: None,
            ahead: 0,
            wait: Some(18),
            lack: None,
            why: Vec::new(),
            judged: b"by three".to_vec(),
            warning: Vec::new(),
        }
    }

    #[test]
    fn described_should_not_count_what_most_likely_comes_back_to_the_price() {
        let told = format!("{:?}", described(&quote()));
        assert!(told.contains("0.00000000037 CRN"), "{told}");
        assert!(told.contains("0.00000000097 CRN"), "{told}");
        // What of it is for the model is said beside it.
        assert!(told.contains("0.00000000004 CRN"), "{told}");
    }

    #[test]
    fn described_should_say_why_nobody_is_to_be_expected() {
        let mut none = view::Quote { wait: None, why: b"nobody is there".to_vec(), ..quote() };
        none.supply.obstacles = vec![(Obstacle::Price, 2)];
        let told = format!("{:?}", described(&none));
        assert!(told.contains("nobody is there"), "{told}");
        assert!(told.contains("2: it asks more"), "{told}");
    }
}
