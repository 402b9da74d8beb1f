//! A holiday is what the Cabinet Office lists; only for years that the list does not reach yet
//! is it worked out from the law of today, and then it says so.

use std::sync::LazyLock;

use jiff::civil::{Date, Weekday};

/// The last year of the official list. The list of a year comes out in February of the year before.
pub const OFFICIAL_UNTIL_YEAR: i16 = 2027;

/// The official name of every day off that has no name of its own.
const DAY_OFF: &str = "休日";

static OFFICIAL: LazyLock<Vec<(Date, &'static str)>> =
    LazyLock::new(|| parse(include_str!("holidays/japan.tsv")).collect());

/// A holiday of Japan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holiday {
    /// The name as the official list has it.
    pub name_ja: &'static str,
    /// A short English name.
    pub name_en: &'static str,
    /// Worked out from the law, not read from the official list: a new law may still change it.
    pub computed: bool,
}

/// The holiday of Japan on a date, if it is one: by the official list from 2000 to
/// [`OFFICIAL_UNTIL_YEAR`], computed after it. Dates before 2000 have no holidays.
///
/// The equinoxes of computed years are right until 2099.
#[must_use]
pub fn japan(date: Date) -> Option<Holiday> {
    if date.year() > OFFICIAL_UNTIL_YEAR {
        return compute(date);
    }
    let name_ja = listed(date)?;
    Some(Holiday {
        name_ja,
        name_en: if name_ja == DAY_OFF {
            name_of_day_off(date, |day| listed(day).is_some())
        } else {
            english(name_ja)
        },
        computed: false,
    })
}

fn parse(list: &'static str) -> impl Iterator<Item = (Date, &'static str)> {
    // A line that does not parse would go missing in silence: a test counts them.
    list.lines().filter_map(|line| {
        let (date, name) = line.split_once('\t')?;
        Some((date.parse().ok()?, name))
    })
}

fn listed(date: Date) -> Option<&'static str> {
    let at = OFFICIAL.binary_search_by_key(&date, |(day, _)| *day).ok()?;
    OFFICIAL.get(at).map(|(_, name)| *name)
}

/// The list calls substitutes and citizens' holidays alike 休日. A substitute closes a row of
/// holidays that began on, or runs through, a Sunday.
fn name_of_day_off(date: Date, is_holiday: impl Fn(Date) -> bool) -> &'static str {
    if follows_sunday_holiday(date, is_holiday) {
        "Substitute Holiday"
    } else {
        "Citizens' Holiday"
    }
}

fn follows_sunday_holiday(date: Date, is_holiday: impl Fn(Date) -> bool) -> bool {
    days_before(date)
        .take_while(|day| is_holiday(*day))
        .any(|day| day.weekday() == Weekday::Sunday)
}

fn days_before(date: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(date.yesterday().ok(), |day| day.yesterday().ok())
}

fn english(name_ja: &str) -> &'static str {
    match name_ja {
        "元日" => "New Year's Day",
        "成人の日" => "Coming of Age Day",
        "建国記念の日" => "National Foundation Day",
        "天皇誕生日" => "Emperor's Birthday",
        "春分の日" => "Spring Equinox Day",
        "昭和の日" => "Showa Day",
        "憲法記念日" => "Constitution Day",
        "みどりの日" => "Greenery Day",
        "こどもの日" => "Children's Day",
        "海の日" => "Marine Day",
        "山の日" => "Mountain Day",
        "敬老の日" => "Respect for the Aged Day",
        "秋分の日" => "Autumn Equinox Day",
        "体育の日" => "Health and Sports Day",
        "スポーツの日" | "体育の日（スポーツの日）" => "Sports Day",
        "文化の日" => "Culture Day",
        "勤労感謝の日" => "Labour Thanksgiving Day",
        // The two days of the enthronement in 2019.
        "休日（祝日扱い）" => "Enthronement",
        _ => "Holiday",
    }
}

/// The Act on National Holidays (国民の祝日に関する法律) as it has stood since 2022.
fn compute(date: Date) -> Option<Holiday> {
    let holiday = |name_ja, name_en| Holiday {
        name_ja,
        name_en,
        computed: true,
    };
    if let Some(name_ja) = named(date) {
        return Some(holiday(name_ja, english(name_ja)));
    }
    let is_named = |day| named(day).is_some();
    let is_between = || date.yesterday().is_ok_and(is_named) && date.tomorrow().is_ok_and(is_named);
    (follows_sunday_holiday(date, is_named) || is_between())
        .then(|| holiday(DAY_OFF, name_of_day_off(date, is_named)))
}

