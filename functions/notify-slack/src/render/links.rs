//! Addresses in the AWS console. Names come from strangers, so they are encoded, and a Region that is
//! none makes no address at all.

use std::fmt::Write as _;

use crate::signal::Metric;

/// The longest address that is worth a link: Slack's own limit for the whole section is 3000.
pub(super) const LONGEST: usize = 1400;

/// The console of an account's Region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Console<'a> {
    account: &'a str,
    region: &'a str,
}

impl<'a> Console<'a> {
    /// The console, if this is the code of a Region.
    pub(super) fn new(account: &'a str, region: &'a str) -> Option<Self> {
        let mut parts = region.split('-');
        let area = parts.next().unwrap_or_default();
        let number = parts.next_back().unwrap_or_default();
        let middle: Vec<&str> = parts.collect();
        let letters = |text: &str| {
            !text.is_empty() && text.len() <= 12 && text.bytes().all(|b| b.is_ascii_lowercase())
        };
        let is_region = letters(area)
            && (1..=2).contains(&middle.len())
            && middle.into_iter().all(letters)
            && matches!(number.as_bytes(), [digit] if digit.is_ascii_digit());
        is_region.then_some(Self { account, region })
    }

    /// <https://docs.aws.amazon.com/general/latest/gr/aws-arns-and-namespaces.html>
    fn partition(self) -> (&'static str, &'static str) {
        if self.region.starts_with("cn-") {
            ("aws-cn", "amazonaws.cn")
        } else if self.region.starts_with("us-gov-") {
            ("aws-us-gov", "amazonaws-us-gov.com")
        } else {
            ("aws", "aws.amazon.com")
        }
    }

    fn page(self, path: &str, rest: &str) -> String {
        let (_, domain) = self.partition();
        let region = self.region;
        format!("https://{region}.console.{domain}/{path}?region={region}{rest}")
    }

    fn cloudwatch(self, fragment: &str) -> String {
        self.page("cloudwatch/home", &format!("#{fragment}"))
    }

    /// An alarm.
    pub(super) fn alarm(self, name: &str) -> String {
        self.cloudwatch(&format!("alarmsV2:alarm/{}", encoded(name)))
    }

    /// All alarms that ring.
    pub(super) fn alarms(self) -> String {
        self.cloudwatch("alarmsV2:?~(alarmStateFilter~'ALARM)")
    }

    /// The graph of these metrics, as the alarm sees them.
    pub(super) fn graph(self, metrics: &[&Metric]) -> String {
        let mut graph = String::from("metricsV2:graph=~(metrics~(");
        for metric in metrics {
            let _ = write!(
                graph,
                "~(~{}~{}",
                value(&metric.namespace),
                value(&metric.name)
            );
            for (name, dimension) in &metric.dimensions {
                let _ = write!(graph, "~{}~{}", value(name), value(dimension));
            }
            let mut options = Vec::new();
            if !metric.statistic.is_empty() {
                options.push(format!("stat~{}", value(&metric.statistic)));
            }
            options.extend(metric.period.map(|period| format!("period~{period}")));
            if !options.is_empty() {
                let _ = write!(graph, "~({})", options.join("~"));
            }
            graph.push(')');
        }
        let _ = write!(
            graph,
            ")~view~'timeSeries~stacked~false~region~{}~start~'-PT3H~end~'P0D)",
            value(self.region)
        );
        self.cloudwatch(&graph)
    }

    /// An ECS service's page: `health`, `logs`, `deployments`.
    pub(super) fn service(self, cluster: &str, service: &str, page: &str) -> String {
        self.page(
            &format!(
                "ecs/v2/clusters/{}/services/{}/{page}",
                encoded(cluster),
                encoded(service)
            ),
            "",
        )
    }

    /// An ECS task's page: `configuration`, `logs`.
    pub(super) fn task(self, cluster: &str, task: &str, page: &str) -> String {
        self.page(
            &format!(
                "ecs/v2/clusters/{}/tasks/{}/{page}",
                encoded(cluster),
                encoded(task)
            ),
            "",
        )
    }

