//! What an hour of a resource costs, by the prices that the company wrote down. What has no price
//! is left out, never guessed.

use crate::{
    config::Prices,
    kind::{Size, Sizing},
    report::Money,
};

/// One task of this size, for an hour.
#[must_use]
pub fn task_hour(size: Size, prices: &Prices) -> Option<f64> {
    let (vcpu, gb) = if size.arm {
        (prices.fargate_arm_vcpu?, prices.fargate_arm_gb?)
    } else {
        (prices.fargate_vcpu?, prices.fargate_gb?)
    };
    Some(size.vcpu * vcpu + size.gb * gb)
}

/// A database of this sizing, for an hour: its instances, and the least capacity of Serverless v2.
#[must_use]
pub fn database_hour(sizing: &Sizing, prices: &Prices) -> Option<f64> {
    let classes: f64 = sizing
        .classes
        .iter()
        .map(|class| prices.db.get(class).copied())
        .sum::<Option<f64>>()?;
    let capacity = if sizing.acu > 0.0 {
        sizing.acu * prices.aurora_acu?
    } else {
        0.0
    };
    (classes + capacity > 0.0).then_some(classes + capacity)
}

/// A sum in the company's currency.
#[must_use]
pub fn money(amount: f64, prices: &Prices) -> Money {
    Money {
        amount,
        currency: prices.currency.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokyo() -> Prices {
        serde_json::from_str(
            r#"{"as_of":"2026-10-01","fargate_vcpu":0.05056,"fargate_gb":0.00553,
                "aurora_acu":0.2,"db":{"db.t4g.micro":0.025}}"#,
        )
        .unwrap()
    }

    #[test]
    fn half_a_vcpu_and_one_gb_cost_three_cents_an_hour_in_tokyo() {
        let size = Size {
            vcpu: 0.5,
            gb: 1.0,
            arm: false,
        };
        assert!((task_hour(size, &tokyo()).unwrap() - 0.03081).abs() < 1e-9);
    }

    #[test]
    fn what_has_no_price_is_left_out() {
        let arm = Size {
            vcpu: 0.5,
            gb: 1.0,
            arm: true,
        };
        assert_eq!(task_hour(arm, &tokyo()), None);
        let large = Sizing {
            classes: vec!["db.r7g.16xlarge".into()],
            acu: 0.0,
        };
        assert_eq!(database_hour(&large, &tokyo()), None);
        assert_eq!(database_hour(&Sizing::default(), &tokyo()), None);
    }

    #[test]
    fn serverless_v2_is_priced_by_its_least_capacity() {
        let cluster = Sizing {
            classes: vec![],
            acu: 1.0,
        };
        assert!((database_hour(&cluster, &tokyo()).unwrap() - 0.2).abs() < 1e-9);
    }
}
