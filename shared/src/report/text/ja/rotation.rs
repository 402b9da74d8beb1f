//! 交換した秘密情報、元に戻したもの、人の対応が必要なものについて、日本語で言うこと。

use crate::{
    config::SecretName,
    kind::DatabaseState,
    ledger::rotation::Cause,
    report::{
        rotation::{Former, Rotated, Rotation, Unrollable, Wait},
        text::{
            LISTED, PERSON, Told, brief_secret,
            ja::{Japanese, because, code, duration, names, person},
            rotation_command, said, seconds, some,
        },
    },
};

impl Japanese<'_> {
    #[allow(clippy::too_many_lines, reason = "one arm for each news")]
    pub(in crate::report::text) fn rotation(&self, told: &Rotation) -> Told {
        let estate = self.estate();
        match told {
            Rotation::Rotated { secrets, .. } => {
                let secrets: Vec<SecretName> =
                    secrets.iter().map(|rotated| rotated.secret.clone()).collect();
                (
                    format!(
                        "🔑 {estate} の {} を{}(対応は不要です)",
                        briefly(&secrets),
                        self.or("交換しました", "交換する想定です")
                    ),
                    self.rotated(told),
                )
            }
            Rotation::Reverted {
                secrets,
                cause,
                at,
                services,
                again_at,
            } => {
                let mut lines = vec![sentence(cause)];
                lines.push(format!(
                    "{} に元の値を公開し直しました。{}。",
                    self.clock(*at),
                    self.counts(services)
                ));
                lines.extend(mend(cause));
                lines.extend(self.not_by_itself(cause, secrets, *again_at));
                (
                    format!(
                        "⚠️ {estate} の {} の交換を元に戻しました(利用者への影響なし、対応が必要です)",
                        briefly(secrets)
                    ),
                    lines,
                )
            }
            Rotation::GivenUp {
                secrets,
                cause: cause @ Cause::Unproven { .. },
                again_at,
            } => {
                let mut lines = vec![sentence(cause)];
                lines.extend(mend(cause));
                lines.extend(self.not_by_itself(cause, secrets, *again_at));
                (
                    format!(
                        "🚨 {estate}: {} はもう使えないおそれがあります(利用者に影響するおそれがあります。すぐに対応が必要です)",
                        briefly(secrets)
                    ),
                    lines,
                )
            }
            Rotation::GivenUp {
                secrets,
                cause,
                again_at,
            } => {
                let mut lines = vec![format!("{}使用中の値はそのまま使えます。", sentence(cause))];
                lines.extend(mend(cause));
                lines.extend(self.not_by_itself(cause, secrets, *again_at));
                (
                    format!(
                        "⚠️ {estate} の {} を交換できませんでした(利用者への影響なし、対応が必要です)",
                        briefly(secrets)
                    ),
                    lines,
                )
            }
            Rotation::NotSteady {
                secrets,
                service,
                since,
            } => (
                format!(
                    "🚨 {estate}: {} は元の値に戻しても回復しません(利用者に影響するおそれがあります。すぐに対応が必要です)",
                    code(service)
                ),
                vec![
                    format!(
                        "{} から {} は元の値ですが、タスクがそろいません。",
                        self.clock(*since),
                        full(secrets)
                    ),
                    "ECS コンソールで、サービスのイベントと停止したタスクの理由を確認してください。原因はほかにあります。".to_owned(),
                ],
            ),
            Rotation::LeakLasts {
                secret,
                service,
                since,
            } => (
                format!(
                    "🚨 {estate}: 漏えいした {} がまだ使えます。{} が新しい値で動きません(すぐに対応が必要です)",
                    brief_secret(secret),
                    code(service)
                ),
                vec![
                    format!(
                        "新しい値は {} に公開しました。古い値は、使っているタスクがあるあいだ無効にできません。自動では元に戻しません。",
                        self.clock(*since)
                    ),
                    "新しい値で動く版をデプロイしてください。それでも漏えいした値に戻すには:".to_owned(),
                    rotation_command("revert", secret, self.0),
                ],
            ),
            Rotation::TooOld {
                secret,
                since,
                adoptable,
            } => self.too_old(secret, *since, *adoptable),
            Rotation::OlderValue {
                secret,
                version,
                by,
                at,
            } => (
                format!(
                    "🚨 {estate}: {} が古い値に戻されました(すぐに対応が必要です)",
                    brief_secret(secret)
                ),
                vec![
                    format!(
                        "{} が {} に書き込みました。version {} と同じ値です。サービスには展開していませんが、これから起動するタスクはこの値を読み、使えなくなるおそれがあります。",
                        person(by),
                        self.clock(*at),
                        said(version, PERSON)
                    ),
                    "Terraform によるものなら、パラメーターに `ignore_changes = [value]`(シークレットの版なら `[secret_string]`)を加えてください。そのうえで、使用中だった値を書き戻してください。".to_owned(),
                ],
            ),
            Rotation::HeldBack {
                secret,
                leaked: true,
                wait,
                since,
            } => (
                format!(
                    "🚨 {estate}: 漏えいした {} がまだ使えます。まだ交換できません(すぐに対応が必要です)",
                    brief_secret(secret)
                ),
                vec![format!(
                    "{} は {} から交換を待っています。{}",
                    code(&secret.to_string()),
                    self.clock(*since),
                    self.wait(wait)
                )],
            ),
            Rotation::HeldBack {
                secret,
                leaked: false,
                wait,
                since,
            } => (
                format!(
                    "⚠️ {estate}: {} は期限を過ぎていますが、交換できません(利用者への影響なし、対応が必要です)",
                    brief_secret(secret)
                ),
                vec![format!(
                    "{} の期限は {} でした。{}",
                    code(&secret.to_string()),
                    self.clock(*since),
                    self.wait(wait)
                )],
            ),
            Rotation::NotThere { secret } => (
                format!(
                    "⚠️ {estate}: シークレット {} が見つかりません(利用者への影響なし、対応が必要です)",
                    brief_secret(secret)
                ),
                vec![format!(
                    "設定文書にある {} が存在しません。作成するか、設定文書の名前を直すか消してください。",
                    code(&secret.to_string())
                )],
            ),
            Rotation::Would { secrets, services } => (
                format!(
                    "🔑 {estate}: いまなら {} を交換するところです(対応は不要です)",
                    briefly(secrets)
                ),
                vec![
                    format!("新しい値になるはずのもの: {}。", full(secrets)),
                    if services.is_empty() {
                        "読み取るサービスはありません。".to_owned()
                    } else {
                        format!("タスクを入れ替えるはずのサービス: {}。", names(services))
                    },
                ],
            ),
        }
    }

    fn rotated(&self, told: &Rotation) -> Vec<String> {
        let Rotation::Rotated {
            secrets,
            services,
            began,
            asked_by,
            written_by,
        } = told
        else {
            return Vec::new();
        };
        let (shown, rest) = some(secrets, LISTED);
        let mut lines: Vec<String> = shown
            .iter()
            .map(|rotated| {
                format!(
                    "{}: version {}。{}次回は {}。",
                    code(&rotated.secret.to_string()),
                    said(&rotated.version, PERSON),
                    self.former(rotated),
                    self.clock(rotated.next)
                )
            })
            .collect();
        if rest > 0 {
            lines.push(format!("ほか {rest} 件。"));
        }
        lines.push(if services.is_empty() {
            "読み込むサービスはありません。".to_owned()
        } else {
            format!(
                "確認 → 公開 → 全タスクの入れ替えまで {}。{}。",
                duration(seconds(*began, self.0.now)),
                self.counts(services)
            )
        });
        lines.extend(
            asked_by
                .as_deref()
                .map(|who| format!("{} の指示です。", person(who))),
        );
        lines.extend(written_by.as_deref().map(|who| {
            format!(
                "新しい値は {} が書き込みました。サービスの入れ替えだけを行いました。",
                person(who)
            )
        }));
        lines
    }

    fn former(&self, rotated: &Rotated) -> String {
        match &rotated.former {
            Former::UntilNext => "古い認証情報は次回の交換まで有効。".to_owned(),
            Former::Ends { at } => format!("古い認証情報は {} に無効になります。", self.clock(*at)),
            Former::Ended => "古い認証情報は無効にしました。".to_owned(),
            Former::Theirs => "古い値の失効は発行元で行ってください。".to_owned(),
        }
    }

    fn too_old(&self, secret: &SecretName, since: jiff::Timestamp, adoptable: bool) -> Told {
        let days = seconds(since, self.0.now) / (24 * 3600);
        let mut lines = vec![format!(
            "{} は {} から使われています。設定の期限を過ぎました。",
            code(&secret.to_string()),
            self.clock(since)
        )];
        if adoptable {
            lines.push("引き受けを指示すると、以後は自動で交換します。いま値を書いているもの(Terraform など)は、以後その値に触れないようにしてください。方法は次のコマンドが示します。".to_owned());
            lines.push(rotation_command("adopt", secret, self.0));
        } else {
            lines.push("新しい値は発行元でしか作れません。同じ名前に書き込めば、読み込むサービスを入れ替えます。".to_owned());
        }
        (
            format!(
                "🔑 {}: {} は {days} 日前のままです(利用者への影響なし、対応が必要です)",
                self.estate(),
                brief_secret(secret)
            ),
            lines,
        )
    }

    fn not_by_itself(
        &self,
        cause: &Cause,
        secrets: &[SecretName],
        again_at: jiff::Timestamp,
    ) -> Vec<String> {
        let again_at = self.clock(again_at);
        let mut lines = vec![match cause {
            Cause::Written { .. } => format!(
                "書き込まれた値は、古い値に戻されたのでない限り、開始できる時間帯になるとサービスに展開します。別の値は {again_at} までは自動では作りません。すぐに作るには:"
            ),
            _ => format!("{again_at} までは自動で再試行しません。すぐに試すには:"),
        }];
        lines.extend(
            secrets
                .first()
                .map(|secret| rotation_command("rotate", secret, self.0)),
        );
        lines
    }

    /// What a secret waits for, as a sentence with its mend.
    pub(in crate::report::text) fn wait(&self, wait: &Wait) -> String {
        match wait {
            Wait::Age { at } => format!("期限は {} です。", self.clock(*at)),
            Wait::Adoption => "まだ引き受けの指示がありません。".to_owned(),
            Wait::Consent { found } => format!(
                "タグ `nightshift:rotate` {}。環境名を設定してください。",
                tag_says(found.as_deref())
            ),
            Wait::ServiceConsent { service } => format!(
                "読み込む {} が同意していません。タグ `nightshift:rotate` に環境名を設定してください。",
                code(service)
            ),
            Wait::Window { at: Some(at) } => {
                format!("次に開始できるのは {} です。", self.clock(*at))
            }
            Wait::Window { at: None } => {
                "開始できる時間帯がありません。設定の `rotate.window` を直してください。".to_owned()
            }
            Wait::BackOff { until } => format!(
                "前回は元に戻しました。{} に再試行します。",
                self.clock(*until)
            ),
            Wait::Elsewhere { estate } => format!(
                "{} の秘密情報を交換中です。一度に一つの環境だけを扱います。",
                code(estate)
            ),
            Wait::Document => "環境の設定が読めません。直してください。".to_owned(),
            Wait::Asleep => "環境は停止中です。".to_owned(),
            Wait::Broken { since } => format!(
                "{} からデプロイが失敗したままです。先にそちらを直してください。",
                self.clock(*since)
            ),
            Wait::Database { name, state } => match state {
                Some(state) => format!(
                    "データベース {} は{}。利用可能になるまで待ちます。",
                    code(name),
                    state_words(*state)
                ),
                None => format!("データベース {} が見つからないか、読めません。", code(name)),
            },
            Wait::Service { service } => format!(
                "{} はデプロイ中か、タスクがそろっていません。",
                code(service)
            ),
            Wait::Owned {
                service,
                function,
                until,
            } => format!(
                "{} が {} まで {} を変更中です。",
                code(function),
                self.clock(*until),
                code(service)
            ),
            Wait::OlderTasks { service } => format!(
                "{} には最新の版より前に起動したタスクがあり、もう一方の認証情報を使っているおそれがあります。入れ替えるか、タスクが使っている値に戻してください。",
                code(service)
            ),
            Wait::Unrollable { service, why } => match why {
                Unrollable::External => format!(
                    "{} は外部のコントローラーがデプロイするため、タスクの入れ替えを頼めません。",
                    code(service)
                ),
                Unrollable::NoGroup => format!(
                    "{} は CodeDeploy がデプロイしますが、対応するデプロイグループがありません。",
                    code(service)
                ),
                Unrollable::SeveralGroups => format!(
                    "{} に対応する CodeDeploy のデプロイグループが複数あります。1 つにしてください。",
                    code(service)
                ),
                Unrollable::NeverDeployed => format!(
                    "{} は CodeDeploy で一度もデプロイされておらず、同じ内容をデプロイし直せません。一度デプロイしてください。",
                    code(service)
                ),
            },
            Wait::Pinned { service, version } => format!(
                "{} は版 {} を固定で読み込みます。タスク定義から版の指定を外してください。",
                code(service),
                code(version)
            ),
            Wait::ReadByServices { services } => format!(
                "{} がこのマスターパスワードを読み込むため、交換するとタスクの値が使えなくなります。専用のユーザーを用意してください(`kind: postgres`)。",
                names(services)
            ),
            Wait::Unread => "この値か、読み込むサービスの情報が読めません。".to_owned(),
            Wait::Rolling { service } => format!("{} のタスクを入れ替え中です。", code(service)),
            Wait::Others => "同じ環境のほかの値を待っています。".to_owned(),
        }
    }
}

