//! The handler with its real clients, between the simulated cloud and a Slack on loopback.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_http_client::Builder;
use aws_types::{SdkConfig, region::Region};
use jiff::{SignedDuration, Timestamp};
use nightshift::{
    aws,
    clock::Clock,
    lambda::{Failed, Invocation},
    ledger::{EstateRecord, Phase},
};
use nightshift_cloud::{
    call::{Actor, Fault},
    front::{Front, Options, Stack, serve},
    policy::{Effect, Statement},
    services::{
        cloudwatch::{self, SERVICE as CLOUDWATCH},
        dynamodb, ssm,
    },
    world::{ACCOUNT, REGION, World},
};
use nightshift_slack::{Message, Slack};
use notify_slack::{
    context::{Function, Settings},
    handle::handle,
    slack::Host,
};
use serde_json::{Value, json};
use tokio::time::Instant;

const TABLE: &str = Stack::TABLE;
/// What is deployed.
pub(crate) const TEMPLATE: &str = include_str!("../../../../template.yaml");

const COMPANY: &str = "
version: 1
time_zone: Asia/Tokyo
slack: { channel: '#ops', alert_channel: '#alerts', mention: S0123456789 }
calendars: { business: { hours: { monday-friday: '09:00-19:00' } } }
";
/// The document of the estate that sleeps.
pub(crate) const STAGING: &str = "
version: 1
sleep: { calendar: business, cluster: staging, databases: [staging-db] }
";

/// All of it.
pub(crate) struct Stage {
    pub(crate) front: Front,
    pub(crate) slack: Slack,
    function: Arc<Function>,
}

/// By which way messages go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    App,
    Webhook,
}

/// How an action of AWS's fails.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spoilt {
    /// With a status and a code.
    Broken(u16, &'static str),
    /// By the function's role.
    Forbidden,
}

impl Stage {
    pub(crate) async fn set(by: By) -> Result<Self> {
        Self::with_lease(by, SignedDuration::from_secs(30)).await
    }

    /// With another time for which whoever sends may be silent.
    pub(crate) async fn with_lease(by: By, lease: SignedDuration) -> Result<Self> {
        let slack = Slack::start().await?;
        let now = Clock::system().now();
        let mut world = World::new(now, 1);
        world.throttles = false;
        // With the role that the template gives it, so that a call that it does not allow fails.
        Stack::read(TEMPLATE, "notify-slack")?.deploy(&mut world);
        let secret = match by {
            By::App => ("/nightshift/slack/token", slack.token()),
            By::Webhook => ("/nightshift/slack/webhook", slack.webhook("ops")),
        };
        let documents = [
            ("/nightshift/company", COMPANY.to_owned()),
            ("/nightshift/estates/staging", STAGING.to_owned()),
            secret,
        ];
        for (name, text) in documents {
            put(&mut world, name, &text)?;
        }
        let front = serve(world, Options::default()).await?;
        let credentials = Credentials::new("function.notify-slack", "s", None, None, "test");
        let mut config = aws::tuned(SdkConfig::builder())
            .region(Region::new(REGION))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .endpoint_url(format!("http://{}", front.address));
        config.set_http_client(Some(Builder::new().build_http()));
        let settings = Settings {
            table: TABLE.to_owned(),
            may_play: true,
            prefix: "/nightshift".to_owned(),
            function_name: "nightshift-notify-slack".to_owned(),
            region: REGION.to_owned(),
            lease,
        };
        let host = Host::Local(slack.url());
        let function = Function::new(config.build(), aws::connector(), host, settings);
        Ok(Self {
            front,
            slack,
            function: Arc::new(function),
        })
    }

    /// One invocation, as Lambda makes it.
    pub(crate) async fn invoke(&self, id: &str, payload: Value) -> Result<Value, Failed> {
        self.invoke_for(Duration::from_mins(1), id, payload).await
    }

