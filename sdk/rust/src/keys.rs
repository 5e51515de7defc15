//! Keys: who signs, and where the secret is kept.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use aes_gcm::{
    aead::{rand_core::RngCore, Aead, OsRng, Payload},
    Aes256Gcm, KeyInit, Nonce,
};
use scrypt::Params;
use sp_core::{sr25519, Pair};
use subxt::utils::MultiSignature;
use zeroize::Zeroizing;

use crate::config::{AccountId32, CairnConfig};

/// Where programs look for a secret phrase or seed unless told otherwise.
pub const ENVIRONMENT: &str = "CAIRN_KEY";

/// The first bytes of a key file; the last of them is the version of its form.
const MAGIC: &[u8; 10] = b"cairn-key\x01";
const SALT_BYTES: usize = 16;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
/// A key pair's secret half.
const SECRET_BYTES: usize = 64;
/// What stands before the encrypted secret, and is authenticated with it.
const HEADER_BYTES: usize = MAGIC.len() + 1 + SALT_BYTES + NONCE_BYTES;
const FILE_BYTES: usize = HEADER_BYTES + SECRET_BYTES + TAG_BYTES;
/// Guessing one passphrase takes 2^17 rounds in 128 MiB.
const COST: u8 = 17;
/// A file may ask for as much, and no more: it is read before it is known to be good.
const GREATEST_COST: u8 = 20;

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("this is no secret phrase, seed or derivation path: {reason}")]
    Secret { reason: String },
    #[error("{variable} is not set; put a secret phrase there, or name a key file")]
    NoEnvironment { variable: String },
    #[error("{} may be read by others ({mode:03o}); run chmod 600 on it", path.display())]
    Exposed { path: PathBuf, mode: u32 },
    #[error("{} is no key file of this program", path.display())]
    NotAKeyFile { path: PathBuf },
    #[error("the passphrase does not open {}, or the file was changed", path.display())]
    WrongPassphrase { path: PathBuf },
    #[error("{} could not be encrypted: {reason}", path.display())]
    Encryption { path: PathBuf, reason: String },
    #[error("could not {what} {}: {source}", path.display())]
    Io { what: &'static str, path: PathBuf, source: std::io::Error },
}

type Result<T> = std::result::Result<T, KeyError>;

/// What a key file is encrypted with. Forgotten when it goes.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }
}

/// Signs for one account. The secret is wiped when it goes.
#[derive(Clone)]
pub struct Signer {
    pair: sr25519::Pair,
}

impl Signer {
    /// From a phrase, a seed in hexadecimal, or a path of derivation such as `//Alice`, as the node
    /// and all wallets read them.
    pub fn from_suri(suri: &str) -> Result<Self> {
        let pair = sr25519::Pair::from_string(suri, None);
        pair.map(|pair| Self { pair })
            .map_err(|reason| KeyError::Secret { reason: reason.to_string() })
    }

    /// From a phrase of the BIP-39 word list alone, with the password it was made with, if any.
    pub fn from_mnemonic(phrase: &str, password: Option<&str>) -> Result<Self> {
        let pair = sr25519::Pair::from_phrase(phrase, password);
        pair.map(|(pair, _)| Self { pair })
            .map_err(|reason| KeyError::Secret { reason: reason.to_string() })
    }

    /// From a variable of the environment, see [`ENVIRONMENT`].
    pub fn from_environment(variable: &str) -> Result<Self> {
        let secret = std::env::var(variable).map(Zeroizing::new);
        let secret = secret.map_err(|_| KeyError::NoEnvironment { variable: variable.into() })?;
        Self::from_suri(&secret)
    }

    /// One of the published keys for development: `Alice`, `Bob`, ...
    pub fn dev(name: &str) -> Result<Self> {
        Self::from_suri(&format!("//{name}"))
    }

    /// A new key, and the phrase that brings it back.
    pub fn generate() -> (Self, Zeroizing<String>) {
        let (pair, phrase, _) = sr25519::Pair::generate_with_phrase(None);
        (Self { pair }, Zeroizing::new(phrase))
    }

    pub fn account(&self) -> AccountId32 {
        AccountId32(self.pair.public().0)
    }

    /// The account as people write it.
    pub fn address(&self) -> String {
        crate::address(&self.account())
    }

    /// Writes the key to a new file that only its owner can read.
    pub fn save(&self, path: &Path, passphrase: &Passphrase) -> Result<()> {
        self.save_at_cost(path, passphrase, COST)
    }

