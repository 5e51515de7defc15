use burn::tensor::Tensor;

/// Keys and values of the tokens of one sequence that a decoder has seen.
///
/// A clone shares what it has with the original until either goes on.
#[derive(Clone, Debug)]
pub struct Cache {
    layers: Vec<Option<[Tensor<4>; 2]>>,
    length: usize,
}

impl Cache {
    pub(crate) fn new(layers: usize) -> Self {
        Self { layers: vec![None; layers], length: 0 }
    }

    /// How many tokens it holds.
    pub fn length(&self) -> usize {
        self.length
    }

    pub(super) fn layers(&self) -> usize {
        self.layers.len()
    }

    /// Adds keys and values of new tokens, 1 × groups × tokens × head, and returns all.
    pub(super) fn extend(&mut self, layer: usize, new: [Tensor<4>; 2]) -> [Tensor<4>; 2] {
        let all = match self.layers[layer].take() {
            None => new,
            Some([keys, values]) => {
                let [new_keys, new_values] = new;
                [Tensor::cat(vec![keys, new_keys], 2), Tensor::cat(vec![values, new_values], 2)]
            }
        };
        self.layers[layer] = Some(all.clone());
        all
    }

    /// Says that all layers have seen so many more tokens.
    pub(super) fn advance(&mut self, tokens: usize) {
        self.length += tokens;
    }
}
