//! Are the secrets that the node is told to use what they should be?
//!
//! A keystore file that holds something else would come to light only when its key is due to
//! sign, as a missed block.

use std::{fs, path::Path};

use sc_keystore::{Keystore, LocalKeystore};
use sc_network::config::{NodeKeyConfig, Secret};
use sc_service::config::KeystoreConfig;
use sp_core::crypto::ByteArray;
use sp_runtime::app_crypto::{AppCrypto, AppPair};

use crate::error::StartFault;

/// Refuses a node key file that holds no key; one that does not exist yet is made later.
pub fn check_node_key(file: &Path) -> Result<(), StartFault> {
    if !file.exists() {
        return Ok(());
    }
    NodeKeyConfig::Ed25519(Secret::File(file.into()))
        .into_keypair()
        .map(drop)
        .map_err(|cause| StartFault::NodeKey { path: file.into(), cause })
}

/// Refuses a password file that cannot be read, which the library reports without its name.
pub fn check_password_file(file: &Path) -> Result<(), StartFault> {
    fs::read_to_string(file)
        .map(drop)
        .map_err(|cause| StartFault::PasswordFile { path: file.into(), cause })
}

/// Refuses a keystore with a session key that would not sign, for instance because the
/// password is another one.
pub fn check_keystore(config: &KeystoreConfig) -> Result<(), StartFault> {
    let KeystoreConfig::Path { path, password } = config else { return Ok(()) };
    if !path.exists() {
        return Ok(());
    }
    let keystore = LocalKeystore::open(path.clone(), password.clone())
        .map_err(|cause| StartFault::Keystore { path: path.clone(), cause: cause.to_string() })?;
    check_keys::<sc_consensus_babe::AuthorityPair>(&keystore, path)?;
    check_keys::<sc_consensus_grandpa::AuthorityPair>(&keystore, path)?;
    check_keys::<sp_authority_discovery::AuthorityPair>(&keystore, path)
}

fn check_keys<Key: AppPair>(keystore: &LocalKeystore, directory: &Path) -> Result<(), StartFault> {
    let publics = keystore.keys(<Key as AppCrypto>::ID).map_err(|cause| StartFault::Keystore {
        path: directory.into(),
        cause: cause.to_string(),
    })?;
    publics.iter().try_for_each(|public| {
        check_key::<Key>(keystore, public).map_err(|flaw| StartFault::KeystoreKey {
            path: directory.join(hex(&<Key as AppCrypto>::ID.0) + &hex(public)),
            flaw,
        })
    })
}

fn check_key<Key: AppPair>(keystore: &LocalKeystore, public: &[u8]) -> Result<(), String> {
    let public = <Key as AppCrypto>::Public::from_slice(public)
        .map_err(|()| "its name is not that of a public key".to_owned())?;
    keystore.key_pair::<Key>(&public).map(drop).map_err(|error| match error {
        sc_keystore::Error::Json(_) => "it is not a JSON string with a secret phrase".into(),
        sc_keystore::Error::InvalidPhrase => "it holds no valid secret phrase".into(),
        sc_keystore::Error::PublicKeyMismatch => {
            "its secret does not belong to the public key in its name, or the keystore's \
             password is another one"
                .into()
        }
        other => other.to_string(),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sp_core::crypto::{key_types, SecretString};
    use std::{path::PathBuf, str::FromStr};
    use tempfile::TempDir;

    fn store(directory: &TempDir, password: Option<&str>) -> KeystoreConfig {
        KeystoreConfig::Path {
            path: directory.path().into(),
            password: password.map(|text| SecretString::from_str(text).unwrap()),
        }
    }

    /// A keystore with one BABE key that a password protects, and the key's file.
    fn with_babe_key(password: &str) -> (TempDir, PathBuf) {
        let directory = TempDir::new().unwrap();
        let secret = SecretString::from_str(password).unwrap();
        let keystore = LocalKeystore::open(directory.path(), Some(secret)).unwrap();
        let public = keystore.sr25519_generate_new(key_types::BABE, None).unwrap();
        let file = directory.path().join(hex(&key_types::BABE.0) + &hex(public.as_slice()));
        assert!(file.exists());
        (directory, file)
    }

    #[test]
    fn check_keystore_should_pass_when_every_key_signs() {
        let (directory, _) = with_babe_key("open sesame");
        check_keystore(&store(&directory, Some("open sesame"))).unwrap();
    }

    #[test]
    fn check_keystore_should_pass_when_there_is_none_yet() {
        let directory = TempDir::new().unwrap();
        let absent = KeystoreConfig::Path { path: directory.path().join("new"), password: None };
        check_keystore(&absent).unwrap();
        check_keystore(&KeystoreConfig::InMemory).unwrap();
    }

    #[test]
    fn check_keystore_should_name_the_file_when_the_password_is_wrong() {
        let (directory, file) = with_babe_key("open sesame");
        let fault = check_keystore(&store(&directory, Some("open rye"))).unwrap_err().to_string();
        assert!(fault.contains(&file.display().to_string()), "{fault}");
        assert!(fault.contains("password"), "{fault}");
    }

    #[test]
    fn check_keystore_should_refuse_when_a_key_file_is_garbage() {
        let (directory, file) = with_babe_key("open sesame");
        for garbage in ["not json", "\"no such phrase\"", ""] {
            fs::write(&file, garbage).unwrap();
            let checked = check_keystore(&store(&directory, Some("open sesame")));
            assert!(matches!(checked, Err(StartFault::KeystoreKey { .. })), "{garbage:?}");
        }
    }

    #[test]
    fn check_keystore_should_refuse_when_a_file_name_is_cut_short() {
        let directory = TempDir::new().unwrap();
        fs::write(directory.path().join(hex(b"gran") + "0011"), "\"//Alice\"").unwrap();
        let checked = check_keystore(&store(&directory, None));
        assert!(matches!(checked, Err(StartFault::KeystoreKey { .. })));
    }

    #[test]
    fn check_keystore_should_refuse_when_its_path_is_a_file() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("file");
        fs::write(&path, "").unwrap();
        let checked = check_keystore(&KeystoreConfig::Path { path, password: None });
        assert!(matches!(checked, Err(StartFault::Keystore { .. })));
    }

    #[test]
    fn check_node_key_should_tell_hex_from_garbage_when_the_file_exists() {
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("node-key");
        check_node_key(&file).unwrap();
        assert!(!file.exists(), "the check must not make a key");
        fs::write(&file, "11".repeat(32)).unwrap();
        check_node_key(&file).unwrap();
        fs::write(&file, "not a key").unwrap();
        let fault = check_node_key(&file).unwrap_err().to_string();
        assert!(fault.contains("64 hexadecimal digits"), "{fault}");
    }

    #[test]
    fn check_password_file_should_name_the_file_when_it_is_absent() {
        let fault = check_password_file(Path::new("/no/such/file")).unwrap_err().to_string();
        assert!(fault.contains("/no/such/file"), "{fault}");
    }
}
