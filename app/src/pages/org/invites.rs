//! Who is asked to come into an organization; Admins invite here, and look after the invites.

use leptos::prelude::*;

use crate::backend::Page;
use crate::backend::invites::InviteRow;
use crate::backend::orgs::OrgView;
use crate::components::chip::{Chip, RoleChip, Tone};
use crate::components::empty_state::EmptyState;
use crate::components::form::{ActionForm, ChoiceField, FormError, FormState, TextArea};
use crate::components::invite_results::InviteResults;
use crate::components::nav::{OrgTab, Place};
use crate::components::page_header::PageHeader;
use crate::components::pager::Pager;
use crate::components::section::Section;
use crate::components::when::When;
use crate::domain::invite::{DAYS, Delivery, InviteState, MOST_AT_ONCE};
use crate::domain::permission::Permission;
use crate::domain::role::Role;
use crate::domain::time::absolute;
use crate::error::Field;
use crate::islands::confirm::Confirm;
use crate::pages::frame::Frame;
use crate::pages::{loaded, org_slug, query, require};
use crate::paths;
use crate::request::request;
use crate::server_fns::invites::{CreateInvites, LinkInvite, ResendInvite, RevokeInvite};

/// Invites, part by part.
#[component]
pub fn InvitesPage() -> impl IntoView {
    let (request, slug) = (request(), org_slug());
    let (which, after) = (query("q"), query("after"));
    let (all, later) = (which == "all", !after.is_empty());
    let load = async move {
        let slug = slug?;
        let org = request.backend.orgs.open(&request.caller, &slug).await?;
        require(&request.caller, org.standing, Permission::ManageMembers)?;
        let after = later.then_some(after.as_str());
        let page = request.backend.invites.list(&request.caller, &slug, !all, after).await?;
        let results = request.visit.take_results().await?;
        Ok((org, page, results))
    };
    loaded(load, move |(org, page, results)| {
        let path = paths::org_invites(&org.slug);
        let (next, members, domains) = (page.next.clone(), paths::org_members(&org.slug), paths::org_domains(&org.slug));
        let search = if all { "all".to_owned() } else { String::new() };
        view! {
            <Frame title="Invites" place=Place::Org(org.clone(), OrgTab::Members)>
                <PageHeader title="Invites" lead="People who are asked to come in, and what became of it.">
                    <a class="button" href=members>
                        "Members"
                    </a>
                    <a class="button" href=domains>
                        "Domains"
                    </a>
                </PageHeader>
                <InviteResults results/>
                <Creation org=org.clone()/>
                <Which path=path.clone() all/>
                <Invites org page all/>
                <Pager path search later next/>
            </Frame>
        }
    })
}

/// Open invites, or all.
#[component]
fn Which(path: String, all: bool) -> impl IntoView {
    let (other, words) =
        if all { (path, "Show only open invites") } else { (paths::list(&path, "all", None), "Show accepted and revoked ones too") };
    view! {
        <div class="list-head">
            <h2 class="card-title">{if all { "All invites" } else { "Open invites" }}</h2>
            <a href=other>{words}</a>
        </div>
    }
}

#[component]
fn Creation(org: OrgView) -> impl IntoView {
    let request = request();
    let action = ServerAction::<CreateInvites>::new();
    let form = FormState::of(action, &request.draft);
    let roles = vec![
        (Role::Member.as_str(), Role::Member.to_string(), "Sees workspaces, artifacts and members; changes nothing."),
        (Role::Admin.as_str(), Role::Admin.to_string(), "May do everything in the organization, also invite and remove others."),
    ];
    let provider_only = form.ticked("requires_provider", false);
    let provider = request.site.provider.clone().map(|provider| {
        view! {
            <label class="choice">
                <input type="checkbox" name="requires_provider" value="true" checked=provider_only/>
                <span>
                    <span class="choice-title">{format!("Must sign in with {provider}")}</span>
                    <span class="hint">"A password alone does not accept the invite."</span>
                </span>
            </label>
        }
    });
    let by_hand = request.site.mail_folder.is_some().then(|| {
        view! {
            <p class="hint">
                "This server has no mail server configured: make a link for each invite below and hand it over yourself, or take the mails from the folder that the operator knows."
            </p>
        }
    });
    view! {
        <Section
            id="new"
            title="Invite people"
            lead=format!("Each gets a mail with a link that works once, for {DAYS} days, and only for the owner of that address.")
        >
            <ActionForm action>
                <div class="form">
                    <FormError form=form.clone()/>
                    <input type="hidden" name="org_slug" value=org.slug.to_string()/>
                    <TextArea
                        form=form.clone()
                        field=Field::Addresses
                        name="addresses"
                        label="E-mail addresses"
                        rows=4
                        hint=format!("One or up to {MOST_AT_ONCE}, apart by line breaks or commas, as you have them: ada@example.com or Ada <ada@example.com>.")
                    />
                    <ChoiceField form=form.clone() field=Field::Role name="role" label="Role" choices=roles chosen=Role::Member.as_str()/>
                    <TextArea form field=Field::Message name="message" label="Message (optional)" rows=2 optional=true hint="A few words of yours in the mail."/>
                    {provider}
                    {by_hand}
                    <div class="form-end">
                        <button class="button button-primary">"Send the invites"</button>
                    </div>
                </div>
            </ActionForm>
        </Section>
    }
    .into_any()
}

