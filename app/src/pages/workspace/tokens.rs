//! Who may read and store: the access levels, and for Admins CI access tokens to create, see, rotate and revoke.

use leptos::prelude::*;

use super::access_levels::LevelsSection;
use super::{open, which};
use crate::backend::ci_tokens::CiTokenRow;
use crate::backend::orgs::OrgView;
use crate::backend::workspaces::WorkspaceView;
use crate::components::chip::AccessChip;
use crate::components::code::CodeBlock;
use crate::components::empty_state::EmptyState;
use crate::components::form::{ActionForm, ChoiceField, FormError, FormState, SelectField, TextField};
use crate::components::history::HistoryLink;
use crate::components::nav::{Place, WorkspaceTab};
use crate::components::page_header::PageHeader;
use crate::components::section::Section;
use crate::components::token::TokenCells;
use crate::components::when::When;
use crate::domain::access::TokenAccess;
use crate::domain::permission::Permission;
use crate::domain::token::{TokenLife, TokenPolicy, TokenState};
use crate::error::Field;
use crate::islands::confirm::Confirm;
use crate::islands::row_filter::{MANY, RowFilter};
use crate::pages::frame::Frame;
use crate::pages::loaded;
use crate::paths;
use crate::request::request;
use crate::server_fns::ci_tokens::{CreateCiToken, RevokeCiToken, RotateCiToken};

/// The access levels and tokens of a workspace.
#[component]
pub fn TokensPage() -> impl IntoView {
    let request = request();
    let opened = open(&request);
    let load = async move {
        let (org, workspace) = opened.await?;
        let levels = request.backend.access_levels.levels(&request.caller, &org.slug, workspace.id).await?;
        let managed = if org.standing.grants(Permission::ManageTokens) {
            let tokens = request.backend.ci_tokens.list(&request.caller, &org.slug, workspace.id).await?;
            Some((tokens, request.backend.token_policy.policy(&request.caller, &org.slug).await?))
        } else {
            None
        };
        Ok((org, workspace, levels, managed))
    };
    loaded(load, |(org, workspace, levels, managed)| {
        let place = Place::Workspace(org.clone(), workspace.clone(), WorkspaceTab::Access);
        let ways = managed.is_some().then(|| {
            let (set_up, check_up) = (paths::workspace_set_up(&org.slug, workspace.id), paths::workspace_check_up(&org.slug, workspace.id));
            view! {
                <a class="button" href=set_up>
                    "Set-up"
                </a>
                <a class="button" href=check_up>
                    "Check-up"
                </a>
            }
        });
        let tokens = managed.map(|(tokens, policy)| view! { <CiTokens org=org.clone() workspace=workspace.clone() tokens policy/> });
        view! {
            <Frame title="Access" place>
                <PageHeader title="Access" lead="Who reads this workspace's cache and who stores in it: in CI, and on people's machines.">
                    {ways}
                </PageHeader>
                <LevelsSection org workspace levels/>
                {tokens}
            </Frame>
        }
    })
}

#[component]
fn CiTokens(org: OrgView, workspace: WorkspaceView, tokens: Vec<CiTokenRow>, policy: TokenPolicy) -> impl IntoView {
    let list = if tokens.is_empty() {
        view! { <NoToken org=org.clone() workspace=workspace.clone()/> }.into_any()
    } else {
        view! { <Tokens org=org.clone() workspace=workspace.clone() tokens/> }.into_any()
    };
    view! {
        {list}
        <Creation org workspace policy/>
    }
    .into_any()
}

#[component]
fn NoToken(org: OrgView, workspace: WorkspaceView) -> impl IntoView {
    let command =
        format!("buildkeep admin token create --org {} --workspace \"{}\" --name ci-main --access read-write", org.slug, workspace.name);
    view! {
        <EmptyState icon=icondata_lu::LuKeyRound title="No CI access token yet">
            <p>"CI stores nothing until there is one. Make two: read-write for the job that builds the main branch, read-only for everybody else."</p>
            <p>"Use the form below, or on the server:"</p>
            <CodeBlock id="create-command" caption="On the server" text=command/>
        </EmptyState>
    }
}

#[component]
fn Creation(org: OrgView, workspace: WorkspaceView, policy: TokenPolicy) -> impl IntoView {
    let action = ServerAction::<CreateCiToken>::new();
    let form = FormState::of(action, &request().draft);
    let access = TokenAccess::ALL.map(|access| (access.as_str(), access.to_string(), access.describe())).to_vec();
    let default = TokenLife::default_within(policy.ci_days).to_string();
    let lives = TokenLife::choices(policy.ci_days).into_iter().map(|life| (life.to_string(), life.describe())).collect();
    let limit = policy.ci_days.map(|days| format!(" The organization allows at most {days} days.")).unwrap_or_default();
    view! {
        <Section id="new" title="New CI access token" lead="Its value is shown once, on the next page.">
            <ActionForm action>
                <div class="form">
                    <FormError form=form.clone()/>
                    {which(&org, &workspace)}
                    <TextField form=form.clone() field=Field::Name name="name" label="Name" hint="Where it will be used, such as “GitHub, main branch”."/>
                    <ChoiceField form=form.clone() field=Field::Access name="access" label="Access" choices=access chosen=TokenAccess::ReadOnly.as_str()/>
                    <SelectField
                        name="expires"
                        id="expires"
                        label="Expires"
                        choices=lives
                        chosen=form.value("expires", &default)
                        hint=format!("When it expires, a connected nx builds on without the remote cache and says so; builds that use the cache alone stop. Rotate it before.{limit}")
                        refused=form.reason(Field::Expires)
                    />
                    <div class="form-end">
                        <button class="button button-primary">"Create the token"</button>
                    </div>
                </div>
            </ActionForm>
        </Section>
    }
}

