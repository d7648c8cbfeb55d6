//! What the page after a successful form says, once.

use leptos::prelude::*;

use super::chip::AccessChip;
use super::code::{CodeBlock, CodeLine};
use super::icon::Icon;
use crate::domain::cache_setup;
use crate::notice::{IssuedInvite, IssuedPersonalToken, IssuedToken, Notice};
use crate::paths;

/// The message in a sentence; a new token with its value.
#[component]
pub fn NoticeView(
    /// What happened.
    notice: Notice,
    /// The address of this server, for the lines to copy.
    public_url: String,
) -> impl IntoView {
    let sentence = match notice {
        Notice::SignedOut => "You are signed out.".to_owned(),
        Notice::PasswordChosen => "Your password is set, and you are signed in. All other sessions have ended.".to_owned(),
        Notice::PasswordChanged => "Your password is changed. All other sessions have ended.".to_owned(),
        Notice::PasswordLinkSent(email) => format!("A link to choose a password is on its way to {email}."),
        Notice::AddressMailSent(email) => format!("A mail is on its way to {email}. Open the link in it to confirm the address."),
        Notice::AddressConfirmed(email) => format!("{email} is confirmed. You can sign in with it."),
        Notice::AddressRemoved(email) => format!("{email} is no longer an address of your account."),
        Notice::PrimaryAddressChanged(email) => format!("{email} is your primary address now."),
        Notice::AccountDeleted => "Your account is deleted. Good-bye!".to_owned(),
        Notice::AccountSaved => "Your account is saved.".to_owned(),
        Notice::Linked => "The account is linked: you can sign in with it from now on.".to_owned(),
        Notice::Unlinked => "The link is removed. Organizations that ask for it do not open any more.".to_owned(),
        Notice::SsoFailed(failure) => return view! { <Failure sentence=failure.to_string()/> }.into_any(),
        Notice::SessionEnded => "The session has ended.".to_owned(),
        Notice::OtherSessionsEnded => "All other sessions have ended.".to_owned(),
        Notice::OrgCreated => "The organization is created, and you are its Admin.".to_owned(),
        Notice::Saved => "Saved.".to_owned(),
        Notice::OrgMoved => "The organization has its new address. The old one leads here.".to_owned(),
        Notice::OrgPublic => "The organization is public: everybody can look at it, with an account or without.".to_owned(),
        Notice::OrgPrivate => "The organization is private: only its members can look at it.".to_owned(),
        Notice::OrgDeleted(name) => format!("The organization “{name}” is deleted with everything in it."),
        Notice::RoleChanged(name) => format!("{name} has a new role."),
        Notice::MemberRemoved(name) => format!("{name} is no longer a member."),
        Notice::InviteResent(email) => format!("The invite for {email} is on its way again. Earlier links of it have stopped working."),
        Notice::InviteRevoked(email) => format!("The invite for {email} is revoked. Its links have stopped working."),
        Notice::InviteLink(invite) => return view! { <NewInviteLink invite public_url/> }.into_any(),
        Notice::DomainAdded(domain) => format!("{domain} is on the list."),
        Notice::DomainRoleChanged(domain) => format!("Who joins by {domain} from now on has another role. Members keep theirs."),
        Notice::DomainVouched(domain) => format!("You vouch for {domain}: its people can join by the link."),
        Notice::DomainProven(domain) => format!("DNS proves {domain}: its people can join, and are offered it after signing in."),
        Notice::DomainNotProven(domain) => return view! { <NotProven domain/> }.into_any(),
        Notice::DomainRemoved(domain) => format!("{domain} is off the list. Nobody joins by it any more; members stay."),
        Notice::OrgJoined => "You are in. Here is what the organization builds.".to_owned(),
        Notice::OrgLeft(name) => format!("You have left “{name}”."),
        Notice::WorkspaceCreated => "The workspace is created. Here is how to connect nx to it.".to_owned(),
        Notice::WorkspaceClaimed => {
            "The workspace is yours. What was stored in it before is thrown away, and the nxCloudId alone only reads from now on."
                .to_owned()
        }
        Notice::WorkspaceToName => "The workspace is created. Put its nxCloudId into nx.json in place of the one that is there.".to_owned(),
        Notice::SetUpApplied(tokens) if tokens.is_empty() => "The workspace is set up. All tokens that it takes were there.".to_owned(),
        Notice::SetUpApplied(tokens) => return view! { <NewCiTokens tokens/> }.into_any(),
        Notice::WorkspaceDeleted(name) => format!("The workspace “{name}” is deleted with its tokens and artifacts."),
        Notice::TokenIssued(token) => return view! { <NewToken token public_url/> }.into_any(),
        Notice::TokenRevoked(name) => format!("The token “{name}” is revoked. No request with it succeeds any more."),
        Notice::PersonalTokenIssued(token) => return view! { <NewPersonalToken token public_url/> }.into_any(),
        Notice::LoginConfirmed(name) => {
            format!("“{name}” is logged in. Go back to the terminal: it fetches its token, which is then in the list below.")
        }
        Notice::LoginRefused(name) => {
            format!("“{name}” is not logged in. If you did not start it, somebody may have wanted you to confirm it: you did well.")
        }
        Notice::ArtifactDeleted => "The artifact is deleted.".to_owned(),
        Notice::PurgeStarted => "The artifacts are being deleted.".to_owned(),
    };
    view! {
        <div class="alert alert-good" role="status">
            <Icon of=icondata_lu::LuCircleCheck/>
            <p>{sentence}</p>
        </div>
    }
    .into_any()
}

