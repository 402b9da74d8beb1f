//! 失敗したデプロイについて、日本語で言うこと。

mod fault;

use crate::report::{
    Severity,
    rollback::{
        Again, Back, Became, Changed, Edit, Excerpt, NoLog, Release, Stage, Story, Trigger, Users,
    },
    text::{
        EXCERPT, LISTED, NAME, Told, brief_commit, brief_digest,
        fit::{Wording, fitting},
        ja::{Japanese, code, duration, failed, names},
        remedy_command, said, seconds, some,
    },
};

impl Japanese<'_> {
    pub(in crate::report::text) fn rollback(&self, story: &Story) -> Told {
        let mut lines = vec![self.course(story)];
        lines.extend(given_up_by(story));
        lines.extend(self.faults(story));
        lines.push(changed(story));
        lines.extend(self.now(story));
        lines.push(next(story));
        lines.extend(
            story
                .remedy
                .as_ref()
                .map(|remedy| remedy_command(remedy, story)),
        );
        if !story.missing.is_empty() {
            let (shown, rest) = some(&story.missing, 3);
            let mut told: Vec<String> = shown.iter().map(failed).collect();
            if rest > 0 {
                told.push(format!("ほか {rest} 件。"));
            }
            lines.push(format!(
                "読み取れなかったもの(この説明に欠けがあるかもしれません): {}",
                told.concat()
            ));
        }
        (self.rollback_title(story), lines)
    }

    fn rollback_title(&self, story: &Story) -> String {
        let sign = match (story.stage, story.severity()) {
            (Stage::RolledBack | Stage::RollingBack, severity) if severity < Severity::Alert => {
                "↩️"
            }
            (Stage::Succeeded | Stage::Superseded | Stage::Stopped, _) => "☑️",
            (_, Severity::Alert) => "🚨",
            (_, Severity::Warning) => "⚠️",
            (_, Severity::Notice | Severity::Quiet) => "🕐",
        };
        fitting(&story.service, self.0, |estate, service, wording| {
            let brief = wording >= Wording::Brief;
            let mut told = vec![users(story.users, brief)];
            // What is over for good says nothing of the same commit.
            if story.stage <= Stage::RolledBack {
                told.extend(again(story.again, brief));
            }
            told.push(act(story));
            let happened = what_happened(story, service, wording == Wording::Terse);
            format!("{sign} {estate}: {happened}({})", told.join("。"))
        })
    }

    /// `14:02 開始 → 14:09 失敗 → 14:12 復旧(10分)。旧版 2/2 が応答し続けました。`
    fn course(&self, story: &Story) -> String {
        let end = match story.stage {
            Stage::RollbackFailed => "ロールバック失敗",
            Stage::Succeeded => "成功",
            Stage::Superseded => "置き換え",
            Stage::Stopped => "停止",
            _ => "復旧",
        };
        let steps = [
            story.started.map(|at| ("開始", at)),
            story.failed.map(|at| ("失敗", at)),
            story.ended.map(|at| (end, at)),
        ];
        let told = steps.into_iter().flatten();
        let told: Vec<String> = told
            .map(|(what, at)| format!("{} {what}", self.clock(at)))
            .collect();
        let mut line = told.join(" → ");
        if let (Some(from), Some(to)) = (story.started, story.ended) {
            line = format!("{line}({})", duration(seconds(from, to)));
        }
        if !line.is_empty() {
            line.push('。');
        }
        let again = match story.failures {
            0 | 1 => String::new(),
            many => format!("このスレッドで {many} 回目の失敗です。"),
        };
        format!("{line}{}。{again}", answering(story))
    }

    /// What runs now, where it is not plain from what failed.
    fn now(&self, story: &Story) -> Option<String> {
        let release = match story.stage {
            Stage::Succeeded => &story.release,
            Stage::Superseded => {
                let successor = story.successor.as_deref()?;
                return Some(format!(
                    "いま動いているもの: デプロイ {}。",
                    code(successor)
                ));
            }
            _ => story.before.as_ref()?,
        };
        let told = self.release(release);
        (!told.is_empty()).then(|| {
            format!(
                "いま動いているもの: {told}、{}/{}。",
                story.running.running, story.running.desired
            )
        })
    }

    /// `api:8(イメージ api:1f3c9ab、コミット 1f3c9ab、月曜 13:58 に push)`.
    fn release(&self, release: &Release) -> String {
        let name = release.task_definition.as_deref().map(code);
        let mut told = Vec::new();
        told.extend(
            release
                .image
                .as_deref()
                .map(|image| format!("イメージ {}", code(image))),
        );
        if let Some(digest) = &release.digest {
            told.push(format!("digest {}", code(&brief_digest(digest))));
        }
        if let Some(commit) = &release.commit {
            told.push(format!("コミット {}", code(&brief_commit(commit))));
        }
        told.extend(
            release
                .pushed
                .map(|at| format!("{} に push", self.clock(at))),
        );
        match (name, told.is_empty()) {
            (Some(name), true) => name,
            (Some(name), false) => format!("{name}({})", told.join("、")),
            (None, _) => told.join("、"),
        }
    }
}

