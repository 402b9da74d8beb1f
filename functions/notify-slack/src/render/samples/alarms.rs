//! Alarms of the estates.

use super::{ACCOUNT, REGION, alarm, metric, test, today, told};
use crate::signal::{Alarm, AlarmState, Child, Comparison, Metric, Rule, Signal, Test};

/// Estate 2: more than 80 % of the CPU of a service.
pub(in crate::render) fn cpu() -> Alarm {
    let metric = metric(
        "AWS/ECS",
        "CPUUtilization",
        &[
            ("ClusterName", "bookmark-manager-production-cluster"),
            ("ServiceName", "bookmark-manager-production-api"),
        ],
    );
    Alarm {
        description: Some("ECS service CPU utilization is above 80%".to_owned()),
        ..alarm(
            "bookmark-manager-production-ecs-api-cpu-high",
            Rule::Metric {
                metric,
                test: test(Comparison::Greater, 80.0, 3),
            },
            &[91.234_567, 88.712, 85.0],
        )
    }
}

pub(super) fn cpu_ok() -> Signal {
    let alarm = Alarm {
        state: AlarmState::Ok,
        previous: Some(AlarmState::Alarm),
        measured: vec![41.3],
        reason: "Threshold Crossed: 1 out of the last 3 datapoints [41.3 (24/11/26 05:13:00)] was not greater than the threshold (80.0) (minimum 1 datapoint for ALARM -> OK transition).".to_owned(),
        ..cpu()
    };
    Signal {
        at: today("14:14"),
        ..told(alarm)
    }
}

fn load_balancer() -> (&'static str, &'static str) {
    (
        "LoadBalancer",
        "app/bookmark-manager-production-alb/50dc6c495c0c9188",
    )
}

pub(super) fn errors() -> Alarm {
    let metric = Metric {
        statistic: "Sum".to_owned(),
        ..metric(
            "AWS/ApplicationELB",
            "HTTPCode_Target_5XX_Count",
            &[load_balancer()],
        )
    };
    alarm(
        "bookmark-manager-production-alb-5xx",
        Rule::Metric {
            metric,
            test: Test {
                periods: Some(5),
                datapoints: Some(3),
                ..test(Comparison::Greater, 5.0, 5)
            },
        },
        &[37.0, 12.0, 0.0, 9.0, 2.0],
    )
}

pub(super) fn connections() -> Alarm {
    let metric = metric(
        "AWS/RDS",
        "DatabaseConnections",
        &[("DBClusterIdentifier", "bookmark-manager-production-aurora")],
    );
    alarm(
        "bookmark-manager-production-aurora-connections",
        Rule::Metric {
            metric: Metric {
                period: Some(300),
                ..metric
            },
            test: test(Comparison::GreaterOrEqual, 400.0, 1),
        },
        &[412.0],
    )
}

pub(super) fn response_time() -> Alarm {
    let metric = Metric {
        statistic: "p99".to_owned(),
        ..metric(
            "AWS/ApplicationELB",
            "TargetResponseTime",
            &[
                load_balancer(),
                (
                    "TargetGroup",
                    "targetgroup/bookmark-manager-production-web/73e2d6bc24d8a067",
                ),
            ],
        )
    };
    alarm(
        "bookmark-manager-production-p99",
        Rule::Metric {
            metric,
            test: test(Comparison::Greater, 1.0, 5),
        },
        &[2.4172, 1.9],
    )
}

pub(super) fn free_storage() -> Alarm {
    let metric = metric(
        "AWS/RDS",
        "FreeStorageSpace",
        &[("DBInstanceIdentifier", "r2e-postgres")],
    );
    alarm(
        "r2e-postgres-storage",
        Rule::Metric {
            metric,
            test: test(Comparison::Less, 2_147_483_648.0, 1),
        },
        &[1_900_000_000.0],
    )
}

