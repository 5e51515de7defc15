//! What came of a task, as its workers say it.

use crate::{
    archive,
    exit::{Exit, Failure, Outcome},
    output::Report,
    values::words,
};
use cairn_protocol::{
    id::{ProviderId, TaskId},
    lifecycle::Stage,
    result::{Answer, Output},
    view::TaskView,
};
use cairn_sdk::AccountId32;
use std::path::Path;

/// The answer that stands, and of whom: that of anyone who has a seat once results agree.
pub fn standing(task: TaskId, view: &TaskView<AccountId32>) -> Outcome<(ProviderId, Answer)> {
    match view.stage {
        Stage::Audited | Stage::Window | Stage::Contested | Stage::Settled => {
            view.answers.first().cloned().ok_or_else(|| {
                Failure::failed(format!("task {} is over, and no answer to it is kept", task.0))
            })
        }
        Stage::Refunded => {
            let words = format!("task {} was refunded, so nothing came of it", task.0);
            Err(Failure::new(Exit::Refunded, words))
        }
        stage => Err(Failure::failed(format!(
            "task {} has no result yet: it is {}; wait for it with `cairn task {} --wait`",
            task.0,
            words(&stage),
            task.0
        ))),
    }
}

/// The bytes of an answer; none where they are an artifact and no archive is named.
pub fn bytes(answer: &Answer, folder: Option<&Path>) -> Outcome<Option<Vec<u8>>> {
    match (&answer.output, folder) {
        (Output::Inline(bytes), _) => Ok(Some(bytes.to_vec())),
        (Output::Artifact { .. }, None) => Ok(None),
        (Output::Artifact { id, bytes }, Some(folder)) => {
            let found = archive::get(folder, *id)?;
            if found.len() as u64 == *bytes {
                return Ok(Some(found));
            }
            Err(Failure::failed(format!(
                "the result has {} bytes, and its worker says {bytes}; complain about it with \
                 `cairn complain`",
                found.len()
            )))
        }
    }
}

/// What an answer says: all of it where its bytes are at hand, opened if they are sealed.
pub fn report(answer: &Answer, bytes: Option<&[u8]>) -> Report {
    let report = Report::default().number("units", answer.units);
    let report = match &answer.output {
        Output::Inline(inline) => {
            report.number("bytes", bytes.map_or(inline.len(), <[u8]>::len) as u64)
        }
        Output::Artifact { id, bytes } => {
            report.number("bytes", *bytes).text("artifact", hex::encode(id.0))
        }
    };
    let Some(bytes) = bytes else { return report };
    let digits = hex::encode(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => report.with("hex", digits, "").text("text", text),
        Err(_) => report.text("hex", digits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_protocol::id::EngineId;

    fn answer(output: Output) -> Answer {
        Answer { engine: EngineId([1; 32]), output, fingerprint: None, units: 3 }
    }

    fn inline(bytes: &[u8]) -> Answer {
        answer(Output::Inline(bytes.to_vec().try_into().unwrap()))
    }

    #[test]
    fn bytes_should_be_the_answers_or_those_of_the_archive() {
        assert_eq!(bytes(&inline(b"hi"), None).unwrap().as_deref(), Some(b"hi".as_slice()));
        let folder = tempfile::tempdir().unwrap();
        let file = archive::put(folder.path(), b"long").unwrap();
        let stored = answer(Output::Artifact { id: file.id, bytes: file.bytes });
        assert_eq!(bytes(&stored, None).unwrap(), None);
        let found = bytes(&stored, Some(folder.path())).unwrap();
        assert_eq!(found.as_deref(), Some(b"long".as_slice()));
        let lie = answer(Output::Artifact { id: file.id, bytes: 5 });
        let refused = bytes(&lie, Some(folder.path())).unwrap_err().to_string();
        assert!(refused.contains("complain"), "{refused}");
    }
}
