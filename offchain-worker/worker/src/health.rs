//! Whether the worker is well, over HTTP on this machine.
//!
//! `/health` is 200 while blocks come and nothing is in trouble, and 503 otherwise; `/metrics` is
//! what Prometheus reads.

use crate::metrics::Metrics;
use http_body_util::Full;
use hyper::{
    body::{Bytes, Incoming},
    header::{HeaderValue, CONTENT_TYPE},
    server::conn::http1,
    service::service_fn,
    Method, Request, Response, StatusCode,
};
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::{
    convert::Infallible,
    io, net,
    sync::{Arc, OnceLock},
    thread,
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Builder,
    sync::oneshot,
    time::{sleep, timeout},
};
use tracing::warn;

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);

/// Says what is in trouble, if anything is.
type Look = Box<dyn Fn() -> Option<String> + Send + Sync>;

/// What is told of.
pub(crate) struct Health {
    metrics: Arc<Metrics>,
    /// Without a final block for longer it is not well.
    quiet: Duration,
    /// Once there is anything to look at.
    look: OnceLock<Look>,
}

impl Health {
    pub fn new(metrics: Arc<Metrics>, quiet: Duration) -> Self {
        Self { metrics, quiet, look: OnceLock::new() }
    }

    /// Has this asked, from now on, what is in trouble. It must not wait for anything.
    pub fn look_at(&self, look: impl Fn() -> Option<String> + Send + Sync + 'static) {
        // It is told once, by whoever has put all of it together.
        let _ = self.look.set(Box::new(look));
    }

    fn trouble(&self) -> Option<String> {
        self.look.get().and_then(|look| look())
    }
}

/// Answers until this is dropped.
pub(crate) struct Served {
    _end: oneshot::Sender<()>,
}

/// Listens at this address, on a thread of its own: all others may wait for a disk that is full,
/// and somebody has to say so.
pub(crate) fn start(address: net::SocketAddr, health: Arc<Health>) -> io::Result<Served> {
    let listener = net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let (end, ended) = oneshot::channel();
    let named = thread::Builder::new().name("health".into());
    named.spawn(move || {
        if let Err(reason) = answering(listener, health, ended) {
            warn!("nobody answers who asks for /health: {reason}");
        }
    })?;
    Ok(Served { _end: end })
}

fn answering(
    listener: net::TcpListener,
    health: Arc<Health>,
    ended: oneshot::Receiver<()>,
) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async move {
        let listener = TcpListener::from_std(listener)?;
        tokio::select! {
            () = serve(listener, health) => {}
            _ = ended => {}
        }
        Ok::<_, io::Error>(())
    })
}

async fn serve(listener: TcpListener, health: Arc<Health>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(hear(stream, Arc::clone(&health)))),
            // Too many files are open, which passes.
            Err(_) => sleep(PAUSE).await,
        }
    }
}

async fn hear(stream: TcpStream, health: Arc<Health>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = answer(request.method(), request.uri().path(), &health);
        async move { Ok::<_, Infallible>(answer) }
    });
    let mut server = http1::Builder::new();
    let connection = server.keep_alive(false).serve_connection(TokioIo::new(stream), service);
    // Whoever asks and does not listen is told nothing.
    let _ = timeout(PATIENCE, connection).await;
}

fn answer(method: &Method, path: &str, health: &Health) -> Response<Full<Bytes>> {
    if method != Method::GET {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "ask with GET\n".into());
    }
    match path {
        "/health" => said(health.metrics.last(), health.quiet, health.trouble()),
        "/metrics" => match health.metrics.text() {
            Ok(text) => plain(StatusCode::OK, text),
            Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
        },
        _ => plain(StatusCode::NOT_FOUND, "there is /health and /metrics\n".into()),
    }
}

fn said(
    last: Option<(u64, Duration)>,
    quiet: Duration,
    trouble: Option<String>,
) -> Response<Full<Bytes>> {
    let healthy = trouble.is_none() && last.is_some_and(|(_, age)| age <= quiet);
    let said = json!({
        "healthy": healthy,
        "block": last.map(|(block, _)| block),
        "secondsSinceBlock": last.map(|(_, age)| age.as_secs()),
        "trouble": trouble,
    });
    let status = if healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    response(status, "application/json", format!("{said}\n"))
}

fn plain(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    response(status, "text/plain; charset=utf-8", text)
}

fn response(status: StatusCode, kind: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const QUIET: Duration = Duration::from_secs(60);

    async fn ask(address: net::SocketAddr, line: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("{line} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).await.unwrap();
        said
    }

    #[tokio::test]
    async fn serve_should_say_how_the_worker_is_when_asked() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let metrics = Arc::new(Metrics::new().unwrap());
        let health = Arc::new(Health::new(Arc::clone(&metrics), QUIET));
        tokio::spawn(serve(listener, Arc::clone(&health)));

        let said = ask(address, "GET /health").await;
        assert!(said.starts_with("HTTP/1.1 503") && said.contains("\"healthy\":false"), "{said}");
        metrics.saw(7);
        let said = ask(address, "GET /health").await;
        assert!(said.starts_with("HTTP/1.1 200") && said.contains("\"block\":7"), "{said}");
        let said = ask(address, "GET /metrics").await;
        assert!(said.contains("cairn_worker_block 7"), "{said}");
        assert!(ask(address, "GET /").await.starts_with("HTTP/1.1 404"));
        assert!(ask(address, "POST /health").await.starts_with("HTTP/1.1 405"));

        let trouble = Arc::new(Mutex::new(Some("the disk is full".to_owned())));
        let looked = Arc::clone(&trouble);
        health.look_at(move || looked.lock().unwrap().clone());
        let said = ask(address, "GET /health").await;
        let why = "\"trouble\":\"the disk is full\"";
        assert!(said.starts_with("HTTP/1.1 503") && said.contains(why), "{said}");
        *trouble.lock().unwrap() = None;
        let said = ask(address, "GET /health").await;
        assert!(said.starts_with("HTTP/1.1 200") && said.contains("\"trouble\":null"), "{said}");
    }

    #[test]
    fn health_should_be_bad_when_no_block_came_for_long() {
        let late = QUIET + Duration::from_secs(1);
        let status = |age| said(Some((7, age)), QUIET, None).status();
        assert_eq!(status(late), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(status(QUIET), StatusCode::OK);
    }

    #[tokio::test]
    async fn start_should_answer_while_the_other_threads_wait_and_end_when_it_is_dropped() {
        let free = net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let health = Arc::new(Health::new(Arc::new(Metrics::new().unwrap()), QUIET));
        let served = start(address, health).unwrap();
        // The only thread of this test waits, without giving way to any task.
        let mut stream = net::TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request = b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n";
        io::Write::write_all(&mut stream, request).unwrap();
        let mut said = String::new();
        io::Read::read_to_string(&mut stream, &mut said).unwrap();
        assert!(said.starts_with("HTTP/1.1 503"), "{said}");
        drop(served);
        let begun = std::time::Instant::now();
        while net::TcpStream::connect(address).is_ok() {
            assert!(begun.elapsed() < PATIENCE, "it should listen no more");
            thread::sleep(PAUSE);
        }
    }
}
