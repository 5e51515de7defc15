#![doc = include_str!("../README.md")]

mod room;

use room::Room;
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};
use tokio::net::TcpListener;

/// A relay that is there until the runtime ends in which it was started.
pub struct Server {
    address: SocketAddr,
    room: Arc<Room>,
}

impl Server {
    /// Listens on a port that is free.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let room = Arc::<Room>::default();
        let shared = Arc::clone(&room);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let room = Arc::clone(&shared);
                // A node that leaves in the middle is none of the others' trouble.
                tokio::spawn(async move { room.answer(stream).await });
            }
        });
        Ok(Self { address, room })
    }

    /// What nodes are told of it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Bytes that went from one node to another.
    pub fn carried(&self) -> u64 {
        self.room.carried()
    }
}
