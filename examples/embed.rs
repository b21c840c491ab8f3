//! Decile inside a program: open a market, compile a strategy for it, run it, read the figures.

use decile::{Market, Strategy};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // `Market::open("path")` for data of your own.
    let market = Market::sample();
    let strategy = Strategy::parse(
        "select top 50 by rank(value) + rank(momentum) rebalance quarterly cost 10bps",
    )?;
    let results = strategy.compile(&market)?.run()?;
    let mut out = String::new();
    for (name, sharpe) in results.metric("sharpe") {
        out += &format!("{name}: Sharpe ratio {:.2}\n", sharpe.number().unwrap_or(f64::NAN));
    }
    let track = &results.runs()[0].track;
    out += &format!(
        "{} trades, {:.0} at the end\n",
        track.trades.len(),
        track.nav.last().unwrap_or(&0.0)
    );
    std::io::Write::write_all(&mut std::io::stdout(), out.as_bytes())?;
    Ok(())
}
