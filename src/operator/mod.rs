//! The built-in operators: one declaration each, read by the checker, the planner, the executor, help and the tests.

mod arithmetic;
mod cross_section;
mod drawdown;
mod element;
mod fold;
mod lanes;
mod lookup;
mod moments;
mod normal;
mod one_factor;
mod order;
mod portfolio;
mod power;
mod reduction;
mod regression;
mod reports;
mod scan;
mod shape;
mod sorted;
mod spread;
mod tile;
mod vectorise;
mod window;

pub use cross_section::Scratch;
pub use lookup::{find, nearest_names};
pub use normal::normal_quantile;
pub use portfolio::{MODELS, WalkForward};
pub use reports::ReportKernel;

use crate::types::{Kind, Shape, Type, Unit};

/// One built-in operator.
#[derive(Debug)]
pub struct Operator {
    /// Its name in the language; a symbol (`+`) for what is written between operands.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// The definition, as a formula or in words.
    pub formula: &'static str,
    /// What a missing value does.
    pub missing: &'static str,
    /// Whose definition it is.
    pub source: &'static str,
    /// Its parameters, in order.
    pub parameters: &'static [Parameter],
    /// The type of its result.
    pub result: ResultType,
    /// How it is computed.
    pub body: Body,
    /// Inputs with the values that must come out.
    pub examples: &'static [Example],
}

/// A parameter of an operator.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What may be given.
    pub accepts: Accepts,
    /// What it is when nothing is given.
    pub default: Default,
}

/// What may be given for a parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Accepts {
    /// A number of any shape.
    Number,
    /// A boolean of any shape.
    Boolean,
    /// A label of any shape.
    Label,
    /// Any kind.
    Any,
    /// A field of a table of reports.
    Reported,
    /// When a factor portfolio is formed: `monthly`, `annually(june)`. A constant: 100 times the months from one formation
    /// to the next, plus a month in which there is one.
    Calendar,
    /// What a score is learned with: `ols`, `ridge(1.0)`. A constant: the penalty.
    Model,
    /// The name of a strategy of the file. A constant: its place.
    Strategy,
    /// The same kind as the first value.
    SameAsFirst,
    /// A number or a label of any shape.
    NumberOrLabel,
    /// A constant number of rows, at least 1 (`20d`, `20`).
    Window,
    /// A constant number of rows, at least 0.
    Lag,
    /// A constant number between the two, whole if the flag is set.
    Constant {
        /// The least.
        low: f64,
        /// The greatest.
        high: f64,
        /// Whether it must be whole.
        whole: bool,
    },
}

impl Accepts {
    /// Whether the argument is a constant of the call rather than an input that is computed.
    pub fn is_constant(self) -> bool {
        matches!(self, Self::Window | Self::Lag | Self::Constant { .. }) || self.is_word()
    }

    /// Whether the argument is written in words of its own, which are no names of values.
    pub fn is_word(self) -> bool {
        matches!(self, Self::Calendar | Self::Model | Self::Strategy)
    }
}

/// What a parameter is when nothing is given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Default {
    /// It must be given.
    Required,
    /// This constant. NaN: the kernel derives it (`min:`).
    Constant(f64),
    /// More of its kind may follow; the operator is applied from pair to pair (`min(x, y, …)`).
    Repeated,
    /// More of its kind may follow; the operator takes all at once (`average(x, y, …)`).
    Many,
    /// It may be left out; then there is no such input. Only the last inputs of an operator may be so.
    Absent,
    /// An input that is this value everywhere unless it is given.
    Value(f64),
    /// Exactly one of the parameters declared so must be given; the others are NaN (`span:`, `halflife:`, `alpha:`).
    Alternative,
    /// A list of at least so many, or one alone (`to: [f, g]`); it gives as many inputs, or constants.
    List(usize),
}

