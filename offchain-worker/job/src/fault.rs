//! What goes wrong in the libraries, as whoever asked for the job is told of it.

use cairn_engine::{exact::ExactError, folder::FolderError, train::TrainError};
use cairn_kernel::run::Error;
use cairn_order::Fault;
use cairn_protocol::failure::Failure;
use std::fmt::Display;

pub(crate) fn malformed(words: impl Display) -> Fault {
    Fault::new(Failure::MalformedSpec, words)
}

pub(crate) fn internal(words: impl Display) -> Fault {
    Fault::new(Failure::Internal, words)
}

/// Of models, their files and their tokenizers.
pub(crate) fn folder(error: impl Into<FolderError>) -> Fault {
    let error = error.into();
    Fault::new(error.failure(), error)
}

/// Of programs that are run. What is asked of one that does not fit it is the job's fault.
pub(crate) fn exact(error: ExactError) -> Fault {
    let failure = match &error {
        ExactError::Run(reason) => of_run(*reason),
        _ => Failure::MalformedSpec,
    };
    Fault::new(failure, error)
}

/// Of learning. What nothing can be learnt from, or not so, is the job's fault.
pub(crate) fn train(error: TrainError) -> Fault {
    let failure = match error {
        TrainError::Model(reason) => return folder(reason),
        TrainError::File { .. } | TrainError::Busy { .. } | TrainError::Checkpoint { .. } => {
            Failure::Internal
        }
        _ => Failure::MalformedSpec,
    };
    Fault::new(failure, error)
}

fn of_run(error: Error) -> Failure {
    match error {
        Error::Given { .. } | Error::Length { .. } | Error::Value { .. } | Error::Whole => {
            Failure::MalformedSpec
        }
        Error::Absent { .. } | Error::Unlike { .. } | Error::Size { .. } | Error::Shift { .. } => {
            Failure::FalseArtifact
        }
        Error::Memory { .. } => Failure::OutOfMemory,
        Error::NotComputed { .. } | Error::State | Error::Undone | Error::Unreachable { .. } => {
            Failure::Internal
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_engine::model::ModelError;
    use cairn_kernel::program::TensorId;

    #[test]
    fn failure_should_be_the_jobs_when_it_gives_what_does_not_fit() {
        let tensor = TensorId(1);
        for (error, failure) in [
            (ExactError::NoPrompt, Failure::MalformedSpec),
            (ExactError::Run(Error::Value { tensor, at: 0, have: 9 }), Failure::MalformedSpec),
            (ExactError::Run(Error::Memory { tensor }), Failure::OutOfMemory),
            (ExactError::Run(Error::Absent { tensor }), Failure::FalseArtifact),
            (ExactError::Run(Error::Undone), Failure::Internal),
        ] {
            assert_eq!(exact(error).failure, failure);
        }
    }

    #[test]
    fn failure_should_be_the_jobs_when_nothing_can_be_learnt() {
        let device = ModelError::Device("it is gone".into());
        for (error, failure) in [
            (TrainError::Nothing, Failure::MalformedSpec),
            (TrainError::Diverged { step: 1, loss: f64::NAN }, Failure::MalformedSpec),
            (TrainError::Vocabulary { need: 2, have: 1 }, Failure::MalformedSpec),
            (TrainError::Model(device), Failure::Internal),
            (TrainError::Busy { folder: "run".into() }, Failure::Internal),
        ] {
            assert_eq!(train(error).failure, failure);
        }
    }
}
