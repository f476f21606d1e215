//! `verify` on damaged copies: the exact position, and nothing changed by looking.

use std::fs;
use std::path::Path;

use crate::support::{copy, ledger, on, record, server};
use serde_json::{Value, json};

const ROWS: u32 = 12;

/// Flips a bit of the journal, inside the bytes `needle`; returns whether it was found.
fn flip(dir: &Path, needle: &[u8], bit: u8) -> bool {
    for entry in fs::read_dir(dir.join("journal")).unwrap() {
        let path = entry.unwrap().path();
        let mut bytes = fs::read(&path).unwrap();
        if path.extension().is_some_and(|ending| ending == "seg")
            && let Some(at) = bytes.windows(needle.len()).position(|window| window == needle)
        {
            bytes[at] ^= bit;
            fs::write(&path, bytes).unwrap();
            return true;
        }
    }
    false
}

fn damage(dir: &Path) -> Value {
    on(dir, "verify", &["--json"]).ended(1).json()["damage"].clone()
}

#[test]
fn a_flipped_bit_is_found_at_its_exact_position() {
    let top = ledger(ROWS);
    let sound = top.path().join("ledger");
    let verified = on(&sound, "verify", &["--json"]).ended(0).json();
    assert_eq!((&verified["events"], &verified["sled"]), (&json!(ROWS + 1), &json!("agrees")));
    // Row n stands at position n + 2, alone in its group; the last one looks like a torn tail, but was acknowledged.
    for (row, bit) in [(0, 1), (5, 0x80), (ROWS - 2, 4), (ROWS - 1, 1)] {
        let broken = top.path().join(format!("broken-{row}"));
        copy(&sound, &broken);
        assert!(flip(&broken, format!("S-{row:05}").as_bytes(), bit));
        let damage = damage(&broken);
        assert_eq!(damage["position"], row + 2, "row {row}: {damage}");
        let text = on(&broken, "verify", &[]).ended(1).out;
        assert!(text.contains(&format!("position {}", row + 2)), "{text}");
    }
}

#[test]
fn what_verify_finds_the_next_start_mends_from_the_other_copy() {
    let top = ledger(ROWS);
    let dir = top.path().join("ledger");
    assert!(flip(&dir, b"S-00004", 1));
    assert_eq!(damage(&dir)["position"], 6);
    assert_eq!(damage(&dir)["position"], 6, "looking changes nothing");
    let mut service = server(&dir).start();
    record(&service, 100);
    assert!(service.stop().success());
    assert_eq!(on(&dir, "verify", &["--json"]).ended(0).json()["events"], ROWS + 2);
}

#[test]
fn a_missing_segment_is_found() {
    let top = tempfile::tempdir().unwrap();
    let dir = top.path().join("ledger");
    let mut service = server(&dir).start();
    let entries: Vec<Value> = (0..500)
        .map(|n| json!({"what": "catchment", "catchment": format!("S-{n:05}"), "provider": "C-01", "from": "2026-01-01"}))
        .collect();
    for batch in 0..16 {
        let key = format!("batch-{batch}");
        let entries: Vec<Value> = entries
            .iter()
            .map(|row| {
                let mut row = row.clone();
                row["from"] = json!(format!("2026-02-{:02}", batch + 1));
                row
            })
            .collect();
        let headers = [("ledger-actor", crate::support::OPERATOR), ("idempotency-key", key.as_str())];
        assert_eq!(service.post("/v1/reference", &json!({"entries": entries}), &headers).0, 200);
    }
    assert!(service.stop().success());
    let mut segments: Vec<_> = fs::read_dir(dir.join("journal"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "seg"))
        .collect();
    segments.sort();
    assert!(segments.len() >= 3, "{segments:?}");
    let gone: u64 = segments[1].file_stem().unwrap().to_str().unwrap().parse().unwrap();
    fs::remove_file(&segments[1]).unwrap();
    assert_eq!(damage(&dir)["position"], gone);
}

#[test]
fn receipts_are_held_against_the_log() {
    let top = tempfile::tempdir().unwrap();
    let dir = top.path().join("ledger");
    let mut service = server(&dir).start();
    let receipts: Vec<Value> = (0..5).map(|n| record(&service, n)).collect();
    assert!(service.stop().success());
    let file = top.path().join("receipts.ndjson");
    let write = |receipts: &[Value]| {
        fs::write(&file, receipts.iter().map(|receipt| format!("{receipt}\n")).collect::<String>()).unwrap();
    };
    let path = file.to_str().unwrap();
    write(&receipts);
    let verified = on(&dir, "verify", &["--json", "--receipts", path]).ended(0).json();
    assert_eq!((&verified["receipts"], &verified["bad_receipts"]), (&json!(5), &json!([])));

    let mut lost = receipts[4].clone();
    lost["position"] = json!(99);
    let mut other = receipts[2].clone();
    other["chain_hash"] = json!("0".repeat(64));
    write(&[receipts[0].clone(), lost, other]);
    let bad = on(&dir, "verify", &["--json", "--receipts", path]).ended(1).json()["bad_receipts"].clone();
    assert_eq!((&bad[0]["position"], &bad[1]["position"]), (&json!(99), &json!(4)), "{bad}");
    assert!(bad[0]["why"].as_str().unwrap().contains("lost"), "{bad}");
    fs::write(&file, "{\"no\": \"receipt\"}\n").unwrap();
    on(&dir, "verify", &["--receipts", path]).ended(2);
}
