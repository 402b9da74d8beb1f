//! How large something is at least: tasks of a service, or the capacity of Aurora Serverless v2.
//! Exactly one thing of a resource is moved, its lever, and never a maximum.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Aurora capacity units, which AWS takes in half steps from 0 to 256.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ServerlessV2ScalingConfiguration.html>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Acu {
    halves: u16,
}

impl Acu {
    /// The least that is ever set: below it the cluster would pause.
    pub const FLOOR: Self = Self { halves: 1 };

    /// The most that AWS knows.
    const MOST: f64 = 256.0;

    /// So many units; none where AWS would refuse the number.
    #[must_use]
    pub fn new(units: f64) -> Option<Self> {
        let halves = units * 2.0;
        let fits = (0.0..=Self::MOST).contains(&units) && halves.fract() == 0.0;
        fits.then(|| Self::from_halves(halves))
    }

    /// What AWS told, to the next half step.
    #[must_use]
    pub fn seen(units: f64) -> Self {
        Self::from_halves((units.clamp(0.0, Self::MOST) * 2.0).round())
    }

    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 512, and a whole number"
    )]
    fn from_halves(halves: f64) -> Self {
        Self {
            halves: halves as u16,
        }
    }

    /// The number of units.
    #[must_use]
    pub fn get(self) -> f64 {
        f64::from(self.halves) / 2.0
    }
}

impl fmt::Display for Acu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.get())
    }
}

impl Serialize for Acu {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.get())
    }
}

impl<'de> Deserialize<'de> for Acu {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let units = f64::deserialize(deserializer)?;
        Self::new(units).ok_or_else(|| {
            de::Error::custom(format!("{units} is no capacity: AWS takes half steps"))
        })
    }
}

/// The capacity range of an Aurora Serverless v2 cluster: for each of its instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capacity {
    /// The minimum; at 0 the cluster pauses by itself.
    pub min: Acu,
    /// The maximum.
    pub max: Acu,
}

/// What is moved of a resource to make it smaller or larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lever {
    /// The minimum of a service's scalable target; the count is left to auto scaling.
    Minimum,
    /// The count of a service that has no scalable target.
    Count,
    /// The minimum capacity of an Aurora Serverless v2 cluster.
    Capacity,
}

/// Where a lever stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// So many tasks.
    Tasks(u32),
    /// So much capacity.
    Acu(Acu),
}

impl Level {
    /// The number, whatever it counts.
    #[must_use]
    pub fn get(self) -> f64 {
        match self {
            Self::Tasks(count) => f64::from(count),
            Self::Acu(capacity) => capacity.get(),
        }
    }

    /// The number of tasks, where it is one.
    #[must_use]
    pub const fn tasks(self) -> Option<u32> {
        match self {
            Self::Tasks(count) => Some(count),
            Self::Acu(_) => None,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacity_comes_in_half_steps_up_to_what_aws_knows() {
        for units in [0.0, 0.5, 1.0, 16.0, 256.0] {
            assert_eq!(Acu::new(units).unwrap().get().to_bits(), units.to_bits());
        }
        for units in [-0.5, 0.25, 256.5, f64::NAN, f64::INFINITY] {
            assert_eq!(Acu::new(units), None, "{units}");
        }
        assert_eq!(Acu::seen(0.7), Acu::FLOOR);
    }

    #[test]
    fn a_level_is_written_as_a_person_would_and_read_again() {
        let half = Level::Acu(Acu::FLOOR);
        let text = serde_json::to_string(&half).unwrap();
        assert_eq!(
            (text.as_str(), half.to_string()),
            (r#"{"acu":0.5}"#, "0.5".to_owned())
        );
        assert_eq!(serde_json::from_str::<Level>(&text).unwrap(), half);
        assert_eq!(Level::Tasks(2).to_string(), "2");
        assert!(serde_json::from_str::<Acu>("0.3").is_err());
    }
}
