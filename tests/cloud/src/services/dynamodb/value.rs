//! Attribute values as they stand in JSON, compared, measured and checked as `DynamoDB` does:
//! numbers are decimals of 38 digits, never floats.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html>

use std::{cmp::Ordering, collections::BTreeSet, fmt};

use serde_json::{Map, Value, json};

/// An item: attribute names and values such as `{"S": "text"}`.
pub type Item = Map<String, Value>;

/// A number as `DynamoDB` keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    digits: i128,
    exponent: i32,
}

const MOST_DIGITS: u32 = 38;

impl Decimal {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let fraction = fraction.trim_end_matches('0');
        let places = i32::try_from(fraction.len()).ok()?;
        let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
        Self::normal(digits, exponent.checked_sub(places)?)
    }

    fn normal(mut digits: i128, mut exponent: i32) -> Option<Self> {
        if digits == 0 {
            return Some(Self {
                digits: 0,
                exponent: 0,
            });
        }
        while digits % 10 == 0 {
            digits /= 10;
            exponent += 1;
        }
        let number = Self { digits, exponent };
        // The range of numbers: up to 38 digits, from 1E-130 to below 1E+126.
        let fits = number.count() <= MOST_DIGITS && (-130..126).contains(&number.magnitude());
        fits.then_some(number)
    }

    fn count(self) -> u32 {
        self.digits.unsigned_abs().checked_ilog10().unwrap_or(0) + 1
    }

    fn magnitude(self) -> i32 {
        self.exponent + i32::try_from(self.count()).unwrap_or(0) - 1
    }

    fn at_exponent(self, exponent: i32) -> Option<i128> {
        let up = u32::try_from(self.exponent - exponent).ok()?;
        self.digits.checked_mul(10_i128.checked_pow(up)?)
    }

    pub(super) fn add(self, other: Self) -> Option<Self> {
        if self.digits == 0 {
            return Some(other);
        }
        if other.digits == 0 {
            return Some(self);
        }
        let exponent = self.exponent.min(other.exponent);
        let sum = self
            .at_exponent(exponent)?
            .checked_add(other.at_exponent(exponent)?)?;
        Self::normal(sum, exponent)
    }

    pub(super) fn negated(self) -> Self {
        Self {
            digits: -self.digits,
            ..self
        }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let signs = self.digits.signum().cmp(&other.digits.signum());
        if signs.is_ne() || self.digits == 0 {
            return signs;
        }
        let sizes = self.magnitude().cmp(&other.magnitude());
        if sizes.is_ne() {
            return if self.digits > 0 {
                sizes
            } else {
                sizes.reverse()
            };
        }
        // Numbers of one magnitude can be brought to one exponent without leaving 38 digits.
        let exponent = self.exponent.min(other.exponent);
        self.at_exponent(exponent).cmp(&other.at_exponent(exponent))
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.digits < 0 { "-" } else { "" };
        let digits = self.digits.unsigned_abs().to_string();
        let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
        if self.exponent >= 0 {
            return write!(f, "{sign}{digits}{}", zeros(self.exponent));
        }
        let magnitude = self.magnitude();
        if magnitude < 0 {
            return write!(f, "{sign}0.{}{digits}", zeros(-magnitude - 1));
        }
        let (whole, fraction) = digits.split_at(usize::try_from(magnitude + 1).unwrap_or(0));
        write!(f, "{sign}{whole}.{fraction}")
    }
}

/// The type of a value and what stands under it.
pub(super) fn typed(value: &Value) -> Option<(&str, &Value)> {
    let mut entries = value.as_object()?.iter();
    match (entries.next(), entries.next()) {
        (Some((kind, inner)), None) => Some((kind, inner)),
        _ => None,
    }
}

pub(super) fn number(value: &Value) -> Option<Decimal> {
    Decimal::parse(value.get("N")?.as_str()?)
}

