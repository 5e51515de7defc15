//! The commands: each reads its arguments, asks the chain or signs for an account, and says what
//! came of it.

mod account;
mod artifact;
mod completions;
mod curate;
mod dataset;
mod delta;
mod governance;
mod job;
mod key;
mod learn;
mod model;
mod provider;
mod quote;
mod registration;
mod result;
mod reward;
mod status;
mod submit;
mod task;

use crate::{exit::Outcome, output::Output, session::Global};
use clap::{Parser, Subcommand};

/// Cairn: pay for AI work, offer it, fetch what came of it, and make models better.
///
/// Ends with 0 when done, 1 when it failed, 2 when the arguments make no sense, 3 when the runtime
/// refused, 4 when no endpoint can be used, 5 when a task was refunded, 6 when it was not done in
/// time, 7 when nothing was laid of what was learned.
#[derive(Debug, Parser)]
#[command(name = "cairn", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    global: Global,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Says what chain this is and how far it is, or how a task stands.
    Status(status::Status),
    /// Says what an account has.
    Balance(account::Balance),
    /// Pays somebody.
    Transfer(account::Transfer),
    /// Calls an account one party with the one that signs, once it says so too.
    Link(account::Link),
    /// Takes back that an account is one party with the one that signs.
    Unlink(account::Unlink),
    /// Registers a provider: what it has, what it asks, and what it puts up for it.
    Register(Box<registration::Register>),
    /// Changes what a provider is registered with; what is not named stays.
    Update(Box<registration::Update>),
    /// Adds to what a provider puts up for its work.
    Bond(provider::Bond),
    /// Takes from what a provider puts up, which is paid out after a period.
    Unbond(provider::Unbond),
    /// Pays out what was taken from it and has waited long enough.
    Withdraw(provider::Withdraw),
    /// Says all that a provider may be asked to do.
    Roles(provider::SetRoles),
    /// Has another account work for a provider.
    RotateOperator(provider::RotateOperator),
    /// Ends a provider's service for good; what it puts up can be withdrawn after a period.
    Leave(provider::Leave),
    /// Has a provider take work, finish what it has, or rest.
    Availability(provider::SetAvailability),
    /// Lists who offers work, or says all that is known of one provider.
    #[command(alias = "provider")]
    Providers(provider::Show),
    /// Registers models, and says how they stand.
    #[command(subcommand)]
    Model(model::Model),
    /// Registers sets of examples, and has models judged on them.
    #[command(subcommand)]
    Dataset(dataset::Dataset),
    /// Makes a model better: learns, checks, and hands in what passes.
    Learn(Box<learn::Learn>),
    /// Says how deltas stand, and what became of them.
    #[command(subcommand)]
    Delta(delta::Delta),
    /// Puts something aside for whoever betters a model.
    Sponsor(reward::Sponsor),
    /// Lists what providers can claim for what they served, or claims it.
    #[command(args_conflicts_with_subcommands = true)]
    Grants(reward::Grants),
    /// Seals sets of examples that rewards wait for, and opens them.
    #[command(subcommand)]
    Curate(curate::Curate),
    /// Asks for work, and puts aside what it will cost.
    Submit(submit::Submit),
    /// Says what work would cost, who would do it and when, and submits nothing.
    Quote(quote::Quote),
    /// Says how a task stands.
    Task(task::Show),
    /// Lists the tasks of an account that are still kept.
    Tasks(task::List),
    /// Fetches what came of a task.
    Result(result::Fetch),
    /// Gives the workers and guards of a sealed task its key, until it has ended.
    Unlock(task::Unlock),
    /// Takes a task back that nobody is at.
    Cancel(task::Cancel),
    /// Asks a worker to show a result that nobody can fetch.
    Complain(task::Complain),
    /// Keeps files by the names of their contents.
    #[command(subcommand)]
    Artifact(artifact::Artifact),
    /// Makes keys, and says whose they are.
    #[command(subcommand, name = "keys", alias = "key")]
    Key(key::Key),
    /// Proposes what the chain is to do, and votes on it.
    #[command(subcommand)]
    Governance(governance::Governance),
    /// Writes what has a shell complete this program's arguments.
    Completions(completions::Completions),
}

impl Cli {
    /// Whether results are to be said as JSON.
    pub fn json(&self) -> bool {
        self.global.json
    }