#[component]
fn Invites(org: OrgView, page: Page<InviteRow>, all: bool) -> impl IntoView {
    let draft = request().draft;
    let resend = ServerAction::<ResendInvite>::new();
    let revoke = ServerAction::<RevokeInvite>::new();
    let link = ServerAction::<LinkInvite>::new();
    let errors = [FormState::of(resend, &draft), FormState::of(revoke, &draft), FormState::of(link, &draft)];
    if page.rows.is_empty() {
        let title = if all { "Nobody was invited yet" } else { "No open invites" };
        return view! {
            {errors.map(|form| view! { <FormError form/> }).collect_view()}
            <EmptyState icon=icondata_lu::LuMailPlus title>
                <p>"Invite somebody with the form above: the invite stands here until it is accepted or revoked, and says whether its mail arrived."</p>
            </EmptyState>
        }
        .into_any();
    }
    let row = move |invite: InviteRow| view! { <Row org=org.clone() invite resend revoke link/> };
    view! {
        {errors.map(|form| view! { <FormError form/> }).collect_view()}
        <div class="card">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Invite"</th>
                        <th scope="col">"Role"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col">"Sent"</th>
                        <th scope="col">"Expires"</th>
                        <th scope="col">
                            <span class="sr-only">"Actions"</span>
                        </th>
                    </tr>
                </thead>
                <tbody>{page.rows.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// State and mail in one label, and why a mail did not arrive.
fn status(invite: &InviteRow) -> (Tone, &'static str, Option<String>) {
    match (invite.state, &invite.delivery) {
        (InviteState::Accepted, _) => (Tone::Good, "Accepted", None),
        (InviteState::Revoked, _) => (Tone::Bad, "Revoked", None),
        (InviteState::Expired, _) => (Tone::Bad, "Expired", None),
        (InviteState::Pending, Delivery::Queued) => (Tone::Plain, "Being sent", None),
        (InviteState::Pending, Delivery::Sent) => (Tone::Plain, "Pending", None),
        (InviteState::Pending, Delivery::Delayed { why, next }) => {
            (Tone::Care, "Mail delayed", Some(format!("{why} – tried again {}", absolute(*next))))
        }
        (InviteState::Pending, Delivery::Failed { why }) => (Tone::Bad, "Mail failed", Some(why.clone())),
    }
}

#[component]
fn Row(
    org: OrgView,
    invite: InviteRow,
    resend: ServerAction<ResendInvite>,
    revoke: ServerAction<RevokeInvite>,
    link: ServerAction<LinkInvite>,
) -> impl IntoView {
    let now = request().now;
    let provider = request().site.provider.clone().filter(|_| invite.requires_provider).map(|provider| format!(", with {provider} only"));
    let (tone, words, why) = status(&invite);
    let open = invite.state.is_open();
    let expires = if open { view! { <When at=invite.expires_at now/> }.into_any() } else { "–".into_any() };
    view! {
        <tr>
            <th scope="row">
                <span class="row-title">{invite.email.to_string()}</span>
                <span class="row-note">{format!("by {}", invite.invited_by)}{provider}</span>
            </th>
            <td data-label="Role">
                <RoleChip role=invite.role/>
            </td>
            <td data-label="Status">
                <span>
                    <Chip tone>{words}</Chip>
                    {why.map(|why| view! { <span class="row-note">{why}</span> })}
                </span>
            </td>
            <td data-label="Sent">
                <When at=invite.sent_at now/>
            </td>
            <td data-label="Expires">
                <span>{expires}</span>
            </td>
            <td class="actions">{open.then(|| view! { <Actions org invite resend revoke link/> })}</td>
        </tr>
    }
    .into_any()
}

#[component]
fn Actions(
    org: OrgView,
    invite: InviteRow,
    resend: ServerAction<ResendInvite>,
    revoke: ServerAction<RevokeInvite>,
    link: ServerAction<LinkInvite>,
) -> impl IntoView {
    let email = invite.email.to_string();
    let (slug, id) = (org.slug.to_string(), invite.id.to_string());
    let which = || {
        view! {
            <input type="hidden" name="org_slug" value=slug.clone()/>
            <input type="hidden" name="invite" value=id.clone()/>
        }
    };
    let [for_resend, for_link, for_revoke] = [which(), which(), which()];
    let [resend_label, revoke_title] = [format!("Send again: {email}"), format!("Revoke the invite for {email}?")];
    let pending = invite.state == InviteState::Pending;
    let copy = pending.then(|| {
        view! {
            <Confirm label="Link…".to_owned() title=format!("A link for {email}?")>
                <p>"To hand over in another way. An earlier link of this kind stops working; the one in the mail goes on."</p>
                <p>"Unlike the mail it does not prove who opens it: it works for an account whose confirmed address is this one, and a new person has to confirm the address first."</p>
                <ActionForm action=link>
                    {for_link}
                    <button class="button button-primary">"Make the link"</button>
                </ActionForm>
            </Confirm>
        }
    });
    view! {
        <div class="action-row">
            <ActionForm action=resend>
                {for_resend}
                <button class="button" aria-label=resend_label>
                    "Send again"
                </button>
            </ActionForm>
            {copy}
            <Confirm label="Revoke…".to_owned() title=revoke_title>
                <p>"Its links stop working at once. You can invite the same address again later."</p>
                <ActionForm action=revoke>
                    {for_revoke}
                    <button class="button button-danger">"Revoke"</button>
                </ActionForm>
            </Confirm>
        </div>
    }
    .into_any()
}
