//! AWS サービスのイベント。

use super::Japanese;
use crate::{render::words::Events, signal::Stage};

impl Events for Japanese {
    fn deployment(&self, stage: Stage, service: &str) -> String {
        match stage {
            Stage::Begun => format!("{service} のデプロイを開始しました"),
            Stage::RollingBack => format!("{service} をロールバックしています"),
            Stage::Completed => format!("{service} のデプロイが完了しました"),
            Stage::Failed => format!("{service} のデプロイに失敗しました"),
        }
    }

    fn service(&self, name: &str, service: &str) -> Option<String> {
        Some(match name {
            "SERVICE_STEADY_STATE" | "TASKSET_STEADY_STATE" | "CAPACITY_PROVIDER_STEADY_STATE" => {
                format!("{service} は安定しています")
            }
            "SERVICE_TASK_START_IMPAIRED" => {
                format!("{service} のタスクが繰り返し起動に失敗しています")
            }
            "SERVICE_TASK_PLACEMENT_FAILURE" => format!("{service} のタスクを配置できません"),
            "SERVICE_TASK_CONFIGURATION_FAILURE" => {
                format!("{service} のタスクを現在の設定では起動できません")
            }
            "SERVICE_DAEMON_PLACEMENT_CONSTRAINT_VIOLATED" => {
                format!("{service} のタスクが配置制約に違反しています")
            }
            "ECS_OPERATION_THROTTLED" => {
                format!("{service} に対する ECS の操作がスロットリングされています")
            }
            "SERVICE_DISCOVERY_OPERATION_THROTTLED" => {
                format!("{service} のサービスディスカバリの操作がスロットリングされています")
            }
            "SERVICE_DISCOVERY_INSTANCE_UNHEALTHY" => {
                format!("{service} のタスクが異常です(サービスディスカバリ)")
            }
            "VPC_LATTICE_TARGET_UNHEALTHY" => format!("{service} のタスクが異常です(VPC Lattice)"),
            "SERVICE_DESIRED_COUNT_UPDATED" => format!("{service} のタスク数を ECS が変更しました"),
            "TASKS_STOPPED" => format!("{service} のタスクを ECS が停止しました"),
            "SERVICE_HEALTH_UNKNOWN" => format!("{service} の状態を確認できません"),
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
                "Fargate のキャパシティが足りません。AWS 側の不足か、アカウントのクォータの上限です。ECS は配置を再試行し続けます。",
            ),
            "RESOURCE:CPU" => Some(
                "CPU に空きのあるコンテナインスタンスがありません。ECS は配置を再試行し続けます。",
            ),
            "RESOURCE:MEMORY" => Some(
                "メモリに空きのあるコンテナインスタンスがありません。ECS は配置を再試行し続けます。",
            ),
            "RESOURCE:ENI" => Some(
                "ネットワークインターフェイスに空きのあるコンテナインスタンスがありません。ECS は配置を再試行し続けます。",
            ),
            "AGENT" => Some("コンテナインスタンスのエージェントが接続されていません。"),
            _ => None,
        }
    }

    fn task(&self, whose: &str, exit: Option<i64>, out_of_memory: bool) -> String {
        match (out_of_memory, exit) {
            (true, _) => format!("{whose} のタスクがメモリ不足で停止しました"),
            (false, Some(exit)) => {
                format!("{whose} のタスクが終了コード {exit} で停止しました")
            }
            (false, None) => format!("{whose} のタスクが停止しました"),
        }
    }

    fn task_unstarted(&self, whose: &str) -> String {
        format!("{whose} のタスクを起動できませんでした")
    }

