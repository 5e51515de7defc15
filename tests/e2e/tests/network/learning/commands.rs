//! The commands about models, sets of examples and deltas, on a network where one delta is laid: what
//! each says in JSON, what it ends with, and what it says to do where it fails.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
};

use cairn_e2e::{Failure, Test, User};
use cairn_localnet::{
    keys,
    school::{component, TRUNK},
    Market,
};
use cairn_protocol::{
    id::{DeltaId, ProviderId},
    learning::model::Head,
};
use serde_json::{json, Value};

use crate::{
    command::hex,
    school::{Lessons, School},
};

/// What the model is called on the machine of each who asks.
const NAME: &str = "trained";
/// Who is licensed to use the model, and serves it.
const READER: &str = "Ferdie";
/// Who may use a model, as people are told.
const PRICED: &str = "0.5 CRN for each use";
const LICENSED: &str = "whom its author licenses";
/// Examples of nothing, as long as those that the model is judged on.
const RECORD_BYTES: usize = 1_024;
const RECORDS: usize = 64;

/// Who is at the command line, and what they name there.
struct Desk<'a> {
    market: &'a Market,
    model: String,
    archive: String,
    /// Who has the model.
    author: User,
    /// Whose delta is laid.
    researcher: User,
    reader: User,
    /// A file of examples that nothing can be learned from.
    records: PathBuf,
}

/// Nothing of the network is as it was afterwards. The second researcher mends the trunk's second
/// spot, and in vain.
pub async fn should_say_what_came_of_them(
    school: &School,
    lessons: &Lessons,
    delta: DeltaId,
    researchers: [&str; 2],
) -> Test {
    let market = school.net.market().ok_or_else(|| Failure::new("the network has no market"))?;
    let user = |seed: &str| User::new(&school.net, seed);
    let desk = Desk {
        market,
        model: hex(&market.model.0),
        archive: market.archive.display().to_string(),
        author: user(keys::MODELLER),
        researcher: user(researchers[0]),
        reader: user(READER),
        records: school.net.scratch().join("records"),
    };
    fs::write(&desk.records, vec![0u8; RECORDS * RECORD_BYTES])?;
    names(&desk)?;
    for user in [&desk.researcher, &desk.reader] {
        says(user, &format!("model name {NAME} {}", desk.model))?;
    }
    access(&desk)?;
    serving(&desk, school).await?;
    laid(&desk, lessons, delta)?;
    lineage(&desk, delta, &school.head(TRUNK).await?)?;
    sets(&desk)?;
    nothing_is_better(&desk)?;
    superseded(&desk, school, researchers[1]).await
}

/// What a command says that succeeds.
fn says(user: &User, line: &str) -> Result<Value, Failure> {
    Ok(user.cairn(&words(line))?.ended(0).json)
}

/// Fails unless a command ends so, with words that mention what to do.
fn refused(user: &User, line: &str, exit: i32, mentions: &str) -> Test {
    let said = user.cairn(&words(line))?.ended(exit);
    let error = said.json["error"].as_str().unwrap_or_default();
    assert!(error.contains(mentions), "{error:?} should mention {mentions:?}");
    assert_eq!(said.json["exit"], exit);
    Ok(())
}

/// The arguments of one line, where none has a space.
fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

/// What nobody has registered.
fn unknown() -> String {
    "00".repeat(32)
}

fn names(desk: &Desk<'_>) -> Test {
    let Desk { author, model, .. } = desk;
    refused(author, &format!("model lineage {NAME}"), 2, "`cairn model name trained ID`")?;
    refused(author, &format!("model name {NAME} {}", unknown()), 1, "`cairn model list`")?;
    refused(author, &format!("model name ../{NAME} {model}"), 2, "nor a name")?;
    let called = says(author, &format!("model name {NAME} {model}"))?;
    assert_eq!(called, json!({ "name": NAME, "model": model }));
    let listed = says(author, "model list")?;
    let components = desk.market.published.components.len();
    let quality = says(author, &format!("model show {NAME}"))?["quality"].clone();
    assert!(quality.as_u64().is_some_and(|share| (1..1_000_000).contains(&share)), "{quality}");
    let all = json!([{
        "model": model, "name": NAME, "components": components, "uses": 0, "licence": "Apache-2.0",
        "quality": quality,
    }]);
    assert_eq!(listed["models"], all);
    // Names are of one machine.
    assert_eq!(says(&desk.reader, "model list")?["models"][0]["name"], "");
    Ok(())
}

