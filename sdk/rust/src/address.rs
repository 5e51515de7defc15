//! Accounts as people write them.

use sp_core::crypto::{AccountId32 as Account, PublicError, Ss58AddressFormat, Ss58Codec};

use crate::config::{AccountId32, SS58_PREFIX};

/// What addresses begin with that are of no chain in particular.
const GENERIC_PREFIX: u16 = 42;

/// Why a text names no account.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    #[error("this is no address ({0}); give one of this chain, or 0x and 64 hexadecimal digits")]
    Unreadable(PublicError),
    #[error(
        "this is an address of another network, with the prefix {0}; here it is {SS58_PREFIX}"
    )]
    OtherNetwork(u16),
    #[error("an account is 0x and 64 hexadecimal digits, and this is not")]
    Digits,
}

/// The account as people write it.
pub fn address(account: &AccountId32) -> String {
    let format = Ss58AddressFormat::custom(SS58_PREFIX);
    Account::from(account.0).to_ss58check_with_version(format)
}

/// The account of an address of this chain or of none in particular, or of hexadecimal digits.
pub fn account(text: &str) -> Result<AccountId32, AddressError> {
    if let Some(digits) = text.strip_prefix("0x") {
        return from_digits(digits).map(AccountId32).ok_or(AddressError::Digits);
    }
    let (account, format) =
        Account::from_ss58check_with_version(text).map_err(AddressError::Unreadable)?;
    match u16::from(format) {
        SS58_PREFIX | GENERIC_PREFIX => Ok(AccountId32(account.into())),
        other => Err(AddressError::OtherNetwork(other)),
    }
}

fn from_digits(digits: &str) -> Option<[u8; 32]> {
    if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(0usize..) {
        *byte = u8::from_str_radix(digits.get(2 * pair..2 * pair + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Signer;

    #[test]
    fn account_should_be_read_when_it_is_written_in_any_of_the_forms() {
        let alice = Signer::dev("Alice").unwrap().account();
        let generic = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
        let digits = "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";
        for text in [address(&alice).as_str(), generic, digits] {
            assert_eq!(account(text).unwrap(), alice, "{text}");
        }
    }

    #[test]
    fn account_should_be_refused_when_it_is_of_another_network_or_none() {
        let alice = Account::from(Signer::dev("Alice").unwrap().account().0);
        let elsewhere = alice.to_ss58check_with_version(Ss58AddressFormat::custom(0));
        assert!(matches!(account(&elsewhere), Err(AddressError::OtherNetwork(0))));
        for text in ["", "Alice", "0x12", "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQZ"] {
            assert!(account(text).is_err(), "{text}");
        }
    }
}