/// The holidays that the law names (article 2), without the days off that follow from them (article 3).
fn named(date: Date) -> Option<&'static str> {
    let is_monday_in = |days: std::ops::RangeInclusive<i8>| {
        date.weekday() == Weekday::Monday && days.contains(&date.day())
    };
    match (date.month(), date.day()) {
        (1, 1) => Some("元日"),
        (1, _) if is_monday_in(8..=14) => Some("成人の日"),
        (2, 11) => Some("建国記念の日"),
        (2, 23) => Some("天皇誕生日"),
        (3, day) if day == equinox(SPRING, date.year()) => Some("春分の日"),
        (4, 29) => Some("昭和の日"),
        (5, 3) => Some("憲法記念日"),
        (5, 4) => Some("みどりの日"),
        (5, 5) => Some("こどもの日"),
        (7, _) if is_monday_in(15..=21) => Some("海の日"),
        (8, 11) => Some("山の日"),
        (9, _) if is_monday_in(15..=21) => Some("敬老の日"),
        (9, day) if day == equinox(AUTUMN, date.year()) => Some("秋分の日"),
        (10, _) if is_monday_in(8..=14) => Some("スポーツの日"),
        (11, 3) => Some("文化の日"),
        (11, 23) => Some("勤労感謝の日"),
        _ => None,
    }
}

/// Millionths of a day into March and September, 1980, at which the equinoxes fell in Japan.
const SPRING: i64 = 20_843_100;
const AUTUMN: i64 = 23_248_800;

