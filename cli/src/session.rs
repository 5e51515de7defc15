//! Whom a command talks to, and in whose name.

use crate::{
    exit::{Exit, Failure, Outcome},
    names,
    output::Output,
    sealing::Party,
    values::Which,
};
use cairn_protocol::id::{BlockId, Digest};
use cairn_sdk::{
    keys, subxt::tx::Payload, AccountId32, Chain, Included, Options, Outbox, Passphrase, Signer,
};
use clap::Args;
use std::{fs, path::PathBuf, time::Duration};
use tokio::time::timeout;

/// Where the passphrase of a key file is looked for.
const PASSPHRASE: &str = "CAIRN_PASSPHRASE";
/// How long a transaction may take until it is final. Blocks are made every second.
const FINAL_WITHIN: Duration = Duration::from_secs(180);

// What every command understands. As documentation, it would be taken for what the program is.
#[derive(Debug, Args)]
pub struct Global {
    /// An endpoint of the chain. Given again, others to go on with when it fails.
    #[arg(long = "url", global = true, value_name = "URL", default_value = "ws://127.0.0.1:9944")]
    urls: Vec<String>,

    /// Speak to machines elsewhere without encryption.
    #[arg(long, global = true)]
    insecure: bool,

    /// Who signs: a secret phrase, a seed, or a path such as //Alice. Others on this machine can
    /// see it there; rather name a file, or set CAIRN_KEY [default: $CAIRN_KEY]
    #[arg(long, global = true, value_name = "SECRET")]
    key: Option<String>,

    /// Who signs, by a file of `cairn keys new`. Its passphrase is asked for, unless
    /// CAIRN_PASSPHRASE is set.
    #[arg(long, global = true, value_name = "FILE")]
    key_file: Option<PathBuf>,

    /// Say what came of it as one object of JSON.
    #[arg(long, global = true)]
    pub json: bool,

    /// Where transactions are kept until they are final, and what opens sealed tasks [default:
    /// $XDG_STATE_HOME/cairn/cli, where that variable is ~/.local/state unless set]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// An account on a chain.
pub struct Account {
    pub chain: Chain,
    signer: Signer,
    /// Where its transactions are kept.
    outbox: PathBuf,
}

impl Global {
    pub async fn chain(&self) -> Outcome<Chain> {
        let options = Options { insecure: self.insecure, ..Options::default() };
        Ok(Chain::connect(&self.urls, &options).await?)
    }

    /// Who signs.
    pub fn signer(&self) -> Outcome<Signer> {
        match (&self.key, &self.key_file) {
            (Some(_), Some(_)) => {
                Err(Failure::usage("--key and --key-file are two accounts; give one of them"))
            }
            (Some(secret), None) => Ok(Signer::from_suri(secret)?),
            (None, Some(path)) => Ok(Signer::open(path, &passphrase("Passphrase: ")?)?),
            (None, None) => Ok(Signer::from_environment(keys::ENVIRONMENT)?),
        }
    }

    /// The account that signs, on the chain.
    pub async fn account(&self) -> Outcome<Account> {
        // The key first: without it nobody need be called.
        let signer = self.signer()?;
        let chain = self.chain().await?;
        let folder = self.folder()?;
        fs::create_dir_all(&folder).map_err(|error| {
            Failure::failed(format!("cannot make {}: {error}", folder.display()))
        })?;
        // An outbox is of one account on one chain.
        let (genesis, owner) = (chain.genesis().0, signer.account().0);
        let name = format!("{}-{}.redb", hex::encode(&genesis[..8]), hex::encode(&owner[..8]));
        Ok(Account { chain, signer, outbox: folder.join(name) })
    }

    /// The file of what opens a sealed task.
    pub fn kept(&self, genesis: &Digest, commitment: &Digest) -> Outcome<PathBuf> {
        let name = format!("{}-{}.key", hex::encode(&genesis[..8]), hex::encode(commitment));
        Ok(self.folder()?.join("sealed").join(name))
    }

    /// The model that is meant.
    pub async fn model(&self, chain: &Chain, which: &Which) -> Outcome<BlockId> {
        let name = match which {
            Which::Id(id) => return Ok(*id),
            Which::Name(name) => name,
        };
        let named = names::find(&self.names(&chain.genesis().0)?, name);
        if named.is_err() && name == names::DEMO {
            if let Some(demo) = names::demo(&chain.learning().await?).await? {
                return Ok(demo);
            }
        }
        named
    }

    /// Where models have names.
    pub fn names(&self, genesis: &Digest) -> Outcome<PathBuf> {
        Ok(self.folder()?.join("models").join(hex::encode(&genesis[..8])))
    }

    /// Where what an account does on a chain over a longer time is kept.
    pub fn bench(&self, what: &str, account: &Account) -> Outcome<PathBuf> {
        let (genesis, owner) = (account.chain.genesis().0, account.id().0);
        let name = format!("{}-{}", hex::encode(&genesis[..8]), hex::encode(&owner[..8]));
        Ok(self.folder()?.join(what).join(name))
    }

