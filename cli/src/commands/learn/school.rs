//! How a delta is learned, and looked at as guards look at it: all that is done without the chain.

use crate::{
    exit::{Exit, Failure, Outcome},
    loss::{a_token, nats},
    output::{Output, Report},
    pull::Puller,
    room::{Done, Room},
    session::random,
};
use cairn_artifact::{change::Change, changes::Changes};
use cairn_order::{engines, Input, Judging, Order, Want};
use cairn_protocol::{
    id::{BlockId, ContentId, File, Seed},
    job::{Job, JobKind, Payload},
    learning::{
        acceptance::passes,
        brief::{Brief, Subject},
        delta::Preview,
        evaluation::{Evaluation, Opinion},
        model::Component,
        reward,
        sample::{LEAST, MOST},
        source::Source,
    },
    spec::{Records, Spec, TrainSpec, STEP_EXAMPLES},
};
use codec::DecodeAll;
use std::path::Path;

/// What is to be learned, and how.
#[derive(Clone, Copy, Debug)]
pub struct Lesson<'a> {
    /// Records of one's own; none where the set's generator makes them.
    pub data: Option<&'a Path>,
    pub records: Option<u32>,
    pub steps: u32,
    pub rate_ppm: u32,
    pub rank: Option<u16>,
}

/// Learns and checks one component.
pub struct School<'a> {
    pub model: BlockId,
    pub component: &'a Component,
    pub room: &'a Room,
    pub puller: &'a Puller,
    pub output: &'a Output,
}

