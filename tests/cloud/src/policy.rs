//! IAM as far as the template uses it: what no statement allows is refused, and a Deny wins over
//! every Allow. The statements are read from the template itself, so that a test of permissions
//! tests what is deployed.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>

use crate::call::Demand;

mod template;
mod yaml;

pub use template::{of_template, rules_of_template, schedules_of_template};
pub use yaml::Yaml;

/// What somebody may do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    /// The statements of all policies of a role.
    pub statements: Vec<Statement>,
}

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// Its name: the policy's and its own, as in `observe/Services`.
    pub sid: String,
    /// Whether it allows or denies.
    pub effect: Effect,
    /// Actions, with `*` and `?`, whatever their case.
    pub actions: Vec<String>,
    /// ARNs, with `*` and `?`.
    pub resources: Vec<String>,
    /// Conditions, all of which must hold.
    pub conditions: Vec<Condition>,
}

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It allows.
    Allow,
    /// It denies, whatever else allows.
    Deny,
}

/// A condition on a tag of the resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// How the tag is looked at.
    pub operator: Operator,
    /// The tag's key: what follows `aws:ResourceTag/`.
    pub tag: String,
    /// The values, one of which must fit.
    pub values: Vec<String>,
}

/// How a tag is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `true`: it must not be there; `false`: it must.
    Null,
    /// It must have the value.
    StringEquals,
    /// It must fit the pattern with `*` and `?`.
    StringLike,
}

/// What a policy says of a demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement<'a> {
    /// The statement with this name allows it.
    Allowed(&'a str),
    /// No statement allows it.
    NotAllowed,
    /// A statement denies it.
    Denied,
}

/// A permission that was needed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Used {
    /// The action that was demanded.
    pub action: String,
    /// On which resource.
    pub resource: String,
    /// The statement that allowed it.
    pub sid: String,
}

impl Policy {
    /// Whether a demand is allowed.
    #[must_use]
    pub fn allows(&self, demand: &Demand) -> bool {
        matches!(self.judge(demand), Judgement::Allowed(_))
    }

    /// What the policy says of a demand, and the first statement that allows it.
    #[must_use]
    pub fn judge(&self, demand: &Demand) -> Judgement<'_> {
        let about = |effect| {
            let mut statements = self.statements.iter();
            statements.find(move |it| it.effect == effect && it.is_about(demand))
        };
        if about(Effect::Deny).is_some() {
            return Judgement::Denied;
        }
        about(Effect::Allow).map_or(Judgement::NotAllowed, |it| Judgement::Allowed(&it.sid))
    }
}

impl Statement {
    fn is_about(&self, demand: &Demand) -> bool {
        let mut actions = self.actions.iter();
        let mut resources = self.resources.iter();
        let any_case = |a: char, b: char| a.eq_ignore_ascii_case(&b);
        actions.any(|pattern| like(pattern, &demand.action, any_case))
            && resources.any(|pattern| like(pattern, &demand.resource, exactly))
            && self
                .conditions
                .iter()
                .all(|condition| condition.holds(demand))
    }
}

impl Condition {
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    fn holds(&self, demand: &Demand) -> bool {
        // Keys of tags in condition keys do not tell cases apart.
        let mut tags = demand.tags.iter();
        let there = tags.find(|(key, _)| key.eq_ignore_ascii_case(&self.tag));
        let there = there.map(|(_, value)| value.as_str());
        let mut values = self.values.iter();
        match self.operator {
            Operator::Null => values.any(|value| (value == "true") == there.is_none()),
            Operator::StringEquals => values.any(|value| Some(value.as_str()) == there),
            Operator::StringLike => {
                there.is_some_and(|there| values.any(|pattern| like(pattern, there, exactly)))
            }
        }
    }
}

/// Whether a text fits a pattern with `*` for any letters and `?` for one.
///
/// Asked some hundred times for each call, so nothing is copied.
fn like(pattern: &str, text: &str, same: impl Fn(char, char) -> bool) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    let mut star = None;
    loop {
        let before = text.clone();
        let Some(letter) = text.next() else {
            return pattern.all(|rest| rest == '*');
        };
        let mut after = pattern.clone();
        match after.next() {
            Some('*') => {
                star = Some((after.clone(), before.clone()));
                (pattern, text) = (after, before);
            }
            Some(wanted) if wanted == '?' || same(wanted, letter) => pattern = after,
            _ => {
                // The last star takes one letter more.
                let Some((after, from)) = &mut star else {
                    return false;
                };
                from.next();
                (pattern, text) = (after.clone(), from.clone());
            }
        }
    }
}

fn exactly(a: char, b: char) -> bool {
    a == b
}

#[cfg(test)]
mod tests;
