//! Invites into organizations, from both sides.
//!
//! An invite and its mail are stored in one transaction. Sending it again or revoking it takes the old mail out of the
//! queue and kills its link, so that of all mails at most the last one opens the door.

pub(super) mod closing;
mod joining;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use app::backend::Page;
use app::backend::invites::{Invitation, InviteLink, InviteRow, Invites as Port, NewInvites};
use app::domain::ids::{InviteId, MailId, UserId};
use app::domain::invite::{self, InviteResult, Outcome};
use app::domain::names::{Email, InviteMessage, OrgSlug, PersonName};
use app::domain::permission::Permission;
use app::domain::plan::Measure;
use app::domain::role::Role;
use app::domain::secret::PlainSecret;
use app::error::{AppError, Conflict};
use app::notice::IssuedInvite;
use app::request::{Actor, Caller};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DatabaseTransaction;
use serde_json::json;

use super::limits;
use crate::auth::access::{self, OrgScope};
use crate::auth::change;
use crate::auth::invited;
use crate::auth::secret::{SecretHash, SecretKind, generate};
use crate::error::{Error, Result, answer};
use crate::mail::messages::Mail;
use crate::mail::queue;
use crate::state::State;
use crate::store::audit::{Action, Object, record};
use crate::store::invites::{NewInvite, OpenInvite, Renewal};
use crate::store::quotas::Quota;
use crate::store::users::User;
use crate::store::{addresses, invites, quotas, users};

/// Invites into organizations.
pub struct Invites(pub Arc<State>);

fn object(id: InviteId, email: &Email) -> Object<'_> {
    Object { kind: "invite", id: id.to_string(), name: email.as_str() }
}

/// The name by which mails and lists call the Admin who invites.
fn inviter(caller: &Caller) -> String {
    match &caller.actor {
        Actor::User(user) => user.name.to_string(),
        Actor::Operator | Actor::Server | Actor::Anonymous => "The operator".to_owned(),
    }
}

/// The address by which the invited person may know the Admin.
fn address_of(caller: &Caller) -> Option<&Email> {
    caller.user().ok().map(|user| &user.email)
}

impl Invites {
    fn ends(&self) -> DateTime<Utc> {
        self.0.clock.now() + TimeDelta::days(invite::DAYS)
    }

    /// Queues the mail under a new link; returns what is stored of both.
    async fn send(
        &self,
        tx: &DatabaseTransaction,
        scope: &OrgScope,
        (email, role, message): (&Email, Role, Option<&InviteMessage>),
        (invited_by, inviting): (&str, Option<&Email>),
    ) -> Result<(SecretHash, MailId)> {
        let link = generate(SecretKind::Invite)?;
        let mail = Mail::Invite { org: scope.name(), invited_by, address: inviting, role, message, link: &link };
        let id = queue::push(tx, &self.0, email, &mail).await?;
        Ok((self.0.hasher.hash(link.expose()), id))
    }

    async fn invite_one(&self, tx: &DatabaseTransaction, caller: &Caller, scope: &OrgScope, email: &Email, new: &NewInvites) -> Result<()> {
        let state = &self.0;
        let (id, invited_by) = (InviteId::from_uuid(state.clock.new_id()), inviter(caller));
        let (hash, mail) = self.send(tx, scope, (email, new.role, new.message.as_ref()), (&invited_by, address_of(caller))).await?;
        let row = NewInvite {
            id,
            email: email.clone(),
            role: new.role,
            message: new.message.clone(),
            invited_by,
            inviter: caller.user().ok().map(|user| user.id),
            hash,
            mail,
            now: state.clock.now(),
            expires_at: self.ends(),
            requires_provider: new.requires_provider,
        };
        invites::insert(tx, scope, row).await?;
        let details = json!({ "role": new.role });
        record(tx, &state.clock, caller, Some(scope.id()), Action::Invited, object(id, email), Some(details)).await
    }