/// The last words of containers that died.
pub(super) fn excerpt(story: &Story) -> Vec<String> {
    story.excerpts.iter().flat_map(last_words).collect()
}

fn what_happened(story: &Story, service: &str, terse: bool) -> String {
    match (story.stage, story.back) {
        (Stage::Failing, _) => format!("{service} のデプロイが失敗しかけています"),
        (Stage::Stalled, _) if terse => {
            format!("{service} のデプロイが止まっています")
        }
        (Stage::Stalled, _) => {
            format!(
                "{service} のデプロイが止まっています。タスクが失敗し続け、自動では終わりません"
            )
        }
        (Stage::Failed, Back::ByItself) => {
            format!("{service} のデプロイが失敗しました。自動で元に戻ります")
        }
        (Stage::Failed, _) => {
            format!("{service} のデプロイが失敗しました。自動では元に戻りません")
        }
        (Stage::RollingBack, Back::ByHand) => {
            format!("{service} のデプロイを手動で元に戻しています")
        }
        (Stage::RollingBack, _) => {
            format!("{service} のデプロイが失敗し、元に戻しています")
        }
        (Stage::RollbackStalled, Back::NothingComplete) => {
            format!("{service} のデプロイが失敗しましたが、戻り先がありません")
        }
        (Stage::RollbackStalled, _) => {
            format!("{service} のデプロイのロールバックが終わりません")
        }
        (Stage::RollbackFailed, _) => {
            format!("{service} のデプロイのロールバックが失敗しました")
        }
        (Stage::RolledBack, Back::ByHand) => {
            format!("{service} のデプロイは手動で元に戻されました")
        }
        (Stage::RolledBack, _) => format!("{service} のデプロイは自動で元に戻りました"),
        (Stage::Succeeded, _) => format!("{service} のデプロイは結局成功しました"),
        (Stage::Superseded, _) => {
            format!("失敗した {service} のデプロイは新しいデプロイに置き換わりました")
        }
        (Stage::Stopped, _) => format!("{service} のデプロイは手動で停止されました"),
    }
}

fn users(users: Users, brief: bool) -> &'static str {
    match (users, brief) {
        (Users::NotAffected, _) => "利用者への影響なし",
        (Users::Fewer, false) => "応答する台数が足りず、利用者に影響するおそれがあります",
        (Users::Affected, false) => "応答するタスクがなく、利用者に影響しています",
        (Users::Affected, true) => "利用者に影響しています",
        (Users::Perhaps, false) => "アラームが鳴っており、利用者に影響するおそれがあります",
        (Users::Fewer | Users::Perhaps, true) => "利用者に影響するおそれがあります",
        (Users::Nobody, _) => "いまは停止中で、利用者はいません",
        (Users::Unknown, _) => "利用者への影響は不明です",
    }
}

fn again(again: Again, brief: bool) -> Option<&'static str> {
    match (again, brief) {
        (Again::UnlessMended, false) => Some("原因を直すまで、同じコミットはまた失敗します"),
        (Again::Will | Again::UnlessMended, _) => Some("同じコミットはまた失敗します"),
        (Again::MaySucceed, _) => Some("同じコミットでも次は成功するかもしれません"),
        (Again::Unknown, _) => None,
    }
}