    fn folder(&self) -> Outcome<PathBuf> {
        if let Some(folder) = &self.data {
            return Ok(folder.clone());
        }
        let set = |name| std::env::var_os(name).map(PathBuf::from).filter(|it| it.is_absolute());
        set("XDG_STATE_HOME")
            .or_else(|| set("HOME").map(|home| home.join(".local/state")))
            .map(|state| state.join("cairn/cli"))
            .ok_or_else(|| Failure::usage("neither XDG_STATE_HOME nor HOME is set; pass --data"))
    }
}

/// What encrypts a key file: from the environment, else asked for.
pub fn passphrase(prompt: &str) -> Outcome<Passphrase> {
    if let Ok(text) = std::env::var(PASSPHRASE) {
        return Ok(Passphrase::new(text));
    }
    rpassword::prompt_password(prompt).map(Passphrase::new).map_err(|error| {
        Failure::usage(format!("no passphrase can be asked for ({error}); set {PASSPHRASE}"))
    })
}

/// Bytes that nobody can foretell.
pub fn random<const BYTES: usize>() -> Outcome<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::failed(format!("the system gives no randomness: {error}")))?;
    Ok(bytes)
}

impl Account {
    pub fn id(&self) -> AccountId32 {
        self.signer.account()
    }

    /// In whose name tasks are sealed.
    pub fn party(&self) -> Party {
        Party { genesis: self.chain.genesis().0, requester: self.id().0 }
    }

    /// Makes a call, and waits until it is in a final block and has succeeded there.
    pub async fn send(
        &self,
        what: &str,
        call: &impl Payload,
        output: &Output,
    ) -> Outcome<Included> {
        let sent = self.send_all(what, std::slice::from_ref(call), output).await?;
        let none = || Failure::failed("nothing was sent");
        sent.into_iter().next().ok_or_else(none)
    }

    /// The same with several calls of a kind at once.
    pub async fn send_all<C: Payload>(
        &self,
        what: &str,
        calls: &[C],
        output: &Output,
    ) -> Outcome<Vec<Included>> {
        // Refused here, it costs nothing.
        let market = self.chain.market().await?;
        for call in calls {
            market.check(&self.id(), call).await?;
        }
        let outbox = self.outbox()?;
        output.progress(&format!("Waiting until the {what} is final ..."));
        let sent = self.finalize(&outbox, what, calls).await;
        outbox.close().await;
        sent
    }

    /// The same under a name of its own: what was sent under it before, also by another process, is
    /// waited for and not sent again. Its name is free again once `noted` has kept what came of it.
    pub async fn send_once(
        &self,
        name: &str,
        call: &impl Payload,
        output: &Output,
        noted: impl FnOnce(&Included) -> Outcome,
    ) -> Outcome<Included> {
        let outbox = self.outbox()?;
        let sent = self.finalize_once(&outbox, name, call, output, noted).await;
        outbox.close().await;
        sent
    }

    async fn finalize_once(
        &self,
        outbox: &Outbox,
        name: &str,
        call: &impl Payload,
        output: &Output,
        noted: impl FnOnce(&Included) -> Outcome,
    ) -> Outcome<Included> {
        if outbox.find(name)?.is_none() {
            self.chain.market().await?.check(&self.id(), call).await?;
        }
        output.progress("Waiting until it is final ...");
        let ticket = outbox.submit(name, call).await?;
        let ended = timeout(FINAL_WITHIN, ticket.succeeded()).await.map_err(|_| late())?;
        if let Ok(included) = &ended {
            noted(included)?;
        }
        outbox.forget(name).await?;
        Ok(ended?)
    }

    fn outbox(&self) -> Outcome<Outbox> {
        Outbox::open(&self.outbox, self.signer.clone(), self.chain.clone())
            .map_err(|error| self.explain(error))
    }

    async fn finalize<C: Payload>(
        &self,
        outbox: &Outbox,
        what: &str,
        calls: &[C],
    ) -> Outcome<Vec<Included>> {
        let mut tickets = Vec::with_capacity(calls.len());
        for call in calls {
            let purpose = format!("{what} {}", hex::encode(random::<8>()?));
            tickets.push(outbox.submit(&purpose, call).await?);
        }
        let mut sent = Vec::with_capacity(calls.len());
        for ticket in tickets {
            let ended = timeout(FINAL_WITHIN, ticket.succeeded()).await.map_err(|_| late())?;
            // What became of it is known, and nobody asks for it by this purpose again.
            outbox.forget(ticket.purpose()).await?;
            sent.push(ended?);
        }
        Ok(sent)
    }

    fn explain(&self, error: cairn_sdk::Error) -> Failure {
        Failure::failed(format!(
            "{}: {error}; one program at a time signs for an account, unless each has its own \
             --data",
            self.outbox.display()
        ))
    }
}

/// What is said of what was sent and is not final in time.
fn late() -> Failure {
    let words = format!(
        "it is sent and not final after {} s; whatever runs next in this account's name takes it \
         up again, so look at what it should have changed before doing it anew",
        FINAL_WITHIN.as_secs()
    );
    Failure::new(Exit::TimedOut, words)
}