    /// A database instance or cluster.
    pub(super) fn database(self, name: &str, is_cluster: bool) -> String {
        self.page(
            "rds/home",
            &format!("#database:id={};is-cluster={is_cluster}", encoded(name)),
        )
    }

    /// A load balancer, by its dimension: `app/name/50dc6c495c0c9188`.
    pub(super) fn load_balancer(self, dimension: &str) -> Option<String> {
        let arn = self.arn("elasticloadbalancing", &format!("loadbalancer/{dimension}"))?;
        let fragment = format!("#LoadBalancer:loadBalancerArn={}", encoded(&arn));
        Some(self.page("ec2/home", &fragment))
    }

    /// A target group, by its dimension: `targetgroup/name/73e2d6bc24d8a067`.
    pub(super) fn target_group(self, dimension: &str) -> Option<String> {
        let arn = self.arn("elasticloadbalancing", dimension)?;
        let fragment = format!("#TargetGroup:targetGroupArn={}", encoded(&arn));
        Some(self.page("ec2/home", &fragment))
    }

    /// A Lambda function.
    pub(super) fn function(self, name: &str) -> String {
        let fragment = format!("#/functions/{}?tab=monitoring", encoded(name));
        self.page("lambda/home", &fragment)
    }

    /// The log lines of a Lambda function with these words, of the last two days.
    pub(super) fn log_lines(self, function: &str, words: &str) -> String {
        let twice = |text: &str| encoded(&encoded(text)).replace('%', "$");
        self.cloudwatch(&format!(
            "logsV2:log-groups/log-group/{}/log-events$3FfilterPattern$3D{}$26start$3D-172800000",
            twice(&format!("/aws/lambda/{function}")),
            twice(&format!("\"{}\"", words.replace('"', "")))
        ))
    }

    /// A deployment of CodeDeploy.
    pub(super) fn code_deploy(self, deployment: &str) -> String {
        self.page(
            &format!("codesuite/codedeploy/deployments/{}", encoded(deployment)),
            "",
        )
    }

    fn arn(self, service: &str, resource: &str) -> Option<String> {
        let (partition, _) = self.partition();
        let is_account =
            self.account.len() == 12 && self.account.bytes().all(|b| b.is_ascii_digit());
        is_account.then(|| {
            format!(
                "arn:{partition}:{service}:{}:{}:{resource}",
                self.region, self.account
            )
        })
    }
}

/// AWS Health's own page, which is the same for all Regions.
pub(super) const HEALTH: &str =
    "https://health.aws.amazon.com/health/home#/account/dashboard/open-issues";
/// The page of what AWS plans.
pub(super) const HEALTH_PLANS: &str =
    "https://health.aws.amazon.com/health/home#/account/dashboard/scheduled-changes";
/// The page of all budgets.
pub(super) const BUDGETS: &str =
    "https://us-east-1.console.aws.amazon.com/costmanagement/home#/budgets";

/// Percent-encoded but for what never needs it.
/// <https://www.rfc-editor.org/rfc/rfc3986#section-2.3>
fn encoded(text: &str) -> String {
    let mut told = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            told.push(char::from(byte));
        } else {
            let _ = write!(told, "%{byte:02X}");
        }
    }
    told
}

/// A text as the CloudWatch console writes it in its addresses: behind `'`, with `*` and two digits
/// for what is neither letter nor digit, and `**` and four beyond Latin-1.
fn value(text: &str) -> String {
    let mut told = String::from("'");
    for unit in text.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) => {
                told.push(char::from(byte));
            }
            Ok(b'$') => told.push('!'),
            Ok(byte) => {
                let _ = write!(told, "*{byte:02x}");
            }
            Err(_) => {
                let _ = write!(told, "**{unit:04x}");
            }
        }
    }
    told
}