/// How the type of a result follows from the types of the inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultType {
    /// As the first input, with the joined shape.
    Same,
    /// As this input, with the joined shape.
    Like(usize),
    /// As all inputs from this one on, which agree (`+`, `if`).
    Joined(usize),
    /// A number of a unit nobody follows (a power).
    Unknown,
    /// A ratio with the joined shape.
    Ratio,
    /// A number of rows.
    Rows,
    /// A boolean.
    Boolean,
    /// An ordered label, from 1 on.
    Label(Last),
    /// The product of the units.
    Product,
    /// The quotient of the units.
    Quotient,
}

/// The last value of an ordered label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Last {
    /// Always this.
    Always(u32),
    /// The first constant of the call.
    FirstConstant,
    /// One more than the call has constants: what lies between edges, and on both sides of them.
    AfterEdges,
}

impl ResultType {
    /// The type of the result for these inputs; `reduced`: one value a date.
    pub fn of(self, inputs: &[Type], reduced: bool) -> Type {
        let mut shape = inputs.iter().fold(Shape::Scalar, |s, t| s.join(t.shape));
        if reduced {
            shape = Shape::Series;
        }
        let unit = |i: usize| inputs.get(i).map_or(Unit::RATIO, |t| t.unit);
        let kind = |i: usize| inputs.get(i).map_or(Kind::Number, |t| t.kind);
        match self {
            Self::Same => Type { kind: kind(0), shape, unit: unit(0) },
            Self::Like(i) => Type { kind: kind(i), shape, unit: unit(i) },
            Self::Joined(first) => {
                let units = inputs.iter().skip(first).map(|t| t.unit);
                Type {
                    kind: kind(first),
                    shape,
                    unit: units.reduce(Unit::join).unwrap_or(Unit::Unknown),
                }
            }
            Self::Unknown => Type::number(shape, Unit::Unknown),
            Self::Ratio => Type::number(shape, Unit::RATIO),
            Self::Rows => Type::number(shape, Unit::ROWS),
            Self::Boolean => Type::boolean(shape),
            Self::Label(_) => Type::label(shape),
            Self::Product => Type::number(shape, unit(0).times(unit(1), 1)),
            Self::Quotient => Type::number(shape, unit(0).times(unit(1), -1)),
        }
    }
}

/// Element by element: `inputs[k][i]` to `out[i]`, with the call's constants. Never gives an infinite value.
pub type MapKernel = fn(inputs: &[&[f64]], constants: &[f64], out: &mut [f64]);

/// What is computed for each asset from its last rows.
pub trait WindowKernel: Sync {
    /// The rows of the window for these constants.
    fn rows(&self, constants: &[f64]) -> u32 {
        constants.first().map_or(1, |d| *d as u32)
    }

    /// Whether a result depends, to its last bit, on where the block begins that its window ends in. Blocks are then as long
    /// as the window and begin at multiples of that, so that it does not depend on which rows are wanted. Otherwise they
    /// are any rows whose windows meet, which saves a kernel that carries a window along starting anew.
    fn depends_on_blocks(&self) -> bool {
        true
    }

    /// Computes the windows that end in one block of rows.
    fn block(&self, block: &mut WindowBlock<'_, '_>);
}

/// Windows of some assets that end in one block of rows.
#[derive(Debug)]
pub struct WindowBlock<'a, 'o> {
    /// By input: the rows before the block that its windows see, the oldest first, then its own.
    pub inputs: &'a [Strip<'a>],
    /// How many of the rows lie before the block.
    pub older: usize,
    /// The rows of the block at which results are wanted, rising.
    pub wanted: &'a [usize],
    /// The rows of the window.
    pub length: usize,
    /// The constants of the call.
    pub constants: &'a [f64],
    /// By wanted row: the results by asset.
    pub out: &'a mut [&'o mut [f64]],
    /// Room that is used again from block to block, with anything in it.
    pub scratch: &'a mut Vec<f64>,
}

impl WindowBlock<'_, '_> {
    /// The place among the rows where the window that ends at a row of the block begins, at most where the block does.
    /// Rows before the calendar are not there.
    pub fn first(&self, wanted: usize) -> usize {
        (self.older + wanted + 1).saturating_sub(self.length).min(self.older)
    }
}

