//! What a person wants: to be answered so, and to be remembered or not.

use karen_memory::{Consent, NewRecord, Refusal, SessionId};

use crate::{ada, all, memory, recall, scope, texts, turn};

#[tokio::test]
async fn standing_instructions_come_with_every_recall_and_with_no_other_persons() {
    let memory = memory().await;
    let session = ada().in_session(SessionId::new("conv_1"));
    let french = NewRecord::instruction("Always answer in French.").at(1);
    let id = memory.remember(&ada(), french).await.expect("remember").id;
    let rhyme = NewRecord::instruction("Answer in rhyme.").at(2);
    memory.remember(&session, rhyme).await.expect("remember");
    let told = async |scope, question| {
        let recall = recall(&memory, &scope, question).await;
        assert!(
            recall.items.is_empty(),
            "an instruction is no answer: {:?}",
            texts(&recall)
        );
        let instructions = recall.instructions.into_iter();
        instructions.map(|record| record.text).collect::<Vec<_>>()
    };
    let french = "Always answer in French.";
    assert_eq!(told(ada(), "Which harbour?").await, [french]);
    assert_eq!(told(ada(), "an answer in French").await, [french]);
    assert_eq!(
        told(session.clone(), "").await,
        [french, "Answer in rhyme."]
    );
    assert!(told(scope("default", "bob"), "French").await.is_empty());
    let recalled = recall(&memory, &session, "").await;
    let pack = memory.pack(&recalled, 100);
    let lines = "Standing instructions\n- Always answer in French.\n- Answer in rhyme.";
    assert_eq!((pack.text.as_str(), pack.instructions.len()), (lines, 2));
    let tight = memory.pack(&recalled, pack.tokens - 1);
    assert_eq!(tight.instructions.len(), 1, "what fits");
    memory.forget(&ada(), &id).await.expect("forget");
    assert!(told(ada(), "French").await.is_empty());
}

#[tokio::test]
async fn nothing_is_kept_of_who_asked_not_to_be_remembered() {
    let memory = memory().await;
    let quiet = ada().in_session(SessionId::new("conv_1"));
    let said = || {
        let mut turns = vec![
            turn("msg_1", "user", "one boat", 1),
            turn("msg_2", "user", "two boats", 2),
        ];
        turns[1].session = SessionId::new("conv_2");
        turns
    };
    memory
        .set_consent(&quiet, Consent::DoNotRemember)
        .await
        .expect("set");
    assert_eq!(
        memory.consent(&quiet).await.expect("consent"),
        Consent::DoNotRemember
    );
    assert_eq!(
        memory.consent(&ada()).await.expect("consent"),
        Consent::Remember
    );
    let ids = memory.ingest(&ada(), said()).await.expect("ingest");
    assert_eq!(ids.len(), 1, "the other session's");
    let note = memory
        .remember(&quiet, NewRecord::fact("a boat"))
        .await
        .expect("remember");
    assert_eq!((note.stored, note.refusal), (false, Some(Refusal::Consent)));

    memory
        .set_consent(&ada(), Consent::DoNotRemember)
        .await
        .expect("set");
    let note = memory
        .remember(&ada(), NewRecord::fact("a boat"))
        .await
        .expect("remember");
    assert!(!note.stored);
    let elsewhere = ada().in_session(SessionId::new("conv_3"));
    let consent = memory.consent(&elsewhere).await.expect("consent");
    assert_eq!(
        consent,
        Consent::DoNotRemember,
        "everything is every session"
    );
    assert_eq!(all(&memory, &ada()).await.len(), 1, "what was there stays");
    let bob = scope("default", "bob");
    assert_eq!(memory.ingest(&bob, said()).await.expect("ingest").len(), 2);

    memory
        .set_consent(&ada(), Consent::Remember)
        .await
        .expect("set");
    memory
        .set_consent(&quiet, Consent::Remember)
        .await
        .expect("set");
    assert_eq!(
        memory.ingest(&ada(), said()).await.expect("ingest").len(),
        2
    );
}