fn access(desk: &Desk<'_>) -> Test {
    let Desk { author, model, reader, .. } = desk;
    let shown = || says(author, &format!("model show {NAME}"));
    refused(reader, &format!("model access {NAME} --open"), 3, "Experts::NotTheModelsAuthor")?;
    refused(author, &format!("model access {} --open", unknown()), 3, "Experts::UnknownModel")?;
    // What costs more than before counts later, and nothing where it is taken back until then.
    let priced = says(author, &format!("model access {NAME} --per-use 0.5"))?;
    assert_eq!((&priced["model"], &priced["access"]), (&json!(model), &json!(PRICED)));
    let told = shown()?;
    assert_eq!(told["access"], "open to everyone", "{told}");
    assert_eq!(told["announced"]["access"], PRICED, "{told}");
    let licensed = says(author, &format!("model access {NAME} --licensed"))?;
    assert_eq!(licensed["access"], LICENSED);
    let told = shown()?;
    assert_eq!((&told["access"], &told["announced"]), (&json!(LICENSED), &Value::Null), "{told}");

    let license = format!("model license {NAME} //{READER}");
    refused(reader, &license, 3, "Experts::NotTheModelsAuthor")?;
    let given = says(author, &license)?;
    let own = says(reader, "keys address")?;
    assert_eq!((&given["account"], &given["licensed"]), (&own["account"], &json!(true)));
    refused(author, &license, 3, "Experts::AlreadyLicensed")?;
    let back = format!("{license} --revoke");
    assert_eq!(says(author, &back)?["licensed"], false);
    refused(author, &back, 3, "Experts::NotLicensed")
}

async fn serving(desk: &Desk<'_>, school: &School) -> Test {
    let Desk { market, author, reader, .. } = desk;
    let servers = || async {
        let asked = (market.model, component(TRUNK)?);
        let found: Vec<ProviderId> =
            school.front.state_call("LearningApi_servers", &asked, None).await?;
        Ok::<_, Failure>(found)
    };
    // Whoever has just registered has no worker yet, and so nothing to serve with.
    let registered = says(reader, "register --price infer=0.000001 --bond 200")?;
    let provider = registered["provider"].as_u64().unwrap_or_default();
    let early = format!("model serve {NAME} --provider {provider}");
    refused(reader, &early, 3, "heartbeat")?;

    let worker = school.net.workers.first().ok_or_else(|| Failure::new("there is no worker"))?;
    let (operator, provider) =
        (User::new(&school.net, &keys::worker_operator(0)), worker.provider());
    says(&operator, &format!("model name {NAME} {}", desk.model))?;
    let serve = format!("model serve {NAME} --provider {}", provider.0);
    refused(author, &format!("{serve} --stop"), 3, "Experts::NotServed")?;
    refused(&operator, &format!("{serve} --component nobodys"), 2, "no component nobodys")?;
    refused(author, &serve, 3, "Experts::NotTheOperator")?;

    let served = says(&operator, &format!("{serve} --component {TRUNK}"))?;
    assert_eq!((&served["provider"], &served["components"]), (&json!(provider.0), &json!([TRUNK])));
    assert_eq!(servers().await?, [provider]);
    says(&operator, &format!("{serve} --stop"))?;
    assert_eq!(servers().await?, []);
    Ok(())
}

