use jiff::{civil::date, tz::TimeZone};

use super::*;

/// The minute of an instant in Tokyo.
fn minute(text: &str) -> i64 {
    let at: jiff::civil::DateTime = text.parse().unwrap();
    let zone = TimeZone::get("Asia/Tokyo").unwrap();
    at.to_zoned(zone).unwrap().timestamp().as_second() / 60
}

/// Without chance.
fn plain() -> Hourly {
    Hourly {
        noise: 0.0,
        bursts: 0.0,
        ..Hourly::new(1, 0.4, 4.4)
    }
}

#[test]
fn the_load_follows_the_hour_the_weekend_and_particular_days() {
    let holiday = Load::Hourly(plain().on(date(2027, 7, 19), 1.5));
    for (at, expected) in [
        ("2027-06-09T04:00", 0.4),
        ("2027-06-09T20:00", 4.4),
        ("2027-06-09T12:00", 3.8),
        ("2027-06-09T19:30", 4.24),
        ("2027-06-12T20:00", 3.6),
        ("2027-06-13T20:00", 3.6),
        ("2027-06-14T20:00", 4.4),
        ("2027-07-19T20:00", 6.4),
        ("2027-07-20T20:00", 4.4),
    ] {
        let load = holiday.at(minute(at));
        assert!((load - expected).abs() < 1e-9, "{at}: {load}");
    }
}

#[test]
fn the_same_seed_is_the_same_load_and_another_is_another() {
    let of = |seed: u64| {
        let load = Load::Hourly(Hourly::new(seed, 0.4, 4.0));
        (0..1440)
            .map(|at| load.at(30_000_000 + at))
            .collect::<Vec<f64>>()
    };
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
}

#[test]
fn noise_and_bursts_stay_within_what_they_are_given() {
    let noisy = Hourly {
        noise: 0.1,
        ..plain()
    };
    let bursting = Hourly {
        bursts: 2.0,
        height: 3.0,
        minutes: 10..=40,
        ..plain()
    };
    let (first, days) = (minute("2027-06-01T00:00"), 200);
    let (mut off, mut inside, mut begun) = (0.0_f64, 0, 0);
    let mut was = false;
    for at in first..first + days * 1440 {
        let usual = Load::Hourly(plain()).at(at);
        let off_by = Load::Hourly(noisy.clone()).at(at) / usual - 1.0;
        off = off.max(off_by.abs());
        let is = Load::Hourly(bursting.clone()).at(at) > usual * 2.0;
        inside += i64::from(is);
        begun += i64::from(is && !was);
        was = is;
    }
    assert!(off > 0.08 && off <= 0.1, "{off}");
    let (a_day, minutes) = (begun / days, inside / begun);
    assert!((1..=2).contains(&a_day), "{begun} in {days} days");
    assert!((15..=35).contains(&minutes), "{minutes}");
}

#[test]
fn a_load_by_steps_is_what_was_set_last() {
    let at = |second: i64| Timestamp::from_second(second).unwrap();
    let load = Load::Steps(BTreeMap::from([(at(600), 2.0), (at(1200), 1.0)]));
    let loads: Vec<f64> = [0, 9, 10, 19, 20, 9999]
        .iter()
        .map(|at| load.at(*at))
        .collect();
    assert_eq!(loads, [0.0, 0.0, 2.0, 2.0, 1.0, 1.0]);
    assert!((Load::constant(0.7).at(-5) - 0.7).abs() < f64::EPSILON);
}
