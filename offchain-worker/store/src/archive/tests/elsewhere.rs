//! A bucket of a server that is none of ours: what the stand-in and the client have wrong alike
//! would show there. No test takes anything for granted of what it has already.

use super::*;
use cairn_bucket::SECRET;
use std::env;

const KEY: &str = "AWS_ACCESS_KEY_ID";

/// What its owner has in the environment of a program, where there is such a server.
fn settings() -> Option<Vec<(String, String)>> {
    let names = ["CAIRN_S3_SERVER", "CAIRN_S3_KEY", "CAIRN_S3_SECRET"];
    let [Ok(server), Ok(key), Ok(secret)] = names.map(env::var) else {
        eprintln!("SKIPPED: {} do not say where a server of S3 is, and whose", names.join(", "));
        return None;
    };
    let settings = [
        ("AWS_ENDPOINT_URL", server.as_str()),
        ("AWS_ALLOW_HTTP", "true"),
        (KEY, key.as_str()),
        (SECRET, secret.as_str()),
        // A machine without any certificates has to do.
        ("AWS_DISABLE_SYSTEM_CERTIFICATES", "true"),
    ];
    Some(settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
}

/// The same with another value of one of them.
fn with(settings: &[(String, String)], name: &str, value: &str) -> Vec<(String, String)> {
    let mut settings = settings.to_vec();
    for (_, own) in settings.iter_mut().filter(|(known, _)| known == name) {
        *own = value.to_owned();
    }
    settings
}

async fn is_missing(archive: &Archive, file: &File) -> bool {
    matches!(read(archive, file, 0).await, Err(Unread::Missing))
}

#[tokio::test]
#[ignore = "CAIRN_S3_SERVER has to name a server of S3, as scripts/test --long starts one"]
async fn foreign_bucket_should_give_what_it_was_given_when_it_came_at_once_or_in_parts() {
    let Some(settings) = settings() else { return };
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let archive = archive(&settings);
    for length in [0, 1_000, 9 << 20] {
        let bytes = bytes_of(length);
        let file = put(&archive, &bytes).await.unwrap();
        assert_eq!(read(&archive, &file, 0).await.unwrap(), bytes);
        assert_eq!(archive.get(&file.id).await.unwrap(), bytes);
        assert_eq!(archive.get_file(&file.id, &out).await.unwrap(), file);
        assert_eq!(fs::read(&out).unwrap(), bytes);
        for from in [1, u64::from(length / 2), u64::from(length.saturating_sub(1))] {
            if (1..file.bytes).contains(&from) {
                assert_eq!(read(&archive, &file, from).await.unwrap(), bytes[from as usize..]);
            }
        }
        // In place of itself.
        assert_eq!(put(&archive, &bytes).await.unwrap(), file);
        let longer = File { bytes: file.bytes + 1, ..file };
        let refused = read(&archive, &longer, 0).await.map(drop);
        assert!(matches!(refused, Err(Unread::False(_))), "{refused:?}");
    }
    archive.check().await.unwrap();
    assert!(is_missing(&archive, &named(b"nobody has it")).await);
}

#[tokio::test]
#[ignore = "CAIRN_S3_SERVER has to name a server of S3, as scripts/test --long starts one"]
async fn foreign_bucket_should_have_nothing_when_what_is_sent_in_parts_is_another_file() {
    let Some(settings) = settings() else { return };
    let archive = archive(&settings);
    let mut bytes = bytes_of((9 << 20) + 4);
    let file = named(&bytes);
    bytes[5] ^= 1;
    let from = tempfile::NamedTempFile::new().unwrap();
    fs::write(from.path(), &bytes).unwrap();
    let refused = archive.put(&file, from.path()).await;
    assert!(matches!(refused, Err(Error::False { .. })), "{refused:?}");
    assert!(is_missing(&archive, &file).await);
}

#[tokio::test]
#[ignore = "CAIRN_S3_SERVER has to name a server of S3, as scripts/test --long starts one"]
async fn foreign_bucket_should_give_and_take_nothing_when_the_secret_is_wrong() {
    let Some(settings) = settings() else { return };
    let own = archive(&settings);
    let file = put(&own, b"what is there").await.unwrap();
    let strangers = [
        (with(&settings, SECRET, "a guess"), "SignatureDoesNotMatch"),
        (with(&settings, KEY, "nobody"), "InvalidAccessKeyId"),
    ];
    for (settings, why) in strangers {
        let strange = archive(&settings);
        for length in [1_004, (9 << 20) + 8] {
            let bytes = bytes_of(length);
            let refused = put(&strange, &bytes).await.unwrap_err();
            assert!(matches!(refused, Error::Archive { .. }), "{refused}");
            let words = refused.to_string();
            assert!(words.contains(SECRET) && words.contains(why), "{words}");
            assert!(is_missing(&own, &named(&bytes)).await);
        }
        let unread = read(&strange, &file, 0).await.map(drop).unwrap_err().to_string();
        assert!(unread.contains(SECRET) && unread.contains(why), "{unread}");
        assert!(strange.check().await.unwrap_err().contains(SECRET));
    }
    assert_eq!(read(&own, &file, 0).await.unwrap(), b"what is there");
}
