//! What can go wrong with envelopes, and what to do about it.

use cairn_protocol::{
    envelope::Malformed,
    id::{ProviderId, TaskId},
};

/// Why something was not sealed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unsealed {
    #[error("the payload key is no X-Wing key; ask its owner to publish another one")]
    BadPayloadKey,
    #[error("{have} bytes are too many to be encrypted at once; split what is to be sealed")]
    TooLong { have: usize },
    #[error("the system gives no randomness ({0}); nothing may be sealed without")]
    NoRandomness(getrandom::Error),
}

/// Why something was not opened.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unopened {
    #[error("this is no envelope: {0}; ask for it again, or reject the key")]
    Malformed(Malformed),
    #[error("the key is for the task {}, not for this one; reject it", .named.0)]
    OtherTask { named: TaskId },
    #[error("the key is for the provider {}, not for this one; reject it", .named.0)]
    OtherProvider { named: ProviderId },
    #[error("the key is for the registration {named}, not for the assigned one; reject it")]
    OtherRegistration { named: u32 },
    #[error("the envelope is wrapped with another payload key than this one; look for the key that the profile named at assignment, and reject the envelope if this is it")]
    OtherRecipient,
    #[error("the envelope was altered, or made for another chain, requester or task; reject it")]
    Tampered,
    #[error("key, content and salt are not what the requester committed to; reject the key")]
    FalseOpening,
    #[error("the content is not what the requester committed to; reject the key")]
    FalseContent,
    #[error("the key that the result is to be sealed with is no X-Wing key; reject the key")]
    BadReplyKey,
}

impl From<Malformed> for Unopened {
    fn from(flaw: Malformed) -> Self {
        Self::Malformed(flaw)
    }
}

impl From<getrandom::Error> for Unsealed {
    fn from(reason: getrandom::Error) -> Self {
        Self::NoRandomness(reason)
    }
}
