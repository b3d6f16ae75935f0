//! Keeping for as long as somebody wants, and erasing a person.

use karen_memory::{Cleanup, Consent, Feedback, Memory, NewRecord, RecordId, Retention, Tier};

use crate::{DAY_MS, ada, all, files_with, memory, memory_in, recall, scope, turn};

const WEEKS: Retention = Retention {
    short_days: Some(7),
    medium_days: Some(30),
    long_days: Some(180),
    grace_days: 10,
};

async fn note(memory: &Memory, text: &str, importance: f32) -> RecordId {
    let note = NewRecord::fact(text).importance(importance);
    memory.remember(&ada(), note).await.expect("remember").id
}

#[tokio::test]
async fn what_matters_less_is_put_away_sooner_and_forgotten_after_the_grace_period() {
    let memory = memory().await;
    let (low, middle) = (
        note(&memory, "a red boat", 0.1).await,
        note(&memory, "a blue boat", 0.5).await,
    );
    let high = note(&memory, "a green boat", 0.9).await;
    let pinned = note(&memory, "a white boat", 0.1).await;
    memory.pin(&ada(), &pinned, true).await.expect("pin");
    let first = memory
        .get(&ada(), &low)
        .await
        .expect("get")
        .expect("is there");
    let from = first.lifetime.recorded_at;
    let clean = async |days: i64| {
        // A second later, so that each was written before.
        let now = from + days * DAY_MS + 1_000;
        memory.clean_up(&ada(), now).await.expect("clean up")
    };
    let done = |archived, purged| Cleanup { archived, purged };
    assert_eq!(
        clean(400).await,
        done(0, 0),
        "everything is kept unless told"
    );
    memory.set_retention(&ada(), WEEKS).await.expect("set");
    assert_eq!(memory.retention(&ada()).await.expect("retention"), WEEKS);
    assert_eq!(clean(6).await, done(0, 0));
    assert_eq!(clean(7).await, done(1, 0));
    assert_eq!(clean(7).await, done(0, 0), "doing it again changes nothing");
    assert_eq!(recall(&memory, &ada(), "boat").await.items.len(), 3);
    let away = memory
        .get(&ada(), &low)
        .await
        .expect("get")
        .expect("it can come back");
    assert!(away.lifetime.archived_at.is_some());
    memory.restore(&ada(), &low).await.expect("restore");
    assert_eq!(recall(&memory, &ada(), "boat").await.items.len(), 4);

    assert_eq!(
        clean(30).await,
        done(2, 0),
        "the blue one, and the red one again"
    );
    memory
        .feedback(&ada(), &high, Feedback::Used)
        .await
        .expect("feedback");
    assert_eq!(clean(39).await, done(0, 0), "within the grace period");
    assert_eq!(clean(40).await, done(0, 2));
    assert_eq!(memory.get(&ada(), &middle).await.expect("get"), None);
    assert_eq!(clean(4_000).await, done(1, 0));
    let kept = memory
        .get(&ada(), &pinned)
        .await
        .expect("get")
        .expect("is there");
    assert_eq!(
        (Tier::of(&kept), kept.lifetime.archived_at),
        (Tier::Pinned, None)
    );
}

#[tokio::test]
async fn tiers_follow_importance() {
    let memory = memory().await;
    let check = async |text: &str, importance, expect| {
        let id = note(&memory, text, importance).await;
        let record = memory
            .get(&ada(), &id)
            .await
            .expect("get")
            .expect("is there");
        assert_eq!(Tier::of(&record), expect, "{importance}");
    };
    check("one boat", 0.49, Tier::Short).await;
    check("two boats", 0.5, Tier::Medium).await;
    check("three boats", 0.79, Tier::Medium).await;
    check("four boats", 0.8, Tier::Long).await;
    assert!(Tier::Short < Tier::Medium && Tier::Long < Tier::Pinned);
}

#[tokio::test]
async fn erasing_a_person_leaves_no_byte_of_what_was_said_or_had_been() {
    let folder = tempfile::tempdir().expect("folder");
    let (memory, _database) = memory_in(folder.path()).await;
    let edit = |text: &str| karen_memory::Edit {
        text: Some(text.to_owned()),
        ..karen_memory::Edit::default()
    };
    let id = note(&memory, "the passphrase is heliotrope", 0.5).await;
    memory
        .update(&ada(), &id, edit("the passphrase is amaranthine"))
        .await
        .expect("update");
    let said = || vec![turn("msg_1", "user", "heliotrope, amaranthine", 1)];
    memory.ingest(&ada(), said()).await.expect("ingest");
    recall(&memory, &ada(), "heliotrope").await;
    memory.set_retention(&ada(), WEEKS).await.expect("set");
    let bob = scope("default", "bob");
    memory
        .ingest(&bob, vec![turn("msg_2", "user", "a boat", 1)])
        .await
        .expect("ingest");
    let found = |word: &str| !files_with(folder.path(), word).is_empty();
    assert!(
        found("heliotrope") && found("amaranthine"),
        "it was there, history too"
    );
    assert_eq!(memory.erase(&ada()).await.expect("erase"), 2);
    assert!(!found("heliotrope") && !found("amaranthine"));
    assert!(recall(&memory, &ada(), "heliotrope").await.items.is_empty());
    assert_eq!(
        memory.retention(&ada()).await.expect("retention"),
        Retention::default()
    );
    assert_eq!(
        memory.consent(&ada()).await.expect("consent"),
        Consent::Remember
    );
    assert_eq!(all(&memory, &bob).await.len(), 1);
    assert_eq!(
        memory.ingest(&ada(), said()).await.expect("ingest").len(),
        1
    );
    assert_eq!(
        recall(&memory, &ada(), "heliotrope").await.items.len(),
        1,
        "a new start"
    );
}
