use super::{
    driver::{is_taken, PRIORITY_TOO_LOW},
    store::Entry,
    *,
};
use crate::{
    calls, chain,
    stub::{Node, World},
};
use subxt::rpcs::{Error as RpcError, UserError};
use tempfile::TempDir;
use tokio::task::yield_now;

fn refusal(code: i32) -> RpcError {
    RpcError::User(UserError { code, message: "Invalid Transaction".into(), data: None })
}

#[test]
fn is_taken_should_hold_only_when_another_transaction_has_the_nonce() {
    assert!(is_taken(&refusal(PRIORITY_TOO_LOW)));
    assert!(!is_taken(&refusal(1010)));
    assert!(!is_taken(&RpcError::Client("gone".into())));
}

/// An outbox that does nothing by itself, on nodes that are made up.
struct Desk {
    world: World,
    outbox: Outbox,
    _directory: TempDir,
}

impl Desk {
    async fn new() -> Self {
        let world = World::new(&["a"]);
        let chain = world.connect().await.unwrap();
        let signer = Signer::dev("Alice").unwrap();
        let directory = tempfile::tempdir().unwrap();
        let database = store::database(&directory.path().join("outbox")).unwrap();
        let store = Store::on(database, b"alice").unwrap();
        let (alone, (progress, _)) = (Mutex::default(), watch::channel(Progress::default()));
        let inner = Arc::new(Inner { chain, signer, store, alone, progress });
        let outbox = Outbox { shared: Arc::new(Shared { inner, driver: Lock::default() }) };
        Self { world, outbox, _directory: directory }
    }

    fn inner(&self) -> Arc<Inner> {
        Arc::clone(&self.outbox.shared.inner)
    }

    fn node(&self, change: impl FnOnce(&mut Node)) {
        self.world.node("a", change);
    }

    async fn transfer(&self, purpose: &str) -> Ticket {
        let to = Signer::dev("Bob").unwrap().account();
        self.outbox.submit(purpose, &calls::transfer(&to, 1)).await.unwrap()
    }

    async fn remark(&self, purpose: &str) -> Ticket {
        let call = chain::tx().system().remark(vec![1]);
        self.outbox.submit(purpose, &call).await.unwrap()
    }

    fn entry(&self, purpose: &str) -> Entry {
        self.inner().store.get(purpose).unwrap().unwrap()
    }

    /// The chain goes on to this block, which was looked through.
    async fn renew(&self, number: u64) {
        self.node(|node| node.head = number);
        self.inner().renew(number).await.unwrap();
    }

    fn sent(&self) -> usize {
        self.world.state().sent.len()
    }
}

#[tokio::test]
async fn renew_should_sign_anew_once_and_only_what_no_block_can_have() {
    let desk = Desk::new().await;
    desk.transfer("one").await;
    let before = desk.entry("one");
    assert_eq!((before.nonce, before.born, before.dies), (0, 10, 9 + PERIOD));
    desk.renew(before.dies).await;
    assert_eq!((desk.entry("one"), desk.sent()), (before.clone(), 1));
    for _ in 0..2 {
        desk.renew(before.dies + 1).await;
        let after = desk.entry("one");
        // Whatever becomes of the one before, no block can have both.
        assert_eq!((after.nonce, after.born), (before.nonce, before.dies + 1));
        assert_ne!(after.signed, before.signed);
        assert_eq!(desk.sent(), 2);
    }
}

#[tokio::test]
async fn renew_should_take_another_nonce_when_it_was_used_elsewhere() {
    let desk = Desk::new().await;
    desk.transfer("one").await;
    desk.transfer("two").await;
    // Of three that were used elsewhere, the last one is not final yet.
    desk.node(|node| (node.nonce, node.pooled) = (2, 3));
    desk.renew(10 + PERIOD).await;
    assert_eq!((desk.entry("one").nonce, desk.entry("two").nonce), (3, 4));
}