pub(super) fn of_number(number: Decimal) -> Value {
    json!({ "N": number.to_string() })
}

/// The texts of a set: its elements, with numbers in one form.
fn elements(kind: &str, inner: &Value) -> BTreeSet<String> {
    let texts = inner
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    texts
        .map(|text| match kind {
            "NS" => Decimal::parse(text).map_or_else(|| text.to_owned(), |n| n.to_string()),
            _ => text.to_owned(),
        })
        .collect()
}

/// Whether two values are equal: of one type, numbers by value, sets without order.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    let (Some((kind, left)), Some((other, right))) = (typed(left), typed(right)) else {
        return false;
    };
    if kind != other {
        return false;
    }
    match (kind, left, right) {
        ("N", Value::String(left), Value::String(right)) => {
            Decimal::parse(left) == Decimal::parse(right)
        }
        ("SS" | "NS" | "BS", ..) => elements(kind, left) == elements(kind, right),
        ("L", Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(a, b)| equal(a, b))
        }
        ("M", Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(name, a)| right.get(name).is_some_and(|b| equal(a, b)))
        }
        _ => left == right,
    }
}

/// The order of two values; none where they have none: other types, or no scalar.
pub(super) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    let ((kind, left), (other, right)) = (typed(left)?, typed(right)?);
    if kind != other {
        return None;
    }
    let (left, right) = (left.as_str()?, right.as_str()?);
    match kind {
        "N" => Some(Decimal::parse(left)?.cmp(&Decimal::parse(right)?)),
        "S" => Some(left.as_bytes().cmp(right.as_bytes())),
        _ => None,
    }
}

/// What `size` answers; none for numbers, truth values and null.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
pub(super) fn size(value: &Value) -> Option<usize> {
    let (kind, inner) = typed(value)?;
    match kind {
        "S" => inner.as_str().map(|text| text.chars().count()),
        "B" => inner.as_str().map(bytes_of_base64),
        "SS" | "NS" | "BS" | "L" => inner.as_array().map(Vec::len),
        "M" => inner.as_object().map(Map::len),
        _ => None,
    }
}

fn bytes_of_base64(text: &str) -> usize {
    text.trim_end_matches('=').len() * 3 / 4
}

/// How many bytes an item counts.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
pub(super) fn weight(item: &Item) -> usize {
    item.iter()
        .map(|(name, value)| name.len() + weight_of(value))
        .sum()
}

fn weight_of(value: &Value) -> usize {
    let Some((kind, inner)) = typed(value) else {
        return 0;
    };
    let text = |value: &Value| value.as_str().map_or(0, str::len);
    let list = |value: &Value, one: &dyn Fn(&Value) -> usize| {
        value
            .as_array()
            .into_iter()
            .flatten()
            .map(one)
            .sum::<usize>()
    };
    let digits = |value: &Value| text(value).div_ceil(2) + 1;
    match kind {
        "S" => text(inner),
        "N" => digits(inner),
        "B" => inner.as_str().map_or(0, bytes_of_base64),
        "SS" => list(inner, &text),
        "NS" => list(inner, &digits),
        "BS" => list(inner, &|value| value.as_str().map_or(0, bytes_of_base64)),
        "L" => 3 + list(inner, &|value| 1 + weight_of(value)),
        "M" => {
            let members = inner.as_object().into_iter().flatten();
            3 + members
                .map(|(name, value)| 1 + name.len() + weight_of(value))
                .sum::<usize>()
        }
        _ => 1,
    }
}

