//! The grammar of expressions, read by descent: NOT binds closer than AND, and AND closer than OR.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html>

use serde_json::Value;

use super::{
    super::value,
    Comparator, Condition, Operand, Scope, Update,
    path::{Path, Step},
    reserved::is_reserved,
    update::Source,
};

type Read<T> = Result<T, String>;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Name(String),
    Value(String),
    Number(usize),
    Sign(&'static str),
}

fn tokens(text: &str) -> Read<Vec<Token>> {
    const SIGNS: [&str; 14] = [
        "<>", "<=", ">=", "=", "<", ">", "(", ")", "[", "]", ",", ".", "+", "-",
    ];
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let prefix = usize::from(matches!(first, '#' | ':'));
        let end = rest[prefix..].find(|letter| !is_word(letter));
        let word = &rest[..end.map_or(rest.len(), |end| end + prefix)];
        let (token, length) = match first {
            '#' if word.len() > 1 => (Token::Name(word.to_owned()), word.len()),
            ':' if word.len() > 1 => (Token::Value(word.to_owned()), word.len()),
            '0'..='9' => match word.parse() {
                Ok(number) => (Token::Number(number), word.len()),
                Err(_) => return Err(syntax(word, text)),
            },
            letter if is_word(letter) => (Token::Word(word.to_owned()), word.len()),
            _ => match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
                Some(sign) => (Token::Sign(sign), sign.len()),
                None => return Err(syntax(&first.to_string(), text)),
            },
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    if tokens.is_empty() {
        return Err("The expression can not be empty;".to_owned());
    }
    Ok(tokens)
}

fn syntax(token: &str, near: &str) -> String {
    format!("Syntax error; token: \"{token}\", near: \"{near}\"")
}

struct Parser<'s, 'a> {
    scope: &'s mut Scope<'a>,
    tokens: Vec<Token>,
    at: usize,
    text: &'s str,
}

fn parser<'s, 'a>(scope: &'s mut Scope<'a>, text: &'s str) -> Read<Parser<'s, 'a>> {
    Ok(Parser {
        scope,
        tokens: tokens(text)?,
        at: 0,
        text,
    })
}

pub(super) fn condition(scope: &mut Scope<'_>, text: &str) -> Read<Condition> {
    let mut parser = parser(scope, text)?;
    let (condition, _) = parser.either()?;
    parser.end()?;
    Ok(condition)
}

pub(super) fn projection(scope: &mut Scope<'_>, text: &str) -> Read<Vec<Path>> {
    let mut parser = parser(scope, text)?;
    let mut paths = vec![parser.path()?];
    while parser.sign(",") {
        paths.push(parser.path()?);
    }
    parser.end()?;
    distinct(paths.iter())?;
    Ok(paths)
}

pub(super) fn update(scope: &mut Scope<'_>, text: &str) -> Read<Update> {
    let mut parser = parser(scope, text)?;
    let mut update = Update::default();
    let mut sections: Vec<String> = Vec::new();
    while let Some(Token::Word(word)) = parser.peek().cloned() {
        let section = word.to_ascii_uppercase();
        if sections.contains(&section) {
            return Err(format!(
                "The \"{section}\" section can only be used once in an update expression;"
            ));
        }
        parser.at += 1;
        match section.as_str() {
            "SET" => update.set = parser.list(Parser::assignment)?,
            "REMOVE" => update.remove = parser.list(Parser::path)?,
            "ADD" => update.add = parser.list(|p| p.changed("ADD", &["N", "SS", "NS", "BS"]))?,
            "DELETE" => {
                update.delete = parser.list(|p| p.changed("DELETE", &["SS", "NS", "BS"]))?;
            }
            _ => return Err(syntax(&word, text)),
        }
        sections.push(section);
    }
    parser.end()?;
    distinct(update.paths())?;
    Ok(update)
}

fn distinct<'p>(paths: impl Iterator<Item = &'p Path>) -> Read<()> {
    let paths: Vec<&Path> = paths.collect();
    for (index, path) in paths.iter().enumerate() {
        if let Some(other) = paths[..index].iter().find(|other| other.overlaps(path)) {
            return Err(format!(
                "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: {}, path two: {}",
                shown(other),
                shown(path)
            ));
        }
    }
    Ok(())
}

fn shown(path: &Path) -> String {
    let steps = path.0.iter().map(|step| match step {
        Step::Name(name) => name.clone(),
        Step::Index(index) => format!("[{index}]"),
    });
    format!("[{}]", steps.collect::<Vec<_>>().join(", "))
}

