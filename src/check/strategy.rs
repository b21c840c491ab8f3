//! A checked strategy: what to hold and when, with every expression replaced by the number of a signal. It cannot say
//! an unknown name, a clause twice, or an amount out of range.

use super::{
    condition::Condition,
    costs::{Costs, VolumeCap},
    rebalancing::{CalendarRule, Triggers},
    state::State,
};
use crate::{
    panel::{AssetId, Date},
    source::Span,
};
use std::sync::Arc;

/// A signal of one strategy: an expression whose values are wanted at the strategy's decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SignalId(pub u16);

/// The policy of a strategy: everything but the expressions themselves.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// First and last date of the backtest, as written.
    pub from: Option<Date>,
    /// See `from`.
    pub to: Option<Date>,
    /// Which assets may be considered (boolean panel): priced, no reference, in the universe.
    pub universe: SignalId,
    /// One boolean panel for each `where`, in the order of the text, with its text for the funnel.
    pub filters: Vec<(SignalId, String)>,
    /// The assets that pass universe and filters (boolean panel).
    pub eligible: SignalId,
    /// What is picked of them to be held long.
    pub pick: Pick,
    /// What is picked of them to be sold short.
    pub short: Option<Pick>,
    /// `hold`: fixed shares of assets and strategies instead of picks.
    pub hold: Vec<HoldItem>,
    /// The weights before constraints.
    pub weight: Weight,
    /// `cap`s and `floor`s, in the order of the text.
    pub bounds: Vec<Bound>,
    /// Every other constraint, in the order of the text.
    pub limits: Vec<Limit>,
    /// The sizes of the two sides.
    pub exposure: Exposure,
    /// The risk model of constraints that need one.
    pub risk: RiskModel,
    /// `target volatility`
    pub target_volatility: Option<TargetVolatility>,
    /// `on infeasible`
    pub on_infeasible: Option<OnInfeasible>,
    /// When decisions are made by the calendar.
    pub schedule: Vec<CalendarRule>,
    /// When they are made by what has happened.
    pub triggers: Triggers,
    /// `exit when`: what leaves between decisions, and is not picked.
    pub exits: Vec<Condition>,
    /// `expect`: what must hold at every decision.
    pub expectations: Vec<Condition>,
    /// At which price decisions become trades.
    pub trade: TradeAt,
    /// `sized at fill`: the number of shares is fixed at the fill's price rather than the decision's.
    pub sized_at_fill: bool,
    /// `trade if`: which changes are made; what leaves the portfolio leaves in any case.
    pub trade_if: Option<Condition>,
    /// `cap volume`
    pub volume_cap: Option<VolumeCap>,
    /// `lot`: shares are held in whole multiples of this.
    pub lot: Option<f64>,
    /// What trading costs.
    pub costs: Costs,
    /// Yearly rate earned on cash.
    pub cash: CashRate,
    /// The return after its last price of an asset of which the data say nothing.
    pub delisting: Option<f64>,
    /// Start value.
    pub capital: f64,
    /// What it is compared with.
    pub benchmark: Option<Benchmark>,
}

/// What is picked.
#[derive(Debug, Clone, PartialEq)]
pub struct Pick {
    /// How many.
    pub count: PickCount,
    /// The score (number panel; the greatest is the best). `None` only with `All`.
    pub by: Option<SignalId>,
    /// `top 5 per sector`: the count is meant for each group of this label.
    pub per: Option<SignalId>,
    /// `at most 12 per sector`.
    pub at_most: Option<(usize, SignalId)>,
    /// `keep until place > 80`: a holding stays while its place is at most this.
    pub keep_until_place: Option<usize>,
    /// `keep until value < 0 or age > 1y`: a holding stays until one of these is so.
    pub keep_until: Vec<Condition>,
    /// `replace at most 5`: of the holdings that may stay, so many leave at one decision.
    pub replace_at_most: Option<usize>,
    /// `hold at least 63d`: so many rows.
    pub hold_at_least: u32,
    /// Where the clause stands.
    pub span: Span,
}

impl Pick {
    /// Everything that is eligible.
    pub fn all(span: Span) -> Self {
        Self {
            count: PickCount::All,
            by: None,
            per: None,
            at_most: None,
            keep_until_place: None,
            keep_until: vec![],
            replace_at_most: None,
            hold_at_least: 0,
            span,
        }
    }
}

