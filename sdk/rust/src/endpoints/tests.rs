use super::*;
use std::{collections::HashSet, sync::Mutex as Lock};
use subxt::rpcs::UserError;

/// Endpoints that are gone or of another chain as the test wants.
#[derive(Clone, Default)]
struct World {
    gone: Arc<Lock<HashSet<String>>>,
    foreign: Arc<Lock<HashSet<String>>>,
}

impl World {
    fn go(&self, url: &str) {
        self.gone.lock().unwrap().insert(url.into());
    }

    fn come(&self, url: &str) {
        self.gone.lock().unwrap().remove(url);
    }

    fn is_gone(&self, url: &str) -> bool {
        self.gone.lock().unwrap().contains(url)
    }

    fn endpoints(&self, genesis: Option<H256>) -> Endpoints {
        let patience = Duration::from_millis(10);
        let options = Options { genesis, patience, ..Options::default() };
        Endpoints::through(&["a", "b", "c"], &options, Box::new(self.clone())).unwrap()
    }
}

impl Connector for World {
    fn connect<'a>(&'a self, url: &'a str) -> Connecting<'a> {
        Box::pin(async move {
            if self.is_gone(url) {
                return Err(RpcError::Client("gone".into()));
            }
            Ok(RpcClient::new(Node { url: url.into(), world: self.clone() }))
        })
    }
}

/// Says its own name when it is asked for anything.
struct Node {
    url: String,
    world: World,
}

impl RpcClientT for Node {
    fn request_raw<'a>(
        &'a self,
        method: &'a str,
        _params: Option<Box<RawValue>>,
    ) -> RawRpcFuture<'a, Box<RawValue>> {
        Box::pin(async move {
            if self.world.is_gone(&self.url) {
                return Err(RpcError::Client("gone".into()));
            }
            let foreign = self.world.foreign.lock().unwrap().contains(&self.url);
            let answer = match method {
                "chain_getBlockHash" => format!("{:?}", H256([u8::from(foreign); 32])),
                "unknown" => return Err(UserError::method_not_found().into()),
                _ => self.url.clone(),
            };
            Ok(RawValue::from_string(format!("\"{answer}\"")).expect("it is JSON"))
        })
    }

    fn subscribe_raw<'a>(
        &'a self,
        _sub: &'a str,
        _params: Option<Box<RawValue>>,
        _unsub: &'a str,
    ) -> RawRpcFuture<'a, RawRpcSubscription> {
        Box::pin(async { Err(RpcError::Client("no subscriptions".into())) })
    }
}

async fn name(endpoints: &Endpoints) -> Result<String, RpcError> {
    RpcClient::new(endpoints.clone()).request("name", rpc_params![]).await
}

#[tokio::test]
async fn endpoints_should_stay_with_the_next_one_when_one_fails() {
    let world = World::default();
    let endpoints = world.endpoints(None);
    assert_eq!(name(&endpoints).await.unwrap(), "a");
    assert_eq!(name(&endpoints).await.unwrap(), "a");
    let before = endpoints.generation();
    world.go("a");
    assert_eq!(name(&endpoints).await.unwrap(), "b");
    assert_ne!(endpoints.generation(), before);
    world.come("a");
    assert_eq!(name(&endpoints).await.unwrap(), "b");
    world.go("b");
    world.go("c");
    assert_eq!(name(&endpoints).await.unwrap(), "a");
}

#[tokio::test]
async fn endpoints_should_name_all_of_them_when_none_answers() {
    let world = World::default();
    for url in ["a", "b", "c"] {
        world.go(url);
    }
    let error = world.endpoints(None).open().await.unwrap_err().to_string();
    for url in ["a: ", "b: ", "c: "] {
        assert!(error.contains(url), "{error}");
    }
}

#[tokio::test]
async fn endpoints_should_pass_one_over_when_it_is_of_another_chain() {
    let world = World::default();
    world.foreign.lock().unwrap().insert("a".into());
    let endpoints = world.endpoints(Some(H256([0; 32])));
    assert_eq!(name(&endpoints).await.unwrap(), "b");
    // Without being told, the first that answers says which chain it is.
    let endpoints = world.endpoints(None);
    assert_eq!(name(&endpoints).await.unwrap(), "a");
    world.go("a");
    let error = name(&endpoints).await.unwrap_err().to_string();
    assert!(error.contains("b: ") && error.contains("begins with"), "{error}");
}

#[tokio::test]
async fn endpoints_should_not_ask_another_when_the_answer_is_a_refusal() {
    let endpoints = World::default().endpoints(None);
    let client = RpcClient::new(endpoints.clone());
    let refused = client.request::<String>("unknown", rpc_params![]).await;
    assert!(matches!(refused, Err(RpcError::User(_))), "{refused:?}");
    assert_eq!(name(&endpoints).await.unwrap(), "a");
}

#[test]
fn endpoints_should_ask_for_one_when_there_is_none() {
    let none: [&str; 0] = [];
    assert!(matches!(Endpoints::new(&none, &Options::default()), Err(Error::NoEndpoint)));
}
