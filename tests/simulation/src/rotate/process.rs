//! One process in which four functions get the same ticks and events, one after the other, each in its
//! own name and with its own role: so that rotation meets sleep, slimming and rollbacks.

use std::sync::Arc;

use explain_rollback::{context as explaining, handle::handle as explain};
use nightshift::{
    keep::{self, Function, Keeper},
    lambda::{Failed, Invocation},
};
use nightshift_cloud::world::REGION;
use power_staging::PowerStaging;
use rotate_secrets::{
    context::{self as rotating, Reach},
    handle::handle as rotate,
    plan::FUNCTION,
};
use scale_production::ScaleProduction;
use serde_json::{Value, json};

use super::{Rotate, databases::Wire};
use crate::{
    played::{Desk, Played, TABLE, topic},
    template::Stack,
};

const EXPLAINS: &str = "explain-rollback";

/// All four.
#[derive(Debug)]
pub struct Together {
    rotates: rotating::Function,
    sleeps: Function<PowerStaging>,
    slims: Function<ScaleProduction>,
    explains: explaining::Function,
    absent: Vec<&'static str>,
    stack: Option<Arc<Stack>>,
}

impl Together {
    /// As their processes start.
    #[must_use]
    pub fn start(desk: &Desk<Rotate>) -> Self {
        let settings = rotating::Settings {
            table: TABLE.to_owned(),
            topic: topic(),
            watch: desk.watch,
            may_play: false,
            prefix: "/nightshift".to_owned(),
            function_name: format!("nightshift-{FUNCTION}"),
            region: REGION.to_owned(),
            reach: Reach::Everything,
        };
        let wire = Wire {
            sky: desk.sky.clone(),
            process: desk.process,
            death: desk.death.clone(),
        };
        let explaining = explaining::Settings {
            table: TABLE.to_owned(),
            topic: topic(),
            may_play: false,
            prefix: "/nightshift".to_owned(),
            function_name: EXPLAINS.to_owned(),
            region: REGION.to_owned(),
        };
        Self {
            rotates: rotating::Function::new(
                desk.config(FUNCTION),
                settings,
                Arc::new(wire.clone()),
                Arc::new(wire),
            ),
            sleeps: desk.keeper(),
            slims: desk.keeper(),
            explains: explaining::Function::new(desk.config(EXPLAINS), explaining),
            absent: desk.absent.clone(),
            stack: Stack::of::<Rotate>().ok(),
        }
    }

    /// Whether a payload is for this function: a tick is for all, an event for whom a rule sends it to,
    /// a command for who knows it.
    fn is_for(&self, function: &str, payload: &Value) -> bool {
        if self.absent.contains(&function) {
            return false;
        }
        match payload["command"].as_str() {
            Some("tick") => true,
            Some("wake" | "sleep" | "clear") => function == PowerStaging::NAME,
            Some(_) => function == FUNCTION,
            None => {
                let stack = self.stack.as_ref();
                stack.is_some_and(|stack| stack.is_heard_by(function, payload))
            }
        }
    }
}

impl Played for Together {
    const NAME: &'static str = FUNCTION;
    const NAMESPACE: &'static str = "rotate/";

    async fn answer(&self, invocation: Invocation) -> Result<Value, Failed> {
        let mut answers = Answers::default();
        let payload = invocation.payload.clone();
        let of = |function: &str| Invocation {
            payload: invocation.payload.clone(),
            id: format!("{}.{function}", invocation.id),
            clock: invocation.clock,
            deadline: invocation.deadline,
            account: invocation.account.clone(),
        };
        if self.is_for(FUNCTION, &payload) {
            let answer = Box::pin(rotate(&self.rotates, of(FUNCTION))).await;
            answers.take(FUNCTION, answer);
        }
        let name = PowerStaging::NAME;
        if self.is_for(name, &payload) {
            let answer = Box::pin(keep::handle(&self.sleeps, of(name))).await;
            answers.take(name, answer);
        }
        let name = ScaleProduction::NAME;
        if self.is_for(name, &payload) {
            let answer = Box::pin(keep::handle(&self.slims, of(name))).await;
            answers.take(name, answer);
        }
        if self.is_for(EXPLAINS, &payload) {
            let answer = Box::pin(explain(&self.explains, of(EXPLAINS))).await;
            // It keeps no estates, so what it says of them is none of a look's.
            answers.take(EXPLAINS, answer.map(|_| json!({ "idle": true })));
        }
        answers.together()
    }
}

/// What several functions answered.
#[derive(Debug, Default)]
struct Answers {
    idle: Vec<bool>,
    estates: Vec<Value>,
    busy: Vec<Value>,
    told: Vec<Value>,
    failed: Vec<Failed>,
}

impl Answers {
    fn take(&mut self, function: &str, answer: Result<Value, Failed>) {
        let answer = match answer {
            Ok(answer) => answer,
            Err(failed) => return self.failed.push(failed),
        };
        self.idle.push(answer["idle"] == true);
        let all = |field: &str| answer[field].as_array().cloned().unwrap_or_default();
        for mut estate in all("estates") {
            estate["function"] = function.into();
            self.estates.push(estate);
        }
        self.busy.extend(all("busy"));
        self.told.extend(all("told"));
    }

    fn together(self) -> Result<Value, Failed> {
        let mut failed = self.failed;
        if failed.len() == 1 && self.idle.is_empty() {
            return Err(failed.remove(0));
        }
        if !failed.is_empty() {
            let words: Vec<String> = failed.iter().map(ToString::to_string).collect();
            return Err(Failed::Partial(words.join("; ")));
        }
        Ok(json!({
            "idle": self.idle.iter().all(|idle| *idle),
            "estates": self.estates,
            "busy": self.busy,
            "told": self.told,
        }))
    }
}