/// How many are picked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PickCount {
    /// `top 50`
    Top(usize),
    /// `top 10%`: a share of the eligible with a score, rounded up.
    TopShare(f64),
    /// `bottom 50`
    Bottom(usize),
    /// `bottom 10%`
    BottomShare(f64),
    /// Every eligible asset (with a score, if there is a score).
    All,
    /// `quantile 5 of 5`: the last is the best.
    Quantile {
        /// 1 to `of`.
        number: usize,
        /// At least 2.
        of: usize,
    },
}

/// The weights before constraints.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Weight {
    /// One each.
    Equal,
    /// In proportion to a non-negative number (`market_cap`, `by EXPR`).
    By(SignalId, Span),
    /// In proportion to the score.
    Score(Span),
    /// In proportion to n + 1 − place.
    Rank,
    /// In proportion to the inverse of this volatility.
    InverseVolatility(SignalId, Span),
    /// Made from a covariance, or from past returns.
    Optimised(Optimised),
}

/// A weight method that looks at how assets move together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Optimised {
    /// What is best.
    pub objective: Objective,
    /// How risk is estimated.
    pub risk: RiskModel,
    /// `turnover_cost:`, a share of what is bought and sold, set against the yearly return.
    pub turnover_cost: f64,
    /// Where the method is named.
    pub span: Span,
}

/// What an optimised method makes best.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Objective {
    /// Equal contributions to the variance.
    RiskParity,
    /// The least variance.
    MinVariance,
    /// The greatest expected return over cash per unit of volatility.
    MaxSharpe {
        /// A yearly return of each asset.
        expected: SignalId,
    },
    /// The greatest mean volatility per unit of volatility.
    MaxDiversification,
    /// The greatest expected return less half the risk aversion times the variance.
    MeanVariance {
        /// Above zero.
        risk_aversion: f64,
        /// A yearly return of each asset.
        expected: SignalId,
    },
    /// Variance handed down a tree of clusters; not an optimum, so constraints project it.
    HierarchicalRiskParity,
    /// The least mean loss in the worst share 1 − level of the rows.
    MinCvar {
        /// Above 0 and below 1.
        level: f64,
    },
    /// The least tracking error against the benchmark.
    Track,
}

/// How a covariance is estimated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RiskModel {
    /// Over how many rows.
    pub window: u32,
    /// By which method.
    pub covariance: CovarianceMethod,
    /// Whether anything of the strategy needs it.
    pub is_needed: bool,
}

/// A covariance estimator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CovarianceMethod {
    /// The unbiased sample covariance.
    Sample,
    /// Shrunk towards the mean variance times the identity.
    LedoitWolf,
    /// Shrunk towards one correlation for all pairs.
    LedoitWolfConstantCorrelation,
    /// Weights that halve.
    Ewma {
        /// In rows.
        halflife: f64,
    },
    /// So many principal components, and what they leave as each asset's own.
    Factor(u32),
}

/// An item of `hold`.
#[derive(Debug, Clone, PartialEq)]
pub struct HoldItem {
    /// What.
    pub what: Held,
    /// A share of net asset value.
    pub weight: f64,
    /// Where it stands.
    pub span: Span,
}

/// What `hold` can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// An asset.
    Asset(AssetId),
    /// Another strategy of the program, by its index.
    Strategy(usize),
}

/// The sizes of the two sides, as shares of net asset value.
#[derive(Debug, Clone, PartialEq)]
pub struct Exposure {
    /// What is held long.
    pub long: f64,
    /// What is sold short; not negative.
    pub short: f64,
    /// As it is written, or what is meant where nothing is.
    pub text: String,
    /// Where it stands, if it does.
    pub span: Option<Span>,
}

/// `target volatility 10% window 63d max 150%`
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TargetVolatility {
    /// Yearly.
    pub amount: f64,
    /// Over how many rows it is measured.
    pub window: u32,
    /// The greatest factor.
    pub most: f64,
}

/// `on infeasible relax turnover, sector else keep holdings`
#[derive(Debug, Clone, PartialEq)]
pub struct OnInfeasible {
    /// What may give, in order: for each name the constraints (see [`Policy::constraint`]) that it means.
    pub relax: Vec<Vec<usize>>,
    /// Whether holdings stay where even that is not enough.
    pub keep_holdings: bool,
}

/// A constraint that is no `cap` or `floor` of a position or group.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// What it asks.
    pub rule: LimitRule,
    /// As it is written.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// What a limit asks.
