//! Names with their key beside them, by which they are looked for and kept apart whatever their case and form: databases
//! know the case of ASCII alone, or that of one language. A name that changes, changes here with its key.

use app::domain::text::{self, Sought};
use sea_orm::sea_query::{Expr, LikeExpr};
use sea_orm::{EntityTrait, UpdateMany};

use super::entities::{users, workspaces};

/// A table whose rows have a name.
pub trait Named: EntityTrait {
    /// The name, as it is shown.
    const NAME: Self::Column;
    /// Its [`text::key`].
    const KEY: Self::Column;
}

impl Named for users::Entity {
    const NAME: users::Column = users::Column::Name;
    const KEY: users::Column = users::Column::NameKey;
}

impl Named for workspaces::Entity {
    const NAME: workspaces::Column = workspaces::Column::Name;
    const KEY: workspaces::Column = workspaces::Column::NameKey;
}

/// An update that gives rows another name.
pub fn rename<E: Named>(name: &str) -> UpdateMany<E> {
    E::update_many().col_expr(E::NAME, Expr::value(name)).col_expr(E::KEY, Expr::value(text::key(name)))
}

/// For a column of keys: whether the words stand in it.
pub fn holds(words: &Sought) -> LikeExpr {
    like(words.key())
}

/// For a column of addresses: whether the words stand in it.
pub fn address_holds(words: &Sought) -> LikeExpr {
    like(&words.in_address())
}

/// `%` and `_` mean themselves.
fn like(words: &str) -> LikeExpr {
    let words = words.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    LikeExpr::new(format!("%{words}%")).escape('\\')
}