#[tokio::test]
async fn renew_should_end_what_does_not_fit_the_runtime_any_more_and_go_on_with_others() {
    let desk = Desk::new().await;
    let misfit = desk.transfer("misfit").await;
    desk.remark("remark").await;
    desk.node(Node::upgrade);
    desk.renew(10 + PERIOD).await;
    let remark = desk.entry("remark");
    // It does not wait for the nonce of one that never comes.
    assert_eq!((remark.nonce, remark.born, remark.included), (0, 10 + PERIOD, None));
    assert_eq!(desk.sent(), 3);
    let ended = misfit.succeeded().await.unwrap_err();
    assert!(matches!(&ended, Error::Unfit { purpose, .. } if purpose == "misfit"), "{ended}");
    assert!(desk.outbox.trouble().is_some_and(|trouble| trouble.contains("misfit")));
    // It is kept until its owner has seen it.
    assert!(desk.outbox.find("misfit").unwrap().is_some());
    desk.outbox.forget("misfit").await.unwrap();
    assert!(desk.outbox.find("misfit").unwrap().is_none());
}

#[tokio::test]
async fn submit_should_fill_the_gap_that_one_leaves_which_does_not_fit() {
    let desk = Desk::new().await;
    desk.transfer("misfit").await;
    desk.node(|node| node.head = 40);
    desk.remark("later").await;
    desk.node(Node::upgrade);
    desk.renew(10 + PERIOD).await;
    // It has time left, and waits for the nonce before its own.
    assert_eq!(desk.entry("later").nonce, 1);
    desk.remark("last").await;
    assert_eq!(desk.entry("last").nonce, 0);
}

#[tokio::test]
async fn submit_should_take_the_next_nonce_when_another_transaction_has_it() {
    let desk = Desk::new().await;
    desk.world.state().refusals.push(PRIORITY_TOO_LOW);
    let call = chain::tx().system().remark(vec![1]);
    desk.outbox.submit("one", &call).await.unwrap();
    assert_eq!((desk.entry("one").nonce, desk.sent()), (1, 2));
    desk.world.state().refusals.push(1010);
    let refused = desk.outbox.submit("two", &call).await.map(drop);
    assert!(matches!(refused, Err(Error::Refused { code: 1010, .. })), "{refused:?}");
    assert!(desk.outbox.find("two").unwrap().is_none());
}

#[tokio::test]
async fn resend_should_wait_for_what_is_sent_for_the_first_time() {
    let desk = Arc::new(Desk::new().await);
    desk.world.hold(true);
    let submitter = Arc::clone(&desk);
    let submitting = tokio::spawn(async move { submitter.transfer("one").await.purpose().len() });
    while desk.sent() == 0 {
        yield_now().await;
    }
    let inner = desk.inner();
    let resending = tokio::spawn(async move { inner.resend().await });
    // Nothing here waits for anything but its turn.
    for _ in 0..1_000 {
        yield_now().await;
    }
    assert_eq!(desk.sent(), 1);
    desk.world.hold(false);
    submitting.await.unwrap();
    resending.await.unwrap().unwrap();
    let state = desk.world.state();
    assert_eq!(state.sent.len(), 2);
    assert_eq!(state.sent[0], state.sent[1]);
}

#[tokio::test]
async fn forget_others_should_leave_what_is_open_or_to_be_kept() {
    let desk = Desk::new().await;
    for purpose in ["beat:1", "beat:2", "beat:3", "other:1"] {
        desk.remark(purpose).await;
        if purpose != "beat:2" {
            let included = Included { block: H256([1; 32]), number: 12, outcome: Outcome::Done };
            let entry = Entry { included: Some(included), ..desk.entry(purpose) };
            desk.inner().store.put(purpose, &entry).unwrap();
        }
    }
    desk.outbox.forget_others("beat:", &["beat:3".into()]).await.unwrap();
    assert_eq!(desk.inner().store.purposes("").unwrap(), ["beat:2", "beat:3", "other:1"]);
}
