//! A person's signed-in browsers.

use std::sync::Arc;

use app::backend::sessions::{SessionRow, Sessions as Port};
use app::domain::ids::SessionId;
use app::error::AppError;
use app::request::Caller;
use async_trait::async_trait;

use crate::auth::change;
use crate::error::answer;
use crate::state::State;
use crate::store::audit::{Action, Object, record};
use crate::store::sessions;

/// A person's signed-in browsers.
pub struct Sessions(pub Arc<State>);

#[async_trait]
impl Port for Sessions {
    async fn list(&self, caller: &Caller) -> Result<Vec<SessionRow>, AppError> {
        let user = caller.user()?;
        answer(caller, async {
            let rows = sessions::of_user(self.0.db.read(), user.id, self.0.clock.now()).await?;
            let shown = rows.into_iter().map(|row| SessionRow {
                current: row.id == user.session,
                id: row.id,
                device: row.device,
                address: row.address,
                created_at: row.created_at,
                last_seen_at: row.last_seen_at,
            });
            Ok(shown.collect())
        })
        .await
    }

    async fn end(&self, caller: &Caller, id: SessionId) -> Result<(), AppError> {
        let user = caller.user()?;
        answer(caller, async {
            let tx = change::begin_ending(&self.0, caller).await?;
            if !sessions::end_one(&tx, user.id, id).await? {
                return Err(AppError::NotFound.into());
            }
            let session = Object { kind: "session", id: id.to_string(), name: user.name.as_str() };
            record(&tx, &self.0.clock, caller, None, Action::SessionEnded, session, None).await?;
            tx.commit().await?;
            Ok(())
        })
        .await
    }

    async fn end_others(&self, caller: &Caller) -> Result<(), AppError> {
        let user = caller.user()?;
        answer(caller, async {
            let tx = change::begin_ending(&self.0, caller).await?;
            sessions::end_all(&tx, user.id, Some(user.session)).await?;
            let all = Object { kind: "session", id: String::new(), name: user.name.as_str() };
            record(&tx, &self.0.clock, caller, None, Action::SessionEnded, all, None).await?;
            tx.commit().await?;
            Ok(())
        })
        .await
    }
}
