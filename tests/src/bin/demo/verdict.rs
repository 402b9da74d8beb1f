//! The table at the end of a play: before and after, and whether everything is as it shall be.

use std::collections::BTreeMap;

use nightshift_tests::local::Snapshot;
use nightshift_tests::play::Played;

/// What the table at the end of a play says.
pub(super) struct Verdict {
    /// Before and after what.
    title: &'static str,
    /// When it began and when it ended.
    when: [&'static str; 2],
    /// Whose parts are compared: what their names begin with.
    names: &'static str,
    /// What is said of a value that is as expected, but not as before.
    theirs: &'static str,
    /// What is said when everything is as expected.
    equal: &'static str,
}

pub(super) const STAGING: Verdict = Verdict {
    title: "the weekend",
    when: ["Friday 17:59", "Tuesday 09:10"],
    names: "",
    theirs: "sato's count",
    equal: "Everything is as it was, and the one count that a person changed by hand is theirs.",
};

pub(super) const PRODUCTION: Verdict = Verdict {
    title: "the week",
    when: ["Friday 21:40", "Saturday 07:10"],
    names: "bookmark-manager-production",
    theirs: "Terraform's minimum",
    equal: "The day is as it was, and the one minimum that Terraform raised by day is Terraform's.",
};

/// The table at the end; whether everything is as it shall be.
pub(super) fn compare(played: &Played, verdict: &Verdict) -> bool {
    let rows = |snapshot: &Snapshot| -> BTreeMap<String, String> {
        let services = snapshot.services.iter().map(|(name, state)| {
            let name = name.rsplit('/').next().unwrap_or(name);
            (name.to_owned(), state.to_string())
        });
        let databases = snapshot.databases.clone().into_iter();
        let capacities = snapshot.capacities.clone().into_iter();
        services
            .chain(databases)
            .chain(capacities)
            .filter(|(name, _)| {
                let name = name.rsplit(':').next().unwrap_or(name);
                name.starts_with(verdict.names)
            })
            .collect()
    };
    let [before, expected, after] = [&played.before, &played.expected, &played.after].map(rows);
    let title = format!("Before {} / after", verdict.title);
    println!(
        "\n── {title} {}\n\n{:<44} {:<40} {:<40}",
        "─".repeat(92_usize.saturating_sub(title.chars().count())),
        "",
        verdict.when[0],
        verdict.when[1]
    );
    for name in before
        .keys()
        .chain(after.keys().filter(|name| !before.contains_key(*name)))
    {
        let cell = |rows: &BTreeMap<String, String>| {
            rows.get(name).cloned().unwrap_or_else(|| "-".to_owned())
        };
        let said = match (after.get(name), before.get(name), expected.get(name)) {
            (after, before, _) if after == before => "equal",
            (after, _, expected) if after == expected => verdict.theirs,
            _ => "DIFFERENT",
        };
        println!(
            "{name:<44} {:<40} {:<40} {said}",
            cell(&before),
            cell(&after)
        );
    }
    let equal = played.after == played.expected;
    println!(
        "\n{}",
        if equal {
            verdict.equal
        } else {
            "NOT everything is as it was."
        }
    );
    equal
}
