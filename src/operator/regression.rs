//! Rolling least squares with an intercept over the complete rows of a window.
//!
//! The parts of a window are gathered as in `fold`: counts, sums and products of the deviations from the first complete
//! row. What is solved is the joined product matrix about the means, by Cholesky's factors, so levels never cancel.

use super::{
    Accepts, Body, Default, Example, MIN, Operator, Parameter, ResultType, WindowBlock,
    WindowKernel, finite, fold::Folded, least_present, number, one_factor::OneFactor,
    vectorise::vectorised,
};

const N: f64 = f64::NAN;
const MISSING: &str = "rows in which any input is missing are left out; needs `min:` complete rows, by default three quarters, and more than there are regressors; missing where a regressor follows from the others";
const TODAY_MISSING: &str = "missing where an input of today is; the other rows as for `beta`";
const OF_ZERO: &str = "as `beta`; missing where no degree of freedom is left, or nothing remains";

const fn list(name: &'static str, least: usize) -> Parameter {
    Parameter { name, accepts: Accepts::Number, default: Default::List(least) }
}

const WINDOW: Parameter =
    Parameter { name: "window", accepts: Accepts::Window, default: Default::Required };
const ONE: &[Parameter] = &[number("y"), number("on"), list("given", 0), WINDOW, MIN];
const ALL: &[Parameter] = &[number("y"), list("on", 1), list("given", 0), WINDOW, MIN];
const X: &[f64] = &[1.0, 2.0, 3.0, 4.0];
const Y: &[f64] = &[1.0, 3.0, 2.0, 5.0];
const Z: &[f64] = &[1.0, 0.0, 0.0, 2.0];

pub(super) const OPERATORS: &[Operator] = &[
    Operator {
        name: "regression",
        summary: "Rolling least squares of a value on others; `.beta(f)`, `.alpha`, `.residual`, `.r_squared`, `.tstat(f)`, `.fitted` and `.residual_std` are its parts, and it stands for the fitted value itself.",
        formula: "a + Σ bₖ fₖ(t), a and b those of the least Σ (y − a − Σ bₖ fₖ)² over the complete rows of the window",
        missing: "missing where a regressor of today is; the other rows as for `beta`",
        source: "statsmodels RollingOLS with a constant, `min_nobs` as `min:`",
        parameters: ALL,
        result: ResultType::Same,
        body: Body::Window(&Regression(Part::Fitted)),
        examples: &[Example {
            inputs: &[Y, X],
            constants: &[3.0],
            result: &[N, N, 2.5, 13.0 / 3.0],
        }],
    },
    Operator {
        name: "beta",
        summary: "Coefficient of a rolling regression on one value, with others present.",
        formula: "the b of `on` in y = a + b·on + Σ bₖ givenₖ, least squares over the complete rows of the window",
        missing: MISSING,
        source: "statsmodels RollingOLS with a constant, `min_nobs` as `min:`",
        parameters: ONE,
        result: ResultType::Quotient,
        body: Body::Window(&Regression(Part::Beta)),
        examples: &[
            Example { inputs: &[Y, X], constants: &[3.0], result: &[N, N, 0.5, 1.0] },
            Example { inputs: &[Y, X, Z], constants: &[4.0, 4.0], result: &[N, N, N, 22.0 / 23.0] },
        ],
    },
    Operator {
        name: "alpha",
        summary: "Intercept of a rolling regression, for each row.",
        formula: "a of y = a + Σ bₖ fₖ, least squares over the complete rows of the window",
        missing: MISSING,
        source: "statsmodels RollingOLS with a constant, `min_nobs` as `min:`",
        parameters: ALL,
        result: ResultType::Same,
        body: Body::Window(&Regression(Part::Alpha)),
        examples: &[Example {
            inputs: &[Y, X],
            constants: &[3.0],
            result: &[N, N, 1.0, 1.0 / 3.0],
        }],
    },
    Operator {
        name: "residual",
        summary: "What a rolling regression leaves of today's value.",
        formula: "y(t) − a − Σ bₖ fₖ(t)",
        missing: TODAY_MISSING,
        source: "statsmodels RollingOLS with a constant, `min_nobs` as `min:`",
        parameters: ALL,
        result: ResultType::Same,
        body: Body::Window(&Regression(Part::Residual)),
        examples: &[Example {
            inputs: &[Y, X],
            constants: &[3.0],
            result: &[N, N, -0.5, 2.0 / 3.0],
        }],
    },
    Operator {
        name: "r_squared",
        summary: "Share of the variance that a rolling regression explains.",
        formula: "1 − Σ (y − ŷ)² / Σ (y − ȳ)² over the complete rows of the window",
        missing: "as `beta`; missing where all y are equal",
        source: "statsmodels RollingOLS with a constant, `rsquared`",
        parameters: ALL,
        result: ResultType::Ratio,
        body: Body::Window(&Regression(Part::RSquared)),
        examples: &[Example {
            inputs: &[Y, X],
            constants: &[3.0],
            result: &[N, N, 0.25, 3.0 / 7.0],
        }],
    },
    Operator {
        name: "tstat",
        summary: "t of the coefficient of a rolling regression on one value, with others present.",
        formula: "b / s(b), the classical standard error with n − k − 1 degrees of freedom",
        missing: OF_ZERO,
        source: "statsmodels RollingOLS with a constant, `tvalues`",
        parameters: ONE,
        result: ResultType::Ratio,
        body: Body::Window(&Regression(Part::TStat)),
        examples: &[Example {
            inputs: &[Y, X],
            constants: &[3.0],
            result: &[N, N, 0.577_350_269_189_625_8, 0.866_025_403_784_438_6],
        }],
    },
    Operator {
        name: "fitted",
        summary: "What a rolling regression gives for today.",
        formula: "a + Σ bₖ fₖ(t)",
        missing: "missing where a regressor of today is; the other rows as for `beta`",
        source: "statsmodels RollingOLS with a constant, `min_nobs` as `min:`",
        parameters: ALL,
        result: ResultType::Same,
        body: Body::Window(&Regression(Part::Fitted)),
        examples: &[Example {
            inputs: &[Y, X],
            constants: &[3.0],
            result: &[N, N, 2.5, 13.0 / 3.0],
        }],
    },
    Operator {
        name: "residual_std",
        summary: "Standard deviation of what a rolling regression leaves.",
        formula: "√(Σ (y − ŷ)² / (n − k − 1)) over the complete rows of the window, k the number of regressors",
        missing: "as `beta`; missing where no degree of freedom is left",
        source: "statsmodels RollingOLS with a constant, √`mse_resid`",
        parameters: ALL,
        result: ResultType::Same,
        body: Body::Window(&Regression(Part::ResidualStd)),
        examples: &[Example {
            inputs: &[Y, X],
            constants: &[3.0],
            result: &[N, N, 1.224_744_871_391_589, 1.632_993_161_855_452],
        }],
    },
];

