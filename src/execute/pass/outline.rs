//! What the blocks of a pass share: its nodes with all that computing them needs, and how much of them is computed at a
//! time.

use crate::{
    operator::Body,
    panel::{Row, Rows},
    plan::{ExecutionPlan, NodeId, Step},
};
use std::ops::Range;

/// How many numbers may be in use at a time: what a core's own cache holds, with room to spare.
const NUMBERS_IN_USE: usize = 1 << 16;

/// How many rows are computed at a time where no window looks back: few, so that they are wide, as rows lie in memory.
const ROWS_WITHOUT_WINDOWS: Row = 16;

/// How many rows are computed at least at a time where windows look back.
const ROWS_WITH_WINDOWS: Row = 96;

/// How many assets side by side make a row of them worth its while: each row lies on another page.
const ROW_OF_MEMORY: usize = 64;

/// The nodes of a pass, inputs first.
pub(super) struct Outline {
    pub(super) members: Vec<Member>,
    /// Whether its values change from date to date; all of them do, or none.
    pub(super) varies: bool,
    /// How many assets it has.
    pub(super) width: usize,
}

/// A node of a pass.
pub(super) struct Member {
    pub(super) id: NodeId,
    pub(super) body: Body,
    pub(super) constants: Vec<f64>,
    pub(super) inputs: Vec<Input>,
    /// Its place among the outputs of the step.
    pub(super) output: Option<usize>,
    /// The last member that reads it.
    pub(super) last_reader: Option<usize>,
}

/// What a member is computed from.
#[derive(Clone, Copy)]
pub(super) enum Input {
    /// Another member, by its place.
    Member(usize),
    /// A value that is there before.
    Outside(NodeId),
}

impl Member {
    /// Whether it is computed right into the output.
    pub(super) fn is_only_output(&self) -> bool {
        self.output.is_some() && self.last_reader.is_none()
    }

    /// The rows of the window it looks at, if it does.
    fn window(&self) -> Option<Row> {
        match self.body {
            Body::Window(kernel) => Some(kernel.rows(&self.constants)),
            _ => None,
        }
    }
}

/// Some rows of the calendar that are computed at a time.
pub(super) struct Stretch {
    /// By member: the rows it is computed for; none where nothing changes in time.
    pub(super) rows: Vec<Rows>,
    /// By output: the places, among all of its rows, of those of the stretch.
    pub(super) own: Vec<Range<usize>>,
}

impl Outline {
    pub(super) fn new(plan: &ExecutionPlan, step: &Step, assets: usize) -> Self {
        let nodes = step.nodes.iter().map(|id| plan.logical.node(*id));
        let has_assets = nodes.clone().any(|node| node.ty.shape_has_assets());
        let varies = nodes.clone().any(|node| node.varies_in_time());
        let mut members: Vec<Member> = vec![];
        for (id, node) in step.nodes.iter().zip(nodes) {
            let mut inputs = vec![];
            for input in &node.inputs {
                inputs.push(match step.nodes.binary_search(input) {
                    Ok(place) => {
                        members[place].last_reader = Some(members.len());
                        Input::Member(place)
                    }
                    Err(_) => Input::Outside(*input),
                });
            }
            members.push(Member {
                id: *id,
                body: node.body().expect("a pass holds calls only"),
                constants: node.constants(),
                inputs,
                output: step.outputs.iter().position(|output| output == id),
                last_reader: None,
            });
        }
        Self { members, varies, width: if has_assets { assets } else { 1 } }
    }

    /// The stretches of the calendar in which the pass is computed one after the other. What looks back over members is
    /// computed anew at the start of each, so they are long enough for that to be little.
    pub(super) fn stretches(&self, plan: &ExecutionPlan, step: &Step) -> Vec<Stretch> {
        let of_output = |id: &NodeId| &plan.rows[id.0 as usize];
        let Some(bound) = step.outputs.iter().map(|id| of_output(id).bound()).max() else {
            return vec![];
        };
        if !self.varies {
            let none = Rows::none(bound);
            let rows = self.members.iter().map(|_| none.clone()).collect();
            return vec![Stretch { rows, own: step.outputs.iter().map(|_| 0..1).collect() }];
        }
        let length = self.rows_at_a_time(plan).unwrap_or(bound as Row);
        let mut stretches = vec![];
        for start in (0..bound as Row).step_by(length.max(1) as usize) {
            let part = start..start.saturating_add(length);
            let own: Vec<Range<usize>> =
                step.outputs.iter().map(|id| of_output(id).places(part.clone())).collect();
            if own.iter().all(Range::is_empty) {
                continue;
            }
            stretches.push(Stretch { rows: self.rows(plan, step, &own, bound), own });
        }
        stretches
    }

