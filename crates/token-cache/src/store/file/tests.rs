use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::*;
use crate::clock::TestClock;
use secrecy::{ExposeSecret, SecretString};

const LIFETIME: Duration = Duration::from_secs(120);

fn key(name: &str) -> TokenKey {
    TokenKey::builder("test").part("name", name).build()
}

fn stored(text: &str, remaining: u64) -> StoredToken {
    StoredToken::new(
        SecretString::from(text),
        LIFETIME,
        Duration::from_secs(remaining),
    )
}

async fn text(store: &FileStore, name: &str) -> Option<String> {
    let found = store.get(&key(name)).await.unwrap()?;
    Some(found.token().expose_secret().to_owned())
}

#[tokio::test(start_paused = true)]
async fn what_is_put_is_read_with_what_is_left_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(TestClock::new());
    let path = folder.path().join("deeper").join("tokens");
    let store = FileStore::with_clock(&path, clock.clone());
    assert_eq!(text(&store, "a").await, None);
    store.put(&key("a"), stored("one", 100)).await.unwrap();
    store
        .put(&key("b"), stored("two of a kind", 50))
        .await
        .unwrap();

    // another process
    let store = FileStore::with_clock(&path, clock.clone());
    clock.advance(Duration::from_secs(30));
    let found = store.get(&key("a")).await.unwrap().unwrap();
    assert_eq!(
        (found.lifetime(), found.remaining()),
        (LIFETIME, Duration::from_secs(70))
    );
    assert_eq!(text(&store, "b").await.as_deref(), Some("two of a kind"));

    // a later expiry is not overwritten by an earlier one
    store.put(&key("a"), stored("earlier", 60)).await.unwrap();
    assert_eq!(text(&store, "a").await.as_deref(), Some("one"));
    store.put(&key("a"), stored("later", 110)).await.unwrap();
    assert_eq!(text(&store, "a").await.as_deref(), Some("later"));

    // only the token that is named is removed
    store.remove(&key("a"), TokenHash::of("one")).await.unwrap();
    assert_eq!(text(&store, "a").await.as_deref(), Some("later"));
    store
        .remove(&key("a"), TokenHash::of("later"))
        .await
        .unwrap();
    assert_eq!(text(&store, "a").await, None);

    // the clock set back: nobody knows how old it is
    clock.step_wall_back(Duration::from_secs(31));
    assert_eq!(text(&store, "b").await, None);
    clock.step_wall_forward(Duration::from_secs(31 + 20));
    assert_eq!(text(&store, "b").await, None, "expired");
}

#[tokio::test]
async fn a_damaged_file_is_a_miss_and_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::new(folder.path().join("tokens"));
    store.put(&key("a"), stored("one", 100)).await.unwrap();
    let whole = fs::read(store.path()).unwrap();
    for length in 0..whole.len() {
        fs::write(store.path(), &whole[..length]).unwrap();
        assert_eq!(text(&store, "a").await, None, "cut to {length} bytes");
    }
    for index in 0..whole.len() {
        let mut changed = whole.clone();
        changed[index] ^= 1;
        fs::write(store.path(), &changed).unwrap();
        assert_eq!(text(&store, "a").await, None, "byte {index} changed");
    }
    store.put(&key("a"), stored("two", 100)).await.unwrap();
    assert_eq!(text(&store, "a").await.as_deref(), Some("two"));
}