/// A regressor of which less than this share is left beside the others follows from them.
const DEFICIENT: f64 = 1e-10;

/// What remains of y below this share of it is rounding.
const PERFECT: f64 = 1e-14;

/// What is wanted of a regression.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    Beta,
    Alpha,
    Residual,
    RSquared,
    TStat,
    Fitted,
    ResidualStd,
}

/// A part of the regression of the first input on the others.
struct Regression(Part);

impl WindowKernel for Regression {
    fn block(&self, block: &mut WindowBlock<'_, '_>) {
        match (self.0, block.inputs.len()) {
            (Part::Beta, 2) => Folded(OneFactor).block(block),
            (part, _) => regress(block, part),
        }
    }
}

/// How many assets are carried side by side.
const LANES: usize = 8;

type Lanes = [f64; LANES];

/// The place of the product of two inputs in a triangle stored row by row.
#[inline(always)]
fn at(i: usize, j: usize) -> usize {
    let (low, high) = if i < j { (i, j) } else { (j, i) };
    high * (high + 1) / 2 + low
}

/// Over complete rows: the count, the anchors, Σ d of each input and Σ de of each pair, d being deviations from the
/// anchors.
#[derive(Clone)]
struct Gathered {
    count: Lanes,
    anchors: Vec<Lanes>,
    sums: Vec<Lanes>,
    products: Vec<Lanes>,
}

impl Gathered {
    fn new(inputs: usize) -> Self {
        let zeros = |n: usize| vec![[0.0; LANES]; n];
        Self {
            count: [0.0; LANES],
            anchors: vec![[N; LANES]; inputs],
            sums: zeros(inputs),
            products: zeros(inputs * (inputs + 1) / 2),
        }
    }

    fn clear(&mut self) {
        self.count = [0.0; LANES];
        self.anchors.fill([N; LANES]);
        self.sums.fill([0.0; LANES]);
        self.products.fill([0.0; LANES]);
    }

    fn copy_from(&mut self, other: &Self) {
        self.count = other.count;
        self.anchors.copy_from_slice(&other.anchors);
        self.sums.copy_from_slice(&other.sums);
        self.products.copy_from_slice(&other.products);
    }

