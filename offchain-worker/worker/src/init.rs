//! What a worker is set up with: its folder, its keys, a file of settings, and what to register.

use crate::{
    config::{Config, ConfigError, Settings, PASSPHRASE},
    declare::{devices, Declared},
    detect::{gpus, Gpu, Machine},
    folders::{failed, Folders},
    lending, node, statement, Result,
};
use cairn_sandbox::Means;
use cairn_sdk::{keys::ENVIRONMENT, Passphrase, Signer};
use cairn_store::{Archive, NodeId};
use cairn_vault::Identity;
use serde::Serialize;
use std::{
    env,
    fmt::Write as _,
    fs,
    io::{self, ErrorKind, Write},
    path::{absolute, Path, PathBuf},
};

/// What is asked for a unit of work in the command that is suggested, in CRN.
const PRICE: &str = "0.000001";
const SALT_DIGITS: usize = 64;

/// What was made, and what to do next.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Made {
    /// The address of the account that the worker signs with.
    pub operator: String,
    /// Brings its key back, where that was made just now.
    pub phrase: Option<String>,
    /// The file of settings. One that was there is left as it was.
    pub config: PathBuf,
    /// What the machine is registered with.
    pub profile: PathBuf,
    /// The command that registers it.
    pub register: String,
}

/// What `cairn register --profile` reads.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Profile {
    #[serde(flatten)]
    declared: Declared,
    /// Whom payloads are sealed to.
    payload_key: String,
    /// By what others know its node.
    node: String,
    /// What the registration stands on, and what it is hashed with.
    devices: Vec<String>,
    salt: String,
}

/// Makes what is not there yet. Done again, it says the same, and brings the profile up to date.
pub fn init(settings: Settings, machine: &Machine) -> Result<Made> {
    let folders = Folders::make(&settings.folder()?)?;
    let (settings, phrase) = with_key(settings, &folders)?;
    let settings = Settings { data: Some(folders.data.clone()), ..settings };
    let config = settings.clone().resolve(machine.cores, machine.memory_mib)?;

    let (profile, made) = (folders.data.join("profile.json"), self::profile(&config, &folders)?);
    let text = serde_json::to_string_pretty(&made).map_err(io::Error::other);
    let written = text.and_then(|text| fs::write(&profile, text + "\n"));
    written.map_err(failed("write", &profile))?;
    let path = folders.data.join("worker.toml");
    keep_settings(&path, settings)?;

    let operator = config.signer.address();
    let register = register(&profile, &operator, &config, &made.declared.kinds);
    Ok(Made { operator, phrase, config: path, profile, register })
}

/// Settings that name a key, if need be one that is made for it, with its phrase.
fn with_key(settings: Settings, folders: &Folders) -> Result<(Settings, Option<String>)> {
    if settings.key.is_some() || env::var_os(ENVIRONMENT).is_some() {
        return Ok((settings, None));
    }
    let path = folders.operator_key();
    let mut phrase = None;
    if !path.exists() {
        let passphrase = env::var(PASSPHRASE).map_err(|_| ConfigError::NoKey)?;
        let (signer, words) = Signer::generate();
        signer.save(&path, &Passphrase::new(passphrase)).map_err(ConfigError::from)?;
        phrase = Some(words.as_str().to_owned());
    }
    Ok((Settings { key: Some(path.display().to_string()), ..settings }, phrase))
}

fn profile(config: &Config, folders: &Folders) -> Result<Profile> {
    // What they are is looked at again before any work is taken.
    let (gpus, usable) = if config.gpu { lent(config) } else { (Vec::new(), Vec::new()) };
    Ok(Profile {
        declared: Declared::of(config, &gpus, &usable),
        payload_key: hex(&Identity::in_file(&folders.identity())?.public()),
        node: NodeId::of(&node::secret(&folders.node_key())?).to_string(),
        devices: devices(&gpus).iter().map(|device| hex(device)).collect(),
        salt: salt(&folders.salt())?,
    })
}

