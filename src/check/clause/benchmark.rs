//! `benchmark`: an asset, the market by capitalisation, or another strategy of the file.

use super::{Placed, SignalTable};
use crate::{
    check::{
        error,
        expression::Expression,
        infer::Checker,
        program::{Scope, SignalSource},
        scope::{FileId, Found},
        strategy::Benchmark,
    },
    diagnostic::{Code, Diagnostic},
    source::Span,
    syntax::ast::{self, ClauseKind},
};

impl<'a> Checker<'a> {
    pub(super) fn benchmark(
        &mut self,
        own: &str,
        clauses: &[Placed<'a>],
        signals: &mut SignalTable,
    ) -> Option<Option<Benchmark>> {
        let found =
            self.single(clauses, |k| if let ClauseKind::Benchmark(b) = k { Some(b) } else { None });
        let Some((benchmark, _)) = found else { return Some(None) };
        match benchmark {
            ast::BenchmarkName::Symbol(symbol) => self.benchmark_asset(&symbol.text, symbol.span),
            ast::BenchmarkName::Name(name) if name.text == "market_cap" => {
                let id = self.market_cap(name.span)?;
                Some(Some(Benchmark::MarketCap(
                    signals.add(SignalSource::Expression(id, Scope::Universe)),
                )))
            }
            ast::BenchmarkName::Name(name) => {
                // A strategy that is compared with itself in a shared clause simply has no benchmark.
                if name.text == own {
                    return Some(None);
                }
                if let Some(symbol) = self.text_param(name) {
                    return self.benchmark_asset(&symbol, name.span);
                }
                match self.strategies.iter().position(|s| *s == name.text) {
                    Some(index) => Some(Some(Benchmark::Strategy(index))),
                    None => {
                        let complaint = Diagnostic::error(
                            Code::UnknownName,
                            format!("unknown strategy `{}`", name.text),
                        )
                        .at(
                            name.span,
                            "expected a symbol in quotes, `market_cap`, or a strategy of this file",
                        );
                        let complaint = match self.schema.asset(&name.text) {
                            Some(_) => complaint.change(
                                "a symbol stands in quotes",
                                name.span,
                                format!("{:?}", name.text),
                            ),
                            None => {
                                let known = self.strategies.iter().copied();
                                error::did_you_mean(complaint, name.span, &name.text, known)
                            }
                        };
                        self.report(complaint);
                        None
                    }
                }
            }
        }
    }

    fn benchmark_asset(&mut self, symbol: &str, span: Span) -> Option<Option<Benchmark>> {
        let asset = self.schema.asset(symbol);
        if asset.is_none() {
            let known = self.schema.symbols.iter().map(String::as_str);
            self.report(error::unknown_symbol(span, symbol, known));
        }
        asset.map(|asset| Some(Benchmark::Asset(asset)))
    }

    /// The text of a `param` that holds one.
    fn text_param(&mut self, name: &'a ast::Name) -> Option<String> {
        let Found::Definition(definition) =
            self.names.find(FileId::File(0), &name.text, self.schema)
        else {
            return None;
        };
        let id = self.expand_bare(definition, name.span)?;
        match self.expressions.get(id) {
            Expression::Text(text) => Some(text.clone()),
            _ => None,
        }
    }
}
