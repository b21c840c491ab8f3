//! The logical plan: what is to be computed, as a graph in which equal things are one. No names, no sugar.

use crate::{
    check::OperatorRef,
    operator::{Body, WalkForward},
    panel::{AssetId, FieldId, Rows},
    types::{Shape, Type},
};
use indexmap::IndexSet;
use std::collections::BTreeSet;

/// A node of the plan. Inputs come before their users, so ids are a topological order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

/// What a node computes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Op {
    /// A scalar (as bits).
    Constant(u64),
    /// A field of the market.
    Field(FieldId),
    /// Whether an asset has a price and is no reference (boolean panel).
    Priced,
    /// A call. The inputs of a cross-sectional operator are its values, then the mask of the assets it sees, then, if
    /// `grouped`, the label of the groups.
    Apply {
        /// Which operator.
        operator: OperatorRef,
        /// Its constants (as bits).
        constants: Vec<u64>,
        /// Whether the last input is a label to work within.
        grouped: bool,
    },
    /// One asset's column of the input.
    Of(AssetId),
}

/// A node with its inputs and type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Node {
    /// What it computes.
    pub op: Op,
    /// From what.
    pub inputs: Vec<NodeId>,
    /// Of which type.
    pub ty: Type,
}

impl Node {
    /// The constants of a call.
    pub fn constants(&self) -> Vec<f64> {
        match &self.op {
            Op::Apply { constants, .. } => constants.iter().map(|c| f64::from_bits(*c)).collect(),
            _ => vec![],
        }
    }

    /// How a call is computed.
    pub fn body(&self) -> Option<Body> {
        match &self.op {
            Op::Apply { operator, .. } => Some(operator.0.body),
            _ => None,
        }
    }

    /// How many rows before today it sees of its inputs.
    pub fn lookback(&self) -> u32 {
        match &self.op {
            Op::Apply { operator, .. } => operator.0.lookback(&self.constants()),
            _ => 0,
        }
    }

    /// The rows of its inputs that some of its own rows are computed from, where that follows from how far it looks back.
    pub fn rows_seen(&self, own: &Rows) -> Rows {
        match self.body() {
            Some(Body::Lag) => own.shifted_back(self.lookback()),
            Some(Body::Window(_)) => own.widened_back(self.lookback()),
            Some(Body::Scan(_)) => own.widened_back(u32::MAX),
            _ => own.clone(),
        }
    }

    /// How many rows after its date must have passed for its own values to be known.
    pub fn looks_ahead(&self) -> u32 {
        match self.body() {
            Some(Body::Forward) => self.constants()[0] as u32 + 1,
            _ => 0,
        }
    }

    /// Whether it looks at every row from the first on.
    pub fn never_forgets(&self) -> bool {
        matches!(self.body(), Some(Body::Scan(_)))
    }

    /// Whether its values change from date to date.
    pub fn varies_in_time(&self) -> bool {
        matches!(self.ty.shape, Shape::Series | Shape::Panel)
    }
}

/// The whole graph.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogicalPlan {
    nodes: IndexSet<Node, rustc_hash::FxBuildHasher>,
    /// What is wanted of it.
    pub roots: Vec<NodeId>,
}

impl LogicalPlan {
    /// The node, new or known.
    pub fn add(&mut self, node: Node) -> NodeId {
        NodeId(self.nodes.insert_full(node).0 as u32)
    }

    /// The node of an id.
    pub fn node(&self, id: NodeId) -> &Node {
        self.nodes.get_index(id.0 as usize).expect("ids come from `add`")
    }

    /// All nodes with their ids, inputs first.
    pub fn nodes(&self) -> impl DoubleEndedIterator<Item = (NodeId, &Node)> {
        self.nodes.iter().enumerate().map(|(i, n)| (NodeId(i as u32), n))
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// For each node, whether a root needs it to be computed when some are at hand.
    pub fn reachable(&self, at_hand: &BTreeSet<NodeId>) -> Vec<bool> {
        let mut needed = vec![false; self.len()];
        for root in &self.roots {
            needed[root.0 as usize] = true;
        }
        for (id, node) in self.nodes().rev() {
            if at_hand.contains(&id) {
                needed[id.0 as usize] = false;
            } else if needed[id.0 as usize] {
                for input in &node.inputs {
                    needed[input.0 as usize] = true;
                }
            }
        }
        needed
    }

    /// The asset that a series is of, if it is of one and no other.
    pub fn asset_of(&self, series: NodeId) -> Option<AssetId> {
        let (mut seen, mut open) = (BTreeSet::from([series]), vec![series]);
        let mut found = None;
        while let Some(id) = open.pop() {
            let node = self.node(id);
            if let Op::Of(asset) = node.op {
                if found.is_some_and(|other| other != asset) {
                    return None;
                }
                found = Some(asset);
                continue;
            }
            let series = node.inputs.iter().filter(|i| self.node(**i).ty.shape == Shape::Series);
            open.extend(series.copied().filter(|i| seen.insert(*i)));
        }
        found
    }

    /// The value of a scalar node.
    pub fn constant(&self, id: NodeId) -> Option<f64> {
        match self.node(id).op {
            Op::Constant(bits) => Some(f64::from_bits(bits)),
            _ => None,
        }
    }

    /// For each node, how many rows after its date must have passed for its values to be known: 0 for all but targets of
    /// predictions and what they are made of.
    pub fn horizons(&self) -> Vec<u32> {
        let mut total: Vec<u32> = Vec::with_capacity(self.len());
        for (_, node) in self.nodes() {
            // A prediction waits until its targets are known.
            let waits = usize::from(matches!(node.body(), Some(Body::Predict)));
            let below = node.inputs[waits..].iter().map(|i| total[i.0 as usize]).max().unwrap_or(0);
            total.push(below.max(node.looks_ahead()));
        }
        total
    }

    /// When a prediction is learned, its target looking as far ahead as it does.
    pub fn walk_forward(&self, node: &Node, horizons: &[u32]) -> WalkForward {
        WalkForward::new(&node.constants(), horizons[node.inputs[0].0 as usize])
    }

    /// For each node, how many rows before today it sees of the market, all its inputs taken together.
    pub fn lookbacks(&self) -> Vec<u32> {
        let mut total: Vec<u32> = Vec::with_capacity(self.len());
        for (_, node) in self.nodes() {
            let below = node.inputs.iter().map(|i| total[i.0 as usize]).max().unwrap_or(0);
            total.push(below.saturating_add(node.lookback()));
        }
        total
    }
}
