//! Jobs as people ask for them, and as terms of a task.

mod examples;

use crate::{
    amount::{self, CRN},
    archive,
    exit::{Failure, Outcome},
    sealing::{failed, Party},
    session::random,
    values,
};
use cairn_order::engines;
use cairn_protocol::{
    envelope::RESULT_OVERHEAD,
    id::{Amount, BlockId, Digest, EngineId, File},
    job::{Inline, Job as Work, Payload, Policy, Requirements, Seal, Terms, INLINE_BYTES},
    profile::DeviceClass,
    result::WITHIN,
    share::Ppm,
    spec::{Choice, EmbedSpec, InferSpec, SimulateSpec, Spec, WasmSpec},
};
use cairn_vault::Kept;
use clap::{Args, Subcommand};
use examples::{Evaluate, Train};
use std::path::{Path, PathBuf};

/// How many workers do it unless the requester says otherwise.
const REDUNDANCY: u8 = 3;
/// What each worker is offered unless the requester says otherwise.
const REWARD_EACH: Amount = CRN / 10;
/// Fuel of a unit of work.
const FUEL_UNIT: u64 = 1_000_000;
/// What a tokenizer may put around a text.
const AROUND: u64 = 2;

#[derive(Debug, Subcommand)]
pub enum Job {
    /// Has a model go on with a text.
    Infer(Infer),
    /// Brings a text to a point, of which near ones mean alike.
    Embed(Embed),
    /// Teaches a model; what comes of it is paid if guards measure the loss that is asked for.
    Train(Train),
    /// Measures what a model loses on examples.
    Evaluate(Evaluate),
    /// Moves the rigid bodies of a scene.
    Simulate(Simulate),
    /// Calls a function of a WebAssembly module.
    Wasm(Wasm),
}

// What is said of any job. As documentation, it would be taken for what each of them is.
#[derive(Debug, Args)]
pub struct Conditions {
    /// How many workers do it, each by itself. An odd number [default: 3, of which learning has 1]
    #[arg(long)]
    redundancy: Option<u8>,

    /// For all workers together, in CRN [default: 0.1 for each]
    #[arg(long, value_name = "CRN", value_parser = amount::parse)]
    reward: Option<Amount>,

    /// On top, in CRN: it goes before others who wait.
    #[arg(long, value_name = "CRN", default_value = "0", value_parser = amount::parse)]
    tip: Amount,

    /// How long to look for workers.
    #[arg(long, value_name = "BLOCKS", default_value_t = 100)]
    match_within: u32,

    /// How long workers have for it.
    #[arg(long, value_name = "BLOCKS", default_value_t = 120)]
    work_blocks: u32,

    /// How long a result may be that is kept on the chain; a longer one goes to the archive
    /// [default: by the kind of job]
    #[arg(long, value_name = "BYTES")]
    output_bytes: Option<u32>,

    /// How much work it is at most [default: by the job]
    #[arg(long)]
    units: Option<u64>,

    /// Decides what is drawn [default: random]
    #[arg(long, value_name = "DIGEST", value_parser = values::digest)]
    seed: Option<Digest>,

    /// Let guards look at the result, who may read the input for it.
    #[arg(long)]
    auditable: bool,

    /// The archive that workers fetch from, for what is too long for the chain: a folder, or a
    /// bucket as s3://bucket/prefix.
    #[arg(long, value_name = "DIR|URL")]
    archive: Option<PathBuf>,

    /// Encrypt the input, so that it is read by those alone who are given the key, and the result
    /// by nobody but you. The input goes to the archive, where one is named.
    #[arg(long)]
    sealed: bool,

    /// How long you have to give the key to workers once they are drawn.
    #[arg(long, value_name = "BLOCKS", default_value_t = 60)]
    key_blocks: u32,
}

// What models on texts are computed in.
#[derive(Debug, Args)]
pub struct Arithmetic {
    /// Compute in floats: results are compared by fingerprints, which screens them and proves none.
    #[arg(long)]
    float: bool,

    /// How far apart fingerprints may be, in millionths.
    #[arg(long, value_name = "PPM", requires = "float", default_value_t = WITHIN)]
    tolerance: Ppm,
}

#[derive(Debug, Args)]
pub struct Infer {
    /// The model's id, as `cairn model create` says it.
    #[arg(long, value_name = "ID", value_parser = values::model)]
    model: BlockId,

    /// The text to go on with.
    #[arg(long, allow_hyphen_values = true)]
    prompt: String,

    /// The most tokens to make.
    #[arg(long, default_value_t = 64)]
    most: u32,

    #[command(flatten)]
    arithmetic: Arithmetic,

    #[command(flatten)]
    conditions: Conditions,
}

#[derive(Debug, Args)]
pub struct Embed {
    /// The model's id, as `cairn model create` says it.
    #[arg(long, value_name = "ID", value_parser = values::model)]
    model: BlockId,

