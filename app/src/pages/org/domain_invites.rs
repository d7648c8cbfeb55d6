//! Domains whose people may join; Admins add them here, and prove that they are theirs.

use leptos::prelude::*;

use crate::backend::domain_invites::DomainInviteRow;
use crate::backend::orgs::OrgView;
use crate::components::chip::{Chip, RoleChip, Tone};
use crate::components::code::CodeLine;
use crate::components::empty_state::EmptyState;
use crate::components::form::{ActionForm, ChoiceField, FormError, FormState, TextField};
use crate::components::history::HistoryLink;
use crate::components::nav::{OrgTab, Place};
use crate::components::page_header::PageHeader;
use crate::components::section::Section;
use crate::components::when::When;
use crate::domain::domain_invite::{DnsAnswer, DomainState, GRACE, LABEL, record_name};
use crate::domain::permission::Permission;
use crate::domain::role::Role;
use crate::domain::time::absolute;
use crate::error::Field;
use crate::islands::confirm::Confirm;
use crate::pages::frame::Frame;
use crate::pages::{loaded, org_slug, require};
use crate::paths;
use crate::request::request;
use crate::server_fns::domain_invites::{AddDomain, CheckDomain, RemoveDomain, SetDomainRole, VouchForDomain};

/// All domains of an organization.
#[component]
pub fn DomainInvitesPage() -> impl IntoView {
    let (request, slug) = (request(), org_slug());
    let load = async move {
        let slug = slug?;
        let org = request.backend.orgs.open(&request.caller, &slug).await?;
        require(&request.caller, org.standing, Permission::ManageMembers)?;
        let domains = request.backend.domain_invites.list(&request.caller, &slug).await?;
        Ok((org, domains))
    };
    loaded(load, |(org, domains)| {
        let (members, invites) = (paths::org_members(&org.slug), paths::org_invites(&org.slug));
        let open = domains.iter().any(|row| row.state.is_open());
        view! {
            <Frame title="Domains" place=Place::Org(org.clone(), OrgTab::Members)>
                <PageHeader title="Domains" lead="Whoever has a confirmed address at one of these domains may join without being invited.">
                    <a class="button" href=members>
                        "Members"
                    </a>
                    <a class="button" href=invites>
                        "Invites"
                    </a>
                </PageHeader>
                {open.then(|| view! { <JoinLink org=org.clone()/> })}
                <Addition org=org.clone()/>
                <Domains org domains/>
            </Frame>
        }
    })
}

/// What to hand to colleagues.
#[component]
fn JoinLink(org: OrgView) -> impl IntoView {
    let link = format!("{}{}", request().site.public_url, paths::join(&org.slug));
    view! {
        <Section
            id="join-link"
            title="Join link"
            lead="Hand it to your colleagues, or put it where they look. It is no secret: it lets in only people of the domains below. Who has no account signs up first, then opens it again."
        >
            <CodeLine id="join-link-value" what="join link" text=link/>
        </Section>
    }
}

#[component]
fn Addition(org: OrgView) -> impl IntoView {
    let action = ServerAction::<AddDomain>::new();
    let form = FormState::of(action, &request().draft);
    let roles = vec![
        (Role::Member.as_str(), Role::Member.to_string(), "Sees workspaces, artifacts and members; changes nothing."),
        (Role::Admin.as_str(), Role::Admin.to_string(), "Everybody with an address there may do everything. Seldom what you want."),
    ];
    view! {
        <Section
            id="new"
            title="Add a domain"
            lead="It works at once when you have a confirmed address there yourself, for as long as you are an Admin. Any other one works as soon as DNS proves that it is yours."
        >
            <ActionForm action>
                <div class="form">
                    <FormError form=form.clone()/>
                    <input type="hidden" name="org_slug" value=org.slug.to_string()/>
                    <TextField
                        form=form.clone()
                        field=Field::Domain
                        name="domain"
                        label="Domain"
                        hint="What stands behind the @, such as acme.com. Only exactly this one counts: people at mail.acme.com need an entry of their own."
                    />
                    <ChoiceField form field=Field::Role name="role" label="Who joins by it becomes" choices=roles chosen=Role::Member.as_str()/>
                    <div class="form-end">
                        <button class="button button-primary">"Add the domain"</button>
                    </div>
                </div>
            </ActionForm>
        </Section>
    }
    .into_any()
}

