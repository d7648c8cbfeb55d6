//! Who is in an organization; Admins change roles and remove people here.

use leptos::prelude::*;

use crate::backend::Page;
use crate::backend::members::{MemberRow, PublicMemberRow};
use crate::backend::orgs::OrgView;
use crate::components::chip::{Chip, RoleChip, Tone};
use crate::components::empty_state::EmptyState;
use crate::components::form::{ActionForm, FormError, FormState};
use crate::components::history::HistoryLink;
use crate::components::icon::Icon;
use crate::components::nav::{OrgTab, Place};
use crate::components::page_header::PageHeader;
use crate::components::pager::{Pager, SearchForm};
use crate::components::section::Section;
use crate::components::when::When;
use crate::domain::permission::Permission;
use crate::domain::role::Role;
use crate::domain::standing::Standing;
use crate::domain::time::count;
use crate::islands::confirm::Confirm;
use crate::pages::frame::Frame;
use crate::pages::{loaded, org_slug, query};
use crate::paths;
use crate::request::{SignedIn, request};
use crate::server_fns::members::{LeaveOrg, RemoveMember, SetMemberRole};

/// What the page may show of the members: to visitors no address.
enum Shown {
    Members(SignedIn, Page<MemberRow>),
    Names(Page<PublicMemberRow>),
}

impl Shown {
    fn next(&self) -> Option<String> {
        match self {
            Self::Members(_, page) => page.next.clone(),
            Self::Names(page) => page.next.clone(),
        }
    }
}

/// Members, part by part.
#[component]
pub fn MembersPage() -> impl IntoView {
    let (request, slug) = (request(), org_slug());
    let (search, after) = (query("q"), query("after"));
    let later = !after.is_empty();
    let sought = search.clone();
    let load = async move {
        let slug = slug?;
        let (caller, members) = (&request.caller, &request.backend.members);
        let org = request.backend.orgs.open(caller, &slug).await?;
        let after = later.then_some(after.as_str());
        let shown = match org.standing {
            Standing::Member(_) => Shown::Members(caller.user()?.clone(), members.list(caller, &slug, &sought, after).await?),
            Standing::Visitor(_) => Shown::Names(members.list_public(caller, &slug, &sought, after).await?),
        };
        Ok((org, shown))
    };
    loaded(load, move |(org, shown)| {
        let path = paths::org_members(&org.slug);
        let people = if org.members == 1 { "1 person".to_owned() } else { format!("{} people", count(org.members)) };
        let (next, invites) = (shown.next(), org.clone());
        let placeholder = if org.standing.grants(Permission::ViewAddresses) { "Name or e-mail address" } else { "Name" };
        view! {
            <Frame title="Members" place=Place::Org(org.clone(), OrgTab::Members)>
                <PageHeader title="Members" lead=people>
                    <Inviting org=invites/>
                </PageHeader>
                <SearchForm path=path.clone() search=search.clone() label="Search members" placeholder=placeholder/>
                {match shown {
                    Shown::Members(user, page) => view! { <Members org=org.clone() page user/> }.into_any(),
                    Shown::Names(page) => view! { <Names page/> }.into_any(),
                }}
                <Pager path search later next/>
                {org.standing.grants(Permission::LeaveOrg).then(|| view! { <Leaving org/> })}
            </Frame>
        }
    })
}

