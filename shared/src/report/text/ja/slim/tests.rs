use crate::{
    config::Language,
    report::{
        News,
        text::{self, samples},
    },
};

#[test]
fn a_night_tells_what_did_not_run_its_worth_how_long_and_what_held_back() {
    let zone = samples::tokyo();
    let place = samples::slim::place(&zone, Language::Ja);
    let news = News::NightSummary {
        night: Box::new(samples::slim::night()),
    };
    let text = text::news(&news, &place).joined();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines,
        [
            "🌙 bookmark-manager-production: 昨夜の縮小は問題なし",
            "減らした 17.0 タスク時間 = 0.52 USD(11月累計 16.5 USD)。22:14–6:45 api の最小 2→1、web 2→1。6:52 に api 2/2・web 2/2 正常。22:00–22:14 はデプロイ中のため縮小を待ちました。",
            "CPU の最大 43 %(api)、スケールアウト 1 回、タスクの異常終了なし。",
            "アカウント 123456789012・ap-northeast-1・nightshift scale-production",
        ]
    );
}

#[test]
fn what_slims_asks_for_its_own_tag() {
    let zone = samples::tokyo();
    let place = samples::slim::place(&zone, Language::Ja);
    let told = samples::news()
        .into_iter()
        .filter(|news| matches!(news, News::NoConsent { .. } | News::Rivals { .. }));
    let mut heard = 0;
    for news in told {
        let text = text::news(&news, &place).joined();
        assert!(
            text.contains("nightshift:slim") && !text.contains("nightshift:sleep"),
            "{text}"
        );
        heard += 1;
    }
    assert_eq!(heard, 5);
}
