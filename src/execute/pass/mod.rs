//! A pass: everything that works asset by asset, some assets over a stretch of the calendar at a time, so that what lies
//! between two steps of it stays in cache. Threads take such blocks.

mod block;
mod outline;
mod source;
mod window;

use super::value::Value;
use crate::{
    panel::Numbers,
    plan::{ExecutionPlan, Step},
};
use block::{Block, Room};
use ndarray::{ArrayViewMut2, Axis};
use outline::{Outline, Stretch};
use rayon::prelude::*;
use std::{ops::Range, sync::Arc};

/// Computes the nodes of a pass; gives the values of its outputs.
pub(super) fn run<'m>(
    plan: &ExecutionPlan,
    step: &Step,
    values: &[Option<Value<'m>>],
    assets: usize,
) -> Vec<Value<'m>> {
    let outline = Outline::new(plan, step, assets);
    let stretches = outline.stretches(plan, step);
    let blocks = outline.blocks(&stretches);
    let rows = |id: usize| if outline.varies { plan.rows[id].len() } else { 1 };
    let mut results: Vec<Numbers<f64>> =
        step.outputs.iter().map(|id| Numbers::room(rows(id.0 as usize) * outline.width)).collect();
    let targets = targets(&mut results, outline.width, &stretches, &blocks);
    let places = blocks.iter().flat_map(|lanes| stretches.iter().map(move |s| (lanes, s)));
    let places: Vec<(&Range<usize>, &Stretch)> = places.collect();
    let room = Room::default();
    let work = |((lanes, stretch), mut targets): (_, Vec<ArrayViewMut2<'_, f64>>)| {
        let lanes: &Range<usize> = lanes;
        Block { outline: &outline, stretch, values, lanes: lanes.clone(), room: &room }
            .run(&mut targets);
    };
    if places.len() == 1 {
        places.into_iter().zip(targets).for_each(work);
    } else {
        places.into_par_iter().zip(targets).for_each(work);
    }
    step.outputs
        .iter()
        .zip(results)
        .map(|(id, data)| {
            if outline.varies {
                Value::computed(Arc::clone(&plan.rows[id.0 as usize]), data, outline.width)
            } else {
                Value::OwnedStatic(data)
            }
        })
        .collect()
}

/// The place of each output in each block: the blocks of assets one after the other, each stretch by stretch.
fn targets<'r>(
    results: &'r mut [Numbers<f64>],
    width: usize,
    stretches: &[Stretch],
    blocks: &[Range<usize>],
) -> Vec<Vec<ArrayViewMut2<'r, f64>>> {
    let mut targets: Vec<Vec<_>> = (0..blocks.len() * stretches.len()).map(|_| vec![]).collect();
    for (output, data) in results.iter_mut().enumerate() {
        let shape = (data.len() / width.max(1), width);
        let mut below = ArrayViewMut2::from_shape(shape, data).expect("the buffer was made for it");
        for (s, stretch) in stretches.iter().enumerate() {
            let (mut rest, others) = below.split_at(Axis(0), stretch.own[output].len());
            below = others;
            for (b, block) in blocks.iter().enumerate() {
                let (own, after) = rest.split_at(Axis(1), block.len());
                targets[b * stretches.len() + s].push(own);
                rest = after;
            }
        }
    }
    targets
}
