//! The syntax tree: what was written, every node with its place. Data only; nothing here says that a name exists.

use crate::{panel::Date, source::Span};

/// A word that names something.
#[derive(Debug, Clone, PartialEq)]
pub struct Name {
    /// The name, without backticks.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// A whole file.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    /// Its statements, in the order of the text.
    pub items: Vec<Item>,
    /// All of it.
    pub span: Span,
}

/// One statement with its documentation comment.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The text of the `##` lines before it, without the marks.
    pub documentation: Option<String>,
    /// What it says.
    pub kind: ItemKind,
    /// Where it stands, without the comment.
    pub span: Span,
}

/// What a statement says.
#[derive(Debug, Clone, PartialEq)]
pub enum ItemKind {
    /// `use "lib/quality.decile"`
    Use(Text),
    /// `param n = 50 in 10..200 step 10`
    Param(Param),
    /// `let NAME(a, b = 1) = EXPR`
    Let(Let),
    /// `strategy NAME { CLAUSE… }`
    Strategy(StrategyBlock),
    /// A clause of the file.
    Clause(ClauseKind),
}

/// A quoted text.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    /// Without quotes, escapes resolved.
    pub text: String,
    /// With the quotes.
    pub span: Span,
}

/// `param n = 50 in 10..200 step 10`, `param g = "Energy" in ["Energy", "Utilities"]`
#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    /// Its name.
    pub name: Name,
    /// A literal (with an optional sign).
    pub default: Expression,
    /// What it may be set to.
    pub range: Option<ParamRange>,
}

/// The values a parameter may take.
#[derive(Debug, Clone, PartialEq)]
pub enum ParamRange {
    /// `10..200 step 10`
    Between {
        /// The least.
        low: Expression,
        /// The greatest.
        high: Expression,
        /// The distance of two neighbours in a sweep.
        step: Option<Expression>,
    },
    /// `["Energy", "Utilities"]`
    OneOf(Vec<Expression>),
}

/// `let NAME = EXPR`, `let NAME(a, b = 1) = EXPR`
#[derive(Debug, Clone, PartialEq)]
pub struct Let {
    /// Its name.
    pub name: Name,
    /// `None` without brackets.
    pub parameters: Option<Vec<LetParameter>>,
    /// What it stands for.
    pub value: Expression,
}

/// A parameter of a `let` with brackets.
#[derive(Debug, Clone, PartialEq)]
pub struct LetParameter {
    /// Its name.
    pub name: Name,
    /// What it is when it is not given.
    pub default: Option<Expression>,
}

/// `strategy NAME { CLAUSE… }`
#[derive(Debug, Clone, PartialEq)]
pub struct StrategyBlock {
    /// Its name.
    pub name: Name,
    /// Its clauses.
    pub clauses: Vec<Clause>,
}

/// A clause inside a strategy.
#[derive(Debug, Clone, PartialEq)]
pub struct Clause {
    /// The text of the `##` lines before it.
    pub documentation: Option<String>,
    /// What it says.
    pub kind: ClauseKind,
    /// Where it stands.
    pub span: Span,
}