    /// By member: the rows that some of the outputs' rows need.
    fn rows(
        &self,
        plan: &ExecutionPlan,
        step: &Step,
        own: &[Range<usize>],
        bound: usize,
    ) -> Vec<Rows> {
        let mut rows = vec![Rows::none(bound); self.members.len()];
        for (place, member) in self.members.iter().enumerate().rev() {
            if let Some(output) = member.output {
                let all = &plan.rows[step.outputs[output].0 as usize];
                rows[place] = rows[place].union(&all.part(own[output].clone()));
            }
            let seen = plan.logical.node(member.id).rows_seen(&rows[place]);
            for input in &member.inputs {
                if let Input::Member(input) = *input {
                    rows[input] = rows[input].union(&seen);
                }
            }
        }
        rows
    }

    /// How many rows are computed at a time; `None` where all must be.
    fn rows_at_a_time(&self, plan: &ExecutionPlan) -> Option<Row> {
        if self.members.iter().any(|member| matches!(member.body, Body::Scan(_))) {
            return None;
        }
        // By member: how far before a stretch it is needed.
        let mut reach = vec![0; self.members.len()];
        for (place, member) in self.members.iter().enumerate().rev() {
            let seen: Row = reach[place] + plan.logical.node(member.id).lookback();
            for input in &member.inputs {
                if let Input::Member(input) = *input {
                    reach[input] = seen.max(reach[input]);
                }
            }
        }
        let reach = reach.into_iter().max().unwrap_or(0);
        let windows = || self.members.iter().filter_map(Member::window);
        let longest = windows().max().unwrap_or(1);
        if longest == 1 && reach == 0 {
            return Some(ROWS_WITHOUT_WINDOWS);
        }
        // A stretch of whole blocks of the windows begins none anew.
        let is_even = reach == 0 && windows().all(|window| window == longest);
        let least = if is_even { longest } else { longest.max(reach).saturating_mul(4) };
        Some(least.max(ROWS_WITH_WINDOWS).div_ceil(longest).saturating_mul(longest))
    }

    /// The blocks of assets that are computed at a time: of as many as keep what is in use in cache, and of no fewer than
    /// make a row of memory worth its while.
    pub(super) fn blocks(&self, stretches: &[Stretch]) -> Vec<Range<usize>> {
        let in_use = stretches.iter().map(|stretch| self.rows_in_use(stretch)).max().unwrap_or(1);
        let by_cache = (NUMBERS_IN_USE / in_use.max(1)).max(ROW_OF_MEMORY);
        // At least a few blocks for each thread.
        let wanted = (4 * rayon::current_num_threads()).div_ceil(stretches.len().max(1));
        let by_threads = self.width.div_ceil(wanted).max(ROW_OF_MEMORY);
        let blocks = self.width.div_ceil(by_cache.min(by_threads)).max(1);
        let lanes = self.width.div_ceil(blocks).next_multiple_of(16);
        (0..self.width).step_by(lanes).map(|s| s..(s + lanes).min(self.width)).collect()
    }

    /// How many rows of numbers are in use at the same time at most.
    fn rows_in_use(&self, stretch: &Stretch) -> usize {
        // By member: the rows that are held of it.
        let mut held_of = vec![0; self.members.len()];
        let (mut held, mut most) = (0, 0);
        for (place, member) in self.members.iter().enumerate() {
            if !member.is_only_output() {
                held_of[place] = stretch.rows[place].len();
                held += held_of[place];
            }
            // Two blocks of the input, and the results of one.
            let window = member.window().map_or(0, |rows| 3 * rows as usize);
            most = most.max(held + window.min(3 * stretch.rows[place].bound()));
            for input in &member.inputs {
                if let Input::Member(input) = *input
                    && self.members[input].last_reader == Some(place)
                {
                    held -= std::mem::take(&mut held_of[input]);
                }
            }
        }
        most
    }
}
