//! Names, times and figures in English.

use nightshift::report::text::clock::Clock;

use super::English;
use crate::{
    render::{
        metrics::Known,
        time::{Unit, parts},
        words::{Label, Names, Place},
    },
    signal::AlarmState,
};

impl Names for English {
    fn clock(&self, clock: Clock) -> String {
        clock.in_english()
    }

    fn span(&self, from: &str, to: &str) -> String {
        format!("{from}–{to}")
    }

    fn lasted(&self, seconds: i64) -> String {
        let told: Vec<String> = parts(seconds)
            .into_iter()
            .map(|(number, unit)| {
                let unit = match unit {
                    Unit::Day => "d",
                    Unit::Hour => "h",
                    Unit::Minute => "min",
                    Unit::Second => "s",
                };
                format!("{number} {unit}")
            })
            .collect();
        told.join(" ")
    }

    fn percent(&self, number: &str) -> String {
        format!("{number} %")
    }

    fn label(&self, label: Label) -> &'static str {
        match label {
            Label::Affected => "Affected",
            Label::Alarm => "Alarm",
            Label::Amount => "Amount",
            Label::Application => "Application",
            Label::Budget => "Budget",
            Label::Budgeted => "Budgeted",
            Label::Bucket => "Bucket",
            Label::Cache => "Cache",
            Label::Cluster => "Cluster",
            Label::Code => "Code",
            Label::Database => "Database",
            Label::DatabaseCluster => "Database cluster",
            Label::Deployment => "Deployment",
            Label::DeploymentGroup => "Deployment group",
            Label::Ends => "Ends",
            Label::Event => "Event",
            Label::Function => "Function",
            Label::Instance => "Instance",
            Label::LoadBalancer => "Load balancer",
            Label::NatGateway => "NAT gateway",
            Label::OkSince => "OK since",
            Label::Queue => "Queue",
            Label::Rang => "Rang",
            Label::Rule => "Rule",
            Label::Service => "Service",
            Label::Since => "Since",
            Label::Source => "Source",
            Label::Starts => "Starts",
            Label::Table => "Table",
            Label::TargetGroup => "Target group",
            Label::Task => "Task",
            Label::Threshold => "Threshold",
            Label::Topic => "Topic",
            Label::When => "When",
            Label::Zone => "Availability Zone",
        }
    }

    fn place(&self, place: Place) -> &'static str {
        match place {
            Place::Alarm => "Alarm",
            Place::Alarms => "All alarms that ring",
            Place::Budgets => "Budgets",
            Place::Database => "Database",
            Place::Deployment => "Deployment",
            Place::Function => "Function",
            Place::Health => "Health dashboard",
            Place::LoadBalancer => "Load balancer",
            Place::Logs => "Logs",
            Place::Metric => "Metric",
            Place::Rest => "All of it",
            Place::Runbook => "📖 Runbook",
            Place::Service => "Service",
            Place::TargetGroup => "Target group",
            Place::Task => "Task",
        }
    }

    fn metric(&self, known: Known) -> &'static str {
        match known {
            Known::Cpu => "CPU",
            Known::Memory => "memory",
            Known::CpuReserved => "reserved CPU",
            Known::MemoryReserved => "reserved memory",
            Known::RunningTasks => "running tasks",
            Known::PendingTasks => "pending tasks",
            Known::Restarts => "container restarts",
            Known::Target5xx => "target 5xx responses",
            Known::Target4xx => "target 4xx responses",
            Known::Elb5xx => "load balancer 5xx responses",
            Known::Elb4xx => "load balancer 4xx responses",
            Known::ResponseTime => "response time",
            Known::UnhealthyHosts => "unhealthy targets",
            Known::HealthyHosts => "healthy targets",
            Known::Requests => "requests",
            Known::RequestsEach => "requests for each target",
            Known::RejectedConnections => "rejected connections",
            Known::TargetConnectionErrors => "failed connections to targets",
            Known::ActiveConnections => "active connections",
            Known::DatabaseConnections => "database connections",
            Known::FreeStorage => "free storage",
            Known::FreeLocalStorage => "free local storage",
            Known::FreeMemory => "free memory",
            Known::Swap => "swap in use",
            Known::VolumeUsed => "volume in use",
            Known::Capacity => "Aurora capacity",
            Known::CapacityUsed => "Aurora capacity in use",
            Known::ReadLatency => "read latency",
            Known::WriteLatency => "write latency",
            Known::CommitLatency => "commit latency",
            Known::DiskQueue => "disk queue",
            Known::ReplicaLag | Known::AuroraReplicaLag => "replica lag",
            Known::Deadlocks => "deadlocks",
            Known::TransactionIds => "transaction IDs in use",
            Known::Burst => "I/O burst balance",
            Known::CpuCredits => "CPU credits",
            Known::EngineCpu => "engine CPU",
            Known::CacheMemory => "cache memory",
            Known::CacheConnections => "cache connections",
            Known::Evictions => "evictions",
            Known::FunctionErrors => "errors",
            Known::FunctionThrottles => "throttles",
            Known::FunctionDuration => "duration",
            Known::FunctionInvocations => "invocations",
            Known::FunctionConcurrency => "concurrent executions",
            Known::MessagesWaiting => "messages waiting",
            Known::OldestMessage => "age of the oldest message",
            Known::DeliveriesFailed => "failed deliveries",
            Known::Gateway5xx => "5xx responses",
            Known::Gateway4xx => "4xx responses",
            Known::GatewayLatency => "latency",
            Known::StatusCheck => "failed status checks",
            Known::PortsExhausted => "failed port allocations",
            Known::Charges => "estimated charges",
            Known::NetworkIn => "network in",
            Known::NetworkOut => "network out",
        }
    }

    fn percentile(&self, metric: &str, statistic: &str) -> String {
        format!("{statistic} {metric}")
    }

    fn of(&self, what: &str, whose: &str) -> String {
        format!("{what} of {whose}")
    }

    fn statistic(&self, statistic: &str, period: Option<&str>) -> String {
        let statistic = match statistic {
            "Average" => "average",
            "Sum" => "sum",
            "Minimum" => "minimum",
            "Maximum" => "maximum",
            "SampleCount" => "sample count",
            other => other,
        };
        match period {
            Some(period) => format!("{statistic} of {period}"),
            None => statistic.to_owned(),
        }
    }

    fn state(&self, state: AlarmState) -> &'static str {
        match state {
            AlarmState::Alarm => "ALARM",
            AlarmState::Ok => "OK",
            AlarmState::InsufficientData => "too little data",
        }
    }

    fn aside(&self, text: &str) -> String {
        format!(" ({text})")
    }

    fn listed(&self, all: &[String]) -> String {
        all.join(", ")
    }

    fn more(&self, count: usize) -> String {
        format!("and {count} more")
    }

    fn provenance(&self, account: &str, region: &str, function: &str) -> String {
        let account = if account.is_empty() {
            String::new()
        } else {
            format!("account {account}")
        };
        let told: Vec<&str> = [account.as_str(), region, function]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        told.join(" · ")
    }
}
