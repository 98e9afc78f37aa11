//! Times in buckets whose width grows with the time, so that any number of them takes a few kilobytes.

/// Longest time that is told apart, in microseconds: two minutes and a bit.
const MICROS_MAX: u64 = (1 << 27) - 1;

/// Counts of times. `BITS` says how fine the buckets are: 7 bits are 0.8 % of the time, 4 bits 6 %.
#[derive(Debug, Clone)]
pub(crate) struct Histogram<const BITS: u32> {
    counts: Vec<u32>,
    count: u64,
    sum: u64,
    max: u64,
}

impl<const BITS: u32> Default for Histogram<BITS> {
    fn default() -> Self {
        Self { counts: vec![0; bucket(MICROS_MAX, BITS) + 1], count: 0, sum: 0, max: 0 }
    }
}

impl<const BITS: u32> Histogram<BITS> {
    pub(crate) fn add(&mut self, micros: u64) {
        let place = bucket(micros.min(MICROS_MAX), BITS);
        self.counts[place] = self.counts[place].saturating_add(1);
        self.count += 1;
        self.sum = self.sum.saturating_add(micros);
        self.max = self.max.max(micros);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine = mine.saturating_add(*theirs);
        }
        self.count += other.count;
        self.sum = self.sum.saturating_add(other.sum);
        self.max = self.max.max(other.max);
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn max(&self) -> u64 {
        self.max
    }

    pub(crate) fn mean(&self) -> f64 {
        self.sum as f64 / self.count.max(1) as f64
    }

    /// The time within which this share was done: the upper end of its bucket, never above the longest that was seen.
    /// `None` without any.
    pub(crate) fn quantile(&self, share: f64) -> Option<u64> {
        let wanted = (share * self.count as f64).ceil().max(1.0) as u64;
        let mut passed = 0;
        let place = self.counts.iter().position(|count| {
            passed += u64::from(*count);
            passed >= wanted
        })?;
        Some(upper_end(place, BITS).min(self.max))
    }

    /// Buckets that hold anything: lower end, upper end (exclusive), count.
    pub(crate) fn filled(&self) -> impl Iterator<Item = (u64, u64, u32)> + '_ {
        let filled = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        filled.map(|(place, count)| {
            let lower = if place == 0 { 0 } else { upper_end(place - 1, BITS) + 1 };
            (lower, upper_end(place, BITS) + 1, *count)
        })
    }
}

/// Below 2^bits each microsecond has its bucket; above, each doubling has 2^bits of them.
fn bucket(micros: u64, bits: u32) -> usize {
    let shift = (u64::BITS - micros.leading_zeros()).saturating_sub(bits + 1);
    let place = (u64::from(shift) << bits) + (micros >> shift);
    usize::try_from(place).unwrap_or(0)
}

fn upper_end(place: usize, bits: u32) -> u64 {
    let place = place as u64;
    let shift = (place >> bits).saturating_sub(1);
    let within = place - (shift << bits);
    ((within + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_lies_in_its_bucket() {
        for micros in (0..5_000).chain([65_535, 65_536, 1_000_003, MICROS_MAX]) {
            let place = bucket(micros, 7);
            let lower = if place == 0 { 0 } else { upper_end(place - 1, 7) + 1 };
            let upper = upper_end(place, 7);
            assert!((lower..=upper).contains(&micros), "{micros} in {lower}..={upper}");
            assert!((upper - lower) as f64 <= micros as f64 / 128.0, "{micros} in {lower}..={upper}");
        }
    }

    #[test]
    fn quantiles_are_those_of_the_sorted_times() {
        let mut histogram = Histogram::<7>::default();
        (1..=10_000).for_each(|micros| histogram.add(micros));
        for (share, exact) in [(0.5, 5_000.0), (0.99, 9_900.0), (0.999, 9_990.0), (1.0, 10_000.0)] {
            let found = histogram.quantile(share).unwrap() as f64;
            assert!((found / exact - 1.0).abs() < 0.008, "{share}: {found}");
        }
        assert_eq!((histogram.max(), histogram.count(), histogram.mean()), (10_000, 10_000, 5_000.5));
        let mut both = histogram.clone();
        both.merge(&histogram);
        assert_eq!((both.count(), both.quantile(0.5)), (20_000, histogram.quantile(0.5)));
        assert_eq!(Histogram::<7>::default().quantile(0.5), None);
        assert_eq!(histogram.filled().map(|(_, _, count)| u64::from(count)).sum::<u64>(), 10_000);
    }
}