#[derive(Debug, Clone, PartialEq)]
pub enum LimitRule {
    /// `limit EXPR between A and B`: Σ w·x.
    Sum {
        /// The number.
        value: SignalId,
        /// The least.
        low: f64,
        /// The most.
        high: f64,
    },
    /// `neutralize sector`: no net weight in any group.
    NeutralGroups(SignalId, Arc<[String]>),
    /// `neutralize market_beta`: Σ w·x is zero.
    NeutralNumber(SignalId),
    /// `cap turnover 30%`: one way, at one rebalance.
    Turnover(f64),
    /// `limit trade_volume 20%`: of the money that is traded in a day on average.
    TradeVolume(f64, SignalId),
    /// `limit tracking_error 4%`: yearly.
    TrackingError(f64),
    /// `limit volatility 12%`: yearly.
    Volatility(f64),
    /// `names between 40 and 60`
    Names(usize, usize),
}

impl Policy {
    /// The text and place of a constraint: the bounds come first, then the limits.
    pub fn constraint(&self, number: usize) -> (&str, Span) {
        match number.checked_sub(self.bounds.len()) {
            None => (&self.bounds[number].text, self.bounds[number].span),
            Some(limit) => (&self.limits[limit].text, self.limits[limit].span),
        }
    }

    /// Where something is measured against the benchmark's holdings or returns.
    pub fn against_benchmark(&self) -> Option<Span> {
        let bound = self.bounds.iter().find(|b| b.active).map(|b| b.span);
        let tracks = |l: &&Limit| matches!(l.rule, LimitRule::TrackingError(_));
        let limit = self.limits.iter().find(tracks).map(|l| l.span);
        let method = match self.weight {
            Weight::Optimised(m) if m.objective == Objective::Track => Some(m.span),
            _ => None,
        };
        bound.or(limit).or(method)
    }

    /// How many constraints there are.
    pub fn constraints(&self) -> usize {
        self.bounds.len() + self.limits.len()
    }

    /// Every condition of the strategy.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition> {
        let gates = self.schedule.iter().filter_map(|rule| rule.gate.as_ref());
        let picks = std::iter::once(&self.pick).chain(&self.short);
        gates
            .chain(&self.triggers.when)
            .chain(&self.exits)
            .chain(&self.expectations)
            .chain(&self.trade_if)
            .chain(picks.flat_map(|pick| &pick.keep_until))
    }

    /// Whether any of them asks how positions have fared.
    pub fn asks_growth(&self) -> bool {
        self.conditions().any(|c| c.asks(State::Gain) || c.asks(State::Drawdown))
    }

    /// Whether decisions may fall on any row.
    pub fn decides_any_day(&self) -> bool {
        !self.triggers.when.is_empty() && !self.triggers.to_target
    }

    /// The rows before a decision that its risk model and its volatility target look at.
    pub fn lookback(&self) -> u32 {
        let risk = if self.risk.is_needed { self.risk.window } else { 0 };
        risk.max(self.target_volatility.map_or(0, |t| t.window))
    }
}

/// A `cap` or `floor`.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// `cap` or `floor`.
    pub kind: BoundKind,
    /// Of each asset, or of each group of a label (label panel).
    pub target: BoundTarget,
    /// The texts of the group label's codes, for messages; empty where the codes are numbers (`bucket`).
    pub labels: Arc<[String]>,
    /// A share of net asset value, 0 to 1.
    pub amount: f64,
    /// The excess of a cap stays in cash.
    pub else_cash: bool,
    /// `active`: on top of what the benchmark holds.
    pub active: bool,
    /// As it is written, for messages: `cap sector 25%`.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// `cap` or `floor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoundKind {
    /// The most.
    Cap,
    /// The least of what is held.
    Floor,
}

/// Of what a bound is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoundTarget {
    /// Each asset.
    Position,
    /// Each group of a label; assets without one are a group of their own.
    Group(SignalId),
}

/// At which price decisions become trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TradeAt {
    /// The open of the next row.
    NextOpen,
    /// The close of the next row.
    NextClose,
    /// The close that the decision was made from.
    ThisClose,
    /// The closes of so many rows after the decision, an equal part of what is left at each.
    Over(u32),
}

/// The yearly rate earned on cash.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CashRate {
    /// A constant.
    Constant(f64),
    /// A series, wanted on every row.
    Series(SignalId),
}

/// What a strategy is compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Benchmark {
    /// An asset, by total return.
    Asset(AssetId),
    /// The universe weighted by market capitalisation (number panel), rebalanced with the strategy, without costs.
    MarketCap(SignalId),
    /// Another strategy of the program, by its index.
    Strategy(usize),
}
