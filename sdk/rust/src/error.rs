//! What can go wrong, and what to do then.

use subxt::{
    error::{DispatchError, ExtrinsicError, RuntimeApiError, StorageError},
    rpcs,
};

use crate::{amount::crn, config::H256, keys::KeyError, outbox::StoreError};

/// What the client library says where an endpoint gives no answer.
const LOST: [&str; 2] = ["RPC error: client error", "RPC error: the connection was lost"];

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error("no endpoint was named; give at least one, such as ws://127.0.0.1:9944")]
    NoEndpoint,
    #[error("no endpoint can be used: {reason}; start a node there, or name another endpoint")]
    Unreachable { reason: String },
    #[error(
        "the chain's runtime differs from the one this program was made for in {}; \
         get the version of this program that is for it",
        differs.join(", ")
    )]
    OtherRuntime { differs: Vec<String> },
    /// The call was made, and the runtime took it back.
    #[error("{pallet}::{name}: {help}")]
    Runtime {
        pallet: String,
        name: String,
        /// What the runtime's own documentation says of it.
        help: String,
    },
    /// The call was made, and failed for a reason that is no pallet's.
    #[error("the call failed: {reason}")]
    Dispatch { reason: String },
    #[error("the account cannot pay the fee of {}; put at least as much on it", crn(*fee))]
    FeeUnaffordable { fee: u128 },
    #[error("the bytes are no call of this runtime")]
    NotACall,
    /// The node did not take a transaction into its pool.
    #[error("the node refuses the transaction: {message} ({code}); {help}")]
    Refused { code: i32, message: String, help: &'static str },
    #[error(
        "block {number} is {found:?}, which does not follow {after:?}; use nodes of one network"
    )]
    Forked { number: u64, found: H256, after: H256 },
    #[error("the chain has no block {number}")]
    NoSuchBlock { number: u64 },
    #[error("nothing was submitted as {purpose:?}, or it was forgotten")]
    Forgotten { purpose: String },
    /// A call of an outbox that the runtime does not know any more as it was made.
    #[error(
        "no block has {purpose:?}, and its call does not fit the runtime any more ({reason}); look \
         at what is still to be done, and submit that for another purpose"
    )]
    Unfit { purpose: String, reason: String },
    #[error("the outbox has ended: {reason}")]
    OutboxEnded { reason: String },
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Everything else that a node or the connection to it can do.
    #[error("{0}")]
    Client(Box<subxt::Error>),
}

impl Error {
    /// Whether it is the connection that failed, and not what was asked for.
    pub fn is_connection(&self) -> bool {
        match self {
            Self::NoEndpoint | Self::Unreachable { .. } => true,
            // Most errors of the client library have their cause in words alone.
            Self::Client(error) => {
                let text = error.to_string();
                LOST.iter().any(|said| text.contains(said))
            }
            _ => false,
        }
    }

    /// A pallet's error, with what the runtime's documentation says of it.
    pub(crate) fn named(metadata: &subxt::Metadata, pallet: &str, name: &str) -> Self {
        let help = metadata
            .pallet_by_name(pallet)
            .and_then(|known| known.error_variants())
            .and_then(|variants| variants.iter().find(|variant| variant.name == name))
            .map(|variant| prose(&variant.docs))
            .unwrap_or_default();
        Self::Runtime { pallet: pallet.into(), name: name.into(), help }
    }

    /// What the events of a failed call say.
    pub(crate) fn dispatched(metadata: &subxt::Metadata, error: &DispatchError) -> Self {
        let DispatchError::Module(module) = error else {
            return Self::unnamed(&error.to_string());
        };
        match module.details() {
            Ok(details) => Self::named(metadata, details.pallet.name(), &details.variant.name),
            Err(unknown) => Self::Dispatch { reason: unknown.to_string() },
        }
    }

    /// A failure that is no pallet's, with what to do about the one that most people meet.
    pub(crate) fn unnamed(said: &str) -> Self {
        // What is left of a balance has no sign, so that more than all of it cannot be taken.
        let is_poor = ["nderflow", "unds are unavailable"].iter().any(|poor| said.contains(poor));
        let help =
            if is_poor { "; there are not the funds for it: take less, or add some" } else { "" };
        Self::Dispatch { reason: format!("{said}{help}") }
    }

    /// What a node says of a transaction that it does not want, or of anything else.
    pub(crate) fn pool(error: rpcs::Error) -> Self {
        let rpcs::Error::User(refusal) = error else { return error.into() };
        let said = refusal.data.as_ref().map(|data| data.get().trim_matches('"').to_owned());
        let message = match said {
            Some(said) => format!("{}: {said}", refusal.message),
            None => refusal.message,
        };
        let help = help_of(&message);
        Self::Refused { code: refusal.code, message, help }
    }
}

/// What to do about a refusal, by what the pool says of it.
fn help_of(message: &str) -> &'static str {
    const KNOWN: [(&str, &str); 6] = [
        ("Inability to pay", "put money for the fee on the account"),
        ("outdated", "the account is used elsewhere at the same time; try again"),
        ("riority is too low", "the account is used elsewhere at the same time; try again"),
        ("bad signature", "the program and the chain do not fit each other; get a newer program"),
        ("xhaust", "the transaction is larger than a block; make it smaller"),
        ("banned", "it was refused a moment ago; try again in half an hour"),
    ];
    let known = KNOWN.iter().find(|(said, _)| message.contains(said));
    known.map_or("nothing was taken; look at the node's log", |(_, help)| help)
}

