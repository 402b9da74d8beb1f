//! なぜ失敗したか、どれほど確かか、その根拠、いつもの直し方。

use crate::report::{
    rollback::{Changer, Evidence, Fault, Found, Story, Sureness, Upstream},
    text::{
        MESSAGE, brief_digest,
        ja::{Japanese, code, duration, names},
        said,
    },
};

/// How many pieces of evidence stand beside a cause.
const QUOTED: usize = 3;

impl Japanese<'_> {
    /// One line for each cause, and what usually mends the first.
    pub(super) fn faults(&self, story: &Story) -> Vec<String> {
        let mut lines = Vec::new();
        for (at, found) in story.faults.iter().enumerate() {
            let word = if at == 0 { "原因" } else { "ほかに" };
            lines.push(format!("{word}({}): {}。", sure(found), self.found(found)));
            if at == 0 {
                lines.push(format!("いつもの直し方: {}。", mend(&found.fault)));
            }
        }
        lines
    }

    fn found(&self, found: &Found) -> String {
        let mut evidence = found
            .evidence
            .iter()
            .filter_map(|it| self.evidence(it, &found.fault))
            .take(QUOTED)
            .peekable();
        let fault = fault(&found.fault);
        if evidence.peek().is_none() {
            return fault;
        }
        format!("{fault} — {}", evidence.collect::<Vec<_>>().join("、"))
    }

    /// A piece of evidence; none where the cause says it already.
    fn evidence(&self, evidence: &Evidence, fault: &Fault) -> Option<String> {
        Some(match evidence {
            Evidence::StoppedReason { text, times } => {
                format!("ECS の説明 {}{}", quoted(text), times_words(*times))
            }
            Evidence::Exit {
                container,
                code: exit,
                times,
                ran,
            } => {
                let after = ran.map(|ran| format!("起動から {}後", duration(ran)));
                if matches!(fault, Fault::Crash { .. } | Fault::Sidecar { .. }) {
                    return after;
                }
                let after = after.map_or_else(String::new, |after| format!("、{after}"));
                format!(
                    "{} が exit {exit} で終了{after}{}",
                    code(container),
                    times_words(*times)
                )
            }
            Evidence::LogSays { container, words } => {
                format!("{} のログに {}", code(container), quoted(words))
            }
            Evidence::LastLine { container, line } => {
                format!("{} の最後の行 {}", code(container), quoted(line))
            }
            Evidence::Event { text } => format!("イベント {}", quoted(text)),
            Evidence::Target {
                port,
                code: found,
                text,
            } => {
                let port = port.map_or_else(String::new, |port| format!("(ポート {port})"));
                let found = found
                    .as_deref()
                    .map_or_else(String::new, |it| format!(" {}", code(it)));
                let text = text
                    .as_deref()
                    .map_or_else(String::new, |it| format!(" {}", quoted(it)));
                format!("ターゲット{port}が異常{found}{text}")
            }
            Evidence::Alarm { .. } => return None,
            Evidence::SecretChanged { at } => format!("{} に変更", self.clock(*at)),
            Evidence::Asleep { since } => format!("{} から停止", self.clock(*since)),
            Evidence::SameDigest { digest } => {
                format!("digest はどちらも {}", code(&brief_digest(digest)))
            }
            Evidence::NotInRegistry { image } => format!("ECR に {} がありません", code(image)),
            Evidence::CodeDeploy { code: found, text } => {
                let found = found
                    .as_deref()
                    .map_or_else(String::new, |it| format!(" {}", code(it)));
                let text = text
                    .as_deref()
                    .map_or_else(String::new, |it| format!(" {}", quoted(it)));
                format!("CodeDeploy の説明{found}{text}")
            }
        })
    }
}

fn sure(found: &Found) -> &'static str {
    match (&found.fault, found.sure) {
        (Fault::Unknown, _) => "不明",
        (_, Sureness::Certain) => "確実",
        (_, Sureness::Likely) => "おそらく",
        (_, Sureness::Possible) => "可能性",
    }
}

fn quoted(text: &str) -> String {
    format!("「{}」", said(text, MESSAGE).trim_end_matches('.'))
}

fn times_words(times: u32) -> String {
    match times {
        0 | 1 => String::new(),
        times => format!("({times} 回)"),
    }
}

/// A name in back-ticks, or what it is called where nobody said it.
fn or(name: Option<&String>, otherwise: &str) -> String {
    name.map_or_else(|| otherwise.to_owned(), |name| format!("{} ", code(name)))
}