    /// Sends an open invite again, under a new link.
    async fn renew(
        &self,
        tx: &DatabaseTransaction,
        caller: &Caller,
        scope: &OrgScope,
        open: &OpenInvite,
        (role, message, requires_provider): (Role, Option<&InviteMessage>, bool),
    ) -> Result<()> {
        let state = &self.0;
        invites::cancel_mails(tx, scope.id(), Some(open.id)).await?;
        let invited_by = inviter(caller);
        let (hash, mail) = self.send(tx, scope, (&open.email, role, message), (&invited_by, address_of(caller))).await?;
        let inviter = caller.user().ok().map(|user| user.id);
        let (now, expires_at) = (state.clock.now(), self.ends());
        let renewal = Renewal { role, message: message.cloned(), invited_by, inviter, hash, mail, now, expires_at, requires_provider };
        if !invites::renew(tx, scope, open.id, renewal).await? {
            return Err(Conflict::InviteClosed.into());
        }
        let details = json!({ "role": role });
        record(tx, &state.clock, caller, Some(scope.id()), Action::InviteResent, object(open.id, &open.email), Some(details)).await
    }

    /// How many mails went to these addresses within a day, when the organization may send to all of them now.
    async fn mails_to(&self, tx: &DatabaseTransaction, scope: &OrgScope, emails: &[Email]) -> Result<HashMap<String, i64>> {
        let yesterday = self.0.clock.now() - TimeDelta::days(1);
        let wanted = i64::try_from(emails.len()).unwrap_or(i64::MAX);
        if invites::mails_since(tx, scope, yesterday).await?.saturating_add(wanted) > invite::MOST_MAILS {
            return Err(Conflict::TooManyMails.into());
        }
        invites::mails_to(tx, scope, emails, yesterday).await
    }

    /// Counts mails across organizations: on the person who sends them and on each address. The addresses that may get one.
    ///
    /// The counts outlive the organizations, so that nobody gets around them by founding and deleting.
    async fn count_mails(&self, tx: &DatabaseTransaction, caller: &Caller, emails: Vec<&Email>) -> Result<HashSet<Email>> {
        let (now, within) = (self.0.clock.now(), TimeDelta::days(1));
        let mut emails = emails;
        // In one order, or two who invite the same people would wait for each other.
        emails.sort_unstable();
        let mut may_get = HashSet::new();
        for email in emails {
            let quota = Quota { most: invite::MOST_MAILS_TO_ONE_OF_ALL, within };
            if quotas::take(tx, &format!("invites to {email}"), quota, now).await?.is_none() {
                may_get.insert(email.clone());
            }
        }
        let count = i32::try_from(may_get.len()).unwrap_or(i32::MAX);
        if let (Ok(user), 1..) = (caller.user(), count) {
            let quota = Quota { most: invite::MOST_MAILS_OF_ONE, within };
            if quotas::take_many(tx, &format!("invites by {}", user.id), count, quota, now).await?.is_some() {
                return Err(Conflict::TooManyMailsOfOne.into());
            }
        }
        Ok(may_get)
    }

    /// Whose mailbox this is.
    async fn known(&self, email: &Email) -> Result<Option<User>> {
        Ok(users::find_by_email(self.0.db.read(), email).await?.filter(|user| user.confirmed))
    }

    /// The open invite that an Admin wants to change. The organization is locked.
    async fn open_invite(&self, tx: &DatabaseTransaction, scope: &OrgScope, id: InviteId) -> Result<OpenInvite> {
        let found = invites::find(tx, scope, id).await?.ok_or(AppError::NotFound)?;
        Ok(found.ok_or(Conflict::InviteClosed)?)
    }
}

#[async_trait]
impl Port for Invites {
    async fn list(&self, caller: &Caller, slug: &OrgSlug, open_only: bool, after: Option<&str>) -> Result<Page<InviteRow>, AppError> {
        answer(caller, async {
            let scope = access::org(self.0.db.read(), caller, slug, Permission::ManageMembers).await?;
            let after = after.map(str::parse).transpose().map_err(|_| AppError::NotFound)?;
            invites::list(self.0.db.read(), &scope, open_only, after, self.0.clock.now()).await
        })
        .await
    }

