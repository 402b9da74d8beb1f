//! Which of a function's calls go wrong in a night: each so many, or the first of each kind.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::gateway::{Call, Fate, Gateway};

/// Which changes of a night are hit.
#[derive(Clone, Copy, Debug)]
pub enum Hits {
    /// Each `nth`, from the `first` on.
    Every {
        /// Every how many.
        nth: usize,
        /// Which is the first, counted from 1.
        first: usize,
    },
    /// The first of each kind.
    FirstOfEachKind,
}

/// Whether a call changes anything, in AWS or in the ledger, or tells people.
#[must_use]
pub fn mutates(call: &Call) -> bool {
    !call.is_read()
}

/// From now on these changes of a function's meet this fate; which they were is told.
#[must_use]
pub fn hit(
    gateway: &Gateway,
    function: &str,
    hits: Hits,
    fate: &Fate,
) -> Arc<Mutex<BTreeSet<Call>>> {
    let met = Arc::new(Mutex::new(BTreeSet::new()));
    let count = Mutex::new(0);
    let (mine, fate) = (Arc::clone(&met), fate.clone());
    gateway.decide_of(function, move |call| {
        if !mutates(call) {
            return Fate::Normal;
        }
        let (mut count, mut met) = (lock(&count), lock(&mine));
        *count += 1;
        let is_hit = match hits {
            Hits::Every { nth, first } => *count >= first && (*count - first) % nth == 0,
            Hits::FirstOfEachKind => !met.contains(call),
        };
        if !is_hit {
            return Fate::Normal;
        }
        met.insert(call.clone());
        fate.clone()
    });
    met
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
