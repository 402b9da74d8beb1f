//! The page in a real browser, where there is one: `CHROMIUM`, or the first of the usual names on the
//! path.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::png;
use crate::samples::Evening;

fn browser() -> Option<PathBuf> {
    if let Some(said) = std::env::var_os("CHROMIUM") {
        return Some(PathBuf::from(said));
    }
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|program| program.is_file())
}

/// Runs the browser to its end; what it printed.
fn run(browser: &Path, profile: &str, arguments: &[&str]) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(profile);
    let mut child = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
        ])
        .args([
            "--no-first-run",
            "--disable-extensions",
            "--disable-background-networking",
        ])
        .arg(format!("--user-data-dir={}", folder.display()))
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let printed = child.stdout.take().unwrap();
    let reading = std::thread::spawn(move || std::io::read_to_string(printed));
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > Duration::from_mins(1) {
            // What it printed until then fails the test.
            child.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    reading.join().unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_sees_the_evening_in_a_browser() {
    let Some(browser) = browser() else {
        println!("SKIPPED: there is no Chromium here; install one, or name it in CHROMIUM");
        return;
    };
    let evening = Evening::begin().await;
    evening.play().await;
    let url = evening.slack.page("ops");
    let picture = Path::new(env!("CARGO_TARGET_TMPDIR")).join("slack.png");
    let _ = std::fs::remove_file(&picture);
    let shot = format!("--screenshot={}", picture.display());
    let dump = {
        let (browser, url) = (browser.clone(), url.clone());
        tokio::task::spawn_blocking(move || run(&browser, "chromium-dom", &["--dump-dom", &url]))
    };
    let looking = tokio::task::spawn_blocking(move || {
        run(
            &browser,
            "chromium-shot",
            &[&shot, "--window-size=900,1200", &url],
        )
    });
    let (dom, shot) = tokio::join!(dump, looking);
    shot.unwrap();
    sees(&dom.unwrap());
    let png = std::fs::read(&picture).unwrap();
    let (width, height, data) = png::measure(&png).unwrap();
    assert_eq!((width, height), (900, 1200));
    // White alone is compressed to some five thousand bytes.
    assert!(
        data > 40_000,
        "{} is blank: {data} bytes",
        picture.display()
    );
    println!("screenshot: {}", picture.display());
}

fn sees(dom: &str) {
    let expected = [
        "<h1># ops</h1>",
        "<h3>☀️ bookmark-manager staging が使えます(8:53)</h3>",
        "<div class=\"attachment\" style=\"--bar:#d92d43\">",
        "<span class=\"edited\">(edited)</span>",
        "<h4>2 replies</h4>",
        "<span class=\"mention\">@Tanaka</span>",
        "<time datetime=\"2026-11-13T14:58:00Z\">23:58</time>",
        "<span>Saturday, 14 November 2026</span>",
        "alt=\"CPU utilisation of the last three hours\"",
        "&lt;script&gt;alert('x')&lt;/script&gt; &amp; more",
        "<s>retried</s>",
        "title=\"nightshift, Tanaka (:clock10:)\">🕙<span>2</span>",
        "href=\"https://example.com/ecs?a=1&amp;b=2\"",
    ];
    for part in expected {
        assert!(dom.contains(part), "{part} in {dom}");
    }
}