    fn stop_code(&self, code: &str) -> Option<&'static str> {
        Some(match code {
            "TaskFailedToStart" => "一度も動いていません。",
            "EssentialContainerExited" => "タスクに必須のコンテナが終了しました。",
            "UserInitiated" => "人またはツールの操作で停止されました。",
            "ServiceSchedulerInitiated" => {
                "ECS が停止しました(デプロイ、スケーリング、またはヘルスチェックの失敗)。"
            }
            "SpotInterruption" => "Spot の中断により停止されました。",
            "TerminationNotice" => "実行ホストの終了により停止されました。",
            "InfrastructureHealth" => "実行ホストの異常により停止されました。",
            _ => return None,
        })
    }

    fn exit_code(&self, code: i64) -> Option<&'static str> {
        Some(match code {
            0 => "エラーなしで終了",
            1 | 255 => "アプリケーションがエラーで終了",
            126 => "コマンドを実行できません",
            127 => "コマンドが見つかりません",
            134 => "異常終了(SIGABRT)",
            137 => "強制終了(SIGKILL)。メモリ不足か、停止に時間がかかりすぎ",
            139 => "クラッシュ(SIGSEGV)",
            143 => "停止要求による終了(SIGTERM)",
            _ => return None,
        })
    }

    fn out_of_memory(&self) -> &'static str {
        "メモリ不足"
    }

    fn exited(&self, exit: Option<i64>) -> String {
        exit.map_or_else(
            || "起動せず".to_owned(),
            |exit| format!("終了コード {exit}"),
        )
    }

    fn database(&self, id: &str, name: &str) -> Option<String> {
        Some(match id {
            "RDS-EVENT-0004" => format!("{name} がシャットダウンされました"),
            "RDS-EVENT-0006" => format!("{name} が再起動しました"),
            "RDS-EVENT-0016" => format!("{name} のマスターパスワードがリセットされました"),
            "RDS-EVENT-0049" => format!("{name} がスタンバイにフェイルオーバーしました"),
            "RDS-EVENT-0069" => format!("{name} のフェイルオーバーに失敗しました"),
            "RDS-EVENT-0070" => format!("{name} は以前のプライマリに戻ります"),
            "RDS-EVENT-0071" => format!("{name} がフェイルオーバーしました"),
            "RDS-EVENT-0072" | "RDS-EVENT-0073" => format!("{name} がフェイルオーバー中です"),
            "RDS-EVENT-0087" | "RDS-EVENT-0150" => format!("{name} が停止しました"),
            "RDS-EVENT-0088" | "RDS-EVENT-0151" => format!("{name} が起動しました"),
            "RDS-EVENT-0152" => format!("{name} を停止できませんでした"),
            "RDS-EVENT-0153" | "RDS-EVENT-0154" => {
                format!("停止から 7 日たったため、AWS が {name} を起動します")
            }
            "RDS-EVENT-0173" => format!("{name} にパッチが適用されました"),
            _ => return None,
        })
    }

    fn database_other(&self, category: &str, name: &str) -> String {
        let what = match category {
            "availability" => "可用性の変化",
            "backup" => "バックアップ",
            "configuration change" => "設定変更",
            "creation" => "作成",
            "deletion" => "削除",
            "failover" => "フェイルオーバー",
            "failure" => "障害",
            "low storage" => "ストレージの空き不足",
            "maintenance" => "メンテナンス",
            "read replica" => "リードレプリカ",
            "recovery" => "復旧",
            "restoration" => "復元",
            "security" | "security patching" => "セキュリティパッチ",
            _ => "RDS からのお知らせ",
        };
        format!("{name}: {what}")
    }

    fn code_deploy(&self, state: &str, application: &str) -> String {
        match state {
            "START" => format!("{application} のデプロイを開始しました(CodeDeploy)"),
            "SUCCESS" => format!("{application} のデプロイが完了しました(CodeDeploy)"),
            "FAILURE" => format!("{application} のデプロイに失敗しました(CodeDeploy)"),
            "STOP" => format!("{application} のデプロイが停止されました(CodeDeploy)"),
            "READY" => {
                format!(
                    "{application} の新バージョンがトラフィックの切り替えを待っています(CodeDeploy)"
                )
            }
            other => format!("{application} のデプロイ: {other}(CodeDeploy)"),
        }
    }

    fn health(&self, category: &str, service: &str, closed: bool) -> String {
        match (category, closed) {
            ("issue", false) => format!("AWS の {service} に障害が発生しています"),
            ("issue", true) => format!("AWS の {service} の障害が解消しました"),
            ("scheduledChange", false) => format!("AWS が {service} の変更を予定しています"),
            ("scheduledChange", true) => {
                format!("AWS が予定していた {service} の変更が終わりました")
            }
            ("investigation", false) => format!("AWS が {service} の問題を調査しています"),
            ("investigation", true) => format!("AWS の {service} に関する調査が終わりました"),
            _ => format!("{service} に関する AWS からのお知らせ"),
        }
    }

    fn budget(&self, name: &str, forecast: bool) -> String {
        if forecast {
            format!("予算 {name} がしきい値を超える見込みです")
        } else {
            format!("予算 {name} がしきい値を超えました")
        }
    }
}
