//! One file for each service of AWS, and one row for it here.

use std::fmt::Debug;

use crate::{
    call::{Call, Demand, Fault, Outcome},
    rates::Bucket,
    world::World,
};

pub mod autoscaling;
pub mod cloudwatch;
pub mod codedeploy;
pub mod dynamodb;
pub mod ecr;
pub mod ecs;
pub mod elbv2;
pub mod events;
pub mod logs;
pub mod rds;
pub mod secretsmanager;
pub mod sns;
pub mod ssm;

/// Every service that is modelled.
pub const ALL: [&dyn Service; 13] = [
    &autoscaling::SERVICE,
    &cloudwatch::SERVICE,
    &codedeploy::SERVICE,
    &dynamodb::SERVICE,
    &ecr::SERVICE,
    &ecs::SERVICE,
    &elbv2::SERVICE,
    &events::SERVICE,
    &logs::SERVICE,
    &rds::SERVICE,
    &secretsmanager::SERVICE,
    &sns::SERVICE,
    &ssm::SERVICE,
];

/// How a service writes its requests and answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// JSON, with the operation in a header.
    /// <https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html>
    Json {
        /// What stands before the operation in `X-Amz-Target`.
        target: &'static str,
        /// `1.0` or `1.1`.
        version: &'static str,
    },
    /// CBOR, with the operation in the path.
    /// <https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>
    Cbor {
        /// The name of the service's shape, which stands in the path.
        service: &'static str,
        /// The members of outputs that JSON has no form of its own for. All others are written as
        /// JSON has them.
        members: &'static [(&'static str, Form)],
    },
    /// Forms, answered with XML. <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>
    Query {
        /// The version of the API, which is the namespace's date too.
        version: &'static str,
    },
}

/// What a member is written as in CBOR; in a service's output it has the form of AWS's JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A byte string; base64 in the output.
    Blob,
    /// A number with tag 1; seconds since 1970 in the output.
    Timestamp,
}

/// A service of AWS.
pub trait Service: Debug + Sync {
    /// Its name in IAM actions: `ecs`.
    fn name(&self) -> &'static str;

    /// Its name in signatures, where that is another one.
    fn signing_name(&self) -> &'static str {
        self.name()
    }

    /// How it is spoken to.
    fn protocol(&self) -> Protocol;

    /// How it is spoken to by others, where it knows more than one protocol.
    fn other_protocol(&self) -> Option<Protocol> {
        None
    }

    /// Does what is asked for.
    ///
    /// # Errors
    /// With the service's error, its code from the service's model.
    fn answer(&self, world: &mut World, call: &Call) -> Outcome;

    /// What must be allowed for it, judged before the call is looked at any closer.
    fn demands(&self, world: &World, call: &Call) -> Vec<Demand>;

    /// The bucket that the operation takes from; none where no rate is documented.
    fn bucket(&self, _operation: &str) -> Option<Bucket> {
        None
    }

    /// What it answers when a bucket is empty.
    fn throttled(&self) -> Fault {
        Fault::client("ThrottlingException", "Rate exceeded")
    }

    /// What it answers when the policy does not allow a call.
    fn denied(&self, message: String) -> Fault {
        Fault::client("AccessDeniedException", message)
    }
}

/// What a service answers to an operation that the model lacks.
#[must_use]
pub fn unknown_operation(service: &dyn Service, call: &Call) -> Fault {
    let message = format!(
        "the simulated cloud does not know {}:{}",
        service.name(),
        call.operation
    );
    Fault::client("UnknownOperationException", message)
}

/// Something that AWS does by itself later.
#[derive(Clone, Debug)]
pub enum Happening {
    /// In ECS.
    Ecs(ecs::Happening),
    /// In Application Auto Scaling.
    AutoScaling(autoscaling::Happening),
    /// In RDS.
    Rds(rds::Happening),
    /// In CloudWatch.
    CloudWatch(cloudwatch::Happening),
    /// In CodeDeploy.
    CodeDeploy(codedeploy::Happening),
}

impl Happening {
    /// Lets it happen.
    pub fn happen(self, world: &mut World) {
        match self {
            Self::Ecs(happening) => happening.happen(world),
            Self::AutoScaling(happening) => happening.happen(world),
            Self::Rds(happening) => happening.happen(world),
            Self::CloudWatch(happening) => happening.happen(world),
            Self::CodeDeploy(happening) => happening.happen(world),
        }
    }
}

impl From<ecs::Happening> for Happening {
    fn from(happening: ecs::Happening) -> Self {
        Self::Ecs(happening)
    }
}

impl From<autoscaling::Happening> for Happening {
    fn from(happening: autoscaling::Happening) -> Self {
        Self::AutoScaling(happening)
    }
}

impl From<rds::Happening> for Happening {
    fn from(happening: rds::Happening) -> Self {
        Self::Rds(happening)
    }
}

impl From<cloudwatch::Happening> for Happening {
    fn from(happening: cloudwatch::Happening) -> Self {
        Self::CloudWatch(happening)
    }
}

impl From<codedeploy::Happening> for Happening {
    fn from(happening: codedeploy::Happening) -> Self {
        Self::CodeDeploy(happening)
    }
}
