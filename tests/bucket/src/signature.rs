//! Who has signed a request, as version 4 of AWS's signatures says it.

use crate::request::Request;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// Headers without which a signature says nothing of what is asked, and when.
const NEEDED: [&str; 3] = ["host", "x-amz-content-sha256", "x-amz-date"];

/// Who may use the bucket.
pub(crate) struct Owner {
    pub name: &'static str,
    pub secret: &'static str,
    pub region: &'static str,
}

/// What the header `authorization` says.
struct Claim<'a> {
    name: &'a str,
    scope: &'a str,
    signed: &'a str,
    signature: &'a str,
}

impl<'a> Claim<'a> {
    fn read(header: &'a str) -> Option<Self> {
        let mut parts = header.strip_prefix(ALGORITHM)?.split(',').map(str::trim);
        let (name, scope) = parts.next()?.strip_prefix("Credential=")?.split_once('/')?;
        let signed = parts.next()?.strip_prefix("SignedHeaders=")?;
        let signature = parts.next()?.strip_prefix("Signature=")?;
        Some(Self { name, scope, signed, signature })
    }
}

impl Owner {
    /// Whether the owner has signed this, body and all; by what name S3 refuses it, if not.
    pub(crate) fn check(&self, request: &Request) -> Result<(), &'static str> {
        const MALFORMED: &str = "AuthorizationHeaderMalformed";
        let header = request.header("authorization").ok_or("AccessDenied")?;
        let claim = Claim::read(header).ok_or(MALFORMED)?;
        if claim.name != self.name {
            return Err("InvalidAccessKeyId");
        }
        let [host, hash, time] = NEEDED.map(|name| request.header(name));
        let (Some(_), Some(hash), Some(time)) = (host, hash, time) else {
            return Err("AccessDenied");
        };
        let day = time.get(..8).ok_or(MALFORMED)?;
        if claim.scope != format!("{day}/{}/s3/aws4_request", self.region) {
            return Err(MALFORMED);
        }
        if hash != hex::encode(Sha256::digest(&request.body)) {
            return Err("XAmzContentSHA256Mismatch");
        }
        let canonical = canonical(request, claim.signed).ok_or("AccessDenied")?;
        let canonical = hex::encode(Sha256::digest(canonical));
        let said = format!("{ALGORITHM}\n{time}\n{}\n{canonical}", claim.scope);

        let mut key = format!("AWS4{}", self.secret).into_bytes();
        for step in [day, self.region, "s3", "aws4_request"] {
            key = mac(&key, step).finalize().into_bytes().to_vec();
        }
        let signature = hex::decode(claim.signature).map_err(|_| MALFORMED)?;
        mac(&key, &said).verify_slice(&signature).map_err(|_| "SignatureDoesNotMatch")
    }
}

/// A request in the one form that is signed; none where too little of it is.
fn canonical(request: &Request, signed: &str) -> Option<String> {
    let names: Vec<&str> = signed.split(';').collect();
    let must = |name: &str| NEEDED.contains(&name) || name.starts_with("x-amz-");
    if request.headers.keys().any(|name| must(name) && !names.contains(&name.as_str())) {
        return None;
    }
    let mut headers = String::new();
    for name in names {
        let words: Vec<&str> = request.header(name)?.split_whitespace().collect();
        headers.extend([name, ":", &words.join(" "), "\n"]);
    }
    let mut pairs: Vec<_> = request.pairs().collect();
    pairs.sort_unstable();
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let hash = request.header("x-amz-content-sha256")?;
    let Request { method, path, .. } = request;
    Some(format!("{method}\n{path}\n{}\n{headers}\n{signed}\n{hash}", pairs.join("&")))
}

fn mac(key: &[u8], words: &str) -> Hmac<Sha256> {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key).expect("a key may have any length");
    Mac::update(&mut mac, words.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the documentation of S3, which gives these as an example.
    const OWNER: Owner = Owner {
        name: "AKIAIOSFODNN7EXAMPLE",
        secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        region: "us-east-1",
    };
    const HEAD: &str = "GET /test.txt HTTP/1.1\r\n\
        Host: examplebucket.s3.amazonaws.com\r\n\
        Authorization: AWS4-HMAC-SHA256 \
        Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
        SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,\
        Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41\r\n\
        Range: bytes=0-9\r\n\
        x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\r\n\
        x-amz-date: 20130524T000000Z\r\n";

    #[test]
    fn check_should_let_in_what_the_owner_has_signed() {
        assert_eq!(OWNER.check(&Request::of(HEAD)), Ok(()));
    }

    #[test]
    fn check_should_refuse_what_is_not_what_was_signed() {
        let other = |from: &str, to: &str| {
            let head = HEAD.replacen(from, to, 1);
            assert_ne!(head, HEAD);
            OWNER.check(&Request::of(&head))
        };
        let false_one = Err("SignatureDoesNotMatch");
        assert_eq!(other("/test.txt", "/text.txt"), false_one);
        assert_eq!(other("GET ", "PUT "), false_one);
        assert_eq!(other("bytes=0-9", "bytes=0-8"), false_one);
        assert_eq!(other("test.txt", "test.txt?acl"), false_one);
        assert_eq!(other("T000000Z", "T000001Z"), false_one);
        assert_eq!(other("bdb41", "bdb42"), false_one);
        assert_eq!(other("Z\r\n", "Z\r\nx-amz-acl: all\r\n"), Err("AccessDenied"));
        assert_eq!(other("Authorization", "Unauthorized"), Err("AccessDenied"));
        assert_eq!(other("us-east-1", "us-east-2"), Err("AuthorizationHeaderMalformed"));
        assert_eq!(other("AKIA", "ASIA"), Err("InvalidAccessKeyId"));
        let longer = Request { body: b"more".to_vec(), ..Request::of(HEAD) };
        assert_eq!(OWNER.check(&longer), Err("XAmzContentSHA256Mismatch"));
        let another = Owner { secret: "another", ..OWNER };
        assert_eq!(another.check(&Request::of(HEAD)), false_one);
    }
}
