//! The start page: the person's organizations, or what Buildkeep is.

use leptos::prelude::*;

use super::frame::Frame;
use super::loaded;
use crate::backend::domain_invites::JoinOffer;
use crate::backend::invites::Invitation;
use crate::backend::orgs::OrgView;
use crate::components::chip::{PublicChip, RoleChip};
use crate::components::empty_state::EmptyState;
use crate::components::form::{ActionForm, FormError, FormState};
use crate::components::icon::Icon;
use crate::components::page_header::PageHeader;
use crate::components::provider::SignInFirst;
use crate::domain::identity::{Proof, SignInRule};
use crate::domain::time::count;
use crate::islands::row_filter::{MANY, RowFilter};
use crate::paths;
use crate::request::{Actor, SignedIn, request};
use crate::server_fns::domain_invites::JoinByDomain;
use crate::server_fns::invites::AcceptInvite;

/// The start page.
#[component]
pub fn HomePage() -> impl IntoView {
    let request = request();
    match request.caller.actor.clone() {
        Actor::Anonymous | Actor::Operator | Actor::Server => view! { <Welcome/> }.into_any(),
        Actor::User(user) => {
            let proof = user.proof.clone();
            let load = async move {
                let orgs = request.backend.orgs.list(&request.caller).await?;
                let invitations = request.backend.invites.waiting(&request.caller).await?;
                let offers = request.backend.domain_invites.offers(&request.caller).await?;
                Ok((orgs, Waiting { invitations, offers, proof }))
            };
            loaded(load, |(orgs, waiting)| view! { <Orgs orgs waiting user/> }).into_any()
        }
    }
}

/// The ways in that are open to the person.
struct Waiting {
    invitations: Vec<Invitation>,
    offers: Vec<JoinOffer>,
    /// What opened the session, for organizations that ask for it.
    proof: Option<Proof>,
}