/// The values of some assets over some rows, one row as far from the next as all others.
#[derive(Debug, Clone, Copy)]
pub struct Strip<'a> {
    values: &'a [f64],
    stride: usize,
    is_repeated: bool,
}

impl<'a> Strip<'a> {
    /// How many assets must be given, at least, of a row that is the same for all.
    pub const REPEATED: usize = 64;

    /// The rows that begin at every `stride`-th value; with a stride of 0 all are the first one.
    pub fn new(values: &'a [f64], stride: usize) -> Self {
        Self { values, stride, is_repeated: false }
    }

    /// Rows each of which is one number, given [`Self::REPEATED`] times.
    pub fn repeated(values: &'a [f64]) -> Self {
        Self { values, stride: Self::REPEATED, is_repeated: true }
    }

    /// The values of a row from an asset on, and some of the rows behind it: those of the assets there are, but of no more
    /// than [`Self::REPEATED`] if all are the same.
    #[inline(always)]
    pub fn row(&self, row: usize, asset: usize) -> &'a [f64] {
        &self.values[row * self.stride + if self.is_repeated { 0 } else { asset }..]
    }

    /// The values of so many assets at a row, from one on; missing beyond the last of `assets`.
    #[inline(always)]
    pub fn lanes<const N: usize>(&self, row: usize, asset: usize, assets: usize) -> [f64; N] {
        let values = self.row(row, asset);
        if asset + N <= assets {
            return *values.first_chunk().expect("a row has a value for each asset");
        }
        let there = assets - asset;
        std::array::from_fn(|i| if i < there { values[i] } else { f64::NAN })
    }
}

/// What is carried for each asset from its first row on and never forgotten.
pub trait ScanKernel: Sync {
    /// The state of `lanes` assets before the first row, as many numbers as the kernel needs.
    fn start(&self, constants: &[f64], lanes: usize) -> Vec<f64>;

    /// Takes one row of each input into the state, and gives the results of that row by asset.
    fn row(&self, inputs: &[&[f64]], constants: &[f64], state: &mut [f64], out: &mut [f64]);
}

/// The assets of one date, or of one group of them, with what they have.
#[derive(Debug, Clone, Copy)]
pub struct Members<'a> {
    /// By input: the value of each member. The first is missing, too, for members that are not eligible.
    pub inputs: &'a [&'a [f64]],
    /// By input: its kind.
    pub kinds: &'a [Kind],
    /// Who of them is eligible.
    pub eligible: Eligible<'a>,
    /// The constants of the call.
    pub constants: &'a [f64],
}

/// Which members are eligible. What is asked for by few is not laid out for all.
#[derive(Debug, Clone, Copy)]
pub struct Eligible<'a> {
    /// By asset: 1 where it is.
    pub mask: &'a [f64],
    /// The members; `None` where they are all assets.
    pub members: Option<&'a [u32]>,
}

impl Eligible<'_> {
    /// By member.
    pub fn each(&self) -> impl Iterator<Item = bool> {
        let all = self.members.is_none().then_some(self.mask);
        let some = self.members.unwrap_or_default().iter().map(|a| &self.mask[*a as usize]);
        all.unwrap_or_default().iter().chain(some).map(|eligible| *eligible == 1.0)
    }
}