#[allow(clippy::too_many_lines, reason = "one arm for each fault")]
fn fault(fault: &Fault) -> String {
    match fault {
        Fault::ImageNotFound { image } => {
            format!("{}がレジストリにありません", or(image.as_ref(), "イメージ"))
        }
        Fault::ImageDenied { image } => format!(
            "{}の取得をレジストリが拒否しました(タスク実行ロール)",
            or(image.as_ref(), "イメージ")
        ),
        Fault::ImageNotPulled { image } => {
            format!("{}を取得できませんでした", or(image.as_ref(), "イメージ"))
        }
        Fault::Architecture { runs_on } => format!(
            "イメージのアーキテクチャが{}と合いません",
            runs_on
                .as_deref()
                .map_or_else(|| "タスク".to_owned(), |it| format!(" {} ", code(it)))
        ),
        Fault::SecretMissing { secret } => format!(
            "{}がありません",
            or(secret.as_ref(), "シークレットまたはパラメータ")
        ),
        Fault::SecretForbidden { secret } => format!(
            "タスク実行ロールは{}を読めません",
            secret.as_deref().map_or_else(
                || "シークレットまたはパラメータ".to_owned(),
                |it| format!(" {} ", code(it))
            )
        ),
        Fault::SecretKey { key: Some(key) } => {
            format!("シークレットにキー {} がありません", code(key))
        }
        Fault::SecretKey { key: None } => "シークレットが JSON ではありません".to_owned(),
        Fault::Role => "ECS がタスク実行ロールを引き受けられません".to_owned(),
        Fault::LogSetup { group } => format!(
            "{}がないか、書き込めません",
            or(group.as_ref(), "ロググループ")
        ),
        Fault::NoCapacity => "AWS に空き容量がありませんでした".to_owned(),
        Fault::NoRoute { to } => format!("タスクから{}に届きません", upstream(*to)),
        Fault::NoInterface => {
            "タスクのネットワークインターフェイスが時間内に作られませんでした".to_owned()
        }
        Fault::Command { container } => format!(
            "{}のコマンドがないか、実行できません",
            or(container.as_ref(), "コンテナ")
        ),
        Fault::OutOfMemory { container, limit } => {
            let limit = limit.map_or_else(String::new, |limit| format!("(割り当て {limit} MiB)"));
            format!(
                "{}のメモリが足りません{limit}",
                or(container.as_ref(), "コンテナ")
            )
        }
        Fault::Sidecar {
            container,
            code: exit,
        } => {
            let exit = exit.map_or_else(String::new, |exit| format!("({})", exit_words(exit)));
            format!("必須のコンテナ {} が終了しました{exit}", code(container))
        }
        Fault::Crash {
            container,
            code: exit,
            times,
        } => format!(
            "{} が起動直後に終了({}){}",
            code(container),
            exit_words(*exit),
            match times {
                0 | 1 => String::new(),
                times => format!("× {times} 回"),
            }
        ),
        Fault::HealthPath { path, status } => {
            let path = path
                .as_deref()
                .map_or_else(String::new, |path| format!("({})", code(path)));
            let status =
                status.map_or_else(|| "想定外の応答".to_owned(), |status| format!("{status} "));
            format!("ロードバランサーのヘルスチェック{path}に {status}が返っています")
        }
        Fault::HealthPort { asked, open } => {
            let asked =
                asked.map_or_else(|| "別のポート".to_owned(), |port| format!("ポート {port} "));
            format!(
                "ロードバランサーのヘルスチェックは{asked}を見ていますが、コンテナのポートは {} です",
                super::ports(open)
            )
        }
        Fault::SlowStart {
            needed: Some(needed),
            given,
        } => format!(
            "起動に {}かかりますが、待ち時間は {}です",
            duration(*needed),
            duration(*given)
        ),
        Fault::SlowStart {
            needed: None,
            given,
        } => {
            format!("待ち時間の {}以内に準備できませんでした", duration(*given))
        }
        Fault::Health { status } => {
            let status = status.map_or_else(String::new, |status| format!("(応答 {status})"));
            format!("ロードバランサーのヘルスチェックに失敗しています{status}")
        }
        Fault::ContainerHealth { container } => format!(
            "{}のヘルスチェックがタスク内で失敗しています",
            or(container.as_ref(), "コンテナ")
        ),
        Fault::Hook { name } => format!("{} が失敗しました", code(name)),
        Fault::Alarm { names: alarms } if alarms.is_empty() => {
            "デプロイのアラームが鳴りました".to_owned()
        }
        Fault::Alarm { names: alarms } => {
            format!("デプロイ中に {} が鳴りました", names(alarms))
        }
        Fault::Asleep => "環境が停止中で、DB も止まっていました".to_owned(),
        Fault::SecretChanged {
            secret,
            by: Changer::Rotation,
        } => {
            format!("直前に nightshift が {} を交換しました", code(secret))
        }
        Fault::SecretChanged {
            secret,
            by: Changer::Other,
        } => {
            format!("直前に {} が変更されました", code(secret))
        }
        Fault::NothingChanged => {
            "デプロイの内容は何も変わっておらず、外側の何かが変わりました".to_owned()
        }
        Fault::ImageGone { image } => {
            format!("戻り先のイメージ {} がレジストリにありません", code(image))
        }
        Fault::Unknown => "わかっているのはここまでです".to_owned(),
    }
}

