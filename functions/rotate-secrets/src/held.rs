//! A new master password that is set and not published yet stays in memory between two looks of the
//! same process, so that a database that takes its time does not cost a password a minute. Nobody else
//! knows it: it is gone with the process.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::value::Value;

/// What a process holds; one value at most.
#[derive(Debug, Default)]
pub struct Held(Mutex<Option<(String, Value)>>);

impl Held {
    /// Keeps the value of a turn, and wipes what was kept before.
    pub fn keep(&self, turn: &str, value: &Value) {
        *self.open() = Some((turn.to_owned(), copy(value)));
    }

    /// The value of this turn, if it is kept.
    #[must_use]
    pub fn of(&self, turn: &str) -> Option<Value> {
        let held = self.open();
        let (of, value) = held.as_ref()?;
        (of == turn).then(|| copy(value))
    }

    /// Wipes what is kept.
    pub fn wipe(&self) {
        *self.open() = None;
    }

    /// It is never half written.
    fn open(&self) -> MutexGuard<'_, Option<(String, Value)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn copy(value: &Value) -> Value {
    Value::new(value.expose().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_kept_for_its_own_turn_until_it_is_wiped() {
        let (held, value) = (Held::default(), Value::new("x".to_owned()));
        assert_eq!(held.of("one"), None);
        held.keep("one", &value);
        assert_eq!(held.of("one"), Some(copy(&value)));
        assert_eq!(held.of("two"), None, "another turn makes its own");
        held.wipe();
        assert_eq!(held.of("one"), None);
    }
}
