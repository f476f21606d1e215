//! What a withholding invoice must carry before it is sent (B3–B6), checked item by item.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// An invoice as its sender wrote it down; what is absent is found missing, not refused.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invoice {
    /// Whether the provider is a school: those do not invoice (B4).
    #[serde(default)]
    pub school_provider: bool,
    /// The contracted provider's name.
    #[serde(default)]
    pub provider: String,
    /// The catchment.
    #[serde(default)]
    pub catchment: String,
    /// The Ministry's contract id.
    #[serde(default)]
    pub contract: String,
    /// The purchase order number.
    #[serde(default)]
    pub purchase_order: String,
    /// The invoice's own number, unique to the payment.
    #[serde(default)]
    pub number: String,
    /// What is paid: the kind of payment, its percentage and the period.
    #[serde(default)]
    pub description: String,
    /// The amount in dollars and cents, such as `12345.60`.
    #[serde(default)]
    pub amount: String,
    /// The quarter, for the contract's schedule; such as `2026-Q1`.
    #[serde(default)]
    pub quarter: String,
    /// The day it is sent, where the schedule says until when.
    #[serde(default)]
    pub sent_on: Option<NaiveDate>,
}

/// What the contract says is paid when.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The payments.
    pub payment: Vec<Payment>,
}

/// One payment of a contract.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payment {
    /// The contract.
    pub contract: String,
    /// The quarter.
    pub quarter: String,
    /// The amount in dollars and cents.
    pub amount: String,
    /// The percentage withheld.
    #[serde(default)]
    pub percent: Option<u32>,
    /// The last day to invoice it (B3).
    #[serde(default)]
    pub due_on: Option<NaiveDate>,
}

/// Something that is missing or wrong.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
    /// Which of the items.
    pub item: &'static str,
    /// The rule that asks for it.
    pub rule: &'static str,
    /// What is wrong, in words.
    pub what: String,
}

/// The longest text of an item.
const TEXT_MAX: usize = 200;

/// Checks an invoice against the contract's schedule, where one is given, and the numbers used before.
pub fn check(invoice: &Invoice, schedule: Option<&Schedule>, used: &BTreeSet<String>) -> Vec<Finding> {
    if invoice.school_provider {
        let what = "a school provider does not invoice for the withholding payment: nothing needs to be sent";
        return vec![Finding { item: "provider", rule: "B4", what: what.to_owned() }];
    }
    let mut found: Vec<Finding> = items(invoice).into_iter().filter_map(|(item, text)| written(item, text)).collect();
    let mut say = |item, rule, what: String| found.push(Finding { item, rule, what });
    if used.contains(invoice.number.trim()) {
        say("number", "B5", "the number was used for another payment: give one of its own".to_owned());
    }
    let described = invoice.description.to_lowercase();
    let says_what = described.contains("withholding") && percent_in(&described).is_some();
    if !(says_what || described.trim().is_empty()) {
        let what = "it should say what is paid: withholding payment, its percentage, and for which period";
        say("description", "B5", what.to_owned());
    }
    let cents = cents(&invoice.amount);
    if !invoice.amount.trim().is_empty() && cents.is_none_or(|cents| cents == 0) {
        say("amount", "B5", "an amount is dollars and cents above nothing, such as 12345.60".to_owned());
    }
    if let Some(schedule) = schedule {
        found.extend(against(invoice, schedule, cents, &described));
    }
    found
}

