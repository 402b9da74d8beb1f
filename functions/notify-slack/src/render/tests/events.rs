//! Events in all their states, also those of which nobody has heard yet.

use nightshift::config::Language;

use crate::{
    draft::Colour,
    render::{first, samples},
    signal::{Container, Event, Stage, Told, What},
};

fn drawn(told: Told, language: Language) -> (Colour, String) {
    let event = Event {
        told,
        resource: String::new(),
    };
    let signal = samples::signal(What::Event(Box::new(event)));
    let draft = first(&signal, &samples::scene(language));
    let title = draft.title.replace("bookmark-manager-production: ", "");
    (draft.colour, title)
}

fn words(text: &str) -> String {
    text.to_owned()
}

fn service(name: &str, level: &str) -> Told {
    Told::Service {
        name: words(name),
        level: words(level),
        cluster: words("c"),
        service: words("bookmark-manager-production-api"),
        reason: String::new(),
    }
}

fn task(code: &str, exit: Option<i64>, reason: Option<&str>) -> Told {
    Told::Task {
        cluster: words("c"),
        group: words("service:api"),
        code: words(code),
        reason: String::new(),
        containers: vec![Container {
            name: words("api"),
            exit_code: exit,
            reason: reason.map(words),
        }],
    }
}

fn database(id: &str, categories: &[&str]) -> Told {
    Told::Database {
        source: words("CLUSTER"),
        name: words("pg"),
        id: words(id),
        categories: categories.iter().map(|category| words(category)).collect(),
        message: String::new(),
    }
}

fn deployment(stage: Stage) -> Told {
    Told::Deployment {
        stage,
        cluster: words("c"),
        service: words("api"),
        deployment: String::new(),
        reason: String::new(),
    }
}

fn code_deploy(state: &str) -> Told {
    Told::CodeDeploy {
        state: words(state),
        application: words("app"),
        group: String::new(),
        deployment: String::new(),
    }
}

fn health(category: &str, status: &str) -> Told {
    Told::Health {
        service: words("ECS"),
        code: String::new(),
        category: words(category),
        status: words(status),
        begins: None,
        ends: None,
        description: String::new(),
        affected: Vec::new(),
    }
}

#[test]
#[allow(clippy::too_many_lines, reason = "one row for each event")]
fn each_event_says_how_urgent_it_is() {
    for (told, colour, en, ja) in [
        (
            deployment(Stage::Begun),
            Colour::Blue,
            "🚀 deployment of api started",
            "🚀 api のデプロイを開始しました",
        ),
        (
            deployment(Stage::Completed),
            Colour::Green,
            "✅ deployment of api is complete",
            "✅ api のデプロイが完了しました",
        ),
        (
            service("SERVICE_STEADY_STATE", "INFO"),
            Colour::Blue,
            "ℹ️ api is steady",
            "ℹ️ api は安定しています",
        ),
        (
            service("SERVICE_TASK_START_IMPAIRED", "WARN"),
            Colour::Amber,
            "⚠️ tasks of api keep failing to start",
            "⚠️ api のタスクが繰り返し起動に失敗しています",
        ),
        (
            service("A_THING_OF_2031", "ERROR"),
            Colour::Red,
            "🚨 api: A_THING_OF_2031",
            "🚨 api: A_THING_OF_2031",
        ),
        (
            task("EssentialContainerExited", Some(1), None),
            Colour::Red,
            "🚨 a task of api stopped with exit code 1",
            "🚨 api のタスクが終了コード 1 で停止しました",
        ),
        (
            task(
                "EssentialContainerExited",
                Some(137),
                Some("OutOfMemoryError: x"),
            ),
            Colour::Red,
            "🚨 a task of api ran out of memory",
            "🚨 api のタスクがメモリ不足で停止しました",
        ),
        (
            task("EssentialContainerExited", Some(0), None),
            Colour::Blue,
            "ℹ️ a task of api stopped with exit code 0",
            "ℹ️ api のタスクが終了コード 0 で停止しました",
        ),
        (
            task("UserInitiated", Some(143), None),
            Colour::Blue,
            "ℹ️ a task of api stopped with exit code 143",
            "ℹ️ api のタスクが終了コード 143 で停止しました",
        ),
        (
            task("TaskFailedToStart", None, None),
            Colour::Red,
            "🚨 a task of api could not be started",
            "🚨 api のタスクを起動できませんでした",
        ),
        (
            database("RDS-EVENT-0073", &["failover"]),
            Colour::Amber,
            "⚠️ pg is failing over",
            "⚠️ pg がフェイルオーバー中です",
        ),
        (
            database("RDS-EVENT-0152", &["notification"]),
            Colour::Red,
            "🚨 pg could not be stopped",
            "🚨 pg を停止できませんでした",
        ),
        (
            database("RDS-EVENT-9999", &["notification", "failure"]),
            Colour::Red,
            "🚨 pg: a failure",
            "🚨 pg: 障害",
        ),
        (
            database("RDS-EVENT-9999", &["maintenance"]),
            Colour::Blue,
            "🗄️ pg: maintenance",
            "🗄️ pg: メンテナンス",
        ),
        (
            code_deploy("STOP"),
            Colour::Amber,
            "⚠️ deployment of app was stopped (CodeDeploy)",
            "⚠️ app のデプロイが停止されました(CodeDeploy)",
        ),
        (
            code_deploy("NEW"),
            Colour::Blue,
            "🚀 deployment of app: NEW (CodeDeploy)",
            "🚀 app のデプロイ: NEW(CodeDeploy)",
        ),
        (
            health("issue", "open"),
            Colour::Red,
            "🚨 AWS has trouble with ECS",
            "🚨 AWS の ECS に障害が発生しています",
        ),
        (
            health("issue", "closed"),
            Colour::Green,
            "✅ AWS has mended its trouble with ECS",
            "✅ AWS の ECS の障害が解消しました",
        ),
        (
            health("accountNotification", ""),
            Colour::Blue,
            "ℹ️ a notice of AWS about ECS",
            "ℹ️ ECS に関する AWS からのお知らせ",
        ),
    ] {
        assert_eq!(drawn(told.clone(), Language::En), (colour, words(en)));
        assert_eq!(drawn(told, Language::Ja), (colour, words(ja)));
    }
}
