//! A model's components, each from the block that began it to its head, as people see them.
//!
//! ```text
//! demo  META  1.0.0  5Grw…utQY
//! ├─ layers.0.experts.3
//! │  ├─ 1.0.0  EXPERT  5Grw…utQY
//! │  └─ 1.0.1  DELTA   5Cf1…a19a  0.61 %  head
//! ├─ trunk
//! │  ├─ 1.0.0  EXPERT  5Grw…utQY
//! │  ├─ 1.0.1  DELTA   5Hgx…k2Lm  1.87 %  head
//! │  └╌ #7     delta   5Cf1…a19a  0.40 %  judging
//! └─ 23 more, as they were published
//! ```
//!
//! However long a lineage is, the drawing is no deeper: what stands above another in it was there
//! before.

/// What is drawn.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// What began the model.
    pub root: String,
    pub branches: Vec<Branch>,
    /// What is said instead of those that are left out.
    pub rest: Option<String>,
}

/// A component.
#[derive(Clone, Debug, Default)]
pub struct Branch {
    pub name: String,
    /// How many blocks are left out before the first.
    pub earlier: usize,
    /// From the oldest on.
    pub blocks: Vec<Leaf>,
    /// What is not laid yet.
    pub pending: Vec<Leaf>,
}

/// A block: its columns.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Leaf {
    pub release: String,
    pub kind: String,
    pub author: String,
    pub gain: String,
    pub state: String,
}

impl Leaf {
    fn columns(&self) -> [&str; 5] {
        [&self.release, &self.kind, &self.author, &self.gain, &self.state]
    }
}

impl Tree {
    pub fn draw(&self) -> String {
        let widths = self.widths();
        let mut drawn = format!("{}\n", self.root);
        let last = self.branches.len().checked_sub(1).filter(|_| self.rest.is_none());
        for (at, branch) in self.branches.iter().enumerate() {
            let (fork, side) =
                if Some(at) == last { ("└─", "   ") } else { ("├─", "│  ") };
            drawn += &format!("{fork} {}\n", branch.name);
            for line in branch.lines(&widths) {
                drawn += &format!("{side}{line}\n");
            }
        }
        if let Some(rest) = &self.rest {
            drawn += &format!("└─ {rest}\n");
        }
        drawn
    }

    /// How wide each column is, in all of the tree.
    fn widths(&self) -> [usize; 5] {
        let leaves = self.branches.iter().flat_map(|one| one.blocks.iter().chain(&one.pending));
        let mut widths = [0; 5];
        for columns in leaves.map(Leaf::columns) {
            for (width, column) in widths.iter_mut().zip(columns) {
                *width = column.chars().count().max(*width);
            }
        }
        widths
    }
}

impl Branch {
    fn lines(&self, widths: &[usize; 5]) -> Vec<String> {
        let line = |leaf: &Leaf| {
            let columns = leaf.columns().into_iter().zip(widths);
            let told: Vec<String> = columns
                .filter(|(_, width)| **width > 0)
                .map(|(column, &width)| format!("{column:width$}"))
                .collect();
            told.join("  ").trim_end().to_owned()
        };
        let mut all: Vec<(bool, String)> = Vec::new();
        if self.earlier > 0 {
            all.push((true, format!("⋮  {} earlier", self.earlier)));
        }
        all.extend(self.blocks.iter().map(|leaf| (true, line(leaf))));
        all.extend(self.pending.iter().map(|leaf| (false, line(leaf))));
        let last = all.len().saturating_sub(1);
        let fork = |at: usize, laid: bool| match (at == last, laid) {
            (true, true) => "└─",
            (true, false) => "└╌",
            (false, true) => "├─",
            (false, false) => "├╌",
        };
        let all = all.into_iter().enumerate();
        all.map(|(at, (laid, line))| format!("{} {line}", fork(at, laid))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(release: &str, kind: &str, gain: &str, state: &str) -> Leaf {
        let [release, kind, gain, state] = [release, kind, gain, state].map(str::to_owned);
        Leaf { release, kind, author: "5Grw…utQY".into(), gain, state }
    }

    fn branch(name: &str, blocks: Vec<Leaf>) -> Branch {
        Branch { name: name.into(), blocks, ..Branch::default() }
    }

    #[test]
    fn tree_should_be_as_it_is_documented() {
        let published = || leaf("1.0.0", "EXPERT", "", "");
        let expert = vec![published(), leaf("1.0.1", "DELTA", "0.61 %", "head")];
        let trunk = vec![published(), leaf("1.0.1", "DELTA", "1.87 %", "head")];
        let pending = vec![leaf("#7", "delta", "0.40 %", "judging")];
        let tree = Tree {
            root: "demo  META  1.0.0  5Grw…utQY".into(),
            branches: vec![
                branch("layers.0.experts.3", expert),
                Branch { pending, ..branch("trunk", trunk) },
            ],
            rest: Some("23 more, as they were published".into()),
        };
        let expected = "\
demo  META  1.0.0  5Grw…utQY
├─ layers.0.experts.3
│  ├─ 1.0.0  EXPERT  5Grw…utQY
│  └─ 1.0.1  DELTA   5Grw…utQY  0.61 %  head
├─ trunk
│  ├─ 1.0.0  EXPERT  5Grw…utQY
│  ├─ 1.0.1  DELTA   5Grw…utQY  1.87 %  head
│  └╌ #7     delta   5Grw…utQY  0.40 %  judging
└─ 23 more, as they were published
";
        assert_eq!(tree.draw(), expected);
    }

    #[test]
    fn tree_should_end_with_its_last_branch_and_say_what_it_leaves_out() {
        let blocks = vec![leaf("1.0.9", "DELTA", "", "head")];
        let branch = Branch { earlier: 8, ..branch("trunk", blocks) };
        let tree = Tree { root: "demo".into(), branches: vec![branch], rest: None };
        let expected = "demo\n└─ trunk\n   ├─ ⋮  8 earlier\n   └─ 1.0.9  DELTA  5Grw…utQY  head\n";
        assert_eq!(tree.draw(), expected);
        let bare = Tree { root: "demo".into(), ..Tree::default() };
        assert_eq!(bare.draw(), "demo\n");
    }
}
