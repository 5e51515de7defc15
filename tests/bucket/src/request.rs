//! What a client asks for.

use std::{collections::BTreeMap, io};
use tokio::{io::AsyncReadExt, net::TcpStream};

const MOST_HEAD: usize = 64 << 10;
const MOST_BODY: usize = 32 << 20;

pub(crate) struct Request {
    pub method: String,
    pub path: String,
    pub query: String,
    /// By their names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Request {
    pub(crate) async fn read(stream: &mut TcpStream) -> io::Result<Self> {
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
        let mut request = Self::of(&String::from_utf8_lossy(&bytes));
        let length = request.header("content-length").and_then(|length| length.parse().ok());
        let length = length.unwrap_or(0_usize);
        assert!(length <= MOST_BODY, "no test sends so much");
        let there = body.len();
        body.resize(length, 0);
        stream.read_exact(&mut body[there.min(length)..]).await?;
        request.body = body;
        Ok(request)
    }

    /// One that has no body yet.
    pub(crate) fn of(head: &str) -> Self {
        let mut lines = head.lines();
        let mut words = lines.next().unwrap_or_default().split(' ');
        let method = words.next().unwrap_or_default().to_owned();
        let target = words.next().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let (path, query) = (path.to_owned(), query.to_owned());
        Self { method, path, query, headers, body: Vec::new() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// What the query says of a name.
    pub(crate) fn asks(&self, name: &str) -> Option<&str> {
        self.pairs().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The query's names, with what it says of each.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.query.split('&').filter(|pair| !pair.is_empty());
        pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
    }
}
