//! Queries of the case view beside actions, every one of them on record in the access ledger.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::figures::{Figures, millis, thousands};
use crate::load;
use crate::pace::{self, Pace};
use crate::{large, service::Service};

/// Cases that the actions of the measurement go to.
const CASES: usize = 500;

/// A case, and somebody of its provider who asks.
type Known = (String, String);

/// Runs and prints.
pub fn run(dir: &Path, events: u64, seconds: u64) -> Result<()> {
    let data = tempfile::tempdir_in(dir)?;
    let ledger = data.path().join("ledger");
    std::fs::create_dir_all(&ledger)?;
    println!("Writing {} events …", thousands(events as f64));
    let some = large::fill(&ledger, events)?.history.some;
    let cases: Vec<Known> =
        some.iter().map(|(case, provider)| (case.to_string(), format!("P-LEAD/workflow_lead/{provider}"))).collect();
    let (service, _) = Service::start(&ledger, &[])?;
    service.wait_ready(Duration::from_secs(3_600))?;
    let own = load::prepare(&service, CASES)?;
    let lasting = Duration::from_secs(seconds);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let address = service.address.clone();

    let mut table = Figures::new(&["what", "per second", "p50", "p99", "longest"]);
    let (asked, acted) = runtime.block_on(async {
        let asking = Pace { per_second: 1_000, clients: 32, lasting };
        let acting = Pace { per_second: 500, clients: 16, lasting };
        let questions = cases.clone();
        let actions = own.clone();
        tokio::try_join!(
            pace::send(&address, asking, move |n| mixed(&questions, n)),
            pace::send(&address, acting, move |n| load::action(&actions[n as usize % CASES], &format!("beside-{n}"))),
        )
    })?;
    for (what, per_second, samples) in [("queries, mixed", "1 000", asked), ("… beside actions", "500", acted)] {
        let [p50, p99, longest] = pace::told(samples);
        table.row(&[what.into(), per_second.into(), p50, p99, longest]);
    }
    let questions = cases.clone();
    let paced = Pace { per_second: 3_000, clients: 64, lasting };
    let views = runtime.block_on(pace::send(&address, paced, move |n| view(&questions, n)))?;
    let [p50, p99, longest] = pace::told(views);
    table.row(&["case views, at a set pace".into(), "3 000".into(), p50, p99, longest]);
    let most = load::many(&service, 64, lasting, move |client, n| view(&cases, (client * 1_031 + n) as u64))?;
    table.row(&[
        "case views, 64 clients, as many as there can be".into(),
        thousands(most.per_second),
        millis(most.p50),
        millis(most.p99),
        String::new(),
    ]);
    table.print();
    println!("{} cases; every query is in the access ledger before it is answered.", thousands(events as f64 / 15.0));
    Ok(())
}

fn view(cases: &[Known], n: u64) -> String {
    let (case, lead) = &cases[(n as usize * 7_919) % cases.len()];
    load::question(&format!("/v1/cases/{case}"), lead)
}

/// Of ten queries seven for a case, one for its timeline, one for a list and one for a filtered list.
fn mixed(cases: &[Known], n: u64) -> String {
    let (case, lead) = &cases[(n as usize * 7_919) % cases.len()];
    let path = match n % 10 {
        0 => format!("/v1/cases/{case}/timeline"),
        1 => "/v1/cases?limit=50&sort=activity_newest".to_owned(),
        2 => "/v1/cases?limit=50&status=active".to_owned(),
        _ => format!("/v1/cases/{case}"),
    };
    load::question(&path, lead)
}