pub(super) fn math() -> Alarm {
    let of = |name: &str| Metric {
        statistic: "Sum".to_owned(),
        ..metric("AWS/ApplicationELB", name, &[load_balancer()])
    };
    Alarm {
        description: Some(
            "More than 5% of all requests fail.\nRunbook: https://wiki.example.com/runbooks/alb-5xx?from=alarm&team=web.".to_owned(),
        ),
        ..alarm(
            "bookmark-manager-production-5xx-rate",
            Rule::Math {
                expression: "(m2 + m3) / m1 * 100".to_owned(),
                label: Some("5xx rate".to_owned()),
                metrics: vec![
                    of("RequestCount"),
                    of("HTTPCode_Target_5XX_Count"),
                    of("HTTPCode_ELB_5XX_Count"),
                ],
                test: test(Comparison::Greater, 5.0, 5),
            },
            &[7.345_678, 6.1],
        )
    }
}

pub(super) fn anomaly() -> Alarm {
    let metric = Metric {
        statistic: "Sum".to_owned(),
        period: Some(300),
        ..metric("AWS/ApplicationELB", "RequestCount", &[load_balancer()])
    };
    Alarm {
        reason: "Thresholds Crossed: 2 out of the last 2 datapoints [18.0 (24/11/26 05:00:00), 25.0 (24/11/26 04:55:00)] were less than the lower thresholds [812.3, 807.9] (minimum 2 datapoints for OK -> ALARM transition).".to_owned(),
        ..alarm(
            "bookmark-manager-production-requests-unusual",
            Rule::Anomaly {
                metric,
                width: Some(2.0),
                test: Test {
                    comparison: Some(Comparison::BelowBand),
                    threshold: None,
                    periods: Some(2),
                    datapoints: Some(2),
                },
            },
            &[18.0, 25.0],
        )
    }
}

pub(super) fn composite() -> Alarm {
    let child = |name: &str, state| Child {
        arn: format!("arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"),
        state,
    };
    Alarm {
        description: Some("The shop cannot serve its users.".to_owned()),
        reason: "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:bookmark-manager-production-alb-5xx transitioned to ALARM at Tuesday 24 November, 2026 05:02:31 UTC".to_owned(),
        children: vec![
            child("bookmark-manager-production-alb-5xx", Some(AlarmState::Alarm)),
            child("bookmark-manager-production-p99", Some(AlarmState::Ok)),
            child("bookmark-manager-production-heartbeat", Some(AlarmState::InsufficientData)),
        ],
        ..alarm(
            "bookmark-manager-production-service-down",
            Rule::Composite {
                expression: "ALARM(\"bookmark-manager-production-alb-5xx\") OR ALARM(\"bookmark-manager-production-p99\")".to_owned(),
            },
            &[],
        )
    }
}

pub(super) fn insufficient() -> Alarm {
    Alarm {
        state: AlarmState::InsufficientData,
        measured: Vec::new(),
        reason: "Insufficient Data: 3 datapoints were unknown.".to_owned(),
        description: None,
        ..cpu()
    }
}

pub(super) fn silence() -> Alarm {
    Alarm {
        measured: Vec::new(),
        reason: "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as [Breaching].".to_owned(),
        description: None,
        ..cpu()
    }
}

pub(super) fn unknown() -> Alarm {
    Alarm {
        reason: "Alarm set by hand for a drill".to_owned(),
        ..alarm("legacy-alarm", Rule::Unknown, &[])
    }
}

pub(super) fn staging_unhealthy() -> Signal {
    let metric = metric(
        "AWS/ApplicationELB",
        "UnHealthyHostCount",
        &[(
            "LoadBalancer",
            "app/bookmark-manager-staging-alb/1f2e3d4c5b6a7988",
        )],
    );
    told(alarm(
        "bookmark-manager-staging-unhealthy",
        Rule::Metric {
            metric,
            test: test(Comparison::GreaterOrEqual, 1.0, 2),
        },
        &[2.0, 2.0],
    ))
}
