//! A bit a number: what is likely to be near, at an eighth of the bytes (RaBitQ, Gao and Long 2024).
//!
//! A vector is turned at random before its signs are taken: that spreads what it says over all of them, whatever
//! the embedder. The dot product with a query is estimated from the signs, off by three quarters of 1/√dim on
//! average; whoever asks scores the likeliest again by codes.

use std::ops::Range;

/// Bits of a number of a query. The error that they bring is a tenth of the signs' own.
const QUERY_BITS: usize = 4;
/// Begins the random turn, the same for every process: signs are compared with those of other days.
const SEED: u64 = 0x6b61_7265_6e00_0001;

/// The signs of rows, by number.
#[derive(Debug)]
pub(super) struct Signs {
    /// Numbers in a turned vector: a power of two, 64 at least.
    width: usize,
    bits: Vec<u64>,
    weights: Vec<Weight>,
}

/// What an estimate takes beside the bits.
#[derive(Clone, Copy, Debug, Default)]
struct Weight {
    /// What the sum over signs is to be multiplied by; 0 for a row of zeros.
    scale: f32,
    /// How many signs are positive.
    ones: f32,
}

/// A query in a form that bits are compared with.
pub(super) struct Query {
    /// Of each word of a row, the bits of the query's numbers, the lowest first.
    planes: Vec<[u64; QUERY_BITS]>,
    /// A number is `step` times its bits, plus `least`.
    step: f32,
    least: f32,
    sum: f32,
}

impl Signs {
    /// Of `rows` rows, which hold nothing, of `dim` numbers each.
    pub(super) fn new(rows: usize, dim: usize) -> Self {
        let width = dim.next_power_of_two().max(u64::BITS as usize);
        let mut signs = Self {
            width,
            bits: Vec::new(),
            weights: Vec::new(),
        };
        signs.resize(rows);
        signs
    }

    /// Of the rows that lie side by side in `codes`.
    pub(super) fn of(codes: &[i8], dim: usize) -> Self {
        let mut signs = Self::new(codes.len() / dim, dim);
        let words = signs.words();
        let share = super::segment::share(signs.weights.len()).max(1);
        std::thread::scope(|threads| {
            let bits = signs.bits.chunks_mut(share * words);
            let shares = bits.zip(signs.weights.chunks_mut(share));
            for ((bits, weights), codes) in shares.zip(codes.chunks(share * dim)) {
                threads.spawn(move || {
                    let rows = bits.chunks_exact_mut(words).zip(weights);
                    for ((bits, weight), codes) in rows.zip(codes.chunks_exact(dim)) {
                        *weight = take(codes, bits);
                    }
                });
            }
        });
        signs
    }

    pub(super) fn resize(&mut self, rows: usize) {
        self.bits.resize(rows * self.words(), 0);
        self.weights.resize(rows, Weight::default());
    }

    /// Takes the signs of a row anew.
    pub(super) fn put(&mut self, number: u32, codes: &[i8]) {
        let (number, words) = (number as usize, self.words());
        let bits = &mut self.bits[number * words..(number + 1) * words];
        self.weights[number] = take(codes, bits);
    }

    pub(super) fn query(&self, vector: &[f32]) -> Query {
        let turned = turn(vector.iter().copied(), self.width);
        let (least, most) = turned.iter().fold((0.0_f32, 0.0_f32), |(least, most), v| {
            (least.min(*v), most.max(*v))
        });
        let step = ((most - least) / ((1 << QUERY_BITS) - 1) as f32).max(f32::MIN_POSITIVE);
        let mut planes = vec![[0; QUERY_BITS]; self.words()];
        for (index, number) in turned.iter().enumerate() {
            let level = ((number - least) / step).round() as u64;
            for (bit, plane) in planes[index / 64].iter_mut().enumerate() {
                *plane |= (level >> bit & 1) << (index % 64);
            }
        }
        Query {
            planes,
            step,
            least,
            sum: turned.iter().sum(),
        }
    }

    /// Estimates how alike a query is to each of the rows.
    pub(super) fn estimate(&self, query: &Query, rows: Range<usize>, to: &mut [f32]) {
        let words = self.words();
        let bits = &self.bits[rows.start * words..rows.end * words];
        let weights = &self.weights[rows];
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = pulp::x86::V3::try_new() {
            return simd.vectorize(
                #[inline(always)]
                || estimate(query, bits, weights, to),
            );
        }
        estimate(query, bits, weights, to);
    }

    fn words(&self) -> usize {
        self.width / u64::BITS as usize
    }
}

