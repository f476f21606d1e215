//! `caseledger keys`: how keys stand, new keys, legal holds, disposal by two people.

use caseledger_events::ids::{Code, StudentId};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::asking::AskingArgs;
use crate::cli::Global;
use crate::exit::{Exit, Failure};
use crate::output::{Output, count};
use crate::replaying::filter::CaseRef;
use crate::road::{Road, items, word};
use crate::settings::SettingsArgs;
use crate::student;

/// Look after the keys that seal what is personal
///
/// Goes to the server that runs on the directory, or opens it where none does. An operator looks and makes new keys;
/// holds and disposals are for National Service Delivery, which signs in: --token-file FILE, or on a development ledger
/// --as NSD-1.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

const EXIT_CODES: &str = "Exit codes: 0 done · 3 the directory is busy · 4 no such ledger, case or student · 5 refused";

#[derive(clap::Subcommand)]
enum What {
    /// Say how many keys there are, which holds stand, which disposals wait for a second person
    #[command(after_help = EXIT_CODES)]
    Status(Plain),
    /// Make a new key for a student: what is written from now on is sealed under it, the rest opens as before
    #[command(after_help = EXIT_CODES)]
    Rotate(OfStudent),
    /// Wrap every key under a new key-encryption key and destroy the old one
    #[command(after_help = EXIT_CODES)]
    ChangeKek(Plain),
    /// Forbid that anything about a student is destroyed
    #[command(after_help = EXIT_CODES)]
    Hold(Hold),
    /// Lift a legal hold
    #[command(after_help = EXIT_CODES)]
    LiftHold(Hold),
    /// Propose to destroy what is personal about a student; somebody else approves
    #[command(after_help = EXIT_CODES)]
    ProposeDisposal {
        /// The disposal authority it rests on (Public Records Act 2005)
        #[arg(long, value_name = "CODE")]
        authority: Code,

        #[command(flatten)]
        of: OfStudent,
    },
    /// Take a proposal back
    #[command(after_help = EXIT_CODES)]
    WithdrawDisposal(OfStudent),
    /// Approve what somebody else proposed: the keys are destroyed, and with them every name and text they sealed
    #[command(after_help = EXIT_CODES)]
    ApproveDisposal(OfStudent),
}

#[derive(clap::Args)]
struct Plain {
    #[command(flatten)]
    asking: AskingArgs,

    #[command(flatten)]
    settings: SettingsArgs,
}

#[derive(clap::Args)]
struct OfStudent {
    /// The student, by id; a case shows it
    #[arg(long, value_name = "ID", required_unless_present = "case")]
    student: Option<StudentId>,

    /// The student of this case
    #[arg(long, value_name = "CASE", conflicts_with = "student")]
    case: Option<CaseRef>,

    #[command(flatten)]
    plain: Plain,
}

#[derive(clap::Args)]
struct Hold {
    /// What the hold is called: an inquiry, a court file
    #[arg(long, value_name = "CODE")]
    name: Code,

    #[command(flatten)]
    of: OfStudent,
}

/// Does what was asked.
pub fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let act = |of: &OfStudent, act: &str, mut body: Value| {
        body["act"] = json!(act);
        body["student"] = json!(of.student(global)?);
        post(&of.plain, global, "/v1/keys", &body).map(|told| (told, act.replace('-', " ")))
    };
    let (told, what) = match &args.what {
        What::Status(plain) => return status(plain, global, output),
        What::ChangeKek(plain) => return change_kek(plain, global, output),
        What::Rotate(of) => {
            let body = json!({"student": of.student(global)?});
            (post(&of.plain, global, "/v1/keys/rotate", &body)?, "new key".to_owned())
        }
        What::Hold(hold) => act(&hold.of, "place-hold", json!({"hold": hold.name}))?,
        What::LiftHold(hold) => act(&hold.of, "lift-hold", json!({"hold": hold.name}))?,
        What::ProposeDisposal { authority, of } => act(of, "propose-disposal", json!({"authority": authority}))?,
        What::WithdrawDisposal(of) => act(of, "withdraw-disposal", json!({}))?,
        What::ApproveDisposal(of) => act(of, "approve-disposal", json!({}))?,
    };
    if output.json {
        output.json_line(&told);
    } else if told["nothing_to_do"].as_bool() == Some(true) {
        output.line(format_args!("{what}: it was so already"));
    } else {
        output.line(format_args!("{what}: recorded at position {}", told["receipt"]["position"]));
    }
    Ok(Exit::Ok)
}

fn status(plain: &Plain, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let told = ask(plain, global, async |road: &Road| road.get("/v1/keys").await?.accepted())?;
    if output.json {
        output.json_line(&told);
        return Ok(Exit::Ok);
    }
    let number = |name: &str| told[name].as_u64().unwrap_or_default();
    let (keys, students) = (count(number("keys"), "key"), count(number("students_by_nsn"), "student"));
    output.line(format_args!("{keys}; {students} known by NSN; {} out of use", count(number("replaced"), "key")));
    output.line(format_args!("{} disposed of", count(number("disposed"), "student")));
    for hold in items(&told["holds"]) {
        output.line(format_args!("hold {} on student {}", word(&hold["hold"]), word(&hold["student"])));
    }
    for waiting in items(&told["proposals"]) {
        let (student, authority, by) = (word(&waiting["student"]), word(&waiting["authority"]), word(&waiting["by"]));
        output
            .line(format_args!("disposal of student {student} under {authority}, proposed by {by}, waits for another"));
    }
    Ok(Exit::Ok)
}

fn change_kek(plain: &Plain, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let told = post(plain, global, "/v1/keys/change-kek", &json!({}))?;
    if output.json {
        output.json_line(&told);
    } else {
        let keys = count(told["keys"].as_u64().unwrap_or_default(), "key");
        output.line(format_args!("{keys} wrapped under a new key-encryption key; the old one is destroyed"));
        output.line("backups made before need the old one, where a copy of it was kept");
    }
    Ok(Exit::Ok)
}

fn post(plain: &Plain, global: &Global, path: &str, body: &Value) -> Result<Value, Failure> {
    let key = format!("cli-{}", Uuid::new_v4());
    ask(plain, global, async |road: &Road| road.post(path, &key, body).await?.accepted())
}

fn ask(
    plain: &Plain,
    global: &Global,
    question: impl AsyncFnOnce(&Road) -> Result<Value, Failure>,
) -> Result<Value, Failure> {
    let settings = plain.settings.resolve(&global.data)?;
    let asking = plain.asking.read()?;
    Road::walk(&global.data, &settings, asking, question)
}

impl OfStudent {
    /// Returns the student, from the journal where a case is named: its facts name the student by id.
    fn student(&self, global: &Global) -> Result<StudentId, Failure> {
        match (self.student, self.case) {
            (Some(student), _) => Ok(student),
            (None, Some(case)) => student::of_case(case, global),
            (None, None) => Err(Failure::new(Exit::Usage, "name a student or a case")),
        }
    }
}