    pub(crate) async fn invoke_for(
        &self,
        time: Duration,
        id: &str,
        payload: Value,
    ) -> Result<Value, Failed> {
        let invocation = Invocation {
            payload,
            id: id.to_owned(),
            clock: Clock::system(),
            deadline: Instant::now() + time,
            account: ACCOUNT.to_owned(),
        };
        handle(&self.function, invocation).await
    }

    /// Writes a parameter as a person does.
    pub(crate) fn put(&self, name: &str, text: &str) -> Result<()> {
        self.front.with(|world| put(world, name, text))
    }

    /// Lets the estate be in a phase since an instant, as power-staging notes it.
    pub(crate) fn phase(&self, phase: Phase, since: Timestamp) -> Result<()> {
        let record = EstateRecord {
            phase,
            ..EstateRecord::new(since)
        };
        let item = json!({
            "pk": { "S": "ledger" },
            "sk": { "S": "estate/staging" },
            "version": { "N": "1" },
            "phase": { "S": serde_json::to_value(record.phase)? },
            "since": { "S": since.to_string() },
            "revision": { "N": "1" },
        });
        let item = item.as_object().context("an object")?.clone();
        self.front.with(|world| {
            let done = dynamodb::put(world, &Actor::Person, TABLE, &item);
            done.map_err(|fault| anyhow::anyhow!("{}", fault.message))
        })
    }

    /// Lets explain-rollback know a service by its deployment group, as it writes that down.
    pub(crate) fn explained(&self, application: &str, group: &str) -> Result<()> {
        let arn = "arn:aws:ecs:ap-northeast-1:123456789012:service/point/app";
        let item = json!({
            "pk": { "S": "ledger" },
            "sk": { "S": format!("rollout/resource/{arn}") },
            "version": { "N": "1" },
            "arn": { "S": arn },
            "estate": { "S": "point-app" },
            "deployment_group": { "M": {
                "application": { "S": application },
                "group": { "S": group },
            } },
            "revision": { "N": "1" },
        });
        let item = item.as_object().context("an object")?.clone();
        self.front.with(|world| {
            let done = dynamodb::put(world, &Actor::Person, TABLE, &item);
            done.map_err(|fault| anyhow::anyhow!("{}", fault.message))
        })
    }

    /// Lets CloudWatch know an alarm, in a state; of a composite alarm, the rule.
    pub(crate) fn know(&self, name: &str, state: &str, rule: Option<&str>) -> Result<()> {
        let (operation, alarm) = match rule {
            Some(rule) => (
                "PutCompositeAlarm",
                json!({ "AlarmName": name, "AlarmRule": rule }),
            ),
            None => (
                "PutMetricAlarm",
                json!({
                    "AlarmName": name, "Namespace": "AWS/ECS", "MetricName": "CPUUtilization",
                    "Statistic": "Average", "Period": 60, "EvaluationPeriods": 3, "Threshold": 80,
                    "ComparisonOperator": "GreaterThanThreshold",
                }),
            ),
        };
        let state = json!({ "AlarmName": name, "StateValue": state, "StateReason": "said so" });
        self.front.with(|world| {
            for (operation, input) in [(operation, alarm), ("SetAlarmState", state)] {
                let done = world.ask(&CLOUDWATCH, Actor::Person, operation, input);
                done.map_err(|fault| anyhow::anyhow!("{operation}: {}", fault.message))?;
            }
            Ok(())
        })
    }

    /// Lets an action fail, until [`Stage::mend`].
    pub(crate) fn spoil(&self, action: &str, how: Spoilt) {
        self.front.with(|world| match how {
            Spoilt::Broken(status, code) => {
                let fault = Fault::with_status(status, code, "try again");
                world.broken.insert(action.to_owned(), fault);
            }
            Spoilt::Forbidden => {
                for role in world.roles.values_mut() {
                    role.statements.push(Statement {
                        sid: "forbidden".to_owned(),
                        effect: Effect::Deny,
                        actions: vec![action.to_owned()],
                        resources: vec!["*".to_owned()],
                        conditions: Vec::new(),
                    });
                }
            }
        });
    }

