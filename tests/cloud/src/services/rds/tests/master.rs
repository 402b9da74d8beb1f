use super::*;

const OLD: &str = "as it was made";
const NEW: &str = "a-new-one-of-41";

fn in_force(world: &World, arn: &str) -> String {
    world.rds.database(arn).unwrap().master.password.clone()
}

fn password(kind: &str, name: &str, password: &str) -> Value {
    let identifier = format!("{kind}Identifier");
    json!({ identifier: name, "MasterUserPassword": password, "ApplyImmediately": "true" })
}

#[test]
fn a_new_master_password_is_in_force_only_after_its_reset_and_shown_by_nobody() {
    let (mut world, instance) = with_instance(3);
    let cluster = create_cluster(&mut world, &Actor::Terraform, quiet_cluster(1));
    for (kind, name, arn) in [
        ("DBInstance", "main", &instance),
        ("DBCluster", "aurora", &cluster),
    ] {
        let answer = ask(
            &mut world,
            &format!("Modify{kind}"),
            password(kind, name, NEW),
        )
        .unwrap();
        let pending = &answer[kind]["PendingModifiedValues"];
        assert_eq!(pending["MasterUserPassword"], "****");
        assert!(!answer.to_string().contains(NEW));
        assert_eq!(status_of(&world, arn), "resetting-master-credentials");
        assert_eq!(in_force(&world, arn), OLD);
        until(&mut world, arn, "available");
        assert_eq!(in_force(&world, arn), NEW);
    }
    let pending = described(&mut world)["PendingModifiedValues"].clone();
    assert_eq!(pending, json!({}), "nothing waits any more");
}

#[test]
fn a_reset_that_fails_leaves_the_password_from_before() {
    let (mut world, arn) = with_instance(5);
    world.rds.fail_resets(&arn, true);
    let asked = password("DBInstance", "main", NEW);
    ask(&mut world, "ModifyDBInstance", asked).unwrap();
    until(&mut world, &arn, "available");
    assert_eq!(in_force(&world, &arn), OLD);
    assert_eq!(event_ids(&mut world).last().unwrap(), "0067");
}

#[test]
fn what_is_busy_managed_a_member_or_a_replica_refuses_a_master_password() {
    let (mut world, arn) = with_instance(4);
    let by = Actor::Terraform;
    create_cluster(&mut world, &by, quiet_cluster(1));
    let replica = NewInstance {
        replica_of: Some("main".to_owned()),
        ..quiet("replica")
    };
    create_instance(&mut world, &by, replica);
    let mut managed = quiet("managed");
    managed.master.managed = true;
    create_instance(&mut world, &by, managed);
    for (name, wanted) in [
        ("aurora-instance-1", "InvalidParameterCombination"),
        ("managed", "InvalidParameterCombination"),
        ("replica", "InvalidDBInstanceState"),
    ] {
        let asked = password("DBInstance", name, NEW);
        let refused = code(ask(&mut world, "ModifyDBInstance", asked));
        assert_eq!(refused.0, wanted, "{name}");
    }
    for bad in ["short", "with/a slash", "with@an-at"] {
        let asked = password("DBInstance", "main", bad);
        let refused = code(ask(&mut world, "ModifyDBInstance", asked));
        assert_eq!(refused.0, "InvalidParameterValue", "{bad}");
    }
    set_status(&mut world, &arn, "backing-up", None);
    let refused = code(ask(
        &mut world,
        "ModifyDBInstance",
        password("DBInstance", "main", NEW),
    ));
    assert_eq!(refused.0, "InvalidDBInstanceState");
    let cluster = cluster_arn("aurora");
    set_status(&mut world, &cluster, "failing-over", None);
    let refused = code(ask(
        &mut world,
        "ModifyDBCluster",
        password("DBCluster", "aurora", NEW),
    ));
    assert_eq!(refused.0, "InvalidDBClusterStateFault");
    assert_eq!(in_force(&world, &arn), OLD);
}
