//! What RDS and Aurora tell of instances, clusters, snapshots, proxies and the like, by EventBridge
//! or by an event subscription to an SNS topic.

use serde_json::Value;

use super::{ARN, Frame, NAME, SENTENCE};
use crate::{
    signal::{Event, Told, What},
    understand::{
        Understood,
        envelope::{Envelope, Identity},
        json::{self, Arn},
        room::Room,
    },
};

/// An event has one or two categories.
const CATEGORIES: usize = 10;

/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-cloud-watch-events.html>
pub(super) fn event(frame: &Frame<'_>, envelope: &Envelope<'_>) -> Option<Understood> {
    let id = Some(frame.text("EventID")).filter(|id| !id.is_empty())?;
    let arn = json::first([frame.text("SourceArn"), frame.resource("arn:")]);
    let mut room = Room::new();
    let source = room.text(frame.text("SourceType"), NAME);
    let name = room.text(frame.text("SourceIdentifier"), NAME);
    let id = room.text(id, NAME);
    let categories = json::items(json::get(frame.detail, "EventCategories"));
    let categories = categories.iter().filter_map(Value::as_str);
    let told = Told::Database {
        source,
        name,
        id,
        categories: room.list(categories, CATEGORIES, 4, |room, category| {
            room.text(category, NAME)
        }),
        message: room.text(frame.text("Message"), SENTENCE),
    };
    let identity = Identity {
        at: json::instant(frame.text("Date")).or(frame.time),
        ..frame.identity()
    };
    Some(signal(told, arn, identity, &mut room, envelope))
}

/// A message of an event subscription.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.overview.html>
pub(in crate::understand) fn notification(
    value: &Value,
    envelope: &Envelope<'_>,
) -> Option<Understood> {
    // A link to the documentation with the id at its end.
    let link = value.get("Event ID")?.as_str()?.trim();
    let id = link.rsplit('#').next()?;
    if !id.starts_with("RDS-EVENT-") {
        return None;
    }
    let arn = json::text(value, "Source ARN");
    let place = Arn::read(arn);
    let mut room = Room::new();
    let told = Told::Database {
        source: room.text(&source_type(json::text(value, "Event Source")), NAME),
        name: room.text(json::text(value, "Source ID").trim(), NAME),
        id: room.text(id, NAME),
        categories: Vec::new(),
        message: room.text(json::text(value, "Event Message"), SENTENCE),
    };
    let identity = Identity {
        key: envelope.key_of(value),
        at: json::instant(json::text(value, "Event Time")),
        account: place.account,
        region: place.region,
    };
    Some(signal(told, arn, identity, &mut room, envelope))
}

/// `db-instance` as EventBridge calls it.
fn source_type(source: &str) -> String {
    match source {
        "db-instance" => "DB_INSTANCE".to_owned(),
        other => {
            let name = other.strip_prefix("db-").unwrap_or(other);
            name.replace('-', "_").to_ascii_uppercase()
        }
    }
}

fn signal(
    told: Told,
    arn: &str,
    identity: Identity<'_>,
    room: &mut Room,
    envelope: &Envelope<'_>,
) -> Understood {
    let event = Event {
        told,
        resource: room.text(arn, ARN),
    };
    Understood::told(envelope.signal(identity, What::Event(Box::new(event))))
}
