#![doc = include_str!("../README.md")]

mod bucket;
mod request;
mod signature;

pub use bucket::Bucket;

use parking_lot::{Mutex, MutexGuard};
use request::Request;
use signature::Owner;
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};

/// Names what the owner signs with.
pub const SECRET: &str = "AWS_SECRET_ACCESS_KEY";

const OWNER: Owner = Owner { name: "owner", secret: "no/secret+at-all", region: "nowhere" };

/// A server that answers until the runtime ends in which it was started.
pub struct Server {
    address: SocketAddr,
    bucket: Arc<Mutex<Bucket>>,
}

impl Server {
    /// Listens on a port that is free.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let bucket = Arc::<Mutex<Bucket>>::default();
        let shared = Arc::clone(&bucket);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that leaves in the middle is none of the others' trouble.
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Ok(Self { address, bucket })
    }

    /// What its owner has in the environment of a program.
    pub fn settings(&self) -> Vec<(String, String)> {
        let endpoint = format!("http://{}", self.address);
        let settings = [
            ("AWS_ENDPOINT_URL", endpoint.as_str()),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_REGION", OWNER.region),
            ("AWS_ACCESS_KEY_ID", OWNER.name),
            (SECRET, OWNER.secret),
            // A machine without any certificates has to do.
            ("AWS_DISABLE_SYSTEM_CERTIFICATES", "true"),
        ];
        settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    /// The same of somebody who has not the owner's secret.
    pub fn settings_of_a_stranger(&self) -> Vec<(String, String)> {
        let mut settings = self.settings();
        for (_, value) in settings.iter_mut().filter(|(name, _)| name == SECRET) {
            *value = "a guess".to_owned();
        }
        settings
    }

    pub fn bucket(&self) -> MutexGuard<'_, Bucket> {
        self.bucket.lock()
    }
}

async fn serve(mut stream: TcpStream, bucket: Arc<Mutex<Bucket>>) -> io::Result<()> {
    let request = Request::read(&mut stream).await?;
    let answer = match OWNER.check(&request) {
        Ok(()) => bucket.lock().answer(request),
        Err(code) => bucket::refusal(code),
    };
    stream.write_all(answer.head.as_bytes()).await?;
    stream.write_all(&answer.body).await?;
    stream.shutdown().await
}
