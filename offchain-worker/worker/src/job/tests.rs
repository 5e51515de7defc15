use super::*;
use crate::work::testing::{terms, work};
use cairn_order::Product;
use cairn_protocol::{
    id::{ContentId, EngineId},
    job::{Requirements, Seal},
    result::Fingerprint,
    spec::{Records, SimulateSpec, TrainSpec, WasmSpec},
};
use cairn_sandbox::{Means, Sandbox};
use std::{io::ErrorKind, os::unix::fs::symlink, sync::Arc};

fn file(first: u8) -> File {
    File { id: ContentId([first; 32]), bytes: 10 }
}

fn failure<T: std::fmt::Debug>(result: Result<T>) -> Failure {
    match result {
        Err(Trouble::Fault(fault)) => fault.failure,
        other => panic!("{other:?}"),
    }
}

fn some() -> Made {
    Made { product: Product::Inline(vec![1]), units: 5, trace: [2; 32], fingerprint: None }
}

/// Terms for an engine, on devices of that class or a better one.
fn terms_for(engine: EngineId, class: DeviceClass) -> Terms {
    let terms = terms();
    let job = Job { engine, ..terms.job.clone() };
    Terms { job, requirements: Requirements::any(class), ..terms }
}

/// A worker's, on such terms.
fn on(terms: Terms) -> Work {
    Work { terms: Arc::new(terms), ..work(1, 40, 1) }
}

#[test]
fn profile_should_be_weaker_only_when_a_job_asks_for_a_gpu_and_may_use_one() {
    let of = |terms| profile(&on(terms));
    let floats = EngineId([1; 32]);
    assert_eq!(of(terms_for(floats, DeviceClass::SmallGpu)), Profile::Gpu);
    assert_eq!(of(terms_for(floats, DeviceClass::Cpu)), Profile::Cpu);
    let seal = Some(Seal { commitment: [0; 32], key_blocks: 1 });
    let sealed = Terms { seal, ..terms_for(floats, DeviceClass::Gpu) };
    assert_eq!(of(sealed), Profile::Cpu);
    for engine in [engines::exact(), engines::simulate(), engines::wasm()] {
        assert_eq!(of(terms_for(engine, DeviceClass::Accelerator)), Profile::Cpu);
    }
}

#[test]
fn profile_should_be_weaker_when_a_job_learns_and_not_when_it_measures() {
    let terms = terms_for(engines::exact(), DeviceClass::Gpu);
    let job = Job { kind: JobKind::Train, ..terms.job.clone() };
    let policy = Policy::Outcome { target: 1, guards: 3 };
    let learns = on(Terms { job, policy, ..terms });
    assert_eq!(profile(&learns), Profile::Gpu);
    let mut measures = learns;
    measures.seat.part = Part::Guard;
    assert_eq!(profile(&measures), Profile::Cpu);
}

#[test]
fn device_should_be_what_is_lent_only_when_the_job_is_lent_it() {
    let asks = on(terms_for(engines::float(), DeviceClass::Gpu));
    assert_eq!(device(&asks, Some(Device::Cuda)), Device::Cuda);
    assert_eq!(device(&asks, None), Device::Cpu);
    let other = on(terms_for(engines::float(), DeviceClass::Cpu));
    assert_eq!(device(&other, Some(Device::Cuda)), Device::Cpu);
}

#[test]
fn job_should_be_refused_when_it_asks_for_a_gpu_and_none_is_lent() {
    let directory = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::new(Means::detect(), directory.path()).unwrap();
    let work = on(terms_for(EngineId([1; 32]), DeviceClass::Gpu));
    let refused = sandbox.admit(profile(&work)).map_err(Trouble::from);
    assert_eq!(failure(refused), Failure::WrongEngine);
    assert!(sandbox.with_gpu().admit(profile(&work)).is_ok());
}

#[test]
fn named_files_should_be_those_of_spec_and_input() {
    let export = b"run".to_vec().try_into().unwrap();
    let spec = WasmSpec { module: file(1), fuel: 9, memory_pages: 1, export };
    let payload = Payload::Artifact { id: file(2).id, bytes: 10 };
    let parameters = Spec::Wasm(spec).encode();
    let job = Job { input: payload, parameters, ..terms().job };
    assert_eq!(named_files(&job).unwrap(), [file(1), file(2)]);
    assert_eq!(input(&job), Input::Stored(file(2)));
}

#[test]
fn named_files_should_refuse_parameters_of_another_kind() {
    let parameters = Spec::Simulate(SimulateSpec { steps: 1, every: 0 }).encode();
    let job = Job { kind: JobKind::Wasm, parameters, ..terms().job };
    assert_eq!(failure(named_files(&job)), Failure::MalformedSpec);
}

