//! Checks documents offline, as the functions would read them, and writes their JSON Schema anew.

use std::{fs, process::ExitCode};

use anyhow::{Context as _, Result, bail};
use nightshift::config::{self, Company, LIMIT_BYTES, Problem, schema};

const USAGE: &str =
    "usage: nightshift-check [--company COMPANY.yaml] DOCUMENT.yaml… | --write-schema";

fn main() -> Result<ExitCode> {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments
        .peek()
        .is_some_and(|first| first == "--write-schema")
    {
        return write_schema();
    }
    let mut company = None;
    let mut files = Vec::new();
    while let Some(argument) = arguments.next() {
        if argument == "--company" {
            company = Some(arguments.next().context(USAGE)?);
        } else {
            files.push(argument);
        }
    }
    if files.is_empty() {
        bail!(USAGE);
    }
    let company = company.map(|file| read_company(&file)).transpose()?;
    let mut fine = true;
    for file in files {
        fine &= check(&file, company.as_ref())?;
    }
    Ok(if fine {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn read(file: &str) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("{file} cannot be read"))
}

fn read_company(file: &str) -> Result<Company> {
    config::company(file, &read(file)?).map_err(|problems| anyhow::anyhow!(joined(&problems)))
}

fn joined(problems: &[Problem]) -> String {
    problems
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Whether the document is fine. A company's is known by its `time_zone`.
fn check(file: &str, company: Option<&Company>) -> Result<bool> {
    let text = read(file)?;
    let is_company = text.lines().any(|line| {
        line.trim_start_matches(['{', ' ', '"'])
            .starts_with("time_zone")
    });
    let problems = if is_company {
        config::company(file, &text).err()
    } else {
        config::estate(file, &text)
            .and_then(|estate| match company {
                Some(company) => config::sleeper(file, "checked", &estate, company)
                    .and_then(|_| config::slimmer(file, "checked", &estate, company))
                    .map(|_| ()),
                None => Ok(()),
            })
            .err()
    };
    if let Some(problems) = problems {
        println!("{}", joined(&problems));
        return Ok(false);
    }
    let kind = if is_company { "company" } else { "estate" };
    println!(
        "{file}: a fine {kind} document, {} of {LIMIT_BYTES} bytes",
        text.len()
    );
    Ok(true)
}

fn write_schema() -> Result<ExitCode> {
    for (file, text) in schema::files() {
        fs::write(file, text).with_context(|| format!("{file} cannot be written"))?;
        println!("{file}");
    }
    Ok(ExitCode::SUCCESS)
}
