//! Medians, and how figures are written.

use std::time::Duration;

/// The median and the ninetieth percentile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    /// Half of them are below.
    pub(crate) median: f64,
    /// Nine tenths of them are below.
    pub(crate) p90: f64,
}

impl Spread {
    /// Of at least one value; of none it is zero.
    #[must_use]
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let at = |tenths: usize| {
            let index = (values.len().saturating_sub(1) * tenths).div_ceil(10);
            values.get(index).copied().unwrap_or_default()
        };
        Self {
            median: at(5),
            p90: at(9),
        }
    }
}

/// Milliseconds below a second, seconds above.
#[must_use]
pub(crate) fn time(seconds: f64) -> String {
    let milliseconds = seconds * 1000.0;
    match milliseconds {
        ..9.95 => format!("{milliseconds:.1} ms"),
        ..999.5 => format!("{milliseconds:.0} ms"),
        ..99_500.0 => format!("{seconds:.1} s"),
        _ => format!("{seconds:.0} s"),
    }
}

/// The same of a duration.
#[must_use]
pub(crate) fn lasted(duration: Duration) -> String {
    time(duration.as_secs_f64())
}

/// Megabytes, as Lambda and the crates count them.
#[expect(
    clippy::cast_precision_loss,
    reason = "sizes of files and processes, shown with two digits"
)]
#[must_use]
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1_000_000.0
}

/// The same with its unit.
#[must_use]
pub(crate) fn size(bytes: u64) -> String {
    format!("{:.1} MB", megabytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_are_those_of_the_sorted_values() {
        let spread = Spread::of((0..=10).rev().map(f64::from));
        assert_eq!((spread.median, spread.p90), (5.0, 9.0));
        assert_eq!(
            Spread::of([3.0]),
            Spread {
                median: 3.0,
                p90: 3.0
            }
        );
    }

    #[test]
    fn times_have_the_unit_that_suits_them() {
        assert_eq!(time(0.0014), "1.4 ms");
        assert_eq!(time(0.0714), "71 ms");
        assert_eq!(time(3.25), "3.2 s");
        assert_eq!(time(115.4), "115 s");
    }
}
