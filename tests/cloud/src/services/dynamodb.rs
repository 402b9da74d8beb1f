//! `DynamoDB`: tables whose writes are conditional and take effect at once, with expressions that
//! are really evaluated. Reads always see the newest write here; whoever wants the stale reads that
//! `ConsistentRead` forbids asks an older clone of the world.

use std::{cmp::Ordering, collections::BTreeMap};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{
    call::{Actor, Call, Demand, Fault, Outcome, Tags},
    services::{Protocol, Service, unknown_operation},
    world::{ACCOUNT, REGION, What, World},
};

mod expression;
mod items;
mod many;
mod query;
mod value;

use expression::invalid;
pub use value::Item;
use value::{Decimal, checked_item, weight};

/// The service.
pub const SERVICE: DynamoDbService = DynamoDbService;

/// The service.
#[derive(Clone, Copy, Debug)]
pub struct DynamoDbService;

/// Its state.
#[derive(Clone, Debug, Default)]
pub struct DynamoDb {
    tables: BTreeMap<String, Table>,
}

#[derive(Clone, Debug)]
struct Table {
    name: String,
    created: Timestamp,
    hash: KeyName,
    range: Option<KeyName>,
    ttl: Option<String>,
    protected: bool,
    rows: BTreeMap<Key, Row>,
}

#[derive(Clone, Debug)]
struct Row {
    item: Item,
    /// When it vanishes because its time to live has passed.
    gone_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct KeyName {
    name: String,
    kind: String,
}

/// A key in the order in which a query finds it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key(KeyPart, Option<KeyPart>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum KeyPart {
    Text(String),
    Number(Decimal),
}

impl Ord for KeyPart {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Self::Number(a), Self::Number(b)) => a.cmp(b),
            (Self::Text(_), Self::Number(_)) => Ordering::Greater,
            (Self::Number(_), Self::Text(_)) => Ordering::Less,
        }
    }
}

impl PartialOrd for KeyPart {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl KeyPart {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
        }
    }
}

impl Key {
    /// What tells the item apart for a reader: its sort key, or where there is none its hash key.
    fn text(&self) -> String {
        self.1.as_ref().unwrap_or(&self.0).text()
    }
}

/// The ARN of a table.
#[must_use]
pub fn arn(table: &str) -> String {
    format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}")
}

/// Makes a table with text keys, as a stack does. `ttl` names the attribute whose time, in seconds
/// since 1970, ends an item. A table that is there already stays as it is.
pub fn create_table(
    world: &mut World,
    name: &str,
    hash: &str,
    range: Option<&str>,
    ttl: Option<&str>,
) {
    let key = |name: &str| KeyName {
        name: name.to_owned(),
        kind: "S".to_owned(),
    };
    let table = Table {
        name: name.to_owned(),
        created: world.now,
        hash: key(hash),
        range: range.map(key),
        ttl: ttl.map(ToOwned::to_owned),
        protected: false,
        rows: BTreeMap::new(),
    };
    world
        .dynamodb
        .tables
        .entry(name.to_owned())
        .or_insert(table);
}

/// The items of a table, in the order of their keys; none of a table that does not exist.
#[must_use]
pub fn items(world: &World, table: &str) -> Vec<Item> {
    let rows = world
        .dynamodb
        .tables
        .get(table)
        .map(|table| table.rows.values());
    rows.into_iter()
        .flatten()
        .filter(|row| row.is_there(world.now))
        .map(|row| row.item.clone())
        .collect()
}

/// Writes an item without any condition, as a person in the console does.
///
/// # Errors
/// With the service's own error.
pub fn put(world: &mut World, by: &Actor, table: &str, item: &Item) -> Result<(), Fault> {
    let input = json!({ "TableName": table, "Item": item });
    world
        .ask(&SERVICE, by.clone(), "PutItem", input)
        .map(|_| ())
}