    async fn invite(&self, caller: &Caller, slug: &OrgSlug, new: NewInvites) -> Result<Vec<InviteResult>, AppError> {
        answer(caller, async {
            let tx = change::begin(&self.0, caller).await?;
            let scope = access::org_for_change(&tx, slug, Permission::ManageMembers).await?;
            if new.requires_provider && self.0.provider.is_none() {
                return Err(Conflict::NoProvider.into());
            }
            let emails: Vec<Email> = new.lines.iter().filter_map(|(_, email)| email.clone().ok()).collect();
            let members = invites::members_among(&tx, &scope, &emails).await?;
            let open = invites::open_among(&tx, &scope, &emails).await?;
            let waiting = invites::count_open(&tx, &scope).await?;
            if waiting + emails.len() as u64 > invite::MOST_OPEN {
                return Err(Conflict::TooManyInvites.into());
            }
            let new_people =
                emails.iter().filter(|email| !members.contains(email.as_str()) && open.iter().all(|open| open.email != **email));
            let new_people = new_people.count() as u64;
            if new_people > 0 {
                // Whoever was asked in has a place.
                let more = waiting + new_people;
                limits::require_room(&self.0, &tx, caller, scope.id(), Measure::Members, more, Conflict::NoRoomForMembers).await?;
            }
            let sent = self.mails_to(&tx, &scope, &emails).await?;
            let now = self.0.clock.now();
            let waits = |email: &Email| open.iter().any(|open| open.email == *email && open.expires_at > now);
            let enough = |email: &Email| sent.get(email.as_str()).is_some_and(|mails| *mails >= invite::MOST_MAILS_TO_ONE);
            let gets_mail = |email: &&Email| !members.contains(email.as_str()) && !waits(email) && !enough(email);
            let may_get = self.count_mails(&tx, caller, emails.iter().filter(gets_mail).collect()).await?;
            let mut results = Vec::new();
            for (line, email) in &new.lines {
                let outcome = match email {
                    Err(reason) => Outcome::Invalid(*reason),
                    Ok(email) if members.contains(email.as_str()) => Outcome::AlreadyMember,
                    Ok(email) if enough(email) => Outcome::TooOften,
                    Ok(email) if waits(email) => Outcome::AlreadyInvited,
                    Ok(email) if !may_get.contains(email) => Outcome::TooOften,
                    Ok(email) => {
                        if let Some(expired) = open.iter().find(|open| open.email == *email) {
                            self.renew(&tx, caller, &scope, expired, (new.role, new.message.as_ref(), new.requires_provider)).await?;
                            Outcome::Renewed
                        } else {
                            self.invite_one(&tx, caller, &scope, email, &new).await?;
                            Outcome::Invited
                        }
                    }
                };
                results.push(InviteResult { line: line.clone(), outcome });
            }
            tx.commit().await?;
            self.0.mail_waiting.notify_one();
            Ok(results)
        })
        .await
    }

    async fn resend(&self, caller: &Caller, slug: &OrgSlug, id: InviteId) -> Result<Email, AppError> {
        answer(caller, async {
            let tx = change::begin(&self.0, caller).await?;
            let scope = access::org_for_change(&tx, slug, Permission::ManageMembers).await?;
            let open = self.open_invite(&tx, &scope, id).await?;
            if self.0.clock.now() - open.sent_at < invite::RESEND_PAUSE {
                return Err(Conflict::JustSent.into());
            }
            let sent = self.mails_to(&tx, &scope, std::slice::from_ref(&open.email)).await?;
            if sent.values().any(|mails| *mails >= invite::MOST_MAILS_TO_ONE) {
                return Err(Conflict::TooManyMailsToOne.into());
            }
            if self.count_mails(&tx, caller, vec![&open.email]).await?.is_empty() {
                return Err(Conflict::TooManyMailsToOne.into());
            }
            self.renew(&tx, caller, &scope, &open, (open.role, open.message.as_ref(), open.requires_provider)).await?;
            tx.commit().await?;
            self.0.mail_waiting.notify_one();
            Ok(open.email)
        })
        .await
    }

