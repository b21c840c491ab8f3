//! `weight min_variance(window: 1y, covariance: factor(5))` and the like: methods that look at how assets move together.

use super::SignalTable;
use crate::{
    check::{
        amount::Measure,
        error,
        infer::Checker,
        strategy::{
            CovarianceMethod, Limit, LimitRule, Objective, Optimised, RiskModel, SignalId, Weight,
        },
    },
    diagnostic::{Code, Diagnostic},
    source::Span,
    syntax::ast::{self, ExpressionKind},
};

/// The optimised methods.
pub(super) const METHODS: [&str; 8] = [
    "risk_parity",
    "min_variance",
    "max_sharpe",
    "max_diversification",
    "mean_variance",
    "hierarchical_risk_parity",
    "min_cvar",
    "track",
];

const ESTIMATORS: [&str; 4] = ["sample", "ledoit_wolf", "ewma", "factor"];

/// What a method takes besides `window`, and whether it takes `covariance`.
fn own_arguments(method: &str) -> (&'static [&'static str], bool) {
    match method {
        "max_sharpe" => (&["expected", "turnover_cost"], true),
        "mean_variance" => (&["risk_aversion", "expected", "turnover_cost"], true),
        "min_variance" => (&["turnover_cost"], true),
        "min_cvar" => (&["level"], false),
        _ => (&[], true),
    }
}

/// How a method is called.
pub(super) fn signature(method: &str) -> String {
    let (own, covariance) = own_arguments(method);
    let shown = own.iter().map(|name| match *name {
        "expected" => "expected: EXPR",
        "risk_aversion" => "risk_aversion: 5",
        "turnover_cost" => "turnover_cost: 0%",
        "level" => "95%",
        other => other,
    });
    let mut parts: Vec<&str> = shown.collect();
    parts.push("window: 1y");
    if covariance {
        parts.push("covariance: ledoit_wolf");
    }
    format!("{method}({})", parts.join(", "))
}

impl<'a> Checker<'a> {
    pub(super) fn optimised(
        &mut self,
        name: &'a ast::Name,
        arguments: &'a [ast::Argument],
        signals: &mut SignalTable,
    ) -> Option<Optimised> {
        let method = name.text.as_str();
        let (own, has_covariance) = own_arguments(method);
        let mut risk = self.default_risk();
        risk.is_needed = true;
        let (mut expected, mut risk_aversion, mut cost, mut level) = (None, None, 0.0, 0.95);
        let mut seen: Vec<&str> = vec![];
        for argument in arguments {
            // The level of `min_cvar(95%)` is the one argument that needs no name.
            let key = match &argument.name {
                Some(name) => name.text.as_str(),
                None if method == "min_cvar" && seen.is_empty() => "level",
                None => {
                    let what = "its arguments are given by name";
                    let at = argument.value.span;
                    self.report(error::arguments(at, method, &signature(method), what));
                    return None;
                }
            };
            let known =
                own.contains(&key) || key == "window" || key == "covariance" && has_covariance;
            if !known || seen.contains(&key) {
                let at = argument.name.as_ref().map_or(argument.value.span, |n| n.span);
                let complaint = match known {
                    true => error::arguments(at, method, &signature(method), "given twice"),
                    false => {
                        let mut known: Vec<&str> = own.to_vec();
                        known.push("window");
                        known.extend(has_covariance.then_some("covariance"));
                        error::unknown_argument(at, method, &signature(method), key, known)
                    }
                };
                self.report(complaint);
                return None;
            }
            seen.push(key);
            let value = &argument.value;
            match key {
                "window" => risk.window = self.window(value)?,
                "covariance" => risk.covariance = self.covariance(value)?,
                "expected" => expected = Some(self.number_of_assets(value)?),
                "risk_aversion" => {
                    let expected = "a number above 0, at most 1,000,000";
                    let what = "`risk_aversion`";
                    let range = 1e-6..=1e6;
                    risk_aversion =
                        Some(self.amount(value, what, Measure::Count, range, expected)?);
                }
                "turnover_cost" => {
                    let expected = "from 0% up to 100%";
                    let range = 0.0..=1.0;
                    cost =
                        self.amount(value, "`turnover_cost`", Measure::Share, range, expected)?;
                }
                _ => {
                    let expected = "a share from 50% to 99.9%";
                    let range = 0.5..=0.999;
                    level = self.amount(value, "the level", Measure::Share, range, expected)?;
                }
            }
        }
        if own.contains(&"expected") && expected.is_none() {
            let message = format!("`weight {method}` needs an expected return");
            let help = format!(
                "give a yearly return of each asset, not a score: `{method}(expected: EXPR)`"
            );
            self.report(
                Diagnostic::error(Code::Arguments, message)
                    .at(name.span, format!("it is `{}`", signature(method)))
                    .help(help),
            );
            return None;
        }
        if own.contains(&"risk_aversion") && risk_aversion.is_none() {
            let message = format!("`weight {method}` needs a risk aversion");
            self.report(
                Diagnostic::error(Code::Arguments, message)
                    .at(name.span, format!("it is `{}`", signature(method)))
                    .help("`risk_aversion: 5` weighs half the variance five times"),
            );
            return None;
        }
        let expected = expected.map_or(SignalId(0), |id| signals.eligible(id));
        let objective = match method {
            "risk_parity" => Objective::RiskParity,
            "min_variance" => Objective::MinVariance,
            "max_sharpe" => Objective::MaxSharpe { expected },
            "max_diversification" => Objective::MaxDiversification,
            "mean_variance" => {
                Objective::MeanVariance { risk_aversion: risk_aversion.unwrap_or(1.0), expected }
            }
            "hierarchical_risk_parity" => Objective::HierarchicalRiskParity,
            "min_cvar" => Objective::MinCvar { level },
            _ => Objective::Track,
        };
        Some(Optimised { objective, risk, turnover_cost: cost, span: name.span })
    }

