//! Target of the links of invites. Opening it changes nothing, as mail scanners open links too: the form does.

use leptos::prelude::*;

use super::frame::Frame;
use super::{loaded, problem, query};
use crate::backend::invites::{Invitation, InviteLink, LinkProves};
use crate::components::form::{ActionForm, FormError, FormState, TextField};
use crate::components::page_header::PageHeader;
use crate::components::provider::{Or, ProviderLink, SignInFirst};
use crate::domain::identity::{SignInProblem, SignInRule};
use crate::domain::password;
use crate::domain::secret::PlainSecret;
use crate::error::{AppError, Field};
use crate::request::{Actor, SignedIn, request};
use crate::server_fns::invites::{AcceptInvite, JoinByInvite, SwitchAccount};
use crate::{http, paths};

/// Come into an organization.
#[component]
pub fn InvitePage() -> impl IntoView {
    let request = request();
    let link = query("link");
    let actor = request.caller.actor.clone();
    let provider = request.site.provider.clone();
    let secret = PlainSecret::new(link.clone());
    let load = async move {
        match request.backend.invites.open(&request.caller, &secret).await {
            Ok(opened) => Ok(Some(opened)),
            Err(AppError::LinkUnusable) => Ok(None),
            Err(error) => Err(error),
        }
    };
    loaded(load, move |opened| {
        let invitation = match opened {
            Some(InviteLink::Open(invitation)) => invitation,
            Some(InviteLink::Accepted(slug)) => {
                let org = paths::org(&slug);
                http::redirect(&if matches!(actor, Actor::User(_)) { org } else { paths::sign_in_then(&org) });
                return ().into_any();
            }
            None => {
                return problem::dead_link(
                    "The invite was accepted, taken back, sent again under another link, or is too old. If you are in already, sign in; else ask whoever invited you to send it again.",
                    ("Sign in", paths::SIGN_IN),
                );
            }
        };
        let title = format!("Join {}", invitation.org);
        let sentence = format!("{} invites {} to come in as {}.", invitation.invited_by, invitation.email, invitation.role);
        let domain = invitation.sign_in.suggestion().map(ToOwned::to_owned);
        let provider = provider.map(|provider| (provider, paths::invite(&link), domain.clone()));
        let way = match (actor, invitation.link) {
            (Actor::User(user), _) if invitation.is_yours => match invitation.sign_in.admits(user.proof.as_ref()) {
                Ok(()) => view! { <Accept invitation/> }.into_any(),
                Err(problem) => view! { <SignInFirst problem next=paths::invite(&link) domain/> }.into_any(),
            },
            (Actor::User(user), _) => view! { <OtherAccount invitation user link/> }.into_any(),
            (Actor::Anonymous | Actor::Operator | Actor::Server, LinkProves::Mailbox { has_account: true }) => {
                view! { <SignInAndJoin invitation link provider/> }.into_any()
            }
            (Actor::Anonymous | Actor::Operator | Actor::Server, LinkProves::Mailbox { has_account: false }) => {
                view! { <SignUpAndJoin invitation link provider/> }.into_any()
            }
            (Actor::Anonymous | Actor::Operator | Actor::Server, LinkProves::Nothing) => {
                view! { <ProveAddress invitation link/> }.into_any()
            }
        };
        view! {
            <Frame title=title.clone() narrow=true>
                <PageHeader title lead=sentence/>
                {way}
            </Frame>
        }
        .into_any()
    })
}

/// Signed in with the invited address.
#[component]
fn Accept(invitation: Invitation) -> impl IntoView {
    let action = ServerAction::<AcceptInvite>::new();
    let form = FormState::of(action, &request().draft);
    view! {
        <ActionForm action>
            <div class="form">
                <FormError form/>
                <input type="hidden" name="invite" value=invitation.id.to_string()/>
                <button class="button button-primary button-wide">{format!("Join {}", invitation.org)}</button>
            </div>
        </ActionForm>
    }
    .into_any()
}

/// The provider's name, where to come back to, and the domain to suggest there.
type Provider = Option<(String, String, Option<String>)>;

/// The way through the provider above the one with a password; `false` when there is no other.
fn through_provider(provider: Provider, rule: &SignInRule) -> (AnyView, bool) {
    let only = rule.provider_only;
    let link = provider.map(|(provider, next, domain)| {
        view! {
            {only.then(|| view! { <p>{format!("Whoever accepts this invite signs in with {provider}.")}</p> })}
            <ProviderLink provider next domain primary=only/>
            {(!only).then(|| view! { <Or/> })}
        }
    });
    let missing = (only && link.is_none()).then(|| view! { <p>{SignInProblem::NotProven.to_string()}</p> });
    (view! { {link} {missing} }.into_any(), !only)
}