/// What a clause says. "Amount" is a literal, a param or a bracketed expression.
#[derive(Debug, Clone, PartialEq)]
pub enum ClauseKind {
    /// `from 2005-01-31`
    From(Expression),
    /// `to 2015-12-31`
    To(Expression),
    /// `universe sp500`, `universe close > 5`
    Universe(Expression),
    /// `universe top 1000 by market_cap`
    UniverseTop {
        /// How many (an amount; a percentage is a share).
        count: Expression,
        /// The greatest by this.
        by: Expression,
    },
    /// `where EXPR`
    Where(Expression),
    /// `select PICK by EXPR`, `long …`, `short …`
    Pick(Pick),
    /// `hold "SPY" 60%, combined 40%`
    Hold(Vec<HoldItem>),
    /// `weight METHOD`
    Weight(WeightMethod),
    /// `cap position 5%`, `cap sector 25%`, `cap sector 5% active else cash`
    Cap {
        /// Of what.
        target: BoundTarget,
        /// The most.
        amount: Expression,
        /// Against the benchmark.
        active: bool,
        /// The excess stays in cash.
        else_cash: bool,
    },
    /// `floor position 0.5%`
    Floor {
        /// Of what.
        target: BoundTarget,
        /// The least.
        amount: Expression,
        /// Against the benchmark.
        active: bool,
    },
    /// `names between 40 and 60`
    Names {
        /// The fewest.
        low: Expression,
        /// The most.
        high: Expression,
    },
    /// `cap turnover 30%`
    CapTurnover(Expression),
    /// `cap volume 5%`
    CapVolume(Expression),
    /// `limit trade_volume 20%`, `limit tracking_error 4%`, `limit volatility 12%`
    LimitBudget {
        /// Which of the three.
        budget: Budget,
        /// The most.
        amount: Expression,
    },
    /// `limit EXPR between A and B`
    Limit {
        /// The exposure.
        value: Expression,
        /// The least.
        low: Expression,
        /// The most.
        high: Expression,
    },
    /// `on infeasible relax turnover, sector else keep holdings`
    OnInfeasible {
        /// What may give, in order.
        relax: Vec<Name>,
        /// `else keep holdings`
        keep_holdings: bool,
    },
    /// `neutralize sector, market_beta`
    Neutralize(Vec<Expression>),
    /// `exposure gross 200% net 0%`
    Exposure(Vec<(ExposureSide, Expression)>),
    /// `target volatility 10% window 63d max 150%`
    TargetVolatility {
        /// Yearly.
        amount: Expression,
        /// Over which it is measured.
        window: Option<Expression>,
        /// The greatest size of the book.
        max: Option<Expression>,
    },
    /// `rebalance WHEN`
    Rebalance(Rebalance),
    /// `exit when EXPR`
    ExitWhen(Expression),
    /// `trade at next open`
    TradeAt {
        /// When.
        when: TradeWhen,
        /// `sized at fill`
        sized_at_fill: bool,
        /// `if change > 0.25%`
        if_change: Option<Expression>,
    },
    /// `trade if change > 0.25%`
    TradeIf(Expression),
    /// `cost 10bps`
    Cost(Expression),
    /// `commission 0.005 per share min 1`
    Commission {
        /// A share.
        per_share: Expression,
        /// The least an order.
        min: Option<Expression>,
    },
    /// `slippage 5bps`
    Slippage(Expression),
    /// `impact 10%`
    Impact(Expression),
    /// `borrow 50bps`
    Borrow(Expression),
    /// `cash EXPR`
    Cash(Expression),
    /// `capital 1 million`
    Capital(Expression),
    /// `lot 1`
    Lot(Expression),
    /// `delisting -30%`
    Delisting(Expression),
    /// `benchmark "SPY"`, `benchmark market_cap`, `benchmark STRATEGY`
    Benchmark(BenchmarkName),
    /// `expect CONDITION`
    Expect(Expression),
}

/// Which side of the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// `select`
    Select,
    /// `long`
    Long,
    /// `short`
    Short,
}

/// `select top 50 at most 12 per sector by value keep until place > 80`
#[derive(Debug, Clone, PartialEq)]
pub struct Pick {
    /// `select`, `long` or `short`.
    pub side: Side,
    /// How many.
    pub count: PickCount,
    /// `top 5 per sector`
    pub per: Option<Label>,
    /// The score; may be left out with `all`.
    pub by: Option<Expression>,
    /// `at most 12 per sector`
    pub at_most: Option<(Expression, Label)>,
    /// `keep until EXPR`
    pub keep_until: Option<Expression>,
    /// `replace at most 5`
    pub replace_at_most: Option<Expression>,
    /// `hold at least 63d`
    pub hold_at_least: Option<Expression>,
}

/// How many are picked.
#[derive(Debug, Clone, PartialEq)]
pub enum PickCount {
    /// `top 50`, `top 10%`
    Top(Expression),
    /// `bottom 10%`
    Bottom(Expression),
    /// `all`
    All,
    /// `quantile 5 of 5`
    Quantile {
        /// Which; the last is the best.
        number: Expression,
        /// Of how many.
        of: Expression,
    },
}

