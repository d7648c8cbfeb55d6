//! What to put where, so that nx uses the workspace.

use leptos::prelude::*;

use super::open;
use crate::backend::orgs::OrgView;
use crate::backend::workspaces::WorkspaceView;
use crate::components::chip::{Chip, Tone};
use crate::components::code::{CodeBlock, CodeLine};
use crate::components::icon::Icon;
use crate::components::nav::{Place, WorkspaceTab};
use crate::components::page_header::PageHeader;
use crate::components::section::Section;
use crate::domain::cache_setup;
use crate::domain::names::NxCloudId;
use crate::domain::permission::Permission;
use crate::domain::time::bytes;
use crate::pages::frame::Frame;
use crate::pages::{loaded, require};
use crate::paths;
use crate::request::{ClientFile, request};

/// Stands where the reader puts a token of their own.
const TOKEN: &str = "YOUR_TOKEN";

/// Per version of nx and per place.
#[component]
pub fn ConnectPage() -> impl IntoView {
    let request = request();
    let (url, client) = (request.site.public_url.clone(), request.site.client.clone());
    let opened = open(&request);
    let load = async move {
        let (org, workspace) = opened.await?;
        require(&request.caller, org.standing, Permission::ConnectWorkspace)?;
        Ok((org, workspace))
    };
    loaded(load, move |(org, workspace)| {
        let id = workspace.nx_cloud_id.clone();
        view! {
            <Frame title="Connect" place=Place::Workspace(org.clone(), workspace.clone(), WorkspaceTab::Connect)>
                <PageHeader title="Connect nx" lead="Two lines in nx.json, and nx 17 to 24 fetches the rest from this server. No plugin, and nothing secret in the repository."/>
                {id.map(|id| view! { <NxJson url=url.clone() id/> })}
                <Machines/>
                <Ci org workspace url=url.clone()/>
                <Versions/>
                <Client client/>
                <HttpCache url/>
            </Frame>
        }
    })
}

#[component]
fn NxJson(url: String, id: NxCloudId) -> impl IntoView {
    view! {
        <Section id="nx-json" title="1. Name the workspace in nx.json" lead="Put both lines beside those that are there, in place of an nxCloudId or nxCloudAccessToken, and commit.">
            <CodeBlock id="nx-json-new" caption="nx.json" text=cache_setup::nx_json(&url, &id)/>
            <p class="hint">
                "Every change of nx.json changes all hashes, so that everything is built once anew. If the npm package "<code>"nx-cloud"</code>" or "<code>"@nrwl/nx-cloud"</code>
                " is installed, remove it: nx 17 and later need none."
            </p>
            <details class="disclosure">
                <summary>"The same under tasksRunnerOptions"</summary>
                <CodeBlock id="nx-json-old" caption="nx.json, as it was written before nx 19.6" text=cache_setup::nx_json_tasks_runner(&url, &id)/>
            </details>
        </Section>
    }
    .into_any()
}

#[component]
fn Machines() -> impl IntoView {
    view! {
        <Section id="machines" title="2. Log in on people's machines" lead="Once for each machine. What members may do, and people who are not logged in, is said under Access.">
            <CodeBlock id="login" caption="In the workspace's folder" text="npx nx login"/>
            <p class="hint">
                "nx 17 and 18 do not look for this login: there, make a "
                <a href=paths::ACCOUNT_TOKENS>"personal access token"</a> " and set it as " <code>"NX_CLOUD_ACCESS_TOKEN"</code> "."
            </p>
        </Section>
    }
    .into_any()
}

#[component]
fn Ci(org: OrgView, workspace: WorkspaceView, url: String) -> impl IntoView {
    let tokens = if org.standing.grants(Permission::ManageTokens) {
        view! {
            <p class="page-actions">
                <a class="button button-primary" href=paths::workspace_set_up(&org.slug, workspace.id)>
                    "Set up CI"
                </a>
                <a class="button" href=paths::workspace_tokens(&org.slug, workspace.id)>
                    <Icon of=icondata_lu::LuKeyRound/>
                    "Create a CI access token"
                </a>
            </p>
        }
        .into_any()
    } else {
        view! { <p>"Ask an Admin of the organization for one."</p> }.into_any()
    };
    view! {
        <Section id="ci" title="3. Give CI a token" lead="Read-write only for jobs whose code is trusted, read-only for pull requests. It comes from the secrets of CI, never from the repository.">
            {tokens}
            <CodeBlock id="ci-shell" caption="Shell" text=cache_setup::client_shell(&url, TOKEN)/>
            <p class="hint">"The address is needed only where nx.json does not say it. The token goes before every other credential."</p>
        </Section>
    }
    .into_any()
}

