use super::*;
use crate::{learning::model::Part, spec::Records};

fn file(byte: u8, bytes: u64) -> File {
    File { id: ContentId([byte; 32]), bytes }
}

fn parts(files: &[File]) -> Parts {
    let part = |file: &File| Part { component: Default::default(), file: *file };
    files.iter().map(part).collect::<Vec<_>>().try_into().unwrap()
}

fn brief(subject: Subject) -> Brief {
    Brief {
        model: BlockId([1; 32]),
        bundle: file(2, 1),
        judge: ContentId([3; 32]),
        parts: parts(&[file(4, 10), file(5, 100)]),
        subject,
        source: Source::Records(Records { file: file(6, 64_000), record_bytes: 64 }),
        count: 64,
        threshold: 10_000,
        attempts: 0,
        seed: [7; 32],
    }
}

#[test]
fn held_should_be_all_files_once_but_the_examples() {
    let (artifact, base) = (file(8, 1_000), ContentId([4; 32]));
    let delta = Subject::Delta { component: Default::default(), artifact, base };
    assert_eq!(brief(delta).held(), 1_111);
    // The first component is what it was.
    let later = parts(&[file(4, 10), file(9, 2_000)]);
    assert_eq!(brief(Subject::Heads(later)).held(), 2_111);
    let huge = parts(&[file(9, u64::MAX)]);
    assert_eq!(brief(Subject::Heads(huge)).held(), u64::MAX);
}

#[test]
fn files_should_begin_with_what_a_delta_is() {
    let (artifact, base) = (file(8, 1_000), ContentId([4; 32]));
    let delta = Subject::Delta { component: Default::default(), artifact, base };
    let named: Vec<u8> = brief(delta).files().iter().map(|file| file.id.0[0]).collect();
    assert_eq!(named, [8, 6, 4, 5, 2]);
}
