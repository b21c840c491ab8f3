//! Clauses: pairs of the grammar → `ClauseKind`.

use super::{Builder, Result, Rule, child, optional, tagged};
use crate::syntax::{
    ast::{
        BenchmarkName, BoundTarget, Budget, ClauseKind, Every, ExposureSide, Expression,
        ExpressionKind, HoldItem, HoldWhat, Name, On, Pick, PickCount, Rebalance, Side, TradeWhen,
        Trigger, UnaryOperator, WeightMethod,
    },
    error,
};
use pest::iterators::{Pair, Pairs};

impl Builder<'_> {
    pub(super) fn clause(&self, pair: Pair<'_, Rule>) -> Result<ClauseKind> {
        let rule = pair.as_rule();
        let inner = pair.clone().into_inner();
        let amount = |tag: &str| self.amount(tagged(&inner, tag));
        let value = || self.expression(tagged(&inner, "value"), 0);
        Ok(match rule {
            Rule::from_clause => ClauseKind::From(amount("date")?),
            Rule::to_clause => ClauseKind::To(amount("date")?),
            Rule::universe_clause => match optional(&inner, "count") {
                Some(count) => ClauseKind::UniverseTop {
                    count: self.amount(count)?,
                    by: self.expression(tagged(&inner, "by"), 0)?,
                },
                None => ClauseKind::Universe(value()?),
            },
            Rule::where_clause => ClauseKind::Where(value()?),
            Rule::pick_clause => ClauseKind::Pick(self.pick(&inner)?),
            Rule::hold_clause => ClauseKind::Hold(self.hold(inner)?),
            Rule::weight_clause => ClauseKind::Weight(self.weight(&inner)?),
            Rule::cap_clause => self.cap(&inner)?,
            Rule::floor_clause => ClauseKind::Floor {
                target: self.bound_target(&inner)?,
                amount: amount("amount")?,
                active: child(&inner, Rule::ACTIVE).is_some(),
            },
            Rule::names_clause => ClauseKind::Names { low: amount("low")?, high: amount("high")? },
            Rule::limit_clause => self.limit(&inner)?,
            Rule::infeasible_clause => ClauseKind::OnInfeasible {
                keep_holdings: child(&inner, Rule::HOLDINGS).is_some(),
                relax: self.names(inner),
            },
            Rule::neutralize_clause => ClauseKind::Neutralize(self.expressions(pair, 0)?),
            Rule::exposure_clause => ClauseKind::Exposure(self.exposure(inner)?),
            Rule::target_clause => ClauseKind::TargetVolatility {
                amount: amount("amount")?,
                window: self.amount_in(&inner, Rule::target_window, "amount")?,
                max: self.amount_in(&inner, Rule::target_max, "amount")?,
            },
            Rule::rebalance_clause => ClauseKind::Rebalance(self.rebalance(&inner)?),
            Rule::exit_clause => ClauseKind::ExitWhen(value()?),
            Rule::trade_clause => self.trade(&inner)?,
            Rule::cost_clause => ClauseKind::Cost(amount("amount")?),
            Rule::commission_clause => ClauseKind::Commission {
                per_share: amount("amount")?,
                min: optional(&inner, "min").map(|p| self.amount(p)).transpose()?,
            },
            Rule::slippage_clause => ClauseKind::Slippage(amount("amount")?),
            Rule::impact_clause => ClauseKind::Impact(amount("amount")?),
            Rule::borrow_clause => ClauseKind::Borrow(amount("amount")?),
            Rule::cash_clause => ClauseKind::Cash(value()?),
            Rule::capital_clause => ClauseKind::Capital(amount("amount")?),
            Rule::lot_clause => ClauseKind::Lot(amount("amount")?),
            Rule::delisting_clause => ClauseKind::Delisting(amount("amount")?),
            Rule::benchmark_clause => ClauseKind::Benchmark(match child(&inner, Rule::text) {
                Some(text) => BenchmarkName::Symbol(self.text(text)),
                None => BenchmarkName::Name(self.defined_name(&inner)),
            }),
            Rule::expect_clause => ClauseKind::Expect(value()?),
            rule => unreachable!("{rule:?} is no clause of the grammar"),
        })
    }

    /// An `amount`, `date_amount`, `signed_literal` or `label`: each holds one operand, after a sign perhaps.
    pub(super) fn amount(&self, pair: Pair<'_, Rule>) -> Result<Expression> {
        let span = self.span(&pair);
        let rule = pair.as_rule();
        let mut inner = pair.clone().into_inner();
        match rule {
            Rule::amount | Rule::date_amount | Rule::label | Rule::plain_label => {
                self.amount(inner.next().expect("it holds one operand"))
            }
            Rule::amount_name => self.amount(child(&inner, Rule::plain_reference).expect("a name")),
            Rule::signed_literal => {
                let first = inner.next().expect("it holds a literal");
                let Some(literal) = inner.next() else { return self.operand(first, 0) };
                let operand = Box::new(self.operand(literal, 0)?);
                let operator = UnaryOperator::Negate;
                Ok(Expression { kind: ExpressionKind::Unary { operator, operand }, span })
            }
            _ => self.operand(pair, 0),
        }
    }

    fn amount_in(
        &self,
        inner: &Pairs<'_, Rule>,
        rule: Rule,
        tag: &str,
    ) -> Result<Option<Expression>> {
        child(inner, rule).map(|p| self.amount(tagged(&p.into_inner(), tag))).transpose()
    }

    fn defined_name(&self, inner: &Pairs<'_, Rule>) -> Name {
        self.definition_name(child(inner, Rule::definition_name).expect("the grammar asks for it"))
    }

    fn names(&self, inner: Pairs<'_, Rule>) -> Vec<Name> {
        inner.filter(|p| p.as_rule() == Rule::name).map(|p| self.name(p)).collect()
    }

    fn pick(&self, inner: &Pairs<'_, Rule>) -> Result<Pick> {
        let side = match inner.peek().map(|p| p.as_rule()) {
            Some(Rule::SELECT) => Side::Select,
            Some(Rule::LONG) => Side::Long,
            _ => Side::Short,
        };
        for (rule, words) in [
            (Rule::at_most, "at most"),
            (Rule::keep_until, "keep until"),
            (Rule::replace_at_most, "replace at most"),
            (Rule::hold_at_least, "hold at least"),
        ] {
            let mut found = inner.clone().filter(|p| p.as_rule() == rule);
            if let (Some(first), Some(second)) = (found.next(), found.next()) {
                return Err(error::twice(words, self.span(&first), self.span(&second)));
            }
        }
        let at_most = child(inner, Rule::at_most).map(|p| {
            let inner = p.into_inner();
            Ok((self.amount(tagged(&inner, "count"))?, self.amount(tagged(&inner, "label"))?))
        });
        Ok(Pick {
            side,
            count: self.pick_count(inner)?,
            per: self.amount_in(inner, Rule::per, "label")?,
            by: optional(inner, "by").map(|p| self.expression(p, 0)).transpose()?,
            at_most: at_most.transpose()?,
            keep_until: child(inner, Rule::keep_until)
                .map(|p| self.expression(tagged(&p.into_inner(), "value"), 0))
                .transpose()?,
            replace_at_most: self.amount_in(inner, Rule::replace_at_most, "count")?,
            hold_at_least: self.amount_in(inner, Rule::hold_at_least, "count")?,
        })
    }

    fn pick_count(&self, inner: &Pairs<'_, Rule>) -> Result<PickCount> {
        if let Some(count) = self.amount_in(inner, Rule::pick_top, "count")? {
            return Ok(PickCount::Top(count));
        }
        if let Some(count) = self.amount_in(inner, Rule::pick_bottom, "count")? {
            return Ok(PickCount::Bottom(count));
        }
        let number = self.amount_in(inner, Rule::pick_quantile, "number")?;
        let of = self.amount_in(inner, Rule::pick_quantile, "of")?;
        Ok(match (number, of) {
            (Some(number), Some(of)) => PickCount::Quantile { number, of },
            _ => PickCount::All,
        })
    }

    fn hold(&self, inner: Pairs<'_, Rule>) -> Result<Vec<HoldItem>> {
        let items = inner.filter(|p| p.as_rule() == Rule::hold_item).map(|pair| {
            let inner = pair.into_inner();
            let what = match child(&inner, Rule::text) {
                Some(text) => HoldWhat::Symbol(self.text(text)),
                None => HoldWhat::Strategy(self.defined_name(&inner)),
            };
            Ok(HoldItem { what, weight: self.amount(tagged(&inner, "weight"))? })
        });
        items.collect()
    }

    fn weight(&self, inner: &Pairs<'_, Rule>) -> Result<WeightMethod> {
        if let Some(by) = optional(inner, "by") {
            return Ok(WeightMethod::By(self.expression(by, 0)?));
        }
        let method = tagged(inner, "method");
        let span = self.span(&method);
        let name = match child(&method.into_inner(), Rule::name) {
            Some(name) => self.name(name),
            None => Name { text: "inverse volatility".to_owned(), span },
        };
        Ok(WeightMethod::Named { name, arguments: self.arguments(inner, 0)?.unwrap_or_default() })
    }

    fn bound_target(&self, inner: &Pairs<'_, Rule>) -> Result<BoundTarget> {
        match optional(inner, "label") {
            Some(label) => Ok(BoundTarget::Group(self.amount(label)?)),
            None => Ok(BoundTarget::Position),
        }
    }

    fn cap(&self, inner: &Pairs<'_, Rule>) -> Result<ClauseKind> {
        let amount = self.amount(tagged(inner, "amount"))?;
        if child(inner, Rule::TURNOVER).is_some() {
            return Ok(ClauseKind::CapTurnover(amount));
        }
        if child(inner, Rule::VOLUME).is_some() {
            return Ok(ClauseKind::CapVolume(amount));
        }
        Ok(ClauseKind::Cap {
            target: self.bound_target(inner)?,
            amount,
            active: child(inner, Rule::ACTIVE).is_some(),
            else_cash: child(inner, Rule::CASH).is_some(),
        })
    }

    fn limit(&self, inner: &Pairs<'_, Rule>) -> Result<ClauseKind> {
        let budgets = [
            (Rule::TRADE_VOLUME, Budget::TradeVolume),
            (Rule::TRACKING_ERROR, Budget::TrackingError),
            (Rule::VOLATILITY, Budget::Volatility),
        ];
        let budget = budgets.into_iter().find(|(rule, _)| child(inner, *rule).is_some());
        if let Some((_, budget)) = budget {
            return Ok(ClauseKind::LimitBudget {
                budget,
                amount: self.amount(tagged(inner, "amount"))?,
            });
        }
        Ok(ClauseKind::Limit {
            value: self.expression(tagged(inner, "value"), 0)?,
            low: self.amount(tagged(inner, "low"))?,
            high: self.amount(tagged(inner, "high"))?,
        })
    }

    fn exposure(&self, inner: Pairs<'_, Rule>) -> Result<Vec<(ExposureSide, Expression)>> {
        let parts = inner.filter(|p| p.as_rule() == Rule::exposure_part).map(|pair| {
            let inner = pair.into_inner();
            let side = match inner.peek().map(|p| p.as_rule()) {
                Some(Rule::GROSS) => ExposureSide::Gross,
                Some(Rule::NET) => ExposureSide::Net,
                Some(Rule::LONG) => ExposureSide::Long,
                _ => ExposureSide::Short,
            };
            Ok((side, self.amount(tagged(&inner, "amount"))?))
        });
        parts.collect()
    }

    fn rebalance(&self, inner: &Pairs<'_, Rule>) -> Result<Rebalance> {
        let triggers = inner.clone().filter_map(|pair| match pair.as_rule() {
            Rule::event_trigger => {
                let value = tagged(&pair.into_inner(), "value");
                Some(self.expression(value, 0).map(Trigger::When))
            }
            Rule::calendar_trigger => Some(self.calendar_trigger(pair)),
            _ => None,
        });
        Ok(Rebalance {
            triggers: triggers.collect::<Result<_>>()?,
            tranches: self.amount_in(inner, Rule::tranches, "count")?,
            to_target: child(inner, Rule::to_target).is_some(),
        })
    }

    fn calendar_trigger(&self, pair: Pair<'_, Rule>) -> Result<Trigger> {
        let span = self.span(&pair);
        let inner = pair.into_inner();
        let every = tagged(&inner, "every").into_inner();
        let every = match every.peek().map(|p| p.as_rule()) {
            Some(Rule::DAILY) => Every::Day,
            Some(Rule::WEEKLY) => Every::Week,
            Some(Rule::MONTHLY) => Every::Month,
            Some(Rule::QUARTERLY) => Every::Quarter,
            Some(Rule::SEMIANNUALLY) => Every::HalfYear,
            Some(Rule::ANNUALLY) => Every::Year,
            _ => Every::Duration(self.amount(tagged(&every, "duration"))?),
        };
        let months = child(&inner, Rule::in_months).map(|list| {
            list.into_inner()
                .filter(|p| p.as_rule() == Rule::month)
                .map(|p| Name { text: p.as_str().to_owned(), span: self.span(&p) })
                .collect()
        });
        Ok(Trigger::Calendar {
            every,
            on: child(&inner, Rule::on_day).map(|p| self.on_day(&p.into_inner())),
            months: months.unwrap_or_default(),
            gate: optional(&inner, "gate").map(|p| self.expression(p, 0)).transpose()?,
            span,
        })
    }

    fn on_day(&self, inner: &Pairs<'_, Rule>) -> On {
        let Some(weekday) = child(inner, Rule::weekday) else {
            let edge = child(inner, Rule::edge).map(|p| p.as_str().starts_with("first"));
            return if edge == Some(true) { On::FirstDay } else { On::LastDay };
        };
        let ordinal = child(inner, Rule::ordinal).map(|p| match p.as_str().trim_end() {
            "first" => 1,
            "second" => 2,
            "third" => 3,
            "fourth" => 4,
            "fifth" => 5,
            _ => -1,
        });
        On::Weekday {
            ordinal,
            weekday: Name { text: weekday.as_str().to_owned(), span: self.span(&weekday) },
        }
    }

    fn trade(&self, inner: &Pairs<'_, Rule>) -> Result<ClauseKind> {
        let gate = optional(inner, "gate").map(|p| self.expression(p, 0)).transpose()?;
        let when = child(inner, Rule::trade_when).map(|pair| {
            let inner = pair.into_inner();
            Ok(match optional(&inner, "duration") {
                Some(duration) => TradeWhen::Over(self.amount(duration)?),
                None if child(&inner, Rule::THIS).is_some() => TradeWhen::ThisClose,
                None if child(&inner, Rule::OPEN).is_some() => TradeWhen::NextOpen,
                None => TradeWhen::NextClose,
            })
        });
        let sized_at_fill = child(inner, Rule::sized_at_fill).is_some();
        Ok(match (when.transpose()?, gate) {
            (Some(when), if_change) => ClauseKind::TradeAt { when, sized_at_fill, if_change },
            (None, Some(gate)) => ClauseKind::TradeIf(gate),
            (None, None) => unreachable!("the grammar asks for one of the two"),
        })
    }
}
