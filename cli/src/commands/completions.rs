//! What has a shell complete arguments.

use super::Cli;
use crate::{
    exit::Outcome,
    output::{Output, Report},
};
use clap::{Args, CommandFactory};
use clap_complete::{generate, Shell};
use std::io::{self, Write};

#[derive(Debug, Args)]
pub struct Completions {
    /// Which shell.
    shell: Shell,
}

impl Completions {
    pub fn run(&self, output: &Output) -> Outcome {
        let script = script(self.shell);
        if output.json {
            let text = String::from_utf8_lossy(&script);
            let shell = self.shell.to_string();
            return output.say(&Report::default().text("shell", shell).text("script", text));
        }
        // Written at once: a reader that goes away is an error here, and a panic there.
        io::stdout().write_all(&script)?;
        Ok(())
    }
}

fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "cairn", &mut script);
    script
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn script_should_know_the_commands_for_every_shell() {
        for shell in Shell::value_variants() {
            let script = String::from_utf8(script(*shell)).unwrap();
            for word in ["cairn", "register", "simulate", "redundancy"] {
                assert!(script.contains(word), "{shell}: {word}");
            }
        }
    }
}
