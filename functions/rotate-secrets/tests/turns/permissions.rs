//! A permission that is missing is named, and nothing is done by halves.

use crate::{
    account::{ACTIONS, CANARIES, KEY},
    stage::with_key,
};

/// What a turn of the key does not need.
const OTHERS: [&str; 17] = [
    "codedeploy:BatchGetDeploymentGroups",
    "codedeploy:CreateDeployment",
    "codedeploy:GetDeployment",
    "codedeploy:GetDeploymentConfig",
    "codedeploy:ListApplications",
    "codedeploy:ListDeploymentGroups",
    "codedeploy:RegisterApplicationRevision",
    "rds:DescribeDBClusters",
    "rds:DescribeDBInstances",
    "rds:ModifyDBCluster",
    "rds:ModifyDBInstance",
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:ListSecretVersionIds",
    "secretsmanager:PutSecretValue",
    "ssm:GetParameterHistory",
    "sns:Publish",
];

#[tokio::test(start_paused = true)]
async fn each_permission_that_is_taken_away_is_named() {
    for action in ACTIONS {
        if OTHERS.contains(&action) {
            continue;
        }
        let mut stage = with_key().await;
        stage.deny(action);
        stage.pass(10 * 60).await;
        let failures = stage.failures().join("\n");
        // To take a lease away is not missed until a turn begins.
        assert!(failures.contains(action), "{action}: {failures}");
        let is_label = action == "ssm:LabelParameterVersion";
        let is_roll = action == "ecs:UpdateService";
        let is_free = action == "dynamodb:DeleteItem";
        if !is_label && !is_roll && !is_free {
            assert_eq!(stage.parameter(KEY), CANARIES[0], "{action}");
        }
    }
}
