//! What the README shows, which is compiled here: nextest looks at no documentation.

use crate::{calls, Chain, Options, Outbox, Result, Signer};

async fn example() -> Result<()> {
    let chain = Chain::connect(&["ws://127.0.0.1:9944"], &Options::default()).await?;
    let outbox = Outbox::open("outbox.redb".as_ref(), Signer::dev("Alice")?, chain)?;
    let bob = Signer::dev("Bob")?.account();
    let ticket = outbox.submit("rent for May", &calls::transfer(&bob, 1_000_000_000_000)).await?;
    println!("in block {}", ticket.succeeded().await?.number);
    Ok(())
}

#[test]
fn readme_should_show_what_is_compiled_when_it_is_copied() {
    // Never run: there may be no chain.
    let _ = example;
    let (_, shown) = include_str!("../README.md").split_once("```rust,no_run\n").unwrap();
    let (shown, _) = shown.split_once("```").unwrap();
    let lines: Vec<_> = shown.lines().filter(|line| line.starts_with("let ")).collect();
    let (start, compiled) = include_str!("readme.rs").split_once("async fn example").unwrap();
    assert!(!start.contains(lines[0]) && lines.len() == 4);
    for line in lines {
        assert!(compiled.contains(line), "{line}");
    }
}
