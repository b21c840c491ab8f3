//! Values that were computed and may be wanted again: those of a conversation, in which one statement after another asks
//! for much the same.

use super::value::Value;
use crate::{
    operator::Body,
    panel::{Calendar, Numbers, Rows},
    plan::{self, ExecutionPlan, LogicalPlan, Node, NodeId, Wanted},
};
use rustc_hash::FxHashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Values of one market by what they are of. When they take more memory than they may, those go that were wanted least
/// lately.
#[derive(Debug)]
pub struct Kept {
    most: usize,
    store: Mutex<Store>,
}

#[derive(Debug, Default)]
struct Store {
    /// Everything that was ever computed, equal things once: their ids here are the same in every plan.
    known: LogicalPlan,
    /// By node: values at rows of which none holds all of another.
    values: FxHashMap<NodeId, Vec<KeptValue>>,
    bytes: usize,
    clock: u64,
}

#[derive(Debug)]
struct KeptValue {
    rows: Arc<Rows>,
    data: Arc<Numbers<f64>>,
    width: usize,
    /// When it was last wanted.
    wanted: u64,
}

impl KeptValue {
    fn bytes(&self) -> usize {
        self.data.len() * size_of::<f64>()
    }
}

/// The values at hand for a plan, by node.
#[derive(Debug, Default)]
pub(super) struct AtHand {
    /// The ids in the store; none for what belongs to one file alone.
    pub(super) ids: Vec<Option<NodeId>>,
    pub(super) values: FxHashMap<NodeId, Value<'static>>,
}

impl Kept {
    /// Room for values of so many bytes in all.
    pub fn new(most: usize) -> Self {
        Self { most, store: Mutex::default() }
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The plan that computes what is not at hand, and what is.
    pub(super) fn schedule(
        &self,
        logical: &LogicalPlan,
        wanted: &[Wanted],
        calendar: &Calendar,
    ) -> (ExecutionPlan, AtHand) {
        let mut store = self.store();
        let mut at_hand = AtHand { ids: store.ids(logical), values: FxHashMap::default() };
        let plan = plan::schedule_rest(logical, wanted, calendar, |node, rows| {
            let found = at_hand.ids[node.0 as usize].and_then(|id| store.find(id, rows));
            let is_found = found.is_some();
            at_hand.values.extend(found.map(|value| (node, value)));
            is_found
        });
        (plan, at_hand)
    }

    /// Keeps a value of a plan.
    pub(super) fn keep(&self, id: NodeId, value: &Value<'_>) {
        let Value::Computed { rows, data, width } = value else { return };
        if data.len() * size_of::<f64>() > self.most / 2 {
            return;
        }
        let mut store = self.store();
        store.clock += 1;
        let (rows, data, wanted) = (Arc::clone(rows), Arc::clone(data), store.clock);
        store.add(id, KeptValue { rows, data, width: *width, wanted });
        while store.bytes > self.most && store.drop_oldest() {}
    }
}

impl Store {
    /// The ids of a plan's nodes here. What takes the returns of a file's strategies is of that file alone.
    fn ids(&mut self, logical: &LogicalPlan) -> Vec<Option<NodeId>> {
        let mut ids: Vec<Option<NodeId>> = Vec::with_capacity(logical.len());
        for (_, node) in logical.nodes() {
            let inputs: Option<Vec<NodeId>> =
                node.inputs.iter().map(|input| ids[input.0 as usize]).collect();
            let is_of_file = matches!(node.body(), Some(Body::Returns));
            ids.push(
                inputs.filter(|_| !is_of_file).map(|inputs| {
                    self.known.add(Node { op: node.op.clone(), inputs, ty: node.ty })
                }),
            );
        }
        ids
    }

    fn add(&mut self, id: NodeId, value: KeptValue) {
        let of_node = self.values.entry(id).or_default();
        self.bytes += value.bytes();
        of_node.retain(|old| {
            let stays = !value.rows.contains(&old.rows);
            self.bytes -= if stays { 0 } else { old.bytes() };
            stays
        });
        of_node.push(value);
    }

    /// Whether there was one.
    fn drop_oldest(&mut self) -> bool {
        let wanted = |list: &Vec<KeptValue>| list.iter().map(|v| v.wanted).min();
        let oldest = self.values.iter().filter_map(|(id, list)| Some((wanted(list)?, *id))).min();
        let Some((wanted, id)) = oldest else { return false };
        let list = self.values.get_mut(&id).expect("it was found there");
        list.retain(|v| {
            self.bytes -= if v.wanted == wanted { v.bytes() } else { 0 };
            v.wanted != wanted
        });
        true
    }

    /// A value that is known at all of some rows.
    fn find(&mut self, id: NodeId, rows: &Rows) -> Option<Value<'static>> {
        self.clock += 1;
        let value = self.values.get_mut(&id)?.iter_mut().find(|v| v.rows.contains(rows))?;
        value.wanted = self.clock;
        let (rows, data) = (Arc::clone(&value.rows), Arc::clone(&value.data));
        Some(Value::Computed { rows, data, width: value.width })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_wanted_least_lately_goes_first() {
        let kept = Kept::new(3 * 80);
        let keep = |id: u32, rows: &[u32]| {
            let rows = Arc::new(Rows::new(rows.to_vec(), 100));
            let data: Numbers<f64> = vec![f64::from(id); rows.len() * 5].into();
            kept.keep(NodeId(id), &Value::computed(rows, data, 5));
        };
        let has = |id: u32, rows: &[u32]| {
            kept.store().find(NodeId(id), &Rows::new(rows.to_vec(), 100)).is_some()
        };
        keep(1, &[3, 7]);
        keep(2, &[3, 7]);
        keep(3, &[3, 7]);
        assert_eq!(kept.store().bytes, 240);
        assert!(has(1, &[7]) && !has(1, &[7, 8]));
        // Other rows of the same; 2 was wanted before 1 and 3 were.
        keep(3, &[9, 10]);
        assert!(has(1, &[3]) && !has(2, &[3]) && has(3, &[3]) && has(3, &[9]));
        // What holds all rows of others takes their place.
        keep(3, &[3, 7, 9]);
        assert!(has(3, &[3, 9]) && has(3, &[10]) && !has(1, &[3]));
        assert_eq!(kept.store().bytes, 120 + 80);
        // What would leave no room for anything else is not kept.
        keep(4, &[1, 2, 3, 4, 5, 6, 7]);
        assert!(!has(4, &[1]));
    }
}