/// What is said of the delta that is laid, and of one that is not there.
fn laid(desk: &Desk<'_>, lessons: &Lessons, delta: DeltaId) -> Test {
    let Desk { researcher, reader, .. } = desk;
    let (block, gain, reward) = lessons.of(delta).laid()?;
    let told = says(reader, &format!("delta status {}", delta.0))?;
    assert_eq!((&told["stage"], &told["reason"]), (&json!("laid"), &json!("accepted")), "{told}");
    assert_eq!((&told["gain"], &told["reward"]), (&json!(gain), &json!(reward.to_string())));
    assert_eq!((&told["block"], &told["component"]), (&json!(hex(&block.0)), &json!(TRUNK)));
    // Whoever waits for what has ended is told at once.
    let waited = format!("delta show {} --wait --timeout 0", delta.0);
    assert_eq!(says(reader, &waited)?, told);
    let listed = says(researcher, "delta list")?;
    let listed = listed["deltas"].as_array().map(Vec::as_slice).unwrap_or_default();
    assert!(matches!(listed, [one] if one["delta"] == delta.0), "{listed:?}");
    let author = told["author"].as_str().unwrap_or_default();
    let of_another = says(reader, &format!("delta list {author}"))?;
    assert_eq!(of_another["deltas"], json!(listed));
    assert_eq!(says(reader, "delta list")?, json!({ "deltas": [] }));
    refused(reader, "delta status 99", 1, "there is no delta 99")?;
    let withdraw = format!("delta withdraw {}", unknown());
    refused(researcher, &withdraw, 3, "Learning::NotCommitted")?;
    let of_author = format!("{withdraw} --author {author}");
    refused(researcher, &of_author, 3, "Learning::NotCommitted")
}

/// What the trunk is made of, and that all components are drawn where none is named.
fn lineage(desk: &Desk<'_>, delta: DeltaId, head: &Head) -> Test {
    let reader = &desk.reader;
    let told = says(reader, &format!("delta status {}", delta.0))?;
    let drawn = lines(&says(reader, &format!("model lineage {NAME} --component {TRUNK}"))?);
    let [line] = &drawn[..] else { return Err(Failure::new(format!("{drawn:?}"))) };
    assert_eq!((&line["component"], &line["pending"]), (&json!(TRUNK), &json!([])), "{line}");
    let blocks = line["blocks"].as_array().map(Vec::as_slice).unwrap_or_default();
    let [published, top] = blocks else { return Err(Failure::new(line.to_string())) };
    assert_eq!((&published["kind"], &published["head"]), (&json!("expert"), &json!(false)));
    assert_eq!((&top["kind"], &top["head"]), (&json!("delta"), &json!(true)), "{top}");
    assert_eq!((&top["block"], &top["author"]), (&told["block"], &told["author"]), "{top}");
    let file = json!({ "id": hex(&head.file.id.0), "bytes": head.file.bytes });
    assert_eq!((&top["file"], &top["release"]), (&file, &json!(head.release.to_string())));
    let all = lines(&says(reader, &format!("model lineage {NAME}"))?);
    assert_eq!(all.len(), desk.market.published.components.len());
    let wrong = format!("model lineage {NAME} --component nobodys");
    refused(reader, &wrong, 2, "no component nobodys, but")?;
    refused(reader, &format!("model lineage {}", unknown()), 1, "`cairn model list`")
}

fn lines(drawn: &Value) -> Vec<Value> {
    drawn["components"].as_array().cloned().unwrap_or_default()
}

