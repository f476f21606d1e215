//! Seeded chance: the same seed throws the same numbers on every machine and in every later version.
//!
//! SplitMix64 rather than a library's default generator, which may change between versions: a seed written down in a
//! bug report has to play the same term years later.

/// A stream of chance of its own, such as the one of a single story.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Makes the stream of `number` under a seed; streams of different numbers have nothing in common.
    pub fn new(seed: u64, number: u64) -> Dice {
        let mut dice = Dice(seed ^ number.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        // The first throws of neighbouring seeds are alike.
        dice.next();
        dice.next();
        dice
    }

    /// Throws 64 bits.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Throws a number from 0 up to, but not including, `end`; 0 where `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        // The high half of a 128-bit product is even enough for stories, and needs no second throw.
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    /// Throws a number of a range, both ends included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// Returns true in `percent` of a hundred throws.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// Picks one of a list.
    ///
    /// # Panics
    /// Where the list is empty; the lists are constants and embedded files.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len() as u64) as usize]
    }

    /// Picks one of a list of (weight, value).
    pub fn weighted<T: Copy>(&mut self, list: &[(u64, T)]) -> T {
        let mut left = self.below(list.iter().map(|(weight, _)| weight).sum());
        for (weight, value) in list {
            if left < *weight {
                return *value;
            }
            left -= weight;
        }
        list[list.len() - 1].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_throws_the_same_numbers_for_ever() {
        let mut dice = Dice::new(7, 1);
        let thrown: Vec<u64> = (0..5).map(|_| dice.below(1000)).collect();
        assert_eq!(thrown, [896, 870, 332, 751, 183]);
    }

    #[test]
    fn weights_are_kept() {
        let mut dice = Dice::new(1, 1);
        let many = (0..10_000).filter(|_| dice.weighted(&[(45, true), (20, false)])).count();
        assert!((6_700..7_150).contains(&many), "{many} of 10,000 for 45 in 65");
        assert!((0..1000).all(|_| (3..=5).contains(&dice.between(3, 5))));
    }
}
