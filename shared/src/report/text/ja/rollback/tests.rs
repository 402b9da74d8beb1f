use crate::{
    config::Language,
    report::{
        News,
        text::{self, Place, samples},
    },
};

#[test]
fn a_rollback_says_who_is_affected_why_what_changed_and_what_to_do() {
    let zone = samples::tokyo();
    let place = Place {
        now: samples::at("2026-11-24T14:13:00+09:00"),
        teller: "explain-rollback",
        ..samples::place(&zone, Language::Ja, false)
    };
    let news = News::Rollback {
        story: Box::new(samples::rollback::rolled_back()),
    };
    let text = text::news(&news, &place);
    let lines: Vec<&str> = text.lines.iter().map(String::as_str).collect();
    assert_eq!(
        text.title,
        "↩️ bookmark-manager-staging: api のデプロイは自動で元に戻りました(利用者への影響なし。同じコミットはまた失敗します。次のデプロイまでに対応が必要です)"
    );
    assert_eq!(
        lines,
        [
            "14:02 開始 → 14:09 失敗 → 14:12 復旧(10分30秒)。旧版 2/2 が応答し続けました。",
            "デプロイのサーキットブレーカーが打ち切りました(失敗したタスク 3、上限 3)。",
            "原因(確実): `api` が起動直後に終了(exit 1)× 3 回 — 起動から 4秒後、`api` の最後の行 「Error: DATABASE_HOST is not set」。",
            "いつもの直し方: ログを読む。終了の理由はアプリケーションが書いている。",
            "変わったもの: `api` のイメージ(タグは同じ、digest `0f1e2d3c4b5a` → `f0e1d2c3b4a5`)のみ(コミット `1f3c9ab`)。",
            "いま動いているもの: `api:9`(イメージ `api:latest`、digest `0f1e2d3c4b5a`、コミット `1f3c9ab`、13:58 に push)、2/2。",
            "次の一手: 原因を直してから、もう一度デプロイしてください。いま動いているのは旧版です。",
            "アカウント 123456789012・ap-northeast-1・nightshift explain-rollback",
        ]
    );
    assert_eq!(text.excerpt[0], "`api`(タスク `0a1b2c3d`)の最後のログ:");
}
