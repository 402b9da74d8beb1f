//! Whose last words are told: those of the containers with which a task may have ended, once each.

use nightshift::report::rollback::{Excerpt, NoLog};

use super::*;

/// What is told of a task whose containers ended so, each with what it wrote; all but `init` are
/// needed by it.
fn told(ends: &[(&str, Option<i32>, &[&str])]) -> Vec<Excerpt> {
    let mut task = ended(0, 1);
    task.containers.clear();
    let mut snapshot = underway();
    let definition = &mut snapshot.definitions[1];
    let api = definition.containers[0].clone();
    for (name, exit, lines) in ends {
        task.containers.push(Dead {
            name: (*name).to_owned(),
            exit: *exit,
            ..Dead::default()
        });
        if *name != "api" {
            definition.containers.push(Container {
                name: (*name).to_owned(),
                essential: *name != "init",
                ports: Vec::new(),
                ..api.clone()
            });
        }
        snapshot.logs.push(Log {
            container: (*name).to_owned(),
            ..log(&task, lines)
        });
    }
    let mut play = Play::default();
    play.look(&snapshot.with(vec![task]).given_up(), at("14:09"));
    play.told.remove(0).excerpts
}

fn names(excerpts: &[Excerpt]) -> Vec<&str> {
    excerpts.iter().map(|it| it.container.as_str()).collect()
}

#[test]
fn each_container_is_told_once_with_its_newest_task() {
    let mut snapshot = crashed().given_up();
    let logs = snapshot.stopped.iter().map(|task| log(task, &["boom"]));
    snapshot.logs = logs.collect();
    let newest = snapshot.stopped[2].id().to_owned();
    snapshot.stopped.reverse();
    let mut play = Play::default();
    play.look(&snapshot, at("14:09"));
    let excerpts = &play.told[0].excerpts;
    assert_eq!(names(excerpts), ["api"]);
    assert_eq!(excerpts[0].task, newest);
}

#[test]
fn three_containers_are_told_and_none_that_the_task_does_not_need() {
    let said = ["init", "api", "envoy", "agent", "proxy"].map(|it| (it, Some(1), &["boom"][..]));
    assert_eq!(names(&told(&said)), ["api", "envoy", "agent"]);
    assert_eq!(names(&told(&said[..3])), ["api", "envoy"]);
}

#[test]
fn that_a_container_wrote_nothing_is_told_only_if_its_task_may_have_ended_with_it() {
    for (case, ends, expected) in [
        (
            "one ended by itself",
            [("api", Some(143)), ("envoy", Some(1))],
            ["envoy"],
        ),
        (
            "one ended, of the other nothing is known",
            [("api", None), ("envoy", Some(0))],
            ["envoy"],
        ),
        (
            "all were asked to end",
            [("envoy", Some(143)), ("api", Some(143))],
            ["api"],
        ),
    ] {
        let silent = ends.map(|(name, exit)| (name, exit, &[][..]));
        let excerpts = told(&silent);
        assert_eq!(names(&excerpts), expected, "{case}");
        assert_eq!(excerpts[0].absent, Some(NoLog::Silent), "{case}");
        let heard = ends.map(|(name, exit)| (name, exit, &["bye"][..]));
        assert_eq!(told(&heard).len(), 2, "{case}, but all wrote something");
    }
}
