//! Programs in exact form, run: what decoders lose, the tokens that they make, and embeddings.
//! The same bits on every machine, by any number of threads.

use crate::generate::{Reason, Request, Sampling};
use crate::quantise::{scale, WIDE};
use cairn_kernel::{
    models::Outcome,
    num::Scale,
    program::{Rows, Values},
    run::{self, Crew, Matrix, Numbers, Piece, Plan, State},
    sample::{sample, Rule, WHOLE},
};
use std::f64::consts::LOG2_E;
use thiserror::Error;

/// Tokens that are computed at once; more need more memory, and come to the same.
const ROWS: usize = 512;
/// What a step of a fine logarithm to base 2 stands for.
const FINE: f64 = 1.0 / (1_u32 << 24) as f64;

/// Why a program comes to nothing.
#[derive(Debug, Error)]
pub enum ExactError {
    #[error(
        "sequence {at} has {have} tokens; a loss needs 2 to {most}, as each is lost on the next"
    )]
    Length { at: usize, have: usize, most: usize },
    #[error("there is no sequence to evaluate; give at least one")]
    Nothing,
    #[error(
        "the program comes to {found}, and {need} is needed; build the model for that outcome"
    )]
    Result { found: &'static str, need: &'static str },
    #[error("the prompt has no token; give at least one")]
    NoPrompt,
    #[error("a prompt of {have} tokens is longer than the {most} that the program takes")]
    Prompt { have: usize, most: usize },
    #[error("at most {0} tokens are to be made or chosen from; it has to be one at least")]
    Most(usize),
    #[error("the temperature is {0}, and has to be a number from 0.0001 to 1000")]
    Temperature(f32),
    #[error("the share of likely tokens is {0}, and has to be above zero and at most one")]
    Share(f32),
    #[error("token {0} is more than the kernel counts")]
    Token(u32),
    #[error("the program does not run: {0}")]
    Run(run::Error),
}

impl ExactError {
    /// The same of one of several sequences.
    fn of(self, sequence: usize) -> Self {
        match self {
            Self::Length { have, most, .. } => Self::Length { at: sequence, have, most },
            other => other,
        }
    }
}

impl From<run::Error> for ExactError {
    fn from(error: run::Error) -> Self {
        Self::Run(error)
    }
}

/// What was lost on tokens, in millionths of a nat.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Loss {
    pub micro_nats: i64,
    /// Tokens that something was lost on.
    pub tokens: u64,
}

/// The outcome that [`loss`] evaluates.
pub fn losses() -> Outcome {
    // A constant, which has a scale.
    Outcome::Loss(scale(WIDE * LOG2_E / FINE).unwrap_or(Scale::ONE))
}

/// What a program for [`losses`] loses on sequences, each token on those before it.
pub fn loss<T: AsRef<[u32]>>(
    plan: &Plan<'_>,
    crew: &dyn Crew,
    sequences: &[T],
) -> Result<Loss, ExactError> {
    if sequences.is_empty() {
        return Err(ExactError::Nothing);
    }
    let mut loss = Loss::default();
    for (sequence, at) in sequences.iter().zip(0..) {
        let each = each_loss(plan, crew, sequence.as_ref()).map_err(|error| error.of(at))?;
        for lost in each {
            loss.micro_nats = loss.micro_nats.saturating_add(lost.into());
            loss.tokens += 1;
        }
    }
    Ok(loss)
}

