//! The same conversations with the simulated cloud, with `MiniStack` and with moto. Where they differ,
//! `docs/differences.md` has to say so, and who is right; else the simulated cloud may err unseen.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests as well")]

use jiff::Timestamp;
use nightshift_cloud::front::{Options, serve};
use nightshift_cloud::world::World;
use nightshift_tests::aws::{Aws, EC2, first_text};
use nightshift_tests::local::{LocalAws, root};
use tokio::task::JoinSet;

#[path = "conversations/autoscaling.rs"]
mod autoscaling;
#[path = "conversations/cloudwatch.rs"]
mod cloudwatch;
#[path = "conversations/dynamodb.rs"]
mod dynamodb;
#[path = "conversations/ecs.rs"]
mod ecs;
#[path = "conversations/events.rs"]
mod events;
#[path = "conversations/rds.rs"]
mod rds;
#[path = "conversations/script.rs"]
mod script;
#[path = "conversations/sns.rs"]
mod sns;
#[path = "conversations/ssm.rs"]
mod ssm;
#[path = "conversations/table.rs"]
mod table;

use script::{Step, System, hold};
use table::{Held, Table};

type Conversation = (&'static str, fn() -> Vec<Step>);

const ALL: [Conversation; 8] = [
    ("application-autoscaling", autoscaling::steps),
    ("cloudwatch", cloudwatch::steps),
    ("dynamodb", dynamodb::steps),
    ("ecs", ecs::steps),
    ("events", events::steps),
    ("rds", rds::steps),
    ("sns", sns::steps),
    ("ssm", ssm::steps),
];

/// A cloud for one conversation, whose time nobody else lets pass.
async fn cloud() -> System {
    let begin: Timestamp = "2027-06-04T10:00:00+09:00".parse().unwrap();
    let mut world = World::new(begin, 1);
    // The emulators know no rates.
    world.throttles = false;
    let front = serve(world, Options::default()).await.unwrap();
    System {
        aws: Aws::at(front.address.to_string()),
        front: Some(front),
        subnet: "subnet-0123456789abcdef0".to_owned(),
    }
}

async fn emulator(aws: Aws) -> System {
    let subnets = aws.query(EC2, "DescribeSubnets", &[]).await.unwrap();
    System {
        aws,
        front: None,
        subnet: first_text(&subnets, "subnetId").unwrap(),
    }
}

#[tokio::test]
async fn the_simulated_cloud_and_the_emulators_differ_in_what_the_table_says_and_in_nothing_else() {
    let local = LocalAws::start().await.unwrap();
    let mut holding = JoinSet::new();
    for (service, steps) in ALL {
        let [ministack, moto] = local.unmended();
        holding.spawn(async move {
            let (cloud, ministack, moto) =
                tokio::join!(cloud(), emulator(ministack), emulator(moto));
            let steps = steps();
            let (cloud, ministack, moto) = tokio::join!(
                hold(&cloud, &steps),
                hold(&ministack, &steps),
                hold(&moto, &steps)
            );
            Held {
                service,
                steps,
                outcomes: [cloud, ministack, moto],
            }
        });
    }
    let mut held = holding.join_all().await;
    held.sort_by_key(|held| held.service);
    let wrong = Table::read(&root().join("docs/differences.md")).wrong(&held);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_two_calls_of_a_conversation_have_the_same_name() {
    for (service, steps) in ALL {
        let steps = steps();
        let mut names: Vec<&str> = steps
            .iter()
            .filter(|step| step.is_call())
            .map(|step| step.name.as_str())
            .collect();
        names.sort_unstable();
        for pair in names.windows(2) {
            assert_ne!(pair[0], pair[1], "{service}");
        }
    }
}
