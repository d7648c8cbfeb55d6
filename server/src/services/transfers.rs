//! Who may move an artifact now: places for transfers, shared by credential, organization and network.
//!
//! Whoever comes without a token (with the Nx Cloud id of a workspace, which stands in a repository, or of one that nobody has
//! claimed) gets a smaller share, and all of them together a part.

use app::domain::ids::{OrgId, WorkspaceId};

use crate::auth::credential::{Living, TokenId};
use crate::network::ClientNetwork;
use crate::places::{Place, Places, Weight};

/// For whom a place counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Holder {
    /// A token.
    Token(TokenId),
    /// A workspace's Nx Cloud id without a token.
    Id(WorkspaceId),
    /// An organization.
    Org(OrgId),
    /// Those of a network who have a token.
    Network(ClientNetwork),
    /// Those of a network who have none.
    StrangersIn(ClientNetwork),
    /// All who have a token.
    Known,
    /// All who have none.
    Strangers,
}

/// Places for transfers, or for reports of runs.
pub type Shares = Places<Holder>;
/// One of them.
pub type Share = Place<Holder, 4>;

/// Takes a place for this credential in this network; none when it, its organization, its network or strangers have their share.
pub fn take(places: &Shares, credential: &Living, network: ClientNetwork) -> Option<Share> {
    let org = if credential.is_claimed() { Weight::THIRD } else { Weight::EIGHTH };
    let (by, place, class) = match credential.token {
        Some(token) => ((Holder::Token(token), Weight::QUARTER), (Holder::Network(network), Weight::THIRD), (Holder::Known, Weight::ALL)),
        // Whoever misuses the id of a workspace leaves places to those who work there.
        None => (
            (Holder::Id(credential.workspace), Weight::EIGHTH),
            (Holder::StrangersIn(network), Weight::TENTH),
            (Holder::Strangers, Weight::THIRD),
        ),
    };
    places.take([by, (Holder::Org(credential.org), org), place, class])
}
