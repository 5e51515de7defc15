use super::{Settings, TrainError};
use crate::{
    model::numbers,
    parts::{Place, Role},
};
use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId},
    optim::{AdamW, AdamWConfig, AdamWState, DynState, GradientsParams, Optimizer as _},
    tensor::Tensor,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How fast is learned: faster and faster, then slower along half a wave.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Schedule {
    pub rate: f64,
    /// Steps until the rate is reached.
    pub warmup: u64,
    /// What part of it is left at the end.
    pub last: f64,
}

impl Default for Schedule {
    fn default() -> Self {
        Self { rate: 1e-3, warmup: 50, last: 0.1 }
    }
}

impl Schedule {
    /// The rate of a step, of which the first is 1.
    pub fn at(&self, step: u64, steps: u64) -> f64 {
        if step <= self.warmup {
            return self.rate * step as f64 / self.warmup as f64;
        }
        let left = steps.saturating_sub(self.warmup).max(1);
        let done = ((step - self.warmup) as f64 / left as f64).min(1.0);
        let wave = 0.5 + 0.5 * (std::f64::consts::PI * done).cos();
        self.rate * (self.last + (1.0 - self.last) * wave)
    }
}

/// Burn's AdamW, with what it keeps by the names of weights. Burn's own holder keeps it by numbers
/// that are drawn anew whenever a model is made, and clips each weight's gradients for themselves.
pub(super) struct Optimizer {
    shrinking: AdamW,
    lasting: AdamW,
    pub(super) states: BTreeMap<String, DynState>,
}

impl Optimizer {
    pub(super) fn new(settings: &Settings) -> Self {
        let adam = |decay: f32| {
            AdamWConfig::new()
                .with_beta_1(settings.betas[0])
                .with_beta_2(settings.betas[1])
                .with_epsilon(settings.epsilon)
                .with_weight_decay(decay)
                .build()
        };
        Self { shrinking: adam(settings.decay), lasting: adam(0.0), states: BTreeMap::new() }
    }

    /// The model after a step along gradients times a factor.
    pub(super) fn step<M: Module>(
        &mut self,
        model: M,
        gradients: GradientsParams,
        rate: f64,
        factor: f64,
    ) -> M {
        let place = Place::default();
        model.map(&mut Step { place, optimizer: self, gradients, rate, factor })
    }
}

struct Step<'a> {
    place: Place,
    optimizer: &'a mut Optimizer,
    gradients: GradientsParams,
    rate: f64,
    factor: f64,
}

impl ModuleMapper for Step<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.place.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.place.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        // An expert that nobody chose has none, and stays as it is.
        let Some(gradient) = self.gradients.remove::<D>(param.id) else { return param };
        let (id, weight, mapper) = param.consume();
        let name = self.place.name();
        let adam = match self.place.role() {
            Role::Gains | Role::Bias => &self.optimizer.lasting,
            _ => &self.optimizer.shrinking,
        };
        let state = self.optimizer.states.remove(&name);
        let state = state.map(|state| state.downcast::<AdamWState<D>>());
        let gradient = gradient.mul_scalar(self.factor);
        let (weight, state) = adam.step(self.rate, weight.inner(), gradient, state);
        if let Some(state) = state {
            self.optimizer.states.insert(name, DynState::create(state, D));
        }
        Param::from_mapped_value(id, Tensor::from_inner(weight).require_grad(), mapper)
    }
}

/// The model with weights of some names and roles that do not learn.
pub(super) fn frozen<M: Module>(model: M, which: impl Fn(&str, Role) -> bool) -> M {
    model.map(&mut Freeze { place: Place::default(), which })
}

struct Freeze<F> {
    place: Place,
    which: F,
}

impl<F: Fn(&str, Role) -> bool> ModuleMapper for Freeze<F> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.place.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.place.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match (self.which)(&self.place.name(), self.place.role()) {
            true => param.set_require_grad(false),
            false => param,
        }
    }
}

/// What Burn knows weights of some names by.
pub(super) fn named<M: Module>(model: &M, which: impl Fn(&str) -> bool) -> Vec<ParamId> {
    let mut chosen = Chosen { place: Place::default(), which, ids: Vec::new() };
    model.visit(&mut chosen);
    chosen.ids
}

struct Chosen<F> {
    place: Place,
    which: F,
    ids: Vec<ParamId>,
}

impl<F: Fn(&str) -> bool> ModuleVisitor for Chosen<F> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.place.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.place.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if (self.which)(&self.place.name()) {
            self.ids.push(param.id);
        }
    }
}

/// The length of all gradients together.
pub(super) fn length<M: Module>(model: &M, gradients: &GradientsParams) -> Result<f64, TrainError> {
    let mut squares = Squares { gradients, sums: Vec::new() };
    model.visit(&mut squares);
    if squares.sums.is_empty() {
        return Err(TrainError::Nothing);
    }
    // Read at once, since a device is waited for whenever it is read.
    let sums = numbers(Tensor::cat(squares.sums, 0))?;
    Ok(sums.into_iter().map(f64::from).sum::<f64>().sqrt())
}

struct Squares<'a> {
    gradients: &'a GradientsParams,
    sums: Vec<Tensor<1>>,
}

impl ModuleVisitor for Squares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            self.sums.push(gradient.square().sum());
        }
    }
}