#[component]
fn Domains(org: OrgView, domains: Vec<DomainInviteRow>) -> impl IntoView {
    let draft = request().draft;
    let actions =
        Actions { check: ServerAction::new(), role: ServerAction::new(), vouch: ServerAction::new(), remove: ServerAction::new() };
    let errors = [
        FormState::of(actions.check, &draft),
        FormState::of(actions.role, &draft),
        FormState::of(actions.vouch, &draft),
        FormState::of(actions.remove, &draft),
    ];
    let errors = errors.map(|form| view! { <FormError form/> }).collect_view();
    if domains.is_empty() {
        return view! {
            {errors}
            <EmptyState icon=icondata_lu::LuAtSign title="No domain yet">
                <p>"Add the domain of your team's addresses with the form above, and hand out the join link: nobody has to be invited one by one any more."</p>
            </EmptyState>
        }
        .into_any();
    }
    let card = move |row: DomainInviteRow| view! { <DomainCard org=org.clone() row actions/> };
    view! {
        {errors}
        {domains.into_iter().map(card).collect_view()}
    }
    .into_any()
}

/// The forms that every domain has.
#[derive(Clone, Copy)]
struct Actions {
    check: ServerAction<CheckDomain>,
    role: ServerAction<SetDomainRole>,
    vouch: ServerAction<VouchForDomain>,
    remove: ServerAction<RemoveDomain>,
}

/// The state in a word, and what follows from it.
fn status(state: &DomainState) -> (Tone, &'static str, String) {
    match state {
        DomainState::Proven { silent_since: Some(since), .. } => (
            Tone::Care,
            "Proven",
            format!(
                "DNS has given no answer since {}. If that stays so, nobody can join by it from {}.",
                absolute(*since),
                absolute(*since + GRACE)
            ),
        ),
        DomainState::Proven { since, silent_since: None } => (
            Tone::Good,
            "Proven",
            format!(
                "Its people can join, and are offered it after signing in. Proven by DNS since {}, checked each day.",
                absolute(*since)
            ),
        ),
        DomainState::Vouched { by } => (
            Tone::Accent,
            "Vouched for",
            format!(
                "Its people can join by the link, as long as {by} is an Admin with an address there. Proven by DNS, it depends on nobody, and is offered after signing in."
            ),
        ),
        DomainState::Lapsed { since } => (
            Tone::Bad,
            "No longer proven",
            format!("Nobody can join by it since {}, when DNS stopped proving it. Members stay.", absolute(*since)),
        ),
        DomainState::Closed => (
            Tone::Plain,
            "Not open",
            "Nobody can join by it until DNS proves it, or an Admin with an address there vouches for it.".to_owned(),
        ),
    }
}

