//! A server on loopback that knows as much of S3 as the tests ask for, for so many requests.

use crate::archive::Archive;
use parking_lot::Mutex;
use std::{collections::BTreeMap, io, net::SocketAddr, sync::Arc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const MOST_REQUESTS: usize = 64;
const MOST_HEAD: usize = 64 << 10;
const MOST_BODY: usize = 32 << 20;

pub(crate) struct Stub {
    address: SocketAddr,
    bucket: Arc<Mutex<Bucket>>,
}

/// What the server has, and what it was asked.
#[derive(Default)]
pub(crate) struct Bucket {
    pub objects: BTreeMap<String, Vec<u8>>,
    pub asked: Vec<String>,
    /// After so many bytes the next answer with an object breaks off.
    pub breaks_after: Option<usize>,
    parts: BTreeMap<u32, Vec<u8>>,
}

impl Stub {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let bucket = Arc::<Mutex<Bucket>>::default();
        let shared = Arc::clone(&bucket);
        tokio::spawn(async move {
            for _ in 0..MOST_REQUESTS {
                let Ok((stream, _)) = listener.accept().await else { return };
                // A client that leaves in the middle is none of the server's trouble.
                let _ = answer(stream, &shared).await;
            }
        });
        Self { address, bucket }
    }

    /// An archive in the bucket `cairn` under `models`.
    pub(crate) fn archive(&self) -> Archive {
        let endpoint = format!("http://{}", self.address);
        let settings = [
            ("aws_endpoint", endpoint.as_str()),
            ("aws_allow_http", "true"),
            ("aws_region", "nowhere"),
            ("aws_access_key_id", "name"),
            ("aws_secret_access_key", "secret"),
            // A machine without any certificates has to do.
            ("disable_system_certificates", "true"),
        ];
        Archive::open("s3://cairn/models", &settings).unwrap()
    }

    pub(crate) fn bucket(&self) -> parking_lot::MutexGuard<'_, Bucket> {
        self.bucket.lock()
    }
}

async fn answer(mut stream: TcpStream, bucket: &Mutex<Bucket>) -> io::Result<()> {
    let request = Request::read(&mut stream).await?;
    let (head, body) = bucket.lock().answer(request);
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&body).await?;
    stream.shutdown().await
}

struct Request {
    method: String,
    path: String,
    query: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Request {
    async fn read(stream: &mut TcpStream) -> io::Result<Self> {
        let mut bytes = Vec::<u8>::new();
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            if bytes.len() > MOST_HEAD || stream.read_buf(&mut bytes).await? == 0 {
                return Err(io::ErrorKind::InvalidData.into());
            }
        };
        let mut body = bytes.split_off(end + 4);
        let head = String::from_utf8_lossy(&bytes);
        let mut lines = head.lines();
        let mut words = lines.next().unwrap_or_default().split(' ');
        let method = words.next().unwrap_or_default().to_owned();
        let target = words.next().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers: BTreeMap<_, _> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let length = headers.get("content-length").and_then(|length| length.parse().ok());
        let length = length.unwrap_or(0_usize);
        assert!(length <= MOST_BODY, "no test sends so much");
        let there = body.len();
        body.resize(length, 0);
        stream.read_exact(&mut body[there.min(length)..]).await?;
        let (path, query) = (path.to_owned(), query.to_owned());
        Ok(Self { method, path, query, headers, body })
    }
}

impl Bucket {
    fn answer(&mut self, request: Request) -> (String, Vec<u8>) {
        let Request { method, path, query, headers, body } = request;
        let range = headers.get("range").cloned().unwrap_or_default();
        self.asked.push(format!("{method} {path}?{query} {range}"));
        match method.as_str() {
            "GET" => self.get(&path, &range),
            "PUT" => {
                let part = query.split('&').find_map(|pair| pair.strip_prefix("partNumber="));
                match part {
                    Some(number) => self.parts.insert(number.parse().unwrap(), body),
                    None => self.objects.insert(path, body),
                };
                said("200 OK", "etag: \"1\"\r\n", Vec::new())
            }
            "POST" if query.starts_with("uploads") => {
                self.parts.clear();
                let xml = "<InitiateMultipartUploadResult><UploadId>1</UploadId>\
                           </InitiateMultipartUploadResult>";
                said("200 OK", "", xml.into())
            }
            "POST" => {
                let parts = std::mem::take(&mut self.parts);
                self.objects.insert(path, parts.into_values().flatten().collect());
                let xml = "<CompleteMultipartUploadResult><ETag>\"1\"</ETag>\
                           </CompleteMultipartUploadResult>";
                said("200 OK", "", xml.into())
            }
            _ => said("405 Method Not Allowed", "", Vec::new()),
        }
    }

    fn get(&mut self, path: &str, range: &str) -> (String, Vec<u8>) {
        let Some(object) = self.objects.get(path) else {
            return said("404 Not Found", "", b"<Error><Code>NoSuchKey</Code></Error>".to_vec());
        };
        let from = range.strip_prefix("bytes=").and_then(|range| range.strip_suffix('-'));
        let (status, more, body) = match from.map(|from| from.parse::<usize>().unwrap()) {
            None => ("200 OK", String::new(), object.clone()),
            Some(from) => {
                let (last, all) = (object.len() - 1, object.len());
                let more = format!("content-range: bytes {from}-{last}/{all}\r\n");
                ("206 Partial Content", more, object[from..].to_vec())
            }
        };
        let (head, mut body) = said(status, &more, body);
        if let Some(bytes) = self.breaks_after.take() {
            body.truncate(bytes);
        }
        (head, body)
    }
}

/// Without a tag of its version, an object that breaks off is not asked for once more by itself.
fn said(status: &str, more: &str, body: Vec<u8>) -> (String, Vec<u8>) {
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n{more}\r\n");
    (head, body)
}
