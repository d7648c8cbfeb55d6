//! What to put where, so that nx uses the workspace's cache.

use leptos::prelude::*;

use super::open;
use crate::backend::orgs::OrgView;
use crate::backend::workspaces::WorkspaceView;
use crate::components::chip::{Chip, Tone};
use crate::components::code::CodeBlock;
use crate::components::icon::Icon;
use crate::components::nav::{Place, WorkspaceTab};
use crate::components::page_header::PageHeader;
use crate::components::section::Section;
use crate::domain::cache_setup;
use crate::domain::names::NxCloudId;
use crate::domain::permission::Permission;
use crate::pages::frame::Frame;
use crate::pages::{loaded, require};
use crate::paths;
use crate::request::request;

/// Stands where the reader puts a token of their own.
const TOKEN: &str = "YOUR_TOKEN";

/// Per version of nx and per place.
#[component]
pub fn ConnectPage() -> impl IntoView {
    let request = request();
    let url = request.site.public_url.clone();
    let opened = open(&request);
    let load = async move {
        let (org, workspace) = opened.await?;
        require(&request.caller, org.standing, Permission::ConnectWorkspace)?;
        Ok((org, workspace))
    };
    loaded(load, move |(org, workspace)| {
        view! {
            <Frame title="Connect" place=Place::Workspace(org.clone(), workspace.clone(), WorkspaceTab::Connect)>
                <PageHeader title="Connect nx" lead="Two environment variables, and nx reads and stores its results here. No plugin, nothing in nx.json."/>
                <Versions/>
                <TokenFirst org workspace=workspace.clone()/>
                <Environment url=url.clone()/>
                <WhenItFails/>
                {workspace.nx_cloud_id.map(|id| view! { <NxJson url id/> })}
            </Frame>
        }
    })
}

#[component]
fn Versions() -> impl IntoView {
    view! {
        <Section id="versions" title="Your version of nx" lead="See it with: npx nx --version">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"nx"</th>
                        <th scope="col">"Today"</th>
                        <th scope="col">"What to do"</th>
                    </tr>
                </thead>
                <tbody>
                    <tr>
                        <th scope="row">"20.8 to 24"</th>
                        <td data-label="Today">
                            <Chip tone=Tone::Good>"Works"</Chip>
                        </td>
                        <td data-label="What to do">"Set the two variables below."</td>
                    </tr>
                    <tr>
                        <th scope="row">"before 20.8"</th>
                        <td data-label="Today">
                            <Chip tone=Tone::Care>"Not yet"</Chip>
                        </td>
                        <td data-label="What to do">"Move to nx 20.8 or later. Older versions know no HTTP cache, and ignore the variables."</td>
                    </tr>
                </tbody>
            </table>
        </Section>
    }
}

#[component]
fn TokenFirst(org: OrgView, workspace: WorkspaceView) -> impl IntoView {
    let tokens = if org.standing.grants(Permission::ManageTokens) {
        view! {
            <p>
                <a class="button button-primary" href=paths::workspace_tokens(&org.slug, workspace.id)>
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
        <Section id="token" title="1. Get a token" lead="Read-only for developers and pull requests; read-write only for jobs whose code is trusted.">
            {tokens}
        </Section>
    }
}

#[component]
fn Environment(url: String) -> impl IntoView {
    view! {
        <Section id="environment" title="2. Set the two variables" lead=format!("In place of {TOKEN} goes the token.")>
            <CodeBlock id="env-shell" caption="Shell" text=cache_setup::shell(&url, TOKEN)/>
            <CodeBlock id="env-file" caption=".env in the workspace's root" text=cache_setup::environment(&url, TOKEN)/>
            <p class="hint">"nx reads this file by itself. Name it in "<code>".gitignore"</code>": a token does not belong into the repository."</p>
            <CodeBlock id="env-github" caption="GitHub Actions, in the workflow" text=cache_setup::github_actions(&url)/>
            <p class="hint">
                "Store the read-only token as the repository's secret "<code>"BUILDKEEP_TOKEN"</code>
                ". To let only the main branch write, make an environment that only this branch may use, store the read-write token there under the same name, and name the environment in that job: its secret wins."
            </p>
            <CodeBlock id="env-gitlab" caption="GitLab CI, .gitlab-ci.yml" text=cache_setup::gitlab_ci(&url)/>
            <p class="hint">
                "Store both tokens as masked CI/CD variables, "<code>"BUILDKEEP_READ_ONLY"</code>" and "<code>"BUILDKEEP_READ_WRITE"</code>
                ", the second one protected as well, so that only protected branches see it."
            </p>
        </Section>
    }
}

#[component]
fn WhenItFails() -> impl IntoView {
    view! {
        <Section
            id="failures"
            title="When the cache cannot be reached"
            lead="In this mode nx itself gives up: with the server down, or with a token that is wrong, expired or revoked, every build that uses it stops."
        >
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
        </Section>
    }
}

#[component]
fn NxJson(url: String, id: NxCloudId) -> impl IntoView {
    view! {
        <Section
            id="nx-json"
            title="nx.json: not yet"
            lead="These entries only name the workspace. They need a client that this version of Buildkeep does not serve."
        >
            <div class="alert alert-care">
                <Icon of=icondata_lu::LuTriangleAlert/>
                <p>
                    "Do not add them now. With an "<code>"nxCloudId"</code>
                    ", nx asks for that client and leaves the two variables aside; and every change of "<code>"nx.json"</code>
                    " changes all hashes, so that the cache starts anew."
                </p>
            </div>
            <details class="disclosure">
                <summary>"Show the entries for later"</summary>
                <CodeBlock id="nx-json-new" caption="nx.json, nx 19.7 and later" text=cache_setup::nx_json(&url, &id)/>
                <CodeBlock id="nx-json-old" caption="nx.json, nx before 19.6" text=cache_setup::nx_json_tasks_runner(&url, &id)/>
            </details>
        </Section>
    }
}