impl School<'_> {
    /// Learns a delta on the head, and says what its file is called.
    pub fn learn(&self, preview: &Preview, lesson: &Lesson<'_>) -> Outcome<File> {
        let pulled = self.puller.pull(preview.bundle, &preview.parts)?;
        let source = preview.source.file();
        self.puller.fetch(&[source].into())?;
        // What came of heads before.
        self.puller.keep_only(&pulled.files.iter().copied().chain([source]).collect())?;
        let data = self.data(preview, lesson)?;
        let TrainSpec { steps, .. } = self.spec(data, lesson)?;
        let records = data.count();
        self.output.progress(&format!("Learning {steps} steps on {records} records ..."));
        let done = self.train(pulled.bundle, data, lesson)?;
        let seconds = done.time.as_secs();
        let change = own(&done.bytes, preview.head.file.id)?.encode();
        check_length(change.len() as u64, preview)?;
        let bytes = change.len();
        self.output.progress(&format!("Learned in {seconds} s: a delta of {bytes} bytes."));
        self.puller.store.put(&change).map_err(|error| Failure::failed(error.to_string()))
    }

    /// Measures a delta against the heads as they are, on examples that nobody has seen before, as
    /// guards do.
    pub fn check(&self, preview: &Preview, artifact: File, base: ContentId) -> Outcome<Evaluation> {
        self.puller.pull(preview.bundle, &preview.parts)?;
        self.puller.fetch(&[preview.source.file()].into())?;
        let component = self.component.clone();
        let subject = Subject::Delta { component, artifact, base };
        let brief = self.brief(preview, subject, preview.count, random()?);
        self.output.progress(&format!("Checking it on {} examples ...", preview.count));
        let done = self.judge(brief, Want::Opinion)?;
        let opinion = Opinion::decode_all(&mut done.bytes.as_slice());
        let opinion = opinion.map_err(|_| Failure::failed("cairn-job answers no opinion"))?;
        verdict(&opinion, preview.attempts, &preview.source)
    }

    /// The records that are learned from.
    fn data(&self, preview: &Preview, lesson: &Lesson<'_>) -> Outcome<Records> {
        let record_bytes = preview.source.record_bytes();
        let bytes = match (lesson.data, preview.source) {
            (Some(path), _) => {
                let bytes = crate::archive::read(path)?;
                if bytes.is_empty() || !(bytes.len() as u64).is_multiple_of(record_bytes.into()) {
                    return Err(Failure::usage(format!(
                        "{} has {} bytes, which are no whole number of records of {record_bytes}, \
                         as the set has them that deltas are judged on",
                        path.display(),
                        bytes.len()
                    )));
                }
                bytes
            }
            (None, Source::Generator(_)) => {
                let asked = lesson.steps.saturating_mul(STEP_EXAMPLES);
                let count = lesson.records.unwrap_or(asked).clamp(LEAST, MOST);
                let subject = Subject::Heads(Default::default());
                let brief = self.brief(preview, subject, count, random()?);
                self.judge(brief, Want::Sample)?.bytes
            }
            (None, Source::Records(_)) => {
                return Err(Failure::usage(
                    "deltas of this model are judged on records that everyone knows, and what \
                     learns those by heart is paid nothing; name others to learn from with --train-on",
                ))
            }
        };
        let file = self.puller.store.put(&bytes);
        let file = file.map_err(|error| Failure::failed(error.to_string()))?;
        Ok(Records { file, record_bytes })
    }

    fn spec(&self, data: Records, lesson: &Lesson<'_>) -> Outcome<TrainSpec> {
        let Lesson { steps, rate_ppm, rank, .. } = *lesson;
        // What is measured at the end is measured elsewhere, and on other records.
        let spec = TrainSpec { data, set: data, steps, rate_ppm, rank };
        let checked = Spec::Train(spec).check();
        checked.map_err(|flaw| Failure::usage(flaw.to_string()))?;
        Ok(spec)
    }

    fn train(&self, bundle: File, data: Records, lesson: &Lesson<'_>) -> Outcome<Done> {
        let spec = self.spec(data, lesson)?;
        let job = Job {
            kind: JobKind::Train,
            model: Some(self.model),
            engine: engines::exact(),
            input: Payload::Inline(Default::default()),
            parameters: Spec::Train(spec).encode(),
            seed: random()?,
            units: spec.units(),
            sampled: false,
        };
        let component = String::from_utf8(self.component.to_vec());
        let component = component
            .map_err(|_| Failure::usage("the component's name is no text; nobody can learn it"))?;
        let store = self.store()?;
        let threads = self.room.threads();
        let order = |scratch: &Path| {
            let order = Order {
                component: Some(component),
                store,
                cache: scratch.display().to_string(),
                threads,
                ..Order::of(&job, Input::Inline(Vec::new()), Some(bundle))
            };
            order.to_bytes()
        };
        self.room.work(self.puller.store.folder(), order)
    }

    fn judge(&self, brief: Brief, want: Want) -> Outcome<Done> {
        let (store, threads) = (self.store()?, self.room.threads());
        let order = |scratch: &Path| {
            let cache = scratch.display().to_string();
            Judging { brief, want, store, cache, threads }.to_bytes()
        };
        self.room.work(self.puller.store.folder(), order)
    }

    fn store(&self) -> Outcome<String> {
        let folder = self.puller.store.folder().to_str().map(str::to_owned);
        folder
            .ok_or_else(|| Failure::usage("the folder's name is no Unicode; name another: --work"))
    }

    fn brief(&self, preview: &Preview, subject: Subject, count: u32, seed: Seed) -> Brief {
        Brief {
            model: self.model,
            bundle: preview.bundle,
            judge: preview.judge,
            parts: preview.parts.clone(),
            subject,
            source: preview.source,
            count,
            threshold: preview.threshold,
            attempts: preview.attempts,
            seed,
        }
    }
}

/// The change of one component, of all that a job came to.
fn own(changes: &[u8], base: ContentId) -> Outcome<Change> {
    let changes = Changes::decode(changes).map_err(|flaw| Failure::failed(flaw.to_string()))?;
    let own = changes.into_vec().into_iter().find(|change| change.base() == base);
    own.ok_or_else(|| {
        Failure::new(Exit::Unlaid, "nothing of the component changed; learn faster, or longer")
    })
}

/// Refuses a delta that the chain would.
fn check_length(have: u64, preview: &Preview) -> Outcome {
    let most = preview.terms.most_bytes;
    if have <= most {
        return Ok(());
    }
    Err(Failure::failed(format!(
        "the delta has {have} bytes, and the chain takes {most}; learn factors of a lower rank with \
         --rank"
    )))
}

/// What guards would say, where they would take it; a failure where they would not, so that it is
/// not handed in.
pub fn verdict(opinion: &Opinion, attempts: u32, source: &Source) -> Outcome<Evaluation> {
    let evaluation = match opinion {
        Opinion::Measured(evaluation) => *evaluation,
        Opinion::Unavailable(id) => {
            let id = hex::encode(id.0);
            return Err(Failure::failed(format!("{id} is not there, so nothing is measured")));
        }
        Opinion::Flawed(flaw) => {
            let words = format!("guards could not judge it: {flaw:?}");
            return Err(Failure::new(Exit::Unlaid, words));
        }
    };
    if passes(&evaluation, attempts) {
        return Ok(evaluation);
    }
    let report = report(&evaluation, source);
    let words = format!(
        "it is not better by enough, so it is not handed in: {}; learn longer, or from more records",
        told(&evaluation, source)
    );
    Err(Failure::new(Exit::Unlaid, words).with(report))
}

