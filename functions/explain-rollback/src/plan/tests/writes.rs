//! When a look takes the evidence, and when what is remembered is written anew: for what is new at
//! once, for what is the same only now and then.

use super::*;

/// Whether a look takes the evidence to carry out what it decides.
fn asks(play: &mut Play, snapshot: &Snapshot, now: &str) -> bool {
    let known = play.entry.clone();
    let decided = play.look(snapshot, at(now));
    decided.asks_for_evidence(known.as_ref(), at(now))
}

fn saved(entry: Option<&Entry>, snapshot: &Snapshot, now: Timestamp) -> Option<Entry> {
    plan(&View {
        estate: "production",
        settings: &settings(),
        snapshot,
        entry,
        now,
    })
    .save
}

/// Whether a look at what is still fresh, and one at what is so no more, writes it anew.
fn written_again(first: &Snapshot, told: bool, then: &Snapshot) -> [bool; 2] {
    let begun = at("14:13");
    let mut play = Play::default();
    let decided = play.look(first, begun);
    let entry = if told { play.entry } else { decided.save };
    let second = SignedDuration::from_secs(1);
    [begun + FRESH - second, begun + FRESH].map(|now| saved(entry.as_ref(), then, now).is_some())
}

#[test]
fn evidence_is_taken_for_what_is_told_and_for_what_was_not_seen_lately() {
    let failed = crashed().given_up();
    let more = underway().with((0..4).map(|number| ended(number, 1)).collect());
    let more = more.given_up();
    let mut play = Play::default();
    for (case, snapshot, now, expected) in [
        ("nothing fails", &underway(), "14:01", false),
        ("it failed", &failed, "14:09", true),
        (
            "it turned right after",
            &crashed().turned(),
            "14:09:30",
            true,
        ),
        ("nothing is new", &crashed().turned(), "14:18", false),
        (
            "more is known, and was seen lately",
            &more,
            "14:19:29",
            false,
        ),
        ("as long ago as it may be", &more, "14:29:28", false),
        ("too long ago", &more, "14:29:29", true),
        ("its end", &crashed().restored(), "14:29:40", true),
        ("it is over", &crashed().restored(), "20:00", false),
    ] {
        assert_eq!(asks(&mut play, snapshot, now), expected, "{case}");
    }
}

#[test]
fn a_deployment_that_is_seen_again_as_it_was_is_written_again_after_a_while() {
    let mut failed = crashed().given_up();
    failed.service.breaker.rollback = false;
    assert_eq!(written_again(&failed, true, &failed), [false, true]);
    let restored = crashed().restored();
    assert_eq!(
        written_again(&restored, false, &restored),
        [false, true],
        "one that breaks nothing, and that could not be told"
    );
}

#[test]
fn that_others_keep_off_longer_is_written_after_a_while_though_the_deployment_is_not_seen() {
    let mut gone = Snapshot {
        history: Some(Vec::new()),
        ..crashed()
    };
    gone.service.deployments.clear();
    assert_eq!(
        written_again(&crashed().given_up(), true, &gone),
        [false, true]
    );
}
