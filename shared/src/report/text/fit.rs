//! A title is the one line that everybody reads, and Slack cuts it. What says whether somebody is
//! needed stands at its end; so a title is worded more briefly, and names get shorter, before that.

use super::{NAME, Place, said, short};

/// How long a title may be, in UTF-16 units: Slack cuts the rest of a header off, and with it what
/// stands at the end.
/// <https://docs.slack.dev/reference/block-kit/blocks/header-block>
const TITLE: usize = 150;
/// How much of a name is always left.
const NAME_AT_LEAST: usize = 12;

/// How a title is worded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wording {
    /// In whole sentences.
    Full,
    /// The clause says no more than it must.
    Brief,
    /// What happened is said as briefly.
    Terse,
}

/// A title about a service that is not cut: in the first wording in which it is not too long, and if
/// all are, with less of the names. `title` gets the names of the estate and of the service.
pub(super) fn fitting(
    service: &str,
    place: &Place<'_>,
    title: impl Fn(&str, &str, Wording) -> String,
) -> String {
    let (mut estate, mut service) = (said(place.estate, NAME), short(service, place));
    for wording in [Wording::Full, Wording::Brief, Wording::Terse] {
        let told = title(&estate, &service, wording);
        if fits(&told) {
            return told;
        }
    }
    service = unshared(&service, &estate);
    let terse = |estate: &str, service: &str| title(estate, service, Wording::Terse);
    let mut told = terse(&estate, &service);
    let (mut of_estate, mut of_service) = (estate.chars().count(), service.chars().count());
    while !fits(&told) && of_estate.max(of_service) > NAME_AT_LEAST {
        if of_estate >= of_service {
            of_estate -= 1;
            estate = ending(&estate, of_estate);
        } else {
            of_service -= 1;
            service = ending(&service, of_service);
        }
        told = terse(&estate, &service);
    }
    told
}

fn fits(title: &str) -> bool {
    title.encode_utf16().count() <= TITLE
}

/// The end of a name, which tells it from others of its product.
fn ending(name: &str, limit: usize) -> String {
    let skipped = (name.chars().count() + 1).saturating_sub(limit);
    let kept = name.chars().skip(skipped);
    std::iter::once('…').chain(kept).collect()
}

