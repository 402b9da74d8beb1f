//! The rules of composite alarms: states of other alarms, with AND, OR and NOT.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html>

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    Is(&'static str, String),
    Always(bool),
    Not(Box<Rule>),
    And(Box<Rule>, Box<Rule>),
    Or(Box<Rule>, Box<Rule>),
}

impl Rule {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut reader = Reader { rest: text };
        let rule = reader.either()?;
        if reader.rest.trim_start().is_empty() {
            Ok(rule)
        } else {
            Err(reader.wrong())
        }
    }

    pub(super) fn holds(&self, state_of: &impl Fn(&str) -> Option<&'static str>) -> bool {
        match self {
            Self::Is(state, alarm) => state_of(alarm) == Some(state),
            Self::Always(value) => *value,
            Self::Not(rule) => !rule.holds(state_of),
            Self::And(left, right) => left.holds(state_of) && right.holds(state_of),
            Self::Or(left, right) => left.holds(state_of) || right.holds(state_of),
        }
    }

    /// The alarms that it looks at.
    pub(super) fn names(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match self {
            Self::Is(_, alarm) => Box::new(std::iter::once(alarm.as_str())),
            Self::Always(_) => Box::new(std::iter::empty()),
            Self::Not(rule) => rule.names(),
            Self::And(left, right) | Self::Or(left, right) => {
                Box::new(left.names().chain(right.names()))
            }
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn wrong(&self) -> String {
        format!(
            "AlarmRule must not contain what cannot be read: \"{}\"",
            self.rest.trim()
        )
    }

    fn sign(&mut self, sign: char) -> bool {
        let rest = self.rest.trim_start().strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn word(&mut self, word: &str) -> bool {
        let rest = self.rest.trim_start().strip_prefix(word);
        let rest = rest.filter(|rest| {
            !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_')
        });
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn either(&mut self) -> Result<Rule, String> {
        let mut left = self.both()?;
        while self.word("OR") {
            left = Rule::Or(Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Rule, String> {
        let mut left = self.one()?;
        while self.word("AND") {
            left = Rule::And(Box::new(left), Box::new(self.one()?));
        }
        Ok(left)
    }

    fn one(&mut self) -> Result<Rule, String> {
        if self.word("NOT") {
            return Ok(Rule::Not(Box::new(self.one()?)));
        }
        if self.sign('(') {
            let rule = self.either()?;
            return if self.sign(')') {
                Ok(rule)
            } else {
                Err(self.wrong())
            };
        }
        for (word, value) in [("TRUE", true), ("FALSE", false)] {
            if self.word(word) {
                return Ok(Rule::Always(value));
            }
        }
        for state in ["ALARM", "OK", "INSUFFICIENT_DATA"] {
            if self.word(state) {
                return Ok(Rule::Is(state, self.name()?));
            }
        }
        Err(self.wrong())
    }

    /// `("name")` or `(name)`; an ARN stands for the name at its end.
    fn name(&mut self) -> Result<String, String> {
        if !self.sign('(') {
            return Err(self.wrong());
        }
        let quoted = self.sign('"');
        let end = if quoted { '"' } else { ')' };
        let (name, rest) = self.rest.split_once(end).ok_or_else(|| self.wrong())?;
        self.rest = rest;
        if quoted && !self.sign(')') {
            return Err(self.wrong());
        }
        let name = name.trim();
        Ok(name
            .rsplit_once(":alarm:")
            .map_or(name, |(_, name)| name)
            .to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_mean_what_they_say() {
        let state_of = |name: &str| match name {
            "a" => Some("ALARM"),
            "b" => Some("OK"),
            _ => None,
        };
        let cases = [
            ("ALARM(\"a\")", true),
            ("ALARM(b)", false),
            ("OK(b) AND NOT ALARM(b)", true),
            ("ALARM(b) OR ALARM(a) AND OK(a)", false),
            ("(ALARM(b) OR ALARM(a)) AND TRUE", true),
            ("NOT (ALARM(a) AND OK(b))", false),
            ("ALARM(arn:aws:cloudwatch:r:1:alarm:a)", true),
            ("INSUFFICIENT_DATA(c)", false),
        ];
        for (text, expected) in cases {
            assert_eq!(
                Rule::read(text).unwrap().holds(&state_of),
                expected,
                "{text}"
            );
        }
        for text in [
            "",
            "ALARM",
            "ALARM(a",
            "ALARM(a) AND",
            "alarm(a)",
            "ALARM(a) OK(b)",
            "NOTALARM(a)",
        ] {
            assert!(Rule::read(text).is_err(), "{text}");
        }
    }
}
