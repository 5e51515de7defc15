//! Says what a model is, and how it stands.

use super::{access, file, meant, source, spoken};
use crate::{
    exit::Outcome,
    loss::{a_token, floor, gauge, nats, percent, way},
    names,
    output::{Output, Report},
    session::Global,
    values::{self, Which},
};
use cairn_protocol::{
    learning::source::DataSet,
    share::{Ppm, WHOLE},
    view::{HeadView, LossesView, ModelView},
};
use cairn_sdk::{address, amount::crn, learning::SupportView, AccountId32};
use clap::Args;
use serde_json::{json, Value};

#[derive(Debug, Args)]
pub struct Show {
    /// The model's id, or its name on this machine.
    #[arg(value_parser = values::which)]
    model: Which,

    /// The loss that no model can be below, in nats a token [default: what governance says, or is
    /// known of the demo's text]
    #[arg(long, value_name = "NATS", value_parser = values::millionths)]
    floor: Option<u64>,
}

impl Show {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let (chain, learning, model, view) = meant(global, &self.model).await?;
        let set = match view.validation {
            Some(block) => learning.data(block).await?,
            None => None,
        };
        let support = learning.support_of(model).await?;
        let name = names::of(&global.names(&chain.genesis().0)?, model);
        let report = Report::default().text("model", hex::encode(model.0));
        let report = match name {
            Some(name) => report.text("name", name),
            None => report,
        };
        let report = report.and(card(&view)).and(judged(&view, set.as_ref(), self.floor));
        output.say(&report.and(supported(&support)).and(heads(&view.heads)))
    }
}

fn card(view: &ModelView<AccountId32>) -> Report {
    let card = &view.card;
    let report = Report::default()
        .text("author", address(&view.author))
        .text("release", view.release.to_string());
    let report = file(report, "bundle", view.bundle)
        .with("configuration", hex::encode(card.configuration.0), "")
        .with("judge", hex::encode(card.judge.0), "")
        .with("tokenizer", card.tokenizer.map(|id| hex::encode(id.0)), "")
        .text("licence", String::from_utf8_lossy(&card.licence))
        .with("royalty", card.royalty, percent(card.royalty.into()))
        .amount("price_hint", card.price_hint)
        .text("access", access::told(card.access));
    let report = match view.announced {
        Some((later, from)) => {
            let told = format!("{}, from block {from} on", access::told(later));
            report.with("announced", json!({ "access": access::told(later), "from": from }), told)
        }
        None => report,
    };
    report.number("uses", view.uses).and(scored(view.quality, view.losses))
}

/// How far the chain says it has come: in parts per million for programs.
fn scored(quality: Option<Ppm>, losses: Option<LossesView>) -> Report {
    let told = match (quality, losses) {
        (_, None) => "not measured yet".to_owned(),
        (None, Some(_)) => "it never was above its floor".to_owned(),
        (Some(share), Some(LossesView { floor: None, .. })) => {
            format!("{} of its first loss is gone", percent(share.into()))
        }
        (Some(share), Some(_)) => {
            format!("{} of what it could learn is learnt", percent(share.into()))
        }
    };
    Report::default().with("quality", quality, told)
}

/// What it is judged on, and how good it is.
fn judged(
    view: &ModelView<AccountId32>,
    set: Option<&DataSet<AccountId32>>,
    known: Option<u64>,
) -> Report {
    let report = match (view.validation, set) {
        (Some(block), Some(set)) => {
            let block = hex::encode(block.0);
            let told = format!("{block}\n{}", source(&set.source));
            report_with(block, told)
        }
        _ => Report::default().with("judged_on", Value::Null, "nothing yet"),
    };
    let Some((losses, set)) = view.losses.as_ref().zip(set) else { return report };
    report.and(falling(losses, set, known))
}

fn report_with(block: String, told: String) -> Report {
    Report::default().with("judged_on", block, told)
}

/// The loss as it was, as it is, and as it can be: in millionths of a nat a token for programs.
fn falling(losses: &LossesView, set: &DataSet<AccountId32>, known: Option<u64>) -> Report {
    let of = |loss| a_token(loss, &set.source);
    let (first, last) = (of(losses.first), of(losses.last));
    let report = Report::default()
        .with("loss_first", first, format!("{} nats a token", nats(first)))
        .with("loss", last, format!("{} nats a token", nats(last)))
        .with("gain", losses.gain, percent(losses.gain));
    let stated = losses.floor.map(of);
    let Some(floor) = known.or(stated).or_else(|| floor(&set.source)) else { return report };
    let way = way(first, last, floor);
    let told = format!("{} {} % of the way", gauge(way), way / 10);
    report.with("floor", floor, format!("{} nats a token", nats(floor))).with(
        "way",
        way * 1_000,
        told,
    )
}

