//! Whether the worker is well, over HTTP on this machine.
//!
//! `/health` is 200 while blocks come and 503 otherwise; `/metrics` is what Prometheus reads.

use crate::{metrics::Metrics, Result};
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
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);

/// Answers until the worker ends. It is not well without a final block for longer than `quiet`.
pub(crate) async fn serve(
    listener: TcpListener,
    metrics: Arc<Metrics>,
    quiet: Duration,
) -> Result<()> {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(hear(stream, Arc::clone(&metrics), quiet))),
            // Too many files are open, which passes.
            Err(_) => sleep(PAUSE).await,
        }
    }
}

async fn hear(stream: TcpStream, metrics: Arc<Metrics>, quiet: Duration) {
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = answer(request.method(), request.uri().path(), &metrics, quiet);
        async move { Ok::<_, Infallible>(answer) }
    });
    let mut server = http1::Builder::new();
    let connection = server.keep_alive(false).serve_connection(TokioIo::new(stream), service);
    // Whoever asks and does not listen is told nothing.
    let _ = timeout(PATIENCE, connection).await;
}

fn answer(
    method: &Method,
    path: &str,
    metrics: &Metrics,
    quiet: Duration,
) -> Response<Full<Bytes>> {
    if method != Method::GET {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "ask with GET\n".into());
    }
    match path {
        "/health" => health(metrics.last(), quiet),
        "/metrics" => match metrics.text() {
            Ok(text) => plain(StatusCode::OK, text),
            Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
        },
        _ => plain(StatusCode::NOT_FOUND, "there is /health and /metrics\n".into()),
    }
}

fn health(last: Option<(u64, Duration)>, quiet: Duration) -> Response<Full<Bytes>> {
    let healthy = last.is_some_and(|(_, age)| age <= quiet);
    let said = json!({
        "healthy": healthy,
        "block": last.map(|(block, _)| block),
        "secondsSinceBlock": last.map(|(_, age)| age.as_secs()),
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
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const QUIET: Duration = Duration::from_secs(60);

    async fn ask(address: std::net::SocketAddr, line: &str) -> String {
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
        tokio::spawn(serve(listener, Arc::clone(&metrics), QUIET));

        let said = ask(address, "GET /health").await;
        assert!(said.starts_with("HTTP/1.1 503") && said.contains("\"healthy\":false"), "{said}");
        metrics.saw(7);
        let said = ask(address, "GET /health").await;
        assert!(said.starts_with("HTTP/1.1 200") && said.contains("\"block\":7"), "{said}");
        let said = ask(address, "GET /metrics").await;
        assert!(said.contains("cairn_worker_block 7"), "{said}");
        assert!(ask(address, "GET /").await.starts_with("HTTP/1.1 404"));
        assert!(ask(address, "POST /health").await.starts_with("HTTP/1.1 405"));
    }

    #[test]
    fn health_should_be_bad_when_no_block_came_for_long() {
        let late = QUIET + Duration::from_secs(1);
        assert_eq!(health(Some((7, late)), QUIET).status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(health(Some((7, QUIET)), QUIET).status(), StatusCode::OK);
    }
}
