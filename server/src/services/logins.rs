//! `nx login`: a terminal asks, a person who is signed in says yes or no in a browser, and the terminal fetches its token
//! (RFC 8628).
//!
//! The terminal's secret and the code that is compared are stored as hashes, and the token is made when it is fetched, so
//! that its value is never stored. Codes are short enough to be typed, hence: wrong ones are counted, and few wait at once.

use std::sync::Arc;

use app::backend::logins::{Logins as Port, WaitingLogin};
use app::domain::ids::{LoginId, PersonalTokenId};
use app::domain::login::UserCode;
use app::domain::names::{Email, TokenName};
use app::domain::secret::PlainSecret;
use app::domain::token::TokenLife;
use app::error::{AppError, Conflict};
use app::request::{Caller, SignedIn};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::personal_tokens::{has_room, issue, require_room};
use crate::auth::change;
use crate::auth::secret::{SecretHash, SecretKind, generate, is_well_formed, user_code};
use crate::error::{Error, Result, answer};
use crate::network::ClientNetwork;
use crate::state::State;
use crate::store::audit::{Action, Object, record};
use crate::store::logins::{self, Answer, Login};
use crate::store::quotas::{self, Quota};
use crate::store::users;

/// A terminal waits for so long.
pub const WAITS: TimeDelta = TimeDelta::minutes(10);
/// It asks so often, and slower by as much each time that it was too fast.
pub const INTERVAL: TimeDelta = TimeDelta::seconds(5);
/// Terminals of one network.
const NEW_FROM_NETWORK: Quota = Quota { most: 60, within: TimeDelta::hours(1) };
/// Codes with which nothing waits, entered by one person and from one network.
const WRONG_BY_PERSON: Quota = Quota { most: 20, within: TimeDelta::hours(1) };
const WRONG_FROM_NETWORK: Quota = Quota { most: 100, within: TimeDelta::hours(1) };

/// Terminals that ask for a personal access token.
pub struct Logins(pub Arc<State>);

/// What a terminal is given to begin with.
#[derive(Debug)]
pub struct Begun {
    /// Its secret.
    pub device: PlainSecret,
    /// What it shows.
    pub code: UserCode,
}

/// Why a terminal cannot begin.
#[derive(Debug)]
pub enum NotBegun {
    /// Too many of its network: wait so many seconds.
    TooOften(u32),
    /// Too many of all.
    Busy,
}

/// What a terminal is told that asks.
#[derive(Debug)]
pub enum Polled {
    /// Nobody has said anything yet.
    Pending,
    /// The same, and the terminal asks too often.
    TooFast,
    /// No.
    Refused,
    /// There is nothing to wait for, or not any more.
    Over,
    /// Yes: here is the token, once.
    Granted {
        /// The token.
        token: PlainSecret,
        /// Whose it is.
        person: Email,
        /// When it ends.
        expires_at: Option<DateTime<Utc>>,
    },
}

fn wait(time: TimeDelta) -> u32 {
    u32::try_from(time.num_seconds()).unwrap_or(u32::MAX)
}

impl Logins {
    fn code_hash(&self, code: &UserCode) -> SecretHash {
        self.0.hasher.hash(&format!("login code {}", code.letters()))
    }