    /// Takes a row; it becomes deviations from the anchors.
    #[inline(always)]
    fn push(&mut self, row: &mut [Lanes]) {
        let mut complete = [true; LANES];
        for x in row.iter() {
            for lane in 0..LANES {
                complete[lane] &= !x[lane].is_nan();
            }
        }
        for lane in 0..LANES {
            self.count[lane] += if complete[lane] { 1.0 } else { 0.0 };
        }
        for ((x, anchor), sum) in row.iter_mut().zip(&mut self.anchors).zip(&mut self.sums) {
            for lane in 0..LANES {
                let first = anchor[lane].is_nan() & complete[lane];
                anchor[lane] = if first { x[lane] } else { anchor[lane] };
                x[lane] = if complete[lane] { x[lane] - anchor[lane] } else { 0.0 };
                sum[lane] += x[lane];
            }
        }
        let mut products = self.products.iter_mut();
        for j in 0..row.len() {
            for i in 0..=j {
                let product = products.next().expect("there is one for each pair");
                for lane in 0..LANES {
                    product[lane] += row[i][lane] * row[j][lane];
                }
            }
        }
    }
}

/// A window: the means as offsets from reference values, and Σ of products about the means, then its Cholesky factor.
struct Joined {
    count: Lanes,
    /// The reference values: those of a row of the window.
    reference: Vec<Lanes>,
    offsets: Vec<Lanes>,
    apart: Vec<Lanes>,
    products: Vec<Lanes>,
    /// `factor[at(i, j)]`; the inputs are eliminated from the last to the first, y in the end.
    factor: Vec<Lanes>,
    /// 1 where the regressors do not follow from each other, else missing.
    regular: Lanes,
}

impl Joined {
    fn new(inputs: usize) -> Self {
        let zeros = |n: usize| vec![[0.0; LANES]; n];
        let pairs = inputs * (inputs + 1) / 2;
        Self {
            count: [0.0; LANES],
            reference: zeros(inputs),
            offsets: zeros(inputs),
            apart: zeros(inputs),
            products: zeros(pairs),
            factor: zeros(pairs),
            regular: [N; LANES],
        }
    }

    /// Joins two parts (Chan, Golub and LeVeque 1979).
    #[inline(always)]
    fn join(&mut self, tail: &Gathered, head: &Gathered) {
        let (m, n) = (&tail.count, &head.count);
        let mut weight = [0.0; LANES];
        for lane in 0..LANES {
            self.count[lane] = m[lane] + n[lane];
            weight[lane] = m[lane] * n[lane] / self.count[lane].max(1.0);
        }
        for i in 0..self.reference.len() {
            for lane in 0..LANES {
                let (a, b) = (tail.anchors[i][lane], head.anchors[i][lane]);
                let both = (m[lane] > 0.0) & (n[lane] > 0.0);
                let between = if both { a - b } else { 0.0 };
                let sum = (tail.sums[i][lane] + m[lane] * between) + head.sums[i][lane];
                self.reference[i][lane] = if n[lane] > 0.0 { b } else { a };
                self.offsets[i][lane] = sum / self.count[lane];
                let means =
                    tail.sums[i][lane] / m[lane].max(1.0) - head.sums[i][lane] / n[lane].max(1.0);
                self.apart[i][lane] = if both { between + means } else { 0.0 };
            }
        }
        for j in 0..self.reference.len() {
            for i in 0..=j {
                let k = at(i, j);
                for lane in 0..LANES {
                    let older = tail.products[k][lane]
                        - tail.sums[i][lane] * tail.sums[j][lane] / m[lane].max(1.0);
                    let newer = head.products[k][lane]
                        - head.sums[i][lane] * head.sums[j][lane] / n[lane].max(1.0);
                    let across = weight[lane] * (self.apart[i][lane] * self.apart[j][lane]);
                    self.products[k][lane] = (older + newer) + across;
                }
            }
        }
    }

    /// Cholesky's factor, the last regressor first, so that the first one comes last and its coefficient is a quotient.
    #[inline(always)]
    fn factorise(&mut self) {
        let inputs = self.reference.len();
        self.regular = [1.0; LANES];
        for j in (1..inputs).rev() {
            let own = self.products[at(j, j)];
            let mut pivot = own;
            for k in j + 1..inputs {
                for lane in 0..LANES {
                    pivot[lane] -= self.factor[at(k, j)][lane] * self.factor[at(k, j)][lane];
                }
            }
            for lane in 0..LANES {
                let stands = pivot[lane] > DEFICIENT * own[lane];
                self.regular[lane] = if stands { self.regular[lane] } else { N };
                pivot[lane] = if stands { pivot[lane].sqrt() } else { N };
            }
            self.factor[at(j, j)] = pivot;
            for i in (0..j).rev() {
                let mut value = self.products[at(i, j)];
                for k in j + 1..inputs {
                    for lane in 0..LANES {
                        value[lane] -= self.factor[at(k, i)][lane] * self.factor[at(k, j)][lane];
                    }
                }
                for lane in 0..LANES {
                    value[lane] /= pivot[lane];
                }
                self.factor[at(i, j)] = value;
            }
        }
    }

