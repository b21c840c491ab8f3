//! Hierarchical risk parity (López de Prado 2016): assets are put in the order of a tree of clusters, and the variance is
//! handed down that order by halves.

use super::super::risk::Covariance;

/// Weights that are above zero and sum to 1.
pub(super) fn weights(covariance: &Covariance) -> Vec<f64> {
    let n = covariance.assets();
    if n == 0 {
        return vec![];
    }
    let elements = covariance.dense();
    let order = order(&elements, n);
    let mut weights = vec![1.0; n];
    let mut parts = vec![order];
    while let Some(part) = parts.pop() {
        if part.len() < 2 {
            continue;
        }
        let (left, right) = part.split_at(part.len() / 2);
        let (a, b) = (cluster_variance(&elements, n, left), cluster_variance(&elements, n, right));
        let share = if a + b > 0.0 { b / (a + b) } else { 0.5 };
        left.iter().for_each(|&i| weights[i] *= share);
        right.iter().for_each(|&i| weights[i] *= 1.0 - share);
        parts.extend([left.to_vec(), right.to_vec()]);
    }
    let total: f64 = weights.iter().sum();
    weights.iter().map(|w| w / total).collect()
}

/// The variance of a cluster whose members are weighted by the inverse of theirs.
fn cluster_variance(elements: &[f64], n: usize, members: &[usize]) -> f64 {
    let inverse: Vec<f64> =
        members.iter().map(|&i| 1.0 / elements[i * n + i].max(1e-300)).collect();
    let total: f64 = inverse.iter().sum();
    let weighted = |(i, wi): (&usize, &f64)| {
        let row = members.iter().zip(&inverse).map(|(j, wj)| elements[i * n + j] * wj);
        wi * row.sum::<f64>()
    };
    members.iter().zip(&inverse).map(weighted).sum::<f64>() / (total * total)
}

/// The leaves of the single-linkage tree over the distances between the assets' distances, from left to right. Of pairs
/// equally far apart the one of earlier assets is joined first; the cluster that is older stands left.
fn order(elements: &[f64], n: usize) -> Vec<usize> {
    let deviation = |i: usize| elements[i * n + i].max(0.0).sqrt();
    let distance = |i: usize, j: usize| {
        let scale = deviation(i) * deviation(j);
        let correlation =
            if scale > 0.0 { (elements[i * n + j] / scale).clamp(-1.0, 1.0) } else { 0.0 };
        let correlation = if i == j { 1.0 } else { correlation };
        ((1.0 - correlation) / 2.0).sqrt()
    };
    let own: Vec<f64> = (0..n * n).map(|p| distance(p / n, p % n)).collect();
    let between = |i: usize, j: usize| {
        let rows = own[i * n..(i + 1) * n].iter().zip(&own[j * n..(j + 1) * n]);
        rows.map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
    };
    // The single-linkage tree is the minimum spanning tree, cut from the shortest edge on.
    let mut edges = spanning_tree(n, &between);
    edges.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    // Clusters are numbered as they arise: assets first, then each join.
    let mut cluster: Vec<usize> = (0..n).collect();
    let mut leaves: Vec<Vec<usize>> = (0..n).map(|i| vec![i]).collect();
    for (_, i, j) in edges {
        let (a, b) = (cluster[i].min(cluster[j]), cluster[i].max(cluster[j]));
        let joined: Vec<usize> = leaves[a].iter().chain(&leaves[b]).copied().collect();
        joined.iter().for_each(|&k| cluster[k] = leaves.len());
        leaves.push(joined);
    }
    leaves.pop().unwrap_or_default()
}

/// Prim's tree: each edge with its length and its ends, the smaller first.
fn spanning_tree(n: usize, distance: &dyn Fn(usize, usize) -> f64) -> Vec<(f64, usize, usize)> {
    let mut nearest = vec![(f64::INFINITY, 0); n];
    let mut is_in = vec![false; n];
    let (mut last, mut edges) = (0, vec![]);
    for _ in 1..n {
        is_in[last] = true;
        let mut best: Option<usize> = None;
        for j in (0..n).filter(|&j| !is_in[j]) {
            let length = distance(last, j);
            if length < nearest[j].0 {
                nearest[j] = (length, last);
            }
            if best.is_none_or(|b| nearest[j].0 < nearest[b].0) {
                best = Some(j);
            }
        }
        let Some(next) = best else { break };
        let (length, from) = nearest[next];
        edges.push((length, from.min(next), from.max(next)));
        last = next;
    }
    edges
}
