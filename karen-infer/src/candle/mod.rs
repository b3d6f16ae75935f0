//! Models as Hugging Face has them, through candle: embeddings, scores of a query's documents, chats.
//!
//! Candle's own encoders pad every text to the longest and mask what is padded; the one here computes
//! the same numbers with fewer and larger multiplications. Its decoders are used as they are, for one
//! answer at a time.

mod adapter;
mod batch;
mod decoder;
mod distill;
mod encoder;
mod head;
mod model;
mod principal;
mod tokens;
mod weights;

pub(crate) use adapter::EncoderAdapter;
pub(crate) use decoder::DecoderAdapter;
pub(crate) use distill::distill;
