//! Events of AWS services in English.

use super::English;
use crate::{render::words::Events, signal::Stage};

impl Events for English {
    fn deployment(&self, stage: Stage, service: &str) -> String {
        match stage {
            Stage::Begun => format!("deployment of {service} started"),
            Stage::RollingBack => format!("{service} is being rolled back"),
            Stage::Completed => format!("deployment of {service} is complete"),
            Stage::Failed => format!("deployment of {service} failed"),
        }
    }

    fn service(&self, name: &str, service: &str) -> Option<String> {
        Some(match name {
            "SERVICE_STEADY_STATE" | "TASKSET_STEADY_STATE" | "CAPACITY_PROVIDER_STEADY_STATE" => {
                format!("{service} is steady")
            }
            "SERVICE_TASK_START_IMPAIRED" => format!("tasks of {service} keep failing to start"),
            "SERVICE_TASK_PLACEMENT_FAILURE" => format!("ECS cannot place tasks of {service}"),
            "SERVICE_TASK_CONFIGURATION_FAILURE" => {
                format!("ECS cannot start tasks of {service} as they are configured")
            }
            "SERVICE_DAEMON_PLACEMENT_CONSTRAINT_VIOLATED" => {
                format!("tasks of {service} break their own placement constraint")
            }
            "ECS_OPERATION_THROTTLED" => format!("AWS throttles ECS at its work on {service}"),
            "SERVICE_DISCOVERY_OPERATION_THROTTLED" => {
                format!("AWS throttles service discovery for {service}")
            }
            "SERVICE_DISCOVERY_INSTANCE_UNHEALTHY" => {
                format!("a task of {service} is unhealthy (service discovery)")
            }
            "VPC_LATTICE_TARGET_UNHEALTHY" => {
                format!("a task of {service} is unhealthy (VPC Lattice)")
            }
            "SERVICE_DESIRED_COUNT_UPDATED" => format!("ECS changed the task count of {service}"),
            "TASKS_STOPPED" => format!("ECS stopped tasks of {service}"),
            "SERVICE_HEALTH_UNKNOWN" => format!("the health of {service} is unknown"),
            "SERVICE_DEPLOYMENT_IN_PROGRESS" => self.deployment(Stage::Begun, service),
            "SERVICE_DEPLOYMENT_COMPLETED" => self.deployment(Stage::Completed, service),
            "SERVICE_DEPLOYMENT_FAILED" => self.deployment(Stage::Failed, service),
            _ => return None,
        })
    }

    fn service_other(&self, name: &str, service: &str) -> String {
        format!("{service}: {name}")
    }