/// What is lost on each token of one sequence but the first, in millionths of a nat.
pub fn each_loss(
    plan: &Plan<'_>,
    crew: &dyn Crew,
    sequence: &[u32],
) -> Result<Vec<i32>, ExactError> {
    let program = plan.program();
    let given = |(_, tensor): (_, &cairn_kernel::program::Tensor)| {
        matches!(tensor.values, Values::Targets { .. })
    };
    if !program.tensors().any(given) {
        return Err(ExactError::Result { found: "no losses", need: "a loss on targets" });
    }
    let most = program.program().rows as usize + 1;
    let have = sequence.len();
    if !(2..=most).contains(&have) {
        return Err(ExactError::Length { at: 0, have, most });
    }
    let tokens = whole(sequence)?;
    let mut state = plan.start();
    let mut each = Vec::with_capacity(have - 1);
    for (given, targets) in tokens[..have - 1].chunks(ROWS).zip(tokens[1..].chunks(ROWS)) {
        let piece = Piece { tokens: given, targets, ..Piece::default() };
        each.extend(numbers(&made(plan, crew, &mut state, &piece)?));
    }
    Ok(each)
}

/// What a program of an encoder comes to for one text: an embedding, or a number for each class, in
/// the steps of its model.
pub fn embed(plan: &Plan<'_>, crew: &dyn Crew, tokens: &[u32]) -> Result<Vec<i32>, ExactError> {
    check_single(plan, "a row for each text")?;
    let piece = Piece { tokens: &whole(tokens)?, ..Piece::default() };
    Ok(numbers(&made(plan, crew, &mut plan.start(), &piece)?))
}

/// Logits after each token, or numbers of classes for each row of features, row by row.
pub fn rows(
    plan: &Plan<'_>,
    crew: &dyn Crew,
    tokens: &[u32],
    features: &[i16],
) -> Result<Vec<i32>, ExactError> {
    let piece = Piece { tokens: &whole(tokens)?, features, ..Piece::default() };
    Ok(numbers(&made(plan, crew, &mut plan.start(), &piece)?))
}

/// Numbers as features in steps of a size.
pub fn features(values: &[f32], step: f64) -> Vec<i16> {
    let most = f64::from(i16::MAX);
    // Within what an i16 holds.
    let feature = |x: &f32| (f64::from(*x) / step).round().clamp(-most, most) as i16;
    values.iter().map(feature).collect()
}

/// How many of the numbers are further out than features in steps of a size are, and cut off there.
pub fn cut(values: &[f32], step: f64) -> usize {
    let most = f64::from(i16::MAX);
    values.iter().filter(|x| (f64::from(**x) / step).round().abs() > most).count()
}

/// A prompt and how it goes on, in whole numbers alone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Prompt {
    pub tokens: Vec<u32>,
    pub rule: Rule,
    /// Decides, with the position, what is drawn.
    pub seed: [u8; 32],
    /// The most tokens to make.
    pub most: usize,
    /// Tokens that end it, and are not part of it.
    pub stops: Vec<u32>,
}

/// The tokens of one request, made as they are asked for by a program that comes to
/// [`Outcome::LastLogits`]. What is kept of earlier tokens changes no bit.
pub struct Generation<'a> {
    plan: &'a Plan<'a>,
    crew: &'a dyn Crew,
    state: State,
    next: Vec<i32>,
    logits: Vec<i32>,
    rule: Rule,
    seed: [u8; 32],
    stops: Vec<u32>,
    left: usize,
    reason: Option<Reason>,
}

impl<'a> Generation<'a> {
    pub fn new(
        plan: &'a Plan<'a>,
        crew: &'a dyn Crew,
        request: &Request,
    ) -> Result<Self, ExactError> {
        let (rule, seed) = rule(&request.sampling)?;
        let Request { prompt, most, stops, .. } = request.clone();
        Self::with_rule(plan, crew, Prompt { tokens: prompt, rule, seed, most, stops })
    }

    /// The same by a rule that has been whole numbers from the start.
    pub fn with_rule(
        plan: &'a Plan<'a>,
        crew: &'a dyn Crew,
        prompt: Prompt,
    ) -> Result<Self, ExactError> {
        check_single(plan, "logits after the last token")?;
        let most = plan.program().program().rows as usize;
        match prompt.tokens.len() {
            0 => return Err(ExactError::NoPrompt),
            have if have > most => return Err(ExactError::Prompt { have, most }),
            _ => {}
        }
        if prompt.most == 0 {
            return Err(ExactError::Most(0));
        }
        let next = whole(&prompt.tokens)?;
        let Prompt { rule, seed, stops, most: left, .. } = prompt;
        let (state, logits) = (plan.start(), Vec::new());
        Ok(Self { plan, crew, state, next, logits, rule, seed, stops, left, reason: None })
    }

