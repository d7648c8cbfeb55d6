//! What the cache of a workspace holds and did, and what to do next.

use leptos::prelude::*;

use super::open;
use crate::backend::artifacts::Stock;
use crate::backend::orgs::OrgView;
use crate::backend::workspaces::{WorkspaceView, percent};
use crate::components::code::{CodeBlock, CodeLine};
use crate::components::nav::{Place, WorkspaceTab};
use crate::components::page_header::PageHeader;
use crate::components::section::Section;
use crate::components::stat::{Bar, Stat};
use crate::components::when::When;
use crate::domain::permission::Permission;
use crate::domain::retention::Retention;
use crate::domain::time::{bytes, count};
use crate::pages::frame::Frame;
use crate::pages::loaded;
use crate::paths;
use crate::request::request;

/// Numbers, id and next steps.
#[component]
pub fn OverviewPage() -> impl IntoView {
    let request = request();
    let opened = open(&request);
    let load = async move {
        let (org, workspace) = opened.await?;
        let of_executions = request.backend.artifacts.of_executions(&request.caller, &org.slug, workspace.id).await?;
        Ok((org, workspace, of_executions))
    };
    loaded(load, |(org, workspace, of_executions)| {
        let usage = workspace.usage;
        let fresh = usage.artifacts == 0 && usage.hits + usage.misses == 0;
        view! {
            <Frame title="Overview" place=Place::Workspace(org.clone(), workspace.clone(), WorkspaceTab::Overview)>
                <PageHeader title=workspace.name.to_string()/>
                {(fresh && org.standing.grants(Permission::ConnectWorkspace)).then(|| view! { <NextSteps org=org.clone() workspace=workspace.clone()/> })}
                <Numbers workspace=workspace.clone() of_executions/>
                <Facts workspace/>
            </Frame>
        }
    })
}

#[component]
fn Numbers(workspace: WorkspaceView, of_executions: Stock) -> impl IntoView {
    let usage = workspace.usage;
    let rate = usage.hit_rate();
    let limit = workspace.retention.bytes();
    let used = limit.and_then(|limit| percent(usage.bytes, limit));
    view! {
        <dl class="stats">
            <Stat label="Hit rate" value=rate.map_or_else(|| "–".to_owned(), |rate| format!("{rate} %"))>
                {match rate {
                    Some(percent) => view! { <Bar label="Hit rate" percent/> }.into_any(),
                    None => "No reads yet".into_any(),
                }}
            </Stat>
            <Stat label="Hits" value=count(usage.hits)>
                "Reads that found an artifact"
            </Stat>
            <Stat label="Misses" value=count(usage.misses)>
                "Reads that found nothing"
            </Stat>
            <Stat label="Artifacts" value=count(usage.artifacts)>
                {match of_executions.artifacts {
                    0 => "Stored now".to_owned(),
                    number => format!("Stored now, {} of them ({}) for single CI executions", count(number), bytes(of_executions.bytes)),
                }}
            </Stat>
            <Stat label="Size" value=bytes(usage.bytes)>
                {match used.zip(limit) {
                    Some((percent, limit)) => {
                        view! {
                            <Bar label="Part of the size limit that is used" percent/>
                            <span>{format!("{percent} % of {}", bytes(limit))}</span>
                        }
                            .into_any()
                    }
                    None => "No limit".into_any(),
                }}
            </Stat>
        </dl>
    }
}

#[component]
fn Facts(workspace: WorkspaceView) -> impl IntoView {
    view! {
        <Section id="facts" title="About this workspace">
            <dl class="facts">
                {workspace
                    .nx_cloud_id
                    .zip(workspace.id_access)
                    .map(|(id, access)| {
                        view! {
                            <dt>"Nx Cloud id"</dt>
                            <dd>
                                <CodeLine id="nx-cloud-id" what="Nx Cloud id" text=id.to_string()/>
                                <p class="hint">{access.opens()}</p>
                            </dd>
                        }
                    })}
                <dt>"Keeps artifacts"</dt>
                <dd>{kept(workspace.retention)}</dd>
                <dt>"Created"</dt>
                <dd>
                    <When at=workspace.created_at now=request().now/>
                </dd>
            </dl>
        </Section>
    }
}

fn kept(retention: Retention) -> String {
    let days = retention.days.map(|days| format!("until nobody has read them for {days} days"));
    let size = retention.gibibytes.map(|size| format!("up to {size} GiB in all"));
    match (days, size) {
        (Some(days), Some(size)) => format!("{days}, {size}"),
        (Some(limit), None) | (None, Some(limit)) => limit,
        (None, None) => "for ever, without a limit".to_owned(),
    }
}

#[component]
fn NextSteps(org: OrgView, workspace: WorkspaceView) -> impl IntoView {
    let connect = paths::workspace_connect(&org.slug, workspace.id);
    let token = if org.standing.grants(Permission::ManageTokens) {
        view! {
            <a href=paths::workspace_tokens(&org.slug, workspace.id)>"Create a CI access token"</a>
            " and set it as " <code>"NX_CLOUD_ACCESS_TOKEN"</code> ": read-write for the job that fills the cache, read-only for pull requests."
        }
        .into_any()
    } else {
        view! { "Ask an Admin of the organization for a CI access token, and set it as " <code>"NX_CLOUD_ACCESS_TOKEN"</code> " in CI." }
            .into_any()
    };
    view! {
        <Section id="next" title="Next: fill the cache" lead="Nothing has been stored or read here yet.">
            <ol class="steps">
                <li>
                    <a href=connect>"Put two lines into nx.json"</a> ", which name this server and the workspace."
                </li>
                <li>"On your machine: " <code>"npx nx login"</code></li>
                <li>{token}</li>
                <li>
                    <p>"With the read-write token: build, forget the local cache, and build again. The second run reads everything from here."</p>
                    <CodeBlock id="try" caption="In the workspace" text="npx nx run-many -t build\nnpx nx reset\nnpx nx run-many -t build"/>
                </li>
            </ol>
        </Section>
    }
}