/// Deletes an item by its key, as a person in the console does.
///
/// # Errors
/// With the service's own error.
pub fn remove(world: &mut World, by: &Actor, table: &str, key: &Item) -> Result<(), Fault> {
    let input = json!({ "TableName": table, "Key": key });
    world
        .ask(&SERVICE, by.clone(), "DeleteItem", input)
        .map(|_| ())
}

impl Row {
    fn is_there(&self, now: Timestamp) -> bool {
        self.gone_at.is_none_or(|at| now < at)
    }
}

impl Table {
    fn key_names(&self) -> impl Iterator<Item = &KeyName> {
        std::iter::once(&self.hash).chain(self.range.as_ref())
    }

    fn is_key(&self, attribute: &str) -> bool {
        self.key_names().any(|key| key.name == attribute)
    }

    /// The key of a whole item.
    fn key_of(&self, item: &Item) -> Result<Key, Fault> {
        let part = |key: &KeyName| {
            let name = &key.name;
            let value = item.get(name).ok_or_else(|| {
                invalid(format!(
                    "One or more parameter values were invalid: Missing the key {name} in the item"
                ))
            })?;
            let kind = value::typed(value).map_or("", |(kind, _)| kind);
            if kind != key.kind {
                return Err(invalid(format!(
                    "One or more parameter values were invalid: Type mismatch for key {name} expected: {} actual: {kind}",
                    key.kind
                )));
            }
            part_of(name, value)
        };
        let range = self.range.as_ref().map(part).transpose()?;
        Ok(Key(part(&self.hash)?, range))
    }

    /// The key that a call names: exactly the key's attributes.
    fn key_named(&self, key: &Item) -> Result<Key, Fault> {
        let fits = key.len() == self.key_names().count()
            && self.key_names().all(|name| {
                let kind = key.get(&name.name).and_then(value::typed);
                kind.is_some_and(|(kind, _)| kind == name.kind)
            });
        if !fits {
            return Err(invalid(
                "The provided key element does not match the schema",
            ));
        }
        self.key_of(&checked_item(key).map_err(invalid)?)
    }

    /// Only the key's attributes.
    fn key_item(&self, item: &Item) -> Item {
        let keys = self.key_names();
        keys.filter_map(|key| Some((key.name.clone(), item.get(&key.name)?.clone())))
            .collect()
    }

    fn get(&self, key: &Key, now: Timestamp) -> Option<&Item> {
        let row = self.rows.get(key).filter(|row| row.is_there(now));
        row.map(|row| &row.item)
    }

    fn described(&self, status: &str) -> Value {
        let keys = self.key_names().zip(["HASH", "RANGE"]);
        let schema: Vec<Value> = keys
            .map(|(key, kind)| json!({ "AttributeName": key.name, "KeyType": kind }))
            .collect();
        let kinds = self.key_names();
        let kinds: Vec<Value> = kinds
            .map(|key| json!({ "AttributeName": key.name, "AttributeType": key.kind }))
            .collect();
        json!({
            "TableName": self.name,
            "TableArn": arn(&self.name),
            "TableStatus": status,
            "CreationDateTime": self.created.as_second(),
            "KeySchema": schema,
            "AttributeDefinitions": kinds,
            "ItemCount": self.rows.len(),
            "TableSizeBytes": self.rows.values().map(|row| weight(&row.item)).sum::<usize>(),
            "BillingModeSummary": { "BillingMode": "PAY_PER_REQUEST" },
            "DeletionProtectionEnabled": self.protected,
        })
    }
}

fn part_of(name: &str, value: &Value) -> Result<KeyPart, Fault> {
    match (value["S"].as_str(), value::number(value)) {
        // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
        (Some(""), _) => Err(invalid(format!(
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: {name}"
        ))),
        (Some(text), _) => Ok(KeyPart::Text(text.to_owned())),
        (None, Some(number)) => Ok(KeyPart::Number(number)),
        (None, None) => Err(invalid(format!(
            "the key {name} is neither a text nor a number"
        ))),
    }
}