/// Signed in with another address.
#[component]
fn OtherAccount(invitation: Invitation, user: SignedIn, link: String) -> impl IntoView {
    let action = ServerAction::<SwitchAccount>::new();
    let form = FormState::of(action, &request().draft);
    view! {
        <div class="alert alert-care" role="status">
            <p>
                {format!("You are signed in as {}, and this invite is for {}. It can be accepted only with an account of that address.", user.email, invitation.email)}
            </p>
        </div>
        <ActionForm action>
            <div class="form">
                <FormError form/>
                <input type="hidden" name="link" value=link/>
                <button class="button button-primary button-wide">"Sign out and go on"</button>
            </div>
        </ActionForm>
        <p class="aside">
            "Is it an address of yours as well? " <a href=paths::ACCOUNT_ADDRESSES>"Add it to your account"</a>
            ", and the invite waits for you on the start page. Is it wrong? Ask " {invitation.invited_by} " to invite " {user.email.to_string()}
            " instead."
        </p>
    }
    .into_any()
}

/// The mailbox is proven, and its address has an account.
#[component]
fn SignInAndJoin(invitation: Invitation, link: String, provider: Provider) -> impl IntoView {
    let action = ServerAction::<JoinByInvite>::new();
    let form = FormState::of(action, &request().draft);
    let (provider, with_password) = through_provider(provider, &invitation.sign_in);
    if !with_password {
        return provider;
    }
    view! {
        {provider}
        <ActionForm action>
            <div class="form">
                <FormError form=form.clone()/>
                <input type="hidden" name="link" value=link/>
                <Address invitation=invitation.clone()/>
                <TextField form field=Field::Password name="password" label="Password" kind="password" autocomplete="current-password" hint="Of your account here."/>
                <button class="button button-primary button-wide">{format!("Sign in and join {}", invitation.org)}</button>
            </div>
        </ActionForm>
        <p class="aside">
            <a href=paths::FORGOT_PASSWORD>"Forgotten your password?"</a>
        </p>
    }
    .into_any()
}

/// The mailbox is proven, and its address has no account yet.
#[component]
fn SignUpAndJoin(invitation: Invitation, link: String, provider: Provider) -> impl IntoView {
    let action = ServerAction::<JoinByInvite>::new();
    let form = FormState::of(action, &request().draft);
    let (provider, with_password) = through_provider(provider, &invitation.sign_in);
    if !with_password {
        return provider;
    }
    view! {
        {provider}
        <ActionForm action>
            <div class="form">
                <FormError form=form.clone()/>
                <input type="hidden" name="link" value=link/>
                <Address invitation=invitation.clone()/>
                <TextField form=form.clone() field=Field::Name name="name" label="Your name" autocomplete="name" hint="As the others will see it."/>
                <TextField
                    form
                    field=Field::Password
                    name="password"
                    label="Password"
                    kind="password"
                    autocomplete="new-password"
                    hint=format!("For your new account. At least {} characters; a phrase is easiest to remember.", password::SHORTEST)
                />
                <button class="button button-primary button-wide">{format!("Create the account and join {}", invitation.org)}</button>
            </div>
        </ActionForm>
    }
    .into_any()
}

/// The address of the invite: fixed, and there for password managers.
#[component]
fn Address(invitation: Invitation) -> impl IntoView {
    view! {
        <div class="field">
            <label class="label" for="address">
                "E-mail address"
            </label>
            <input class="input" id="address" type="email" value=invitation.email.to_string() autocomplete="username" readonly=true/>
        </div>
    }
}

/// The link was handed over, so that the mailbox has to be proven in another way. The same words for every address.
#[component]
fn ProveAddress(invitation: Invitation, link: String) -> impl IntoView {
    let here = paths::invite(&link);
    view! {
        <div class="form">
            <p>{format!("You need an account with the address {}.", invitation.email)}</p>
            <a class="button button-primary button-wide" href=paths::sign_in_then(&here)>
                "I have one: sign in"
            </a>
            <a class="button button-wide" href=paths::sign_up_then(&here)>
                "I am new: sign up"
            </a>
        </div>
        <p class="aside">"After signing up and confirming the address, you come back here."</p>
    }
    .into_any()
}