/// The first address of `https` in a text, and where it stands.
pub(super) fn address(text: &str) -> Option<(usize, &str)> {
    let start = text.find("https://")?;
    let rest = text.get(start..)?;
    let end = rest
        .find(|character: char| {
            character.is_whitespace()
                || character.is_control()
                || "<>\"'`|)]}、。」）".contains(character)
        })
        .unwrap_or(rest.len());
    let found = rest
        .get(..end)?
        .trim_end_matches(['.', ',', ';', ':', '!', '?']);
    let host = found.strip_prefix("https://").unwrap_or_default();
    let has_host = host.starts_with(|first: char| first.is_ascii_alphanumeric());
    (has_host && found.len() <= LONGEST).then_some((start, found))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokyo() -> Console<'static> {
        Console::new("123456789012", "ap-northeast-1").unwrap()
    }

    #[test]
    fn what_is_no_region_makes_no_address() {
        for region in [
            "",
            "Asia Pacific (Tokyo)",
            "evil.com/",
            "ap-northeast-1/",
            "a-b",
            "-a-1",
            "ap--1",
        ] {
            assert_eq!(Console::new("1", region), None, "{region}");
        }
        for region in ["ap-northeast-1", "us-gov-west-1", "cn-north-1"] {
            assert!(Console::new("1", region).is_some(), "{region}");
        }
    }

    #[test]
    fn each_partition_has_its_own_console() {
        for (region, host) in [
            ("eu-west-1", "eu-west-1.console.aws.amazon.com"),
            ("cn-north-1", "cn-north-1.console.amazonaws.cn"),
            (
                "us-gov-west-1",
                "us-gov-west-1.console.amazonaws-us-gov.com",
            ),
        ] {
            let address = Console::new("1", region).unwrap().alarms();
            assert!(
                address.starts_with(&format!("https://{host}/")),
                "{address}"
            );
        }
    }

    #[test]
    fn names_are_encoded() {
        let region = "region=ap-northeast-1";
        for (address, ending) in [
            (
                tokyo().alarm("a/b c#&d"),
                format!("?{region}#alarmsV2:alarm/a%2Fb%20c%23%26d"),
            ),
            (
                tokyo().service("c", "s/x", "logs"),
                format!("/ecs/v2/clusters/c/services/s%2Fx/logs?{region}"),
            ),
            (
                tokyo().database("pg;x", true),
                format!("/rds/home?{region}#database:id=pg%3Bx;is-cluster=true"),
            ),
            (
                tokyo().load_balancer("app/alb/50dc").unwrap(),
                format!(
                    "/ec2/home?{region}#LoadBalancer:loadBalancerArn=arn%3Aaws%3Aelasticloadbalancing%3Aap-northeast-1%3A123456789012%3Aloadbalancer%2Fapp%2Falb%2F50dc"
                ),
            ),
            (
                tokyo().log_lines("f", "event/1"),
                format!(
                    "?{region}#logsV2:log-groups/log-group/$252Faws$252Flambda$252Ff/log-events$3FfilterPattern$3D$2522event$252F1$2522$26start$3D-172800000"
                ),
            ),
        ] {
            assert!(address.ends_with(&ending), "{address}");
        }
        assert_eq!(
            Console::new("", "eu-west-1")
                .unwrap()
                .load_balancer("app/a/b"),
            None
        );
    }

    #[test]
    fn a_graph_is_written_as_the_console_writes_it() {
        let metric = Metric {
            namespace: "AWS/ECS".to_owned(),
            name: "CPUUtilization".to_owned(),
            dimensions: [("ServiceName".to_owned(), "api $負".to_owned())].into(),
            statistic: "p99.9".to_owned(),
            period: Some(60),
            unit: None,
        };
        let address = tokyo().graph(&[&metric]);
        assert!(
            address.contains("#metricsV2:graph=~(metrics~(~(~'AWS*2fECS~'CPUUtilization~'ServiceName~'api*20!**8ca0~(stat~'p99.9~period~60)))~view~'timeSeries"),
            "{address}"
        );
    }

    #[test]
    fn an_address_in_a_text_ends_where_a_reader_ends_it() {
        for (text, wanted) in [
            (
                "Runbook: https://wiki.example.com/cpu.",
                Some("https://wiki.example.com/cpu"),
            ),
            (
                "手順(https://wiki.example.com/負荷)を見る",
                Some("https://wiki.example.com/負荷"),
            ),
            ("<https://a.example/x|runbook>", Some("https://a.example/x")),
            ("see http://a.example/", None),
            ("https:// nothing", None),
            ("none", None),
        ] {
            assert_eq!(address(text).map(|found| found.1), wanted, "{text}");
        }
    }
}