    /// A terminal begins to wait.
    pub async fn begin(&self, device: TokenName, address: &str) -> Result<Result<Begun, NotBegun>> {
        let state = &self.0;
        let (now, network) = (state.clock.now(), ClientNetwork::of(address));
        if let Some(time) = quotas::take_in_network(state.db.write(), "logins from", network, NEW_FROM_NETWORK, now).await? {
            return Ok(Err(NotBegun::TooOften(wait(time))));
        }
        if logins::count(state.db.read()).await? >= state.config.bounds.waiting_logins
            && !logins::make_room(state.db.write(), network, now).await?
        {
            return Ok(Err(NotBegun::Busy));
        }
        let secret = generate(SecretKind::Device)?;
        let login = Login {
            id: LoginId::from_uuid(state.clock.new_id()),
            device,
            address: address.to_owned(),
            network,
            created_at: now,
            expires_at: now + WAITS,
            polled_at: None,
            interval: INTERVAL,
            answer: Answer::None,
        };
        loop {
            let code = user_code()?;
            match logins::insert(state.db.write(), &login, state.hasher.hash(secret.expose()), self.code_hash(&code)).await {
                Ok(()) => return Ok(Ok(Begun { device: secret, code })),
                // Another one waits with this code.
                Err(Error::App(AppError::Conflict(Conflict::JustChanged))) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// A terminal asks whether somebody has said yes.
    pub async fn poll(&self, device: &str) -> Result<Polled> {
        if !is_well_formed(SecretKind::Device, device) {
            return Ok(Polled::Over);
        }
        let state = &self.0;
        let tx = state.db.begin_without_session().await?;
        let Some(seen) = logins::find_by_device(&tx, &state.hasher.hash(device)).await? else { return Ok(Polled::Over) };
        // People are locked before logins. Whoever has not said yes until now is asked for with the next poll.
        let owner = match seen.answer {
            Answer::Yes { user, .. } => match users::lock(&tx, user).await? {
                Some(owner) => Some(owner),
                None => return Ok(Polled::Over),
            },
            Answer::None | Answer::No | Answer::Fetched => None,
        };
        let Some(login) = logins::lock(&tx, seen.id).await? else { return Ok(Polled::Over) };
        let now = state.clock.now();
        if login.expires_at <= now {
            return Ok(Polled::Over);
        }
        let (token, expires_at) = match login.answer {
            Answer::Fetched => return Ok(Polled::Over),
            Answer::No => return Ok(Polled::Refused),
            Answer::Yes { token, expires_at, .. } => (token, expires_at),
            Answer::None => {
                let too_fast = login.polled_at.is_some_and(|last| now - last < login.interval);
                let interval = if too_fast { login.interval + INTERVAL } else { login.interval };
                logins::note_poll(&tx, login.id, interval, now).await?;
                tx.commit().await?;
                return Ok(if too_fast { Polled::TooFast } else { Polled::Pending });
            }
        };
        let Some(owner) = owner else { return Ok(Polled::Pending) };
        if !has_room(&tx, owner.id, now).await? {
            return Ok(Polled::Refused);
        }
        let issued = issue(state, &tx, owner.id, (token, login.device), expires_at).await?;
        logins::note_fetched(&tx, login.id, now).await?;
        tx.commit().await?;
        Ok(Polled::Granted { token: issued.secret, person: owner.email, expires_at })
    }

    /// The login that waits with this code; a wrong one is counted.
    async fn waiting(&self, caller: &Caller, user: &SignedIn, code: &UserCode) -> Result<Login> {
        let state = &self.0;
        let now = state.clock.now();
        let tx = change::begin(state, caller).await?;
        // Counted first and taken back when it is right: many at once do not get further than one after the other.
        let network = ClientNetwork::of(&caller.address);
        let of_network = quotas::take_in_network(&tx, "login codes from", network, WRONG_FROM_NETWORK, now).await?;
        let of_person = quotas::take(&tx, &format!("login codes by {}", user.id), WRONG_BY_PERSON, now).await?;
        if let Some(time) = of_network.max(of_person) {
            return Err(AppError::RateLimited(wait(time)).into());
        }
        if let Some(login) = logins::find_waiting(&tx, &self.code_hash(code), now).await? {
            tx.rollback().await?;
            return Ok(login);
        }
        tx.commit().await?;
        Err(Conflict::LoginOver.into())
    }
}

#[async_trait]
impl Port for Logins {
    async fn open(&self, caller: &Caller, code: &UserCode) -> Result<WaitingLogin, AppError> {
        let user = caller.user()?;
        answer(caller, async {
            let login = self.waiting(caller, user, code).await?;
            Ok(WaitingLogin { device: login.device, address: login.address, asked_at: login.created_at, ends_at: login.expires_at })
        })
        .await
    }

    async fn confirm(&self, caller: &Caller, code: &UserCode, life: TokenLife) -> Result<TokenName, AppError> {
        let user = caller.user()?;
        answer(caller, async {
            let state = &self.0;
            let login = self.waiting(caller, user, code).await?;
            let now = state.clock.now();
            let tx = change::begin(state, caller).await?;
            users::lock(&tx, user.id).await?.ok_or(AppError::Unauthenticated)?;
            require_room(state, &tx, user.id, now).await?;
            let (token, ends_at) = (PersonalTokenId::from_uuid(state.clock.new_id()), life.ends(now));
            if !logins::confirm(&tx, login.id, (user.id, token), ends_at).await? {
                return Err(Conflict::LoginOver.into());
            }
            let object = Object { kind: "personal-token", id: token.to_string(), name: login.device.as_str() };
            let details = json!({ "asked_from": login.address, "asked_at": login.created_at, "expires": ends_at });
            record(&tx, &state.clock, caller, None, Action::LoginConfirmed, object, Some(details)).await?;
            tx.commit().await?;
            Ok(login.device)
        })
        .await
    }

    async fn refuse(&self, caller: &Caller, code: &UserCode) -> Result<TokenName, AppError> {
        let user = caller.user()?;
        answer(caller, async {
            let state = &self.0;
            let login = self.waiting(caller, user, code).await?;
            let tx = change::begin(state, caller).await?;
            if !logins::refuse(&tx, login.id, state.clock.now()).await? {
                return Err(Conflict::LoginOver.into());
            }
            let object = Object { kind: "personal-token", id: login.id.to_string(), name: login.device.as_str() };
            let details = json!({ "asked_from": login.address, "asked_at": login.created_at });
            record(&tx, &state.clock, caller, None, Action::LoginRefused, object, Some(details)).await?;
            tx.commit().await?;
            Ok(login.device)
        })
        .await
    }
}