/// Who pays for what it gains.
fn supported(support: &SupportView) -> Report {
    let report = match support.cap {
        Some(cap) => {
            let told = format!("up to {} of the budgets", percent(cap.into()));
            Report::default()
                .with("admitted", cap, told)
                .amount("left_for_learning", support.learning)
        }
        None => Report::default().with("admitted", Value::Null, "no"),
    };
    let times = f64::from(support.difficulty) / f64::from(WHOLE);
    let told = match support.sponsors {
        0 => "none".to_owned(),
        count => format!("{count}, with {}", crn(support.escrow)),
    };
    report
        .with("sponsors", support.sponsors, told)
        .with("escrow", support.escrow.to_string(), "")
        .with("difficulty", support.difficulty, format!("rewards times {times:.2}"))
}

/// How each component stands; those that nobody has changed in one line.
fn heads(heads: &[HeadView]) -> Report {
    let json: Vec<Value> = heads
        .iter()
        .map(|HeadView { component, head }| {
            json!({
                "component": spoken(component),
                "release": head.release.to_string(),
                "block": hex::encode(head.block.0),
                "file": { "id": hex::encode(head.file.id.0), "bytes": head.file.bytes },
                "judged": head.judged,
            })
        })
        .collect();
    let width = heads.iter().map(|head| spoken(&head.component).chars().count()).max().unwrap_or(0);
    let line = |HeadView { component, head }: &HeadView| {
        let judged = match head.judged {
            0 => String::new(),
            count => format!("  {count} judged against it"),
        };
        format!("{:width$}  {}{judged}", spoken(component), head.release)
    };
    let moved = |one: &&HeadView| one.head.release.patch > 0 || one.head.judged > 0;
    let mut lines: Vec<String> = heads.iter().filter(moved).map(line).collect();
    match (heads.len() - lines.len(), lines.is_empty()) {
        (0, _) => {}
        (left, true) => lines.push(format!("{left}, as they were published")),
        (left, false) => lines.push(format!("{left} more, as they were published")),
    }
    Report::default().with("components", json, lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_protocol::{
        chunk,
        dag::SemVer,
        id::{BlockId, ContentId, File},
        learning::{
            model::Head,
            source::{Generator, Purpose, Source},
        },
    };
    use cairn_text::generator;

    fn demo() -> DataSet<AccountId32> {
        let module = File { id: chunk::content(generator::MODULE), bytes: 1 };
        let generator = Generator { module, record_bytes: 1_024, fuel: 1, count: 1_000 };
        DataSet {
            model: BlockId([1; 32]),
            source: Source::Generator(generator),
            purpose: Purpose::Validation,
            author: AccountId32([2; 32]),
        }
    }

    #[test]
    fn loss_should_be_told_against_the_floor_that_is_given_or_known() {
        let (first, last) = (255 * 3_000_000, 255 * 2_000_000);
        let losses = LossesView { first, last, gain: 405_465, floor: None };
        let told = falling(&losses, &demo(), Some(1_000_000)).json();
        assert_eq!((&told["loss_first"], &told["loss"]), (&json!(3_000_000), &json!(2_000_000)));
        assert_eq!((&told["floor"], &told["way"]), (&json!(1_000_000), &json!(500_000)));
        let known = falling(&losses, &demo(), None).json();
        assert!(known["floor"].as_u64().is_some_and(|floor| floor < 2_000_000), "{known:?}");
        let stated = LossesView { floor: Some(255 * 1_500_000), ..losses };
        assert_eq!(falling(&stated, &demo(), None).json()["floor"], json!(1_500_000));
        assert_eq!(falling(&stated, &demo(), Some(7)).json()["floor"], json!(7));
    }

    #[test]
    fn quality_should_be_told_with_what_it_is_a_share_of() {
        let losses = |floor| Some(LossesView { first: 4, last: 3, gain: 287_682, floor });
        for (quality, losses, told) in [
            (None, None, "not measured yet"),
            (None, losses(Some(9)), "it never was above its floor"),
            (Some(250_000), losses(None), "25.00 % of its first loss is gone"),
            (Some(500_000), losses(Some(2)), "50.00 % of what it could learn is learnt"),
        ] {
            let report = scored(quality, losses);
            assert_eq!(report.json()["quality"], json!(quality));
            assert!(format!("{report:?}").contains(told), "{report:?}");
        }
    }

    #[test]
    fn heads_should_be_told_one_by_one_where_they_moved() {
        let head = |name: &[u8], patch| HeadView {
            component: name.to_vec().try_into().unwrap(),
            head: Head {
                block: BlockId([1; 32]),
                file: File { id: ContentId([2; 32]), bytes: 3 },
                release: SemVer { major: 1, minor: 0, patch },
                judged: 0,
            },
        };
        let told = format!("{:?}", heads(&[head(b"a", 0), head(b"b", 0), head(b"trunk", 2)]));
        assert!(told.contains("trunk  1.0.2\\n2 more, as they were published"), "{told}");
        let told = format!("{:?}", heads(&[head(b"a", 0)]));
        assert!(told.contains("\"1, as they were published\""), "{told}");
    }
}
