//! How a command ends when it does not succeed, as scripts see it and as people do.

use crate::output::Report;
use cairn_sdk::{keys::KeyError, Error};
use std::{fmt, io, process::ExitCode};

/// What the program ends with. Zero is success.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Exit {
    /// For a reason that is none of the others.
    Failed = 1,
    /// The arguments make no sense.
    Usage = 2,
    /// The runtime took back what was asked of it, or would.
    Refused = 3,
    /// No endpoint can be used.
    Unconnected = 4,
    /// The task ended, and nobody was paid for it.
    Refunded = 5,
    /// It was not done in time. It may be later.
    TimedOut = 6,
    /// What was learned is no better than what is there, or nobody could find out. Nothing is laid.
    Unlaid = 7,
}

/// What a command returns.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Why a command did not succeed, and what to do about it.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    words: String,
    details: Report,
}

impl Failure {
    pub fn new(exit: Exit, words: impl Into<String>) -> Self {
        Self { exit, words: words.into(), details: Report::default() }
    }

    pub fn usage(words: impl Into<String>) -> Self {
        Self::new(Exit::Usage, words)
    }

    pub fn failed(words: impl Into<String>) -> Self {
        Self::new(Exit::Failed, words)
    }

    /// With what is known nevertheless, for whoever reads JSON.
    pub fn with(self, details: Report) -> Self {
        Self { details, ..self }
    }

    pub fn exit(&self) -> Exit {
        self.exit
    }

    pub fn details(&self) -> &Report {
        &self.details
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let exit = match &error {
            Error::Runtime { .. }
            | Error::Dispatch { .. }
            | Error::FeeUnaffordable { .. }
            | Error::NotACall
            | Error::Refused { .. } => Exit::Refused,
            Error::Key(_) => Exit::Usage,
            error if error.is_connection() => Exit::Unconnected,
            _ => Exit::Failed,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        Error::from(error).into()
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::failed(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_should_tell_apart_what_went_wrong() {
        let name = || "UnknownModel".to_owned();
        let runtime = Error::Runtime { pallet: "Tasks".into(), name: name(), help: name() };
        let missing = KeyError::NoEnvironment { variable: "CAIRN_KEY".into() };
        let cases = [
            (runtime, Exit::Refused, 3),
            (Error::FeeUnaffordable { fee: 1 }, Exit::Refused, 3),
            (Error::Refused { code: 1010, message: name(), help: "" }, Exit::Refused, 3),
            (Error::NoEndpoint, Exit::Unconnected, 4),
            (Error::Unreachable { reason: name() }, Exit::Unconnected, 4),
            (Error::Key(missing), Exit::Usage, 2),
            (Error::OtherRuntime { differs: vec![name()] }, Exit::Failed, 1),
        ];
        for (error, exit, code) in cases {
            let failure = Failure::from(error);
            assert_eq!(failure.exit(), exit, "{failure}");
            assert_eq!(exit as u8, code);
        }
    }

    #[test]
    fn numbers_should_be_those_that_are_documented() {
        let documented = include_str!("../README.md");
        let all = [
            Exit::Failed,
            Exit::Usage,
            Exit::Refused,
            Exit::Unconnected,
            Exit::Refunded,
            Exit::TimedOut,
            Exit::Unlaid,
        ];
        for (exit, number) in all.into_iter().zip(1u8..) {
            assert_eq!(exit as u8, number);
            assert!(documented.contains(&format!("| {number} |")), "{exit:?}");
        }
    }
}
