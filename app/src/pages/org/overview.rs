//! The workspaces of an organization.

use leptos::prelude::*;

use crate::backend::orgs::OrgView;
use crate::backend::workspaces::WorkspaceView;
use crate::components::code::CodeBlock;
use crate::components::empty_state::EmptyState;
use crate::components::icon::Icon;
use crate::components::nav::{OrgTab, Place};
use crate::components::page_header::PageHeader;
use crate::components::when::When;
use crate::domain::permission::Permission;
use crate::domain::standing::Standing;
use crate::domain::time::{bytes, count};
use crate::islands::row_filter::{MANY, RowFilter};
use crate::pages::frame::Frame;
use crate::pages::{loaded, org_slug};
use crate::paths;
use crate::request::request;

/// The workspaces with their size and use.
#[component]
pub fn OverviewPage() -> impl IntoView {
    let (request, slug) = (request(), org_slug());
    let load = async move {
        let slug = slug?;
        let org = request.backend.orgs.open(&request.caller, &slug).await?;
        let workspaces = request.backend.workspaces.list(&request.caller, &slug).await?;
        Ok((org, workspaces))
    };
    loaded(load, |(org, workspaces)| {
        let creates = org.standing.grants(Permission::CreateWorkspace);
        let new = paths::new_workspace(&org.slug);
        view! {
            <Frame title="Workspaces" place=Place::Org(org.clone(), OrgTab::Workspaces)>
                <PageHeader title="Workspaces">
                    {creates
                        .then(|| {
                            view! {
                                <a class="button button-primary" href=new>
                                    <Icon of=icondata_lu::LuPlus/>
                                    "New workspace"
                                </a>
                            }
                        })}
                </PageHeader>
                {if workspaces.is_empty() { view! { <NoWorkspace org/> }.into_any() } else { view! { <Workspaces org workspaces/> }.into_any() }}
            </Frame>
        }
    })
}

#[component]
fn NoWorkspace(org: OrgView) -> impl IntoView {
    let creates = org.standing.grants(Permission::CreateWorkspace);
    view! {
        <EmptyState icon=icondata_lu::LuBoxes title="No workspace yet">
            <p>"A workspace stands for one repository with an "<code>"nx.json"</code>". It has its own remote cache and its own CI access tokens."</p>
            {if creates {
                view! {
                    <p>
                        <a class="button button-primary" href=paths::new_workspace(&org.slug)>
                            <Icon of=icondata_lu::LuPlus/>
                            "Create a workspace"
                        </a>
                    </p>
                    <p>"Or on the server:"</p>
                    <CodeBlock id="create" caption="On the server" text=format!("buildkeep admin workspace create --org {} --name NAME", org.slug)/>
                }
                    .into_any()
            } else {
                match org.standing {
                    Standing::Member(_) => view! { <p>"Ask an Admin of the organization to create one."</p> }.into_any(),
                    Standing::Visitor(_) => ().into_any(),
                }
            }}
        </EmptyState>
    }
    .into_any()
}

#[component]
fn Workspaces(org: OrgView, workspaces: Vec<WorkspaceView>) -> impl IntoView {
    let many = workspaces.len() >= MANY;
    view! {
        {many.then(|| view! { <RowFilter rows="workspaces".to_owned() label="Filter workspaces".to_owned()/> })}
        <div class="card">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Workspace"</th>
                        <th scope="col" class="number">"Hit rate"</th>
                        <th scope="col" class="number">"Artifacts"</th>
                        <th scope="col" class="number">"Size"</th>
                        <th scope="col">"Created"</th>
                    </tr>
                </thead>
                <tbody id="workspaces">{workspaces.into_iter().map(|workspace| row(&org, &workspace)).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(org: &OrgView, workspace: &WorkspaceView) -> impl IntoView + use<> {
    let usage = workspace.usage;
    view! {
        <tr>
            <th scope="row">
                <a class="row-link" href=paths::workspace(&org.slug, workspace.id)>
                    {workspace.name.to_string()}
                </a>
            </th>
            <td class="number" data-label="Hit rate">
                {usage.hit_rate().map_or_else(|| "–".to_owned(), |rate| format!("{rate} %"))}
            </td>
            <td class="number" data-label="Artifacts">
                {count(usage.artifacts)}
            </td>
            <td class="number" data-label="Size">
                {bytes(usage.bytes)}
            </td>
            <td data-label="Created">
                <When at=workspace.created_at now=request().now/>
            </td>
        </tr>
    }
    .into_any()
}
