//! Rules about who stays in an organization: there is always at least one Admin.

use super::role::Role;

/// What somebody wants to do to a membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberChange {
    /// Give the member this role.
    SetRole(Role),
    /// Take the member out.
    Remove,
}

/// The organization would be left without an Admin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an organization needs at least one Admin")]
pub struct LastAdmin;

/// Whether the change leaves an Admin, given how many there are now. `admins` must be counted in the
/// transaction that writes the change, with the organization's row locked.
pub const fn check_change(current: Role, change: MemberChange, admins: u64) -> Result<(), LastAdmin> {
    let stays_admin = match change {
        MemberChange::SetRole(role) => matches!(role, Role::Admin),
        MemberChange::Remove => false,
    };
    match current {
        Role::Admin if !stays_admin && admins <= 1 => Err(LastAdmin),
        Role::Admin | Role::Member => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_admin_can_neither_go_nor_step_down() {
        for change in [MemberChange::Remove, MemberChange::SetRole(Role::Member)] {
            assert_eq!(check_change(Role::Admin, change, 1), Err(LastAdmin));
            assert_eq!(check_change(Role::Admin, change, 2), Ok(()));
            assert_eq!(check_change(Role::Member, change, 1), Ok(()));
        }
        assert_eq!(check_change(Role::Admin, MemberChange::SetRole(Role::Admin), 1), Ok(()));
    }
}
