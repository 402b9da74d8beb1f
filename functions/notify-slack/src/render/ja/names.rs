//! 名前・時刻・数値。

use nightshift::report::text::clock::Clock;

use super::Japanese;
use crate::{
    render::{
        metrics::Known,
        time::{Unit, parts},
        words::{Label, Names, Place},
    },
    signal::AlarmState,
};

impl Names for Japanese {
    fn clock(&self, clock: Clock) -> String {
        clock.in_japanese()
    }

    fn span(&self, from: &str, to: &str) -> String {
        format!("{from}〜{to}")
    }

    fn lasted(&self, seconds: i64) -> String {
        let told: Vec<String> = parts(seconds)
            .into_iter()
            .map(|(number, unit)| {
                let unit = match unit {
                    Unit::Day => "日",
                    Unit::Hour => "時間",
                    Unit::Minute => "分",
                    Unit::Second => "秒",
                };
                format!("{number}{unit}")
            })
            .collect();
        told.concat()
    }

    fn percent(&self, number: &str) -> String {
        format!("{number}%")
    }

    fn label(&self, label: Label) -> &'static str {
        match label {
            Label::Affected => "対象リソース",
            Label::Alarm => "アラーム",
            Label::Amount => "金額",
            Label::Application => "アプリケーション",
            Label::Budget => "予算",
            Label::Budgeted => "予算額",
            Label::Bucket => "バケット",
            Label::Cache => "キャッシュ",
            Label::Cluster => "クラスター",
            Label::Code => "コード",
            Label::Database => "DB",
            Label::DatabaseCluster => "DB クラスター",
            Label::Deployment => "デプロイ",
            Label::DeploymentGroup => "デプロイグループ",
            Label::Ends => "終了",
            Label::Event => "イベント",
            Label::Function => "関数",
            Label::Instance => "インスタンス",
            Label::LoadBalancer => "ロードバランサー",
            Label::NatGateway => "NAT Gateway",
            Label::OkSince => "復旧",
            Label::Queue => "キュー",
            Label::Rang => "発生期間",
            Label::Rule => "条件",
            Label::Service => "サービス",
            Label::Since => "発生",
            Label::Source => "送信元",
            Label::Starts => "開始",
            Label::Table => "テーブル",
            Label::TargetGroup => "ターゲットグループ",
            Label::Task => "タスク",
            Label::Threshold => "しきい値",
            Label::Topic => "トピック",
            Label::When => "日時",
            Label::Zone => "アベイラビリティーゾーン",
        }
    }

    fn place(&self, place: Place) -> &'static str {
        match place {
            Place::Alarm => "アラーム",
            Place::Alarms => "発生中のアラーム一覧",
            Place::Budgets => "予算",
            Place::Database => "DB",
            Place::Deployment => "デプロイ",
            Place::Function => "関数",
            Place::Health => "Health ダッシュボード",
            Place::LoadBalancer => "ロードバランサー",
            Place::Logs => "ログ",
            Place::Metric => "メトリクス",
            Place::Rest => "全文",
            Place::Runbook => "📖 Runbook",
            Place::Service => "サービス",
            Place::TargetGroup => "ターゲットグループ",
            Place::Task => "タスク",
        }
    }

    fn metric(&self, known: Known) -> &'static str {
        match known {
            Known::Cpu => "CPU 使用率",
            Known::Memory => "メモリ使用率",
            Known::CpuReserved => "CPU 予約率",
            Known::MemoryReserved => "メモリ予約率",
            Known::RunningTasks => "実行中のタスク数",
            Known::PendingTasks => "起動待ちのタスク数",
            Known::Restarts => "コンテナの再起動回数",
            Known::Target5xx => "5xx 応答数(ターゲット)",
            Known::Target4xx => "4xx 応答数(ターゲット)",
            Known::Elb5xx => "5xx 応答数(ロードバランサー)",
            Known::Elb4xx => "4xx 応答数(ロードバランサー)",
            Known::ResponseTime => "応答時間",
            Known::UnhealthyHosts => "異常なターゲット数",
            Known::HealthyHosts => "正常なターゲット数",
            Known::Requests => "リクエスト数",
            Known::RequestsEach => "ターゲットあたりのリクエスト数",
            Known::RejectedConnections => "拒否された接続数",
            Known::TargetConnectionErrors => "ターゲットへの接続エラー数",
            Known::ActiveConnections => "アクティブな接続数",
            Known::DatabaseConnections => "DB 接続数",
            Known::FreeStorage => "ストレージの空き容量",
            Known::FreeLocalStorage => "ローカルストレージの空き容量",
            Known::FreeMemory => "空きメモリ",
            Known::Swap => "スワップ使用量",
            Known::VolumeUsed => "ボリューム使用量",
            Known::Capacity => "Aurora の容量",
            Known::CapacityUsed => "Aurora の容量使用率",
            Known::ReadLatency => "読み取りレイテンシー",
            Known::WriteLatency => "書き込みレイテンシー",
            Known::CommitLatency => "コミットレイテンシー",
            Known::DiskQueue => "ディスクキューの長さ",
            Known::ReplicaLag | Known::AuroraReplicaLag => "レプリカの遅延",
            Known::Deadlocks => "デッドロック数",
            Known::TransactionIds => "使用中のトランザクション ID 数",
            Known::Burst => "I/O バースト残量",
            Known::CpuCredits => "CPU クレジット残量",
            Known::EngineCpu => "エンジンの CPU 使用率",
            Known::CacheMemory => "キャッシュのメモリ使用率",
            Known::CacheConnections => "キャッシュの接続数",
            Known::Evictions => "キャッシュの追い出し数",
            Known::FunctionErrors => "エラー数",
            Known::FunctionThrottles => "スロットリング数",
            Known::FunctionDuration => "実行時間",
            Known::FunctionInvocations => "呼び出し回数",
            Known::FunctionConcurrency => "同時実行数",
            Known::MessagesWaiting => "未処理のメッセージ数",
            Known::OldestMessage => "最も古いメッセージの経過時間",
            Known::DeliveriesFailed => "配信の失敗数",
            Known::Gateway5xx => "5xx 応答数",
            Known::Gateway4xx => "4xx 応答数",
            Known::GatewayLatency => "レイテンシー",
            Known::StatusCheck => "ステータスチェックの失敗数",
            Known::PortsExhausted => "ポート割り当ての失敗数",
            Known::Charges => "請求見込み額",
            Known::NetworkIn => "受信量",
            Known::NetworkOut => "送信量",
        }
    }

    fn percentile(&self, metric: &str, statistic: &str) -> String {
        format!("{metric}({statistic})")
    }

    fn of(&self, what: &str, whose: &str) -> String {
        format!("{whose} の{}", super::spaced(what))
    }

    fn statistic(&self, statistic: &str, period: Option<&str>) -> String {
        let statistic = match statistic {
            "Average" => "平均",
            "Sum" => "合計",
            "Minimum" => "最小",
            "Maximum" => "最大",
            "SampleCount" => "サンプル数",
            other => other,
        };
        match period {
            Some(period) => format!("{period}ごとの{}", super::spaced(statistic)),
            None => statistic.to_owned(),
        }
    }

    fn state(&self, state: AlarmState) -> &'static str {
        match state {
            AlarmState::Alarm => "アラーム",
            AlarmState::Ok => "正常",
            AlarmState::InsufficientData => "データ不足",
        }
    }

    fn aside(&self, text: &str) -> String {
        format!("({text})")
    }

    fn listed(&self, all: &[String]) -> String {
        all.join("、")
    }

    fn more(&self, count: usize) -> String {
        format!("ほか {count} 件")
    }

    fn provenance(&self, account: &str, region: &str, function: &str) -> String {
        let account = if account.is_empty() {
            String::new()
        } else {
            format!("アカウント {account}")
        };
        let told: Vec<&str> = [account.as_str(), region, function]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        told.join("・")
    }
}