/// The label of `cap`, `floor`, `per`: a name, a call, or a bracketed expression.
pub type Label = Expression;

/// `position`, or a label.
#[derive(Debug, Clone, PartialEq)]
pub enum BoundTarget {
    /// Each asset.
    Position,
    /// Each group of a label.
    Group(Label),
}

/// The yearly or daily budgets of `limit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// Share of an asset's daily volume.
    TradeVolume,
    /// Yearly deviation from the benchmark.
    TrackingError,
    /// Yearly standard deviation.
    Volatility,
}

/// The sides of `exposure`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExposureSide {
    /// Long plus short.
    Gross,
    /// Long less short.
    Net,
    /// Long alone.
    Long,
    /// Short alone.
    Short,
}

/// `"SPY" 60%`, `combined 40%`
#[derive(Debug, Clone, PartialEq)]
pub struct HoldItem {
    /// What.
    pub what: HoldWhat,
    /// How much of net asset value.
    pub weight: Expression,
}

/// An asset or a strategy.
#[derive(Debug, Clone, PartialEq)]
pub enum HoldWhat {
    /// `"SPY"`
    Symbol(Text),
    /// `combined`
    Strategy(Name),
}

/// `weight equal`, `weight by EXPR`, `weight inverse volatility(window: 6m)`
#[derive(Debug, Clone, PartialEq)]
pub enum WeightMethod {
    /// `by EXPR`
    By(Expression),
    /// `equal`, `market_cap`, `score`, `rank`, `inverse volatility`, `risk_parity`, `min_variance`, ...
    Named {
        /// The method; `inverse volatility` is one name with a space.
        name: Name,
        /// What stands in its brackets.
        arguments: Vec<Argument>,
    },
}

/// `monthly on first day if turnover > 10% or when max_drift > 5% in 4 tranches`
#[derive(Debug, Clone, PartialEq)]
pub struct Rebalance {
    /// Alternatives, joined by `or`.
    pub triggers: Vec<Trigger>,
    /// `in 4 tranches`
    pub tranches: Option<Expression>,
    /// `to target`
    pub to_target: bool,
}

/// One alternative of `rebalance`.
#[derive(Debug, Clone, PartialEq)]
pub enum Trigger {
    /// `quarterly on first day in june if turnover > 10%`
    Calendar {
        /// How often.
        every: Every,
        /// On which day of the period.
        on: Option<On>,
        /// `in june`
        months: Vec<Name>,
        /// `if EXPR`
        gate: Option<Expression>,
        /// Where it stands.
        span: Span,
    },
    /// `when EXPR`
    When(Expression),
}

/// How often.
#[derive(Debug, Clone, PartialEq)]
pub enum Every {
    /// `daily`
    Day,
    /// `weekly`
    Week,
    /// `monthly`
    Month,
    /// `quarterly`
    Quarter,
    /// `semiannually`
    HalfYear,
    /// `annually`
    Year,
    /// `every 10d`
    Duration(Expression),
}

/// On which day of the period.
#[derive(Debug, Clone, PartialEq)]
pub enum On {
    /// `on first day`
    FirstDay,
    /// `on last day`
    LastDay,
    /// `on friday`, `on third friday`, `on last friday`
    Weekday {
        /// 1 to 5 from the start of the period, −1 for the last; `None` where none is written.
        ordinal: Option<i8>,
        /// `monday` to `sunday`.
        weekday: Name,
    },
}

/// When decisions become trades.
#[derive(Debug, Clone, PartialEq)]
pub enum TradeWhen {
    /// `at next open`
    NextOpen,
    /// `at next close`
    NextClose,
    /// `at this close`
    ThisClose,
    /// `over 5d`
    Over(Expression),
}

/// What a strategy is compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum BenchmarkName {
    /// `"SPY"`
    Symbol(Text),
    /// `market_cap`, or a strategy of the file
    Name(Name),
}

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    /// What it is.
    pub kind: ExpressionKind,
    /// Where it stands.
    pub span: Span,
}

