//! Draws what components are made of.

use super::{component, meant, spoken};
use crate::{
    commands::delta::waits_for,
    exit::Outcome,
    loss::percent,
    names,
    output::{Output, Report},
    session::Global,
    tree::{Branch, Leaf, Tree},
    values::{self, words, Which},
};
use cairn_protocol::{
    dag::{BlockKind, Component},
    id::{BlockId, DeltaId},
    learning::delta::DeltaView,
    view::{ModelView, Step},
};
use cairn_sdk::{address, AccountId32, Learning};
use clap::Args;
use serde_json::{json, Value};

#[derive(Debug, Args)]
pub struct Lineage {
    /// The model's id, or its name on this machine.
    #[arg(value_parser = values::which)]
    model: Which,

    /// Of this component alone, even if nobody has changed it [default: of those that were changed]
    #[arg(long, value_parser = values::component)]
    component: Option<Component>,

    /// Blocks of a component that are drawn, the newest; 0 for all.
    #[arg(long, default_value_t = 24)]
    most: usize,
}

/// What there is of a component.
struct Line {
    component: Component,
    head: BlockId,
    /// From the oldest on, without the block that began the model.
    steps: Vec<Step<AccountId32>>,
    pending: Vec<(DeltaId, DeltaView<AccountId32>)>,
}

impl Lineage {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let (chain, learning, model, view) = meant(global, &self.model).await?;
        let one = match &self.component {
            Some(asked) => Some(component(&view, Some(asked))?),
            None => None,
        };
        let mut lines = Vec::new();
        for known in &view.heads {
            if one.as_ref().is_none_or(|one| *one == known.component) {
                lines.push(line(&learning, model, &known.component, known.head.block).await?);
            }
        }
        let name = names::of(&global.names(&chain.genesis().0)?, model);
        let name = name.unwrap_or_else(|| shortened(&hex::encode(model.0)));
        let tree = self.tree(&name, &view, &lines, one.is_some());
        output.drawn(&report(model, &view, &lines), &tree.draw())
    }

    fn tree(&self, name: &str, view: &ModelView<AccountId32>, lines: &[Line], one: bool) -> Tree {
        let author = shortened(&address(&view.author));
        let root = format!("{name}  META  {}  {author}", view.release);
        let drawn = |line: &&Line| one || line.steps.len() > 1 || !line.pending.is_empty();
        let branches: Vec<Branch> =
            lines.iter().filter(drawn).map(|line| line.branch(self.most)).collect();
        let rest = match (lines.len() - branches.len(), branches.is_empty()) {
            (0, _) => None,
            (left, true) => Some(format!("{left} components, as they were published")),
            (left, false) => Some(format!("{left} more, as they were published")),
        };
        Tree { root, branches, rest }
    }
}

async fn line(
    learning: &Learning,
    model: BlockId,
    component: &Component,
    head: BlockId,
) -> Outcome<Line> {
    let mut steps = learning.lineage(head).await?;
    steps.retain(|step| step.kind != BlockKind::Meta);
    steps.reverse();
    let mut pending = Vec::new();
    for delta in learning.queue_of(model, component).await? {
        // It may have ended since.
        if let Some(view) = learning.delta(delta).await? {
            pending.push((delta, view));
        }
    }
    Ok(Line { component: component.clone(), head, steps, pending })
}

impl Line {
    fn branch(&self, most: usize) -> Branch {
        let earlier = match most {
            0 => 0,
            most => self.steps.len().saturating_sub(most),
        };
        let leaf = |step: &Step<AccountId32>| Leaf {
            release: step.release.to_string(),
            kind: format!("{:?}", step.kind).to_uppercase(),
            author: shortened(&address(&step.author)),
            gain: gain(step.gain),
            state: if step.block == self.head { "head".into() } else { String::new() },
        };
        let pending = |(id, view): &(DeltaId, DeltaView<AccountId32>)| Leaf {
            release: format!("#{}", id.0),
            kind: "delta".into(),
            author: shortened(&address(&view.delta.header.author)),
            gain: gain(view.delta.header.gain),
            state: waits_for(view),
        };
        Branch {
            name: spoken(&self.component),
            earlier,
            blocks: self.steps.iter().skip(earlier).map(leaf).collect(),
            pending: self.pending.iter().map(pending).collect(),
        }
    }

