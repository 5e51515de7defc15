//! Jobs whose input is sealed: opened here and nowhere on a disk, done in memory, their results
//! sealed to whoever asked.

use super::{
    later,
    perform::{Done, Setting},
    Executor,
};
use crate::{
    artifacts::Missing,
    job::{self, Trouble},
    journal::Made,
    scheduler::Assignment,
    vault::{Opened, Vault},
    view,
    work::Work,
};
use cairn_order::{Fault, Input, Product};
use cairn_protocol::{
    envelope::WRAPPED_BYTES,
    failure::Failure,
    id::File,
    job::{Job, Payload, WrappedKey},
};
use cairn_store::NodeId;
use cairn_vault::{shelf::ShelfError, Context, Seat, Unopened, Unsealed};
use std::{
    fs, mem,
    path::Path,
    time::{Duration, Instant},
};
use zeroize::Zeroizing;

/// Bytes of a sealed input or result: each is in memory as a whole, several times over.
const MOST: u64 = 64 << 20;
/// With less time left a payload that nobody has is not waited for any more.
const LAST: Duration = Duration::from_secs(25);

type Result<T> = std::result::Result<T, Trouble>;

/// The key that a requester posted for a piece of work, and what it is held to.
pub(super) struct Posted {
    key: WrappedKey,
    seat: Seat,
    context: Context,
}

impl From<Unopened> for Trouble {
    fn from(reason: Unopened) -> Self {
        Self::Rejected(reason.to_string())
    }
}

impl From<ShelfError> for Trouble {
    fn from(error: ShelfError) -> Self {
        let failure = match &error {
            ShelfError::File { reason, .. } => job::of_disk(reason),
            _ => Failure::Internal,
        };
        Self::later(failure, error)
    }
}

/// Without the words of a job, which may repeat what it read: faults are recorded and told.
pub(super) fn silenced(trouble: Trouble) -> Trouble {
    match trouble {
        Trouble::Fault(fault) => {
            Fault::new(fault.failure, "the input is sealed, so no more is said of it").into()
        }
        other => other,
    }
}

impl Executor {
    fn vault(&self) -> Result<&Vault> {
        let refused = |reason: &String| {
            Fault::new(Failure::Internal, format_args!("sealed jobs are not done here: {reason}"))
        };
        Ok(self.vault.as_ref().map_err(refused)?)
    }

    /// The key to the payload of a piece of work; none where that is not sealed.
    pub(super) async fn posted(&self, work: &Work) -> Result<Option<Posted>> {
        let Some(seal) = &work.terms.seal else { return Ok(None) };
        let vault = self.vault()?;
        let at = self.chain.at_finalized().await.map_err(later)?;
        let found = view::key(&at, work.seat, vault.provider).await.map_err(later)?;
        let gone = || Trouble::later(Failure::Internal, "its key is not there any more");
        let (key, requester) = found.ok_or_else(gone)?;
        let (genesis, commitment) = (vault.genesis, seal.commitment);
        let (task, generation) = (work.seat.task(), work.seat.generation);
        Ok(Some(Posted {
            key,
            seat: Seat { task, provider: vault.provider, generation },
            context: Context { genesis, requester: requester.0, commitment },
        }))
    }

    /// As [`Executor::compute`]. Of what is in the clear nothing is written but by the job itself,
    /// in memory.
    pub(super) fn compute_sealed(
        &self,
        assignment: &Assignment,
        bundle: Option<File>,
        posted: &Posted,
        near: &[NodeId],
        until: Instant,
    ) -> Result<Made> {
        let (vault, task) = (self.vault()?, posted.seat.task);
        vault.hold(task, until)?;
        if let Some(made) = vault.made(task) {
            // It was computed before and could not be published then.
            return self.sealed_answer(assignment, &made);
        }
        let opened = self.open(vault, assignment, posted)?;
        // The payload is no file that the job is to find.
        let empty = Payload::Inline(Default::default());
        let job = Job { input: empty, ..assignment.work.terms.job.clone() };
        let input = Input::Inline(opened.input().to_vec());
        let volatile = Some(vault.volatile());
        let fingerprint = job::over(&assignment.work, None);
        let (job, delta) = (&job, None);
        let setting = Setting { job, input, bundle, delta, fingerprint, near, volatile };
        let Done { mut made, process, grant: _grant } = self.perform(assignment, setting, until)?;
        let plain = mem::replace(&mut made.product, Product::Inline(Vec::new()));
        let result = product(plain, process.scratch())?;
        let failed = |unsealed: Unsealed| Fault::new(Failure::Internal, unsealed);
        let made = opened.seal(&result, made).map_err(failed)?;
        vault.keep_made(task, &made)?;
        self.sealed_answer(assignment, &made)
    }

    fn sealed_answer(&self, assignment: &Assignment, made: &cairn_order::Made) -> Result<Made> {
        // What is sealed is in no folder.
        self.answer(&assignment.work, made, Path::new(""))
    }

