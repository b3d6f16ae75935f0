//! A memory carried elsewhere.

use karen_memory::{
    Edit, Feedback, Imported, Memory, MemoryErrorKind, NewRecord, Page, Query, Scope, SessionId,
};

use crate::{ada, memory, recall, scope, texts, turn};

async fn lines(memory: &Memory, scope: &Scope) -> Vec<String> {
    let (mut lines, mut after) = (Vec::new(), None);
    loop {
        let page = memory
            .export(
                scope,
                Page {
                    after,
                    limit: 2,
                    ..Page::default()
                },
            )
            .await
            .expect("export");
        lines.extend(page.lines);
        after = page.next;
        if after.is_none() {
            return lines;
        }
    }
}

async fn import(memory: &Memory, scope: &Scope, lines: &[String]) -> Imported {
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    memory.import(scope, &lines).await.expect("import")
}

async fn lived() -> Memory {
    let memory = memory().await;
    let tell = async |note: NewRecord| memory.remember(&ada(), note).await.expect("remember").id;
    tell(
        NewRecord::fact("I live in Paris.")
            .at(10)
            .metadata("shelf", 3),
    )
    .await;
    tell(NewRecord::fact("I moved to Berlin. ").at(20).tags(["home"])).await;
    let boat = tell(
        NewRecord::fact("A \"boat\"\nof two lines 🦀")
            .importance(0.3)
            .pinned(),
    )
    .await;
    tell(NewRecord::instruction("Always answer in French.").valid_to(i64::MAX)).await;
    let edit = Edit {
        importance: Some(0.7),
        ..Edit::default()
    };
    memory.update(&ada(), &boat, edit).await.expect("update");
    memory
        .feedback(&ada(), &boat, Feedback::Used)
        .await
        .expect("feedback");
    let said = turn("msg_1", "user", "I like the harbour.", 30);
    memory.ingest(&ada(), vec![said]).await.expect("ingest");
    memory
}

#[tokio::test]
async fn an_export_imported_elsewhere_exports_the_same_bytes() {
    let (old, new) = (lived().await, memory().await);
    let bob = scope("other", "bob");
    let exported = lines(&old, &ada()).await;
    assert_eq!(exported.len(), 5);
    let imported = import(&new, &bob, &exported).await;
    assert_eq!(
        imported,
        Imported {
            stored: 5,
            known: 0
        }
    );
    assert_eq!(lines(&new, &bob).await, exported);
    let query = || Query::new("Where do I live, Paris or Berlin?").as_of(15, i64::MAX);
    for (memory, scope) in [(&old, ada()), (&new, bob.clone())] {
        let found = memory.recall(&scope, query()).await.expect("recall");
        assert_eq!(texts(&found), ["I live in Paris."]);
    }
    let instructions = recall(&new, &bob, "").await.instructions;
    assert_eq!(instructions[0].text, "Always answer in French.");
    let again = import(&new, &bob, &exported).await;
    assert_eq!(
        again,
        Imported {
            stored: 0,
            known: 5
        }
    );
    assert_eq!(
        lines(&new, &bob).await,
        exported,
        "importing again changes nothing"
    );
}

#[tokio::test]
async fn an_import_is_whole_or_nothing() {
    let (old, new) = (lived().await, memory().await);
    let exported = lines(&old, &ada()).await;
    for damage in ["", "{}", "not json"] {
        let refused = new.import(&ada(), &[&exported[0], damage]).await;
        assert_eq!(
            refused.expect_err("damaged").kind(),
            MemoryErrorKind::Invalid
        );
    }
    assert_eq!(new.count(&ada()).await.expect("count"), 0);
}

#[tokio::test]
async fn an_export_of_a_session_is_of_that_session() {
    let memory = lived().await;
    let session = ada().in_session(SessionId::new("conv_1"));
    let exported = lines(&memory, &session).await;
    assert_eq!(exported.len(), 1);
    assert!(exported[0].contains("I like the harbour."));
}