#[component]
fn DomainCard(org: OrgView, row: DomainInviteRow, actions: Actions) -> impl IntoView {
    let (tone, word, sentence) = status(&row.state);
    let id = row.id.to_string();
    let (now, domain) = (request().now, row.domain.to_string());
    let task = match row.state {
        DomainState::Proven { .. } => "Leave this record where it is:",
        DomainState::Vouched { .. } | DomainState::Lapsed { .. } | DomainState::Closed => {
            "To prove it, add this record to the domain's DNS:"
        }
    };
    view! {
        <section class="card" aria-labelledby=id.clone()>
            <div class="card-head">
                <h2 class="card-title" id=id.clone()>
                    {domain} " " <Chip tone>{word}</Chip> " " <RoleChip role=row.role/>
                </h2>
                {row.readable.clone().map(|readable| view! { <p class="card-lead">{readable}</p> })}
                <p class="card-lead">{sentence}</p>
            </div>
            <div class="card-body">
                <p>{task}</p>
                <dl class="facts">
                    <dt>"Type"</dt>
                    <dd>"TXT"</dd>
                    <dt>"Name"</dt>
                    <dd>
                        <CodeLine id=format!("{id}-name") what=format!("name of the record for {}", row.domain) text=record_name(&row.domain)/>
                        <p class="hint">{format!("Some DNS services add the domain by themselves. There, enter only {LABEL} and what stands before the domain that they manage.")}</p>
                    </dd>
                    <dt>"Value"</dt>
                    <dd>
                        <CodeLine id=format!("{id}-value") what=format!("value of the record for {}", row.domain) text=row.challenge.clone()/>
                    </dd>
                    <dt>"Last answer"</dt>
                    <dd>
                        <Answer checked=row.checked.clone()/>
                    </dd>
                    <dt>"Added"</dt>
                    <dd>
                        {format!("by {}, ", row.added_by)} <When at=row.added_at now/>
                    </dd>
                </dl>
                <Buttons org row actions/>
            </div>
        </section>
    }
    .into_any()
}

/// What DNS said last.
#[component]
fn Answer(checked: Option<(chrono::DateTime<chrono::Utc>, DnsAnswer)>) -> impl IntoView {
    let Some((at, answer)) = checked else {
        return view! { "DNS was not asked yet. A new record can take up to an hour to be seen." }.into_any();
    };
    let sentence = answer.describe();
    let values = if let DnsAnswer::Others(values) = answer { values } else { Vec::new() };
    view! {
        <p>
            <When at now=request().now/>
            ": "
            {sentence}
        </p>
        {values.into_iter().map(|value| view! { <p><code>{value}</code></p> }).collect_view()}
    }
    .into_any()
}

#[component]
fn Buttons(org: OrgView, row: DomainInviteRow, actions: Actions) -> impl IntoView {
    let (slug, id, domain) = (org.slug.to_string(), row.id.to_string(), row.domain.to_string());
    let which = || {
        view! {
            <input type="hidden" name="org_slug" value=slug.clone()/>
            <input type="hidden" name="id" value=id.clone()/>
        }
    };
    let [for_check, for_role, for_vouch, for_remove] = [which(), which(), which(), which()];
    let other = match row.role {
        Role::Admin => Role::Member,
        Role::Member => Role::Admin,
    };
    let [vouch_label, check_label] = [format!("Vouch for {domain}"), format!("Check {domain} now")];
    let vouch = (row.may_vouch && !row.state.is_open()).then(|| {
        view! {
            <ActionForm action=actions.vouch>
                {for_vouch}
                <button class="button" aria-label=vouch_label>
                    "Vouch for it"
                </button>
            </ActionForm>
        }
    });
    let role_words = match other {
        Role::Admin => "Everybody who joins by it from then on may do everything in the organization.",
        Role::Member => "Who joins by it from then on becomes a Member.",
    };
    view! {
        <div class="action-row">
            <HistoryLink path=Some(paths::org_history(&org.slug, row.id)) of=domain.clone()/>
            <ActionForm action=actions.check>
                {for_check}
                <button class="button" aria-label=check_label>
                    "Check now"
                </button>
            </ActionForm>
            {vouch}
            <Confirm label=format!("Make it {other}…") title=format!("Let people at {domain} join as {other}?")>
                <p>{role_words} " Those who are in keep their role."</p>
                <ActionForm action=actions.role>
                    {for_role}
                    <input type="hidden" name="role" value=other.as_str()/>
                    <button class="button button-primary">{format!("Make it {other}")}</button>
                </ActionForm>
            </Confirm>
            <Confirm label="Remove…".to_owned() title=format!("Remove {domain}?")>
                <p>"Nobody can join by it any more, at once. Those who are in stay. Added again, it has to be proven by another record."</p>
                <ActionForm action=actions.remove>
                    {for_remove}
                    <button class="button button-danger">"Remove"</button>
                </ActionForm>
            </Confirm>
        </div>
    }
    .into_any()
}
