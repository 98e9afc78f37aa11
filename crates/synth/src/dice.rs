//! Chance from a seed: one independent stream for each subject, so that neither the order of the
//! calls nor the number of threads changes what comes out.
//!
//! The draws are written here in terms of raw bits; a new edition of the random crates does not
//! change a world.

use rand::RngCore;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// What a stream is for. The number is part of the seed: never reuse or renumber one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    Institutions = 1,
    Neighbourhood = 2,
    Households = 3,
    Health = 4,
    Outpatient = 5,
    Admission = 6,
    Late = 7,
    Cards = 8,
    Prescriptions = 9,
    Waiting = 10,
    Checkups = 12,
    Lives = 13,
    Elsewhere = 14,
    Dental = 15,
}

/// A stream of chance.
#[derive(Debug)]
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream of a subject, told by two numbers (for example person and month).
    pub(crate) fn new(seed: u64, stream: Stream, first: u64, second: u64) -> Self {
        let mut key = [0_u8; 32];
        for (place, word) in [seed, stream as u64, first, second].into_iter().enumerate() {
            key[place * 8..place * 8 + 8].copy_from_slice(&word.to_le_bytes());
        }
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A number from 0 up to, not including, `bound`; 0 when the bound is 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let wide = u128::from(self.0.next_u64()) * bound as u128;
        (wide >> 64) as usize
    }

    /// A number between both ends, included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = usize::try_from(high - low + 1).unwrap_or(1);
        low + self.below(width) as i64
    }

    /// A fraction from 0 up to, not including, 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True with this probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.fraction() < probability
    }

    /// One of several, equally likely; the lists of this crate are never empty.
    pub(crate) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// One of several, each with its weight.
    pub(crate) fn weighted<'a, T>(&mut self, list: &'a [(T, u32)]) -> &'a T {
        let total: u32 = list.iter().map(|(_, weight)| weight).sum();
        let mut left = self.below(total as usize) as u32;
        for (item, weight) in list {
            if left < *weight {
                return item;
            }
            left -= weight;
        }
        &list[0].0
    }

    /// A place in a list ordered by frequency, where the frequency falls like 1/rank.
    pub(crate) fn rank(&mut self, length: usize) -> usize {
        let place = ((length as f64 + 1.0).ln() * self.fraction()).exp();
        (place as usize).saturating_sub(1).min(length.saturating_sub(1))
    }

    /// A count with this mean (Poisson).
    pub(crate) fn poisson(&mut self, mean: f64) -> u32 {
        let limit = (-mean).exp();
        let mut count = 0;
        let mut product = self.fraction();
        while product > limit && count < 100 {
            product *= self.fraction();
            count += 1;
        }
        count
    }

    /// A normally distributed number with mean 0 and deviation 1.
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.fraction()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.fraction()).cos()
    }

    /// Frailty: gamma distributed with shape 0.8 and mean 1 (Marsaglia and Tsang, boosted).
    pub(crate) fn frailty(&mut self) -> f64 {
        const SHAPE: f64 = 0.8;
        let d = SHAPE + 1.0 - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        for _ in 0..100 {
            let normal = self.normal();
            let cube = (1.0 + c * normal).powi(3);
            let uniform = 1.0 - self.fraction();
            if cube > 0.0 && uniform.ln() < 0.5 * normal * normal + d - d * cube + d * cube.ln() {
                let boost = (1.0 - self.fraction()).powf(1.0 / SHAPE);
                return d * cube * boost / SHAPE;
            }
        }
        1.0
    }

    /// So many decimal digits.
    pub(crate) fn digits(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from(b'0' + self.below(10) as u8)).collect()
    }

    /// Puts a list into a random order.
    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
        for end in (1..list.len()).rev() {
            list.swap(end, self.below(end + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ() {
        let draw = |first| Dice::new(7, Stream::Health, first, 0).digits(12);
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn frailty_has_mean_one() {
        let mut dice = Dice::new(1, Stream::Health, 0, 0);
        let mean = (0..20_000).map(|_| dice.frailty()).sum::<f64>() / 20_000.0;
        assert!((0.95..1.05).contains(&mean), "{mean}");
    }

    #[test]
    fn ranks_fall() {
        let mut dice = Dice::new(1, Stream::Health, 0, 0);
        let mut counts = [0_u32; 120];
        for _ in 0..20_000 {
            counts[dice.rank(120)] += 1;
        }
        assert!(counts[0] > counts[10] && counts[10] > counts[100] && counts[119] > 0, "{counts:?}");
    }
}