impl Parser<'_, '_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn wrong<T>(&self) -> Read<T> {
        let token = match self.peek() {
            None => "<EOF>".to_owned(),
            Some(Token::Word(text) | Token::Name(text) | Token::Value(text)) => text.clone(),
            Some(Token::Number(number)) => number.to_string(),
            Some(Token::Sign(sign)) => (*sign).to_owned(),
        };
        Err(syntax(&token, self.text))
    }

    fn end(&self) -> Read<()> {
        if self.at == self.tokens.len() {
            Ok(())
        } else {
            self.wrong()
        }
    }

    fn sign(&mut self, sign: &str) -> bool {
        let is = matches!(self.peek(), Some(Token::Sign(is)) if *is == sign);
        self.at += usize::from(is);
        is
    }

    fn expect(&mut self, sign: &str) -> Read<()> {
        if self.sign(sign) {
            Ok(())
        } else {
            self.wrong()
        }
    }

    fn word(&mut self, word: &str) -> bool {
        let is = matches!(self.peek(), Some(Token::Word(is)) if is.eq_ignore_ascii_case(word));
        self.at += usize::from(is);
        is
    }

    fn list<T>(&mut self, one: impl Fn(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let mut items = vec![one(self)?];
        while self.sign(",") {
            items.push(one(self)?);
        }
        Ok(items)
    }

    fn either(&mut self) -> Read<(Condition, bool)> {
        let (mut left, mut in_parentheses) = self.both()?;
        while self.word("OR") {
            left = Condition::Or(Box::new(left), Box::new(self.both()?.0));
            in_parentheses = false;
        }
        Ok((left, in_parentheses))
    }

    fn both(&mut self) -> Read<(Condition, bool)> {
        let (mut left, mut in_parentheses) = self.negation()?;
        while self.word("AND") {
            left = Condition::And(Box::new(left), Box::new(self.negation()?.0));
            in_parentheses = false;
        }
        Ok((left, in_parentheses))
    }

    fn negation(&mut self) -> Read<(Condition, bool)> {
        if self.word("NOT") {
            return Ok((Condition::Not(Box::new(self.negation()?.0)), false));
        }
        if self.sign("(") {
            let (inner, in_parentheses) = self.either()?;
            self.expect(")")?;
            if in_parentheses {
                return Err("The expression has redundant parentheses;".to_owned());
            }
            return Ok((inner, true));
        }
        Ok((self.test()?, false))
    }

    /// The name of a function, if one begins here; its parenthesis is taken with it.
    fn function(&mut self) -> Option<String> {
        match (self.peek()?, self.tokens.get(self.at + 1)?) {
            (Token::Word(name), Token::Sign("(")) => {
                let name = name.clone();
                self.at += 2;
                Some(name)
            }
            _ => None,
        }
    }

    fn test(&mut self) -> Read<Condition> {
        let before = self.at;
        let Some(function) = self.function() else {
            return self.comparison();
        };
        let condition = match function.as_str() {
            "attribute_exists" => Condition::Exists(self.path()?),
            "attribute_not_exists" => Condition::NotExists(self.path()?),
            "attribute_type" => {
                let path = self.path()?;
                self.expect(",")?;
                let kind = self.value()?;
                let kind = kind["S"].as_str().unwrap_or_default().to_owned();
                Condition::Type(path, kind)
            }
            "begins_with" | "contains" => {
                let operand = self.operand()?;
                self.expect(",")?;
                let part = self.operand()?;
                if operand == part {
                    return Err(not_distinct(&function));
                }
                if function == "contains" {
                    Condition::Contains(operand, part)
                } else {
                    string_only(&part)?;
                    Condition::BeginsWith(operand, part)
                }
            }
            "size" => {
                self.at = before;
                return self.comparison();
            }
            _ => return Err(format!("Invalid function name; function: {function}")),
        };
        self.expect(")")?;
        Ok(condition)
    }

    fn comparison(&mut self) -> Read<Condition> {
        let left = self.operand()?;
        if self.word("BETWEEN") {
            let low = self.operand()?;
            if !self.word("AND") {
                return self.wrong();
            }
            let high = self.operand()?;
            bounds(&low, &high)?;
            return Ok(Condition::Between(left, low, high));
        }
        if self.word("IN") {
            self.expect("(")?;
            let list = self.list(Self::operand)?;
            self.expect(")")?;
            // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
            if list.len() > 100 {
                return Err("The IN operator is provided with too many operands;".to_owned());
            }
            return Ok(Condition::In(left, list));
        }
        let comparators = [
            ("=", Comparator::Equal),
            ("<>", Comparator::NotEqual),
            ("<", Comparator::Less),
            ("<=", Comparator::LessOrEqual),
            (">", Comparator::Greater),
            (">=", Comparator::GreaterOrEqual),
        ];
        for (sign, comparator) in comparators {
            if self.sign(sign) {
                let right = self.operand()?;
                if left == right {
                    return Err(not_distinct(sign));
                }
                return Ok(Condition::Compare(left, comparator, right));
            }
        }
        self.wrong()
    }

    fn operand(&mut self) -> Read<Operand> {
        if let Some(Token::Value(_)) = self.peek() {
            return Ok(Operand::Value(self.value()?));
        }
        match self.function().as_deref() {
            None => Ok(Operand::Path(self.path()?)),
            Some("size") => {
                let path = self.path()?;
                self.expect(")")?;
                Ok(Operand::Size(path))
            }
            Some(function) => Err(format!(
                "The function is not allowed to be used this way in an expression; function: {function}"
            )),
        }
    }

    fn value(&mut self) -> Read<Value> {
        let Some(Token::Value(placeholder)) = self.peek().cloned() else {
            return self.wrong();
        };
        self.at += 1;
        self.scope.value(&placeholder)
    }

    fn name(&mut self) -> Read<Step> {
        let name = match self.peek().cloned() {
            Some(Token::Name(placeholder)) => self.scope.name(&placeholder)?,
            Some(Token::Word(word)) if is_reserved(&word) => {
                return Err(format!(
                    "Attribute name is a reserved keyword; reserved keyword: {word}"
                ));
            }
            Some(Token::Word(word)) => word,
            _ => return self.wrong(),
        };
        self.at += 1;
        Ok(Step::Name(name))
    }

    fn path(&mut self) -> Read<Path> {
        let mut steps = vec![self.name()?];
        loop {
            if self.sign(".") {
                steps.push(self.name()?);
            } else if self.sign("[") {
                let Some(Token::Number(index)) = self.peek().cloned() else {
                    return self.wrong();
                };
                self.at += 1;
                self.expect("]")?;
                steps.push(Step::Index(index));
            } else {
                return Ok(Path(steps));
            }
        }
    }

    fn assignment(&mut self) -> Read<(Path, Source)> {
        let path = self.path()?;
        self.expect("=")?;
        let left = self.source()?;
        let source = if self.sign("+") {
            Source::Plus(Box::new(left), Box::new(self.source()?))
        } else if self.sign("-") {
            Source::Minus(Box::new(left), Box::new(self.source()?))
        } else {
            left
        };
        Ok((path, source))
    }

    fn source(&mut self) -> Read<Source> {
        if let Some(Token::Value(_)) = self.peek() {
            return Ok(Source::Value(self.value()?));
        }
        let source = match self.function().as_deref() {
            None => return Ok(Source::Path(self.path()?)),
            Some("if_not_exists") => {
                let path = self.path()?;
                self.expect(",")?;
                Source::IfNotExists(path, Box::new(self.source()?))
            }
            Some("list_append") => {
                let first = self.source()?;
                self.expect(",")?;
                Source::ListAppend(Box::new(first), Box::new(self.source()?))
            }
            Some(function) => {
                return Err(format!("Invalid function name; function: {function}"));
            }
        };
        self.expect(")")?;
        Ok(source)
    }

    fn changed(&mut self, operator: &str, kinds: &[&str]) -> Read<(Path, Value)> {
        let path = self.path()?;
        let value = self.value()?;
        let kind = value::typed(&value).map_or("", |(kind, _)| kind);
        if !kinds.contains(&kind) {
            return Err(format!(
                "Incorrect operand type for operator or function; operator: {operator}, operand type: {kind}"
            ));
        }
        Ok((path, value))
    }
}

fn not_distinct(operator: &str) -> String {
    format!(
        "The first operand must be distinct from the remaining operands for this operator or function; operator: {operator}"
    )
}

fn string_only(operand: &Operand) -> Read<()> {
    match operand {
        Operand::Value(value) if value.get("S").is_none() && value.get("B").is_none() => {
            let kind = value::typed(value).map_or("", |(kind, _)| kind);
            Err(format!(
                "Incorrect operand type for operator or function; operator or function: begins_with, operand type: {kind}"
            ))
        }
        _ => Ok(()),
    }
}

fn bounds(low: &Operand, high: &Operand) -> Read<()> {
    match (low, high) {
        (Operand::Value(low), Operand::Value(high))
            if value::order(low, high).is_some_and(std::cmp::Ordering::is_gt) =>
        {
            Err("The BETWEEN operator requires upper bound to be greater than or equal to lower bound;".to_owned())
        }
        _ => Ok(()),
    }
}