/// The seven items, by name (B5).
fn items(invoice: &Invoice) -> [(&'static str, &str); 7] {
    [
        ("provider", &invoice.provider),
        ("catchment", &invoice.catchment),
        ("contract", &invoice.contract),
        ("purchase_order", &invoice.purchase_order),
        ("number", &invoice.number),
        ("description", &invoice.description),
        ("amount", &invoice.amount),
    ]
}

fn written(item: &'static str, text: &str) -> Option<Finding> {
    let what = match text.trim() {
        "" => "it is missing".to_owned(),
        text if text.chars().count() > TEXT_MAX => format!("it is longer than {TEXT_MAX} characters"),
        text if text.chars().any(char::is_control) => "it holds characters that do not print".to_owned(),
        _ => return None,
    };
    Some(Finding { item, rule: "B5", what })
}

fn against(invoice: &Invoice, schedule: &Schedule, amount: Option<u64>, described: &str) -> Vec<Finding> {
    let (contract, quarter) = (invoice.contract.trim(), invoice.quarter.trim());
    let mut of_contract = schedule.payment.iter().filter(|payment| payment.contract == contract);
    let Some(payment) = of_contract.find(|payment| payment.quarter == quarter) else {
        let what = format!("the schedule has no payment of this contract for the quarter `{quarter}`");
        return vec![Finding { item: "contract", rule: "B5", what }];
    };
    let mut found = Vec::new();
    if let (Some(amount), Some(due)) = (amount, cents(&payment.amount))
        && amount != due
    {
        let what = format!("the contract's schedule says {}", payment.amount);
        found.push(Finding { item: "amount", rule: "B5", what });
    }
    if let (Some(said), Some(percent)) = (percent_in(described), payment.percent)
        && said != percent
    {
        let what = format!("it says {said} %, the contract's schedule {percent} %");
        found.push(Finding { item: "description", rule: "B5", what });
    }
    if let (Some(sent_on), Some(due_on)) = (invoice.sent_on, payment.due_on)
        && sent_on > due_on
    {
        let what = format!("it was due on {due_on}");
        found.push(Finding { item: "sent_on", rule: "B3", what });
    }
    found
}

/// Reads dollars and cents; thousands may be parted by commas, and a dollar sign may stand before them.
fn cents(text: &str) -> Option<u64> {
    let text = text.trim().trim_start_matches('$').replace(',', "");
    let (dollars, cents) = text.split_once('.').unwrap_or((&text, "00"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(dollars) || !digits(cents) || cents.len() != 2 {
        return None;
    }
    dollars.parse::<u64>().ok()?.checked_mul(100)?.checked_add(cents.parse().ok()?)
}

/// Returns the whole percentage a text names.
fn percent_in(text: &str) -> Option<u32> {
    let before = text[..text.find('%')?].trim_end();
    let digits = before.bytes().rev().take_while(u8::is_ascii_digit).count();
    before[before.len() - digits..].parse().ok().filter(|percent| (1..=100).contains(percent))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "
        provider = 'Te Ara Trust'
        catchment = 'C-01'
        contract = 'MOE-1234'
        purchase_order = 'PO-77'
        number = 'INV-9'
        description = 'Withholding payment [10 %] for 1 January to 2 April 2026'
        amount = '$12,345.60'
        quarter = '2026-Q1'
        sent_on = '2026-05-15'
    ";

    const SCHEDULE: &str = "
        [[payment]]
        contract = 'MOE-1234'
        quarter = '2026-Q1'
        amount = '12345.60'
        percent = 10
        due_on = '2026-05-15'
    ";

    fn found(change: &str, to: &str) -> Vec<(&'static str, &'static str)> {
        let invoice = toml::from_str(&WHOLE.replace(change, to)).unwrap();
        let schedule = toml::from_str(SCHEDULE).unwrap();
        let used = BTreeSet::from(["INV-1".to_owned()]);
        check(&invoice, Some(&schedule), &used).into_iter().map(|finding| (finding.item, finding.rule)).collect()
    }

    #[test]
    fn b5_an_invoice_with_all_seven_items_is_whole() {
        assert_eq!(found("", ""), []);
    }

    #[test]
    fn b3_b5_what_is_missing_or_wrong_is_named() {
        for (change, to, item, rule) in [
            ("'Te Ara Trust'", "' '", "provider", "B5"),
            ("catchment = 'C-01'", "", "catchment", "B5"),
            ("'PO-77'", "''", "purchase_order", "B5"),
            ("'INV-9'", "''", "number", "B5"),
            ("'INV-9'", "'INV-1'", "number", "B5"),
            ("Withholding payment", "Payment", "description", "B5"),
            ("[10 %] ", "", "description", "B5"),
            ("10 %", "20 %", "description", "B5"),
            ("'$12,345.60'", "'12345.6'", "amount", "B5"),
            ("'$12,345.60'", "'0.00'", "amount", "B5"),
            ("'$12,345.60'", "'12345.61'", "amount", "B5"),
            ("'MOE-1234'", "'MOE-9999'", "contract", "B5"),
            ("2026-05-15", "2026-05-16", "sent_on", "B3"),
        ] {
            assert!(found(change, to).contains(&(item, rule)), "{change} -> {to}: {:?}", found(change, to));
        }
        let nothing = check(&Invoice::default(), None, &BTreeSet::new());
        assert_eq!(nothing.len(), 7, "all seven are missing: {nothing:?}");
    }

    #[test]
    fn b4_school_providers_do_not_invoice() {
        assert_eq!(found("provider =", "school_provider = true\nprovider ="), [("provider", "B4")]);
    }
}