#[test]
fn measured_files_should_be_the_set_and_the_delta_and_not_what_was_learnt_from() {
    let records = |first| Records { file: file(first), record_bytes: 5 };
    let (data, set) = (records(1), records(2));
    let spec = TrainSpec { data, set, steps: 1, rate_ppm: 1, rank: None };
    let parameters = Spec::Train(spec).encode();
    let job = Job { kind: JobKind::Train, parameters, ..terms().job };
    let stored = delta(Output::Artifact { id: file(3).id, bytes: 10 });
    assert_eq!(measured_files(&job, &stored), [file(2), file(3)]);
    let inline = delta(Output::Inline(vec![1].try_into().unwrap()));
    assert_eq!(measured_files(&job, &inline), [file(2)]);
    assert_eq!(inline, Input::Inline(vec![1]));
    let nonsense = Job { parameters: Default::default(), ..job };
    assert_eq!(measured_files(&nonsense, &stored), [file(3)]);
}

#[test]
fn loss_should_be_read_of_an_answer_and_nothing_else_taken_for_one() {
    let made = |bytes: &[u8]| {
        let output = Output::Inline(bytes.to_vec().try_into().unwrap());
        answer(&terms(), &some(), output).unwrap()
    };
    let good = made(&7_u64.to_le_bytes());
    assert_eq!(loss(&good), Some(7));
    assert!(check_loss(&good).is_ok());
    let stored = Answer { output: Output::Artifact { id: file(1).id, bytes: 8 }, ..good };
    for none in [made(&[7; 7]), made(&[7; 9]), stored] {
        assert_eq!(failure(check_loss(&none)), Failure::Internal);
    }
}

#[test]
fn bundle_should_be_refused_when_it_is_too_long_or_none() {
    let long = File { bytes: BUNDLE_BYTES + 1, ..file(1) };
    assert_eq!(failure(check_bundle(&long)), Failure::FalseArtifact);
    assert!(check_bundle(&File { bytes: BUNDLE_BYTES, ..file(1) }).is_ok());
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bundle");
    fs::write(&path, b"weights").unwrap();
    assert_eq!(failure(read_bundle(&path)), Failure::FalseArtifact);
}

#[test]
fn model_should_be_refused_when_a_job_has_too_little_memory_for_it() {
    let one = File { bytes: 3 << 20, ..file(1) };
    let bundle = Bundle {
        version: cairn_protocol::bundle::VERSION,
        card: Default::default(),
        tokenizer: None,
        files: vec![one, File { bytes: 1, ..file(2) }].try_into().unwrap(),
    };
    assert!(check_memory(&bundle, 4).is_ok());
    assert_eq!(failure(check_memory(&bundle, 3)), Failure::TooLargeForDevice);
}

#[test]
fn trouble_should_pass_when_a_file_may_still_come() {
    let id = file(1).id;
    let disk = |kind: ErrorKind| Missing::Disk { path: "store".into(), reason: kind.into() };
    for (missing, failure) in [
        (Missing::Absent { id, tried: String::new() }, Failure::MissingArtifact),
        (Missing::Full { need: 2, have: 1 }, Failure::DiskFull),
        (disk(ErrorKind::StorageFull), Failure::DiskFull),
        (disk(ErrorKind::PermissionDenied), Failure::Internal),
    ] {
        match Trouble::from(missing) {
            Trouble::Later(fault) => assert_eq!(fault.failure, failure),
            other => panic!("{other:?}"),
        }
    }
    for (missing, expected) in [
        (Missing::Content { id }, Failure::FalseArtifact),
        (Missing::Length { id, need: 2, have: 1 }, Failure::FalseArtifact),
        (Missing::TooMuch { need: 2, have: 1 }, Failure::DiskFull),
    ] {
        let lasting: Result<()> = Err(missing.into());
        assert_eq!(failure(lasting), expected);
    }
}