#[component]
fn Orgs(orgs: Vec<OrgView>, waiting: Waiting, user: SignedIn) -> impl IntoView {
    if orgs.is_empty() {
        return view! { <NoOrg user waiting/> }.into_any();
    }
    let many = orgs.len() >= MANY;
    let new_org = request().site.everyone_creates_orgs.then(|| {
        view! {
            <a class="button button-primary" href=paths::NEW_ORG>
                <Icon of=icondata_lu::LuPlus/>
                "New organization"
            </a>
        }
    });
    view! {
        <Frame title="Organizations">
            <PageHeader title="Organizations">{new_org}</PageHeader>
            <WaysIn waiting/>
            {many.then(|| view! { <RowFilter rows="orgs".to_owned() label="Filter organizations".to_owned()/> })}
            <div class="card">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">"Organization"</th>
                            <th scope="col">"Your role"</th>
                            <th scope="col" class="number">"Workspaces"</th>
                            <th scope="col" class="number">"Members"</th>
                        </tr>
                    </thead>
                    <tbody id="orgs">{orgs.into_iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        </Frame>
    }
    .into_any()
}

fn row(org: OrgView) -> impl IntoView {
    let path = paths::org(&org.slug);
    let amount = |amount| if org.kept_out.is_some() { "–".to_owned() } else { count(amount) };
    let (workspaces, members) = (amount(org.workspaces), amount(org.members));
    let kept_out = org.kept_out.map(|_| view! { <span class="row-note">"Sign in in another way to open it."</span> });
    view! {
        <tr>
            <th scope="row">
                <span class="row-title">
                    <a class="row-link" href=path.clone()>
                        {org.name.to_string()}
                    </a>
                    <PublicChip visibility=org.visibility/>
                </span>
                <span class="row-note">{path}</span>
                {kept_out}
            </th>
            <td data-label="Your role">
                {org.standing.role().map(|role| view! { <RoleChip role/> })}
            </td>
            <td class="number" data-label="Workspaces">
                {workspaces}
            </td>
            <td class="number" data-label="Members">
                {members}
            </td>
        </tr>
    }
    .into_any()
}

#[component]
fn WaysIn(waiting: Waiting) -> impl IntoView {
    let Waiting { invitations, offers, proof } = waiting;
    view! {
        <Invitations invitations proof=proof.clone()/>
        <Offers offers proof/>
    }
}

/// The button, or why it would be refused and what to do about it.
fn if_admitted(rule: &SignInRule, proof: Option<&Proof>, button: impl IntoView + 'static) -> AnyView {
    match rule.admits(proof) {
        Ok(()) => button.into_any(),
        Err(problem) => {
            let domain = rule.suggestion().map(ToOwned::to_owned);
            view! { <SignInFirst problem next=paths::HOME domain in_line=true/> }.into_any()
        }
    }
}

/// Organizations that wait for the person.
#[component]
fn Invitations(invitations: Vec<Invitation>, proof: Option<Proof>) -> impl IntoView {
    let accept = ServerAction::<AcceptInvite>::new();
    let form = FormState::of(accept, &request().draft);
    let row = move |invitation: Invitation| {
        let words = format!("{} invites you to {} as {}.", invitation.invited_by, invitation.org, invitation.role);
        let button = view! {
            <ActionForm action=accept>
                <input type="hidden" name="invite" value=invitation.id.to_string()/>
                <button class="button button-primary">{format!("Join {}", invitation.org)}</button>
            </ActionForm>
        };
        view! {
            <li>
                <p>{words}</p>
                {if_admitted(&invitation.sign_in, proof.as_ref(), button)}
            </li>
        }
    };
    (!invitations.is_empty()).then(|| {
        view! {
            <section class="card" aria-label="Invites for you">
                <FormError form/>
                <ul class="invitations">{invitations.into_iter().map(row).collect_view()}</ul>
            </section>
        }
    })
}

/// Organizations that are open to the domain of the person's address.
#[component]
fn Offers(offers: Vec<JoinOffer>, proof: Option<Proof>) -> impl IntoView {
    let join = ServerAction::<JoinByDomain>::new();
    let form = FormState::of(join, &request().draft);
    let row = move |offer: JoinOffer| {
        let words = format!("{} is open to people at {}: you may join as {}.", offer.org, offer.domain, offer.role);
        let button = view! {
            <ActionForm action=join>
                <input type="hidden" name="org_slug" value=offer.slug.to_string()/>
                <button class="button">{format!("Join {}", offer.org)}</button>
            </ActionForm>
        };
        view! {
            <li>
                <p>{words}</p>
                {if_admitted(&offer.sign_in, proof.as_ref(), button)}
            </li>
        }
    };
    (!offers.is_empty()).then(|| {
        view! {
            <section class="card" aria-label="Organizations of your domain">
                <FormError form/>
                <ul class="invitations">{offers.into_iter().map(row).collect_view()}</ul>
            </section>
        }
    })
}

#[component]
fn NoOrg(user: SignedIn, waiting: Waiting) -> impl IntoView {
    let way = if request().site.everyone_creates_orgs {
        view! {
            <p>"Whoever creates one is its Admin."</p>
            <p>
                <a class="button button-primary" href=paths::NEW_ORG>
                    <Icon of=icondata_lu::LuPlus/>
                    "Create an organization"
                </a>
            </p>
        }
        .into_any()
    } else {
        view! { <p>"On this server, organizations are created by whoever runs it."</p> }.into_any()
    };
    view! {
        <Frame title="Organizations">
            <PageHeader title=format!("Welcome, {}", user.name)/>
            <WaysIn waiting/>
            <EmptyState icon=icondata_lu::LuBuilding2 title="You are in no organization yet">
                <p>"An organization holds your team's workspaces and decides who may see and change them."</p>
                {way}
                <p>{format!("To join one that exists, ask one of its Admins to invite {}.", user.email)}</p>
            </EmptyState>
        </Frame>
    }
    .into_any()
}

#[component]
fn Welcome() -> impl IntoView {
    let points = [
        (
            icondata_lu::LuZap,
            "A remote cache for the nx you have",
            "nx 17 to 24, unmodified: two lines in nx.json, no plugin. What one machine has built, the others fetch.",
        ),
        (
            icondata_lu::LuKeyRound,
            "Access as narrow as it should be",
            "Read-only and read-write CI access tokens that expire, rotate with an overlap, and stop working the moment you revoke them.",
        ),
        (
            icondata_lu::LuHardDrive,
            "On your own machine",
            "One program with nothing else to install. Artifacts are encrypted before they reach the disk, and are never overwritten.",
        ),
    ];
    view! {
        <Frame title="Remote cache for nx, self-hosted">
            <div class="hero">
                <h1 class="hero-title">"The open home of your team's nx builds"</h1>
                <p class="hero-lead">
                    "Buildkeep keeps what nx has built, hands it to every machine that may read it, and lets only those store it that you trust."
                </p>
                <p class="hero-actions">
                    <a class="button button-primary" href=paths::SIGN_UP>
                        "Create an account"
                    </a>
                    <a class="button" href=paths::SIGN_IN>
                        "Sign in"
                    </a>
                </p>
            </div>
            <ul class="points">
                {points
                    .into_iter()
                    .map(|(icon, title, words)| {
                        view! {
                            <li class="point">
                                <Icon of=icon/>
                                <h2 class="point-title">{title}</h2>
                                <p class="muted">{words}</p>
                            </li>
                        }
                    })
                    .collect_view()}
            </ul>
        </Frame>
    }
    .into_any()
}