/// Compiled for each processor that it runs on: most count the bits of a word at once.
#[inline(always)]
fn estimate(query: &Query, bits: &[u64], weights: &[Weight], to: &mut [f32]) {
    let rows = bits.chunks_exact(query.planes.len()).zip(weights);
    for ((row, weight), to) in rows.zip(to) {
        let mut levels = 0;
        for (word, planes) in row.iter().zip(&query.planes) {
            for (bit, plane) in planes.iter().enumerate() {
                levels += (word & plane).count_ones() << bit;
            }
        }
        let positive = query.step * levels as f32 + query.least * weight.ones;
        *to = (2.0 * positive - query.sum) * weight.scale;
    }
}

/// Writes the signs of a turned row; gives its weight.
fn take(codes: &[i8], bits: &mut [u64]) -> Weight {
    let turned = turn(codes.iter().map(|code| f32::from(*code)), bits.len() * 64);
    bits.fill(0);
    for (index, number) in turned.iter().enumerate() {
        bits[index / 64] |= u64::from(*number > 0.0) << (index % 64);
    }
    let length: f32 = turned.iter().map(|number| number.abs()).sum();
    let square: f32 = turned.iter().map(|number| number * number).sum();
    let ones: u32 = bits.iter().map(|word| word.count_ones()).sum();
    Weight {
        scale: if length > 0.0 { square / length } else { 0.0 },
        ones: ones as f32,
    }
}

/// Flips signs at random and mixes all numbers with all (fast Walsh-Hadamard transform): keeps dot products.
fn turn(vector: impl Iterator<Item = f32>, width: usize) -> Vec<f32> {
    let mut turned: Vec<f32> = vector.take(width).collect();
    turned.resize(width, 0.0);
    for (index, number) in turned.iter_mut().enumerate() {
        if flips(index as u64) {
            *number = -*number;
        }
    }
    let mut half = 1;
    while half < width {
        for both in turned.chunks_exact_mut(2 * half) {
            let (left, right) = both.split_at_mut(half);
            for (left, right) in left.iter_mut().zip(right) {
                (*left, *right) = (*left + *right, *left - *right);
            }
        }
        half *= 2;
    }
    let length = (width as f32).sqrt();
    turned.iter_mut().for_each(|number| *number /= length);
    turned
}

/// A coin for each index: the top bit of SplitMix64 (Steele, Lea and Flood 2014).
fn flips(index: u64) -> bool {
    let mut mixed = SEED.wrapping_add(index.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) >> 63 == 1
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    const DIM: usize = 100;

    fn codes(random: &mut StdRng) -> Vec<i8> {
        (0..DIM).map(|_| random.random_range(-127..=127)).collect()
    }

    #[test]
    fn turning_keeps_dot_products() {
        let mut random = StdRng::seed_from_u64(1);
        let numbers = [(); 2].map(|()| codes(&mut random));
        let [a, b] = numbers.each_ref().map(|n| n.iter().map(|c| f32::from(*c)));
        let before: f32 = a.clone().zip(b.clone()).map(|(a, b)| a * b).sum();
        let after: f32 = turn(a, 128)
            .iter()
            .zip(turn(b, 128))
            .map(|(a, b)| a * b)
            .sum();
        assert!((before - after).abs() < 1.0, "{before} {after}");
    }

    #[test]
    fn estimates_are_right_but_for_noise() {
        let mut random = StdRng::seed_from_u64(2);
        let rows: Vec<Vec<i8>> = (0..300).map(|_| codes(&mut random)).collect();
        let signs = Signs::of(&rows.concat(), DIM);
        let query: Vec<f32> = rows[0].iter().map(|c| f32::from(*c)).collect();
        let mut estimates = vec![0.0; rows.len()];
        signs.estimate(&signs.query(&query), 0..rows.len(), &mut estimates);
        let length: f32 = query.iter().map(|n| n * n).sum();
        assert!((estimates[0] / length - 1.0).abs() < 0.05, "itself");
        let errors = rows.iter().zip(&estimates).skip(1).map(|(row, estimate)| {
            let dot: f32 = row.iter().zip(&query).map(|(c, q)| f32::from(*c) * q).sum();
            (estimate - dot) / length
        });
        let errors: Vec<f32> = errors.collect();
        let spread = (errors.iter().map(|e| e * e).sum::<f32>() / errors.len() as f32).sqrt();
        let bias = errors.iter().sum::<f32>() / errors.len() as f32;
        assert!(spread < 0.1 && bias.abs() < 0.02, "{spread} {bias}");
    }

    #[test]
    fn a_row_of_zeros_is_like_nothing() {
        let signs = Signs::of(&[0; DIM], DIM);
        let mut estimate = [1.0];
        signs.estimate(&signs.query(&[0.1; DIM]), 0..1, &mut estimate);
        assert_eq!(estimate, [0.0]);
    }
}
