//! Numbers that look random and are not drawn: of the same seed and place they are always the same,
//! so what is made only when somebody asks takes nothing from the world's own chance.

/// Scatters the bits of a number.
// The finalizer of SplitMix64: https://doi.org/10.1145/2660193.2660195
const fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// The number that stands in a place; different for each `salt`.
#[must_use]
pub fn number(seed: u64, salt: u64, place: i64) -> u64 {
    mix(mix(seed ^ mix(salt)) ^ place.cast_unsigned())
}

/// The same as a share: 0 and more, less than 1.
#[must_use]
pub fn share(seed: u64, salt: u64, place: i64) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "53 bits are what a share has")]
    let share = (number(seed, salt, place) >> 11) as f64 / (1_u64 << 53) as f64;
    share
}

/// The number of a text.
#[must_use]
pub fn text(text: &str) -> u64 {
    let add = |sum: u64, letter: u8| mix(sum ^ u64::from(letter));
    text.bytes().fold(0, add)
}

/// An id in the form of a UUID for a text.
#[must_use]
pub fn uuid(of: &str) -> String {
    let seed = text(of);
    let digits = format!("{:016x}{:016x}", number(seed, 1, 0), number(seed, 2, 0));
    let mut rest = digits.as_str();
    let mut id = String::with_capacity(36);
    for length in [8, 4, 4, 4, 12] {
        let (part, others) = rest.split_at_checked(length).unwrap_or((rest, ""));
        if !id.is_empty() {
            id.push('-');
        }
        id.push_str(part);
        rest = others;
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_spread_evenly_and_are_the_same_each_time() {
        let shares: Vec<f64> = (0..10_000).map(|place| share(7, 1, place)).collect();
        let again: Vec<f64> = (0..10_000).map(|place| share(7, 1, place)).collect();
        assert_eq!(shares, again);
        for tenth in 0..10_u32 {
            let low = f64::from(tenth) / 10.0;
            let within = |share: &&f64| (low..low + 0.1).contains(*share);
            let count = shares.iter().filter(within).count();
            assert!((900..1100).contains(&count), "{count} from {low}");
        }
    }

    #[test]
    fn an_id_has_the_form_of_a_uuid_and_belongs_to_its_text() {
        let id = uuid("a");
        let lengths: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(id, uuid("a"));
        assert_ne!(id, uuid("b"));
    }
}
