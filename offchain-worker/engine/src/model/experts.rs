use super::{feed::Gated, identities, linear, numbers, ModelError};
use crate::config::{DecoderConfig, ExpertsConfig};
use burn::{
    module::Module,
    nn::Linear,
    tensor::{activation::softmax, Device, IndexingUpdateOp, Tensor},
};

/// Feed-forward parts of which a router chooses some for each row.
#[derive(Module, Debug)]
pub(crate) struct Experts {
    pub(crate) router: Linear,
    pub(crate) experts: Vec<Gated>,
    chosen: usize,
    /// Whether shares are of all experts, not of those chosen.
    all: bool,
}

impl Experts {
    pub(super) fn new(config: &DecoderConfig, experts: ExpertsConfig, device: &Device) -> Self {
        let expert = |_| Gated::new(config.hidden, config.inner, device);
        Self {
            router: linear(config.hidden, experts.count, false, device),
            experts: (0..experts.count).map(expert).collect(),
            chosen: experts.chosen,
            all: experts.all,
        }
    }

    /// Each expert computes the rows that chose it, and adds its share to them.
    pub(super) fn forward(&self, rows: Tensor<2>) -> Result<Tensor<2>, ModelError> {
        let device = rows.device();
        let [count, _] = rows.dims();
        let shares = softmax(self.router.forward(rows.clone()), 1);
        let choices = self.choices(&numbers(shares.clone())?);
        let indices = identities(choices.iter().copied(), &device);
        let mut shares = shares.gather(1, indices.reshape([count, self.chosen]));
        if !self.all {
            shares = shares.clone() / shares.sum_dim(1);
        }
        let shares = shares.reshape([count * self.chosen, 1]);
        let mut result = rows.zeros_like();
        for (expert, at) in self.experts.iter().zip(0..) {
            let slots: Vec<u32> = (0..).zip(&choices).filter(|c| *c.1 == at).map(|c| c.0).collect();
            if slots.is_empty() {
                continue;
            }
            let of = slots.iter().map(|slot| slot / self.chosen as u32);
            let of = identities(of, &device);
            let made = expert.forward(rows.clone().select(0, of.clone()));
            let share = shares.clone().select(0, identities(slots, &device));
            result = result.select_assign(0, of, made * share, IndexingUpdateOp::Add);
        }
        Ok(result)
    }

    /// For each row the experts with the largest shares, of equal ones the lower first.
    fn choices(&self, shares: &[f32]) -> Vec<u32> {
        let order = |row: &[f32]| {
            let mut order: Vec<u32> = (0..row.len() as u32).collect();
            // A stable sort.
            order.sort_by(|a, b| row[*b as usize].total_cmp(&row[*a as usize]));
            order.truncate(self.chosen);
            order
        };
        shares.chunks(self.experts.len()).flat_map(order).collect()
    }
}