/// Across the members of a date or group: to one result for each member, or, in [`Body::Reduce`], to one for all. Gives
/// missing to a member that is not eligible; never gives an infinite value.
pub type CrossKernel = fn(members: &Members<'_>, scratch: &mut Scratch, out: &mut [f64]);

/// How an operator is computed.
#[derive(Clone, Copy)]
pub enum Body {
    /// Element by element.
    Map(MapKernel),
    /// The input as many rows ago as the constant says.
    Lag,
    /// Over the last rows.
    Window(&'static dyn WindowKernel),
    /// From the first row on, nothing being forgotten.
    Scan(&'static dyn ScanKernel),
    /// Across the eligible assets of a date.
    Cross(CrossKernel),
    /// Across the eligible assets of a date, to one value.
    Reduce(CrossKernel),
    /// From the reports of an asset that are known.
    Reports(ReportKernel),
    /// The return of a factor portfolio. Its inputs are the score, the weight and the assets it is made of.
    Spread,
    /// Returns that lie ahead of the date.
    Forward,
    /// What a model learned of the past makes of the inputs. They are the target, the values, and the assets it sees.
    Predict,
    /// The returns of a strategy of the file.
    Returns,
}

impl Body {
    /// Whether each asset is computed for itself.
    pub fn works_asset_by_asset(self) -> bool {
        matches!(self, Self::Map(_) | Self::Lag | Self::Window(_) | Self::Scan(_))
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Map(_) => "map",
            Self::Lag => "lag",
            Self::Window(_) => "window",
            Self::Scan(_) => "scan",
            Self::Cross(_) => "cross",
            Self::Reduce(_) => "reduce",
            Self::Reports(_) => "reports",
            Self::Spread => "spread",
            Self::Forward => "forward",
            Self::Predict => "predict",
            Self::Returns => "returns",
        })
    }
}

/// A call on small inputs and what must come out, in the direction the operator works in: over rows, or over assets. The
/// input of an operator over reports is what one company publishes before each row, of one quarter after the other;
/// missing where it publishes nothing.
#[derive(Debug)]
pub struct Example {
    /// Its inputs, by parameter.
    pub inputs: &'static [&'static [f64]],
    /// Its constants, as written; the others take their defaults.
    pub constants: &'static [f64],
    /// What must come out.
    pub result: &'static [f64],
}

impl Operator {
    /// Whether it works across the assets of a date.
    pub fn is_cross(&self) -> bool {
        matches!(self.body, Body::Cross(_) | Body::Reduce(_) | Body::Spread | Body::Predict)
    }

    /// Whether it can work within each group of a label.
    pub fn takes_groups(&self) -> bool {
        self.is_cross() && !matches!(self.body, Body::Predict)
    }

    /// The parameter that an argument goes to, by its name or else by its place.
    pub fn parameter(&self, name: Option<&str>, place: usize) -> Option<&'static Parameter> {
        match name {
            Some(name) => self.parameters.iter().find(|p| p.name == name),
            None => self.parameters.get(place),
        }
    }

    /// Whether it looks at every row from the first on, so that no number of rows is enough for it.
    pub fn never_forgets(&self) -> bool {
        matches!(self.body, Body::Scan(_))
    }

    /// The window of a call with these constants, in rows: 1 for what sees today only, or must see all.
    pub fn window(&self, constants: &[f64]) -> u32 {
        match self.body {
            Body::Window(kernel) => kernel.rows(constants),
            Body::Lag => constants.first().map_or(1, |d| *d as u32 + 1),
            Body::Map(_)
            | Body::Scan(_)
            | Body::Cross(_)
            | Body::Reduce(_)
            | Body::Reports(_)
            | Body::Spread
            | Body::Forward
            | Body::Returns => 1,
            // Which rows a fit learns from depends on the target; it sees none before these.
            Body::Predict => WalkForward::new(constants, 1).lookback() + 1,
        }
    }

    /// The last value of the ordered label that a call with these constants gives; `None` if it gives none.
    pub fn last_label(&self, constants: &[f64]) -> Option<u32> {
        let ResultType::Label(last) = self.result else { return None };
        Some(match last {
            Last::Always(last) => last,
            Last::FirstConstant => constants.first().map_or(0, |n| *n as u32),
            Last::AfterEdges => constants.len() as u32 + 1,
        })
    }

    /// How many rows before today a call sees.
    pub fn lookback(&self, constants: &[f64]) -> u32 {
        self.window(constants) - 1
    }

    /// `ts_mean(x, d, min: …)`, as help and errors show it.
    pub fn signature(&self) -> String {
        let mut parts: Vec<String> = self
            .parameters
            .iter()
            .map(|p| match p.default {
                Default::Required => p.name.to_owned(),
                _ if p.accepts == Accepts::Calendar => format!("{}: monthly", p.name),
                _ if p.accepts == Accepts::Model => format!("{}: ols", p.name),
                Default::Constant(v) if v.is_nan() => format!("{}: …", p.name),
                Default::Constant(v) => format!("{}: {v}", p.name),
                Default::Repeated | Default::Many => format!("{}, …", p.name),
                Default::Absent | Default::Alternative => format!("{}: …", p.name),
                Default::Value(v) => format!("{}: {v}", p.name),
                Default::List(_) => format!("{}: […]", p.name),
            })
            .collect();
        if self.takes_groups() {
            parts.push("within: …".to_owned());
        }
        format!("{}({})", self.name, parts.join(", "))
    }
}