/// What an expression is.
#[derive(Debug, Clone, PartialEq)]
pub enum ExpressionKind {
    /// `50`, `25%` (0.25), `10bps`, `5 million`; the suffix is applied.
    Number {
        /// With the suffix applied.
        value: f64,
        /// What followed the digits.
        suffix: Suffix,
    },
    /// `12m`
    Duration {
        /// How many.
        count: f64,
        /// Of what.
        unit: DurationUnit,
    },
    /// `"Energy"`
    Text(String),
    /// `true`, `false`
    Boolean(bool),
    /// `missing`
    Missing,
    /// `2005-01-31`
    Date(Date),
    /// `close`, `std.value`, `reports.cash`
    Name(Path),
    /// `rank(value)`, `ts_mean(x, window: 20d)`
    Call {
        /// What is called.
        callee: Path,
        /// With what.
        arguments: Vec<Argument>,
    },
    /// `regression(...).beta(f)`, `regression(...).alpha`
    Member {
        /// Of what.
        value: Box<Expression>,
        /// Which.
        name: Name,
        /// `None` without brackets.
        arguments: Option<Vec<Argument>>,
    },
    /// `-x`, `not x`
    Unary {
        /// Which.
        operator: UnaryOperator,
        /// Of what.
        operand: Box<Expression>,
    },
    /// `x + y`
    Binary {
        /// The left side.
        left: Box<Expression>,
        /// Which.
        operator: BinaryOperator,
        /// The right side.
        right: Box<Expression>,
    },
    /// `if C then A else B`
    If {
        /// The condition.
        condition: Box<Expression>,
        /// Where it is true.
        then: Box<Expression>,
        /// Where it is false.
        otherwise: Box<Expression>,
    },
    /// `x |> f(args)`: the same as `f(x, args)`
    Pipe {
        /// What goes in.
        value: Box<Expression>,
        /// The function.
        callee: Path,
        /// Its further arguments; `None` without brackets.
        arguments: Option<Vec<Argument>>,
    },
    /// `close of "SPY"`
    Of {
        /// What.
        value: Box<Expression>,
        /// Of which asset.
        symbol: Text,
    },
    /// `sector in ["Energy", "Utilities"]`
    In {
        /// What.
        value: Box<Expression>,
        /// The list.
        list: Vec<Expression>,
    },
    /// `x between 1 and 2`
    Between {
        /// What.
        value: Box<Expression>,
        /// The least.
        low: Box<Expression>,
        /// The greatest.
        high: Box<Expression>,
    },
    /// `[a, b]`
    List(Vec<Expression>),
    /// `(x)`: kept, so that the formatter prints what was written
    Bracketed(Box<Expression>),
}

/// A name with an optional table before a dot.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// `std`, or a table.
    pub table: Option<Name>,
    /// The name.
    pub name: Name,
}

impl Path {
    /// All of it.
    pub fn span(&self) -> Span {
        self.table.as_ref().map_or(self.name.span, |t| t.span.to(self.name.span))
    }
}

/// `x` or `window: 1y`
#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    /// The parameter it names.
    pub name: Option<Name>,
    /// What is given.
    pub value: Expression,
}

/// What follows a number's digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suffix {
    /// `50`
    None,
    /// `25%`
    Percent,
    /// `10bps`
    BasisPoints,
    /// `5 thousand`
    Thousand,
    /// `5 million`
    Million,
    /// `5 billion`
    Billion,
}

/// The unit of a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DurationUnit {
    /// `d`
    Day,
    /// `w`
    Week,
    /// `m`
    Month,
    /// `q`
    Quarter,
    /// `y`
    Year,
}

/// An operator before its operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnaryOperator {
    /// `-`
    Negate,
    /// `not`
    Not,
}

/// An operator between its operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryOperator {
    /// `or`
    Or,
    /// `and`
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `??`
    Otherwise,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `^`
    Power,
}

impl BinaryOperator {
    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Otherwise => "??",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Power => "^",
        }
    }
}
