//! How an alarm fares in Slack: its first message is the thread's, its later states are answers to
//! it, and what comes and goes within half an hour is one thread with a count. A state that
//! reaches us late is told as what it was.

use jiff::{SignedDuration, Timestamp};

use super::{Deed, House, Telling, Thread, opened};
use crate::{
    render,
    scene::Scene,
    signal::{Alarm, AlarmState, Signal},
};

/// An alarm that rings again so soon after it was over belongs to the same thread.
pub(super) const FLAPPING: SignedDuration = SignedDuration::from_mins(30);
/// One change of state has the same instant by every way, but for the last digits.
const SAME: SignedDuration = SignedDuration::from_secs(1);

/// What a new state means for a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// It was told already.
    Known,
    /// It begins a thread.
    Opens,
    /// It rings again, in the same thread.
    Again,
    /// It is over.
    Ends,
    /// Something else, worth an answer in the thread.
    Changes,
    /// It happened before what was told last.
    Late,
}

/// What a state means for the alarm's thread.
#[must_use]
pub fn follow(thread: Option<&Thread>, state: AlarmState, at: Timestamp, quiet: bool) -> Move {
    let Some(thread) = thread else {
        return Move::Opens;
    };
    let apart = at.duration_since(thread.at);
    if thread.state == Some(state) && apart.abs() <= SAME {
        return Move::Known;
    }
    if apart < SignedDuration::ZERO {
        return Move::Late;
    }
    let rested = thread.over.map(|over| at.duration_since(over));
    let is_fresh = rested.is_none_or(|rested| rested < FLAPPING);
    match state {
        // What was quiet is not: nobody may have looked at that thread.
        AlarmState::Alarm if thread.quiet && !quiet => Move::Opens,
        AlarmState::Alarm if is_fresh => Move::Again,
        AlarmState::Ok if thread.over.is_none() => Move::Ends,
        AlarmState::Ok | AlarmState::InsufficientData if is_fresh => Move::Changes,
        _ => Move::Opens,
    }
}

/// The thread after a move.
fn after(step: Move, thread: &Thread, signal: &Signal, alarm: &Alarm) -> Thread {
    let rings = alarm.state == AlarmState::Alarm;
    let mut next = thread.clone();
    if step == Move::Late {
        return next;
    }
    next.at = signal.at;
    next.state = Some(alarm.state);
    if step == Move::Again {
        // A thread that began without data is one of its first ringing.
        if next.times == 0 {
            next.began = signal.at;
        }
        next.times = next.times.saturating_add(1);
        next.over = None;
    }
    if step == Move::Ends {
        next.over = Some(signal.at);
    }
    // The first message shows what was measured when it rang, also when it is over.
    if rings {
        next.signal = signal.clone();
    }
    next
}

/// How an alarm's state is told.
pub(super) fn of_alarm(
    telling: &mut Telling,
    signal: &Signal,
    alarm: &Alarm,
    thread: Option<&Thread>,
    scene: &Scene<'_>,
    house: &House,
) {
    let quiet = scene.quiet.is_some();
    let step = follow(thread, alarm.state, signal.at, quiet);
    let loud = alarm.state == AlarmState::Alarm && !quiet;
    let estate = scene.estate.and_then(|name| house.estate(name));
    let mention = |mut draft: crate::draft::Draft| {
        if loud {
            draft.mention = house.mention(estate);
        }
        Box::new(draft)
    };
    let Some(thread) = thread.filter(|_| step != Move::Opens) else {
        if step != Move::Opens {
            return;
        }
        telling.deed = Deed::Post(mention(render::first(signal, scene)));
        telling.after = Some(Thread {
            state: Some(alarm.state),
            times: u32::from(alarm.state == AlarmState::Alarm),
            over: (alarm.state == AlarmState::Ok).then_some(signal.at),
            quiet,
            ..opened(signal)
        });
        return;
    };
    if step == Move::Known {
        return;
    }
    let next = after(step, thread, signal, alarm);
    let course = next.course();
    telling.deed = if thread.ts.is_some() {
        // The thread's own channel, also where the documents name another one by now.
        telling.channel.clone_from(&thread.channel);
        let answer = if step == Move::Late {
            render::alarm_late(signal, &course, scene)
        } else {
            render::alarm_reply(signal, &course, scene)
        };
        let redrawn = (step != Move::Late && !thread.shared)
            .then(|| render::alarm_root(&next.signal, &course, scene));
        Deed::Answer {
            answer: mention(answer),
            first: redrawn.map(|mut draft| {
                draft.picture.clone_from(&next.picture);
                Box::new(draft)
            }),
        }
    } else if step == Move::Late {
        Deed::Post(mention(render::alarm_late(signal, &course, scene)))
    } else {
        Deed::Post(mention(render::alarm_root(signal, &course, scene)))
    };
    telling.after = Some(next);
}
