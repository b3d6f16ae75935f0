//! Evidence in the prompt: of the turns that answer a question, how many survive the packing.

use std::collections::BTreeMap;
use std::path::Path;

use karen_memory::{Query, Scope, TenantId, UserId};
use serde::Serialize;

use crate::locomo::{Sample, dia_ids};
use crate::recall::{ingest, open};
use crate::{Result, load, print};

/// Records recalled for packing: more than any budget here has room for.
const ITEMS: usize = 100;

#[derive(Serialize)]
struct Row {
    category: u8,
    n: usize,
    /// The mean share of a question's evidence that is in the pack.
    evidence_kept: f64,
    tokens_budget: u32,
    tokens_mean: f64,
    load: f64,
}

/// How one question went.
struct Outcome {
    kept: f64,
    tokens: u32,
}

pub(crate) async fn run(path: &Path, tokens: u32) -> Result<()> {
    let samples: Vec<Sample> = serde_json::from_slice(&std::fs::read(path)?)?;
    let memory = open(false).await?;
    let mut outcomes: BTreeMap<u8, Vec<Outcome>> = BTreeMap::new();
    for sample in &samples {
        let scope = Scope::new(TenantId::new(&sample.sample_id), UserId::new("reader"));
        ingest(&memory, &scope, sample).await?;
        for question in sample.questions() {
            let query = Query::new(&question.text).limit(ITEMS);
            let pack = memory.pack(&memory.recall(&scope, query).await?, tokens);
            let sources = pack.items.iter().filter_map(|i| i.record.source.as_deref());
            let packed: Vec<(u32, u32)> = sources.filter_map(|s| dia_ids(s).pop()).collect();
            let kept = question.evidence.iter().filter(|id| packed.contains(id));
            outcomes
                .entry(question.category)
                .or_default()
                .push(Outcome {
                    kept: kept.count() as f64 / question.evidence.len() as f64,
                    tokens: pack.tokens,
                });
        }
    }
    for (category, outcomes) in outcomes {
        let n = outcomes.len();
        let mean = |value: fn(&Outcome) -> f64| outcomes.iter().map(value).sum::<f64>() / n as f64;
        print(&Row {
            category,
            n,
            evidence_kept: mean(|o| o.kept),
            tokens_budget: tokens,
            tokens_mean: mean(|o| f64::from(o.tokens)),
            load: load(),
        });
    }
    Ok(())
}