fn act(story: &Story) -> &'static str {
    match (story.severity(), story.stage) {
        (Severity::Alert, _) => "すぐに対応が必要です",
        (Severity::Warning, Stage::RolledBack) => "次のデプロイまでに対応が必要です",
        (Severity::Warning, _) => "対応が必要です",
        (_, stage) if stage.is_over() => "対応は不要です",
        _ => "まだ対応は不要です",
    }
}

fn answering(story: &Story) -> String {
    let count = format!("{}/{}", story.running.running, story.running.desired);
    match (story.users, story.stage) {
        (Users::Nobody, _) => "いまはタスクを動かさない時間です".to_owned(),
        (Users::Unknown, _) => "応答しているタスクの数は不明です".to_owned(),
        (Users::Affected, _) => format!("応答しているタスクはありません({count})"),
        (Users::Fewer, _) => format!("応答しているのは {count} だけです"),
        (_, Stage::RolledBack) => format!("旧版 {count} が応答し続けました"),
        (_, Stage::Succeeded | Stage::Superseded) => format!("{count} が応答しています"),
        (Users::NotAffected | Users::Perhaps, _) => format!("旧版 {count} が応答しています"),
    }
}

fn given_up_by(story: &Story) -> Option<String> {
    Some(match story.trigger.as_ref()? {
        Trigger::Breaker { failed, threshold } => {
            let told = match (failed, threshold) {
                (Some(failed), Some(threshold)) => {
                    format!("(失敗したタスク {failed}、上限 {threshold})")
                }
                (Some(failed), None) => format!("(失敗したタスク {failed})"),
                (None, Some(threshold)) => format!("(失敗したタスクの上限 {threshold})"),
                (None, None) => String::new(),
            };
            format!("デプロイのサーキットブレーカーが打ち切りました{told}。")
        }
        Trigger::Alarms { names: alarms } => {
            format!(
                "デプロイのアラームにより打ち切られました: {}。",
                names(alarms)
            )
        }
        Trigger::CodeDeploy { code: Some(found) } => {
            format!("CodeDeploy が打ち切りました({})。", code(found))
        }
        Trigger::CodeDeploy { code: None } => "CodeDeploy が打ち切りました。".to_owned(),
        Trigger::Person => "誰かが ECS に指示しました。".to_owned(),
    })
}

fn changed(story: &Story) -> String {
    let Some(changed) = &story.changed else {
        return "変わったもの: 比べる相手がなく、わかりません。".to_owned();
    };
    if changed.is_nothing() {
        return "変わったもの: なし。タスク定義もイメージも以前のものと同じです。".to_owned();
    }
    if changed.edits.is_empty() {
        return "変わったもの: タスク定義は同じです。タグの指すイメージが同じかどうかはわかりません。"
            .to_owned();
    }
    let (shown, rest) = some(&changed.edits, LISTED);
    let mut told: Vec<String> = shown.iter().map(edit).collect();
    if rest > 0 {
        told.push(format!("ほか {rest} 件"));
    }
    let only = if is_image_only(changed) { "のみ" } else { "" };
    let commit = story
        .release
        .commit
        .as_deref()
        .map_or_else(String::new, |commit| {
            format!("(コミット {})", code(&brief_commit(commit)))
        });
    format!("変わったもの: {}{only}{commit}。", told.join("、"))
}

fn is_image_only(changed: &Changed) -> bool {
    let mut edits = changed.edits.iter();
    edits.all(|edit| matches!(edit, Edit::Image { .. } | Edit::Digest { .. }))
}