    fn save_at_cost(&self, path: &Path, passphrase: &Passphrase, cost: u8) -> Result<()> {
        let io = |what| failed(what, path);
        let mut bytes = Vec::with_capacity(FILE_BYTES);
        bytes.extend_from_slice(MAGIC);
        bytes.push(cost);
        let mut random = [0; SALT_BYTES + NONCE_BYTES];
        OsRng.fill_bytes(&mut random);
        bytes.extend_from_slice(&random);

        let (salt, nonce) = random.split_at(SALT_BYTES);
        let cipher = cipher(path, passphrase, salt, cost)?;
        let secret = Zeroizing::new(self.pair.to_raw_vec());
        let payload = Payload { msg: &secret, aad: &bytes };
        let sealed = cipher.encrypt(Nonce::from_slice(nonce), payload).map_err(|reason| {
            KeyError::Encryption { path: path.into(), reason: reason.to_string() }
        })?;
        bytes.extend_from_slice(&sealed);

        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let mut file = options.open(path).map_err(io("create"))?;
        file.write_all(&bytes).map_err(io("write"))?;
        file.sync_all().map_err(io("write"))
    }

    /// Reads a key that [`Signer::save`] wrote.
    pub fn open(path: &Path, passphrase: &Passphrase) -> Result<Self> {
        let io = |what| failed(what, path);
        let file = File::open(path).map_err(io("open"))?;
        let mode = file.metadata().map_err(io("look at"))?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyError::Exposed { path: path.into(), mode });
        }
        let mut bytes = Vec::with_capacity(FILE_BYTES);
        let most = FILE_BYTES as u64 + 1;
        file.take(most).read_to_end(&mut bytes).map_err(io("read"))?;

        let alien = || KeyError::NotAKeyFile { path: path.into() };
        let (header, sealed) = bytes.split_at_checked(HEADER_BYTES).ok_or_else(alien)?;
        let rest = header.strip_prefix(MAGIC).ok_or_else(alien)?;
        let (cost, rest) = rest.split_first().ok_or_else(alien)?;
        if bytes.len() != FILE_BYTES || *cost > GREATEST_COST {
            return Err(alien());
        }
        let (salt, nonce) = rest.split_at(SALT_BYTES);
        let cipher = cipher(path, passphrase, salt, *cost)?;
        let payload = Payload { msg: sealed, aad: header };
        let secret = cipher
            .decrypt(Nonce::from_slice(nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| KeyError::WrongPassphrase { path: path.into() })?;
        let pair = sr25519::Pair::from_seed_slice(&secret);
        pair.map(|pair| Self { pair }).map_err(|_| alien())
    }
}

/// What becomes of an error of the file system.
fn failed<'a>(what: &'static str, path: &'a Path) -> impl FnOnce(std::io::Error) -> KeyError + 'a {
    move |source| KeyError::Io { what, path: path.into(), source }
}

/// The cipher of a passphrase.
fn cipher(path: &Path, passphrase: &Passphrase, salt: &[u8], cost: u8) -> Result<Aes256Gcm> {
    let alien = || KeyError::NotAKeyFile { path: path.into() };
    let mut key = Zeroizing::new([0; 32]);
    let parameters = Params::new(cost, 8, 1, key.len()).map_err(|_| alien())?;
    scrypt::scrypt(passphrase.0.as_bytes(), salt, &parameters, key.as_mut_slice())
        .map_err(|_| alien())?;
    Aes256Gcm::new_from_slice(key.as_slice()).map_err(|_| alien())
}

impl subxt::tx::Signer<CairnConfig> for Signer {
    fn account_id(&self) -> AccountId32 {
        self.account()
    }