    /// A year, shrunk.
    fn default_risk(&self) -> RiskModel {
        RiskModel {
            window: self.schema.rows_per_year.max(3),
            covariance: CovarianceMethod::LedoitWolf,
            is_needed: false,
        }
    }

    /// The risk model of a strategy: that of its weights, or the default one where a limit needs one.
    pub(super) fn risk(&self, weight: Option<Weight>, limits: &[Limit]) -> RiskModel {
        let needs_one =
            |l: &Limit| matches!(l.rule, LimitRule::TrackingError(_) | LimitRule::Volatility(_));
        match weight {
            Some(Weight::Optimised(method)) => method.risk,
            _ => RiskModel { is_needed: limits.iter().any(needs_one), ..self.default_risk() },
        }
    }

    fn window(&mut self, value: &'a ast::Expression) -> Option<u32> {
        let expected = "3 to 100,000 rows";
        let rows = self.amount(value, "`window`", Measure::Rows, 3.0..=1e5, expected)?;
        if rows.fract() != 0.0 {
            let found = self.written(value.span);
            self.report(error::out_of_range(value.span, "`window`", "whole rows", &found));
            return None;
        }
        Some(rows as u32)
    }

    /// `sample`, `ledoit_wolf`, `ledoit_wolf(constant_correlation)`, `ewma(halflife: 3m)`, `factor(5)`.
    fn covariance(&mut self, value: &'a ast::Expression) -> Option<CovarianceMethod> {
        let (name, arguments): (&ast::Name, &'a [ast::Argument]) = match &value.kind {
            ExpressionKind::Name(path) => (&path.name, &[]),
            ExpressionKind::Call { callee, arguments } => (&callee.name, arguments),
            _ => return self.no_estimator(value.span, ""),
        };
        match (name.text.as_str(), arguments) {
            ("sample", []) => Some(CovarianceMethod::Sample),
            ("ledoit_wolf", []) => Some(CovarianceMethod::LedoitWolf),
            ("ledoit_wolf", [target]) => match &target.value.kind {
                ExpressionKind::Name(path) if path.name.text == "constant_variance" => {
                    Some(CovarianceMethod::LedoitWolf)
                }
                ExpressionKind::Name(path) if path.name.text == "constant_correlation" => {
                    Some(CovarianceMethod::LedoitWolfConstantCorrelation)
                }
                _ => {
                    let at = target.value.span;
                    let message = "`ledoit_wolf` shrinks towards one of two targets";
                    let complaint = Diagnostic::error(Code::Arguments, message)
                        .at(at, "expected `constant_variance` or `constant_correlation`");
                    self.report(complaint);
                    None
                }
            },
            ("ewma", [halflife]) if halflife.name.as_ref().is_none_or(|n| n.text == "halflife") => {
                let expected = "1 to 100,000 rows";
                let value = &halflife.value;
                let rows = self.amount(value, "`halflife`", Measure::Rows, 1.0..=1e5, expected)?;
                Some(CovarianceMethod::Ewma { halflife: rows })
            }
            ("factor", [count]) => {
                let factors = self.whole(&count.value, "the number of factors", Measure::Count)?;
                Some(CovarianceMethod::Factor(u32::try_from(factors).unwrap_or(u32::MAX)))
            }
            (other, _) => self.no_estimator(value.span, other),
        }
    }

    fn no_estimator<T>(&mut self, span: Span, name: &str) -> Option<T> {
        let complaint = Diagnostic::error(Code::Arguments, "no covariance of this kind").at(
            span,
            "expected `sample`, `ledoit_wolf`, `ledoit_wolf(constant_correlation)`, `ewma(halflife: 3m)` or `factor(5)`",
        );
        let complaint = match ESTIMATORS.contains(&name) {
            true => complaint,
            false => error::did_you_mean(complaint, span, name, ESTIMATORS),
        };
        self.report(complaint);
        None
    }

    /// What is measured against a benchmark needs one whose returns, or holdings, are known when it is decided.
    pub(super) fn want_benchmark(
        &mut self,
        clauses: &[super::Placed<'a>],
        benchmark: Option<&crate::check::Benchmark>,
    ) {
        use crate::check::Benchmark;
        use ast::ClauseKind;
        for (kind, span) in clauses {
            let needs_holdings = match kind {
                ClauseKind::Cap { active: true, .. } | ClauseKind::Floor { active: true, .. } => {
                    true
                }
                ClauseKind::LimitBudget { budget: ast::Budget::TrackingError, .. } => false,
                ClauseKind::Weight(ast::WeightMethod::Named { name, .. })
                    if name.text == "track" =>
                {
                    false
                }
                _ => continue,
            };
            let complaint = match benchmark {
                None => Diagnostic::error(
                    Code::MissingClause,
                    "there is no `benchmark` to measure against",
                )
                .at(*span, "is against the benchmark")
                .help("write for example `benchmark market_cap`"),
                Some(Benchmark::Asset(_)) if needs_holdings => Diagnostic::error(
                    Code::MissingClause,
                    "the holdings of this benchmark are not known",
                )
                .at(*span, "needs to know what the benchmark holds")
                .help(
                    "write `benchmark market_cap` or name a strategy, or limit the tracking error",
                ),
                Some(_) => continue,
            };
            self.report(complaint);
        }
    }
}
