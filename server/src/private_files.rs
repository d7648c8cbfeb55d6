//! Only its owner reads what the server stores, whatever the umask is, and whatever modes older versions or a copy left.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::Mode;
use rustix::process::umask;

use crate::config::Config;

/// What others and the group may do with a file.
const OF_OTHERS: u32 = 0o077;
/// Everybody may use the folder, and nobody may delete what is somebody else's: `/tmp`.
const SHARED: u32 = 0o1000;

/// From now on this process makes files and folders that only its owner can read. Call it while there is one thread.
pub fn make_new_ones_private() {
    umask(Mode::RWXG | Mode::RWXO);
}

/// Makes the data folder and what it holds private, and the database where it is a file. To be called before anything is
/// stored.
pub fn tighten(config: &Config) -> io::Result<()> {
    let folder = &config.data_dir;
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mode = fs::metadata(folder)?.mode();
    if mode & SHARED != 0 && mode & 0o002 != 0 {
        return Err(io::Error::other("everybody may write into it; use a folder of its own"));
    }
    for part in [config.artifact_dir(), config.mail_dir()] {
        tighten_all(&part)?;
    }
    for name in ["master.key", "buildkeep.sqlite", "buildkeep.sqlite-wal", "buildkeep.sqlite-shm"] {
        tighten_one(&folder.join(name))?;
    }
    if let Some(file) = sqlite_file(&config.database_url()) {
        // SQLite gives the files beside it the mode of this one.
        let created = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&file);
        match created {
            // Why it cannot be made, the database says better.
            Err(error) if !matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound) => return Err(error),
            Ok(_) | Err(_) => {}
        }
        for end in ["", "-wal", "-shm"] {
            tighten_one(&PathBuf::from(format!("{}{end}", file.display())))?;
        }
    }
    tighten_folder(folder, mode)
}

/// The folder that holds all the rest. Where a container or a cluster has made it for a group, it is not ours to change: then
/// what it holds is private nevertheless.
fn tighten_folder(folder: &Path, mode: u32) -> io::Result<()> {
    match tighten_one(folder) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            let (folder, mode) = (folder.display(), format!("{:o}", mode & 0o777));
            tracing::warn!(%folder, mode, "the data folder belongs to another user and is open to others; what is in it is not. Make it private");
            Ok(())
        }
        done => done,
    }
}

/// A folder with all that it holds. Its own mode is changed last: as long as others can enter it, the work is not done.
fn tighten_all(path: &Path) -> io::Result<()> {
    let Some(found) = look(path)? else { return Ok(()) };
    if found.is_dir() && found.mode() & OF_OTHERS != 0 {
        for entry in fs::read_dir(path)? {
            tighten_all(&entry?.path())?;
        }
    }
    tighten_one(path)
}

/// Takes from others what they may do with a file or folder. Links are left alone: they are no file of ours.
fn tighten_one(path: &Path) -> io::Result<()> {
    match look(path)? {
        Some(found) if !found.is_symlink() && found.mode() & OF_OTHERS != 0 => {
            match fs::set_permissions(path, Permissions::from_mode(found.mode() & 0o7700)) {
                // An upload that was given up, or a file of SQLite, may go at this moment.
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                done => done,
            }
        }
        Some(_) | None => Ok(()),
    }
}

fn look(path: &Path) -> io::Result<Option<fs::Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The file of an address such as `sqlite://data/buildkeep.sqlite?mode=rwc`, when it is one that may be made.
fn sqlite_file(url: &str) -> Option<PathBuf> {
    let rest = url.strip_prefix("sqlite:")?;
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let may_be_made = query.split('&').any(|option| option == "mode=rwc");
    (!path.is_empty() && !path.contains(":memory:") && (may_be_made || Path::new(path).exists())).then(|| PathBuf::from(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    fn make(path: &Path, mode: u32) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_an_older_version_left_open_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { data_dir: folder.path().join("data"), ..Config::default() };
        let data = &config.data_dir;
        let files = ["artifacts/w/ab/cd", "mail/x.eml", "master.key", "buildkeep.sqlite", "buildkeep.sqlite-wal"];
        for file in files {
            make(&data.join(file), 0o644);
        }
        for open in ["artifacts/w/ab", "artifacts/w", "artifacts", "mail", ""] {
            fs::set_permissions(data.join(open), Permissions::from_mode(0o755)).unwrap();
        }
        tighten(&config).unwrap();
        for file in files {
            assert_eq!(mode(&data.join(file)), 0o600, "{file}");
        }
        for made in ["artifacts/w/ab", "artifacts/w", "artifacts", "mail", ""] {
            assert_eq!(mode(&data.join(made)), 0o700, "{made}");
        }
    }

    #[test]
    fn a_link_leads_to_nothing_that_is_changed() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { data_dir: folder.path().join("data"), ..Config::default() };
        let elsewhere = folder.path().join("elsewhere");
        make(&elsewhere, 0o644);
        make(&config.data_dir.join("mail/x.eml"), 0o600);
        fs::set_permissions(config.data_dir.join("mail"), Permissions::from_mode(0o755)).unwrap();
        std::os::unix::fs::symlink(&elsewhere, config.data_dir.join("mail/link.eml")).unwrap();
        tighten(&config).unwrap();
        assert_eq!(mode(&elsewhere), 0o644);
    }

    #[test]
    fn a_folder_that_everybody_uses_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let shared = folder.path().join("tmp");
        fs::create_dir(&shared).unwrap();
        fs::set_permissions(&shared, Permissions::from_mode(0o1777)).unwrap();
        let config = Config { data_dir: shared.clone(), ..Config::default() };
        assert!(tighten(&config).unwrap_err().to_string().contains("a folder of its own"));
        assert_eq!(mode(&shared), 0o777);
    }
}
