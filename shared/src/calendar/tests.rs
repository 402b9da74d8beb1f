use std::sync::LazyLock;

use jiff::civil::{Weekday, date};
use proptest::prelude::*;

use super::*;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const NO_LEAD: SignedDuration = SignedDuration::ZERO;

fn spec(hours: &str) -> CalendarSpec {
    serde_json::from_str(&format!(r#"{{"hours": {hours}}}"#)).unwrap()
}

fn spec_error(document: &str) -> String {
    serde_json::from_str::<CalendarSpec>(document)
        .unwrap_err()
        .to_string()
}

fn days(document: &str) -> Days {
    serde_json::from_str(document).unwrap()
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn tokyo(hours: &str, company: &str) -> Calendar {
    Calendar::new(&spec(hours), &days(company), zone("Asia/Tokyo"))
}

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

/// An instant of Tokyo's.
fn jst(time: &str) -> Timestamp {
    at(&format!("{time}:00+09:00"))
}

fn span(start: &str, end: &str) -> Span {
    Span {
        start: jst(start),
        end: jst(end),
    }
}

const OFFICE: &str = r#"{"monday-friday": "09:00-18:00"}"#;
const JAPAN: &str = r#"{"country": "japan"}"#;

mod documents {
    use super::*;

    #[test]
    fn a_range_is_read_and_written_in_one_form() {
        for (text, written) in [
            ("09:00-18:00", "09:00-18:00"),
            ("9:00 - 18:30", "09:00-18:30"),
            ("22:00-02:00", "22:00-02:00"),
            ("00:00-24:00", "00:00-24:00"),
            ("00:00-00:00", "00:00-24:00"),
            ("18:00-00:00", "18:00-24:00"),
            ("09:00-09:00", "09:00-09:00"),
        ] {
            let range: ClockRange = text.parse().unwrap();
            assert_eq!(range.to_string(), written);
            assert_eq!(written.parse(), Ok(range));
        }
    }

    #[test]
    fn a_wrong_range_is_answered_with_what_to_write() {
        for (text, error) in [
            (
                "18:30",
                r#""18:30" is not a range: write the start and the end, like "09:00-18:30""#,
            ),
            (
                "08:15",
                r#""08:15" is not a range: write the start and the end, like "08:15-18:00""#,
            ),
            (
                "25:00",
                r#""25:00" is not a range: write the start and the end, like "09:00-18:00""#,
            ),
            (
                "office",
                r#""office" is not a range: write the start and the end, like "09:00-18:00""#,
            ),
            (
                "9-18",
                r#""9" in "9-18" is not a time of day: write hours and minutes, like "09:00-18:00""#,
            ),
            (
                "09:00-18:60",
                r#""18:60" in "09:00-18:60" is not a time of day: write hours and minutes, like "09:00-18:00""#,
            ),
            (
                "09:00-18:5",
                r#""18:5" in "09:00-18:5" is not a time of day: write hours and minutes, like "09:00-18:00""#,
            ),
            (
                "09:00-+8:00",
                r#""+8:00" in "09:00-+8:00" is not a time of day: write hours and minutes, like "09:00-18:00""#,
            ),
            (
                "09:00-60:00",
                r#""60:00" in "09:00-60:00" is not a time of day: write hours and minutes, like "09:00-18:00""#,
            ),
            (
                "25:00-26:00",
                r#""25:00" in "25:00-26:00" is not a time of day: write hours and minutes, like "09:00-18:00""#,
            ),
            (
                "01:00-26:00",
                r#""26:00" in "01:00-26:00" is not a time of day: write hours and minutes, like "09:00-18:00""#,
            ),
            (
                "22:00-26:00",
                r#""22:00-26:00" counts past 24:00: write "22:00-02:00", an end at or before the start lies on the next day"#,
            ),
            (
                "24:00-06:00",
                r#""24:00-06:00" starts at 24:00: start it at 00:00 of the next weekday"#,
            ),
        ] {
            assert_eq!(text.parse::<ClockRange>().unwrap_err().to_string(), error);
        }
    }

    #[test]
    fn wrong_hours_are_answered_with_what_to_write() {
        for (hours, error) in [
            (
                r#"{"monday": 1110}"#,
                r#"1110 is not a range (YAML can read a lone 18:30 as this number): write the start and the end in quotes, like "09:00-18:00""#,
            ),
            (
                r#"{"monday": [1110]}"#,
                r#"1110 is not a range (YAML can read a lone 18:30 as this number): write the start and the end in quotes, like "09:00-18:00""#,
            ),
            (
                r#"{"monday": -9}"#,
                r#"-9 is not a range: write the start and the end, like "09:00-18:00""#,
            ),
            (
                r#"{"monday": [null]}"#,
                r#"invalid type: null, expected a range of the clock like "09:00-18:00""#,
            ),
            (
                r#"{"monday": 0.5}"#,
                r#"invalid type: floating point `0.5`, expected a range of the clock like "09:00-18:00", a list of such ranges, or "closed""#,
            ),
            (
                r#"{"monday": null}"#,
                r#"invalid type: null, expected a range of the clock like "09:00-18:00", a list of such ranges, or "closed""#,
            ),
            (
                r#"{"monday": "shut"}"#,
                r#""shut" is neither hours nor "closed": write "closed", or a range like "09:00-18:00""#,
            ),
            (
                r#"{"monday": []}"#,
                r#"the list of hours is empty: write "closed", or a range like "09:00-18:00""#,
            ),
            (
                r#"{"mnoday": "closed"}"#,
                r#""mnoday" is not a weekday: did you mean "monday"?"#,
            ),
            (
                r#"{"Monday": "closed"}"#,
                r#""Monday" is not a weekday: did you mean "monday"?"#,
            ),
            (
                r#"{"mon-firday": "closed"}"#,
                r#""firday" is not a weekday: did you mean "friday"?"#,
            ),
            (
                r#"{"weekday": "closed"}"#,
                r#""weekday" is not a weekday: did you mean "weekdays"?"#,
            ),
            (
                r#"{"holiday": "closed"}"#,
                r#""holiday" is not a weekday: write monday to sunday, a range of them like monday-friday, or daily, weekdays or weekend"#,
            ),
            (
                r#"{"mon-fri": "closed", "tuesday": "closed"}"#,
                r#"tuesday is given twice, by "mon-fri" and by "tuesday": give each weekday once"#,
            ),
            (
                r#"{"sunday": "closed", "sunday": "closed"}"#,
                r#"sunday is given twice, by "sunday" and by "sunday": give each weekday once"#,
            ),
            (
                "{}",
                r#"no weekday has hours: write at least one, like monday-friday: "09:00-18:00""#,
            ),
            (
                r#""09:00-18:00""#,
                r#"invalid type: string "09:00-18:00", expected hours by weekday, like monday-friday: "09:00-18:00""#,
            ),
        ] {
            let got = spec_error(&format!(r#"{{"hours": {hours}}}"#));
            assert_eq!(got.split(" at line").next(), Some(error));
        }
    }

    #[test]
    fn a_lone_time_in_yaml_gets_a_helpful_error() {
        let error = serde_saphyr::from_str::<CalendarSpec>("hours:\n  monday: 18:30\n")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("18:30") && error.contains("write the start and the end"),
            "{error}"
        );
    }

    #[test]
    fn yaml_needs_no_quotes_for_hours_and_dates() {
        let read: CalendarSpec = serde_saphyr::from_str(
            "hours:\n  mon-fri: 09:00-18:00\n  sat: [10:00-12:00, 13:00-15:00]\n",
        )
        .unwrap();
        assert_eq!(
            read,
            spec(r#"{"mon-fri": "09:00-18:00", "sat": ["10:00-12:00", "13:00-15:00"]}"#)
        );
        let company: Days = serde_saphyr::from_str(
            "country: japan\nclosed:\n  - 2026-12-29..2027-01-03\n  - 2027-05-06\n",
        )
        .unwrap();
        assert_eq!(
            company,
            days(r#"{"country": "japan", "closed": ["2026-12-29..2027-01-03", "2027-05-06"]}"#)
        );
    }

    #[test]
    fn weekdays_can_be_named_in_many_ways() {
        use Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
        for (key, named) in [
            ("monday", &[Monday][..]),
            ("sun", &[Sunday]),
            ("monday-wednesday", &[Monday, Tuesday, Wednesday]),
            ("mon-wednesday", &[Monday, Tuesday, Wednesday]),
            ("fri-mon", &[Monday, Friday, Saturday, Sunday]),
            ("tue-tue", &[Tuesday]),
            ("weekdays", &[Monday, Tuesday, Wednesday, Thursday, Friday]),
            ("weekend", &[Saturday, Sunday]),
            (
                "daily",
                &[
                    Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday,
                ],
            ),
        ] {
            let hours = spec(&format!(r#"{{"{key}": "09:00-18:00"}}"#)).hours;
            let got: Vec<_> = hours::week()
                .into_iter()
                .filter(|day| !hours.on(*day).is_empty())
                .collect();
            assert_eq!(got, named, "{key}");
        }
    }

    #[test]
    fn a_calendar_survives_being_written_and_read() {
        let document = r#"{"hours": {"mon-thu": "09:00-18:00", "friday": ["09:00-12:00", "22:00-02:00"]}, "holidays": "ignored"}"#;
        let read: CalendarSpec = serde_json::from_str(document).unwrap();
        let written = serde_json::to_string(&read).unwrap();
        assert_eq!(
            serde_json::from_str::<CalendarSpec>(&written).unwrap(),
            read
        );
        assert_eq!(
            written,
            r#"{"hours":{"monday":"09:00-18:00","tuesday":"09:00-18:00","wednesday":"09:00-18:00","thursday":"09:00-18:00","friday":["09:00-12:00","22:00-02:00"],"saturday":"closed","sunday":"closed"},"holidays":"ignored"}"#
        );
    }

    #[test]
    fn unknown_fields_are_refused() {
        assert!(
            spec_error(r#"{"hours": {"daily": "closed"}, "holiday": "ignored"}"#)
                .contains("unknown field `holiday`")
        );
        let error = serde_json::from_str::<Days>(r#"{"close": []}"#)
            .unwrap_err()
            .to_string();
        assert!(error.contains("unknown field `close`"), "{error}");
    }

    #[test]
    fn days_survive_being_written_and_read() {
        let document = r#"{"country":"japan","closed":["2026-12-29..2027-01-03","2027-05-06"],"open":["2027-03-22"]}"#;
        let read = days(document);
        assert_eq!(serde_json::to_string(&read).unwrap(), document);
        assert_eq!(days("{}"), Days::default());
    }

    #[test]
    fn wrong_days_are_answered_with_what_to_write() {
        const FORM: &str = r#"is not a date: write year, month and day, like "2026-12-30", or two of them, like "2026-12-29..2027-01-03""#;
        for (document, error) in [
            (r#"{"closed": ["2026-13-01"]}"#, format!(r#""2026-13-01" {FORM}"#)),
            (r#"{"closed": ["20261230"]}"#, format!(r#""20261230" {FORM}"#)),
            (r#"{"closed": ["2026-12-30T10:00"]}"#, format!(r#""2026-12-30T10:00" {FORM}"#)),
            (r#"{"closed": ["2026-12-29-2027-01-03"]}"#, format!(r#""2026-12-29-2027-01-03" {FORM}"#)),
            (r#"{"closed": [20261230]}"#, format!(r#""20261230" {FORM}"#)),
            (r#"{"closed": [-9]}"#, format!(r#""-9" {FORM}"#)),
            (
                r#"{"closed": [true]}"#,
                r#"invalid type: boolean `true`, expected a date like "2026-12-30" or a range like "2026-12-29..2027-01-03""#.to_owned(),
            ),
            (
                r#"{"closed": ["2027-01-03..2026-12-29"]}"#,
                r#"the range ends before it begins: write "2026-12-29..2027-01-03""#.to_owned(),
            ),
            (
                r#"{"closed": ["2026-12-29..2027-01-03"], "open": ["2026-12-01", "2027-01-02..2027-01-10"]}"#,
                r#"2027-01-02 is both closed (by "2026-12-29..2027-01-03") and open (by "2027-01-02..2027-01-10"): take it out of one of the two"#.to_owned(),
            ),
        ] {
            let got = serde_json::from_str::<Days>(document).unwrap_err().to_string();
            assert_eq!(got.split(" at line").next(), Some(error.as_str()));
        }
    }
}

mod days_of_the_company {
    use super::*;

    #[test]
    fn the_reason_for_a_dates_hours_is_known() {
        let company = r#"{"country": "japan", "closed": ["2026-12-29..2027-01-03"], "open": ["2026-11-23", "2026-11-28"]}"#;
        let calendar = tokyo(OFFICE, company);
        let holiday = |name, computed| DayKind::Holiday { name, computed };
        for (day, kind) in [
            (date(2026, 11, 20), DayKind::Regular),
            (date(2026, 11, 3), holiday("Culture Day", false)),
            (date(2026, 11, 23), DayKind::Open),
            (date(2026, 11, 28), DayKind::Open),
            (date(2026, 12, 28), DayKind::Regular),
            (date(2026, 12, 29), DayKind::Closed),
            (date(2027, 1, 1), DayKind::Closed),
            (date(2027, 1, 3), DayKind::Closed),
            (date(2027, 1, 11), holiday("Coming of Age Day", false)),
            (date(2032, 9, 21), holiday("Citizens' Holiday", true)),
        ] {
            assert_eq!(calendar.day_kind(day), kind, "{day}");
        }
    }

    #[test]
    fn a_calendar_that_ignores_holidays_still_closes_with_the_company() {
        let mut ignoring = spec(OFFICE);
        ignoring.holidays = OnHolidays::Ignored;
        let company = days(r#"{"country": "japan", "closed": ["2026-12-29"]}"#);
        let calendar = Calendar::new(&ignoring, &company, zone("Asia/Tokyo"));
        assert_eq!(calendar.day_kind(date(2026, 11, 23)), DayKind::Regular);
        assert!(calendar.is_open(jst("2026-11-23T12:00")));
        assert!(!calendar.is_open(jst("2026-12-29T12:00")));
    }

    #[test]
    fn an_open_saturday_takes_the_hours_of_the_first_weekday_that_has_some() {
        let calendar = tokyo(
            r#"{"tuesday": "10:00-16:00", "wednesday": "09:00-18:00"}"#,
            r#"{"open": ["2026-11-28", "2026-11-25"]}"#,
        );
        assert_eq!(
            calendar.open_spans(jst("2026-11-25T00:00"), jst("2026-11-30T00:00")),
            [
                span("2026-11-25T09:00", "2026-11-25T18:00"),
                span("2026-11-28T10:00", "2026-11-28T16:00")
            ]
        );
    }

    #[test]
    fn without_a_country_no_day_is_a_holiday() {
        assert!(tokyo(OFFICE, "{}").is_open(jst("2026-11-23T12:00")));
        assert!(!tokyo(OFFICE, JAPAN).is_open(jst("2026-11-23T12:00")));
    }
}

mod spans {
    use super::*;

    #[test]
    fn a_span_contains_its_start_and_not_its_end() {
        let calendar = tokyo(OFFICE, JAPAN);
        for (time, open) in [
            ("2026-11-20T08:59", false),
            ("2026-11-20T09:00", true),
            ("2026-11-20T17:59", true),
            ("2026-11-20T18:00", false),
            ("2026-11-21T12:00", false),
        ] {
            assert_eq!(calendar.is_open(jst(time)), open, "{time}");
        }
    }

    #[test]
    fn the_neighbouring_spans_are_found_across_weekend_and_holiday() {
        // Sunday; Monday the 23rd is a holiday.
        let calendar = tokyo(OFFICE, JAPAN);
        let (friday, tuesday) = (
            span("2026-11-20T09:00", "2026-11-20T18:00"),
            span("2026-11-24T09:00", "2026-11-24T18:00"),
        );
        for (time, before, after) in [
            ("2026-11-22T12:00", friday, tuesday),
            ("2026-11-20T18:00", friday, tuesday),
            ("2026-11-24T09:00", friday, tuesday),
            ("2026-11-24T17:59", friday, tuesday),
        ] {
            assert_eq!(calendar.span_before(jst(time)), Some(before), "{time}");
            assert_eq!(calendar.span_at_or_after(jst(time)), Some(after), "{time}");
        }
        assert_eq!(calendar.span_before(jst("2026-11-24T18:00")), Some(tuesday));
    }

    #[test]
    fn a_range_past_midnight_belongs_to_the_day_it_begins_on() {
        // Friday the 20th runs into a Saturday that is closed; Monday the 23rd is a holiday.
        let calendar = tokyo(
            r#"{"weekdays": "22:00-02:00"}"#,
            r#"{"country": "japan", "closed": ["2026-11-21"]}"#,
        );
        assert!(calendar.is_open(jst("2026-11-21T01:59")));
        assert!(!calendar.is_open(jst("2026-11-21T02:00")));
        assert!(!calendar.is_open(jst("2026-11-23T23:00")));
        assert!(!calendar.is_open(jst("2026-11-24T01:00")));
        assert_eq!(
            calendar.span_at_or_after(jst("2026-11-22T00:00")),
            Some(span("2026-11-24T22:00", "2026-11-25T02:00"))
        );
    }

    #[test]
    fn hours_that_touch_are_one_span() {
        let calendar = tokyo(
            r#"{"monday": ["09:00-12:00", "12:00-15:00", "14:00-16:00"], "friday": "20:00-24:00", "saturday": "00:00-03:00"}"#,
            "{}",
        );
        assert_eq!(
            calendar.open_spans(jst("2026-11-16T00:00"), jst("2026-11-23T00:00")),
            [
                span("2026-11-16T09:00", "2026-11-16T16:00"),
                span("2026-11-20T20:00", "2026-11-21T03:00")
            ]
        );
        let night = span("2026-11-20T20:00", "2026-11-21T03:00");
        assert_eq!(
            calendar.span_at_or_after(jst("2026-11-21T00:00")),
            Some(night)
        );
        assert_eq!(calendar.span_before(jst("2026-11-22T00:00")), Some(night));
        assert_eq!(
            calendar.span_before(jst("2026-11-21T02:59")),
            Some(span("2026-11-16T09:00", "2026-11-16T16:00"))
        );
    }

    #[test]
    fn a_long_range_covers_shorter_ones_of_the_next_day() {
        let calendar = tokyo(
            r#"{"friday": "22:00-18:00", "saturday": ["01:00-02:00", "10:00-11:00", "17:00-20:00"]}"#,
            "{}",
        );
        let whole = span("2026-11-20T22:00", "2026-11-21T20:00");
        for time in [
            "2026-11-20T22:00",
            "2026-11-21T01:30",
            "2026-11-21T05:00",
            "2026-11-21T19:00",
        ] {
            assert_eq!(calendar.span_at_or_after(jst(time)), Some(whole), "{time}");
        }
        assert_eq!(calendar.span_before(jst("2026-11-22T00:00")), Some(whole));
    }

    #[test]
    fn spans_are_cut_to_what_was_asked_for() {
        let calendar = tokyo(OFFICE, JAPAN);
        assert_eq!(
            calendar.open_spans(jst("2026-11-19T12:00"), jst("2026-11-20T10:00")),
            [
                span("2026-11-19T12:00", "2026-11-19T18:00"),
                span("2026-11-20T09:00", "2026-11-20T10:00")
            ]
        );
        assert_eq!(
            calendar.open_spans(jst("2026-11-20T10:00"), jst("2026-11-19T10:00")),
            []
        );
        assert_eq!(
            calendar.open_spans(jst("2026-11-19T18:00"), jst("2026-11-20T09:00")),
            []
        );
    }

    #[test]
    fn a_calendar_that_never_closes_is_one_long_span_without_a_change() {
        let now = jst("2026-11-22T12:00");
        for company in ["{}", r#"{"closed": ["2020-01-01"]}"#] {
            for hours in [r#"{"daily": "00:00-24:00"}"#, r#"{"daily": "09:00-09:00"}"#] {
                let calendar = tokyo(hours, company);
                assert!(calendar.is_open(now));
                assert_eq!(calendar.next_change(now, NO_LEAD), None);
                assert_eq!(calendar.span_before(now), None);
                let span = calendar.span_at_or_after(now).unwrap();
                for (start, end) in [(span.start, now), (now, span.end)] {
                    let length = end.duration_since(start).as_hours() / 24;
                    assert!((398..=402).contains(&length), "{length}");
                }
            }
        }
    }

    #[test]
    fn round_the_clock_but_for_holidays_changes_on_holidays() {
        let calendar = tokyo(r#"{"daily": "00:00-24:00"}"#, JAPAN);
        let monday = jst("2026-11-23T00:00");
        assert_eq!(
            calendar.next_change(jst("2026-11-22T12:00"), NO_LEAD),
            Some((monday, false))
        );
        assert_eq!(
            calendar.next_change(monday, 20 * MINUTE),
            Some((jst("2026-11-23T23:40"), true))
        );
        let calendar = tokyo(
            r#"{"daily": "00:00-24:00"}"#,
            r#"{"closed": ["2026-12-29"]}"#,
        );
        assert_eq!(
            calendar.next_change(monday, NO_LEAD),
            Some((jst("2026-12-29T00:00"), false))
        );
    }

    #[test]
    fn a_week_with_one_gap_closes_wherever_the_gap_is() {
        let around = r#""mon": "00:00-24:00", "thu-sun": "00:00-24:00""#;
        for (hours, closes) in [
            (
                format!(
                    r#"{{{around}, "tue": "10:00-24:00", "wed": ["00:00-12:00", "12:00-10:00"]}}"#
                ),
                "2026-11-24T00:00",
            ),
            (
                format!(r#"{{{around}, "tue": "10:00-10:00", "wed": "10:00-24:00"}}"#),
                "2026-11-24T00:00",
            ),
            (
                format!(r#"{{{around}, "tue": "00:00-23:59", "wed": "00:00-24:00"}}"#),
                "2026-11-24T23:59",
            ),
            (r#"{"daily": "00:00-12:00"}"#.to_owned(), "2026-11-23T12:00"),
            (r#"{"daily": "12:00-11:00"}"#.to_owned(), "2026-11-23T11:00"),
        ] {
            assert_eq!(
                tokyo(&hours, "{}").next_change(jst("2026-11-23T06:00"), NO_LEAD),
                Some((jst(closes), false)),
                "{hours}"
            );
        }
    }

    #[test]
    fn a_calendar_that_never_opens_has_no_span() {
        let now = jst("2026-11-22T12:00");
        for (hours, company) in [
            (r#"{"daily": "closed"}"#, "{}"),
            (OFFICE, r#"{"closed": ["2020-01-01..2030-01-01"]}"#),
        ] {
            let calendar = tokyo(hours, company);
            assert!(!calendar.is_awake(now, 60 * MINUTE));
            assert_eq!(calendar.span_at_or_after(now), None);
            assert_eq!(calendar.span_before(now), None);
            assert_eq!(calendar.next_change(now, NO_LEAD), None);
            assert_eq!(calendar.open_spans(now, jst("2027-11-22T12:00")), []);
        }
    }

    #[test]
    fn the_ends_of_time_do_no_harm() {
        for hours in [
            OFFICE,
            r#"{"daily": "00:00-24:00"}"#,
            r#"{"daily": "22:00-02:00"}"#,
        ] {
            let calendar = tokyo(hours, JAPAN);
            for at in [Timestamp::MIN, Timestamp::MAX] {
                for lead in [SignedDuration::MIN, NO_LEAD, SignedDuration::MAX] {
                    let _ = calendar.is_awake(at, lead);
                    let _ = calendar.next_change(at, lead);
                }
                let _ = calendar.is_open(at);
                let _ = calendar.span_at_or_after(at);
                let _ = calendar.span_before(at);
            }
        }
    }

    #[test]
    fn hours_that_reach_beyond_the_ends_of_time_are_open_up_to_them() {
        // The last instant is the morning of 31 December 9999 in Tokyo, the first is 2 January in UTC.
        let last = tokyo(r#"{"daily": "06:00-18:00"}"#, "{}");
        assert!(last.is_open(at("9999-12-30T21:30:00Z")));
        assert!(!last.is_open(at("9999-12-30T20:30:00Z")));
        let first = Calendar::new(
            &spec(r#"{"daily": "00:00-12:00"}"#),
            &Days::default(),
            TimeZone::UTC,
        );
        assert!(first.is_open(at("-009999-01-02T06:00:00Z")));
        assert!(!first.is_open(at("-009999-01-02T18:00:00Z")));
    }
}

mod lead {
    use super::*;

    #[test]
    fn an_estate_is_awake_from_the_lead_on() {
        let calendar = tokyo(OFFICE, JAPAN);
        for (time, awake, change, becomes) in [
            ("2026-11-20T08:00", false, "2026-11-20T08:40", true),
            ("2026-11-20T08:40", true, "2026-11-20T18:00", false),
            ("2026-11-20T12:00", true, "2026-11-20T18:00", false),
            ("2026-11-20T18:00", false, "2026-11-24T08:40", true),
        ] {
            let time = jst(time);
            assert_eq!(calendar.is_awake(time, 20 * MINUTE), awake, "{time}");
            assert_eq!(
                calendar.next_change(time, 20 * MINUTE),
                Some((jst(change), becomes)),
                "{time}"
            );
        }
    }

    #[test]
    fn a_break_shorter_than_the_lead_is_no_change() {
        let calendar = tokyo(r#"{"daily": ["09:00-12:00", "12:20-18:00"]}"#, "{}");
        let morning = jst("2026-11-20T10:00");
        let noon = jst("2026-11-20T12:00");
        assert_eq!(
            calendar.next_change(morning, 19 * MINUTE),
            Some((noon, false))
        );
        assert_eq!(
            calendar.next_change(morning, 20 * MINUTE),
            Some((jst("2026-11-20T18:00"), false))
        );
        assert!(calendar.is_awake(noon, 20 * MINUTE));
        assert!(!calendar.is_open(noon));
    }

    #[test]
    fn a_lead_as_long_as_every_break_never_lets_sleep() {
        let calendar = tokyo(r#"{"tuesday": "09:00-18:00"}"#, "{}");
        let week = SignedDuration::from_hours(7 * 24);
        for day in 16..23 {
            let now = jst(&format!("2026-11-{day}T20:00"));
            assert!(calendar.is_awake(now, week - 9 * 60 * MINUTE));
            assert_eq!(calendar.next_change(now, week - 9 * 60 * MINUTE), None);
        }
    }

    #[test]
    fn a_lead_longer_than_the_night_keeps_awake_until_the_weekend() {
        let calendar = tokyo(OFFICE, JAPAN);
        assert_eq!(
            calendar.next_change(jst("2026-11-17T12:00"), SignedDuration::from_hours(15)),
            Some((jst("2026-11-20T18:00"), false))
        );
    }
}

mod daylight_saving {
    use super::*;

    /// The span on a date, of a range that is open daily.
    fn day(zone_name: &str, day: Date, range: &str) -> Vec<(String, String)> {
        let zone = zone(zone_name);
        let mut hours = vec!["closed"; 7];
        hours[hours::index(day.weekday())] = range;
        let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let document: serde_json::Map<_, _> = names
            .iter()
            .zip(hours)
            .map(|(name, hours)| ((*name).to_owned(), hours.into()))
            .collect();
        let calendar = Calendar::new(
            &spec(&serde_json::Value::from(document).to_string()),
            &Days::default(),
            zone.clone(),
        );
        let noon = day.at(12, 0, 0, 0).to_zoned(zone).unwrap().timestamp();
        let hours = |n| SignedDuration::from_hours(n);
        calendar
            .open_spans(noon - hours(40), noon + hours(40))
            .iter()
            .map(|span| (span.start.to_string(), span.end.to_string()))
            .collect()
    }

    #[test]
    fn skipped_and_repeated_times_become_instants_by_rule() {
        let spring = date(2026, 3, 8);
        let autumn = date(2026, 11, 1);
        for (zone, date, range, spans) in [
            // New York, 02:00 to 03:00 do not exist: both stand for 07:00Z.
            (
                "America/New_York",
                spring,
                "02:15-04:00",
                &[("2026-03-08T07:00:00Z", "2026-03-08T08:00:00Z")][..],
            ),
            (
                "America/New_York",
                spring,
                "01:00-02:30",
                &[("2026-03-08T06:00:00Z", "2026-03-08T07:00:00Z")],
            ),
            ("America/New_York", spring, "02:15-02:45", &[]),
            (
                "America/New_York",
                spring,
                "00:00-24:00",
                &[("2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z")],
            ),
            // New York, 01:00 to 02:00 come twice.
            (
                "America/New_York",
                autumn,
                "01:30-03:00",
                &[("2026-11-01T05:30:00Z", "2026-11-01T08:00:00Z")],
            ),
            (
                "America/New_York",
                autumn,
                "00:30-01:30",
                &[("2026-11-01T04:30:00Z", "2026-11-01T06:30:00Z")],
            ),
            (
                "America/New_York",
                autumn,
                "01:15-01:45",
                &[("2026-11-01T05:15:00Z", "2026-11-01T06:45:00Z")],
            ),
            (
                "Europe/Berlin",
                date(2026, 3, 29),
                "02:30-06:00",
                &[("2026-03-29T01:00:00Z", "2026-03-29T04:00:00Z")],
            ),
            (
                "Europe/Berlin",
                date(2026, 10, 25),
                "02:30-06:00",
                &[("2026-10-25T00:30:00Z", "2026-10-25T05:00:00Z")],
            ),
            // Lord Howe turns its clocks by half an hour.
            (
                "Australia/Lord_Howe",
                date(2026, 10, 4),
                "02:10-06:00",
                &[("2026-10-03T15:30:00Z", "2026-10-03T19:00:00Z")],
            ),
            (
                "Australia/Lord_Howe",
                date(2026, 4, 5),
                "01:45-06:00",
                &[("2026-04-04T14:45:00Z", "2026-04-04T19:30:00Z")],
            ),
            // Samoa had no 30 December 2011.
            ("Pacific/Apia", date(2011, 12, 30), "09:00-18:00", &[]),
            // Beirut's clocks skip the midnight on which 29 March 2026 would begin.
            (
                "Asia/Beirut",
                date(2026, 3, 29),
                "00:00-06:00",
                &[("2026-03-28T22:00:00Z", "2026-03-29T03:00:00Z")],
            ),
        ] {
            let got = day(zone, date, range);
            let got: Vec<_> = got
                .iter()
                .map(|(start, end)| (start.as_str(), end.as_str()))
                .collect();
            assert_eq!(got, spans, "{zone} {date} {range}");
        }
    }

    #[test]
    fn clocks_set_back_across_midnight_do_not_hide_the_hours_of_either_day() {
        // St John's, 7 November 2010: at 00:01 (02:31Z) the clock goes back to 23:01 of Saturday.
        let calendar = Calendar::new(
            &spec(r#"{"friday": "23:30-23:30", "sunday": "00:00-06:00"}"#),
            &Days::default(),
            zone("America/St_Johns"),
        );
        let end = at("2010-11-07T09:30:00Z");
        // Sunday on the clock, before Friday's hours end at the second 23:30 of Saturday.
        assert!(calendar.is_open(at("2010-11-07T02:30:30Z")));
        // Saturday on the clock, after Sunday's hours began at the first midnight.
        for time in ["2010-11-07T02:31:00Z", "2010-11-07T03:10:00Z"] {
            assert!(calendar.is_open(at(time)), "{time}");
            assert!(calendar.is_awake(at(time), NO_LEAD), "{time}");
            assert_eq!(calendar.next_change(at(time), NO_LEAD), Some((end, false)));
            let span = Span {
                start: at("2010-11-06T02:00:00Z"),
                end,
            };
            assert_eq!(calendar.span_at_or_after(at(time)), Some(span));
        }
        // Without Sunday's hours, Friday's alone.
        let friday = Calendar::new(
            &spec(r#"{"friday": "23:30-23:30"}"#),
            &Days::default(),
            zone("America/St_Johns"),
        );
        assert!(friday.is_open(at("2010-11-07T02:30:30Z")));
        assert!(!friday.is_open(at("2010-11-07T03:00:00Z")));
    }

    #[test]
    fn a_break_within_the_skipped_hour_vanishes_and_hours_within_it_too() {
        // The end and the start both stand for the first instant after the gap.
        let sunday = |hours: &str| {
            Calendar::new(
                &spec(&format!(r#"{{"sunday": {hours}}}"#)),
                &Days::default(),
                zone("America/New_York"),
            )
        };
        let whole = Span {
            start: at("2026-03-08T06:00:00Z"),
            end: at("2026-03-08T10:00:00Z"),
        };
        let calendar = sunday(r#"["01:00-02:20", "02:40-06:00"]"#);
        for time in ["2026-03-08T00:00:00Z", "2026-03-08T08:00:00Z"] {
            assert_eq!(calendar.span_at_or_after(at(time)), Some(whole), "{time}");
        }
        assert_eq!(
            calendar.span_before(at("2026-03-09T00:00:00Z")),
            Some(whole)
        );
        assert_eq!(
            calendar.next_change(whole.start, NO_LEAD),
            Some((whole.end, false))
        );

        let skipped = sunday(r#""02:20-02:40""#);
        let next = Span {
            start: at("2026-03-15T06:20:00Z"),
            end: at("2026-03-15T06:40:00Z"),
        };
        let before = Span {
            start: at("2026-03-01T07:20:00Z"),
            end: at("2026-03-01T07:40:00Z"),
        };
        let monday = at("2026-03-09T00:00:00Z");
        assert_eq!(
            skipped.span_at_or_after(at("2026-03-08T00:00:00Z")),
            Some(next)
        );
        assert_eq!(skipped.span_before(monday), Some(before));
        assert_eq!(
            skipped.next_change(monday, NO_LEAD),
            Some((next.start, true))
        );
    }

    #[test]
    fn a_break_within_the_repeated_hour_vanishes() {
        // The end takes the later 01:20, the start the earlier 01:40.
        let calendar = Calendar::new(
            &spec(r#"{"sunday": ["00:00-01:20", "01:40-03:00"]}"#),
            &Days::default(),
            zone("America/New_York"),
        );
        let whole = Span {
            start: at("2026-11-01T04:00:00Z"),
            end: at("2026-11-01T08:00:00Z"),
        };
        assert_eq!(calendar.span_at_or_after(whole.start), Some(whole));
        assert_eq!(
            calendar.span_at_or_after(at("2026-11-01T07:30:00Z")),
            Some(whole)
        );
        assert_eq!(
            calendar.span_before(at("2026-11-02T00:00:00Z")),
            Some(whole)
        );
        assert_eq!(
            calendar.next_change(whole.start, NO_LEAD),
            Some((whole.end, false))
        );
        assert_eq!(
            calendar.open_spans(at("2026-11-01T00:00:00Z"), at("2026-11-02T00:00:00Z")),
            [whole]
        );
    }
}

/// Around each of these a week of every zone is compared with the reference: changes of the clocks
/// of 2026 in the three zones that have them, the year's end, an ordinary week.
const EDGES: [(i16, i8, i8); 9] = [
    (2026, 3, 8),
    (2026, 3, 29),
    (2026, 4, 5),
    (2026, 10, 4),
    (2026, 10, 25),
    (2026, 11, 1),
    (2026, 11, 22),
    (2026, 12, 31),
    (2027, 5, 3),
];

static ZONES: LazyLock<Vec<TimeZone>> = LazyLock::new(|| {
    [
        "Asia/Tokyo",
        "America/New_York",
        "Europe/Berlin",
        "Australia/Lord_Howe",
    ]
    .map(zone)
    .into()
});

fn clock_range() -> impl Strategy<Value = ClockRange> {
    // Often near the hours at which clocks change; steps of ten minutes make ranges touch.
    let start = prop_oneof![0..24u16, 0..144u16];
    let end = prop_oneof![1..24u16, 1..=144u16];
    (start, end).prop_map(|(start, end)| {
        let clock = |tens: u16| format!("{:02}:{:02}", tens / 6, tens % 6 * 10);
        format!("{}-{}", clock(start), clock(end)).parse().unwrap()
    })
}

fn week_hours() -> impl Strategy<Value = WeekHours> {
    let day = prop_oneof![
        2 => prop::collection::vec(clock_range(), 0..=3),
        1 => Just(vec!["00:00-24:00".parse().unwrap()]),
    ];
    prop::collection::vec(day, 7).prop_map(|days| {
        let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        WeekHours::new(names.into_iter().zip(days)).unwrap()
    })
}

#[derive(Debug, Clone)]
struct Case {
    spec: CalendarSpec,
    days: Days,
    zone: TimeZone,
    edge: Date,
}

impl Case {
    fn calendar(&self) -> Calendar {
        Calendar::new(&self.spec, &self.days, self.zone.clone())
    }

    fn start(&self) -> Timestamp {
        let date = earlier(self.edge, 3);
        date.to_zoned(self.zone.clone()).unwrap().timestamp()
    }

    fn is_ignored(&self) -> bool {
        self.spec.holidays == OnHolidays::Ignored
    }
}

prop_compose! {
    fn case()(
        hours in week_hours(),
        ignored in any::<bool>(),
        country in prop_oneof![Just(Country::Japan), Just(Country::None)],
        closed in prop::option::of(-4..4i32),
        open in prop::option::of(-4..4i32),
        zone in 0..4usize,
        edge in 0..EDGES.len(),
    ) -> Case {
        let (year, month, day) = EDGES[edge];
        let edge = date(year, month, day);
        let list = |offset: Option<i32>| {
            offset.map(|days| later(edge, days)).map(|day| DateRange::new(day, day).unwrap()).into_iter().collect()
        };
        let holidays = if ignored { OnHolidays::Ignored } else { OnHolidays::Closed };
        Case {
            spec: CalendarSpec { hours, holidays },
            days: Days::new(country, list(closed), list(open.filter(|open| Some(*open) != closed))).unwrap(),
            zone: ZONES[zone].clone(),
            edge,
        }
    }
}

/// Which of the minutes from `case.start()` are open, over eight days, by the wall clock alone:
/// open is what lies after the clock has first shown the start, and before it last shows the end.
fn reference(case: &Case) -> Vec<(Timestamp, bool)> {
    const MARGIN: usize = 3 * 1440;
    const SHOWN: usize = 8 * 1440;
    let from = case.start() - SignedDuration::from_hours(3 * 24);
    let minutes: Vec<Timestamp> = std::iter::successors(Some(from), |at| Some(*at + MINUTE))
        .take(SHOWN + 2 * MARGIN)
        .collect();
    let walls: Vec<DateTime> = minutes
        .iter()
        .map(|at| case.zone.to_datetime(*at))
        .collect();
    let mut shown = walls.clone();
    for i in 1..shown.len() {
        shown[i] = shown[i].max(shown[i - 1]);
    }
    let mut still = walls.clone();
    for i in (1..still.len()).rev() {
        still[i - 1] = still[i - 1].min(still[i]);
    }
    let mut open = vec![false; minutes.len()];
    let mut day = walls[0].date();
    while day <= walls[walls.len() - 1].date() {
        for range in reference_hours(case, day) {
            let text = range.to_string();
            let (start, end) = text.split_once('-').unwrap();
            let clock = |text: &str| {
                let (hour, minute) = text.split_once(':').unwrap();
                hour.parse::<i64>().unwrap() * 60 + minute.parse::<i64>().unwrap()
            };
            let next = if clock(end) <= clock(start) { 1440 } else { 0 };
            let midnight = day.at(0, 0, 0, 0);
            let (start, end) = (
                midnight + SignedDuration::from_mins(clock(start)),
                midnight + SignedDuration::from_mins(clock(end) + next),
            );
            for (i, open) in open.iter_mut().enumerate() {
                *open |= shown[i] >= start
                    && (still[i] < end || still.get(i + 1).is_some_and(|later| *later <= end));
            }
        }
        day = day.tomorrow().unwrap();
    }
    minutes
        .into_iter()
        .zip(open)
        .skip(MARGIN)
        .take(SHOWN)
        .collect()
}

fn reference_hours(case: &Case, day: Date) -> Vec<ClockRange> {
    let has = |list: &[DateRange]| list.iter().any(|range| range.contains(day));
    let own = case.spec.hours.on(day.weekday()).to_vec();
    let japan = case.days.country() == Country::Japan && !case.is_ignored();
    if has(case.days.open()) {
        let week = hours::week().map(|day| case.spec.hours.on(day).to_vec());
        return [own]
            .into_iter()
            .chain(week)
            .find(|hours| !hours.is_empty())
            .unwrap_or_default();
    }
    if has(case.days.closed()) || (japan && holidays::japan(day).is_some()) {
        return Vec::new();
    }
    own
}

/// As many cases as a test with days of minutes can afford; `PROPTEST_CASES=2560` makes ten times
/// as many.
fn cases() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig {
        cases: 48 * usual.cases / 256,
        ..usual
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn is_open_agrees_with_the_wall_clock_minute_by_minute(case in case()) {
        let calendar = case.calendar();
        for (at, open) in reference(&case) {
            prop_assert_eq!(calendar.is_open(at), open, "{} {}", at, case.zone.to_datetime(at));
        }
    }

    #[test]
    fn open_spans_are_what_is_open_disjoint_and_in_order(case in case()) {
        let calendar = case.calendar();
        let minutes = reference(&case);
        let (from, to) = (minutes[0].0, minutes[minutes.len() - 1].0 + MINUTE);
        let spans = calendar.open_spans(from, to);
        for span in &spans {
            prop_assert!(from <= span.start && span.start < span.end && span.end <= to);
        }
        for pair in spans.windows(2) {
            prop_assert!(pair[0].end < pair[1].start);
        }
        for (at, open) in minutes {
            prop_assert_eq!(spans.iter().any(|span| span.contains(at)), open, "{}", at);
        }
    }

    #[test]
    fn the_spans_around_an_instant_are_those_of_the_list(case in case(), minute in 0..7 * 1440i64) {
        let calendar = case.calendar();
        let at = case.start() + SignedDuration::from_mins(minute);
        let far = SignedDuration::from_hours(24 * 500);
        let spans = calendar.open_spans(at - far, at + far);
        let near = |span: &Span| {
            span.start > at - SignedDuration::from_hours(24 * 390) && span.end < at + SignedDuration::from_hours(24 * 390)
        };
        let after = spans.iter().find(|span| span.end > at).copied();
        if after.is_none_or(|span| near(&span)) {
            prop_assert_eq!(calendar.span_at_or_after(at), after);
        }
        let before = spans.iter().rfind(|span| span.end <= at).copied();
        if before.is_none_or(|span| near(&span)) {
            prop_assert_eq!(calendar.span_before(at), before);
        }
    }

    #[test]
    fn awake_is_open_now_or_within_the_lead(case in case(), lead in prop_oneof![0..90i64, 0..2000i64]) {
        let calendar = case.calendar();
        let minutes = reference(&case);
        let steps = usize::try_from(lead).unwrap();
        for (i, window) in minutes.windows(steps + 1).enumerate().step_by(7) {
            let (at, _) = minutes[i];
            let awake = window.iter().any(|(_, open)| *open);
            prop_assert_eq!(calendar.is_awake(at, SignedDuration::from_mins(lead)), awake, "{}", at);
        }
    }

    #[test]
    fn next_change_is_the_first_change(
        case in case(),
        lead in prop_oneof![0..90i64, 0..2000i64],
        minute in 0..7 * 1440i64,
        seconds in 0..60i64,
    ) {
        let calendar = case.calendar();
        let lead = SignedDuration::from_mins(lead);
        let at = case.start() + SignedDuration::from_secs(minute * 60 + seconds);
        let now = calendar.is_awake(at, lead);
        let change = calendar.next_change(at, lead);
        if let Some((when, becomes)) = change {
            prop_assert!(when > at);
            prop_assert_eq!(becomes, !now);
            prop_assert_eq!(calendar.is_awake(when, lead), becomes);
            prop_assert_eq!(calendar.is_awake(when - SignedDuration::from_nanos(1), lead), now);
        }
        let until = change.map_or(at + SignedDuration::from_hours(24 * 30), |(when, _)| when);
        let mut sample = at;
        // Every range is in steps of ten minutes: a step of five misses no change.
        while sample < until {
            prop_assert_eq!(calendar.is_awake(sample, lead), now, "{}", sample);
            sample += SignedDuration::from_mins(5);
        }
    }

    #[test]
    fn ranges_and_weeks_survive_being_written_and_read(hours in week_hours()) {
        let text = serde_json::to_string(&hours).unwrap();
        prop_assert_eq!(serde_json::from_str::<WeekHours>(&text).unwrap(), hours);
    }
}