/// The usual approximation, valid from 1980 to 2099: the equinox comes 0.242194 days later each
/// year, and a leap day takes it back by one.
fn equinox(in_1980: i64, year: i16) -> i8 {
    let years = i64::from(year) - 1980;
    let day = (in_1980 + 242_194 * years).div_euclid(1_000_000) - years.div_euclid(4);
    // Only a year that no calendar reaches falls outside of an i8; 0 is no day of any month.
    i8::try_from(day).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::{Timestamp, civil::date};

    fn days_of(years: std::ops::RangeInclusive<i16>) -> impl Iterator<Item = Date> {
        let end = *years.end();
        std::iter::successors(Some(date(*years.start(), 1, 1)), |day| day.tomorrow().ok())
            .take_while(move |day| day.year() <= end)
    }

    #[test]
    fn every_line_of_the_list_is_read_and_in_order() {
        let lines = include_str!("holidays/japan.tsv")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .count();
        assert_eq!(OFFICIAL.len(), lines);
        assert_eq!(lines, 486);
        assert!(OFFICIAL.is_sorted_by(|(a, _), (b, _)| a < b));
    }

    #[test]
    fn the_list_ends_with_the_year_that_the_constant_says() {
        assert_eq!(
            OFFICIAL.last().map(|(day, _)| day.year()),
            Some(OFFICIAL_UNTIL_YEAR)
        );
    }

    #[test]
    fn every_listed_name_has_an_english_name() {
        for (day, name) in OFFICIAL.iter() {
            assert!(
                *name == DAY_OFF || english(name) != "Holiday",
                "{day} {name}"
            );
        }
    }

    /// The year that the list must reach. The list of next year is published in February, so
    /// that January and February have only this year's to ask for.
    fn year_to_cover(today: Date) -> i16 {
        if today.month() <= 2 {
            today.year()
        } else {
            today.year() + 1
        }
    }

    #[test]
    fn next_year_is_asked_for_once_its_list_is_out() {
        assert_eq!(year_to_cover(date(2026, 11, 22)), 2027);
        assert_eq!(year_to_cover(date(2027, 2, 28)), 2027);
        assert_eq!(year_to_cover(date(2027, 3, 1)), 2028);
    }

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "the one question that only the real date answers: is the list that we ship out of date?"
    )]
    fn the_official_list_covers_next_year() {
        let now = Timestamp::try_from(std::time::SystemTime::now()).unwrap();
        let today = now
            .to_zoned(jiff::tz::TimeZone::get("Asia/Tokyo").unwrap())
            .date();
        let needed = year_to_cover(today);
        assert!(
            OFFICIAL_UNTIL_YEAR >= needed,
            "the list of {needed} is out: append it to shared/src/holidays/japan.tsv from \
             https://www8.cao.go.jp/chosei/shukujitsu/syukujitsu.csv and raise OFFICIAL_UNTIL_YEAR"
        );
    }

    #[test]
    fn todays_law_gives_exactly_the_official_list_from_2022() {
        for day in days_of(2022..=OFFICIAL_UNTIL_YEAR) {
            let official = japan(day);
            let computed = compute(day).map(|holiday| Holiday {
                computed: false,
                ..holiday
            });
            assert_eq!(computed, official, "{day}");
        }
    }

    #[test]
    fn listed_days_are_known_by_name() {
        for (day, name_ja, name_en) in [
            (date(2000, 1, 10), "成人の日", "Coming of Age Day"),
            (date(2000, 5, 4), "休日", "Citizens' Holiday"),
            (date(2009, 5, 6), "休日", "Substitute Holiday"),
            (date(2009, 9, 22), "休日", "Citizens' Holiday"),
            (date(2019, 4, 30), "休日", "Citizens' Holiday"),
            (date(2019, 5, 1), "休日（祝日扱い）", "Enthronement"),
            (date(2019, 5, 2), "休日", "Citizens' Holiday"),
            (date(2019, 5, 6), "休日", "Substitute Holiday"),
            (date(2019, 10, 22), "休日（祝日扱い）", "Enthronement"),
            (date(2020, 7, 24), "スポーツの日", "Sports Day"),
            (date(2021, 7, 22), "海の日", "Marine Day"),
            (date(2021, 8, 9), "休日", "Substitute Holiday"),
            (date(2026, 9, 22), "休日", "Citizens' Holiday"),
            (date(2027, 3, 22), "休日", "Substitute Holiday"),
            (
                date(2027, 11, 23),
                "勤労感謝の日",
                "Labour Thanksgiving Day",
            ),
        ] {
            let holiday = Holiday {
                name_ja,
                name_en,
                computed: false,
            };
            assert_eq!(japan(day), Some(holiday), "{day}");
        }
    }

    #[test]
    fn days_that_moved_away_are_no_holidays() {
        for day in [
            date(1999, 1, 1),
            date(2019, 12, 23),
            date(2020, 7, 20),
            date(2020, 8, 11),
            date(2020, 10, 12),
            date(2021, 7, 19),
            date(2021, 8, 11),
            date(2021, 10, 11),
            date(2026, 11, 22),
        ] {
            assert_eq!(japan(day), None, "{day}");
        }
    }

    #[test]
    fn later_days_are_computed_and_say_so() {
        for (day, name_ja, name_en) in [
            (date(2028, 1, 1), "元日", "New Year's Day"),
            (date(2028, 3, 20), "春分の日", "Spring Equinox Day"),
            (date(2028, 9, 22), "秋分の日", "Autumn Equinox Day"),
            (date(2029, 2, 12), "休日", "Substitute Holiday"),
            (date(2030, 5, 6), "休日", "Substitute Holiday"),
            (date(2031, 5, 6), "休日", "Substitute Holiday"),
            (date(2032, 9, 21), "休日", "Citizens' Holiday"),
            (date(2049, 9, 21), "休日", "Citizens' Holiday"),
            (date(2092, 3, 19), "春分の日", "Spring Equinox Day"),
            (date(2099, 9, 23), "秋分の日", "Autumn Equinox Day"),
        ] {
            let holiday = Holiday {
                name_ja,
                name_en,
                computed: true,
            };
            assert_eq!(japan(day), Some(holiday), "{day}");
        }
        for day in [date(2028, 3, 21), date(2033, 9, 20), date(2092, 3, 20)] {
            assert_eq!(japan(day), None, "{day}");
        }
    }

    #[test]
    fn the_ends_of_the_calendar_do_no_harm() {
        for day in [Date::MIN, Date::MAX] {
            assert_eq!(japan(day), None);
        }
    }

    /// As two other implementations have it: jpholiday 1.0.3 and holidays 0.109.
    #[test]
    fn the_computed_years_have_as_many_holidays_as_elsewhere() {
        let computed: Vec<(Date, Holiday)> = days_of(2028..=2099)
            .filter_map(|day| Some((day, japan(day)?)))
            .collect();
        assert_eq!(computed.len(), 1287);
        let between: Vec<Date> = computed
            .iter()
            .filter(|(_, holiday)| holiday.name_en == "Citizens' Holiday")
            .map(|(day, _)| *day)
            .collect();
        let days = [
            (2032, 21),
            (2037, 22),
            (2043, 22),
            (2049, 21),
            (2054, 22),
            (2060, 21),
            (2071, 22),
            (2077, 21),
            (2088, 21),
            (2094, 21),
            (2099, 22),
        ];
        assert_eq!(between, days.map(|(year, day)| date(year, 9, day)));
    }
}