/// One to learn from, and one to be judged on, by which the model is judged for a while.
fn sets(desk: &Desk<'_>) -> Test {
    let Desk { author, researcher, archive, .. } = desk;
    let judged_on = || -> Result<String, Failure> {
        let shown = says(author, &format!("model show {NAME}"))?;
        let set = shown["judged_on"].as_str().map(str::to_owned);
        set.ok_or_else(|| Failure::new(shown.to_string()))
    };
    let of = format!("--model {NAME} --record-bytes {RECORD_BYTES} --archive {archive}");
    let from = format!("dataset register {of} --records {}", desk.records.display());
    let training = format!("{from} --purpose training");
    refused(researcher, &format!("{training} --choose"), 2, "leave --choose or --purpose out")?;
    let made = says(researcher, &training)?;
    assert_eq!((&made["count"], &made["generator"]), (&json!(RECORDS), &json!(false)), "{made}");
    // The same again is there already.
    assert_eq!(says(researcher, &training)?, made);
    let id = made["set"].as_str().unwrap_or_default();
    let shown = says(author, &format!("dataset show {id}"))?;
    for name in ["set", "model", "purpose", "author", "record_bytes", "count", "examples", "file"] {
        assert_eq!(shown[name], made[name], "{name}");
    }
    refused(author, &format!("dataset show {}", unknown()), 1, "no set of examples")?;
    let choose = |set: &str| format!("dataset choose {NAME} {set}");
    refused(author, &choose(id), 3, "Experts::NotForValidation")?;
    refused(author, &choose(&unknown()), 3, "Experts::UnknownData")?;

    let before = judged_on()?;
    refused(researcher, &choose(&before), 3, "Experts::NotTheModelsAuthor")?;
    let other = format!("dataset register {of} --generator demo --release 2.0.0 --choose");
    let other = says(author, &other)?;
    assert_eq!((&other["generator"], &other["chosen"]), (&json!(true), &json!(true)), "{other}");
    assert_eq!(other["set"], judged_on()?);
    assert_ne!(other["set"], before);
    let chosen = says(author, &choose(&before))?;
    assert_eq!((&chosen["model"], &chosen["set"]), (&json!(desk.model), &json!(before)));
    assert_eq!(judged_on()?, before);
    Ok(())
}

/// What is learned from nothing is worse, as one's own check finds.
fn nothing_is_better(desk: &Desk<'_>) -> Test {
    let (reader, records) = (&desk.reader, desk.records.display());
    let learn = format!("learn {NAME} --component {TRUNK} --archive {}", desk.archive);
    let in_vain = format!("{learn} --train-on {records} --steps 8 --dry-run");
    refused(reader, &in_vain, 7, "it is not better by enough, so it is not handed in")
}

/// A delta on a component that its author publishes anew while guards look at it: it waits, has not
/// ended in time, and is laid no more.
async fn superseded(desk: &Desk<'_>, school: &School, who: &str) -> Test {
    let Desk { author, reader, archive, .. } = desk;
    let head = school.head(TRUNK).await?;
    let delta = school.hand_in(who, TRUNK, 1).await?.0;
    let line = format!("model lineage {NAME} --component {TRUNK}");
    let pending = lines(&says(reader, &line)?).first().map(|line| line["pending"].clone());
    let pending = pending.unwrap_or_default();
    assert_eq!((pending[0]["delta"].as_u64(), &pending[1]), (Some(delta), &Value::Null));
    let status = format!("delta status {delta}");
    refused(reader, &format!("{status} --wait --timeout 1"), 6, "wait on with `cairn delta")?;
    let (waiting, line) = (User::new(&school.net, who), format!("{status} --wait --timeout 300"));
    let waiting = thread::spawn(move || waiting.cairn(&words(&line)));

    // The same file, by which nothing changes but what deltas may stand on.
    let path = Path::new(archive).join(hex(&head.file.id.0));
    let file = format!("--file {} --archive {archive}", path.display());
    let publish = format!("model publish {NAME} --component {TRUNK} {file}");
    let late = format!("is of release {} by now", head.release);
    refused(author, &format!("{publish} --release 1.0.9"), 2, &late)?;
    let published = says(author, &format!("{publish} --release 1.1.0"))?;
    let now = school.head(TRUNK).await?;
    assert_eq!((&published["component_block"], now.file), (&json!(hex(&now.block.0)), head.file));
    assert_eq!((&published["release"], now.release.to_string()), (&json!("1.1.0"), "1.1.0".into()));

    let waited = waiting.join().map_err(|_| Failure::new("nobody waits for the delta any more"))?;
    let waited = waited?.ended(7).json;
    let error = waited["error"].as_str().unwrap_or_default();
    assert!(error.contains("published the component anew"), "{error}");
    assert_eq!((&waited["exit"], &waited["delta"]), (&json!(7), &json!(delta)), "{waited}");
    // Whoever only looks is told, and has not failed.
    let told = says(reader, &status)?;
    assert_eq!((&told["reason"], &told["stage"]), (&json!("superseded"), &waited["stage"]));
    Ok(())
}
