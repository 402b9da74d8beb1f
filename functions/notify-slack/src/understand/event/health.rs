//! What AWS Health tells. The same comes to several Regions and in pages; the communication's id,
//! which has the page at its end, and the account say which are the same.
//! <https://docs.aws.amazon.com/health/latest/ug/aws-health-events-eventbridge-schema.html>

use serde_json::Value;

use super::{ARN, Frame, NAME};
use crate::{
    signal::{Event, Told, What},
    understand::{
        Understood,
        envelope::{Envelope, Identity},
        json,
        room::Room,
    },
};

/// At most so many characters of what AWS says.
const DESCRIPTION: usize = 8_000;
/// At most so many of what is affected; the console has them all.
const AFFECTED: usize = 100;

pub(super) fn read(frame: &Frame<'_>, envelope: &Envelope<'_>) -> Option<Understood> {
    let code = Some(frame.text("eventTypeCode")).filter(|code| !code.is_empty())?;
    let mut room = Room::new();
    let (service, code) = (
        room.text(frame.text("service"), NAME),
        room.text(code, NAME),
    );
    let category = room.text(frame.text("eventTypeCategory"), NAME);
    let status = room.text(frame.text("statusCode"), NAME);
    let resource = room.text(frame.text("eventArn"), ARN);
    let told = Told::Health {
        service,
        code,
        category,
        status,
        begins: json::instant(frame.text("startTime")),
        ends: json::instant(frame.text("endTime")),
        description: room.text(&description(frame.detail), DESCRIPTION),
        affected: room.list(affected(frame), AFFECTED, 4, |room, entity| {
            room.text(entity, NAME)
        }),
    };
    let event = Event { told, resource };
    let what = What::Event(Box::new(event));
    Some(Understood::told(envelope.signal(identity(frame), what)))
}

/// Where it happens is not where it is delivered: a management account hears of all its members,
/// and a backup of the event goes to a second Region.
fn identity<'a>(frame: &Frame<'a>) -> Identity<'a> {
    let account = json::first([frame.text("affectedAccount"), frame.account]);
    let region = json::first([frame.text("eventRegion"), frame.region]);
    let communication = frame.text("communicationId");
    let page = frame.text("page");
    let key = match communication {
        "" => frame.key.clone(),
        id if page.is_empty() || id.ends_with(&format!("-{page}")) => {
            format!("event/health/{id}/{account}")
        }
        id => format!("event/health/{id}-{page}/{account}"),
    };
    Identity {
        key,
        account,
        region,
        ..frame.identity()
    }
}

/// English where there is a choice. Some descriptions have `\n` where a line should end.
fn description(detail: &Value) -> String {
    let all = json::items(json::get(detail, "eventDescription"));
    let english = all
        .iter()
        .find(|one| json::text(one, "language").starts_with("en"));
    let text = english
        .or_else(|| all.first())
        .map_or("", |one| json::text(one, "latestDescription"));
    text.replace("\\n", "\n").trim().to_owned()
}

fn affected<'a>(frame: &Frame<'a>) -> Vec<&'a str> {
    let entities = json::items(json::get(frame.detail, "affectedEntities"));
    let named: Vec<&str> = entities
        .iter()
        .map(|entity| json::text(entity, "entityValue"))
        .filter(|name| !name.is_empty())
        .collect();
    if named.is_empty() {
        return frame.resources.iter().filter_map(Value::as_str).collect();
    }
    named
}