    /// The text.
    #[arg(long, allow_hyphen_values = true)]
    text: String,

    #[command(flatten)]
    arithmetic: Arithmetic,

    #[command(flatten)]
    conditions: Conditions,
}

#[derive(Debug, Args)]
pub struct Simulate {
    /// A file with the scene, in JSON.
    #[arg(long, value_name = "FILE")]
    scene: PathBuf,

    /// How many steps.
    #[arg(long)]
    steps: u32,

    /// Keep the state after each so many steps; none where it is zero.
    #[arg(long, default_value_t = 0)]
    every: u32,

    #[command(flatten)]
    conditions: Conditions,
}

#[derive(Debug, Args)]
pub struct Wasm {
    /// A file with the module, which is put into the archive.
    #[arg(long, value_name = "FILE")]
    module: PathBuf,

    /// The function to call.
    #[arg(long)]
    export: String,

    /// A file with what the function reads [default: nothing]
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,

    /// How far it may run.
    #[arg(long, default_value_t = 1_000_000_000)]
    fuel: u64,

    /// How much memory it may have, in pages of 64 KiB.
    #[arg(long, default_value_t = 256)]
    memory_pages: u32,

    #[command(flatten)]
    conditions: Conditions,
}

/// A job, and what goes without saying for its kind.
struct Draft {
    spec: Spec,
    model: Option<BlockId>,
    engine: EngineId,
    policy: Policy,
    redundancy: u8,
    input: Vec<u8>,
    /// None where only whoever asks knows.
    units: Option<u64>,
    output_bytes: u32,
}

/// What is submitted, and what is to be kept of it where its input is sealed.
pub struct Asked {
    pub terms: Terms,
    pub kept: Option<Kept>,
}

impl Job {
    /// What is submitted, if it is at this height.
    pub fn asked(&self, now: u64, party: &Party) -> Outcome<Asked> {
        let (draft, conditions) = match self {
            Self::Infer(infer) => (infer.draft(), &infer.conditions),
            Self::Embed(embed) => (embed.draft(), &embed.conditions),
            Self::Train(train) => (train.draft()?, &train.conditions),
            Self::Evaluate(evaluate) => (evaluate.draft()?, &evaluate.conditions),
            Self::Simulate(simulate) => (simulate.draft()?, &simulate.conditions),
            Self::Wasm(wasm) => (wasm.draft()?, &wasm.conditions),
        };
        conditions.asked(draft, now, party)
    }
}

impl Arithmetic {
    /// Who computes, and how that is judged.
    fn engine(&self) -> (EngineId, Policy) {
        match self.float {
            true => (engines::float(), Policy::Tolerance { within: self.tolerance }),
            false => (engines::exact(), Policy::Proven),
        }
    }
}

impl Infer {
    fn draft(&self) -> Draft {
        let (most, stops) = (self.most, Default::default());
        let (engine, policy) = self.arithmetic.engine();
        Draft {
            spec: Spec::Infer(InferSpec { most, choice: Choice::Greedy, stops }),
            model: Some(self.model),
            engine,
            policy,
            redundancy: REDUNDANCY,
            input: self.prompt.clone().into_bytes(),
            // Tokens that are made.
            units: Some(most.into()),
            output_bytes: 1_024,
        }
    }
}

impl Embed {
    fn draft(&self) -> Draft {
        let input = self.text.clone().into_bytes();
        let (engine, policy) = self.arithmetic.engine();
        Draft {
            spec: Spec::Embed(EmbedSpec),
            model: Some(self.model),
            engine,
            policy,
            redundancy: REDUNDANCY,
            // Tokens that are read, of which none has less than a byte.
            units: Some(AROUND.saturating_add(input.len() as u64)),
            input,
            output_bytes: INLINE_BYTES,
        }
    }
}

impl Simulate {
    fn draft(&self) -> Outcome<Draft> {
        let input = archive::read(&self.scene)?;
        let bodies = bodies(&self.scene, &input)?;
        Ok(Draft {
            spec: Spec::Simulate(SimulateSpec { steps: self.steps, every: self.every }),
            model: None,
            engine: engines::simulate(),
            policy: Policy::Replicated,
            redundancy: REDUNDANCY,
            input,
            units: bodies.map(|bodies| bodies.saturating_mul(self.steps.into())),
            output_bytes: 1_024,
        })
    }
}

/// How many bodies a scene has, as far as it says so: those of robots are in files of their own.
fn bodies(path: &Path, scene: &[u8]) -> Outcome<Option<u64>> {
    let scene: serde_json::Value = serde_json::from_slice(scene).map_err(|error| {
        Failure::usage(format!("{} is no scene in JSON: {error}", path.display()))
    })?;
    let list = |name: &str| scene.get(name).and_then(serde_json::Value::as_array);
    let count = |name: &str| list(name).map_or(0, Vec::len);
    Ok((count("robots") == 0).then_some(count("bodies") as u64))
}

