//! Short forms shared by the steps.

use sea_orm_migration::prelude::*;

/// `REFERENCES to(id) ON DELETE CASCADE`.
pub fn belongs_to(column: &'static str, to: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create().from_col(column).to(to, "id").on_delete(ForeignKeyAction::Cascade).to_owned()
}

/// An index over these columns.
pub async fn index(manager: &SchemaManager<'_>, table: &'static str, columns: &[&'static str], unique: bool) -> Result<(), DbErr> {
    let mut index = Index::create();
    index.name(format!("{table}_{}", columns.join("_"))).table(table);
    for column in columns {
        index.col(*column);
    }
    if unique {
        index.unique();
    }
    manager.create_index(index).await
}