    async fn revoke(&self, caller: &Caller, slug: &OrgSlug, id: InviteId) -> Result<Email, AppError> {
        answer(caller, async {
            let tx = change::begin(&self.0, caller).await?;
            let scope = access::org_for_change(&tx, slug, Permission::ManageMembers).await?;
            let open = self.open_invite(&tx, &scope, id).await?;
            if !invites::revoke(&tx, &scope, id, self.0.clock.now()).await? {
                return Err(Conflict::InviteClosed.into());
            }
            invites::cancel_mails(&tx, scope.id(), Some(id)).await?;
            record(&tx, &self.0.clock, caller, Some(scope.id()), Action::Revoked, object(id, &open.email), None).await?;
            tx.commit().await?;
            Ok(open.email)
        })
        .await
    }

    async fn new_link(&self, caller: &Caller, slug: &OrgSlug, id: InviteId) -> Result<IssuedInvite, AppError> {
        answer(caller, async {
            let tx = change::begin(&self.0, caller).await?;
            let scope = access::org_for_change(&tx, slug, Permission::ManageMembers).await?;
            let open = self.open_invite(&tx, &scope, id).await?;
            let secret = generate(SecretKind::Invite)?;
            if !invites::set_copy_hash(&tx, &scope, id, self.0.hasher.hash(secret.expose())).await? {
                return Err(Conflict::InviteClosed.into());
            }
            record(&tx, &self.0.clock, caller, Some(scope.id()), Action::InviteLinked, object(id, &open.email), None).await?;
            tx.commit().await?;
            Ok(IssuedInvite { email: open.email.into(), secret })
        })
        .await
    }

    async fn open(&self, caller: &Caller, link: &PlainSecret) -> Result<InviteLink, AppError> {
        answer(caller, async {
            let viewer = caller.user().ok().map(|user| user.id);
            if let Some(slug) = invited::accepted(self.0.db.read(), &self.0.hasher, link, viewer).await? {
                return Ok(InviteLink::Accepted(slug));
            }
            let invited = invited::by_link(self.0.db.read(), &self.0.hasher, link, self.0.clock.now()).await?;
            let owner = addresses::owner(self.0.db.read(), invited.email()).await?;
            let is_yours = owner.is_some() && owner == viewer;
            if let (true, Some(user)) = (is_yours, owner)
                && invited.is_overruled(self.0.db.read(), user).await?
            {
                return Err(Conflict::WasRemoved.into());
            }
            Ok(InviteLink::Open(invited.view(is_yours, owner.is_some())))
        })
        .await
    }

    async fn waiting(&self, caller: &Caller) -> Result<Vec<Invitation>, AppError> {
        let user = caller.user()?;
        answer(caller, async {
            let waiting = invited::waiting_for(self.0.db.read(), user, self.0.clock.now()).await?;
            Ok(waiting.into_iter().map(|invited| invited.view(true, true)).collect())
        })
        .await
    }

    async fn accept(&self, caller: &Caller, id: InviteId) -> Result<OrgSlug, AppError> {
        caller.user()?;
        answer(caller, async {
            let tx = change::begin(&self.0, caller).await?;
            let invited = invited::by_address_for_change(&tx, id).await?;
            let user = users::find(&tx, tx.user()?.id).await?.ok_or(AppError::Unauthenticated)?;
            self.come_in(&tx, caller, &invited, &user).await?;
            tx.commit().await?;
            Ok(invited.slug().clone())
        })
        .await
    }

    async fn join(
        &self,
        caller: &Caller,
        link: PlainSecret,
        name: Option<PersonName>,
        password: PlainSecret,
    ) -> Result<(UserId, OrgSlug), AppError> {
        let state = &self.0;
        answer(caller, async {
            let invited = invited::by_mail(state.db.read(), &state.hasher, &link, state.clock.now()).await?;
            if let Some(user) = self.known(invited.email()).await? {
                return self.join_with_account(caller, &link, user, password).await;
            }
            let joined = self.join_with_new_account(caller, &link, name, password.clone()).await;
            if !matches!(&joined, Err(Error::App(AppError::LinkUnusable | AppError::Conflict(Conflict::InviteClosed)))) {
                return joined;
            }
            // The form was sent twice, and the other one was first: this one means the same if it says the same password.
            match self.known(invited.email()).await? {
                Some(user) => self.join_with_account(caller, &link, user, password).await,
                None => joined,
            }
        })
        .await
    }
}
