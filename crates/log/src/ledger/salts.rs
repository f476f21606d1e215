//! Random salts for events, drawn from the system in larger portions.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};

const PORTION: usize = 4_096;

/// A stock of random bytes; each is given out once.
pub(crate) struct Salts {
    random: SystemRandom,
    stock: Box<[u8; PORTION]>,
    used: usize,
}

impl Salts {
    pub fn new() -> Salts {
        Salts { random: SystemRandom::new(), stock: Box::new([0; PORTION]), used: PORTION }
    }

    /// Returns 16 fresh random bytes.
    pub fn next(&mut self) -> [u8; 16] {
        if self.used + 16 > PORTION {
            self.random.fill(&mut *self.stock).expect("the system's random source works once it has started");
            self.used = 0;
        }
        let mut salt = [0; 16];
        salt.copy_from_slice(&self.stock[self.used..self.used + 16]);
        self.used += 16;
        salt
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_salt_comes_twice() {
        let mut salts = Salts::new();
        let seen: HashSet<_> = (0..10_000).map(|_| salts.next()).collect();
        assert_eq!(seen.len(), 10_000);
    }
}
