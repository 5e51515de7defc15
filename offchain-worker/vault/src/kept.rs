//! What a requester keeps of a sealed task: without it nobody reads the result, and no worker that
//! is drawn later can be given the key.

use crate::{
    files::{self, FileError},
    identity::Identity,
    payload::{seal, Context, Opening, Sealed},
    secret::Secret,
    Unsealed,
};
use cairn_protocol::{
    envelope::{KEY_BYTES, OPENING_BYTES},
    id::Digest,
};
use std::path::Path;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// What such a file begins with.
const MARK: &[u8] = b"cairn-kept-1";
const BYTES: usize = KEY_BYTES + OPENING_BYTES;

/// Whoever has it reads input and result.
#[derive(Debug, ZeroizeOnDrop)]
pub struct Kept {
    /// Of the pair that the result is sealed to.
    reply: Secret,
    opening: Opening,
}

impl Kept {
    /// Encrypts an input under a key of its own, with a reply key that is for this task alone.
    /// Gives what is to be kept, the payload, and what it is for.
    pub fn seal(
        input: &[u8],
        genesis: &Digest,
        requester: &[u8; 32],
    ) -> Result<(Self, Vec<u8>, Context), Unsealed> {
        let reply = Secret::random()?;
        let public = Identity::from_seed(&reply).public();
        let Sealed { payload, opening, context } = seal(input, &public, genesis, requester)?;
        Ok((Self { reply, opening }, payload, context))
    }

    /// Keeps it in a new file that its user alone can read.
    pub fn save(&self, path: &Path) -> Result<(), FileError> {
        let mut secret = Zeroizing::new(Vec::with_capacity(BYTES));
        secret.extend_from_slice(self.reply.expose());
        secret.extend_from_slice(&self.opening.to_bytes());
        files::create(path, MARK, &secret)
    }

    /// Reads what [`Self::save`] wrote.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let malformed = || FileError::Malformed { path: path.into() };
        let secret = files::read::<BYTES>(path, MARK)?;
        let (reply, opening) = secret.split_first_chunk::<KEY_BYTES>().ok_or_else(malformed)?;
        let opening = Opening::from_bytes(opening).ok_or_else(malformed)?;
        Ok(Self { reply: Secret::copied(reply), opening })
    }

    /// Whom the result is sealed to.
    pub fn reply(&self) -> Identity {
        Identity::from_seed(&self.reply)
    }

    /// What is wrapped for workers and guards.
    pub fn opening(&self) -> &Opening {
        &self.opening
    }

    /// Whether it is of the task with this commitment: workers refuse the key of any other.
    pub fn is_of(&self, context: &Context) -> bool {
        self.opening.check(context).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        open_result, seal_result,
        testing::{worker, GENESIS, REQUESTER, SEAT},
        unwrap, wrap, Unopened,
    };
    use cairn_protocol::job::WrappedKey;
    use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};
    use tempfile::TempDir;

    struct Set {
        _folder: TempDir,
        path: PathBuf,
        payload: Vec<u8>,
        context: Context,
    }

    /// What a requester has that was restarted since it sealed its input.
    fn saved() -> Set {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("task.key");
        let (kept, payload, context) = Kept::seal(b"an input", &GENESIS, &REQUESTER).unwrap();
        kept.save(&path).unwrap();
        Set { _folder: folder, path, payload, context }
    }

    fn unwrapped(kept: &Kept, context: &Context) -> Result<Opening, Unopened> {
        let key = wrap(kept.opening(), &worker().public(), SEAT, &GENESIS).unwrap();
        let WrappedKey::Inline(bytes) = key else { panic!("it fits into its transaction") };
        unwrap(&bytes, &worker(), SEAT, context)
    }

    #[test]
    fn kept_should_hand_out_the_key_and_read_the_result_when_it_is_opened_again() {
        let Set { _folder, path, payload, context } = saved();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let kept = Kept::open(&path).unwrap();
        assert!(kept.is_of(&context));
        let opening = unwrapped(&kept, &context).unwrap();
        let content = opening.open(&payload, &context).unwrap();
        assert_eq!(content.input(), b"an input");
        let sealed = seal_result(b"a result", &opening, &content, &context, SEAT.task).unwrap();
        let result = open_result(&sealed, &kept.reply(), &context, SEAT.task).unwrap();
        assert_eq!(result.as_slice(), b"a result");
    }

    #[test]
    fn key_should_be_refused_when_its_salt_is_wrong() {
        let Set { _folder, path, context, .. } = saved();
        let mut bytes = fs::read(&path).unwrap();
        // The salt comes last.
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&path, bytes).unwrap();
        let kept = Kept::open(&path).unwrap();
        assert!(!kept.is_of(&context));
        assert_eq!(unwrapped(&kept, &context).unwrap_err(), Unopened::FalseOpening);
    }

    #[test]
    fn reply_keys_should_differ_from_task_to_task() {
        let reply = || Kept::seal(b"", &GENESIS, &REQUESTER).unwrap().0.reply().public();
        assert_ne!(reply(), reply());
    }
}