/// The name of a table that was given by name or ARN.
fn name_of(given: &str) -> &str {
    given.rsplit_once(":table/").map_or(given, |(_, name)| name)
}

fn missing() -> Fault {
    Fault::client("ResourceNotFoundException", "Requested resource not found")
}

fn table_of<'a>(world: &'a World, input: &Value) -> Result<&'a Table, Fault> {
    let name = name_of(input["TableName"].as_str().unwrap_or_default());
    world.dynamodb.tables.get(name).ok_or_else(missing)
}

/// Keeps an item, and says in the journal who wrote it.
fn keep(world: &mut World, by: &Actor, table: &str, key: Key, item: Item) {
    let gone_at = vanishing(world, table, &item);
    world.note(by, format!("{}/{}", arn(table), key.text()), What::Written);
    if let Some(table) = world.dynamodb.tables.get_mut(table) {
        table.rows.insert(key, Row { item, gone_at });
    }
}

fn forget(world: &mut World, by: &Actor, table: &str, key: &Key) {
    let rows = world
        .dynamodb
        .tables
        .get_mut(table)
        .map(|table| &mut table.rows);
    if rows.and_then(|rows| rows.remove(key)).is_some() {
        world.note(by, format!("{}/{}", arn(table), key.text()), What::Deleted);
    }
}

// Within a few days, typically 48 hours, after the time; never when that lies over five years back.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
fn vanishing(world: &mut World, table: &str, item: &Item) -> Option<Timestamp> {
    const FIVE_YEARS: i64 = 5 * 365 * 86_400;
    let attribute = world.dynamodb.tables.get(table)?.ttl.as_ref()?;
    let second: i64 = item.get(attribute)?.get("N")?.as_str()?.parse().ok()?;
    if second < world.now.as_second() - FIVE_YEARS {
        return None;
    }
    let expired = Timestamp::from_second(second).ok()?.max(world.now);
    let late = SignedDuration::from_secs(world.random.i64(0..=48 * 3600));
    expired.checked_add(late).ok()
}

impl Service for DynamoDbService {
    fn name(&self) -> &'static str {
        "dynamodb"
    }

    fn protocol(&self) -> Protocol {
        Protocol::Json {
            target: "DynamoDB_20120810",
            version: "1.0",
        }
    }

    // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
    fn throttled(&self) -> Fault {
        Fault::client(
            "ThrottlingException",
            "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or index so please try again shortly.",
        )
    }

    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
    fn demands(&self, _world: &World, call: &Call) -> Vec<Demand> {
        let demand = |action: &str, table: &str| {
            Demand::new(
                format!("dynamodb:{action}"),
                arn(name_of(table)),
                &Tags::new(),
            )
        };
        match call.operation.as_str() {
            "ListTables" => vec![Demand::new("dynamodb:ListTables", "*", &Tags::new())],
            "BatchGetItem" | "BatchWriteItem" => {
                let tables = call.input["RequestItems"].as_object().into_iter().flatten();
                tables
                    .map(|(table, _)| demand(&call.operation, table))
                    .collect()
            }
            "TransactWriteItems" => many::actions(call)
                .map(|(verb, action)| {
                    let action_name = match verb {
                        "ConditionCheck" => "ConditionCheckItem".to_owned(),
                        verb => format!("{verb}Item"),
                    };
                    demand(
                        &action_name,
                        action["TableName"].as_str().unwrap_or_default(),
                    )
                })
                .collect(),
            operation => vec![demand(
                operation,
                call.text("TableName").unwrap_or_default(),
            )],
        }
    }

    fn answer(&self, world: &mut World, call: &Call) -> Outcome {
        expression::no_legacy(call)?;
        match call.operation.as_str() {
            "CreateTable" => create(world, call),
            "DescribeTable" => {
                let table = table_of(world, &call.input)?;
                Ok(json!({ "Table": table.described("ACTIVE") }))
            }
            "DeleteTable" => delete(world, call),
            "ListTables" => {
                let names: Vec<&String> = world.dynamodb.tables.keys().collect();
                Ok(json!({ "TableNames": names }))
            }
            "UpdateTimeToLive" => update_ttl(world, call),
            "DescribeTimeToLive" => {
                let ttl = &table_of(world, &call.input)?.ttl;
                Ok(json!({ "TimeToLiveDescription": match ttl {
                    Some(name) => json!({ "TimeToLiveStatus": "ENABLED", "AttributeName": name }),
                    None => json!({ "TimeToLiveStatus": "DISABLED" }),
                } }))
            }
            "GetItem" => items::get(world, call),
            "PutItem" => items::put(world, call),
            "UpdateItem" => items::update(world, call),
            "DeleteItem" => items::delete(world, call),
            "Query" => query::query(world, call),
            "Scan" => query::scan(world, call),
            "BatchGetItem" => many::batch_get(world, call),
            "BatchWriteItem" => many::batch_write(world, call),
            "TransactWriteItems" => many::transact_write(world, call),
            _ => Err(unknown_operation(self, call)),
        }
    }
}

