//! How the universe shrank, decision by decision, and which fields a strategy reads.

use super::{Compiled, Results};
use crate::{
    panel::{FieldId, Row},
    plan::{NodeId, Op},
    report::{self, Coverage, FunnelTable},
};
use std::collections::BTreeSet;

impl Compiled<'_> {
    /// The fields that a strategy reads, in the order of the market.
    pub(super) fn fields(&self, strategy: usize) -> Vec<FieldId> {
        let mut waiting: Vec<NodeId> = self.signals[strategy].clone();
        let (mut seen, mut fields) = (BTreeSet::new(), BTreeSet::new());
        while let Some(id) = waiting.pop() {
            if !seen.insert(id) {
                continue;
            }
            let node = self.logical.node(id);
            if let Op::Field(field) = node.op {
                fields.insert(field);
            }
            waiting.extend(node.inputs.iter().copied());
        }
        fields.into_iter().collect()
    }

    /// How the universe of each strategy shrank at each decision, with what is missing of the fields that it reads.
    pub fn funnels(&self, results: &Results<'_>) -> Vec<FunnelTable> {
        let schema = self.market.schema();
        results.report(|report| {
            let runs = report.runs.iter().enumerate();
            let of_run = |(i, run): (usize, &report::StrategyRun<'_>)| {
                let rows: Vec<Row> = run.track.rebalances.iter().map(|r| r.target.row).collect();
                let universe = |row: Row| {
                    let close = self.market.prices().close;
                    let references = self.market.is_reference();
                    (0..references.len())
                        .filter(move |a| !references[*a] && !close[[row as usize, *a]].is_nan())
                };
                let coverage = |id: FieldId| {
                    let field = schema.field(id);
                    let data = self.market.field(id);
                    let present = |row: &Row| {
                        universe(*row).filter(|a| !data.value(*a, *row).is_nan()).count()
                    };
                    Coverage {
                        name: format!("{}.{}", field.table, field.name),
                        present: rows.iter().map(present).collect(),
                    }
                };
                let has_assets = |id: &FieldId| schema.field(*id).ty.shape_has_assets();
                let fields = self.fields(i).into_iter().filter(has_assets);
                let coverage: Vec<Coverage> = fields.map(coverage).collect();
                report::funnel_table(report, run, &coverage)
            };
            runs.map(of_run).collect()
        })
    }
}
