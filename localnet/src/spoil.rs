//! A component is made worse, in a way that can be mended.

use std::{collections::BTreeMap, ops::Range};

use cairn_artifact::{
    change::Change,
    contents::{Contents, Numbers, Tensor},
    store::Store,
};
use cairn_kernel::delta::{Delta, LowRank};
use cairn_protocol::id::{ContentId, File};

use crate::{Error, Result};

/// Something, or why there is none.
type Made<T> = std::result::Result<T, String>;

/// Rows of a tensor, and by how much their masters are pushed: one column up, the next one down.
#[derive(Clone, Debug)]
pub struct Spot {
    /// As the component calls it.
    pub tensor: &'static str,
    pub rows: Range<u32>,
    pub by: i16,
}

/// A component that is worse than it was.
#[derive(Debug)]
pub(crate) struct Spoilt {
    pub file: File,
    /// For each spot the change that mends it, whether or not another one was laid before.
    pub mends: Vec<Mend>,
}

/// What mends one spot.
#[derive(Clone, Debug)]
pub(crate) struct Mend {
    /// The change, encoded.
    pub change: Vec<u8>,
    /// What the component is once that alone is laid.
    pub mended: File,
}

/// Spoils a component that a store has.
pub(crate) fn spoil(store: &Store, component: &File, spots: &[Spot]) -> Result<Spoilt> {
    let failed = |reason: String| Error::Unspoilt { component: format!("{component:?}"), reason };
    let held = store.open_file(component).map_err(|error| failed(error.to_string()))?;
    let contents = Contents::decode(&held).map_err(|error| failed(error.to_string()))?;
    let mut tensors = contents.tensors().clone();
    for spot in spots {
        spot.apply(&mut tensors).map_err(failed)?;
    }
    let spoilt = Contents::new(tensors.clone()).map_err(|error| failed(error.to_string()))?;
    let file = store.put_contents(&spoilt).map_err(|error| failed(error.to_string()))?;
    let mends = spots.iter().map(|spot| -> Made<Mend> {
        let change = encoded(file.id, spot.mend(&tensors)?)?;
        Ok(Mend { change, mended: spot.mended(&tensors)? })
    });
    let mends = mends.collect::<Made<_>>().map_err(failed)?;
    Ok(Spoilt { file, mends })
}

fn encoded(base: ContentId, deltas: BTreeMap<String, Delta>) -> Made<Vec<u8>> {
    Ok(Change::new(base, deltas).map_err(|flaw| flaw.to_string())?.encode())
}

impl Spot {
    fn apply(&self, tensors: &mut BTreeMap<String, Tensor<'_>>) -> Made<()> {
        self.add(tensors, self.by)
    }

    /// What they are called once this spot is mended. Nobody is given that file.
    fn mended(&self, tensors: &BTreeMap<String, Tensor<'_>>) -> Made<File> {
        let mut mended = tensors.clone();
        self.add(&mut mended, self.by.saturating_neg())?;
        let contents = Contents::new(mended).map_err(|error| error.to_string())?;
        contents.file().map_err(|error| error.to_string())
    }

    fn add(&self, tensors: &mut BTreeMap<String, Tensor<'_>>, by: i16) -> Made<()> {
        let push = self.push(tensors, by)?;
        let found = tensors.get_mut(self.tensor).map(|tensor| &mut tensor.numbers);
        let Some(Numbers::Masters(masters)) = found else {
            return Err(format!("{} has no masters", self.tensor));
        };
        push.apply(masters.to_mut()).map_err(|error| error.to_string())
    }

    fn mend(&self, tensors: &BTreeMap<String, Tensor<'_>>) -> Made<BTreeMap<String, Delta>> {
        let push = self.push(tensors, self.by.saturating_neg())?;
        Ok(BTreeMap::from([(self.tensor.to_owned(), push)]))
    }

    /// All columns of the rows, up and down by turns.
    fn push(&self, tensors: &BTreeMap<String, Tensor<'_>>, by: i16) -> Made<Delta> {
        let tensor = tensors.get(self.tensor);
        let tensor = tensor.ok_or_else(|| format!("it has no tensor {}", self.tensor))?;
        if self.rows.end > tensor.rows {
            return Err(format!("{} has {} rows", self.tensor, tensor.rows));
        }
        let high = (0..tensor.rows).map(|row| if self.rows.contains(&row) { by } else { 0 });
        let wide = (0..tensor.columns).map(|column| if column % 2 == 0 { 1 } else { -1 });
        let shape = [tensor.rows, tensor.columns];
        let low = LowRank::new(shape, 1, 0, high.collect(), wide.collect());
        low.map(Delta::LowRank).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: u32 = 4;
    const COLUMNS: u32 = 3;

    fn component(store: &Store) -> File {
        let masters: Vec<i16> = (0..ROWS * COLUMNS).map(|at| at as i16 * 100).collect();
        let numbers = Numbers::Masters(masters.into());
        let tensor = Tensor { rows: ROWS, columns: COLUMNS, numbers };
        let contents = Contents::new(BTreeMap::from([("down".to_owned(), tensor)])).unwrap();
        store.put_contents(&contents).unwrap()
    }

    fn masters(store: &Store, file: &File) -> Vec<i16> {
        let held = store.open_file(file).unwrap();
        let contents = Contents::decode(&held).unwrap();
        let Numbers::Masters(masters) = &contents.tensors()["down"].numbers else {
            panic!("they are constants");
        };
        masters.to_vec()
    }

    #[test]
    fn spoil_should_move_its_rows_alone_and_mends_bring_them_back_in_any_order() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path()).unwrap();
        let whole = component(&store);
        let spots = [
            Spot { tensor: "down", rows: 0..1, by: 7 },
            Spot { tensor: "down", rows: 2..4, by: -5 },
        ];
        let spoilt = spoil(&store, &whole, &spots).unwrap();
        let (good, mut bad) = (masters(&store, &whole), masters(&store, &spoilt.file));
        assert_eq!(bad[..3], [7, 93, 207]);
        assert_eq!(bad[3..6], good[3..6]);
        let [first, second] = &spoilt.mends[..] else { panic!("there are two spots") };
        let lay = |bad: &mut Vec<i16>, mend: &Mend| {
            let change = Change::decode(&mend.change).unwrap();
            assert_eq!(change.base(), spoilt.file.id);
            change.deltas()["down"].apply(bad).unwrap();
        };
        lay(&mut bad, second);
        // It is not there before somebody makes it.
        assert!(!store.has(&second.mended));
        let numbers = Numbers::Masters(bad.clone().into());
        let tensor = Tensor { rows: ROWS, columns: COLUMNS, numbers };
        let contents = Contents::new(BTreeMap::from([("down".to_owned(), tensor)])).unwrap();
        assert_eq!(store.put_contents(&contents).unwrap(), second.mended);
        lay(&mut bad, first);
        assert_eq!(bad, good);
    }

    #[test]
    fn spoil_should_say_what_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path()).unwrap();
        let whole = component(&store);
        let said = |tensor, rows| {
            let spots = [Spot { tensor, rows, by: 1 }];
            spoil(&store, &whole, &spots).unwrap_err().to_string()
        };
        assert!(said("up", 0..1).contains("no tensor up"));
        assert!(said("down", 0..5).contains("4 rows"));
    }
}
