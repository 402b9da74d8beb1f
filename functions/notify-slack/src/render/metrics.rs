//! The metrics that people have names for, what their figures count, and whether users feel them.
//! Any other keeps its own name.

use super::figures::Quantity;
use crate::signal::Metric;

/// How users feel it when such a metric is across its threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Felt {
    /// They get errors.
    Errors,
    /// They wait.
    Slow,
    /// Less is there to serve them.
    Capacity,
}

/// Each metric: where it is found, as what, what it counts.
macro_rules! metrics {
    ($($known:ident: $namespace:literal $name:literal $quantity:expr;)+) => {
        /// A metric that people have a name for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Known { $($known,)+ }

        impl Known {
            /// All of them.
            #[cfg(test)]
            pub(super) const ALL: &[Self] = &[$(Self::$known,)+];

            /// What its figures count, where the metric does not name a unit.
            pub(super) fn quantity(self) -> Quantity {
                match self { $(Self::$known => $quantity,)+ }
            }
        }

        /// The metric, if people have a name for it.
        pub(super) fn known(metric: &Metric) -> Option<Known> {
            $(
                if metric.name == $name && ($namespace.is_empty() || metric.namespace == $namespace) {
                    return Some(Known::$known);
                }
            )+
            None
        }
    };
}

// An empty namespace stands for any: the same name means the same wherever AWS uses it.
metrics! {
    Cpu: "" "CPUUtilization" Quantity::Percent;
    Memory: "" "MemoryUtilization" Quantity::Percent;
    CpuReserved: "AWS/ECS" "CPUReservation" Quantity::Percent;
    MemoryReserved: "AWS/ECS" "MemoryReservation" Quantity::Percent;
    RunningTasks: "ECS/ContainerInsights" "RunningTaskCount" Quantity::Bare;
    PendingTasks: "ECS/ContainerInsights" "PendingTaskCount" Quantity::Bare;
    Restarts: "ECS/ContainerInsights" "RestartCount" Quantity::Bare;
    Target5xx: "" "HTTPCode_Target_5XX_Count" Quantity::Bare;
    Target4xx: "" "HTTPCode_Target_4XX_Count" Quantity::Bare;
    Elb5xx: "" "HTTPCode_ELB_5XX_Count" Quantity::Bare;
    Elb4xx: "" "HTTPCode_ELB_4XX_Count" Quantity::Bare;
    ResponseTime: "" "TargetResponseTime" Quantity::Time(1.0);
    UnhealthyHosts: "" "UnHealthyHostCount" Quantity::Bare;
    HealthyHosts: "" "HealthyHostCount" Quantity::Bare;
    Requests: "" "RequestCount" Quantity::Bare;
    RequestsEach: "" "RequestCountPerTarget" Quantity::Bare;
    RejectedConnections: "" "RejectedConnectionCount" Quantity::Bare;
    TargetConnectionErrors: "" "TargetConnectionErrorCount" Quantity::Bare;
    ActiveConnections: "" "ActiveConnectionCount" Quantity::Bare;
    DatabaseConnections: "" "DatabaseConnections" Quantity::Bare;
    FreeStorage: "" "FreeStorageSpace" Quantity::Bytes(1.0, "");
    FreeLocalStorage: "" "FreeLocalStorage" Quantity::Bytes(1.0, "");
    FreeMemory: "" "FreeableMemory" Quantity::Bytes(1.0, "");
    Swap: "" "SwapUsage" Quantity::Bytes(1.0, "");
    VolumeUsed: "" "VolumeBytesUsed" Quantity::Bytes(1.0, "");
    Capacity: "" "ServerlessDatabaseCapacity" Quantity::Of("ACU");
    CapacityUsed: "" "ACUUtilization" Quantity::Percent;
    ReadLatency: "" "ReadLatency" Quantity::Time(1.0);
    WriteLatency: "" "WriteLatency" Quantity::Time(1.0);
    CommitLatency: "" "CommitLatency" Quantity::Time(1e-3);
    DiskQueue: "" "DiskQueueDepth" Quantity::Bare;
    ReplicaLag: "" "ReplicaLag" Quantity::Time(1.0);
    AuroraReplicaLag: "" "AuroraReplicaLag" Quantity::Time(1e-3);
    Deadlocks: "" "Deadlocks" Quantity::Bare;
    TransactionIds: "" "MaximumUsedTransactionIDs" Quantity::Bare;
    Burst: "" "BurstBalance" Quantity::Percent;
    CpuCredits: "" "CPUCreditBalance" Quantity::Bare;
    EngineCpu: "" "EngineCPUUtilization" Quantity::Percent;
    CacheMemory: "" "DatabaseMemoryUsagePercentage" Quantity::Percent;
    CacheConnections: "" "CurrConnections" Quantity::Bare;
    Evictions: "" "Evictions" Quantity::Bare;
    FunctionErrors: "AWS/Lambda" "Errors" Quantity::Bare;
    FunctionThrottles: "AWS/Lambda" "Throttles" Quantity::Bare;
    FunctionDuration: "AWS/Lambda" "Duration" Quantity::Time(1e-3);
    FunctionInvocations: "AWS/Lambda" "Invocations" Quantity::Bare;
    FunctionConcurrency: "AWS/Lambda" "ConcurrentExecutions" Quantity::Bare;
    MessagesWaiting: "" "ApproximateNumberOfMessagesVisible" Quantity::Bare;
    OldestMessage: "" "ApproximateAgeOfOldestMessage" Quantity::Time(1.0);
    DeliveriesFailed: "" "NumberOfNotificationsFailed" Quantity::Bare;
    Gateway5xx: "AWS/ApiGateway" "5XXError" Quantity::Bare;
    Gateway4xx: "AWS/ApiGateway" "4XXError" Quantity::Bare;
    GatewayLatency: "AWS/ApiGateway" "Latency" Quantity::Time(1e-3);
    StatusCheck: "" "StatusCheckFailed" Quantity::Bare;
    PortsExhausted: "" "ErrorPortAllocation" Quantity::Bare;
    Charges: "AWS/Billing" "EstimatedCharges" Quantity::Bare;
    NetworkIn: "" "NetworkIn" Quantity::Bytes(1.0, "");
    NetworkOut: "" "NetworkOut" Quantity::Bytes(1.0, "");
}

impl Known {
    /// Whether users feel it.
    pub(super) fn felt(self) -> Option<Felt> {
        match self {
            Self::Target5xx
            | Self::Elb5xx
            | Self::RejectedConnections
            | Self::TargetConnectionErrors
            | Self::Gateway5xx => Some(Felt::Errors),
            Self::ResponseTime | Self::GatewayLatency => Some(Felt::Slow),
            Self::UnhealthyHosts | Self::HealthyHosts => Some(Felt::Capacity),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_common_is_known_in_its_own_namespace_only() {
        let metric = |namespace: &str, name: &str| Metric {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            ..Metric::default()
        };
        for (namespace, name, wanted) in [
            ("AWS/Lambda", "Errors", Some(Known::FunctionErrors)),
            ("Shop", "Errors", None),
            ("AWS/ECS", "CPUUtilization", Some(Known::Cpu)),
            ("Shop", "CPUUtilization", Some(Known::Cpu)),
            ("AWS/ECS", "cpuutilization", None),
        ] {
            assert_eq!(known(&metric(namespace, name)), wanted);
        }
    }
}