    fn service_reason(&self, reason: &str) -> Option<&'static str> {
        match reason {
            "RESOURCE:FARGATE" => Some(
                "There is no Fargate capacity for them: AWS has none left there, or the account's quota is used up. ECS keeps trying.",
            ),
            "RESOURCE:CPU" => Some("No container instance has enough CPU left. ECS keeps trying."),
            "RESOURCE:MEMORY" => {
                Some("No container instance has enough memory left. ECS keeps trying.")
            }
            "RESOURCE:ENI" => {
                Some("No container instance has a network interface left. ECS keeps trying.")
            }
            "AGENT" => Some("The agent of a container instance is not connected."),
            _ => None,
        }
    }

    fn task(&self, whose: &str, exit: Option<i64>, out_of_memory: bool) -> String {
        match (out_of_memory, exit) {
            (true, _) => format!("a task of {whose} ran out of memory"),
            (false, Some(exit)) => format!("a task of {whose} stopped with exit code {exit}"),
            (false, None) => format!("a task of {whose} stopped"),
        }
    }

    fn task_unstarted(&self, whose: &str) -> String {
        format!("a task of {whose} could not be started")
    }

    fn stop_code(&self, code: &str) -> Option<&'static str> {
        Some(match code {
            "TaskFailedToStart" => "It never ran.",
            "EssentialContainerExited" => "A container ended that the task cannot do without.",
            "UserInitiated" => "A person or a tool stopped it.",
            "ServiceSchedulerInitiated" => {
                "ECS stopped it: for a deployment, for scaling, or because it was unhealthy."
            }
            "SpotInterruption" => "AWS took its Spot capacity back.",
            "TerminationNotice" => "AWS took its host away.",
            "InfrastructureHealth" => "Its host was unhealthy.",
            _ => return None,
        })
    }

    fn exit_code(&self, code: i64) -> Option<&'static str> {
        Some(match code {
            0 => "ended by itself, without an error",
            1 | 255 => "the application ended with an error",
            126 => "the command cannot be run",
            127 => "the command was not found",
            134 => "aborted (SIGABRT)",
            137 => "killed (SIGKILL): out of memory, or too slow to stop",
            139 => "crashed (SIGSEGV)",
            143 => "asked to stop (SIGTERM)",
            _ => return None,
        })
    }

    fn out_of_memory(&self) -> &'static str {
        "out of memory"
    }

    fn exited(&self, exit: Option<i64>) -> String {
        exit.map_or_else(
            || "never ran".to_owned(),
            |exit| format!("exit code {exit}"),
        )
    }

    fn database(&self, id: &str, name: &str) -> Option<String> {
        Some(match id {
            "RDS-EVENT-0004" => format!("{name} was shut down"),
            "RDS-EVENT-0006" => format!("{name} was restarted"),
            "RDS-EVENT-0016" => format!("the master password of {name} was reset"),
            "RDS-EVENT-0049" => format!("{name} failed over to its standby"),
            "RDS-EVENT-0069" => format!("the failover of {name} failed"),
            "RDS-EVENT-0070" => format!("{name} goes back to its former primary"),
            "RDS-EVENT-0071" => format!("{name} failed over"),
            "RDS-EVENT-0072" | "RDS-EVENT-0073" => format!("{name} is failing over"),
            "RDS-EVENT-0087" | "RDS-EVENT-0150" => format!("{name} is stopped"),
            "RDS-EVENT-0088" | "RDS-EVENT-0151" => format!("{name} is started"),
            "RDS-EVENT-0152" => format!("{name} could not be stopped"),
            "RDS-EVENT-0153" | "RDS-EVENT-0154" => {
                format!("AWS starts {name}: it was stopped for seven days")
            }
            "RDS-EVENT-0173" => format!("{name} was patched"),
            _ => return None,
        })
    }

    fn database_other(&self, category: &str, name: &str) -> String {
        let what = match category {
            "availability" => "its availability changed",
            "backup" => "backup",
            "configuration change" => "its configuration changed",
            "creation" => "it was created",
            "deletion" => "it was deleted",
            "failover" => "failover",
            "failure" => "a failure",
            "low storage" => "storage runs low",
            "maintenance" => "maintenance",
            "read replica" => "its replication changed",
            "recovery" => "recovery",
            "restoration" => "it is restored",
            "security" | "security patching" => "a security patch",
            _ => "news from RDS",
        };
        format!("{name}: {what}")
    }

    fn code_deploy(&self, state: &str, application: &str) -> String {
        match state {
            "START" => format!("deployment of {application} started (CodeDeploy)"),
            "SUCCESS" => format!("deployment of {application} is complete (CodeDeploy)"),
            "FAILURE" => format!("deployment of {application} failed (CodeDeploy)"),
            "STOP" => format!("deployment of {application} was stopped (CodeDeploy)"),
            "READY" => {
                format!("deployment of {application} is ready to take the traffic (CodeDeploy)")
            }
            other => format!("deployment of {application}: {other} (CodeDeploy)"),
        }
    }

    fn health(&self, category: &str, service: &str, closed: bool) -> String {
        match (category, closed) {
            ("issue", false) => format!("AWS has trouble with {service}"),
            ("issue", true) => format!("AWS has mended its trouble with {service}"),
            ("scheduledChange", false) => format!("AWS plans a change to {service}"),
            ("scheduledChange", true) => format!("AWS's planned change to {service} is done"),
            ("investigation", false) => format!("AWS looks into {service}"),
            ("investigation", true) => format!("AWS has looked into {service}"),
            _ => format!("a notice of AWS about {service}"),
        }
    }

    fn budget(&self, name: &str, forecast: bool) -> String {
        if forecast {
            format!("budget {name} is forecast to go past its threshold")
        } else {
            format!("budget {name} is past its threshold")
        }
    }
}
