//! What a checked strategy says of the costs of trading.

use super::strategy::SignalId;

/// What trading costs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Costs {
    /// `cost`: a share of the value traded, each way; several add up. `None` where none is declared.
    pub proportional: Option<f64>,
    /// `commission`
    pub commission: Vec<Commission>,
    /// `slippage`: a share of the price, against the trader.
    pub slippage: Option<f64>,
    /// `impact`
    pub impact: Option<Impact>,
    /// `borrow`: a yearly share of what is sold short.
    pub borrow: Option<f64>,
}

impl Costs {
    /// Whether the strategy says what trading costs, be it nothing.
    pub fn are_declared(&self) -> bool {
        self.proportional.is_some()
            || !self.commission.is_empty()
            || self.slippage.is_some()
            || self.impact.is_some()
    }

    /// The same costs so many times.
    #[must_use]
    pub fn times(&self, factor: f64) -> Self {
        let times = |x: Option<f64>| x.map(|x| x * factor);
        let of_order = |c: &Commission| Commission {
            per_share: c.per_share * factor,
            least: c.least * factor,
        };
        Self {
            proportional: times(self.proportional),
            commission: self.commission.iter().map(of_order).collect(),
            slippage: times(self.slippage),
            impact: self.impact.map(|i| Impact { factor: i.factor * factor, ..i }),
            borrow: times(self.borrow),
        }
    }
}

/// `commission 0.005 per share min 1`
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Commission {
    /// Money.
    pub per_share: f64,
    /// The least for an order.
    pub least: f64,
}

/// `impact 10%`: the square-root law.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Impact {
    /// Y.
    pub factor: f64,
    /// Daily volatility of each asset.
    pub volatility: SignalId,
    /// Money traded in it in a day, on average.
    pub traded: SignalId,
}

/// `cap volume 5%`
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VolumeCap {
    /// A share of what is traded in an asset on a day.
    pub share: f64,
    /// The money traded in each asset, wanted on every row.
    pub traded: SignalId,
}
