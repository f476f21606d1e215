//! Who asks, of the commands that go to the service: this machine's operator, or somebody who signs in.

use std::fs;
use std::path::{Path, PathBuf};

use caseledger_events::envelope::Actor;
use caseledger_identity::cast;
use http::HeaderValue;
use http::request::Builder;

use crate::exit::{Exit, Failure};

/// Who acts when somebody on this machine uses a command: whoever may open the directory is its operator.
pub const OPERATOR: &str = "LOCAL-OPERATOR/operator/LEDGER";

/// Options of the commands that go to the service.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct AskingArgs {
    /// Ask as another operator, PERSON/operator/ORGANISATION; on a development ledger as anybody, the demo's cast by name
    #[arg(long = "as", value_name = "WHO")]
    who: Option<String>,

    /// Ask with the access token in this file
    #[arg(long, value_name = "FILE", conflicts_with = "who")]
    token_file: Option<PathBuf>,
}

/// Who asks.
#[derive(Clone)]
pub enum Asking {
    /// Whom the header names; believed on the control socket of a directory, which its owner alone opens.
    Named(String),
    /// Whom a token proves.
    Signed(HeaderValue),
}

impl Default for Asking {
    fn default() -> Asking {
        Asking::Named(OPERATOR.to_owned())
    }
}

impl AskingArgs {
    /// Returns who asks.
    pub fn read(&self) -> Result<Asking, Failure> {
        match (&self.token_file, &self.who) {
            (Some(file), _) => token(file).map(Asking::Signed),
            (None, Some(who)) => Ok(Asking::Named(named(who)?)),
            (None, None) => Ok(Asking::default()),
        }
    }
}

impl Asking {
    /// Adds to a request who sends it.
    pub fn sign(&self, request: Builder) -> Builder {
        match self {
            Asking::Named(who) => request.header("ledger-actor", who),
            Asking::Signed(token) => request.header(http::header::AUTHORIZATION, token),
        }
    }
}

fn named(who: &str) -> Result<String, Failure> {
    let actor = cast::find(who).map(cast::Person::actor).or_else(|| cast::actor(who)).ok_or_else(|| {
        Failure::new(Exit::Usage, format_args!("nobody is called {who:?}"))
            .next("PERSON/ROLE/ORGANISATION, or somebody of `caseledger token --list`")
    })?;
    let Actor { person, role, organisation } = actor;
    Ok(format!("{person}/{}/{organisation}", role.name()))
}

/// A token never stands on the command line, where every user of the machine could read it.
fn token(file: &Path) -> Result<HeaderValue, Failure> {
    let text = fs::read_to_string(file).map_err(|error| Failure::file("read", file, &error))?;
    let mut value = HeaderValue::try_from(format!("Bearer {}", text.trim()))
        .map_err(|_| Failure::new(Exit::Usage, format_args!("{} holds no access token", file.display())))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_of_the_machine_asks_where_nobody_else_is_named() {
        let asked = |who: Option<&str>| {
            let args = AskingArgs { who: who.map(str::to_owned), token_file: None };
            args.read().map(|asking| match asking {
                Asking::Named(who) => who,
                Asking::Signed(_) => "signed".to_owned(),
            })
        };
        assert_eq!(asked(None).unwrap(), OPERATOR);
        assert_eq!(asked(Some("nikau")).unwrap(), "NSD-1/national_service_delivery/MOE");
        assert_eq!(asked(Some("P-7/operator/MOE")).unwrap(), "P-7/operator/MOE");
        assert_eq!(asked(Some("nobody at all")).unwrap_err().exit, Exit::Usage);
    }

    #[test]
    fn a_token_is_read_from_its_file_and_does_not_print() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("token");
        fs::write(&file, "aaaa.bbbb.cccc\n").unwrap();
        let Asking::Signed(value) = (AskingArgs { who: None, token_file: Some(file) }).read().unwrap() else {
            panic!("a token signs in");
        };
        assert_eq!(value.to_str().unwrap(), "Bearer aaaa.bbbb.cccc");
        assert!(!format!("{value:?}").contains("aaaa"));
    }
}
