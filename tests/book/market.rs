//! A market in memory, and strategies whose signals are given as panels.

use decile::{
    backtest::{Simulation, Track, simulate},
    check::{
        CalendarRule, CashRate, Costs, CovarianceMethod, Every, Exposure, On, Pick, Policy,
        RiskModel, SignalId, TradeAt, Triggers, Weight,
    },
    diagnostic::Diagnostic,
    execute::{Signal, Signals},
    panel::{
        AsOf, Calendar, Date, FieldData, FieldId, Lifetime, MarketData, Numbers, Prices, Row, Rows,
        Schema,
    },
    source::{SourceId, Span},
    types::Basis,
};
use ndarray::Array2;
use std::sync::Arc;

pub(crate) struct Market {
    pub(crate) schema: Schema,
    pub(crate) calendar: Calendar,
    pub(crate) close: Array2<f64>,
    pub(crate) open: Option<Array2<f64>>,
    pub(crate) total_return: Array2<f64>,
    lifetimes: Vec<Lifetime>,
    references: Vec<bool>,
    pub(crate) notes: Vec<String>,
}

impl Market {
    /// Closes by row; the total return is that of the closes.
    pub(crate) fn new(symbols: &[&str], dates: Vec<Date>, close: Array2<f64>) -> Self {
        let total_return = close.clone();
        Self::with_total_return(symbols, dates, close, total_return)
    }

    pub(crate) fn with_total_return(
        symbols: &[&str],
        dates: Vec<Date>,
        close: Array2<f64>,
        total_return: Array2<f64>,
    ) -> Self {
        let calendar = Calendar::new(dates).with_rows_per_year(252);
        assert_eq!((calendar.len(), symbols.len()), close.dim());
        let lifetimes = (0..symbols.len())
            .map(|a| {
                let priced = |r: &usize| !close[[*r, a]].is_nan();
                let first = (0..close.nrows()).find(priced)?;
                let last = (0..close.nrows()).rev().find(priced)?;
                Some((first as Row, last as Row))
            })
            .collect();
        let schema = Schema {
            currency: None,
            name: "test market".to_owned(),
            fields: vec![],
            symbols: symbols.iter().map(|s| (*s).to_owned()).collect(),
            rows_per_year: calendar.rows_per_year(),
            price_basis: Basis::Raw,
            has_dividends: false,
        };
        let references = vec![false; symbols.len()];
        let (open, notes) = (None, vec![]);
        Self { schema, calendar, close, open, total_return, lifetimes, references, notes }
    }
}

impl MarketData for Market {
    fn schema(&self) -> &Schema {
        &self.schema
    }
    fn calendar(&self) -> &Calendar {
        &self.calendar
    }
    fn field(&self, _: FieldId) -> FieldData<'_> {
        FieldData::AsOf(AsOf {
            offsets: &[],
            known_from: &[],
            known_until: &[],
            period_end: &[],
            values: &[],
        })
    }
    fn prices(&self) -> Prices<'_> {
        Prices {
            close: self.close.view(),
            open: self.open.as_ref().map(|o| o.view()),
            total_return: self.total_return.view(),
            book: self.total_return.view(),
        }
    }
    fn lifetimes(&self) -> &[Lifetime] {
        &self.lifetimes
    }
    fn is_reference(&self) -> &[bool] {
        &self.references
    }
    fn notes(&self) -> &[String] {
        &self.notes
    }
}

pub(crate) fn date(text: &str) -> Date {
    text.parse().expect("a date in a test")
}

/// So many weekdays from a date on.
pub(crate) fn weekdays(from: &str, count: usize) -> Vec<Date> {
    let mut dates = vec![];
    let mut day = date(from);
    while dates.len() < count {
        if day.weekday().to_monday_zero_offset() < 5 {
            dates.push(day);
        }
        day = day.tomorrow().expect("not the end of time");
    }
    dates
}

pub(crate) const SPAN: Span = Span { source: SourceId(0), start: 0, end: 1 };

/// A strategy under test: everything is eligible that has a price, signals are added as they are wanted.
pub(crate) struct Trial<'a> {
    pub(crate) market: &'a Market,
    pub(crate) policy: Policy,
    pub(crate) signals: Signals,
    pub(crate) decisions: Vec<Row>,
}

impl<'a> Trial<'a> {
    pub(crate) fn new(market: &'a Market, decisions: &[Row]) -> Self {
        let priced = market.close.mapv(|c| f64::from(u8::from(!c.is_nan())));
        let everything = SignalId(0);
        let policy = Policy {
            from: None,
            to: None,
            universe: everything,
            filters: vec![],
            eligible: everything,
            pick: Pick::all(SPAN),
            short: None,
            hold: vec![],
            weight: Weight::Equal,
            bounds: vec![],
            limits: vec![],
            exposure: Exposure { long: 1.0, short: 0.0, text: String::new(), span: None },
            risk: RiskModel { window: 0, covariance: CovarianceMethod::Sample, is_needed: false },
            target_volatility: None,
            on_infeasible: None,
            schedule: vec![CalendarRule {
                every: Every::Month,
                on: On::LastDay,
                months: vec![],
                gate: None,
            }],
            triggers: Triggers::default(),
            exits: vec![],
            expectations: vec![],
            trade: TradeAt::NextClose,
            sized_at_fill: false,
            trade_if: None,
            volume_cap: None,
            lot: None,
            costs: Costs::default(),
            delisting: None,
            cash: CashRate::Constant(0.0),
            capital: 1000.0,
            benchmark: None,
        };
        let mut strategy =
            Self { market, policy, signals: Signals::default(), decisions: decisions.to_vec() };
        strategy.signal(priced);
        strategy
    }

    /// Adds a panel of values for every row.
    pub(crate) fn signal(&mut self, values: Array2<f64>) -> SignalId {
        assert_eq!(values.nrows(), self.market.calendar.len());
        let rows = Arc::new(Rows::all(values.nrows()));
        let width = values.ncols();
        let values: Arc<Numbers<f64>> =
            Arc::new(values.iter().copied().collect::<Vec<f64>>().into());
        self.signals.0.push(Signal { rows, width, values, constant: false });
        SignalId(self.signals.0.len() as u16 - 1)
    }

    /// Adds values that are the same on every row.
    pub(crate) fn constant(&mut self, values: &[f64]) -> SignalId {
        let rows = Arc::new(Rows::all(self.market.calendar.len()));
        let values: Arc<Numbers<f64>> = Arc::new(values.to_vec().into());
        let width = values.len();
        self.signals.0.push(Signal { rows, width, values, constant: true });
        SignalId(self.signals.0.len() as u16 - 1)
    }

    pub(crate) fn simulation(&self) -> Simulation<'_> {
        Simulation {
            market: self.market,
            policy: &self.policy,
            signals: &self.signals,
            decisions: &self.decisions,
            first: 0,
            last: self.market.calendar.len() as Row - 1,
            lookback: 0,
            tracks: &[],
            trial: decile::backtest::Trial::default(),
        }
    }

    pub(crate) fn run(&self) -> Track {
        self.try_run().unwrap_or_else(|d| panic!("{}", d.message))
    }

    pub(crate) fn try_run(&self) -> Result<Track, Box<Diagnostic>> {
        simulate(&self.simulation())
    }
}

/// Asserts that two numbers agree to a relative tolerance.
#[track_caller]
pub(crate) fn assert_near(found: f64, expected: f64, tolerance: f64) {
    let scale = expected.abs().max(1e-300);
    let near = found == expected || (found - expected).abs() <= tolerance * scale;
    assert!(near, "expected {expected}, found {found}");
}
