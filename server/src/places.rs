//! Places for what only so many may do at once, shared so that nobody takes them from all others.
//!
//! Whoever asks for a place counts for several holders: a credential, an organization, a network. None of them may hold more than its
//! weight times what is left free. So a holder alone gets a good part of all places, and each that crowds in gets a part of what
//! is left, which leaves some for the next. (In switches this is called a dynamic threshold: Choudhury and Hahne, 1998.)
//! Nothing is set aside for nobody, and nothing waits.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// How many places a holder may have for each that is free, in hundredths. Alone it gets `weight / (100 + weight)` of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weight(u32);

impl Weight {
    /// All of them: this holder is not held.
    pub const ALL: Self = Self(1_000_000);
    /// Half of all places.
    pub const HALF: Self = Self(100);
    /// A third.
    pub const THIRD: Self = Self(50);
    /// A quarter.
    pub const QUARTER: Self = Self(33);
    /// A tenth.
    pub const TENTH: Self = Self(11);
    /// An eighth.
    pub const EIGHTH: Self = Self(14);
}

#[derive(Debug)]
struct Taken<K> {
    free: usize,
    held: HashMap<K, usize>,
}

#[derive(Debug)]
struct Shared<K>(Mutex<Taken<K>>);

/// Places that are shared.
#[derive(Debug, Clone)]
pub struct Places<K: Hash + Eq>(Arc<Shared<K>>);

/// A place, until it is dropped.
#[derive(Debug)]
pub struct Place<K: Hash + Eq + Copy, const HOLDERS: usize> {
    places: Arc<Shared<K>>,
    holders: [K; HOLDERS],
}

impl<K: Hash + Eq + Copy> Places<K> {
    /// So many.
    pub fn new(all: usize) -> Self {
        Self(Arc::new(Shared(Mutex::new(Taken { free: all, held: HashMap::new() }))))
    }

    /// Takes one for these holders; none when it is another's turn.
    pub fn take<const HOLDERS: usize>(&self, holders: [(K, Weight); HOLDERS]) -> Option<Place<K, HOLDERS>> {
        let mut taken = self.0.lock();
        if taken.free == 0 {
            return None;
        }
        let fits = holders.iter().all(|(holder, Weight(weight))| match taken.held.get(holder) {
            // Whoever holds none gets the last one.
            None => true,
            Some(held) => held * 100 < taken.free * *weight as usize,
        });
        if !fits {
            return None;
        }
        taken.free -= 1;
        for (holder, _) in holders {
            *taken.held.entry(holder).or_insert(0) += 1;
        }
        drop(taken);
        Some(Place { places: self.0.clone(), holders: holders.map(|(holder, _)| holder) })
    }

    /// How many nobody has.
    pub fn free(&self) -> usize {
        self.0.lock().free
    }
}

impl<K> Shared<K> {
    fn lock(&self) -> std::sync::MutexGuard<'_, Taken<K>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq + Copy, const HOLDERS: usize> Drop for Place<K, HOLDERS> {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        taken.free += 1;
        for holder in &self.holders {
            match taken.held.get_mut(holder) {
                Some(held) if *held > 1 => *held -= 1,
                Some(_) | None => drop(taken.held.remove(holder)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(places: &Places<u8>, holder: u8, weight: Weight) -> Vec<Place<u8, 1>> {
        std::iter::from_fn(|| places.take([(holder, weight)])).collect()
    }

    #[test]
    fn one_who_takes_all_it_gets_leaves_the_rest_to_others() {
        for (weight, share) in [(Weight::HALF, 256), (Weight::THIRD, 171), (Weight::QUARTER, 127), (Weight::EIGHTH, 63)] {
            let places = Places::new(512);
            let greedy = fill(&places, 1, weight);
            assert!(greedy.len().abs_diff(share) <= 1, "{}", greedy.len());
            assert!(fill(&places, 2, weight).len() * 5 >= greedy.len() * 2, "{weight:?}");
        }
    }

    #[test]
    fn a_crowd_of_greedy_ones_leaves_places_for_the_next() {
        let places = Places::new(512);
        let crowd: Vec<_> = (0..12).flat_map(|greedy| fill(&places, greedy, Weight::QUARTER)).collect();
        assert!(fill(&places, 100, Weight::QUARTER).len() > 3);
        drop(crowd);
        assert_eq!(places.free(), 512);
        assert!(places.0.lock().held.is_empty(), "nothing is remembered of those who are gone");
    }

    #[test]
    fn all_its_holders_have_to_have_room() {
        let places = Places::new(100);
        let org = |credential| places.take([(1, Weight::HALF), (credential, Weight::EIGHTH)]);
        let held: Vec<_> = std::iter::from_fn(|| org(2)).collect();
        assert!((12..=13).contains(&held.len()), "{}", held.len());
        assert!(org(3).is_some(), "another credential of the organization");
    }

    #[test]
    fn the_only_place_is_anybodys() {
        let places = Places::new(1);
        let place = places.take([(1, Weight::EIGHTH)]);
        assert!(place.is_some() && places.take([(2, Weight::HALF)]).is_none());
        drop(place);
        assert!(places.take([(2, Weight::EIGHTH), (1, Weight::EIGHTH)]).is_some());
    }
}
