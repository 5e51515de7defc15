//! What anyone may try, on the chain and in the model.

use super::reference::{Account, Said, World};
use crate::{
    tests::mock::*,
    types::{WrappedKey, CHUNKS_SHOWN},
};
use cairn_protocol::{
    chunk::{self, Proof},
    failure::Failure,
    id::{Digest, EngineId, ProviderId, TaskId},
    job::Terms,
    lifecycle::Act,
    result::{Answer, Fingerprint, Output},
};
use frame_support::{dispatch::DispatchResult, traits::ConstU32, BoundedVec};

/// What a commitment that is no digest of anything looks like.
pub const NONSENSE: Digest = [9; 32];

#[derive(Clone, Debug)]
pub enum Call {
    Submit(Box<Terms>),
    Cancel {
        task: u64,
    },
    PostKey {
        task: u64,
        provider: ProviderId,
    },
    RejectKey {
        task: u64,
    },
    Decline {
        task: u64,
        failure: Failure,
        readable: bool,
    },
    Commit {
        task: u64,
        to: Option<Said>,
        digest: Digest,
    },
    Reveal {
        task: u64,
        said: Said,
        right_salt: bool,
    },
    Acknowledge {
        task: u64,
    },
    Poke {
        task: u64,
    },
    Complain {
        task: u64,
        provider: ProviderId,
    },
    /// Shows what is asked for, or chunks of something else.
    Show {
        task: u64,
        right: bool,
    },
}

impl Call {
    /// Every kind of call there is.
    pub const NAMES: [&str; 11] = [
        "submit",
        "cancel",
        "post_key",
        "reject_key",
        "commit",
        "reveal",
        "acknowledge",
        "poke",
        "complain_unavailable",
        "show",
        "decline",
    ];

    /// What it does, and to which task; none where it submits one.
    pub fn act(&self) -> Option<(Act, u64)> {
        match self {
            Self::Submit(_) => None,
            Self::Cancel { task } => Some((Act::Cancel, *task)),
            Self::PostKey { task, .. } => Some((Act::PostKeys, *task)),
            Self::RejectKey { task } => Some((Act::RejectKey, *task)),
            Self::Commit { task, .. } => Some((Act::Commit, *task)),
            Self::Decline { task, .. } => Some((Act::Decline, *task)),
            Self::Reveal { task, .. } => Some((Act::Reveal, *task)),
            Self::Acknowledge { task } => Some((Act::Acknowledge, *task)),
            Self::Poke { task } => Some((Act::Poke, *task)),
            Self::Complain { task, .. } => Some((Act::Complain, *task)),
            Self::Show { task, .. } => Some((Act::Show, *task)),
        }
    }

