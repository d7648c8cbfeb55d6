//! Who ran when: tasks over the time of their run, and the chain of tasks that made it as long as it was.

use std::collections::BTreeMap;

/// When a task ran, in milliseconds since the run began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The task's number.
    pub number: u32,
    /// When it began.
    pub from: u64,
    /// When it ended.
    pub to: u64,
}

/// Puts each span into the first lane that is free then; returns the lanes. `spans` come in the order of their start.
pub fn lanes(spans: &[Span]) -> Vec<Vec<Span>> {
    let mut lanes: Vec<Vec<Span>> = Vec::new();
    for span in spans {
        let free = lanes.iter_mut().find(|lane| lane.last().is_none_or(|last| last.to <= span.from));
        match free {
            Some(lane) => lane.push(*span),
            None => lanes.push(vec![*span]),
        }
    }
    lanes
}

/// The chain that ended last: the task that ended last, the one it waited for longest, and so on, the first one first.
pub fn critical_path(spans: &BTreeMap<u32, Span>, waits_for: impl Fn(u32) -> Vec<u32>) -> Vec<Span> {
    let last_of = |numbers: &mut dyn Iterator<Item = &Span>| numbers.copied().max_by_key(|span| (span.to, span.number));
    let mut path = Vec::new();
    let mut next = last_of(&mut spans.values());
    while let Some(span) = next {
        path.push(span);
        // What began later was not waited for; and nobody goes round in circles, whatever a client tells.
        let before = waits_for(span.number);
        next = last_of(&mut before.iter().filter_map(|number| spans.get(number)).filter(|one| (one.from, one.to) < (span.from, span.to)));
        if path.len() > spans.len() {
            break;
        }
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(number: u32, from: u64, to: u64) -> Span {
        Span { number, from, to }
    }

    #[test]
    fn spans_that_overlap_are_in_different_lanes() {
        let lanes = lanes(&[span(0, 0, 10), span(1, 0, 5), span(2, 5, 8), span(3, 10, 12)]);
        assert_eq!(lanes, [vec![span(0, 0, 10), span(3, 10, 12)], vec![span(1, 0, 5), span(2, 5, 8)]]);
    }

    #[test]
    fn the_critical_path_follows_what_was_waited_for_longest() {
        let spans: BTreeMap<_, _> =
            [span(0, 0, 10), span(1, 0, 30), span(2, 30, 40), span(3, 10, 20)].map(|span| (span.number, span)).into();
        let path = critical_path(&spans, |number| match number {
            2 => vec![0, 1, 9],
            3 => vec![0],
            _ => vec![],
        });
        assert_eq!(path.iter().map(|span| span.number).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn a_circle_ends() {
        let spans: BTreeMap<_, _> = [span(0, 0, 10), span(1, 0, 10)].map(|span| (span.number, span)).into();
        assert!(critical_path(&spans, |number| vec![1 - number]).len() <= 2);
        assert_eq!(critical_path(&BTreeMap::new(), |_| vec![]), []);
    }
}
