//! Two servers on one PostgreSQL, one Redis, one Elasticsearch and one Milvus are one Karen. The one
//! that started last says how to make the first account.

use karen_core::auth::{Bell, Ending, Heard};
use karen_core::{Principal, TurnState};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::client::Client;
use crate::cluster::{Cluster, until};
use crate::host::SLOW_MODEL;

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "a long enough password";

/// The texts that a search finds, best first, and the channels that were missing.
async fn search(client: &Client, query: &str) -> (Vec<String>, Vec<Value>) {
    let found = client
        .post("/api/v1/memory/search", &json!({ "query": query }))
        .await;
    let texts = found["data"].as_array().unwrap().iter();
    let texts = texts.map(|item| item["text"].as_str().unwrap().to_owned());
    (
        texts.collect(),
        found["missing"].as_array().unwrap().clone(),
    )
}

async fn remember(client: &Client, text: &str) {
    let kept = client
        .post("/api/v1/memory", &json!({ "text": text }))
        .await;
    assert_eq!(kept["stored"], true);
}

/// What a server says of the one of its servers.
async fn health(client: &Client, server: &str) -> Value {
    let health = client.get("/health").await;
    let servers = health["servers"].as_array().unwrap().iter();
    let mut found = servers.filter(|one| one["name"] == server);
    found.next().expect("it is used").clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_server_is_told_the_other_recalls_at_once() {
    let cluster = Cluster::start("test_told").await;
    let (here, there) = (cluster.serve("here").await, cluster.serve("there").await);
    let elsewhere = Client::of_first_account(&there).await;
    let ada = elsewhere.on(&here);
    for (i, (writer, reader)) in [(&ada, &elsewhere), (&elsewhere, &ada)].iter().enumerate() {
        let text = format!("Boat number {i} lies in the harbour.");
        remember(writer, &text).await;
        let (texts, missing) = search(reader, &format!("where is boat number {i}?")).await;
        assert_eq!(texts[0], text);
        assert!(missing.is_empty(), "{missing:?}");
    }
    let turn = ada
        .chat(&json!({ "message": "My dog is called Biscuit." }))
        .await;
    let turn = turn.unwrap();
    let (id, conversation) = (turn.turn.clone(), turn.conversation.clone());
    let said = turn.rest().await;
    assert_eq!(elsewhere.resume(&id, 0).await, said, "the same turn");
    let (texts, _) = search(&elsewhere, "what is the dog called?").await;
    assert_eq!(texts[0], "My dog is called Biscuit.");
    let path = format!("/api/v1/conversations/{conversation}/messages");
    assert_eq!(ada.get(&path).await, elsewhere.get(&path).await);
    for server in [here, there] {
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_ended_on_one_server_ends_on_the_other() {
    let cluster = Cluster::start("test_ended").await;
    let (here, there) = (cluster.serve("here").await, cluster.serve("there").await);
    let ada = Client::of_first_account(&there).await;
    let login = json!({ "email": EMAIL, "password": PASSWORD });
    let signed_in = ada.post("/api/v1/auth/login", &login).await;
    let token = signed_in["access_token"].as_str().unwrap();
    let http = reqwest::Client::new();
    let status = async |url: &str| {
        let request = http.get(format!("{url}/api/v1/me")).bearer_auth(token);
        request.send().await.unwrap().status()
    };
    assert_eq!(status(&here.url).await, StatusCode::OK);
    assert_eq!(status(&there.url).await, StatusCode::OK);
    let mut told = cluster.bell().listen().await.unwrap();
    let logout = http.post(format!("{}/api/v1/auth/logout", here.url));
    let ended = logout.bearer_auth(token).send().await.unwrap();
    assert_eq!(ended.status(), StatusCode::NO_CONTENT);
    assert_eq!(status(&here.url).await, StatusCode::UNAUTHORIZED, "at once");
    let told = told.recv().await.unwrap();
    assert!(matches!(told, Heard::Ended(Ending::Session(_))), "at once");
    until("the other server has noticed", async || {
        status(&there.url).await == StatusCode::UNAUTHORIZED
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_count_together_against_a_limit() {
    let cluster = Cluster::start("test_limit").await;
    let serve = async |folder| {
        let start = cluster.start_on(folder);
        let limited = start.set("limits.lasting_requests_per_minute", "1");
        limited.serve().await
    };
    let (here, there) = (serve("here").await, serve("there").await);
    let elsewhere = Client::of_first_account(&there).await;
    let message = json!({ "message": "My dog is called Biscuit." });
    let said = elsewhere.on(&here).chat(&message).await;
    said.expect("the first in a minute").rest().await;
    let refused = elsewhere.chat(&message).await.err().expect("the second");
    assert_eq!(refused.status(), Some(StatusCode::TOO_MANY_REQUESTS));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_dies_is_named_and_brought_what_it_missed() {
    let cluster = Cluster::start("test_dies").await;
    let (here, there) = (
        cluster.serve("here").await,
        cluster.serve_directly("there").await,
    );
    let elsewhere = Client::of_first_account(&there).await;
    let ada = elsewhere.on(&here);
    remember(&ada, "A red boat lies in the harbour.").await;
    let ways = [
        ("redis", &cluster.redis),
        ("elasticsearch", &cluster.elasticsearch),
        ("milvus", &cluster.milvus),
    ];
    for (server, way) in ways {
        way.cut().await;
        let text = format!("It was {server} that was away from the harbour.");
        remember(&ada, &text).await;
        assert_eq!(health(&ada, server).await["status"], "degraded");
        assert_eq!(health(&elsewhere, server).await["status"], "ok");
        let (texts, missing) = search(&ada, &format!("was {server} away?")).await;
        assert_eq!(texts[0], text, "Karen answers all the same");
        assert_eq!(missing.is_empty(), server == "redis", "{missing:?}");
        let metrics = reqwest::get(format!("{}/metrics", here.url)).await.unwrap();
        let metrics = metrics.text().await.unwrap();
        assert!(metrics.contains(&format!("karen_part_ok{{part=\"{server}\"}} 0")));
        let ready = reqwest::get(format!("{}/readyz", here.url)).await.unwrap();
        assert_eq!(ready.status(), StatusCode::OK, "it goes on");
        way.mend().await;
        until("it has what it missed", async || {
            let health = health(&ada, server).await;
            health["status"] == "ok" && health["waiting_users"] == 0
        })
        .await;
        let (texts, missing) = search(&ada, &format!("was {server} away?")).await;
        assert_eq!(texts[0], text);
        assert!(missing.is_empty(), "{missing:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_starts_while_its_servers_are_away_and_doctor_names_them() {
    let cluster = Cluster::start("test_starts").await;
    for way in [&cluster.redis, &cluster.elasticsearch, &cluster.milvus] {
        way.cut().await;
    }
    let _server = cluster.serve("here").await;
    let told = cluster.doctor("here").await;
    for name in ["redis", "elasticsearch", "milvus"] {
        let line = told.lines().find(|line| line.contains(name)).unwrap();
        assert!(line.starts_with("degraded"), "{line}");
    }
    assert!(told.contains("PostgreSQL answers"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_starts_again_mends_its_own_turns_and_leaves_those_of_others() {
    let cluster = Cluster::start("test_turns").await;
    let here = cluster.serve("here").await;
    let ada = Client::of_first_account(&here).await;
    let there = cluster.host().await;
    let session = there.karen.session(Principal::local());
    let slow = session.chat("Count.").model(SLOW_MODEL).stream().await;
    let slow = slow.unwrap();
    let cut_short = ada.chat(&json!({ "message": "Tell me." })).await;
    let cut_short = cut_short.unwrap().turn;
    here.kill().await;

    let here = cluster.serve("here").await;
    let events = ada.on(&here).resume(&cut_short, 0).await;
    assert_eq!(events.last().unwrap().kind, "done");
    let other = session.turn(slow.id()).await.unwrap();
    assert_eq!(other.state, TurnState::Running, "it is another's");
    let third = cluster.host().await;
    let reader = third.karen.session(Principal::local());
    let heard = reader.resume(slow.id(), 0).await.unwrap().text();
    assert!(
        heard.await.unwrap().contains("word-100"),
        "while it is said"
    );
    assert!(slow.text().await.unwrap().contains("word-100"));
}