    pub fn name(&self) -> &'static str {
        let nth = match self {
            Self::Submit(_) => 0,
            Self::Cancel { .. } => 1,
            Self::PostKey { .. } => 2,
            Self::RejectKey { .. } => 3,
            Self::Commit { .. } => 4,
            Self::Reveal { .. } => 5,
            Self::Acknowledge { .. } => 6,
            Self::Poke { .. } => 7,
            Self::Complain { .. } => 8,
            Self::Show { .. } => 9,
            Self::Decline { .. } => 10,
        };
        Self::NAMES[nth]
    }

    /// Whether the model accepts it.
    pub fn expected(&self, who: Account, world: &mut World) -> bool {
        match self {
            Self::Submit(terms) => world.submit(who, (**terms).clone()),
            Self::Cancel { task } => world.cancel(who, *task),
            Self::PostKey { task, provider } => world.post_key(who, *task, *provider),
            Self::RejectKey { task } => world.reject_key(who, *task),
            Self::Commit { task, to, .. } => world.commit(who, *task, *to),
            Self::Decline { task, failure, readable } => {
                world.decline(who, *task, *failure, *readable)
            }
            Self::Reveal { task, said, right_salt } => world.reveal(who, *task, *said, *right_salt),
            Self::Acknowledge { task } => world.acknowledge(who, *task),
            Self::Poke { task } => world.poke(*task),
            Self::Complain { task, provider } => world.complain(who, *task, *provider),
            Self::Show { task, right } => world.show(who, *task, *right),
        }
    }

    /// What the chain says.
    pub fn made(&self, who: Account) -> DispatchResult {
        let origin = RuntimeOrigin::signed(who);
        let plain = |done: frame_support::dispatch::DispatchResultWithPostInfo| {
            done.map(|_| ()).map_err(|refused| refused.error)
        };
        match self {
            Self::Submit(terms) => Tasks::submit(origin, terms.clone()),
            Self::Cancel { task } => Tasks::cancel(origin, TaskId(*task)),
            Self::PostKey { task, provider } => {
                let key = WrappedKey::Inline(vec![4; 32].try_into().expect("it is short"));
                Tasks::post_key(origin, TaskId(*task), *provider, key)
            }
            Self::RejectKey { task } => Tasks::reject_key(origin, TaskId(*task)),
            Self::Decline { task, failure, readable } => {
                let reason = if *readable { b"out of space".to_vec() } else { vec![0xff] };
                let reason = reason.try_into().expect("it is short");
                Tasks::decline(origin, TaskId(*task), *failure, reason)
            }
            Self::Commit { task, digest, .. } => {
                plain(Tasks::commit(origin, TaskId(*task), *digest))
            }
            Self::Reveal { task, said, right_salt } => {
                let salt = if *right_salt { SALT } else { [6; 32] };
                let answer = Box::new(answer_of(*said));
                plain(Tasks::reveal(origin, TaskId(*task), answer, salt))
            }
            Self::Acknowledge { task } => Tasks::acknowledge(origin, TaskId(*task)),
            Self::Poke { task } => plain(Tasks::poke(origin, TaskId(*task))),
            Self::Complain { task, provider } => {
                Tasks::complain_unavailable(origin, TaskId(*task), *provider)
            }
            Self::Show { task, right } => {
                let chunks = shown(TaskId(*task), *right);
                plain(Tasks::show(origin, TaskId(*task), chunks))
            }
        }
    }
}

/// What an output is the name of, where it is an artifact.
fn artifact(output: u8) -> Vec<u8> {
    vec![output; 9_000]
}

/// The chunks that are asked for, as well as the worker can prove them.
fn shown(id: TaskId, right: bool) -> BoundedVec<Proof, ConstU32<CHUNKS_SHOWN>> {
    let complaint = Tasks::view(id).and_then(|view| view.complaint);
    let Some(complaint) = complaint else { return Default::default() };
    let named = crate::Answers::<Test>::get(id, complaint.against).map(|answer| answer.output);
    let says = |output: &u8| named == Some(said(*output).output);
    let output = if right { (0..4).find(says).unwrap_or(0) } else { 9 };
    let proofs = complaint.chunks.iter().filter_map(|at| chunk::prove(&artifact(output), *at));
    proofs.collect::<Vec<_>>().try_into().expect("there are few chunks")
}

/// The third lies about its length.
fn name(output: u8) -> Output {
    let bytes = artifact(output);
    let lied = u64::from(output == LIED_LENGTH);
    Output::Artifact { id: chunk::content(&bytes), bytes: bytes.len() as u64 + lied }
}

/// Of the outputs that are odd, and so artifacts, one whose length is not the true one.
pub const LIED_LENGTH: u8 = 3;

fn said(output: u8) -> Answer {
    let answer = answer(output);
    if output % 2 == 1 {
        Answer { output: name(output), ..answer }
    } else {
        answer
    }
}

pub fn answer_of(said: Said) -> Answer {
    let print = |output: u8| {
        let values = vec![1_000_000, i32::from(output) * 900];
        Some(Fingerprint(values.try_into().expect("there are two")))
    };
    match said {
        Said::Output(output) => Answer { fingerprint: print(output), ..self::said(output) },
        Said::Bare(output) => self::said(output),
        Said::TooLong => {
            let output =
                Output::Inline(vec![1; 2_048].try_into().expect("it is as long as may be"));
            Answer { output, fingerprint: print(1), ..answer(1) }
        }
        Said::TooManyUnits => Answer { units: u64::MAX, fingerprint: print(1), ..answer(1) },
        Said::OtherEngine => {
            Answer { engine: EngineId([2; 32]), fingerprint: print(1), ..answer(1) }
        }
    }
}
