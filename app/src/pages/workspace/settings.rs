//! Name, retention and end of a workspace.

use leptos::prelude::*;

use super::{open, which};
use crate::backend::orgs::OrgView;
use crate::backend::workspaces::WorkspaceView;
use crate::components::form::{ActionForm, FormError, FormState, TextField};
use crate::components::history::HistoryLink;
use crate::components::nav::{Place, WorkspaceTab};
use crate::components::page_header::PageHeader;
use crate::components::section::{DangerZone, Section};
use crate::domain::permission::Permission;
use crate::domain::time::{bytes, count};
use crate::error::Field;
use crate::pages::frame::Frame;
use crate::pages::{loaded, require};
use crate::paths;
use crate::request::request;
use crate::server_fns::workspaces::{DeleteWorkspace, RenameWorkspace, SetWorkspaceRetention};

/// Settings of a workspace; Admins only.
#[component]
pub fn SettingsPage() -> impl IntoView {
    let request = request();
    let opened = open(&request);
    let load = async move {
        let (org, workspace) = opened.await?;
        require(&request.caller, org.standing, Permission::EditWorkspace)?;
        Ok((org, workspace))
    };
    loaded(load, |(org, workspace)| {
        let history = org.standing.grants(Permission::ViewAudit).then(|| paths::org_history(&org.slug, workspace.id));
        let name = workspace.name.to_string();
        let deletes = org.standing.grants(Permission::DeleteWorkspace);
        view! {
            <Frame title="Settings" place=Place::Workspace(org.clone(), workspace.clone(), WorkspaceTab::Settings)>
                <PageHeader title="Settings">
                    <HistoryLink path=history of=name/>
                </PageHeader>
                <Name org=org.clone() workspace=workspace.clone()/>
                <Keeping org=org.clone() workspace=workspace.clone()/>
                {deletes.then(|| view! { <Deletion org workspace/> })}
            </Frame>
        }
    })
}

#[component]
fn Name(org: OrgView, workspace: WorkspaceView) -> impl IntoView {
    let action = ServerAction::<RenameWorkspace>::new();
    let form = FormState::of(action, &request().draft);
    let stored = workspace.name.to_string();
    view! {
        <Section id="rename" title="Name" lead="Links, tokens and nx are not affected.">
            <ActionForm action>
                <div class="form">
                    <FormError form=form.clone()/>
                    {which(&org, &workspace)}
                    <TextField form field=Field::Name name="name" label="Name of the workspace" stored/>
                    <div class="form-end">
                        <button class="button button-primary">"Save"</button>
                    </div>
                </div>
            </ActionForm>
        </Section>
    }
}

#[component]
fn Keeping(org: OrgView, workspace: WorkspaceView) -> impl IntoView {
    let action = ServerAction::<SetWorkspaceRetention>::new();
    let form = FormState::of(action, &request().draft);
    let retention = workspace.retention;
    let days = retention.days.map(|days| days.to_string()).unwrap_or_default();
    let gibibytes = retention.gibibytes.map(|size| size.to_string()).unwrap_or_default();
    view! {
        <Section
            id="retention"
            title="How long artifacts are kept"
            lead=format!(
                "Now stored: {} artifacts, {}. What is over a limit is deleted in the background, the longest unread first; nx builds it again when it is needed.",
                count(workspace.usage.artifacts),
                bytes(workspace.usage.bytes),
            )
        >
            <ActionForm action>
                <div class="form">
                    <FormError form=form.clone()/>
                    {which(&org, &workspace)}
                    <TextField
                        form=form.clone()
                        field=Field::Days
                        name="days"
                        label="Delete what nobody has read for"
                        kind="number"
                        stored=days
                        unit="days"
                        optional=true
                        hint="Empty: age does not matter."
                    />
                    <TextField
                        form
                        field=Field::Gibibytes
                        name="gibibytes"
                        label="Keep at most"
                        kind="number"
                        stored=gibibytes
                        unit="GiB"
                        optional=true
                        hint="Empty: no limit but the disk."
                    />
                    <div class="form-end">
                        <button class="button button-primary">"Save"</button>
                    </div>
                </div>
            </ActionForm>
        </Section>
    }
}

#[component]
fn Deletion(org: OrgView, workspace: WorkspaceView) -> impl IntoView {
    let action = ServerAction::<DeleteWorkspace>::new();
    let form = FormState::of(action, &request().draft);
    let name = workspace.name.to_string();
    let lead = format!(
        "Deletes “{name}” for good: {} artifacts ({}) and all CI access tokens. Builds that use one of these tokens fail until it is taken out of their environment.",
        count(workspace.usage.artifacts),
        bytes(workspace.usage.bytes),
    );
    view! {
        <DangerZone title="Delete the workspace" lead>
            <ActionForm action>
                <div class="form">
                    <FormError form=form.clone()/>
                    {which(&org, &workspace)}
                    <TextField form field=Field::Confirmation name="confirmation" label=format!("Type “{name}” to confirm")/>
                    <div class="form-end">
                        <button class="button button-danger">"Delete the workspace"</button>
                    </div>
                </div>
            </ActionForm>
        </DangerZone>
    }
}