fn edit(edit: &Edit) -> String {
    let of = |container: &Option<String>| {
        container
            .as_deref()
            .map_or_else(String::new, |name| format!("{} の ", code(name)))
    };
    match edit {
        Edit::Image {
            container,
            from,
            to,
        } => {
            format!(
                "{} のイメージ {} → {}",
                code(container),
                code(from),
                code(to)
            )
        }
        Edit::Digest {
            container,
            from,
            to,
        } => format!(
            "{} のイメージ(タグは同じ、digest {} → {})",
            code(container),
            code(&brief_digest(from)),
            code(&brief_digest(to))
        ),
        Edit::Variable { name, became, .. } => {
            format!("環境変数 {} の{}", code(name), value(*became))
        }
        Edit::Secret { name, became, .. } => {
            format!("シークレット {} の{}", code(name), source(*became))
        }
        Edit::Cpu {
            container,
            from,
            to,
        } => {
            format!(
                "{}CPU {} → {}",
                of(container),
                said(from, NAME),
                said(to, NAME)
            )
        }
        Edit::Memory {
            container,
            from,
            to,
        } => format!(
            "{}メモリ {} → {} MiB",
            of(container),
            said(from, NAME),
            said(to, NAME)
        ),
        Edit::Ports {
            container,
            from,
            to,
        } => {
            format!(
                "{} のポート {} → {}",
                code(container),
                ports(from),
                ports(to)
            )
        }
        Edit::HealthCheck { container } => format!("{} のヘルスチェック", code(container)),
        Edit::Rest { container: None } => {
            "タスク定義のその他の項目(ロール、ボリュームなど)".to_owned()
        }
        Edit::Rest {
            container: Some(name),
        } => format!(
            "{} の定義のその他の項目(コマンド、ボリューム、ログなど)",
            code(name)
        ),
        Edit::Platform { from, to } => format!("プラットフォーム {} → {}", code(from), code(to)),
        Edit::ContainerAdded { container } => format!("コンテナ {} の追加", code(container)),
        Edit::ContainerRemoved { container } => format!("コンテナ {} の削除", code(container)),
    }
}

fn value(became: Became) -> &'static str {
    match became {
        Became::Added => "追加",
        Became::Removed => "削除",
        Became::Other => "値の変更",
    }
}

fn source(became: Became) -> &'static str {
    match became {
        Became::Other => "参照先の変更",
        other => value(other),
    }
}

fn ports(ports: &[u16]) -> String {
    if ports.is_empty() {
        return "なし".to_owned();
    }
    let told: Vec<String> = ports.iter().map(ToString::to_string).collect();
    told.join("・")
}

fn next(story: &Story) -> String {
    let digest_only = story.changed.as_ref().is_some_and(|changed| {
        let mut edits = changed.edits.iter();
        !changed.edits.is_empty() && edits.all(|edit| matches!(edit, Edit::Digest { .. }))
    });
    let words = match (story.stage, &story.remedy) {
        (Stage::Failing, _) => "お待ちください。打ち切られるか成功したら知らせます。",
        (Stage::Failed, None) if story.back == Back::ByItself => {
            "お待ちください。元に戻ったら知らせます。"
        }
        (Stage::RollingBack, _) => "お待ちください。旧版に戻ったら知らせます。",
        (Stage::RolledBack, _) => {
            "原因を直してから、もう一度デプロイしてください。いま動いているのは旧版です。"
        }
        (Stage::Succeeded | Stage::Superseded, _) => "ありません。これで終わりです。",
        (Stage::Stopped, _) => "いま動いているものを確認し、動かすべきものをデプロイしてください。",
        (_, Some(_)) => "原因を直してもう一度デプロイするか、動いていた版に戻してください:",
        (_, None) if digest_only => {
            "タスク定義は同じなので、デプロイし直しても同じイメージになります。以前のイメージを digest で指定してデプロイするか、原因を直してもう一度デプロイしてください。"
        }
        (_, None) => "原因を直してもう一度デプロイしてください。自動では旧版に戻りません。",
    };
    format!("次の一手: {words}")
}

fn last_words(excerpt: &Excerpt) -> Vec<String> {
    let of = format!(
        "{}(タスク {})",
        code(&excerpt.container),
        code(&excerpt.task)
    );
    let Some(why) = &excerpt.absent else {
        let lines = excerpt.lines.iter().map(|line| said(line, EXCERPT));
        return [format!("{of}の最後のログ:")]
            .into_iter()
            .chain(lines)
            .collect();
    };
    let why = match why {
        NoLog::TurnedOff => {
            "この環境ではログを外に出しません(`watch.log_excerpts: true` で出します)".to_owned()
        }
        NoLog::NoDriver => "ログドライバーがありません".to_owned(),
        NoLog::Elsewhere { driver } => format!("ログは別の場所にあります({})", code(driver)),
        NoLog::Silent => "終了前に何も書いていません".to_owned(),
        NoLog::Unreadable { code: found } => format!("読み取れませんでした({})", code(found)),
    };
    vec![format!("{of}のログはありません: {why}。")]
}

#[cfg(test)]
mod tests;
