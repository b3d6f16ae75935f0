//! Encoders of the BERT family through candle: embeddings, and scores of a query's documents.
//!
//! Candle's own models pad every text to the longest and mask what is padded; this one computes the
//! same numbers with fewer and larger multiplications.

mod adapter;
mod batch;
mod encoder;
mod head;
mod model;
mod tokens;
mod weights;

pub(crate) use adapter::CandleAdapter;