/// Members as visitors see them.
#[component]
fn Names(page: Page<PublicMemberRow>) -> impl IntoView {
    if page.rows.is_empty() {
        return view! {
            <EmptyState icon=icondata_lu::LuSearchX title="Nobody found">
                <p>"No member's name contains these words."</p>
            </EmptyState>
        }
        .into_any();
    }
    let row = |member: PublicMemberRow| {
        view! {
            <tr>
                <th scope="row">{member.name.to_string()}</th>
                <td data-label="Role">
                    <RoleChip role=member.role/>
                </td>
                <td data-label="Joined">
                    <When at=member.joined_at now=request().now/>
                </td>
            </tr>
        }
        .into_any()
    };
    view! {
        <div class="card">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Member"</th>
                        <th scope="col">"Role"</th>
                        <th scope="col">"Joined"</th>
                    </tr>
                </thead>
                <tbody>{page.rows.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

#[component]
fn Members(org: OrgView, page: Page<MemberRow>, user: SignedIn) -> impl IntoView {
    let draft = request().draft;
    let set_role = ServerAction::<SetMemberRole>::new();
    let remove = ServerAction::<RemoveMember>::new();
    let errors = [FormState::of(set_role, &draft), FormState::of(remove, &draft)];
    if page.rows.is_empty() {
        return view! {
            <EmptyState icon=icondata_lu::LuSearchX title="Nobody found">
                <p>"No member's name or address contains these words."</p>
            </EmptyState>
        }
        .into_any();
    }
    let manages = org.standing.grants(Permission::ManageMembers);
    let row = move |member: MemberRow| {
        let me = member.user == user.id;
        let actions = manages.then(|| {
            view! {
                <td class="actions">
                    <Actions org=org.clone() member=member.clone() me set_role remove/>
                </td>
            }
        });
        view! {
            <tr>
                <th scope="row">
                    <span class="row-title">{member.name.to_string()} {me.then(|| view! { <Chip tone=Tone::Plain>"You"</Chip> })}</span>
                    <span class="row-note">{member.email.to_string()}</span>
                </th>
                <td data-label="Role">
                    <RoleChip role=member.role/>
                </td>
                <td data-label="Joined">
                    <span>
                        <When at=member.joined_at now=request().now/>
                        <span class="row-note">{member.joined_by.describe()}</span>
                    </span>
                </td>
                {actions}
            </tr>
        }
        .into_any()
    };
    view! {
        {errors.map(|form| view! { <FormError form/> }).collect_view()}
        <div class="card">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Member"</th>
                        <th scope="col">"Role"</th>
                        <th scope="col">"Joined"</th>
                        {manages
                            .then(|| {
                                view! {
                                    <th scope="col">
                                        <span class="sr-only">"Actions"</span>
                                    </th>
                                }
                            })}
                    </tr>
                </thead>
                <tbody>{page.rows.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// What an Admin can do with a member. Whether they are the last Admin, the server says: it counts while it changes.
#[component]
fn Actions(
    org: OrgView,
    member: MemberRow,
    me: bool,
    set_role: ServerAction<SetMemberRole>,
    remove: ServerAction<RemoveMember>,
) -> impl IntoView {
    let (name, id, slug) = (member.name.to_string(), member.user.to_string(), org.slug.to_string());
    let other = match member.role {
        Role::Admin => Role::Member,
        Role::Member => Role::Admin,
    };
    let change = {
        let (slug, id, label) = (slug.clone(), id.clone(), format!("Make {other}: {name}"));
        view! {
            <ActionForm action=set_role>
                <input type="hidden" name="org_slug" value=slug/>
                <input type="hidden" name="member" value=id/>
                <input type="hidden" name="role" value=other.as_str()/>
                <button class=if other == Role::Admin { "button button-danger" } else { "button button-primary" } aria-label=label>
                    {format!("Make {other}")}
                </button>
            </ActionForm>
        }
        .into_any()
    };
    let (question, consequence) = match (other, me) {
        (Role::Member, true) => (
            "Make yourself a Member?".to_owned(),
            "You can change nothing in this organization any more, until an Admin makes you one again.".to_owned(),
        ),
        (Role::Member, false) => (
            format!("Make {name} a Member?"),
            format!("{name} still sees workspaces, runs and members, and can change nothing in the organization any more."),
        ),
        (Role::Admin, _) => (
            format!("Make {name} an Admin?"),
            format!(
                "{name} can then do everything that you can: see and replace tokens, read the audit log, change roles, remove people (you too), make the organization public, and delete it."
            ),
        ),
    };
    let change = view! {
        <Confirm label=format!("Make {other}…") title=question>
            <p>{consequence}</p>
            {change}
        </Confirm>
    };
    let removal = (!me).then(|| {
        let (slug, id, name) = (slug.clone(), id.clone(), name.clone());
        let title = format!("Remove {name} from {}?", org.name);
        view! {
            <Confirm label="Remove…".to_owned() title>
                <p>{format!("{name} loses access to all workspaces of the organization at once, and comes back only by an invite. CI access tokens that they created and invites that they sent go on working.")}</p>
                <ActionForm action=remove>
                    <input type="hidden" name="org_slug" value=slug/>
                    <input type="hidden" name="member" value=id/>
                    <button class="button button-danger">"Remove"</button>
                </ActionForm>
            </Confirm>
        }
    });
    let history = org.standing.grants(Permission::ViewAudit).then(|| paths::org_history(&org.slug, member.user));
    view! {
        <div class="action-row">
            <HistoryLink path=history of=member.name.to_string()/>
            {change}
            {removal}
        </div>
    }
    .into_any()
}

#[component]
fn Inviting(org: OrgView) -> impl IntoView {
    org.standing.grants(Permission::ManageMembers).then(|| {
        view! {
            <a class="button" href=paths::org_domains(&org.slug)>
                <Icon of=icondata_lu::LuAtSign/>
                "Domains"
            </a>
            <a class="button button-primary" href=paths::org_invites(&org.slug)>
                <Icon of=icondata_lu::LuMailPlus/>
                "Invites"
            </a>
        }
    })
}

#[component]
fn Leaving(org: OrgView) -> impl IntoView {
    let leave = ServerAction::<LeaveOrg>::new();
    let form = FormState::of(leave, &request().draft);
    view! {
        <Section
            id="leave"
            title="Leave the organization"
            lead="You lose access to its workspaces at once. An organization always keeps an Admin: the last one has to make somebody else an Admin first."
        >
            <FormError form/>
            <Confirm label="Leave…".to_owned() title=format!("Leave {}?", org.name)>
                <p>"To come back, you need an invite, or an address at a domain whose people may join."</p>
                <ActionForm action=leave>
                    <input type="hidden" name="org_slug" value=org.slug.to_string()/>
                    <button class="button button-danger">"Leave"</button>
                </ActionForm>
            </Confirm>
        </Section>
    }
}