    /// All of it, whatever is drawn.
    fn json(&self) -> Value {
        let step = |step: &Step<AccountId32>| {
            json!({
                "block": hex::encode(step.block.0),
                "kind": values::name(&step.kind),
                "release": step.release.to_string(),
                "author": address(&step.author),
                "file": { "id": hex::encode(step.file.id.0), "bytes": step.file.bytes },
                "gain": step.gain,
                "judged": step.judged,
                "head": step.block == self.head,
            })
        };
        let pending = |(id, view): &(DeltaId, DeltaView<AccountId32>)| {
            json!({
                "delta": id.0,
                "author": address(&view.delta.header.author),
                "gain": view.delta.header.gain,
                "stage": words(&view.delta.stage),
            })
        };
        json!({
            "component": spoken(&self.component),
            "blocks": self.steps.iter().map(step).collect::<Vec<_>>(),
            "pending": self.pending.iter().map(pending).collect::<Vec<_>>(),
        })
    }
}

fn report(model: BlockId, view: &ModelView<AccountId32>, lines: &[Line]) -> Report {
    let components: Vec<Value> = lines.iter().map(Line::json).collect();
    Report::default()
        .text("model", hex::encode(model.0))
        .text("author", address(&view.author))
        .text("release", view.release.to_string())
        .with("components", components, "")
}

/// What an author claims; nothing where nothing was measured.
fn gain(gain: u64) -> String {
    if gain == 0 {
        String::new()
    } else {
        percent(gain)
    }
}

/// The first and the last of a long name.
fn shortened(name: &str) -> String {
    const ENDS: usize = 4;
    match (name.get(..ENDS), name.get(name.len().saturating_sub(ENDS)..)) {
        (Some(first), Some(last)) if name.len() > 2 * ENDS + 1 => format!("{first}…{last}"),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_protocol::{
        dag::SemVer,
        id::{ContentId, File},
    };

    fn step(nth: u8, kind: BlockKind) -> Step<AccountId32> {
        let release = SemVer { major: 1, minor: 0, patch: nth.into() };
        Step {
            block: BlockId([nth; 32]),
            kind,
            release,
            author: AccountId32([9; 32]),
            file: File { id: ContentId([nth; 32]), bytes: 1 },
            gain: u64::from(nth) * 10_000,
            judged: 0,
            onto: None,
        }
    }

    #[test]
    fn branch_should_have_the_newest_blocks_and_mark_the_head() {
        let steps =
            vec![step(0, BlockKind::Expert), step(1, BlockKind::Delta), step(2, BlockKind::Delta)];
        let component: Component = b"trunk".to_vec().try_into().unwrap();
        let line = Line { component, head: BlockId([2; 32]), steps, pending: Vec::new() };
        let branch = line.branch(2);
        assert_eq!((branch.name.as_str(), branch.earlier, branch.blocks.len()), ("trunk", 1, 2));
        let last = &branch.blocks[1];
        assert_eq!(
            [&last.release, &last.kind, &last.gain, &last.state],
            ["1.0.2", "DELTA", "2.00 %", "head"]
        );
        assert_eq!(branch.blocks[0].state, "");
        let all = line.branch(0);
        assert_eq!((all.earlier, all.blocks[0].gain.as_str()), (0, ""));
        // Programs are told all of it.
        assert_eq!(line.json()["blocks"].as_array().unwrap().len(), 3);
    }

    #[test]
    fn shortened_should_have_both_ends() {
        assert_eq!(shortened("5GrwvaEF5zXb26Fz9rcQpDWS"), "5Grw…pDWS");
        assert_eq!(shortened("demo"), "demo");
    }
}