const fn example(
    inputs: &'static [&'static [f64]],
    constants: &'static [f64],
    result: &'static [f64],
) -> Example {
    Example { inputs, constants, result }
}

const fn parameter(name: &'static str, accepts: Accepts) -> Parameter {
    Parameter { name, accepts, default: Default::Required }
}

const fn number(name: &'static str) -> Parameter {
    parameter(name, Accepts::Number)
}

const fn window(name: &'static str) -> Parameter {
    parameter(name, Accepts::Window)
}

/// `min:`, the number of present values a window needs; by default three quarters of its rows.
const MIN: Parameter = Parameter {
    name: "min",
    accepts: Accepts::Constant { low: 1.0, high: 1e9, whole: true },
    default: Default::Constant(f64::NAN),
};

/// How many present values a window of `rows` needs when `min:` is `given` (NaN where it is not).
fn least_present(rows: u32, given: f64) -> f64 {
    if given.is_nan() { (0.75 * f64::from(rows)).ceil() } else { given }
}

const fn constant(
    name: &'static str,
    low: f64,
    high: f64,
    whole: bool,
    default: Default,
) -> Parameter {
    Parameter { name, accepts: Accepts::Constant { low, high, whole }, default }
}

/// An infinite or undefined value is missing.
#[inline(always)]
fn finite(x: f64) -> f64 {
    if x.abs() <= f64::MAX { x } else { f64::NAN }
}

/// A family of operators, with its title for the reference.
#[derive(Debug)]
pub struct Family {
    /// Its title.
    pub title: &'static str,
    /// Its operators.
    pub operators: &'static [Operator],
}

/// All operators, by family.
pub const FAMILIES: &[Family] = &[
    Family { title: "Arithmetic and logic", operators: arithmetic::OPERATORS },
    Family { title: "Element by element", operators: element::OPERATORS },
    Family { title: "In time, for each asset", operators: window::OPERATORS },
    Family { title: "In time: deviation and correlation", operators: moments::OPERATORS },
    Family { title: "In time: shape and place", operators: shape::OPERATORS },
    Family { title: "In time: on the way", operators: drawdown::OPERATORS },
    Family { title: "In time: order", operators: sorted::OPERATORS },
    Family { title: "In time: regression", operators: regression::OPERATORS },
    Family { title: "In time: never forgetting", operators: scan::OPERATORS },
    Family { title: "Across assets, on each date", operators: cross_section::RANKS },
    Family { title: "Across assets: scaled and mended", operators: cross_section::SCALINGS },
    Family { title: "Across assets: one value a date", operators: cross_section::SUMMARIES },
    Family { title: "Reports", operators: reports::OPERATORS },
    Family { title: "Factor portfolios", operators: spread::OPERATORS },
    Family { title: "Prediction and strategies", operators: portfolio::OPERATORS },
];

/// All operators.
pub fn all() -> impl Iterator<Item = &'static Operator> {
    FAMILIES.iter().flat_map(|f| f.operators)
}