impl Wasm {
    fn draft(&self) -> Outcome<Draft> {
        let module = self.conditions.stored("a module", &self.module)?;
        let spec = WasmSpec {
            module,
            fuel: self.fuel,
            memory_pages: self.memory_pages,
            export: self.export.clone().into_bytes().try_into().map_err(|_| {
                Failure::usage("a function's name has 64 bytes at most; give --export another")
            })?,
        };
        Ok(Draft {
            spec: Spec::Wasm(spec),
            model: None,
            engine: engines::wasm(),
            policy: Policy::Replicated,
            redundancy: REDUNDANCY,
            input: self.input.as_deref().map_or_else(|| Ok(Vec::new()), archive::read)?,
            units: Some(self.fuel.div_ceil(FUEL_UNIT)),
            output_bytes: 1_024,
        })
    }
}

impl Conditions {
    fn asked(&self, mut draft: Draft, now: u64, party: &Party) -> Outcome<Asked> {
        draft.spec.check().map_err(|malformed| Failure::usage(malformed.to_string()))?;
        let input = std::mem::take(&mut draft.input);
        if !self.sealed {
            let terms = self.terms(draft, self.payload(input)?, None, now)?;
            return Ok(Asked { terms, kept: None });
        }
        if matches!(draft.policy, Policy::Outcome { .. }) {
            let words = "guards cannot measure what is sealed; leave out --sealed";
            return Err(Failure::usage(words));
        }
        let (kept, payload, context) =
            Kept::seal(&input, &party.genesis, &party.requester).map_err(failed)?;
        let seal = Seal { commitment: context.commitment, key_blocks: self.key_blocks };
        // Longer by what seals it, as far as the chain takes it.
        let output_bytes = draft.output_bytes.saturating_add(RESULT_OVERHEAD as u32);
        draft.output_bytes = output_bytes.min(INLINE_BYTES);
        let terms = self.terms(draft, self.sealed_payload(payload)?, Some(seal), now)?;
        Ok(Asked { terms, kept: Some(kept) })
    }

    fn terms(&self, draft: Draft, input: Payload, seal: Option<Seal>, now: u64) -> Outcome<Terms> {
        let units = self.units.or(draft.units).ok_or_else(|| {
            Failure::usage(
                "the scene has robots; say with --units what its steps times its bodies come to, \
                 links of robots counted",
            )
        })?;
        let seed = match self.seed {
            Some(seed) => seed,
            None => random()?,
        };
        let redundancy = self.redundancy.unwrap_or(draft.redundancy);
        let workers = Amount::from(redundancy);
        let now = u32::try_from(now).unwrap_or(u32::MAX);
        Ok(Terms {
            job: Work {
                kind: draft.spec.kind(),
                model: draft.model,
                engine: draft.engine,
                input,
                parameters: draft.spec.encode(),
                seed,
                units,
                sampled: false,
            },
            policy: draft.policy,
            redundancy,
            requirements: Requirements::any(DeviceClass::Cpu),
            reward: self.reward.unwrap_or(workers.saturating_mul(REWARD_EACH)),
            tip: self.tip,
            match_by: now.saturating_add(self.match_within),
            work_blocks: self.work_blocks,
            seal,
            output_bytes: self.output_bytes.unwrap_or(draft.output_bytes),
            auditable: self.auditable,
        })
    }

    /// In the archive, from which it can be removed: what is on the chain stays there for whoever
    /// may come to break it.
    fn sealed_payload(&self, payload: Vec<u8>) -> Outcome<Payload> {
        let Some(folder) = &self.archive else { return self.payload(payload) };
        let File { id, bytes } = archive::put(folder, &payload)?;
        Ok(Payload::Artifact { id, bytes })
    }

    /// A file that workers fetch from the archive, which has it by now.
    fn stored(&self, what: &str, path: &Path) -> Outcome<File> {
        let Some(folder) = &self.archive else {
            return Err(Failure::usage(format!(
                "{what} goes to the archive, from which workers fetch it; name it with --archive"
            )));
        };
        archive::put(folder, &archive::read(path)?)
    }

    /// In the terms where it is short, else in the archive.
    fn payload(&self, input: Vec<u8>) -> Outcome<Payload> {
        let input = match Inline::try_from(input) {
            Ok(short) => return Ok(Payload::Inline(short)),
            Err(long) => long,
        };
        let Some(folder) = &self.archive else {
            return Err(Failure::usage(format!(
                "the input has {} bytes, and {INLINE_BYTES} go into a transaction; name an archive \
                 that workers fetch from, with --archive",
                input.len()
            )));
        };
        let File { id, bytes } = archive::put(folder, &input)?;
        Ok(Payload::Artifact { id, bytes })
    }
}

#[cfg(test)]
mod tests;