    fn sign(&self, payload: &[u8]) -> MultiSignature {
        MultiSignature::Sr25519(self.pair.sign(payload).0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SS58_PREFIX;
    use sp_core::crypto::{AccountId32 as Account, Ss58AddressFormat, Ss58Codec};
    use std::fs;

    /// So that a test does not take a second for each passphrase.
    const CHEAP: u8 = 10;
    const PHRASE: &str = sp_core::crypto::DEV_PHRASE;

    fn saved(passphrase: &str) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        let alice = Signer::dev("Alice").unwrap();
        alice.save_at_cost(&path, &Passphrase::new(passphrase), CHEAP).unwrap();
        (directory, path)
    }

    #[test]
    fn from_mnemonic_should_give_the_account_that_wallets_give() {
        // `//Alice` stands for this phrase with that path.
        let derived = Signer::from_suri(&format!("{PHRASE}//Alice")).unwrap();
        assert_eq!(derived.account(), Signer::dev("Alice").unwrap().account());
        let plain = Signer::from_mnemonic(PHRASE, None).unwrap();
        let known = "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV";
        assert_eq!(plain.account().to_string(), known);
        assert!(Signer::from_mnemonic("no such words", None).is_err());
    }

    #[test]
    fn generate_should_give_the_phrase_of_the_key() {
        let (signer, phrase) = Signer::generate();
        assert_eq!(Signer::from_suri(&phrase).unwrap().account(), signer.account());
    }

    #[test]
    fn address_should_lead_back_to_the_account() {
        let alice = Signer::dev("Alice").unwrap();
        let (account, format) = Account::from_ss58check_with_version(&alice.address()).unwrap();
        let bytes: &[u8] = account.as_ref();
        assert_eq!(bytes, alice.account().0.as_slice());
        assert_eq!(format, Ss58AddressFormat::custom(SS58_PREFIX));
    }

    #[test]
    fn open_should_give_the_key_back_when_the_passphrase_is_right() {
        let (_directory, path) = saved("correct horse");
        let opened = Signer::open(&path, &Passphrase::new("correct horse")).unwrap();
        let alice = Signer::dev("Alice").unwrap();
        assert_eq!(opened.account(), alice.account());
        let signature = opened.pair.sign(b"cairn");
        assert!(sr25519::Pair::verify(&signature, b"cairn", &alice.pair.public()));
    }

    #[test]
    fn open_should_fail_when_the_passphrase_is_wrong_or_a_byte_was_changed() {
        let (_directory, path) = saved("right");
        let wrong = Signer::open(&path, &Passphrase::new("wrong"));
        assert!(matches!(wrong, Err(KeyError::WrongPassphrase { .. })));
        let whole = fs::read(&path).unwrap();
        for at in [MAGIC.len() + 1, HEADER_BYTES, FILE_BYTES - 1] {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            fs::write(&path, bytes).unwrap();
            let changed = Signer::open(&path, &Passphrase::new("right"));
            assert!(matches!(changed, Err(KeyError::WrongPassphrase { .. })), "byte {at}");
        }
    }

    #[test]
    fn open_should_refuse_when_the_file_is_another() {
        let (_directory, path) = saved("right");
        let whole = fs::read(&path).unwrap();
        let mut dear = whole.clone();
        dear[MAGIC.len()] = GREATEST_COST + 1;
        let mut long = whole.clone();
        long.push(0);
        for bytes in [Vec::new(), b"a diary".to_vec(), whole[1..].to_vec(), dear, long] {
            fs::write(&path, bytes).unwrap();
            let opened = Signer::open(&path, &Passphrase::new("right"));
            assert!(matches!(opened, Err(KeyError::NotAKeyFile { .. })));
        }
    }

    #[test]
    fn open_should_refuse_when_others_can_read_the_file() {
        let (_directory, path) = saved("right");
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        for mode in [0o640, 0o604, 0o660] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let opened = Signer::open(&path, &Passphrase::new("right"));
            assert!(matches!(opened, Err(KeyError::Exposed { .. })), "{mode:o}");
        }
    }

    #[test]
    fn save_should_not_write_over_a_key_that_is_there() {
        let (_directory, path) = saved("right");
        let bob = Signer::dev("Bob").unwrap();
        let again = bob.save_at_cost(&path, &Passphrase::new("right"), CHEAP);
        assert!(matches!(again, Err(KeyError::Io { what: "create", .. })));
    }

    #[test]
    fn save_should_cost_as_much_as_promised() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        Signer::dev("Alice").unwrap().save(&path, &Passphrase::new("right")).unwrap();
        assert_eq!(fs::read(&path).unwrap()[MAGIC.len()], COST);
        Signer::open(&path, &Passphrase::new("right")).unwrap();
    }

    #[test]
    fn from_environment_should_say_what_is_missing_when_it_is_not_set() {
        let missing = Signer::from_environment("CAIRN_KEY_OF_NOBODY");
        let Err(error) = missing else { panic!("it is not set") };
        assert!(error.to_string().contains("CAIRN_KEY_OF_NOBODY"));
    }
}