fn create(world: &mut World, call: &Call) -> Outcome {
    let name = call.text("TableName").unwrap_or_default().to_owned();
    if world.dynamodb.tables.contains_key(&name) {
        return Err(Fault::client(
            "ResourceInUseException",
            format!("Table already exists: {name}"),
        ));
    }
    let key = |kind: &str| {
        let list = |name: &str| call.input[name].as_array().into_iter().flatten();
        let mut schema = list("KeySchema");
        let key = schema.find(|key| key["KeyType"] == kind)?["AttributeName"].as_str()?;
        let mut kinds = list("AttributeDefinitions");
        let kind = kinds.find(|kind| kind["AttributeName"] == key)?["AttributeType"].as_str()?;
        Some(KeyName {
            name: key.to_owned(),
            kind: kind.to_owned(),
        })
    };
    let Some(hash) = key("HASH") else {
        return Err(invalid(
            "No Hash Key specified in schema.  All Dynamo DB tables must have exactly one hash key",
        ));
    };
    let range = key("RANGE");
    if [Some(&hash), range.as_ref()]
        .into_iter()
        .flatten()
        .any(|key| key.kind == "B")
    {
        return Err(invalid("the simulated cloud does not know binary keys"));
    }
    let table = Table {
        name: name.clone(),
        created: world.now,
        hash,
        range,
        ttl: None,
        protected: call.truth("DeletionProtectionEnabled").unwrap_or(false),
        rows: BTreeMap::new(),
    };
    world.note(&call.actor, arn(&name), What::Created);
    let answer = json!({ "TableDescription": table.described("CREATING") });
    world.dynamodb.tables.insert(name, table);
    Ok(answer)
}

fn delete(world: &mut World, call: &Call) -> Outcome {
    let table = table_of(world, &call.input)?;
    let name = table.name.clone();
    // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithTables.Basics.html
    if table.protected {
        return Err(invalid(format!(
            "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first. {name}"
        )));
    }
    let answer = json!({ "TableDescription": table.described("DELETING") });
    world.dynamodb.tables.remove(&name);
    world.note(&call.actor, arn(&name), What::Deleted);
    Ok(answer)
}

fn update_ttl(world: &mut World, call: &Call) -> Outcome {
    let specification = &call.input["TimeToLiveSpecification"];
    let attribute = specification["AttributeName"]
        .as_str()
        .map(ToOwned::to_owned);
    let enabled = specification["Enabled"].as_bool().unwrap_or(false);
    let name = name_of(call.text("TableName").unwrap_or_default());
    let table = world.dynamodb.tables.get_mut(name).ok_or_else(missing)?;
    if enabled == table.ttl.is_some() {
        let state = if enabled { "enabled" } else { "disabled" };
        return Err(invalid(format!("TimeToLive is already {state}")));
    }
    table.ttl = attribute.filter(|_| enabled);
    Ok(json!({ "TimeToLiveSpecification": specification }))
}

#[cfg(test)]
mod tests;
