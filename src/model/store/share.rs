//! Whether a folder lies on a network share, where the log of the database (WAL) does not work and a file may be lost.

use std::path::{Path, PathBuf};

/// Kinds of file systems that live on another machine, as the system's list of mounts calls them.
const SHARES: [&str; 9] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "afs",
    "ncpfs",
    "fuse.sshfs",
    "fuse.davfs",
];

/// Whether `folder`, or the nearest folder above it that is there, lies on a share. Where the system does not tell, no.
pub(super) fn is_share(folder: &Path) -> bool {
    let there = folder.ancestors().find(|part| part.exists()).unwrap_or(folder);
    let whole = std::fs::canonicalize(there).unwrap_or_else(|_| there.to_owned());
    if is_unc(&whole) {
        return true;
    }
    std::fs::read_to_string("/proc/self/mounts").is_ok_and(|mounts| is_mounted_share(&mounts, &whole))
}

/// Windows names a share by its server, as `\\server\share`, or `\\?\UNC\server\share` after all links are followed.
fn is_unc(path: &Path) -> bool {
    let text = path.to_string_lossy();
    text.starts_with(r"\\?\UNC\") || (text.starts_with(r"\\") && !text.starts_with(r"\\?\"))
}

/// Whether the mount that `path` belongs to, the deepest one above it, is a share. `mounts` as Linux lists them.
fn is_mounted_share(mounts: &str, path: &Path) -> bool {
    let mounted = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        let (at, kind) = (PathBuf::from(plain(words.next()?)), words.next()?);
        path.starts_with(&at).then_some((at.components().count(), kind))
    });
    // Of two mounts on one place the later one counts, as `max_by_key` has it.
    let deepest = mounted.max_by_key(|(depth, _)| *depth);
    deepest.is_some_and(|(_, kind)| SHARES.contains(&kind))
}

/// A mount point without the escapes that the list has for spaces, tabs, line ends and backslashes.
fn plain(text: &str) -> String {
    let escapes = [(r"\040", " "), (r"\011", "\t"), (r"\012", "\n"), (r"\134", "\\")];
    escapes
        .iter()
        .fold(text.to_owned(), |text, (escape, sign)| text.replace(escape, sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = r"/dev/sda1 / ext4 rw 0 0
tmpfs /tmp tmpfs rw 0 0
server:/home /home nfs4 rw 0 0
/dev/sdb1 /home/kiosk/local ext4 rw 0 0
//server/gegevens /mnt/onze\040map cifs rw 0 0
/dev/sdc1 /mnt/onze ext4 rw 0 0";

    #[test]
    fn the_deepest_mount_above_a_folder_tells() {
        for (folder, is_share) in [
            ("/var/lib", false),
            ("/home/kiosk/.local/share", true),
            ("/home/kiosk/local/share", false),
            ("/homes/kiosk", false),
            ("/mnt/onze map/stadslens", true),
            ("/mnt/onze/map", false),
        ] {
            assert_eq!(is_mounted_share(MOUNTS, Path::new(folder)), is_share, "{folder}");
        }
        assert!(!is_mounted_share("", Path::new("/")) && !is_mounted_share("nonsense", Path::new("/")));
    }

    #[test]
    fn windows_names_a_share_by_its_server() {
        for (path, is_share) in [
            (r"\\server\share\x", true),
            (r"\\?\UNC\server\share", true),
            (r"\\?\C:\Users\x", false),
            (r"C:\Users\x", false),
            ("/home/x", false),
        ] {
            assert_eq!(is_unc(Path::new(path)), is_share, "{path}");
        }
    }

    #[test]
    fn a_folder_of_this_machine_is_no_share() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_share(&folder.path().join("not/there/yet")));
    }
}
