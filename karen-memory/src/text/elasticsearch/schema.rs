//! What the index looks like.

use serde_json::{Value, json};

use crate::text::bm25::{B, K1};

/// Which form the documents have: the end of the index's name, which its alias has not. What an older
/// program made has another name, is dropped, and is filled again from the records.
pub(super) const VERSION: u32 = 2;

/// The settings of the index behind `alias`.
pub(super) fn schema(alias: &str) -> Value {
    let words = json!({
        "type": "text", "analyzer": "whitespace", "similarity": "karen", "index_options": "freqs",
    });
    let (keyword, number) = (json!({"type": "keyword"}), json!({"type": "long"}));
    json!({
        // Only what `write` asks for makes documents visible, and that all at once.
        "settings": {
            "refresh_interval": "-1",
            "similarity": {"karen": {"type": "BM25", "k1": K1, "b": B}},
        },
        // Writing to what must be an alias makes no index by itself, of other settings.
        "aliases": {alias: {}},
        "mappings": {
            "dynamic": "strict",
            "_source": {"excludes": ["near", "around", "words"]},
            "properties": {
                "owner": keyword, "record": keyword, "session": keyword, "kind": keyword,
                "agent": keyword, "tags": keyword, "importance": {"type": "double"},
                "valid_from": number, "valid_to": number, "recorded_at": number,
                "retired_at": number, "archived_at": number,
                "source": keyword, "at": number, "position": {"type": "integer"},
                "turn": words, "near": words, "around": words, "words": words,
                "mark": {"type": "long", "index": false},
            },
        },
    })
}