/// Something that did not work.
#[component]
fn Failure(sentence: String) -> impl IntoView {
    view! {
        <div class="alert alert-bad" role="alert">
            <Icon of=icondata_lu::LuCircleAlert/>
            <p>{sentence}</p>
        </div>
    }
}

#[component]
fn NotProven(domain: String) -> impl IntoView {
    view! {
        <div class="alert alert-care" role="status">
            <Icon of=icondata_lu::LuCircleAlert/>
            <p>{format!("DNS does not prove {domain}. What it answered stands below.")}</p>
        </div>
    }
    .into_any()
}

/// A link of an invite: the only time that anybody sees it.
#[component]
fn NewInviteLink(invite: IssuedInvite, public_url: String) -> impl IntoView {
    let link = format!("{public_url}{}", paths::invite(invite.secret.expose()));
    view! {
        <section class="issued" role="status" aria-labelledby="issued">
            <h2 class="issued-title" id="issued">
                <Icon of=icondata_lu::LuLink/>
                <span>{format!("Copy the link for {} now: it is not shown again", invite.email)}</span>
            </h2>
            <CodeLine id="issued-value" what="link" text=link/>
            <p class="hint">"It works until the invite is accepted, revoked, sent again or too old."</p>
        </section>
    }
    .into_any()
}

/// The tokens that a set-up was lacking: the only time that anybody sees them.
#[component]
fn NewCiTokens(tokens: Vec<IssuedToken>) -> impl IntoView {
    let token = |token: IssuedToken| {
        let id = format!("issued-{}", token.access);
        view! {
            <h3 class="row-title">{token.name.clone()} " " <AccessChip access=token.access/></h3>
            <CodeLine id what=format!("token “{}”", token.name) text=token.secret.expose().to_owned()/>
        }
    };
    view! {
        <section class="issued" role="status" aria-labelledby="issued">
            <h2 class="issued-title" id="issued">
                <Icon of=icondata_lu::LuKeyRound/>
                <span>"The workspace is set up. Copy its tokens now: they are not shown again"</span>
            </h2>
            {tokens.into_iter().map(token).collect_view()}
            <p class="hint">"Store them in your CI as the lines below say. Buildkeep stores only a fingerprint of them."</p>
        </section>
    }
    .into_any()
}

/// A token's value: the only time that anybody sees it.
#[component]
fn NewToken(token: IssuedToken, public_url: String) -> impl IntoView {
    let value = token.secret.expose().to_owned();
    let line = format!("{}={value}", cache_setup::CLIENT_TOKEN_VARIABLE);
    let cache_only = cache_setup::environment(&public_url, &value);
    let old = token.old_works_for_hours.map(|hours| match hours {
        0 => "The old value has stopped working.".to_owned(),
        1 => "The old value goes on working for 1 hour.".to_owned(),
        hours => format!("The old value goes on working for {hours} hours."),
    });
    view! {
        <section class="issued" role="status" aria-labelledby="issued">
            <h2 class="issued-title" id="issued">
                <Icon of=icondata_lu::LuKeyRound/>
                <span>"Copy “" {token.name} "” now: it is not shown again"</span>
                <AccessChip access=token.access/>
            </h2>
            <CodeLine id="issued-value" what="token" text=value/>
            <CodeBlock id="issued-lines" caption="Environment of the job or shell that runs nx" text=line/>
            <p class="hint">"nx takes it where nx.json names this server, as the Connect page says."</p>
            <details class="disclosure">
                <summary>"Only the cache, without the client"</summary>
                <CodeBlock id="issued-cache-only" caption="Environment of nx 20.8 to 24 without nxCloudId in nx.json" text=cache_only/>
            </details>
            <p class="hint">
                "Keep it in the secret store of your CI or in a file that is not committed. Buildkeep stores only a fingerprint of it. " {old}
            </p>
        </section>
    }
    .into_any()
}

/// A personal access token's value: the only time that anybody sees it.
#[component]
fn NewPersonalToken(token: IssuedPersonalToken, public_url: String) -> impl IntoView {
    let value = token.secret.expose().to_owned();
    let command = format!("npx nx-cloud configure --nx-cloud-url={public_url} --personal-access-token={value}");
    view! {
        <section class="issued" role="status" aria-labelledby="issued">
            <h2 class="issued-title" id="issued">
                <Icon of=icondata_lu::LuKeyRound/>
                <span>"Copy “" {token.name} "” now: it is not shown again"</span>
            </h2>
            <CodeLine id="issued-value" what="token" text=value/>
            <CodeBlock id="issued-lines" caption="On the machine that runs nx, in a connected workspace" text=command/>
            <p class="hint">"It stands for you: keep it to yourself, and out of the repository. Buildkeep stores only a fingerprint of it."</p>
        </section>
    }
    .into_any()
}