/// A service's name without the words that the estate's name begins with as well: an estate without a
/// document goes by its cluster's name.
fn unshared(service: &str, estate: &str) -> String {
    let mut rest = service;
    for word in estate.split('-') {
        let shorter = rest.strip_prefix(word).and_then(|it| it.strip_prefix('-'));
        match shorter.filter(|it| !it.is_empty()) {
            Some(shorter) => rest = shorter,
            None => break,
        }
    }
    rest.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Language,
        report::{
            News, Severity,
            rollback::{Again, Back, Stage, Story, Users},
            text::{self, samples},
        },
    };

    const BACKS: [Back; 4] = [
        Back::ByItself,
        Back::NotConfigured,
        Back::NothingComplete,
        Back::ByHand,
    ];
    const USERS: [Users; 6] = [
        Users::NotAffected,
        Users::Fewer,
        Users::Affected,
        Users::Perhaps,
        Users::Nobody,
        Users::Unknown,
    ];
    const AGAINS: [Again; 4] = [
        Again::Will,
        Again::MaySucceed,
        Again::UnlessMended,
        Again::Unknown,
    ];

    /// A story of production's API in every stage, with every effect.
    fn stories() -> Vec<Story> {
        let mut stories = Vec::new();
        for stage in samples::rollback::STAGES {
            for back in BACKS {
                for users in USERS {
                    stories.extend(AGAINS.map(|again| Story {
                        stage,
                        back,
                        users,
                        again,
                        cluster: "bookmark-manager-production-cluster".to_owned(),
                        service: "bookmark-manager-production-api".to_owned(),
                        ..samples::rollback::rolled_back()
                    }));
                }
            }
        }
        stories
    }

    fn title(story: &Story, estate: &str, language: Language) -> String {
        let zone = samples::tokyo();
        let place = Place {
            estate,
            ..samples::place(&zone, language, false)
        };
        let news = News::Rollback {
            story: Box::new(story.clone()),
        };
        text::news(&news, &place).title
    }

    /// What the clause must hold on whether users are affected.
    fn effect(users: Users, language: Language) -> &'static str {
        match (language, users) {
            (Language::En, Users::NotAffected) => "(users not affected",
            (Language::En, Users::Fewer | Users::Perhaps) => "(users may be affected",
            (Language::En, Users::Affected) => "(users affected",
            (Language::En, Users::Nobody) => " now",
            (Language::En, Users::Unknown) => "not known",
            (Language::Ja, Users::NotAffected) => "影響なし",
            (Language::Ja, Users::Fewer | Users::Perhaps) => "影響するおそれがあります",
            (Language::Ja, Users::Affected) => "影響しています",
            (Language::Ja, Users::Nobody) => "利用者はいません",
            (Language::Ja, Users::Unknown) => "影響は不明です",
        }
    }

    /// How the title must end, on whether somebody is needed.
    fn need(story: &Story, language: Language) -> &'static [&'static str] {
        match (language, story.severity()) {
            (Language::En, Severity::Alert) => &["needs you now)"],
            (Language::En, Severity::Warning) => &[
                "needs you)",
                "needs you before redeploying)",
                "needs you before the next deployment)",
            ],
            (Language::En, _) => &[
                "nothing for you to do)",
                "nothing for you to do yet)",
                "nothing to do)",
                "nothing to do yet)",
            ],
            (Language::Ja, Severity::Alert) => &["すぐに対応が必要です)"],
            (Language::Ja, Severity::Warning) => &["対応が必要です)"],
            (Language::Ja, _) => &["対応は不要です)"],
        }
    }

    #[test]
    fn a_title_is_never_too_long_and_says_who_is_affected_and_needed() {
        let long = "x".repeat(255);
        for language in [Language::En, Language::Ja] {
            for estate in [
                "bookmark-manager-production",
                "bookmark-manager-production-cluster",
                &long,
            ] {
                for mut story in stories() {
                    if estate == long {
                        story.service = "y".repeat(255);
                    }
                    let title = title(&story, estate, language);
                    assert!(fits(&title), "{title}");
                    assert!(title.contains(effect(story.users, language)), "{title}");
                    let mut ends = need(&story, language).iter();
                    assert!(ends.any(|end| title.ends_with(end)), "{title}");
                    let same = ["commit", "コミット"];
                    let same = same.iter().any(|word| title.contains(word));
                    let asked = story.again != Again::Unknown && story.stage <= Stage::RolledBack;
                    assert_eq!(same, asked, "{title}");
                }
            }
        }
    }

    #[test]
    fn names_of_an_estate_are_shortened_last_of_all() {
        let mut cut = std::collections::BTreeSet::new();
        for language in [Language::En, Language::Ja] {
            for story in stories() {
                let title = title(&story, "bookmark-manager-production", language);
                assert!(title.contains("api "), "{title}");
                if !title.contains(" bookmark-manager-production: ") {
                    cut.insert(title);
                }
            }
        }
        assert_eq!(cut, std::collections::BTreeSet::new());
    }

    #[test]
    fn a_name_is_cut_at_its_beginning_and_loses_what_it_shares_first() {
        assert_eq!(ending("bookmark-manager-production", 11), "…production");
        assert_eq!(ending("…production", 10), "…roduction");
        for (service, estate, left) in [
            ("shop-production-api", "shop-production-cluster", "api"),
            ("shop-api", "shop", "api"),
            ("shop", "shop", "shop"),
            ("shop-api", "shop-api", "api"),
            ("api", "shop", "api"),
        ] {
            assert_eq!(unshared(service, estate), left, "{service} in {estate}");
        }
    }
}
