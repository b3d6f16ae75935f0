//! A provider that says what a test tells it to, and looks at what it is asked.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// An HTTP/1.1 server on loopback, one request a connection. It ends with the value.
pub struct ReplayServer {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Requested>>>,
    serving: JoinHandle<()>,
}

/// A request as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Requested {
    /// With the query.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as JSON; null where it is none.
    pub body: Value,
}

/// What is answered.
#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    pieces: Vec<Vec<u8>>,
    end: End,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug)]
enum End {
    /// As HTTP says.
    Whole,
    /// In the middle of the body.
    Cut,
    /// Never, as long as the server lives.
    Hang,
}

impl Requested {
    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl Reply {
    /// A body that comes whole.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(
            status,
            "application/json",
            vec![body.to_string().into_bytes()],
        )
    }

    /// A stream of server-sent events, as it is written, in one piece.
    pub fn events(stream: impl Into<Vec<u8>>) -> Self {
        Self::new(200, "text/event-stream", vec![stream.into()])
    }

    /// Bytes as they are, in one piece.
    pub fn bytes(status: u16, bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(status, "application/octet-stream", vec![bytes.into()])
    }

    fn new(status: u16, kind: &str, pieces: Vec<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), kind.to_owned())],
            pieces,
            end: End::Whole,
        }
    }

    /// With a header more.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The body in pieces of so many bytes.
    #[must_use]
    pub fn in_pieces_of(mut self, bytes: usize) -> Self {
        let body = self.pieces.concat();
        self.pieces = body.chunks(bytes.max(1)).map(<[u8]>::to_vec).collect();
        self
    }

    /// The connection breaks after the body, which was not the whole of it.
    #[must_use]
    pub fn then_cut(mut self) -> Self {
        self.end = End::Cut;
        self
    }

    /// Nothing comes after the body, and the connection stays open.
    #[must_use]
    pub fn then_hang(mut self) -> Self {
        self.end = End::Hang;
        self
    }
}

impl ReplayServer {
    /// Answers the requests in turn, the last reply again and again.
    ///
    /// # Panics
    /// When no port of loopback is free.
    pub async fn start(replies: Vec<Reply>) -> Self {
        let last = replies.last().cloned();
        let mut replies = replies.into_iter();
        Self::answering(move |_| replies.next().or_else(|| last.clone())).await
    }

    /// Answers each request as `answer` says; without an answer the connection breaks.
    ///
    /// # Panics
    /// When no port of loopback is free.
    pub async fn answering(
        answer: impl FnMut(&Requested) -> Option<Reply> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let requests = Arc::default();
        let serving = tokio::spawn(serve(listener, Arc::clone(&requests), answer));
        Self {
            address,
            requests,
            serving,
        }
    }

    /// Where it is, without a path.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it was asked so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Requested> {
        lock(&self.requests).clone()
    }
}

impl Drop for ReplayServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn lock(requests: &Mutex<Vec<Requested>>) -> std::sync::MutexGuard<'_, Vec<Requested>> {
    requests.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(
    listener: TcpListener,
    requests: Arc<Mutex<Vec<Requested>>>,
    mut answer: impl FnMut(&Requested) -> Option<Reply> + Send,
) {
    let mut hanging = Vec::new();
    while let Ok((mut stream, _)) = listener.accept().await {
        let Some(request) = read(&mut stream).await else {
            continue;
        };
        let reply = answer(&request);
        lock(&requests).push(request);
        // A client may leave at any time.
        if let Some(reply) = reply
            && write(&mut stream, &reply).await.is_ok()
            && matches!(reply.end, End::Hang)
        {
            hanging.push(stream);
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Requested> {
    let mut bytes = Vec::new();
    let head = loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).ok()?;
    let mut lines = text.lines();
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let mut request = Requested {
        path,
        headers,
        body: Value::Null,
    };
    let length: usize = request
        .header("content-length")
        .unwrap_or("0")
        .parse()
        .ok()?;
    let mut body = bytes.split_off(head + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    request.body = serde_json::from_slice(&body).unwrap_or_default();
    Some(request)
}

async fn write(stream: &mut TcpStream, reply: &Reply) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {} x\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("transfer-encoding: chunked\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    for piece in reply.pieces.iter().filter(|piece| !piece.is_empty()) {
        let size = format!("{:x}\r\n", piece.len());
        let chunk = [size.as_bytes(), piece, b"\r\n"].concat();
        stream.write_all(&chunk).await?;
        stream.flush().await?;
    }
    if let End::Whole = reply.end {
        stream.write_all(b"0\r\n\r\n").await?;
    }
    stream.flush().await
}
