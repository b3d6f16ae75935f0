//! `kill -9` at any sync of a refresh, and of a change of the password: who was in is in, and one
//! password is the right one.

use std::path::PathBuf;

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::faults;
use crate::server::{RunningServer, Start};

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "a long enough password";
/// What syncs more often than this is at fault itself.
const SYNCS_MAX: usize = 50;

/// A data folder, and the library that kills a server at a sync.
struct Place {
    folder: TempDir,
    faults: TempDir,
    library: PathBuf,
    http: reqwest::Client,
}

impl Place {
    /// With an account.
    async fn new() -> Self {
        let faults = tempfile::tempdir().unwrap();
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
            library: faults::library("killed", faults.path()).await,
            faults,
            http: reqwest::Client::new(),
        };
        let server = Start::on(place.folder.path()).serve().await;
        let token = server.setup_token.as_ref().expect("there is no account");
        let account = json!({
            "setup_token": token, "email": EMAIL, "name": "Ada", "password": PASSWORD,
        });
        let made = place.send(&server, Method::POST, "/api/v1/setup", "", &account);
        assert!(made.await.unwrap().status().is_success());
        server.stop().await;
        place
    }

    async fn serve(&self) -> RunningServer {
        let told = [("KILLED_AT", self.switch())];
        let start = Start::on(self.folder.path());
        start.preload(&self.library, &told).serve().await
    }

    fn switch(&self) -> PathBuf {
        self.faults.path().join("sync")
    }

    /// From here on the server dies at its `sync`th sync.
    fn kill_at(&self, sync: usize) {
        std::fs::write(self.switch(), sync.to_string()).unwrap();
    }

    /// Another server on what the killed one left.
    async fn after(&self, killed: RunningServer) -> RunningServer {
        killed.kill().await;
        std::fs::remove_file(self.switch()).unwrap();
        self.serve().await
    }

    /// `None` when the server was killed before it answered.
    async fn send(
        &self,
        server: &RunningServer,
        method: Method,
        path: &str,
        token: &str,
        body: &Value,
    ) -> Option<Response> {
        let request = self.http.request(method, format!("{}{path}", server.url));
        request.bearer_auth(token).json(body).send().await.ok()
    }

    /// A session with `password`: its access token and its refresh token; `None` if it is wrong.
    async fn log_in(&self, server: &RunningServer, password: &str) -> Option<(String, String)> {
        let login = json!({ "email": EMAIL, "password": password });
        let path = "/api/v1/auth/login";
        let answer = self.send(server, Method::POST, path, "", &login).await;
        tokens(answer.expect("it lives")).await
    }

    /// `None` when it was refused, or the server killed.
    async fn refresh(&self, server: &RunningServer, token: &str) -> Option<(String, String)> {
        let body = json!({ "refresh_token": token });
        let path = "/api/v1/auth/refresh";
        let answer = self.send(server, Method::POST, path, "", &body).await;
        tokens(answer?).await
    }

    async fn is_in(&self, server: &RunningServer, access: &str) -> bool {
        let path = "/api/v1/me";
        let answer = self
            .send(server, Method::GET, path, access, &json!({}))
            .await;
        answer.expect("it lives").status() == StatusCode::OK
    }

    /// Whether it was acknowledged.
    async fn change(&self, server: &RunningServer, access: &str, from: &str, to: &str) -> bool {
        let body = json!({ "current_password": from, "new_password": to });
        let path = "/api/v1/me/password";
        let answer = self.send(server, Method::PUT, path, access, &body).await;
        answer.is_some_and(|answer| {
            let status = answer.status();
            assert!(status.is_success(), "{status}");
            true
        })
    }
}

async fn tokens(answer: Response) -> Option<(String, String)> {
    if answer.status() == StatusCode::UNAUTHORIZED {
        return None;
    }
    let status = answer.status();
    let body: Value = answer.json().await.ok()?;
    assert!(status.is_success(), "{status}: {body}");
    let text = |field: &str| body[field].as_str().unwrap().to_owned();
    Some((text("access_token"), text("refresh_token")))
}

#[tokio::test]
async fn killed_at_any_sync_of_a_refresh_nobody_is_logged_out() {
    let place = Place::new().await;
    let mut server = place.serve().await;
    let (mut sync, mut outlived) = (0, false);
    while !outlived {
        sync += 1;
        assert!(sync <= SYNCS_MAX, "a refresh never ends");
        let (_, first) = place.log_in(&server, PASSWORD).await.expect("right");
        place.kill_at(sync);
        let answer = place.refresh(&server, &first).await;
        outlived = answer.is_some();
        server = place.after(server).await;
        // Who never heard the answer comes with the token of before.
        let token = answer.map_or(first, |(_, next)| next);
        let (access, next) = place.refresh(&server, &token).await.expect("still in");
        assert!(place.is_in(&server, &access).await);
        place.refresh(&server, &next).await.expect("and on it goes");
    }
    println!("{} syncs", sync - 1);
    assert!(sync > 1, "it was killed before it answered");
    server.stop().await;
}

#[tokio::test]
async fn killed_at_any_sync_of_a_change_one_password_is_the_right_one() {
    let place = Place::new().await;
    let mut server = place.serve().await;
    let mut current = PASSWORD.to_owned();
    let (mut sync, mut outlived, mut kept) = (0, false, 0);
    while !outlived {
        sync += 1;
        assert!(sync <= SYNCS_MAX, "a change never ends");
        let (access, _) = place.log_in(&server, &current).await.expect("right");
        let (elsewhere, _) = place.log_in(&server, &current).await.expect("right");
        let new = format!("a long enough password, number {sync}");
        place.kill_at(sync);
        outlived = place.change(&server, &access, &current, &new).await;
        server = place.after(server).await;
        let is_new = place.log_in(&server, &new).await.is_some();
        let is_old = place.log_in(&server, &current).await.is_some();
        assert_ne!(is_new, is_old, "sync {sync}");
        assert!(is_new || !outlived, "what was acknowledged is done");
        if outlived {
            assert!(
                !place.is_in(&server, &elsewhere).await,
                "it ended the others"
            );
        }
        kept += usize::from(is_old);
        if is_new {
            current = new;
        }
    }
    println!("{} syncs, {kept} of the changes had not happened", sync - 1);
    assert!(sync > 1 && kept > 0, "it was killed before it happened");
    server.stop().await;
}