/// The lines of a documentation comment as one text.
pub(crate) fn prose(lines: &[String]) -> String {
    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    lines.join(" ").trim().to_owned()
}

impl From<subxt::Error> for Error {
    fn from(error: subxt::Error) -> Self {
        match &error {
            subxt::Error::RuntimeApiError(RuntimeApiError::IncompatibleCodegen)
            | subxt::Error::ExtrinsicError(ExtrinsicError::IncompatibleCodegen)
            | subxt::Error::StorageError(StorageError::IncompatibleCodegen) => {
                Self::OtherRuntime { differs: vec!["what was asked for".into()] }
            }
            _ => Self::Client(Box::new(error)),
        }
    }
}

/// Each part of the client library has errors of its own.
macro_rules! through_client {
    ($($error:path),* $(,)?) => {$(
        impl From<$error> for Error {
            fn from(error: $error) -> Self {
                subxt::Error::from(error).into()
            }
        }
    )*};
}

through_client!(
    rpcs::Error,
    subxt::error::BackendError,
    subxt::error::BlockError,
    subxt::error::DispatchErrorDecodeError,
    subxt::error::EventsError,
    subxt::error::OnlineClientAtBlockError,
    subxt::error::OnlineClientError,
    subxt::error::StorageKeyError,
    subxt::error::StorageValueError,
    ExtrinsicError,
    RuntimeApiError,
    StorageError,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_of_should_say_what_to_do_when_the_pool_names_the_reason() {
        let poor = "Invalid Transaction: Inability to pay some fees";
        assert_eq!(help_of(poor), "put money for the fee on the account");
        assert_eq!(help_of("something new"), "nothing was taken; look at the node's log");
    }

    #[test]
    fn unnamed_should_speak_of_funds_when_there_are_too_few() {
        for said in ["An underflow would occur", "Arithmetic error: Underflow."] {
            let words = Error::unnamed(said).to_string();
            assert!(words.contains(said) && words.contains("the funds for it"), "{words}");
        }
        assert_eq!(Error::unnamed("Bad origin.").to_string(), "the call failed: Bad origin.");
    }

    #[test]
    fn is_connection_should_hold_when_an_endpoint_is_gone_and_not_when_it_refuses() {
        let gone = || rpcs::Error::Client("gone".into());
        let deep = subxt::error::OnlineClientAtBlockError::CannotGetCurrentBlock {
            reason: subxt::error::BackendError::from(gone()),
        };
        assert!(Error::from(gone()).is_connection());
        assert!(Error::from(deep).is_connection());
        assert!(Error::NoEndpoint.is_connection());
        let refusal = rpcs::UserError { code: 1010, message: "no".into(), data: None };
        assert!(!Error::from(rpcs::Error::User(refusal)).is_connection());
        assert!(!Error::NotACall.is_connection());
    }

    #[test]
    fn prose_should_be_one_text_when_the_comment_has_several_lines() {
        let lines = [" A majority of an".to_owned(), " even number.".to_owned()];
        assert_eq!(prose(&lines), "A majority of an even number.");
    }

    #[test]
    fn named_should_hold_the_runtimes_words_when_the_error_is_known() {
        let metadata = subxt::Metadata::decode_from(crate::connect::METADATA).unwrap();
        let error = Error::named(&metadata, "Tasks", "EvenRedundancy");
        let Error::Runtime { pallet, name, help } = error else { panic!("{error:?}") };
        assert_eq!((pallet.as_str(), name.as_str()), ("Tasks", "EvenRedundancy"));
        assert!(!help.is_empty(), "the error's comment says what to do");
    }

    #[test]
    fn named_should_say_what_is_wrong_and_what_to_do_when_the_error_is_of_our_pallets() {
        // What is wrong ends with one of these, and what to do comes after it.
        const THEN: [&str; 3] = [". ", "; ", ": "];
        const OURS: [&str; 12] = [
            "Audits",
            "Capability",
            "Curation",
            "Custody",
            "Entropy",
            "Experts",
            "Learning",
            "Merit",
            "Panels",
            "Providers",
            "Rewards",
            "Tasks",
        ];
        let metadata = subxt::Metadata::decode_from(crate::connect::METADATA).unwrap();
        for pallet in OURS {
            let known = metadata.pallet_by_name(pallet).expect("the runtime has it");
            let errors = known.error_variants().expect("it has errors");
            assert!(!errors.is_empty(), "{pallet}");
            for error in errors {
                let said = Error::named(&metadata, pallet, &error.name).to_string();
                let words = said.strip_prefix(&format!("{pallet}::{}: ", error.name));
                let words = words.expect("it begins with its name");
                let advises = THEN.iter().any(|then| words.contains(then));
                assert!(advises && words.ends_with('.'), "{said}");
                // A link of the documentation leads nowhere on a terminal.
                assert!(!words.contains('['), "{said}");
            }
        }
    }
}