/// What was measured.
pub fn report(evaluation: &Evaluation, source: &Source) -> Report {
    let gain = reward::progress(evaluation.baseline, evaluation.loss);
    Report::default()
        .with("checked", gain, told(evaluation, source))
        .with("examples", evaluation.count, "")
        .with("baseline", evaluation.baseline, "")
        .with("loss", evaluation.loss, "")
}

/// The same in a line.
pub fn told(evaluation: &Evaluation, source: &Source) -> String {
    let mean = |sum: u64| nats(a_token(sum / u64::from(evaluation.count).max(1), source));
    let gain = reward::progress(evaluation.baseline, evaluation.loss);
    format!(
        "{} nats a token, and {} before ({:+.3} %)",
        mean(evaluation.loss),
        mean(evaluation.baseline),
        gain as f64 / 1e4
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_kernel::delta::{Delta, Sparse};
    use cairn_protocol::learning::{
        evaluation::{excess, DeltaFlaw},
        sums::{self, Leaf},
    };

    const THRESHOLD: u32 = 10_000;

    fn source() -> Source {
        let file = File { id: ContentId([1; 32]), bytes: 1 << 20 };
        Source::Records(Records { file, record_bytes: 1_024 })
    }

    /// What is measured where each example's loss falls from a million by so much.
    fn measured(fallen: impl Fn(u64) -> i64) -> Opinion {
        let leaf = |record: u64| {
            let (baseline, trace) = (1_000_000u64, [3; 32]);
            let loss = baseline.checked_add_signed(-fallen(record)).unwrap();
            assert!(excess(baseline, loss, THRESHOLD) != 0);
            Leaf { record, baseline, loss, trace }
        };
        let leaves: Vec<Leaf> = (0..100).map(leaf).collect();
        let tree = sums::tree(&leaves, THRESHOLD).unwrap();
        Opinion::Measured(Evaluation::of(ContentId([2; 32]), tree.root()))
    }

    #[test]
    fn delta_should_not_be_handed_in_when_it_would_not_pass() {
        let better = measured(|record| 40_000 + (record % 7) as i64 * 1_000);
        assert!(verdict(&better, 0, &source()).is_ok());
        // Nothing at all, less than is asked for, and worse.
        for fallen in [0i64, 5_000, -40_000] {
            let opinion = measured(|record| fallen + (record % 7) as i64 * 10);
            let refused = verdict(&opinion, 0, &source()).unwrap_err();
            assert_eq!(refused.exit(), Exit::Unlaid, "{refused}");
            assert!(refused.to_string().contains("not handed in"), "{refused}");
            assert!(refused.details().json().contains_key("checked"));
        }
        // By luck: a little better on average, and far apart.
        let lucky = measured(|record| if record % 2 == 0 { 300_000 } else { -270_000 });
        assert_eq!(verdict(&lucky, 0, &source()).unwrap_err().exit(), Exit::Unlaid);
        let flawed = Opinion::Flawed(DeltaFlaw::WrongShape);
        assert_eq!(verdict(&flawed, 0, &source()).unwrap_err().exit(), Exit::Unlaid);
        // What is not there is no fault of the delta's.
        let absent = Opinion::Unavailable(ContentId([9; 32]));
        assert_eq!(verdict(&absent, 0, &source()).unwrap_err().exit(), Exit::Failed);
    }

    #[test]
    fn own_should_be_the_change_of_the_head_alone() {
        let change = |base: u8| {
            let sparse = Sparse::new(1, 4, vec![(0, vec![(0, 1)])]).unwrap();
            let deltas = [("norm".to_owned(), Delta::Sparse(sparse))].into();
            Change::new(ContentId([base; 32]), deltas).unwrap()
        };
        let changes = Changes::new([change(1), change(2)]).unwrap().encode();
        assert_eq!(own(&changes, ContentId([2; 32])).unwrap(), change(2));
        let none = own(&changes, ContentId([3; 32])).unwrap_err();
        assert_eq!(none.exit(), Exit::Unlaid);
        assert!(own(b"none", ContentId([2; 32])).is_err());
    }
}