    /// Nothing of AWS's fails any more.
    pub(crate) fn mend(&self) {
        self.front.with(|world| {
            world.broken.clear();
            for role in world.roles.values_mut() {
                role.statements.retain(|one| one.effect == Effect::Allow);
            }
        });
    }

    /// How often an action was called, also in vain.
    pub(crate) fn calls(&self, action: &str) -> usize {
        self.front.with(|world| {
            let calls = world.calls.iter();
            calls.filter(|call| call.action == action).count()
        })
    }

    /// The items of the table whose partition is this one.
    pub(crate) fn items(&self, partition: &str) -> Vec<Value> {
        let all = self.front.with(|world| dynamodb::items(world, TABLE));
        all.into_iter()
            .filter(|item| item["pk"]["S"] == partition)
            .map(Value::Object)
            .collect()
    }

    /// Every message of both channels, and every answer, as people read them.
    pub(crate) fn read(&self) -> Vec<String> {
        ["ops", "alerts"]
            .into_iter()
            .flat_map(|channel| self.slack.messages(channel))
            .map(|message: Message| message.as_read())
            .collect()
    }

    /// How many messages and answers name something.
    pub(crate) fn naming(&self, name: &str) -> usize {
        self.read()
            .iter()
            .filter(|text| text.contains(name))
            .count()
    }
}

fn put(world: &mut World, name: &str, text: &str) -> Result<()> {
    ssm::put(world, &Actor::Person, name, text)
        .map_err(|fault| anyhow::anyhow!("{name}: {}", fault.message))
}

/// An alarm of nobody's estate, as EventBridge brings it.
pub(crate) fn alarm(name: &str, state: &str, at: &str) -> Value {
    json!({
        "version": "0",
        "id": format!("{name}-{state}-{at}"),
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": ACCOUNT,
        "time": at,
        "region": REGION,
        "resources": [cloudwatch::arn(name)],
        "detail": {
            "alarmName": name,
            "state": { "value": state, "reason": "Threshold Crossed", "timestamp": at },
            "previousState": { "value": "OK", "reason": "", "timestamp": at },
            "configuration": { "metrics": [{
                "id": "m1", "returnData": true,
                "metricStat": {
                    "metric": {
                        "namespace": "AWS/ECS", "name": "CPUUtilization",
                        "dimensions": { "ClusterName": "shop", "ServiceName": name },
                    },
                    "period": 60, "stat": "Average",
                },
            }] },
        },
    })
}

/// An alarm of staging's, which sleeps.
pub(crate) fn of_staging(name: &str, at: Timestamp) -> Value {
    let mut event = alarm(name, "ALARM", &at.to_string());
    event["detail"]["configuration"]["metrics"][0]["metricStat"]["metric"]["dimensions"] =
        json!({ "ClusterName": "staging", "ServiceName": "api" });
    event
}

/// The same by SNS.
pub(crate) fn by_sns(message_id: &str, event: &Value) -> Value {
    let detail = &event["detail"];
    let message = json!({
        "AlarmName": detail["alarmName"],
        "AlarmArn": event["resources"][0],
        "AWSAccountId": ACCOUNT,
        "NewStateValue": detail["state"]["value"],
        "NewStateReason": detail["state"]["reason"],
        "StateChangeTime": detail["state"]["timestamp"],
        "OldStateValue": "OK",
    });
    json!({ "Records": [{
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": "arn:aws:sns:ap-northeast-1:123456789012:alarms:1",
        "Sns": {
            "Type": "Notification",
            "MessageId": message_id,
            "TopicArn": "arn:aws:sns:ap-northeast-1:123456789012:alarms",
            "Subject": "ALARM",
            "Message": message.to_string(),
            "Timestamp": "2026-11-20T10:00:00.000Z",
        },
    }] })
}
