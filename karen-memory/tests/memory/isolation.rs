//! Tenants and users never meet, whatever they do.

use karen_memory::{NewRecord, Page};

use crate::world::World;
use crate::{all, memory, memory_in, scope};

const OPERATIONS: usize = 1_500;
const OPERATIONS_TO_PROVE: usize = 500_000;

#[tokio::test]
async fn users_of_a_thousand_tenants_have_what_they_told_and_never_what_others_told() {
    let operations = match std::env::var_os("KAREN_PROVE") {
        Some(_) => OPERATIONS_TO_PROVE,
        None => OPERATIONS,
    };
    let folder = tempfile::tempdir().expect("folder");
    let on_disk = memory_in(folder.path()).await.0;
    for (seed, memory) in [(1, memory().await), (2, on_disk)] {
        let mut world = World::new(vec![memory], "tenant", seed);
        for _ in 0..operations {
            world.step().await;
        }
        let kept = world.check_everyone().await;
        assert!(kept > 0, "seed {seed} kept something");
    }
}

#[tokio::test]
async fn a_cursor_of_one_user_shows_another_only_their_own() {
    let memory = memory().await;
    let users = [scope("a", "ada"), scope("b", "ada")];
    for user in &users {
        for i in 0..3 {
            let note = NewRecord::fact(format!("note {i}")).at(i);
            memory.remember(user, note).await.expect("remember");
        }
    }
    let first = Page {
        after: None,
        limit: 1,
        ..Page::default()
    };
    let page = memory.list(&users[0], first).await.expect("list");
    let after = page.next;
    assert!(after.is_some());
    let rest = memory
        .list(
            &users[1],
            Page {
                after,
                limit: 10,
                ..Page::default()
            },
        )
        .await
        .expect("list");
    let own = all(&memory, &users[1]).await;
    assert!(!rest.records.is_empty());
    assert!(rest.records.iter().all(|record| own.contains(record)));
}