#[component]
fn Versions() -> impl IntoView {
    let rows = [
        ("21 to 24", Tone::Good, "Works", "nxCloudId, personal access tokens, CI access tokens."),
        (
            "19.7 to 20",
            Tone::Good,
            "Works",
            "The same. In nx 20 an outage stops a build on machines that have never reached this server: keep .nx/cache/cloud between CI jobs, or set NX_NO_CLOUD=true until it is back.",
        ),
        (
            "17 to 19.6",
            Tone::Care,
            "With a token",
            "The nxCloudId is not looked at: set NX_CLOUD_ACCESS_TOKEN, on people's machines too. Without it, nx builds as if it were not connected.",
        ),
        ("before 17", Tone::Bad, "Does not work", "Move to a later version."),
    ];
    let row = |(version, tone, state, words): (&'static str, Tone, &'static str, &'static str)| {
        view! {
            <tr>
                <th scope="row" class="whitespace-nowrap">{version}</th>
                <td data-label="State">
                    <Chip tone>{state}</Chip>
                </td>
                <td data-label="What it knows">{words}</td>
            </tr>
        }
    };
    view! {
        <Section id="versions" title="Your version of nx" lead="See it with: npx nx --version">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"nx"</th>
                        <th scope="col">"State"</th>
                        <th scope="col">"What it knows"</th>
                    </tr>
                </thead>
                <tbody>{rows.map(row).collect_view()}</tbody>
            </table>
        </Section>
    }
}

#[component]
fn Client(client: ClientFile) -> impl IntoView {
    view! {
        <Section id="client" title="What nx downloads" lead="A connected nx fetches its client from the server that nx.json names, and runs it. This server hands out one file, the same for everybody.">
            <dl class="facts">
                <dt>"Version"</dt>
                <dd>{client.version.clone()}</dd>
                <dt>"Size"</dt>
                <dd>{bytes(client.bytes)}</dd>
                <dt>"File"</dt>
                <dd>
                    <a href=paths::client_bundle(&client.version)>"client.tar.gz"</a>
                </dd>
                <dt>"SHA-256"</dt>
                <dd class="digest">
                    <CodeLine id="client-sha256" what="SHA-256 of the client" text=client.sha256/>
                </dd>
            </dl>
            <p class="hint">"It is part of Buildkeep and has its licence. A copy on your machine that differs is replaced within half an hour."</p>
        </Section>
    }
}

/// The other way, for those who want no downloaded code.
#[component]
fn HttpCache(url: String) -> impl IntoView {
    view! {
        <Section
            id="http-cache"
            title="Only the cache, without the client"
            lead="nx 20.8 to 24 can also use the remote cache by itself: two variables, nothing downloaded. Then there are no runs to look at, no encryption by nx, and no personal access tokens."
        >
            <details class="disclosure">
                <summary>"Show the variables"</summary>
                <div class="mt-3 flex flex-col gap-3">
                    <p>{format!("In place of {TOKEN} goes a CI access token. Take nxCloudId out of nx.json, or nx leaves the variables aside.")}</p>
                    <CodeBlock id="env-file" caption=".env in the workspace's root" text=cache_setup::environment(&url, TOKEN)/>
                    <p class="hint">"nx reads this file by itself. Name it in "<code>".gitignore"</code>": a token does not belong into the repository."</p>
                    <CodeBlock id="env-github" caption="GitHub Actions, in the workflow" text=cache_setup::github_actions(&url)/>
                    <CodeBlock id="env-gitlab" caption="GitLab CI, .gitlab-ci.yml" text=cache_setup::gitlab_ci(&url)/>
                    <p>
                        "In this mode nx itself gives up when something is wrong: with the server down, or with a token that is wrong, expired or revoked, every build that uses it stops."
                    </p>
                    <dl class="facts">
                        <dt>
                            <code>"Failed to send request"</code>
                        </dt>
                        <dd>"The server is down, or its address is wrong."</dd>
                        <dt>
                            <code>"Unauthorized"</code>
                        </dt>
                        <dd>"The token is missing, wrong, expired or revoked."</dd>
                        <dt>"Nothing is stored, no message"</dt>
                        <dd>"The token is read-only. The build goes on, and reads work."</dd>
                    </dl>
                    <p>"The way out, until it works again: build without the remote cache."</p>
                    <CodeBlock id="way-out-variable" caption="For all runs in this shell or job" text=format!("{}=true", cache_setup::OFF_VARIABLE)/>
                    <CodeBlock id="way-out-option" caption="For one run" text="npx nx run-many -t build --skipRemoteCache"/>
                    <p class="hint"><code>"NX_NO_CLOUD"</code>" has no effect on this cache."</p>
                </div>
            </details>
        </Section>
    }
}