    pub async fn run(self, output: &Output) -> Outcome {
        let global = &self.global;
        match self.command {
            Command::Status(status) => status.run(global, output).await,
            Command::Balance(balance) => balance.run(global, output).await,
            Command::Transfer(transfer) => transfer.run(global, output).await,
            Command::Link(link) => link.run(global, output).await,
            Command::Unlink(unlink) => unlink.run(global, output).await,
            Command::Register(register) => register.run(global, output).await,
            Command::Bond(bond) => bond.run(global, output).await,
            Command::Unbond(unbond) => unbond.run(global, output).await,
            Command::Withdraw(withdraw) => withdraw.run(global, output).await,
            Command::Roles(roles) => roles.run(global, output).await,
            Command::RotateOperator(rotate) => rotate.run(global, output).await,
            Command::Leave(leave) => leave.run(global, output).await,
            Command::Update(update) => update.run(global, output).await,
            Command::Availability(set) => set.run(global, output).await,
            Command::Providers(show) => show.run(global, output).await,
            Command::Model(model) => model.run(global, output).await,
            Command::Dataset(dataset) => dataset.run(global, output).await,
            Command::Learn(learn) => learn.run(global, output).await,
            Command::Delta(delta) => delta.run(global, output).await,
            Command::Sponsor(sponsor) => sponsor.run(global, output).await,
            Command::Grants(grants) => grants.run(global, output).await,
            Command::Curate(curate) => curate.run(global, output).await,
            Command::Submit(submit) => submit.run(global, output).await,
            Command::Quote(quote) => quote.run(global, output).await,
            Command::Task(show) => show.run(global, output).await,
            Command::Tasks(list) => list.run(global, output).await,
            Command::Result(fetch) => fetch.run(global, output).await,
            Command::Unlock(unlock) => unlock.run(global, output).await,
            Command::Cancel(cancel) => cancel.run(global, output).await,
            Command::Complain(complain) => complain.run(global, output).await,
            Command::Artifact(artifact) => artifact.run(output),
            Command::Key(key) => key.run(global, output),
            Command::Governance(governance) => governance.run(global, output).await,
            Command::Completions(completions) => completions.run(output),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn arguments_should_make_sense_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn arguments_should_be_read_as_documented() {
        let model = "ab".repeat(32);
        let lines = [
            "status".to_owned(),
            "status 7 --wait --timeout 60".into(),
            "balance --url ws://127.0.0.1:1 --url ws://127.0.0.1:2".into(),
            "transfer //Bob 1.5 --key //Alice --json".into(),
            "register --price infer=0.000001 --price embed=0.1 --bond 200 --roles compute,guard \
             --memory 4096 --slots 2 --payload-key file"
                .into(),
            "bond 3 10".into(),
            "unbond 3 10".into(),
            "withdraw 3".into(),
            "roles 3 compute,guard".into(),
            "rotate-operator 3 //Bob".into(),
            "link //Bob".into(),
            "unlink //Bob".into(),
            "leave 3".into(),
            "register --price infer=0.000001 --profile profile.json --operator //Bob".into(),
            "update 3 --profile profile.json --slots 4".into(),
            "update 3 --price wasm=0.1".into(),
            "availability 3 draining".into(),
            "provider".into(),
            "providers --own".into(),
            "providers --kind embed --most 5".into(),
            "providers 3".into(),
            "model create --published model.json --release 1.0.0 --per-use 2 --name demo".into(),
            "model create --published model.json --price-hint 0.01 --router a --router b".into(),
            "model publish demo --component trunk --file f --archive a --release 1.1.0".into(),
            "model show demo --floor 1.7".into(),
            format!("model show {model}"),
            "model lineage demo --component trunk --most 0".into(),
            "model pull demo --archive a --out folder --registered".into(),
            "model access demo --licensed".into(),
            "model access demo --per-use 0.5".into(),
            "model license demo //Bob --revoke".into(),
            "model serve demo --provider 3 --component trunk --component layers.0".into(),
            "model servers demo".into(),
            "model servers demo --component trunk".into(),
            format!("model name demo {model}"),
            "model list".into(),
            "dataset register --model demo --generator demo --record-bytes 1024 --archive a \
             --purpose validation --choose"
                .into(),
            "dataset register --model demo --records f --record-bytes 1024 --archive a".into(),
            format!("dataset choose demo {model}"),
            format!("dataset show {model}"),
            "learn demo --component trunk --archive a --watch --threads 2 --rank 4".into(),
            "learn demo --archive a --steps 40 --rate 0.004 --full --train-on f --dry-run".into(),
            "delta status 7 --wait --timeout 60".into(),
            "delta list //Bob".into(),
            format!("delta withdraw {model}"),
            format!("delta withdraw {model} --author //Bob"),
            "sponsor demo 100".into(),
            "sponsor demo --withdraw".into(),
            "grants".into(),
            "grants 3".into(),
            "grants claim".into(),
            "grants claim 3".into(),
            "curate register".into(),
            "curate status".into(),
            "curate seal --model demo --period 4 --records f --record-bytes 64 --archive a".into(),
            "curate commit --model demo --period 4 --records f --record-bytes 64 --archive a"
                .into(),
            "curate reveal --model demo --period 4 --archive a".into(),
            "curate trial --model demo".into(),
            "curate leave".into(),
            format!("submit infer --model {model} --prompt text --most 8 --wait --acknowledge"),
            format!("submit embed --model {model} --text text --redundancy 3 --reward 0.5"),
            format!("submit embed --model {model} --text text --float --tolerance 500 --wait"),
            format!("quote infer --model {model} --prompt text --float"),
            format!(
                "submit train --model {model} --train-on data --evaluate-on set --length 64 \
                 --target 2.5 --guards 5 --steps 9 --rate 0.002 --rank 4 --archive a --data b"
            ),
            format!("submit evaluate --model {model} --set set --length 64 --archive a"),
            "submit --dry-run wasm --module add.wasm --export add --fuel 1000 --archive a".into(),
            "submit simulate --scene scene.json --steps 100 --every 10".into(),
            format!("quote infer --model {model} --prompt text"),
            format!("submit infer --model {model} --prompt text --sealed --key-blocks 30 --wait"),
            "task 7".into(),
            "task 7 --wait".into(),
            "tasks".into(),
            "result 7 --archive a --out result".into(),
            "unlock 7 --timeout 60".into(),
            "cancel 7".into(),
            "complain 7".into(),
            "artifact put file --archive a".into(),
            format!("artifact get {model} --archive a --out file"),
            "artifact put file --archive s3://bucket/prefix".into(),
            "artifact id file".into(),
            "keys new file".into(),
            "key import file --key //Alice".into(),
            "keys address".into(),
            "governance list".into(),
            "governance show 0".into(),
            "governance propose 0x000400 --track emergency-stop --after 10".into(),
            "governance deposit 0".into(),
            "governance vote 0 aye 12.5 --conviction 3".into(),
            "governance unvote 0".into(),
            "completions bash".into(),
        ];
        for line in &lines {
            let words = std::iter::once("cairn").chain(line.split_whitespace());
            let read = Cli::try_parse_from(words);
            assert!(read.is_ok(), "{line}: {}", read.unwrap_err());
        }
    }

    #[test]
    fn arguments_should_be_refused_when_they_make_no_sense() {
        let lines = [
            "",
            "mine",
            "transfer //Bob",
            "transfer //Bob 1,5",
            "transfer Bob 1",
            "bond three 10",
            "register --bond 200",
            "submit infer --prompt text",
            "submit infer --model xyz --prompt text",
            "submit simulate --scene scene.json --steps 1 --float",
            "task",
            "status --wait",
            "update",
            "availability 3 away",
            "roles 3",
            "roles 3 king",
            "rotate-operator 3",
            "rotate-operator 3 Bob",
            "link Bob",
            "unlink",
            "providers 3 --own",
            "governance vote 0 perhaps 1",
            "governance vote 0 aye 1 --conviction 7",
            "governance propose 0x00 --track king",
            "completions of-a-friend",
            "model show",
            "model access demo",
            "model access demo --open --licensed",
            "model pull demo --out folder",
            "dataset register --model demo --record-bytes 64 --archive a",
            "dataset register --model demo --records f --fuel 7 --record-bytes 64 --archive a",
            "learn demo",
            "learn demo --archive a --full --rank 4",
            "learn demo --archive a --watch --dry-run",
            "delta status",
            "delta withdraw --author //Bob",
            "sponsor demo",
            "sponsor demo 5 --withdraw",
            "sponsor demo 1e3",
            "sponsor demo -1",
            "curate seal --model demo --period 4 --record-bytes 64 --archive a",
            "curate reveal --model demo --archive a",
        ];
        for line in lines {
            let words = std::iter::once("cairn").chain(line.split_whitespace());
            let Err(error) = Cli::try_parse_from(words) else { panic!("{line} should be refused") };
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }
}
