//! The way to Karen's routes: in this process, or through the socket of the server that has the
//! folder. Commands cannot tell the two apart.

use std::io::Write;
use std::path::{Path, PathBuf};

use axum::Router;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{HeaderName, HeaderValue, Method, Request, Response};
use http_body_util::BodyExt;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use karen_core::config::Config;
use karen_core::{Code, Error, Karen, Result, socket_path};
use karen_server::local_router;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::net::UnixStream;
use tower::ServiceExt;

use super::settings::Settings;

pub(super) struct Door {
    way: Way,
    /// Says whom to act as.
    actor: Option<(HeaderName, HeaderValue)>,
}

enum Way {
    Here { karen: Karen, router: Box<Router> },
    Running { socket: PathBuf },
}

/// What commands read of a problem.
#[derive(Deserialize)]
struct Problem {
    code: String,
    detail: String,
}

impl Door {
    /// Opens the folder, or finds the server that has it.
    pub(super) async fn open(settings: &Settings) -> Result<Self> {
        let config = settings.config()?;
        Ok(Self {
            actor: settings.actor()?,
            way: Way::find(config).await?,
        })
    }

    /// The server's socket, where a server has the folder.
    pub(super) fn socket(&self) -> Option<&Path> {
        match &self.way {
            Way::Here { .. } => None,
            Way::Running { socket } => Some(socket),
        }
    }

    /// Whether commands act as the machine's owner.
    pub(super) fn is_owner(&self) -> bool {
        self.actor.is_none()
    }

    pub(super) async fn close(self) -> Result<()> {
        match self.way {
            Way::Here { karen, .. } => karen.close().await,
            Way::Running { .. } => Ok(()),
        }
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        read(self.send(request(Method::GET, path, Body::empty())).await?).await
    }

    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T> {
        read(self.send(json_request(Method::POST, path, body)).await?).await
    }

    pub(super) async fn put(&self, path: &str, body: &impl Serialize) -> Result<()> {
        self.send(json_request(Method::PUT, path, body))
            .await
            .map(drop)
    }

    pub(super) async fn patch(&self, path: &str, body: &impl Serialize) -> Result<()> {
        self.send(json_request(Method::PATCH, path, body))
            .await
            .map(drop)
    }

    pub(super) async fn delete(&self, path: &str) -> Result<()> {
        self.send(request(Method::DELETE, path, Body::empty()))
            .await
            .map(drop)
    }

    /// Gets a body and passes it on to the terminal, or wherever the output goes, as it comes.
    pub(super) async fn print(&self, path: &str) -> Result<()> {
        let response = self.send(request(Method::GET, path, Body::empty())).await?;
        let mut body = response.into_body();
        while let Some(frame) = body.frame().await {
            if let Ok(bytes) = frame.map_err(lost)?.into_data() {
                let written = std::io::stdout().write_all(&bytes);
                written.map_err(|e| {
                    let message = "the output cannot be written: free some space";
                    Error::new(Code::StorageFull, message).caused_by(e)
                })?;
            }
        }
        Ok(())
    }

    /// Sends a request; an answer that is a problem is an error.
    pub(super) async fn send(&self, mut request: Request<Body>) -> Result<Response<Body>> {
        if let Some((name, value)) = &self.actor {
            request.headers_mut().insert(name.clone(), value.clone());
        }
        let response = match &self.way {
            Way::Here { router, .. } => within(router, request).await,
            Way::Running { socket } => through(socket, request).await?,
        };
        if response.status().is_success() {
            Ok(response)
        } else {
            Err(problem(response).await)
        }
    }
}

impl Way {
    async fn find(config: Config) -> Result<Self> {
        let socket = socket_path(&config.data.folder);
        match Karen::builder().config(config).open().await {
            Ok(karen) => Ok(Self::Here {
                router: Box::new(local_router(karen.clone())),
                karen,
            }),
            Err(error) if error.code() == Code::Locked => {
                match UnixStream::connect(&socket).await {
                    Ok(_) => Ok(Self::Running { socket }),
                    Err(_) => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }
}

pub(super) fn json_request(method: Method, path: &str, body: &impl Serialize) -> Request<Body> {
    let json = serde_json::to_vec(body).expect("plain data with text keys");
    let mut request = request(method, path, Body::from(json));
    request
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    request
}

pub(super) fn request(method: Method, path: &str, body: Body) -> Request<Body> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, "karen");
    request.body(body).expect("paths are made of plain ids")
}

async fn within(router: &Router, request: Request<Body>) -> Response<Body> {
    let answered = router.clone().oneshot(request).await;
    answered.unwrap_or_else(|never| match never {})
}

async fn through(socket: &Path, request: Request<Body>) -> Result<Response<Body>> {
    let stream = UnixStream::connect(socket).await.map_err(lost)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(lost)?;
    // Ends with the response; what breaks it is seen by whoever reads that.
    tokio::spawn(connection);
    let response = sender.send_request(request).await.map_err(lost)?;
    Ok(response.map(Body::new))
}

pub(super) async fn read<T: DeserializeOwned>(response: Response<Body>) -> Result<T> {
    let body = response.into_body().collect().await.map_err(lost)?;
    serde_json::from_slice(&body.to_bytes()).map_err(|e| {
        let message = "the server answers in another format: use the program that it runs";
        Error::new(Code::Unsupported, message).caused_by(e)
    })
}

/// A problem of the server's as the error that it was made from.
async fn problem(response: Response<Body>) -> Error {
    let status = response.status();
    match read::<Problem>(response).await {
        Ok(problem) => error_of(&problem.code, problem.detail),
        Err(_) => Error::new(Code::Internal, format!("the server answers with {status}")),
    }
}

/// An error by the text of its code.
pub(super) fn error_of(code: &str, detail: String) -> Error {
    let known = Code::ALL.iter().find(|known| known.as_str() == code);
    Error::new(known.copied().unwrap_or(Code::Internal), detail)
}

pub(super) fn lost(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Code::Unavailable, "the server went away: try again").caused_by(error)
}