    /// The part of Σ (y − ȳ)² that the regression explains.
    #[inline(always)]
    fn explained(&self) -> Lanes {
        let mut sum = [0.0; LANES];
        for j in 1..self.reference.len() {
            for lane in 0..LANES {
                sum[lane] += self.factor[at(0, j)][lane] * self.factor[at(0, j)][lane];
            }
        }
        sum
    }

    /// Σ of the squares of what remains; what is less than rounding is nothing.
    #[inline(always)]
    fn remains(&self) -> Lanes {
        let explained = self.explained();
        let all = &self.products[0];
        std::array::from_fn(|lane| {
            let rest = all[lane] - explained[lane];
            if rest > PERFECT * all[lane] { rest } else { 0.0 * rest }
        })
    }

    /// By how much the fitted value at a point lies above ȳ; the point is given as distances from the means, and is used
    /// up.
    #[inline(always)]
    fn fitted(&self, point: &mut [Lanes]) -> Lanes {
        let mut sum = [0.0; LANES];
        for j in (1..point.len()).rev() {
            let mut value = point[j];
            for k in j + 1..point.len() {
                for lane in 0..LANES {
                    value[lane] -= self.factor[at(k, j)][lane] * point[k][lane];
                }
            }
            for lane in 0..LANES {
                value[lane] /= self.factor[at(j, j)][lane];
                sum[lane] += self.factor[at(0, j)][lane] * value[lane];
            }
            point[j] = value;
        }
        sum
    }

    #[inline(always)]
    fn part(&self, part: Part, today: &mut [Lanes]) -> Lanes {
        let inputs = self.reference.len();
        let freedom = |lane: usize| {
            let left = self.count[lane] - inputs as f64;
            if left > 0.0 { left } else { N }
        };
        match part {
            Part::Beta => {
                std::array::from_fn(|l| self.factor[at(0, 1)][l] / self.factor[at(1, 1)][l])
            }
            Part::TStat => {
                let remains = self.remains();
                std::array::from_fn(|l| {
                    let error = (remains[l] / freedom(l)).sqrt();
                    if error > 0.0 { self.factor[at(0, 1)][l] / error } else { N }
                })
            }
            Part::ResidualStd => {
                let remains = self.remains();
                std::array::from_fn(|l| (remains[l] / freedom(l)).sqrt())
            }
            Part::RSquared => {
                let explained = self.explained();
                // 0 / 0 is missing, and stays so.
                std::array::from_fn(|l| {
                    let share = explained[l] / self.products[0][l];
                    if share > 1.0 { 1.0 } else { share }
                })
            }
            Part::Alpha | Part::Residual | Part::Fitted => {
                for (i, x) in today.iter_mut().enumerate() {
                    for lane in 0..LANES {
                        let at = if part == Part::Alpha { 0.0 } else { x[lane] };
                        x[lane] = (at - self.reference[i][lane]) - self.offsets[i][lane];
                    }
                }
                let above = self.fitted(today);
                std::array::from_fn(|lane| match part {
                    Part::Residual => today[0][lane] - above[lane],
                    _ => (self.reference[0][lane] + self.offsets[0][lane]) + above[lane],
                })
            }
        }
    }
}

vectorised! {
    fn regress(block: &mut WindowBlock<'_, '_>, part: Part) {
        let inputs = block.inputs.len();
        let least = least_present(block.length as u32, block.constants[1]).max(inputs as f64);
        let count = block.out[0].len();
        let mut tails = vec![Gathered::new(inputs); block.wanted.len()];
        let mut state = Gathered::new(inputs);
        let mut joined = Joined::new(inputs);
        let mut row: Vec<Lanes> = vec![[0.0; LANES]; inputs];
        for start in (0..count).step_by(LANES) {
            let read = |place: usize, row: &mut [Lanes]| {
                for (x, input) in row.iter_mut().zip(block.inputs) {
                    *x = input.lanes(place, start, count);
                }
            };
            state.clear();
            let mut place = block.older;
            for (wanted, tail) in block.wanted.iter().zip(&mut tails).rev() {
                while place > block.first(*wanted) {
                    place -= 1;
                    read(place, &mut row);
                    state.push(&mut row);
                }
                tail.copy_from(&state);
            }
            state.clear();
            let mut place = block.older;
            for (i, (wanted, tail)) in block.wanted.iter().zip(&tails).enumerate() {
                let today = block.older + *wanted;
                while place <= today {
                    read(place, &mut row);
                    state.push(&mut row);
                    place += 1;
                }
                joined.join(tail, &state);
                joined.factorise();
                read(today, &mut row);
                let results = joined.part(part, &mut row);
                for (lane, out) in block.out[i][start..].iter_mut().take(LANES).enumerate() {
                    let enough = joined.count[lane] >= least;
                    *out = if enough { finite(results[lane] * joined.regular[lane]) } else { N };
                }
            }
        }
    }
}
