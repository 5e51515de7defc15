//! Who the child is.

use super::Error;
use nix::unistd::{setgroups, setresgid, setresuid, setuid, Gid, Uid};

/// Gives up root for good, where the child is started as root.
pub(super) fn become_user(user: Option<u32>) -> Result<(), Error> {
    let Some(user) = user else { return Ok(()) };
    let (uid, gid) = (Uid::from_raw(user), Gid::from_raw(user));
    setgroups(&[]).map_err(Error::User)?;
    setresgid(gid, gid, gid).map_err(Error::User)?;
    setresuid(uid, uid, uid).map_err(Error::User)?;
    if setuid(Uid::from_raw(0)).is_ok() {
        return Err(Error::StillRoot);
    }
    Ok(())
}
