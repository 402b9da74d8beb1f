//! An alarm, told so that a reader knows at a glance what is measured against what, since when, and
//! whether anything is to be done. While its estate sleeps or wakes, it is quiet and says so.

mod background;

use jiff::Timestamp;

use super::{
    links::Console,
    time::elapsed,
    voice::{Voice, empty},
    watched::{Watched, short},
    words::Label,
};
use crate::{
    draft::{Colour, Draft, Mrkdwn},
    scene::{Course, Quiet, Scene},
    signal::{Alarm, AlarmState, Signal},
};

/// An alarm that is to be told.
pub(super) struct Telling<'a> {
    signal: &'a Signal,
    alarm: &'a Alarm,
    voice: Voice<'a>,
    watched: Option<Watched<'a>>,
}

impl<'a> Telling<'a> {
    pub(super) fn new(signal: &'a Signal, alarm: &'a Alarm, scene: &'a Scene<'a>) -> Self {
        let voice = Voice::new(scene);
        let watched = Watched::new(alarm, scene.estate, voice.tongue);
        Self {
            signal,
            alarm,
            voice,
            watched,
        }
    }

    /// Its own message, as if nothing had been told before.
    pub(super) fn first(&self) -> Draft {
        let state = self.alarm.state;
        let mut draft = self.draft(state, &self.core(state, None));
        self.hush(&mut draft);
        draft.body.extend(told(self.told(state)));
        draft.body.extend(self.background(state));
        draft.fields.extend(self.fields());
        draft.fields.push(self.since(state, self.signal.at));
        self.finish(draft)
    }

    /// The first message of its thread, as it fares now.
    pub(super) fn root(&self, course: &Course) -> Draft {
        let state = match (course.over, self.alarm.state) {
            (Some(_), _) => AlarmState::Ok,
            (None, AlarmState::Ok) => AlarmState::Alarm,
            (None, state) => state,
        };
        let lasted = course.over.map(|over| self.lasted(course.began, over));
        let mut core = match &lasted {
            Some(lasted) if course.times > 1 => {
                self.voice.tongue.rang(&self.what(), lasted, course.times)
            }
            lasted => self.core(state, lasted.as_deref()),
        };
        if course.over.is_none() && course.times > 1 {
            core.push_str(&self.often(course));
        }
        let mut draft = self.draft(state, &core);
        self.hush(&mut draft);
        if state == AlarmState::Ok && self.alarm.state == AlarmState::Alarm {
            draft.body.extend(told(self.told_after()));
        } else {
            draft.body.extend(told(self.told(state)));
        }
        draft.body.extend(self.background(state));
        draft.fields.extend(self.fields());
        draft.fields.push(match course.over {
            Some(over) => self.rang(course.began, over),
            None if self.alarm.state == AlarmState::Alarm => self.since(state, self.signal.at),
            None => self.since(state, course.began),
        });
        self.finish(draft)
    }

    /// A few words for its thread.
    pub(super) fn reply(&self, course: &Course) -> Draft {
        let tongue = self.voice.tongue;
        let began = self.voice.clock(course.began);
        let state = self.alarm.state;
        let core = match state {
            AlarmState::Ok => {
                let over = course.over.unwrap_or(self.signal.at);
                tongue.reply_back(&self.lasted(course.began, over), course.times)
            }
            AlarmState::Alarm => {
                let compared = self.watched.as_ref().and_then(Watched::compared);
                tongue.reply_rings(compared.as_deref(), course.times, &began)
            }
            AlarmState::InsufficientData => tongue.reply_unknown().to_owned(),
        };
        let value = match state {
            AlarmState::Ok => self.watched.as_ref().and_then(Watched::value),
            _ => None,
        };
        let mut draft = Draft {
            title: format!("{} {core}", self.sign(state)),
            ..empty(self.colour(state))
        };
        if self.voice.scene.quiet.is_some() {
            draft.colour = Colour::Grey;
        }
        let when = tongue.reply_when(&self.voice.clock(self.signal.at), value.as_deref());
        draft.context.push(Mrkdwn::plain(&when));
        draft
    }

    /// It rang, but is over by now.
    pub(super) fn late(&self, course: &Course) -> Draft {
        let tongue = self.voice.tongue;
        let over = course.over.unwrap_or(self.voice.scene.now);
        let lasted = self.lasted(course.began, over);
        let core = tongue.rang(&self.what(), &lasted, course.times);
        let mut draft = self.draft(AlarmState::Ok, &core);
        self.hush(&mut draft);
        let span = tongue.span(&self.voice.clock(course.began), &self.voice.clock(over));
        draft.body.push(Mrkdwn::plain(&tongue.late(&span)));
        draft.body.extend(told(self.told_after()));
        draft.body.extend(self.background(AlarmState::Ok));
        draft.fields.extend(self.fields());
        draft.fields.push(self.rang(course.began, over));
        self.finish(draft)
    }

    /// It rings on though its estate is up: loud, whatever it was before.
    pub(super) fn outlived(&self, since: Timestamp) -> Draft {
        let tongue = self.voice.tongue;
        let state = AlarmState::Alarm;
        let core = format!("{}{}", self.core(state, None), tongue.aside(tongue.still()));
        let mut draft = self.draft(state, &core);
        let why = tongue.outlived(&self.voice.clock(since));
        draft.body.push(Mrkdwn::plain(&why));
        draft.body.extend(told(self.told(state)));
        draft.body.extend(self.background(state));
        draft.fields.extend(self.fields());
        draft.fields.push(self.since(state, since));
        self.finish(draft)
    }