#[cfg(unix)]
#[tokio::test]
async fn secret_on_disk_readable() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made here").join("tokens");
    let store = FileStore::new(&path);
    store.put(&key("a"), stored("one", 100)).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));

    // what others may read is refused, and said so, and not silently mended
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let error = store.get(&key("a")).await.unwrap_err();
    let why = std::error::Error::source(&error).unwrap().to_string();
    assert!(why.contains("may be read or written by others"), "{why}");
    assert!(store.put(&key("a"), stored("two", 110)).await.is_err());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(text(&store, "a").await.as_deref(), Some("one"));

    // nor does it follow a link, which somebody else may have laid
    let link = folder.path().join("link");
    symlink(&path, &link).unwrap();
    assert!(FileStore::new(&link).get(&key("a")).await.is_err());
    assert!(
        FileStore::new(folder.path()).get(&key("a")).await.is_err(),
        "a folder"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_of_another_user_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens");
    let store = FileStore::new(&path);
    store.put(&key("a"), stored("one", 100)).await.unwrap();
    let nobody = Some(rustix::fs::Uid::from_raw(65_534));
    if rustix::fs::chown(&path, nobody, None).is_err() {
        // only root may give files away: then it is enough to look at a file of root's
        assert!(FileStore::new("/etc/passwd").get(&key("a")).await.is_err());
        return;
    }
    let error = store.get(&key("a")).await.unwrap_err();
    let why = std::error::Error::source(&error).unwrap().to_string();
    assert!(why.contains("belongs to another user"), "{why}");
}

const CHILD: &str = "TOKEN_CACHE_TEST_CHILD";

/// Not a test by itself: what the other process of the tests below does.
#[test]
fn child() {
    let Ok(task) = std::env::var(CHILD) else {
        return;
    };
    let (task, path) = task.split_once(' ').unwrap();
    let store = match task {
        "stop" => FileStore(Arc::new(Inner {
            path: path.into(),
            clock: Arc::new(SystemClock::new()),
            before_rename: Some(|| {
                eprintln!("between write and rename");
                loop {
                    std::thread::park();
                }
            }),
        })),
        _ => FileStore::new(path),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        match task {
            "stop" => store
                .put(&key("a"), stored("of the dead", 110))
                .await
                .unwrap(),
            _ => {
                for number in 0..50 {
                    let name = format!("{task} {number}");
                    // on a machine with much else to do the lock may not come in time
                    let mut tries = 0..100;
                    while store.put(&key(&name), stored(&name, 110)).await.is_err() {
                        tries.next().unwrap();
                    }
                    assert_eq!(text(&store, &name).await.as_deref(), Some(&*name));
                }
            }
        }
    });
}

fn process(task: &str, path: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "store::file::tests::child", "--nocapture"])
        .env(CHILD, format!("{task} {}", path.display()))
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

#[tokio::test]
async fn a_process_killed_between_write_and_rename_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::new(folder.path().join("tokens"));
    store.put(&key("a"), stored("old", 100)).await.unwrap();

    let mut child = process("stop", store.path()).spawn().unwrap();
    let says = BufReader::new(child.stderr.take().unwrap()).lines();
    let stopped = says
        .map_while(Result::ok)
        .any(|line| line == "between write and rename");
    assert!(stopped);
    assert!(
        store.0.beside(".new").exists(),
        "it has written, beside the file"
    );
    assert_eq!(
        text(&store, "a").await.as_deref(),
        Some("old"),
        "readers need no lock"
    );
    let busy = store.put(&key("a"), stored("meanwhile", 110)).await;
    assert!(busy.is_err(), "the lock is the other's");
    child.kill().unwrap();
    child.wait().unwrap();

    assert_eq!(text(&store, "a").await.as_deref(), Some("old"));
    store.put(&key("a"), stored("new", 105)).await.unwrap();
    assert_eq!(text(&store, "a").await.as_deref(), Some("new"));
    assert!(!store.0.beside(".new").exists());
}

#[tokio::test]
async fn file_cache_that_never_persists() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::new(folder.path().join("tokens"));
    // two processes that write at the same time lose nothing of each other's
    let children: Vec<_> = ["one", "two"]
        .map(|task| process(task, store.path()).spawn().unwrap())
        .into();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    for task in ["one", "two"] {
        for number in 0..50 {
            let name = format!("{task} {number}");
            assert_eq!(text(&store, &name).await.as_deref(), Some(&*name));
        }
    }
}
