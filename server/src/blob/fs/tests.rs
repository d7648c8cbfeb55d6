//! The file store on a real folder.

use std::time::SystemTime;

use super::*;

fn store() -> (tempfile::TempDir, FsBlobs) {
    let folder = tempfile::tempdir().unwrap();
    let store = FsBlobs::new(folder.path().join("artifacts")).unwrap();
    (folder, store)
}

fn key() -> BlobKey {
    BlobKey::random(Uuid::from_u128(1)).unwrap()
}

async fn content(store: &FsBlobs, key: &BlobKey) -> Option<Vec<u8>> {
    let mut reader = store.open(key).await.unwrap()?;
    let len = usize::try_from(reader.len()).unwrap();
    Some(reader.read(Block::new(len)).await.unwrap().to_vec())
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let inside = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    inside.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[tokio::test]
async fn a_committed_blob_is_read_back() {
    let (_folder, store) = store();
    let key = key();
    let mut writer = store.create(&key);
    writer.write(b"one ").unwrap();
    writer.write(b"two ").unwrap();
    writer.commit(b"three").unwrap();
    assert_eq!(content(&store, &key).await.unwrap(), b"one two three");
}

#[tokio::test]
async fn a_blob_is_read_block_by_block() {
    let (_folder, store) = store();
    let key = key();
    let bytes: Vec<u8> = (0..1_000_000_u32).map(|at| at.to_le_bytes()[0]).collect();
    store.create(&key).commit(&bytes).unwrap();
    let mut reader = store.open(&key).await.unwrap().unwrap();
    let mut read = Vec::new();
    for len in [1, 300_000, 40, 300_000, 399_959] {
        read.extend_from_slice(&reader.read(Block::new(len)).await.unwrap());
    }
    assert!(read == bytes);
    assert!(matches!(reader.read(Block::new(1)).await, Err(BlobError::Truncated)));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_file_that_is_not_in_memory_is_read_too() {
    let (_folder, store) = store();
    let key = key();
    store.create(&key).commit(&[5; 500_000]).unwrap();
    let file = File::open(store.folders.path(&key)).unwrap();
    rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
    assert_eq!(content(&store, &key).await.unwrap(), [5; 500_000]);
}

#[tokio::test]
async fn a_blob_that_shrinks_is_truncated_not_padded() {
    let (_folder, store) = store();
    let key = key();
    store.create(&key).commit(&[5; 1000]).unwrap();
    let mut reader = store.open(&key).await.unwrap().unwrap();
    OpenOptions::new().write(true).open(store.folders.path(&key)).unwrap().set_len(10).unwrap();
    assert!(matches!(reader.read(Block::new(1000)).await, Err(BlobError::Truncated)));
}

#[tokio::test]
async fn what_is_not_there_is_none() {
    let (_folder, store) = store();
    assert!(store.open(&key()).await.unwrap().is_none());
    store.delete(&key()).await.unwrap();
}

#[tokio::test]
async fn a_writer_that_is_dropped_leaves_nothing() {
    let (folder, store) = store();
    let mut writer = store.create(&key());
    writer.write(b"half").unwrap();
    assert_eq!(files(folder.path()).len(), 1);
    drop(writer);
    drop(store.create(&key()));
    assert_eq!(files(folder.path()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_blob_is_never_replaced() {
    let (_folder, store) = store();
    let key = key();
    store.create(&key).commit(b"first").unwrap();
    assert!(matches!(store.create(&key).commit(b"second"), Err(BlobError::Exists)));
    assert_eq!(content(&store, &key).await.unwrap(), b"first");
}

#[tokio::test]
async fn of_writers_of_one_key_exactly_one_wins() {
    let (folder, store) = store();
    for _ in 0..50 {
        let key = key();
        let bodies = [[1; 5000], [2; 5000], [3; 5000]];
        let start = std::sync::Barrier::new(bodies.len());
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let threads = bodies.each_ref().map(|body| {
                let (writer, start) = (store.create(&key), &start);
                scope.spawn(move || {
                    start.wait();
                    writer.commit(body)
                })
            });
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let winners: Vec<usize> = (0..bodies.len()).filter(|index| outcomes[*index].is_ok()).collect();
        assert_eq!(winners.len(), 1);
        assert_eq!(content(&store, &key).await.unwrap(), bodies[winners[0]]);
    }
    assert_eq!(files(folder.path()).len(), 50);
}

#[tokio::test]
async fn a_deleted_blob_is_gone_but_its_readers_may_finish() {
    let (_folder, store) = store();
    let key = key();
    store.create(&key).commit(b"content").unwrap();
    let mut reader = store.open(&key).await.unwrap().unwrap();
    store.delete(&key).await.unwrap();
    assert!(store.open(&key).await.unwrap().is_none());
    assert_eq!(reader.read(Block::new(7)).await.unwrap()[..], *b"content");
}

#[tokio::test]
async fn every_blob_is_listed_and_nothing_else() {
    let (_folder, store) = store();
    let mut keys: Vec<BlobKey> = (0..40).map(|number| BlobKey::random(Uuid::from_u128(number % 3)).unwrap()).collect();
    for key in &keys {
        store.create(key).commit(b"12345").unwrap();
    }
    let root = &store.folders.root;
    fs::write(root.join("README"), "not a workspace").unwrap();
    fs::write(root.join(keys[0].workspace().to_string()).join("stray"), "not a folder").unwrap();
    fs::write(store.folders.path(&keys[0]).with_file_name("lost+found"), "not a blob").unwrap();
    let listed: Vec<BlobEntry> = store.list().try_collect().await.unwrap();
    let mut found: Vec<BlobKey> = listed.iter().map(|entry| entry.key).collect();
    found.sort();
    keys.sort();
    assert_eq!(found, keys);
    assert!(
        listed
            .iter()
            .all(|entry| entry.len == 5 && entry.modified.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() > 1_000_000_000)
    );
}

#[tokio::test]
async fn the_check_passes_and_leaves_nothing() {
    let (folder, store) = store();
    store.check().await.unwrap();
    assert_eq!(files(folder.path()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn the_check_says_when_nothing_can_be_written() {
    let (folder, store) = store();
    fs::remove_dir_all(folder.path().join("artifacts")).unwrap();
    fs::write(folder.path().join("artifacts"), "a file in the way").unwrap();
    let error = store.check().await.unwrap_err();
    assert_eq!(error.to_string(), "the artifact store failed to write a blob");
}

#[test]
fn only_the_server_may_look() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, store) = store();
    let key = key();
    store.create(&key).commit(b"content").unwrap();
    let path = store.folders.path(&key);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert!(path.ancestors().skip(1).take(3).all(|folder| mode(folder) == 0o700));
}