/// The cards that the driver knows of those that the jobs' program computes on, and these. What
/// either does not say is not promised to anybody; `preflight` says why.
fn lent(config: &Config) -> (Vec<Gpu>, Vec<String>) {
    let devices = lending::ask(config, Means::detect()).unwrap_or_default();
    let usable = if devices.gpu().is_some() { devices.gpus } else { Vec::new() };
    let mut cards = gpus().unwrap_or_default();
    cards.retain(|card| usable.contains(&card.name));
    (cards, usable)
}

/// What devices are hashed with: the same each time, so that a registration that is made anew
/// stands on the same.
fn salt(path: &Path) -> Result<String> {
    match fs::read_to_string(path) {
        Ok(salt) if salt.len() == SALT_DIGITS => return Ok(salt),
        Ok(_) => {
            let reason = io::Error::new(ErrorKind::InvalidData, "it is none; remove the file");
            return Err(failed("read the salt in", path)(reason));
        }
        Err(reason) if reason.kind() != ErrorKind::NotFound => {
            return Err(failed("read", path)(reason));
        }
        Err(_) => {}
    }
    let salt = hex(&statement::salt()?);
    fs::write(path, &salt).map_err(failed("write", path))?;
    Ok(salt)
}

/// Writes a file of settings, unless there is one. A phrase does not go into it.
fn keep_settings(path: &Path, settings: Settings) -> Result<()> {
    let key = settings.key.filter(|key| Path::new(key).exists());
    let settings = Settings {
        key: key.map(|key| whole(key.into()).display().to_string()),
        archive: settings.archive.map(place),
        volatile: settings.volatile.map(whole),
        job: settings.job.map(whole),
        ..settings
    };
    let written = toml::to_string(&settings).map_err(io::Error::other).and_then(|text| {
        let mut file = fs::File::create_new(path)?;
        file.write_all(text.as_bytes())
    });
    match written {
        Err(reason) if reason.kind() == ErrorKind::AlreadyExists => Ok(()),
        written => written.map_err(failed("write", path)),
    }
}

/// A path that means the same wherever the worker is started.
fn whole(path: PathBuf) -> PathBuf {
    absolute(&path).unwrap_or(path)
}

/// The same of an archive, which may be no folder.
fn place(archive: String) -> String {
    match Archive::folder(&archive) {
        Some(folder) => whole(folder.into()).display().to_string(),
        None => archive,
    }
}

/// The command that registers the machine, at prices that are to be thought about.
fn register(profile: &Path, operator: &str, config: &Config, kinds: &[String]) -> String {
    let profile = quoted(&profile.display().to_string());
    let mut command = format!("cairn register --profile {profile} --operator {operator}");
    for url in &config.urls {
        // Writing to a string does not fail.
        let _ = write!(command, " --url {}", quoted(url));
    }
    for kind in kinds {
        let _ = write!(command, " --price {kind}={PRICE}");
    }
    command
}

/// A word as a shell takes it for one.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-:".contains(letter);
    if word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Made {
    pub fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// For people.
    pub fn text(&self) -> String {
        let Self { operator, phrase, config, profile, register } = self;
        let (config, profile) = (config.display().to_string(), profile.display().to_string());
        let mut text = format!("operator  {operator}\n");
        if let Some(phrase) = phrase {
            let _ = writeln!(text, "phrase    {phrase}");
        }
        let _ = writeln!(text, "settings  {config}\nprofile   {profile}\n");
        if phrase.is_some() {
            text.push_str(
                "Write the phrase down, and show it to nobody: it is the operator's account. Its \
                 file is\nencrypted by the passphrase, which the worker needs too.\n\n",
            );
        }
        let config = quoted(&config);
        let _ = write!(
            text,
            "Register the machine, signing with the account that is to be paid, at prices of your \
             own:\n\n    {register}\n\nThe operator needs a little CRN for fees:\n\n    \
             cairn transfer {operator} 1\n\nThen look whether all is well, and work:\n\n    \
             cairn-worker preflight --config {config}\n    cairn-worker run --config {config}\n"
        );
        text
    }
}

#[cfg(test)]
mod tests;
