//! `on infeasible`: what may give where nothing satisfies all constraints.

use super::Placed;
use crate::{
    check::{error, infer::Checker, strategy::OnInfeasible},
    diagnostic::{Code, Diagnostic},
    syntax::ast::ClauseKind,
};

impl<'a> Checker<'a> {
    /// `keys` are the names of the constraints, by number.
    pub(super) fn on_infeasible(
        &mut self,
        clauses: &[Placed<'a>],
        keys: &[String],
    ) -> Option<Option<OnInfeasible>> {
        let found = self.single(clauses, |k| match k {
            ClauseKind::OnInfeasible { relax, keep_holdings } => Some((relax, *keep_holdings)),
            _ => None,
        });
        let Some(((names, keep_holdings), _)) = found else { return Some(None) };
        let mut relax = vec![];
        for name in names {
            let meant = (0..keys.len()).filter(|&i| keys[i] == name.text);
            let meant: Vec<usize> = meant.collect();
            if meant.is_empty() {
                let message = format!("no constraint of this strategy is called `{}`", name.text);
                let complaint = Diagnostic::error(Code::UnknownName, message).at(
                    name.span,
                    "expected what a `cap`, `floor`, `limit` or `neutralize` is about",
                );
                let known = keys.iter().map(String::as_str);
                self.report(error::did_you_mean(complaint, name.span, &name.text, known));
                return None;
            }
            relax.push(meant);
        }
        Some(Some(OnInfeasible { relax, keep_holdings }))
    }
}
