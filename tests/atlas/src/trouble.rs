//! Misbehaviour on command: what is planned comes in order, each plan for the requests that it is about.

/// Whether a request is carried out before the trouble begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Nothing is done; whoever sends it again does right.
    Before,
    /// It is done and nobody is told; whoever sends it again does it twice.
    After,
}

/// What goes wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A status with a code of Atlas's, whose detail quotes the whole request; nothing is done.
    Refused(u16, String),
    /// 429, as Atlas's token buckets give it.
    RateLimited,
    /// 500 with `UNEXPECTED_ERROR`, before or after it is done.
    Fault(When),
    /// 503 with a page in HTML, as from a proxy; nothing is done.
    Unavailable,
    /// The connection is closed without an answer.
    Lost(When),
    /// No answer until the client gives up; nothing is done.
    Hang,
    /// The nonce of a digest is too old; nothing is done.
    Stale,
    /// What is answered with 200 is no JSON; nothing is done.
    Garbled,
}

impl Trouble {
    /// A status with a code of Atlas's.
    #[must_use]
    pub fn refused(status: u16, code: &str) -> Self {
        Self::Refused(status, code.to_owned())
    }

    /// Only for requests of this method, or for `token`.
    #[must_use]
    pub fn on(self, name: &str) -> Plan {
        Plan::from(self).on(name)
    }

    /// For the next so many requests instead of one.
    #[must_use]
    pub fn times(self, times: usize) -> Plan {
        Plan::from(self).times(times)
    }
}

/// Which requests suffer from what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub(crate) trouble: Trouble,
    on: Option<String>,
    times: usize,
}

impl From<Trouble> for Plan {
    fn from(trouble: Trouble) -> Self {
        Self {
            trouble,
            on: None,
            times: 1,
        }
    }
}

impl Plan {
    /// Only for requests of this method, or for `token`.
    #[must_use]
    pub fn on(mut self, name: &str) -> Self {
        self.on = Some(name.to_owned());
        self
    }

    /// For the next so many requests instead of one.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// Takes its part of a request, if it is about it.
    pub(crate) fn takes(&mut self, name: &str) -> bool {
        let is_about = self.on.as_deref().is_none_or(|on| on == name);
        let takes = is_about && self.times > 0;
        self.times -= usize::from(takes);
        takes
    }

    pub(crate) fn is_over(&self) -> bool {
        self.times == 0
    }
}