fn tag_says(found: Option<&str>) -> String {
    found.map_or_else(
        || "がありません".to_owned(),
        |found| format!("は {} を指しています", code(found)),
    )
}

fn state_words(state: DatabaseState) -> &'static str {
    match state {
        DatabaseState::Available => "利用可能です",
        DatabaseState::Occupied => "バックアップなどの処理中です",
        DatabaseState::Changing => "変更中です",
        DatabaseState::Starting => "起動中です",
        DatabaseState::Stopping => "停止処理中です",
        DatabaseState::Stopped => "停止しています",
        DatabaseState::Deleting => "削除中です",
        DatabaseState::Broken => "故障しています",
    }
}

fn briefly(secrets: &[SecretName]) -> String {
    let brief: Vec<String> = secrets.iter().map(brief_secret).collect();
    match brief.as_slice() {
        [] => "なし".to_owned(),
        [one] => one.clone(),
        [one, other] => format!("{one}・{other}"),
        [one, rest @ ..] => format!("{one} ほか {} 件", rest.len()),
    }
}

fn full(secrets: &[SecretName]) -> String {
    let full: Vec<String> = secrets.iter().map(ToString::to_string).collect();
    names(&full)
}

fn sentence(cause: &Cause) -> String {
    match cause {
        Cause::Deployment {
            service,
            deployment,
        } => format!(
            "{} が新しい値で起動できませんでした。デプロイ {} が失敗しました。",
            code(service),
            code(deployment)
        ),
        Cause::Late { service } => format!(
            "{} のタスクの入れ替えが時間内に終わりませんでした。",
            code(service)
        ),
        Cause::Asked { who, reason } => {
            format!("{} が元に戻しました{}。", person(who), because(reason))
        }
        Cause::Refused { action, code: why } => format!(
            "新しい認証情報の作成が {} で失敗しました({})。",
            code(action),
            code(why)
        ),
        Cause::Unproven {
            database,
            code: why,
        } => format!(
            "{} に新しいマスターパスワードを設定しましたが、接続を確認できませんでした({})。保存されている値では、もう接続できないおそれがあります。",
            code(database),
            code(why)
        ),
        Cause::Written { by } => format!("途中で {} が値を書き込みました。", person(by)),
    }
}

fn mend(cause: &Cause) -> Option<String> {
    let mend = match cause {
        Cause::Deployment { .. } => {
            "タスクが停止した理由を確認してください。値を書かれたとおりに読んでいるか、元の値なら起動できたかが手がかりです。"
        }
        Cause::Late { .. } => {
            "新しいタスクが何を待っているかを確認してください(容量、ヘルスチェック、停止しないタスク)。許す時間は設定の `patience` です。"
        }
        Cause::Refused { .. } => "コードの意味と必要な権限・設定は docs/rotation.md にあります。",
        Cause::Unproven { .. } => {
            "保存されている値で接続してみてください。拒否されたら、もう一度交換するか、保存されている値を RDS に手で設定してください。手順は docs/rotation.md にあります。"
        }
        Cause::Written { .. } => "ほかに書き込むものを確かめ、どちらか一方に任せてください。",
        Cause::Asked { .. } => return None,
    };
    Some(mend.to_owned())
}