/// An exit code with what it means.
fn exit_words(exit: i32) -> String {
    let meaning = match exit {
        0 => "、処理を終えた形",
        126 => "、コマンドを実行できない",
        127 => "、コマンドがない",
        134 => "、異常終了",
        137 => "、強制終了",
        139 => "、不正なメモリアクセス",
        143 => "、終了の指示",
        _ => "",
    };
    format!("exit {exit}{meaning}")
}

fn upstream(to: Upstream) -> &'static str {
    match to {
        Upstream::Registry => "イメージのレジストリ",
        Upstream::ParameterStore => " SSM パラメータストア",
        Upstream::SecretsManager => " Secrets Manager ",
        Upstream::Logs => " CloudWatch Logs ",
    }
}

fn mend(fault: &Fault) -> &'static str {
    match fault {
        Fault::ImageNotFound { .. } => {
            "イメージを push するか、タスク定義のタグを直す。リポジトリのライフサイクルポリシーが消していないかも確認する"
        }
        Fault::ImageDenied { .. } => {
            "タスク実行ロールに `AmazonECSTaskExecutionRolePolicy` を付ける。別アカウントならリポジトリポリシーも確認する"
        }
        Fault::ImageNotPulled { .. } => {
            "数分後にもう一度デプロイする。続くなら、レジストリの制限とタスクのエフェメラルストレージを確認する"
        }
        Fault::Architecture { .. } => {
            "タスク定義のプラットフォームに合わせてビルドする(`docker build --platform linux/amd64` または `linux/arm64`)"
        }
        Fault::SecretMissing { .. } => {
            "シークレットやパラメータを作るか、タスク定義の `secrets` の名前を直す"
        }
        Fault::SecretForbidden { .. } => {
            "タスク実行ロールに読み取りを許可する(`ssm:GetParameters`、`secretsmanager:GetSecretValue`、独自のキーなら `kms:Decrypt` も)"
        }
        Fault::SecretKey { .. } => "シークレットの JSON にキーを足すか、タスク定義のキーを直す",
        Fault::Role => "ロールの信頼ポリシーに `ecs-tasks.amazonaws.com` があるか確認する",
        Fault::LogSetup { .. } => {
            "ロググループを作るか、タスク実行ロールに作成を許可する(`logs:CreateLogGroup`)"
        }
        Fault::NoCapacity => {
            "時間をおいてデプロイするか、サブネットのアベイラビリティーゾーンを増やす。Fargate のクォータも確認する"
        }
        Fault::NoRoute { .. } => {
            "サブネットから NAT ゲートウェイや VPC エンドポイントへの経路と、セキュリティグループの 443 番を確認する"
        }
        Fault::NoInterface => "もう一度デプロイする。続くなら、サブネットの空きアドレスを確認する",
        Fault::Command { .. } => {
            "イメージのエントリーポイントとタスク定義の `command` を確認する。スクリプトには実行権限が必要"
        }
        Fault::OutOfMemory { .. } => "タスクのメモリを増やすか、この版で増えた使用量の原因を探す",
        Fault::Sidecar { .. } => "そのコンテナのログを読む。なくてもよいなら `essential` を外す",
        Fault::Crash { .. } => "ログを読む。終了の理由はアプリケーションが書いている",
        Fault::HealthPath { .. } => {
            "アプリケーションがそこで 200 を返すようにするか、ターゲットグループのパスや成功コードを直す"
        }
        Fault::HealthPort { .. } => {
            "アプリケーション、タスク定義、ターゲットグループのポートをそろえる"
        }
        Fault::SlowStart { .. } => {
            "サービスのヘルスチェックの猶予期間を延ばすか、アプリケーションの起動を速くする"
        }
        Fault::Health { .. } => {
            "ヘルスチェックへの応答と、ロードバランサーからの通信をセキュリティグループが許しているかを確認する"
        }
        Fault::ContainerHealth { .. } => {
            "ヘルスチェックのコマンドをイメージの中で実行してみる。存在し、0 で終わる必要がある"
        }
        Fault::Hook { .. } => "フックの関数のログを読む",
        Fault::Alarm { .. } => "デプロイ開始からのアラームのメトリクスを確認する",
        Fault::Asleep => "環境を起動してから、もう一度デプロイする",
        Fault::SecretChanged { .. } => "新しい値を、相手側が受け付ける値と比べる",
        Fault::NothingChanged => "外側を確認する: DB、シークレット、パラメータ、ほかのサービス",
        Fault::ImageGone { .. } => {
            "以前のイメージをもう一度 push するか、イメージのある版をデプロイする"
        }
        Fault::Unknown => "ECS コンソールでサービスのイベントと停止したタスクを確認する",
    }
}
