//! Where a rule comes from: the documents the service was founded on, the law, or this service where they are silent.

use super::Refusal;

const FEBRUARY: &str = "newsletter to providers, 13 February 2026";
const EARLY_MAY: &str = "newsletter to providers, 8 May 2026";
const LATE_MAY: &str = "newsletter to providers, 22 May 2026";
const WEBINAR: &str = "questions of schools at the webinar";
const WEB_PAGE: &str = "web page for schools";
const GUIDE: &str = "quick reference guide of the case system";
const OPEN: &str = "left open by the founding documents: a setting of the policy (docs/policy.md)";
const ARCHIVES: &str = "Public Records Act 2005, section 18";
const OURS: &str = "this service, where the founding documents are silent";

/// Every rule that a refusal names, with what says so.
const SOURCES: &[(&str, &[&str])] = &[
    ("A3", &[FEBRUARY, LATE_MAY, WEBINAR]),
    ("A4", &[WEBINAR, WEB_PAGE]),
    ("A7", &[LATE_MAY, WEBINAR]),
    ("A12", &[EARLY_MAY, WEBINAR]),
    ("B1", &[EARLY_MAY]),
    ("B4", &[EARLY_MAY]),
    ("B5", &[EARLY_MAY]),
    ("E4", &[WEBINAR]),
    ("E10", &[LATE_MAY]),
    ("E14", &[LATE_MAY]),
    ("E15", &[EARLY_MAY, WEBINAR, WEB_PAGE]),
    ("E17", &[FEBRUARY]),
    ("E18", &[FEBRUARY]),
    ("E24", &[FEBRUARY]),
    ("E30", &[FEBRUARY, EARLY_MAY, LATE_MAY]),
    ("E38", &[GUIDE]),
    ("E39", &[GUIDE]),
    ("E47", &[WEB_PAGE]),
    ("K3", &[LATE_MAY, WEBINAR]),
    ("R1", &[WEBINAR, WEB_PAGE]),
    ("R3", &[WEBINAR]),
    ("R8", &[WEBINAR]),
    ("R10", &[WEBINAR]),
    ("R14", &[WEBINAR]),
    ("R15", &[FEBRUARY]),
    ("R16", &[FEBRUARY]),
    ("R17", &[FEBRUARY]),
    ("R19", &[FEBRUARY]),
    ("R20", &[FEBRUARY]),
    ("R21", &[EARLY_MAY, WEBINAR]),
    ("R22", &[FEBRUARY]),
    ("R23", &[LATE_MAY]),
    ("R26", &[EARLY_MAY]),
    ("R27", &[EARLY_MAY]),
    ("R28", &[EARLY_MAY]),
    ("R34", &[EARLY_MAY]),
    ("R35", &[WEBINAR]),
    ("R36", &[LATE_MAY]),
    ("R40", &[EARLY_MAY, LATE_MAY, OURS]),
    ("R41", &[WEBINAR, WEB_PAGE, OURS]),
    ("V2", &[EARLY_MAY]),
    ("V4", &[LATE_MAY]),
    ("PRA18", &[ARCHIVES]),
];

impl Refusal {
    /// Returns what says so: the documents or the law behind the rule.
    pub fn source(&self) -> &'static [&'static str] {
        source_of(self.rule())
    }
}

/// Returns what says so of a rule by its id.
pub fn source_of(rule: &str) -> &'static [&'static str] {
    match SOURCES.iter().find(|(named, _)| *named == rule) {
        Some((_, sources)) => sources,
        None if rule.starts_with('Q') => &[OPEN],
        None => &[OURS],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is not told by a document is one of the service's own: storage, keys, roles, policy itself.
    #[test]
    fn every_rule_a_refusal_names_has_its_source_and_no_row_is_idle() {
        let rules: Vec<&str> = Refusal::ALL.iter().map(|&(rule, _, _)| rule).collect();
        for (named, _) in SOURCES {
            assert!(rules.contains(named), "no refusal names {named}");
        }
        for rule in rules.iter().filter(|rule| source_of(rule) == [OURS]) {
            let is_ours = matches!(*rule, "404" | "E-16K" | "E-64K" | "KEYS" | "POLICY");
            assert!(is_ours, "{rule} has no source");
        }
        assert_eq!(source_of("Q4"), [OPEN]);
    }
}