    /// Opens the payload with the key that was posted, if that is what was committed to.
    fn open(&self, vault: &Vault, assignment: &Assignment, posted: &Posted) -> Result<Opened> {
        let wrapped = match &posted.key {
            WrappedKey::Inline(bytes) => bytes.to_vec(),
            WrappedKey::Artifact(id) => {
                let file = File { id: *id, bytes: WRAPPED_BYTES as u64 };
                self.sealed_bytes(&file, assignment.time)?
            }
        };
        let payload = self.payload(vault, assignment)?;
        Ok(vault.opened(posted.seat, posted.context, &wrapped, &payload)?)
    }

    /// The payload as it was sealed: fetched once, and then on the shelf.
    fn payload(&self, vault: &Vault, assignment: &Assignment) -> Result<Zeroizing<Vec<u8>>> {
        let work = &assignment.work;
        let file = match &work.terms.job.input {
            Payload::Inline(bytes) => return Ok(Zeroizing::new(bytes.to_vec())),
            Payload::Artifact { id, bytes } => File { id: *id, bytes: *bytes },
        };
        if let Some(payload) = vault.payload(work.seat.task()) {
            return Ok(payload);
        }
        check_length(file.bytes)?;
        let payload = self.sealed_bytes(&file, assignment.time)?;
        vault.keep_payload(work.seat.task(), &payload)?;
        Ok(Zeroizing::new(payload))
    }

    /// What a requester is to see to that workers can fetch. Where they cannot, its key is of no
    /// use.
    fn sealed_bytes(&self, file: &File, left: Duration) -> Result<Vec<u8>> {
        self.artifacts.bytes(file).map_err(|missing| unread(missing, left))
    }

    /// Overwrites the keys of a task, and removes what it left: its result is recorded, or nobody
    /// waits for one.
    pub(super) fn erase(&self, work: &Work) {
        if let (Some(_), Ok(vault)) = (&work.terms.seal, &self.vault) {
            vault.erase(work.seat.task());
        }
    }

    pub(super) fn sweep(&self) {
        if let Ok(vault) = &self.vault {
            vault.sweep();
        }
    }
}

fn unread(missing: Missing, left: Duration) -> Trouble {
    match missing {
        Missing::Length { .. } | Missing::Content { .. } => Trouble::Rejected(missing.to_string()),
        Missing::Absent { .. } if left < LAST => Trouble::Rejected(missing.to_string()),
        other => other.into(),
    }
}

fn check_length(have: u64) -> Result<()> {
    if have <= MOST {
        return Ok(());
    }
    let words = format!("{have} bytes are sealed as a whole, and {MOST} are the most done here");
    Err(Fault::new(Failure::TooLargeForDevice, words).into())
}

/// All that a job gave, from its answer or from where it wrote; overwritten when it is dropped.
fn product(product: Product, scratch: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let bytes = match product {
        Product::Inline(bytes) => bytes,
        Product::Scratch(name) => {
            let (path, length) = job::product(scratch, &name)?;
            check_length(length)?;
            fs::read(path).map_err(|reason| Trouble::later(Failure::Internal, reason))?
        }
    };
    Ok(Zeroizing::new(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_protocol::id::ContentId;

    fn words(trouble: Trouble) -> String {
        match trouble {
            Trouble::Fault(fault) | Trouble::Later(fault) => fault.to_string(),
            Trouble::Rejected(words) => words,
            Trouble::Stopped => "stopped".into(),
        }
    }

    #[test]
    fn silenced_should_keep_the_kind_of_a_fault_and_none_of_its_words() {
        let fault = Fault::new(Failure::Trapped, "the module says: my secret");
        let told = silenced(fault.into());
        assert!(matches!(&told, Trouble::Fault(fault) if fault.failure == Failure::Trapped));
        assert!(!words(told).contains("secret"));
        assert!(matches!(silenced(Trouble::Stopped), Trouble::Stopped));
    }

    #[test]
    fn unread_should_be_a_reason_to_reject_when_waiting_mends_nothing() {
        let id = ContentId([1; 32]);
        let rejects = |missing, left| matches!(unread(missing, left), Trouble::Rejected(_));
        assert!(rejects(Missing::Content { id }, Duration::MAX));
        assert!(rejects(Missing::Length { id, need: 1, have: 2 }, Duration::MAX));
        let absent = || Missing::Absent { id, tried: String::new() };
        assert!(rejects(absent(), Duration::ZERO));
        assert!(!rejects(absent(), LAST));
        assert!(!rejects(Missing::Full { need: 1, have: 0 }, Duration::ZERO));
    }

    #[test]
    fn product_should_be_read_wherever_it_is_and_refused_when_it_is_too_long() {
        let scratch = tempfile::tempdir().unwrap();
        let inline = product(Product::Inline(b"stone".to_vec()), scratch.path()).unwrap();
        assert_eq!(inline.as_slice(), b"stone");
        let path = scratch.path().join("output");
        fs::write(&path, b"stone").unwrap();
        let named = Product::Scratch("output".into());
        assert_eq!(product(named.clone(), scratch.path()).unwrap().as_slice(), b"stone");
        fs::File::create(&path).unwrap().set_len(MOST + 1).unwrap();
        let refused = product(named, scratch.path()).unwrap_err();
        assert!(words(refused).contains("the most done here"));
    }
}