    /// What the last step came to, of which its token was chosen; also where that ended it.
    pub fn logits(&self) -> &[i32] {
        &self.logits
    }

    /// Why it ended, once it has.
    pub fn reason(&self) -> Option<Reason> {
        self.reason
    }

    fn step(&mut self) -> Result<Option<u32>, ExactError> {
        for tokens in std::mem::take(&mut self.next).chunks(ROWS) {
            let piece = Piece { tokens, ..Piece::default() };
            self.logits = numbers(&made(self.plan, self.crew, &mut self.state, &piece)?);
        }
        let position = self.state.rows() as u64 - 1;
        let Some(token) = sample(&self.logits, &self.rule, &self.seed, position) else {
            return Ok(None);
        };
        if self.stops.contains(&token) {
            self.reason = Some(Reason::Stop);
            return Ok(None);
        }
        self.left -= 1;
        if self.left == 0 {
            self.reason = Some(Reason::Most);
        } else if self.state.rows() == self.plan.program().program().rows as usize {
            self.reason = Some(Reason::Context);
        }
        self.next = whole(&[token])?;
        Ok(Some(token))
    }
}

impl Iterator for Generation<'_> {
    type Item = Result<u32, ExactError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.reason.is_some() || self.next.is_empty() {
            return None;
        }
        self.step().transpose()
    }
}

/// How the kernel chooses what floats would choose so.
pub fn rule(sampling: &Sampling) -> Result<(Rule, [u8; 32]), ExactError> {
    let Sampling::Drawn { temperature, most, share, seed } = *sampling else {
        return Ok((Rule::Greedy, [0; 32]));
    };
    if !(1e-4..=1e3).contains(&temperature) {
        return Err(ExactError::Temperature(temperature));
    }
    if !(share > 0.0 && share <= 1.0) {
        return Err(ExactError::Share(share));
    }
    if most == 0 {
        return Err(ExactError::Most(0));
    }
    let scale =
        scale(LOG2_E / f64::from(temperature)).ok_or(ExactError::Temperature(temperature))?;
    // At most a whole.
    let prefix = ((f64::from(share) * f64::from(WHOLE)).round() as u32).max(1);
    let most = u32::try_from(most).unwrap_or(u32::MAX);
    Ok((Rule::Drawn { scale, most, prefix }, seed))
}

fn check_single(plan: &Plan<'_>, need: &'static str) -> Result<(), ExactError> {
    let program = plan.program();
    match program.tensor(program.program().result) {
        Some(tensor) if tensor.rows == Rows::One && tensor.values.bits().is_some() => Ok(()),
        _ => Err(ExactError::Result { found: "something else", need }),
    }
}

fn made(
    plan: &Plan<'_>,
    crew: &dyn Crew,
    state: &mut State,
    piece: &Piece<'_>,
) -> Result<Matrix, ExactError> {
    let result = plan.program().program().result;
    let mut made = plan.run_by(crew, state, piece, &[])?;
    made.take(result).ok_or(ExactError::Run(run::Error::NotComputed { tensor: result }))
}

fn whole(tokens: &[u32]) -> Result<Vec<i32>, ExactError> {
    let one = |token: &u32| i32::try_from(*token).map_err(|_| ExactError::Token(*token));
    tokens.iter().map(one).collect()
}

fn numbers(matrix: &Matrix) -> Vec<i32> {
    match matrix.numbers() {
        Numbers::Narrow(numbers) => numbers.iter().copied().map(i32::from).collect(),
        Numbers::Wide(numbers) => numbers.clone(),
    }
}
