use burn::tensor::{Device, Tensor, TensorData};

/// Cosines and sines by which queries and keys at some positions are turned.
pub(super) struct Turns {
    cosines: Tensor<3>,
    sines: Tensor<3>,
}

impl Turns {
    /// In f64, because a position far behind turns by many whole circles.
    pub(super) fn new(positions: &[usize], head: usize, theta: f64, device: &Device) -> Self {
        let half = head / 2;
        let speeds: Vec<f64> =
            (0..half).map(|pair| theta.powf(-2.0 * pair as f64 / head as f64)).collect();
        let mut cosines = Vec::with_capacity(positions.len() * half);
        let mut sines = Vec::with_capacity(positions.len() * half);
        for position in positions {
            for speed in &speeds {
                let (sine, cosine) = (*position as f64 * speed).sin_cos();
                cosines.push(cosine as f32);
                sines.push(sine as f32);
            }
        }
        let table = |values: Vec<f32>| {
            Tensor::from_data(TensorData::new(values, [positions.len(), 1, half]), device)
        };
        Self { cosines: table(cosines), sines: table(sines) }
    }

    /// Turns rows × heads × columns. The column c of a head and the one half a head behind
    /// it are a pair.
    pub(super) fn turn(&self, values: Tensor<3>) -> Tensor<3> {
        let half = values.dims()[2] / 2;
        let first = values.clone().narrow(2, 0, half);
        let second = values.narrow(2, half, half);
        let (cosines, sines) = (self.cosines.clone(), self.sines.clone());
        let turned = first.clone() * cosines.clone() - second.clone() * sines.clone();
        let behind = second * cosines + first * sines;
        Tensor::cat(vec![turned, behind], 2)
    }
}