/// The value in the form in which it is kept, if it is one.
///
/// # Errors
/// With the words of the `ValidationException`.
pub(super) fn checked(value: &Value) -> Result<Value, String> {
    let Some((kind, inner)) = typed(value) else {
        return Err(
            "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
                .to_owned(),
        );
    };
    let wrong = || format!("Supplied AttributeValue has a {kind} that is none");
    match (kind, inner) {
        ("S" | "B", Value::String(_)) | ("BOOL", Value::Bool(_)) | ("NULL", Value::Bool(true)) => {
            Ok(value.clone())
        }
        ("NULL", _) => Err("One or more parameter values were invalid: Null attribute value types must have the value of true".to_owned()),
        ("N", Value::String(text)) => Ok(json!({ "N": checked_number(text)? })),
        ("L", Value::Array(items)) => {
            let items = items.iter().map(checked).collect::<Result<Vec<_>, _>>()?;
            Ok(json!({ "L": items }))
        }
        ("M", Value::Object(members)) => Ok(json!({ "M": checked_item(members)? })),
        ("SS" | "NS" | "BS", Value::Array(items)) => checked_set(kind, items),
        _ => Err(wrong()),
    }
}

fn checked_number(text: &str) -> Result<String, String> {
    Decimal::parse(text)
        .map(|number| number.to_string())
        .ok_or_else(|| format!("The parameter cannot be converted to a numeric value: {text}"))
}

fn checked_set(kind: &str, items: &[Value]) -> Result<Value, String> {
    let name = match kind {
        "SS" => "string",
        "NS" => "number",
        _ => "binary",
    };
    if items.is_empty() {
        return Err(format!(
            "One or more parameter values were invalid: An {name} set  may not be empty"
        ));
    }
    let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
    let texts = texts.ok_or_else(|| format!("a {name} set holds something else"))?;
    let kept = texts
        .iter()
        .map(|text| match kind {
            "NS" => checked_number(text),
            _ => Ok((*text).to_owned()),
        })
        .collect::<Result<Vec<_>, _>>()?;
    if kept.iter().collect::<BTreeSet<_>>().len() < kept.len() {
        return Err(format!(
            "One or more parameter values were invalid: Input collection [{}] contains duplicates.",
            texts.join(", ")
        ));
    }
    Ok(json!({ kind: kept }))
}

/// The item in the form in which it is kept.
///
/// # Errors
/// With the words of the `ValidationException`.
pub(super) fn checked_item(item: &Item) -> Result<Item, String> {
    item.iter()
        .map(|(name, value)| Ok((name.clone(), checked(value)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decimals_and_come_back_in_one_form() {
        for (text, kept) in [
            ("007", "7"),
            ("1.50", "1.5"),
            ("-0.0", "0"),
            ("1e3", "1000"),
            ("25E-4", "0.0025"),
            (
                "12345678901234567890123456789012345678",
                "12345678901234567890123456789012345678",
            ),
        ] {
            assert_eq!(Decimal::parse(text).unwrap().to_string(), kept);
        }
        for text in [
            "",
            "x",
            "1.2.3",
            "123456789012345678901234567890123456789",
            "1e126",
        ] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_ordered_and_added_without_loss() {
        let n = |text: &str| Decimal::parse(text).unwrap();
        let rising = [
            "-10", "-9.5", "-0.001", "0", "0.1", "0.11", "2", "10", "1e20",
        ];
        for pair in rising.windows(2) {
            assert!(n(pair[0]) < n(pair[1]), "{pair:?}");
        }
        assert_eq!(n("0.1").add(n("0.2")).unwrap().to_string(), "0.3");
        assert_eq!(n("10").add(n("-10")).unwrap().to_string(), "0");
        assert_eq!(n("1e100").add(n("1")), None);
    }

    #[test]
    fn sets_are_equal_without_order_and_hold_nothing_twice() {
        let set = |kind: &str, items: &[&str]| json!({ kind: items });
        assert!(equal(&set("NS", &["1", "2.0"]), &set("NS", &["2", "1"])));
        assert!(!equal(&json!({ "S": "1" }), &json!({ "N": "1" })));
        assert!(checked(&set("SS", &["a", "a"])).is_err());
        assert!(checked(&set("NS", &["1", "1.0"])).is_err());
        assert!(checked(&set("SS", &[])).is_err());
    }
}