    fn draft(&self, state: AlarmState, core: &str) -> Draft {
        Draft {
            title: self.voice.title(self.sign(state), core),
            ..empty(self.colour(state))
        }
    }

    /// Links and provenance, which all messages but replies have.
    fn finish(&self, mut draft: Draft) -> Draft {
        let mut fields = std::mem::take(&mut draft.fields);
        fields.extend(self.rule());
        fields.push(
            self.voice
                .field(Label::Alarm, Mrkdwn::code(&self.alarm.name)),
        );
        draft.fields = fields;
        draft.links = self.links();
        draft.context.push(self.voice.provenance(self.signal));
        draft
    }

    /// Makes a message of an alarm quiet, if its estate is.
    fn hush(&self, draft: &mut Draft) {
        let Some(quiet) = self.voice.scene.quiet else {
            return;
        };
        let tongue = self.voice.tongue;
        let (sign, until) = match quiet {
            Quiet::Asleep { until } => ("🌙", until),
            Quiet::Waking => ("🌅", None),
        };
        let core = draft.title.split_once(' ').map_or("", |(_, core)| core);
        draft.title = format!("{sign} {core}{}", tongue.aside(tongue.hushed(quiet)));
        draft.colour = Colour::Grey;
        let until = until.map(|until| self.voice.clock(until));
        let why = tongue.quiet(quiet, until.as_deref());
        draft.body.insert(0, Mrkdwn::plain(&why));
    }

    fn sign(&self, state: AlarmState) -> &'static str {
        match state {
            AlarmState::Alarm if self.alarm.suppressed_by.is_some() => "⚠️",
            AlarmState::Alarm => "🚨",
            AlarmState::Ok => "✅",
            AlarmState::InsufficientData => "❔",
        }
    }

    fn colour(&self, state: AlarmState) -> Colour {
        match state {
            AlarmState::Alarm if self.alarm.suppressed_by.is_some() => Colour::Amber,
            AlarmState::Alarm => Colour::Red,
            AlarmState::Ok => Colour::Green,
            AlarmState::InsufficientData => Colour::Amber,
        }
    }

    /// What it is about: the metric and whose it is, or else the alarm's name.
    fn what(&self) -> String {
        match &self.watched {
            Some(watched) => watched.what().to_owned(),
            None => short(&self.alarm.name, self.voice.scene.estate),
        }
    }

    /// The title without sign and estate.
    fn core(&self, state: AlarmState, lasted: Option<&str>) -> String {
        let tongue = self.voice.tongue;
        let what = self.what();
        match state {
            AlarmState::Ok => tongue.back(&what, lasted),
            AlarmState::InsufficientData => tongue.too_little(&what),
            AlarmState::Alarm if self.watched.is_some() && self.is_silent(state) => {
                tongue.silent(&what)
            }
            AlarmState::Alarm => match self.watched.as_ref().and_then(Watched::compared) {
                Some(compared) => format!("{what} {compared}"),
                None => tongue.rings(&what),
            },
        }
    }

    fn often(&self, course: &Course) -> String {
        let tongue = self.voice.tongue;
        tongue.aside(&tongue.counted(course.times, &self.voice.clock(course.began)))
    }

    fn lasted(&self, from: Timestamp, to: Timestamp) -> String {
        self.voice.tongue.lasted(elapsed(from, to))
    }

    fn since(&self, state: AlarmState, at: Timestamp) -> (String, Mrkdwn) {
        let label = match state {
            AlarmState::Ok => Label::OkSince,
            _ => Label::Since,
        };
        self.voice
            .field(label, Mrkdwn::plain(&self.voice.clock(at)))
    }

    fn rang(&self, from: Timestamp, to: Timestamp) -> (String, Mrkdwn) {
        let tongue = self.voice.tongue;
        let span = tongue.span(&self.voice.clock(from), &self.voice.clock(to));
        let lasted = tongue.aside(&self.lasted(from, to));
        let told = Mrkdwn::plain(&format!("{span}{lasted}"));
        self.voice.field(Label::Rang, told)
    }

    /// What was measured, and the reason in words.
    fn told(&self, state: AlarmState) -> Option<String> {
        let watched = self.watched.as_ref()?;
        let mut lines = Vec::new();
        if self.is_silent(state) {
            lines.push(self.voice.tongue.silence().to_owned());
            lines.push(watched.told(AlarmState::InsufficientData));
            return Some(lines.join("\n"));
        }
        if state == AlarmState::Alarm && self.voice.scene.quiet.is_none() {
            lines.extend(watched.felt().map(str::to_owned));
        }
        lines.push(watched.told(state));
        if state != AlarmState::InsufficientData {
            lines.extend(watched.earlier());
        }
        Some(lines.join("\n"))
    }

    /// What was measured when it rang, in a message that it is over.
    fn told_after(&self) -> Option<String> {
        let watched = self.watched.as_ref()?;
        Some(self.voice.tongue.rang_at(&watched.told(AlarmState::Alarm)))
    }

    /// Whether it rings because no data came, which it takes for crossing the threshold. CloudWatch
    /// tells it in its sentence only.
    fn is_silent(&self, state: AlarmState) -> bool {
        let reason = &self.alarm.reason;
        state == AlarmState::Alarm
            && self.alarm.measured.is_empty()
            && reason.contains("no datapoints were received")
            && reason.contains("[Breaching]")
    }

    fn console(&self) -> Option<Console<'a>> {
        Console::new(&self.signal.account, &self.signal.region)
    }
}

fn told(text: Option<String>) -> Option<Mrkdwn> {
    text.map(|text| Mrkdwn::plain(&text))
}
