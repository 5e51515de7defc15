//! What the server has, and what it answers to those who may ask.

use crate::request::Request;
use std::collections::BTreeMap;

/// What the server has, and what it was asked.
#[derive(Default)]
pub struct Bucket {
    /// By their paths, which begin with the bucket's name.
    pub objects: BTreeMap<String, Vec<u8>>,
    /// By those who may: how, for which path and query, and for what part of it.
    pub asked: Vec<String>,
    /// After so many bytes the next answer with an object breaks off.
    pub breaks_after: Option<usize>,
    /// What has come of files that are sent in parts.
    uploads: BTreeMap<String, BTreeMap<u32, Vec<u8>>>,
    begun: u64,
}

pub(crate) struct Answer {
    pub head: String,
    pub body: Vec<u8>,
}

impl Bucket {
    pub(crate) fn answer(&mut self, request: Request) -> Answer {
        let range = request.header("range").unwrap_or_default().to_owned();
        let method = request.method.clone();
        self.asked.push(format!("{method} {}?{} {range}", request.path, request.query));
        let upload = request.asks("uploadId").map(str::to_owned);
        match (method.as_str(), upload) {
            ("GET", None) => self.get(&request.path, &range),
            ("PUT", None) => {
                self.objects.insert(request.path, request.body);
                said("200 OK", "etag: \"1\"\r\n", Vec::new())
            }
            ("POST", None) if request.asks("uploads").is_some() => self.begin(),
            ("PUT", Some(upload)) => self.part(&upload, request),
            ("POST", Some(upload)) => self.complete(&upload, request.path),
            ("DELETE", Some(upload)) => match self.uploads.remove(&upload) {
                Some(_) => said("204 No Content", "", Vec::new()),
                None => error("404 Not Found", "NoSuchUpload"),
            },
            _ => error("405 Method Not Allowed", "MethodNotAllowed"),
        }
    }

    fn begin(&mut self) -> Answer {
        self.begun += 1;
        let upload = self.begun.to_string();
        let xml = format!(
            "<InitiateMultipartUploadResult><UploadId>{upload}</UploadId>\
             </InitiateMultipartUploadResult>"
        );
        self.uploads.insert(upload, BTreeMap::new());
        said("200 OK", "", xml.into())
    }

    fn part(&mut self, upload: &str, request: Request) -> Answer {
        let Some(parts) = self.uploads.get_mut(upload) else {
            return error("404 Not Found", "NoSuchUpload");
        };
        let Some(number) = request.asks("partNumber").and_then(|number| number.parse().ok()) else {
            return error("400 Bad Request", "InvalidArgument");
        };
        parts.insert(number, request.body);
        said("200 OK", "etag: \"1\"\r\n", Vec::new())
    }

    fn complete(&mut self, upload: &str, path: String) -> Answer {
        let Some(parts) = self.uploads.remove(upload) else {
            return error("404 Not Found", "NoSuchUpload");
        };
        self.objects.insert(path, parts.into_values().flatten().collect());
        let xml = "<CompleteMultipartUploadResult><ETag>\"1\"</ETag>\
                   </CompleteMultipartUploadResult>";
        said("200 OK", "", xml.into())
    }

    fn get(&mut self, path: &str, range: &str) -> Answer {
        let Some(object) = self.objects.get(path) else {
            return error("404 Not Found", "NoSuchKey");
        };
        let from = range.strip_prefix("bytes=").and_then(|range| range.strip_suffix('-'));
        let from = from.and_then(|from| from.parse::<usize>().ok());
        let mut answer = match from.map(|from| (from, object.get(from..))) {
            None => said("200 OK", "", object.clone()),
            Some((from, Some(rest))) if !rest.is_empty() => {
                let (last, all) = (object.len() - 1, object.len());
                let more = format!("content-range: bytes {from}-{last}/{all}\r\n");
                said("206 Partial Content", &more, rest.to_vec())
            }
            Some(_) => error("416 Range Not Satisfiable", "InvalidRange"),
        };
        if let Some(bytes) = self.breaks_after.take() {
            answer.body.truncate(bytes);
        }
        answer
    }
}

/// What those are told who may ask for nothing.
pub(crate) fn refusal(code: &str) -> Answer {
    error("403 Forbidden", code)
}

fn error(status: &str, code: &str) -> Answer {
    said(status, "", format!("<Error><Code>{code}</Code></Error>").into())
}

/// Without a tag of its version, an object that breaks off is not asked for once more by itself.
fn said(status: &str, more: &str, body: Vec<u8>) -> Answer {
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n{more}\r\n");
    Answer { head, body }
}
