//! One limit of risk, settled: at the optimum it is as if its price were paid for the variance, so that what is left is a
//! program of linear rows, which is solved to the last digits. The price is sought near the one that the conic solver
//! found.

use super::{Optimum, Program};

/// Steps of the search.
const STEPS: usize = 40;
/// What the risk may miss of its limit, as a share of it.
const MISSED: f64 = 1e-12;
const ACCEPTED: f64 = 1e-10;

/// An optimum at a price, and how much its risk is above the limit.
struct Priced {
    price: f64,
    above: f64,
    optimum: Optimum,
}

/// A better optimum than a near one, or `None` if there is not one limit of risk alone or none was found.
pub(super) fn settle(program: &Program<'_>, near: &Optimum) -> Option<Optimum> {
    let [ball] = &*program.balls else { return None };
    let is_plain = ball.slack.is_none() && !program.is_homogeneous && program.logarithms.is_empty();
    let price = near.ball_prices[0] / ball.most;
    let binds = price > 0.0 && price.is_finite();
    if !(is_plain && binds) {
        return None;
    }
    let covariance = program.covariance?;
    let mut of_benchmark = vec![0.0; covariance.assets()];
    if covariance.assets() > program.weights {
        of_benchmark[program.weights] = 1.0;
    }
    let with_benchmark = covariance.times(&of_benchmark);
    let at = |price: f64| -> Option<Priced> {
        let mut priced = Program { balls: vec![], is_relative: false, ..program.clone() };
        priced.risk += price;
        let relative = if program.is_relative { program.risk } else { 0.0 };
        let relative = relative + if ball.is_relative { price } else { 0.0 };
        for (linear, own) in priced.linear.iter_mut().zip(&with_benchmark[..program.weights]) {
            *linear -= relative * own;
        }
        let optimum = priced.solve().ok()?;
        let above = program.deviation(&optimum.values, ball.is_relative) - ball.most;
        Some(Priced { price, above, optimum })
    };
    let found = search(at, price, ball.most)?;
    let deviation = ball.most + found.above;
    Some(Optimum {
        ball_prices: vec![found.price * deviation],
        objective: program.objective(&found.optimum.values),
        ..found.optimum
    })
}

/// Where the risk, which falls with the price, is at its limit (regula falsi, Illinois).
fn search(at: impl Fn(f64) -> Option<Priced>, price: f64, most: f64) -> Option<Priced> {
    let first = at(price)?;
    let outward = if first.above > 0.0 { 1.0 } else { -1.0 };
    let (mut one, mut other, mut width) = (first, None, 1e-6);
    while other.is_none() && width < 0.5 {
        let next = at(price * (1.0 + outward * width))?;
        if (next.above > 0.0) == (one.above > 0.0) {
            one = next;
        } else {
            other = Some(next);
        }
        width *= 10.0;
    }
    let mut other = other?;
    let (mut weight_one, mut weight_other) = (one.above, other.above);
    for _ in 0..STEPS {
        let nearest = one.above.abs().min(other.above.abs());
        if nearest <= MISSED * most {
            break;
        }
        let share = weight_one / (weight_one - weight_other);
        let next = at(one.price + share * (other.price - one.price))?;
        if (next.above > 0.0) == (other.above > 0.0) {
            weight_one *= 0.5;
        } else {
            (one, weight_one) = (other, weight_other);
        }
        weight_other = next.above;
        other = next;
    }
    let best = if one.above.abs() < other.above.abs() { one } else { other };
    (best.above.abs() <= ACCEPTED * most).then_some(best)
}