#[test]
fn trouble_should_pass_when_there_is_no_room_for_a_scratch_folder() {
    let failed = |kind: ErrorKind| {
        let refused = cairn_sandbox::Error::Scratch { path: "a".into(), reason: kind.into() };
        match Trouble::from(refused) {
            Trouble::Later(fault) => fault.failure,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(failed(ErrorKind::StorageFull), Failure::DiskFull);
    assert_eq!(failed(ErrorKind::PermissionDenied), Failure::Internal);
}

#[test]
fn made_should_say_how_a_job_ended() {
    let words = String::new;
    let ends = [
        (End::OutOfTime, Failure::OutOfTime),
        (End::OutOfMemory, Failure::OutOfMemory),
        (End::OutOfDisk, Failure::DiskFull),
        (End::TooManyThreads, Failure::Contained),
        (End::Unreadable(words()), Failure::Internal),
        (End::Answered(b"nonsense".to_vec()), Failure::Internal),
        (End::Died { signal: 31, words: words() }, Failure::Contained),
        (End::Died { signal: 11, words: words() }, Failure::Internal),
        (End::Left { code: 101, words: words() }, Failure::Internal),
    ];
    for (end, expected) in ends {
        assert_eq!(failure(made(end.clone())), expected, "{end:?}");
    }
    assert!(matches!(made(End::Stopped), Err(Trouble::Stopped)));
    // Others may have filled the disk, and make room again.
    let full = made(End::DiskFull);
    assert!(matches!(full, Err(Trouble::Later(fault)) if fault.failure == Failure::DiskFull));
    let bytes = Outcome::Made(some()).to_bytes();
    assert_eq!(made(End::Answered(bytes)).unwrap(), some());
    let fault = Fault::new(Failure::OutOfFuel, "all of it");
    let bytes = Outcome::Failed(fault).to_bytes();
    assert_eq!(failure(made(End::Answered(bytes))), Failure::OutOfFuel);
}

/// Text in floats, for so many workers.
fn tolerant(kind: JobKind, redundancy: u8, part: Part) -> Work {
    let policy = Policy::Tolerance { within: 1 };
    let job = Job { kind, ..terms().job };
    let mut work = work(1, 50, 1);
    work.seat.part = part;
    Work { terms: Arc::new(Terms { job, policy, redundancy, ..terms() }), ..work }
}

/// One of which no guard can read the text.
fn sealed(part: Part) -> Work {
    let work = tolerant(JobKind::Infer, 1, part);
    let seal = Some(Seal { commitment: [1; 32], key_blocks: 5 });
    Work { terms: Arc::new(Terms { seal, ..Terms::clone(&work.terms) }), ..work }
}

#[test]
fn over_should_be_what_all_have_in_common_who_are_compared() {
    let of = |kind, redundancy, part| over(&tolerant(kind, redundancy, part), None);
    assert_eq!(of(JobKind::Infer, 3, Part::Worker), Some(Over::Input));
    assert_eq!(of(JobKind::Infer, 1, Part::Worker), Some(Over::Made));
    for (redundancy, part) in [(1, Part::Worker), (3, Part::Worker), (1, Part::Guard)] {
        assert_eq!(of(JobKind::Embed, redundancy, part), Some(Over::Input));
    }
    assert_eq!(over(&work(1, 50, 1), None), None);
    for part in [Part::Worker, Part::Guard] {
        assert_eq!(over(&sealed(part), None), Some(Over::Input));
    }
}

#[test]
fn guard_should_look_at_the_text_that_is_claimed() {
    let guard = tolerant(JobKind::Infer, 1, Part::Guard);
    assert!(looks_at_claim(&guard));
    for other in [
        tolerant(JobKind::Embed, 1, Part::Guard),
        tolerant(JobKind::Infer, 1, Part::Worker),
        sealed(Part::Guard),
        work(1, 50, 1),
    ] {
        assert!(!looks_at_claim(&other), "{other:?}");
    }
    let short = over(&guard, Some(Output::Inline(b"hi".to_vec().try_into().unwrap())));
    assert_eq!(short, Some(Over::Claimed(Input::Inline(b"hi".to_vec()))));
    assert_eq!(claimed_file(short.as_ref()), None);
    let long = |bytes| over(&guard, Some(Output::Artifact { id: file(1).id, bytes }));
    let stored = Over::Claimed(Input::Stored(file(1)));
    assert_eq!(claimed_file(Some(&stored)), Some(file(1)));
    assert_eq!(long(10), Some(stored));
    assert_eq!(long(CLAIM_BYTES + 1), Some(Over::Input));
}

#[test]
fn product_should_be_a_file_of_the_scratch_folder_and_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let scratch = directory.path().join("scratch");
    fs::create_dir(&scratch).unwrap();
    fs::write(directory.path().join("key"), b"secret").unwrap();
    fs::write(scratch.join("output"), b"result").unwrap();
    symlink(directory.path().join("key"), scratch.join("link")).unwrap();
    assert_eq!(product(&scratch, "output").unwrap(), (scratch.join("output"), 6));
    let absolute = directory.path().join("key");
    for name in ["../key", "link", "", ".", "..", "gone", absolute.to_str().unwrap()] {
        assert_eq!(failure(product(&scratch, name)), Failure::Contained, "{name}");
    }
}

#[test]
fn answer_should_be_refused_when_the_chain_would_refuse_it() {
    let output = || Output::Inline(Default::default());
    let terms = terms();
    let made = Made { units: terms.job.units + 1, ..some() };
    assert_eq!(failure(answer(&terms, &made, output())), Failure::Internal);
    let tolerant = Terms { policy: Policy::Tolerance { within: 1 }, ..terms.clone() };
    assert_eq!(failure(answer(&tolerant, &some(), output())), Failure::Internal);

    let fingerprint = Some(Fingerprint(vec![1].try_into().unwrap()));
    let made = Made { fingerprint: fingerprint.clone(), ..some() };
    assert_eq!(answer(&tolerant, &made, output()).unwrap().fingerprint, fingerprint);
    // Others do not look at one, and would have to carry it.
    let plain = answer(&terms, &made, output()).unwrap();
    assert_eq!((plain.fingerprint, plain.units), (None, 5));
    assert_eq!(plain.engine, terms.job.engine);
}
