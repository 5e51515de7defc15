//! What nodes say to a relay, and what it says to them.

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use iroh_base::{EndpointId, Signature};
use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc::{self, UnboundedSender},
};
use tokio_tungstenite::{
    accept_hdr_async,
    tungstenite::{
        handshake::server::{ErrorResponse, Request, Response},
        http::{header::SEC_WEBSOCKET_PROTOCOL, HeaderValue},
        Message,
    },
};

/// What frames begin with.
const CHALLENGE: u8 = 0;
const CONFIRMED: u8 = 2;
const DATAGRAM: u8 = 4;
const DATAGRAMS: u8 = 5;
/// From a datagram's tag when it is sent to its tag when it comes.
const DELIVERED: u8 = 2;
const PING: u8 = 9;
const PONG: u8 = 10;
/// What nodes have to sign, and what they sign instead so that it is of no use elsewhere.
const NONCE: [u8; 16] = [7; 16];
const PURPOSE: &str = "iroh-relay handshake v1 challenge signature";
const NEAR: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Who is there.
#[derive(Default)]
pub(crate) struct Room {
    /// To the nodes that are connected.
    nodes: Mutex<BTreeMap<EndpointId, UnboundedSender<Message>>>,
    carried: AtomicU64,
}

impl Room {
    /// Bytes that went from one node to another.
    pub(crate) fn carried(&self) -> u64 {
        self.carried.load(Relaxed)
    }

    /// None when the other end leaves, or says what no node would.
    pub(crate) async fn answer(&self, mut stream: TcpStream) -> Option<()> {
        let mut begun = [0; 10];
        let length = stream.peek(&mut begun).await.ok()?;
        if !begun[..length].starts_with(b"GET /relay") {
            // Unread, it would end the connection before the answer is there.
            if stream.read(&mut [0; 4_096]).await.ok()? == 0 {
                return None;
            }
            stream.write_all(NEAR).await.ok()?;
            return stream.shutdown().await.ok();
        }
        let mut socket = accept_hdr_async(stream, versed).await.ok()?;
        socket.send(frame(CHALLENGE, &[&NONCE])).await.ok()?;
        let node = signer(&binary(socket.next().await?.ok()?)?)?;
        socket.send(frame(CONFIRMED, &[])).await.ok()?;

        let (to, mut waiting) = mpsc::unbounded_channel();
        self.nodes.lock().insert(node, to.clone());
        let (mut sent, mut said) = socket.split();
        let give = async {
            while let Some(frame) = waiting.recv().await {
                sent.send(frame).await.ok()?;
            }
            Some(())
        };
        let take = async {
            while let Some(Ok(message)) = said.next().await {
                if let Some(said) = binary(message) {
                    self.take(&node, &said, &to)?;
                }
            }
            Some(())
        };
        tokio::select! {
            ended = give => ended,
            ended = take => ended,
        }
    }

    /// What is for somebody who is not there is lost, as any datagram may be.
    fn take(&self, from: &EndpointId, said: &[u8], to: &UnboundedSender<Message>) -> Option<()> {
        let (tag, said) = said.split_first()?;
        match *tag {
            PING => to.send(frame(PONG, &[said])).ok(),
            DATAGRAM | DATAGRAMS => {
                let (to, datagram) = said.split_at_checked(32)?;
                let to = EndpointId::from_bytes(to.try_into().ok()?).ok()?;
                self.carried.fetch_add(datagram.len() as u64, Relaxed);
                if let Some(to) = self.nodes.lock().get(&to) {
                    // It may just have left.
                    let _ = to.send(frame(tag + DELIVERED, &[from.as_bytes(), datagram]));
                }
                Some(())
            }
            _ => Some(()),
        }
    }
}

/// Which version of the protocol is spoken.
fn versed(_: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    let version = HeaderValue::from_static("iroh-relay-v2");
    response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, version);
    Ok(response)
}

fn frame(tag: u8, parts: &[&[u8]]) -> Message {
    let mut bytes = vec![tag];
    bytes.extend(parts.concat());
    Message::binary(bytes)
}

fn binary(message: Message) -> Option<Bytes> {
    match message {
        Message::Binary(bytes) => Some(bytes),
        _ => None,
    }
}

/// Who has signed the nonce: a tag, the node, the length of the signature, the signature.
fn signer(said: &[u8]) -> Option<EndpointId> {
    let node = EndpointId::from_bytes(said.get(1..33)?.try_into().ok()?).ok()?;
    let signature = Signature::from_bytes(said.get(34..98)?.try_into().ok()?);
    let signed = blake3::derive_key(PURPOSE, &NONCE);
    node.verify(&signed, &signature).ok().map(|()| node)
}

#[cfg(test)]
mod tests {
    use super::*;
    use iroh_base::SecretKey;

    #[test]
    fn signer_should_be_whoever_has_signed_and_nobody_else() {
        let [one, other] = [1, 2].map(|byte| SecretKey::from_bytes(&[byte; 32]));
        let said = |name: EndpointId, signer: &SecretKey| {
            let signature = signer.sign(&blake3::derive_key(PURPOSE, &NONCE)).to_bytes();
            let mut said = vec![1];
            said.extend_from_slice(name.as_bytes());
            said.push(64);
            said.extend_from_slice(&signature);
            said
        };
        let honest = said(one.public(), &one);
        assert!(signer(&honest).is_some_and(|signer| signer == one.public()));
        assert!(signer(&said(one.public(), &other)).is_none());
        assert!(signer(&honest[..honest.len() - 1]).is_none());
    }
}
