//! AWS Budgets tells by e-mail and SNS, in one text of lines like `Budget Name: monthly`.
//! <https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html>

use super::room::Room;
use crate::signal::{Event, Told, What};

/// At most so many characters of one of its lines.
const LINE: usize = 300;

/// What a text of AWS Budgets tells.
pub(super) struct Budget<'a> {
    /// The account's number, or nothing.
    pub(super) account: &'a str,
    /// The budget.
    pub(super) what: What,
}

/// Reads a text of AWS Budgets; none if it is another.
pub(super) fn read(text: &str) -> Option<Budget<'_>> {
    let name = line(text, "Budget Name:")?;
    let threshold = line(text, "Alert Threshold:")?;
    let kind = line(text, "Alert Type:").unwrap_or_default();
    // The amount is named after the kind: `ACTUAL Amount:`, `FORECASTED Amount:`.
    let amount = line(text, &format!("{kind} Amount:")).unwrap_or_default();
    let budgeted = line(text, "Budgeted Amount:").unwrap_or_default();
    let account = line(text, "AWS Account ").unwrap_or_default();
    let is_number = account.bytes().all(|byte| byte.is_ascii_digit());
    let mut room = Room::new();
    let told = Told::Budget {
        name: room.text(name, LINE),
        kind: room.text(kind, LINE),
        threshold: room.text(threshold, LINE),
        amount: room.text(amount, LINE),
        budgeted: room.text(budgeted, LINE),
    };
    Some(Budget {
        account: if is_number { account } else { "" },
        what: What::Event(Box::new(Event {
            told,
            resource: String::new(),
        })),
    })
}

/// What follows a name at the beginning of a line.
fn line<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = text.lines();
    let value = lines.find_map(|line| line.trim().strip_prefix(name))?;
    Some(value.trim()).filter(|value| !value.is_empty())
}
