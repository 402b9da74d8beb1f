use crate::{
    config::Language,
    report::{
        News,
        text::{self, Place, samples},
    },
};

fn told(news: &News, place: &Place<'_>) -> Vec<String> {
    let text = text::news(news, place).joined();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_night_tells_what_did_not_run_its_worth_how_long_and_what_held_back() {
    let zone = samples::tokyo();
    let place = samples::slim::place(&zone, Language::En);
    let news = News::NightSummary {
        night: Box::new(samples::slim::night()),
    };
    assert_eq!(
        told(&news, &place),
        [
            "🌙 bookmark-manager-production: last night's slimming went well",
            "17.0 task-hours not used = USD 0.52 (16.5 so far in November). 22:14–06:45 api minimum 2→1, web 2→1. At 06:52 api 2/2 and web 2/2 healthy. 22:00–22:14 held back: a deployment was running.",
            "Highest CPU 43 % (api); 1 scale-out, no task died.",
            "account 123456789012 · ap-northeast-1 · nightshift scale-production",
        ]
    );
}

#[test]
fn a_hand_that_is_left_alone_says_until_when_and_what_returns() {
    let zone = samples::tokyo();
    let place = Place {
        now: samples::at("2026-11-24T02:10:20+09:00"),
        ..samples::slim::place(&zone, Language::En)
    };
    let all = samples::news();
    let lines = |kind: fn(&News) -> bool| told(all.iter().find(|news| kind(news)).unwrap(), &place);
    assert_eq!(
        lines(|news| matches!(news, News::ChangedByHand { .. }))[..2],
        [
            "✋ bookmark-manager-production: somebody changed `bookmark-manager-staging-api`; it is left alone until 06:40 (nothing for you to do)",
            "Its minimum was 2 by day and 1 at night, and is 1: first seen at 02:10. Then the day's 2 returns.",
        ]
    );
    let put_back = lines(|news| matches!(news, News::PutBack { .. }));
    assert_eq!(
        put_back[1],
        "Its count is at the day's 2 again, first seen at 02:10 (a Terraform apply does that). It goes back to 1 at 03:10."
    );
    assert!(
        put_back[3].contains(r#""command":"day""#),
        "{}",
        put_back[3]
    );
}

#[test]
fn what_slims_never_speaks_of_sleep() {
    let zone = samples::tokyo();
    let place = samples::slim::place(&zone, Language::En);
    let of_slimming = |news: &News| {
        !matches!(
            news,
            News::Ready { .. }
                | News::Asleep { .. }
                | News::DeploymentWoke { .. }
                | News::DeploymentInTheDark { .. }
                | News::DarkReleaseFails { .. }
                | News::NotYet { .. }
                | News::Stuck { .. }
                | News::NeverStops { .. }
                | News::AwakeByHand { .. }
                | News::Clamped { .. }
                | News::RolloutEnded { .. }
                | News::RestartedByAws { .. }
                | News::Would { .. }
                // Its sample names every cause, a sleeping estate among them.
                | News::Rollback { .. }
                // Its sample is a document with a `sleep` section.
                | News::DocumentBroken { .. }
        )
    };
    let mut heard = 0;
    for news in samples::news().iter().filter(|news| of_slimming(news)) {
        let text = text::news(news, &place).joined();
        let held = matches!(news, News::NightSummary { night } if night.held.len() > 1);
        for word in ["sleep", "awake", "wake"] {
            assert!(held || !text.contains(word), "{word}: {text}");
        }
        heard += 1;
    }
    assert!(heard > 20);
}