#[component]
fn Tokens(org: OrgView, workspace: WorkspaceView, tokens: Vec<CiTokenRow>) -> impl IntoView {
    let draft = request().draft;
    let rotate = ServerAction::<RotateCiToken>::new();
    let revoke = ServerAction::<RevokeCiToken>::new();
    let errors = [FormState::of(rotate, &draft), FormState::of(revoke, &draft)];
    let many = tokens.len() >= MANY;
    let row = move |token: CiTokenRow| view! { <TokenRow org=org.clone() workspace=workspace.clone() token rotate revoke/> };
    view! {
        {errors.map(|form| view! { <FormError form/> }).collect_view()}
        <Section id="ci-tokens" title="CI access tokens" lead="With one of these, nx reads this workspace's cache, or reads and stores.">
            {many.then(|| view! { <RowFilter rows="tokens".to_owned() label="Filter tokens".to_owned()/> })}
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Token"</th>
                        <th scope="col">"Access"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col">"Last used"</th>
                        <th scope="col">"Expires"</th>
                        <th scope="col">"Created"</th>
                        <th scope="col">
                            <span class="sr-only">"Actions"</span>
                        </th>
                    </tr>
                </thead>
                <tbody id="tokens">{tokens.into_iter().map(row).collect_view()}</tbody>
            </table>
        </Section>
    }
    .into_any()
}

#[component]
fn TokenRow(
    org: OrgView,
    workspace: WorkspaceView,
    token: CiTokenRow,
    rotate: ServerAction<RotateCiToken>,
    revoke: ServerAction<RevokeCiToken>,
) -> impl IntoView {
    let now = request().now;
    let works = token.state == TokenState::Active;
    let history = org.standing.grants(Permission::ViewAudit).then(|| paths::org_history(&org.slug, token.id));
    let old = token.old_works_until.filter(|end| works && *end > now);
    view! {
        <tr>
            <th scope="row">
                <span class="row-title">{token.name.to_string()}</span>
                <code class="row-note">{format!("bkci_…{}", token.last_four)}</code>
                {old
                    .map(|end| {
                        view! {
                            <span class="row-note">
                                "Old value stops working " <When at=end now/>
                            </span>
                        }
                    })}
            </th>
            <td data-label="Access">
                <AccessChip access=token.access/>
            </td>
            <TokenCells state=token.state last_used=token.last_used.clone() expires_at=token.expires_at/>
            <td data-label="Created">
                <span>
                    <When at=token.created_at now/>
                    <span class="row-note">{format!("by {}", token.created_by)}</span>
                </span>
            </td>
            <td class="actions">
                <div class="action-row">
                    <HistoryLink path=history of=token.name.to_string()/>
                    {works.then(|| view! { <Actions org workspace token rotate revoke/> })}
                </div>
            </td>
        </tr>
    }
    .into_any()
}

#[component]
fn Actions(
    org: OrgView,
    workspace: WorkspaceView,
    token: CiTokenRow,
    rotate: ServerAction<RotateCiToken>,
    revoke: ServerAction<RevokeCiToken>,
) -> impl IntoView {
    let name = token.name.to_string();
    let overlaps = [(0, "not at all"), (1, "1 hour"), (24, "1 day"), (72, "3 days"), (168, "7 days")];
    let overlaps = overlaps.map(|(hours, words): (u16, &str)| (hours.to_string(), words.to_owned())).to_vec();
    let (for_rotate, for_revoke) = (which(&org, &workspace), which(&org, &workspace));
    let id = token.id.to_string();
    view! {
        <>
            <Confirm label="Rotate…".to_owned() title=format!("Rotate “{name}”?")>
                <p>"The token gets a new value, which is shown once. Name, access and expiry stay."</p>
                <ActionForm action=rotate>
                    {for_rotate}
                    <input type="hidden" name="token" value=id.clone()/>
                    <SelectField
                        name="overlap_hours"
                        id=format!("overlap-{id}")
                        label="The old value goes on working for"
                        choices=overlaps
                        chosen="24"
                        hint="Long enough to put the new value everywhere."
                    />
                    <button class="button button-primary">"Rotate"</button>
                </ActionForm>
            </Confirm>
            <Confirm label="Revoke…".to_owned() title=format!("Revoke “{name}”?")>
                <p>"From this moment no request with it succeeds, and builds that still use it fail. This cannot be undone."</p>
                <ActionForm action=revoke>
                    {for_revoke}
                    <input type="hidden" name="token" value=token.id.to_string()/>
                    <button class="button button-danger">"Revoke"</button>
                </ActionForm>
            </Confirm>
        </>
    }
    .into_any()
}
