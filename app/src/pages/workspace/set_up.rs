//! Who reads and who stores, as a whole: choose, see the difference to today, apply, and paste what nx and CI need.

use leptos::prelude::*;

use super::{open, which};
use crate::backend::orgs::OrgView;
use crate::backend::set_up::Today;
use crate::backend::workspaces::WorkspaceView;
use crate::components::code::CodeBlock;
use crate::components::form::{ActionForm, FormError, FormState};
use crate::components::nav::{Place, WorkspaceTab};
use crate::components::page_header::PageHeader;
use crate::components::section::Section;
use crate::domain::access::{IdAccess, TokenAccess};
use crate::domain::cache_setup;
use crate::domain::ci_file::CiSystem;
use crate::domain::set_up::{SetUp, Wanted};
use crate::pages::frame::Frame;
use crate::pages::{loaded, query};
use crate::paths;
use crate::request::request;
use crate::server_fns::set_up::ApplySetUp;

/// The three set-ups; Admins only.
#[component]
pub fn SetUpPage() -> impl IntoView {
    let request = request();
    let url = request.site.public_url.clone();
    let asked = Wanted::parse(&query("setup"), &query("anonymous"));
    let opened = open(&request);
    let load = async move {
        let (org, workspace) = opened.await?;
        let today = request.backend.set_up.today(&request.caller, &org.slug, workspace.id).await?;
        Ok((org, workspace, today))
    };
    loaded(load, move |(org, workspace, today)| {
        let wanted = asked.map(|wanted| {
            view! {
                <Difference org=org.clone() workspace=workspace.clone() today wanted/>
                <Files url workspace=workspace.clone() wanted/>
            }
        });
        let (check_up, tokens) = (paths::workspace_check_up(&org.slug, workspace.id), paths::workspace_tokens(&org.slug, workspace.id));
        view! {
            <Frame title="Set-up" place=Place::Workspace(org.clone(), workspace.clone(), WorkspaceTab::Access)>
                <PageHeader title="Set-up" lead="Who reads and who stores in this workspace. Whatever is stored once, all others take for their own build: so the fewer can store, the better.">
                    <a class="button" href=check_up>
                        "Check-up"
                    </a>
                    <a class="button" href=tokens>
                        "CI access tokens"
                    </a>
                </PageHeader>
                <Choice org=org.clone() workspace=workspace.clone() asked/>
                {wanted}
            </Frame>
        }
    })
}

#[component]
fn Choice(org: OrgView, workspace: WorkspaceView, asked: Option<Wanted>) -> impl IntoView {
    let chosen = asked.map_or(SetUp::MainWrites, |wanted| wanted.set_up);
    let anonymous = asked.map_or(IdAccess::None, |wanted| wanted.id);
    let set_up = move |set_up: SetUp| {
        view! {
            <label class="choice">
                <input type="radio" name="setup" value=set_up.as_str() checked=set_up == chosen required=true/>
                <span>
                    <span class="choice-title">{set_up.title()}</span>
                    <span class="hint">{set_up.describe()}</span>
                </span>
            </label>
        }
    };
    let id = move |access: IdAccess| {
        let words = match access {
            IdAccess::None => "get nothing: they log in with npx nx login (recommended)",
            IdAccess::ReadOnly | IdAccess::ReadWrite => "read, with the nxCloudId of nx.json alone (for public repositories)",
        };
        view! {
            <option value=access.as_str() selected=access == anonymous>
                {words}
            </option>
        }
    };
    view! {
        <Section id="choose" title="Choose" lead="Look first at what would change. Nothing does until you confirm.">
            <form method="get" action=paths::workspace_set_up(&org.slug, workspace.id)>
                <div class="form">
                    <fieldset class="field">
                        <legend class="label">"Who stores"</legend>
                        <div class="choices choices-long">{SetUp::ALL.map(set_up).collect_view()}</div>
                    </fieldset>
                    <div class="field">
                        <label class="label" for="anonymous">
                            "People who are not logged in"
                        </label>
                        <select class="input" id="anonymous" name="anonymous">
                            {Wanted::ID_CHOICES.map(id).collect_view()}
                        </select>
                    </div>
                    <div class="form-end">
                        <button class="button">"See what would change"</button>
                    </div>
                </div>
            </form>
        </Section>
    }
    .into_any()
}

/// One line of the table: what it is about, how it is, how it would be.
fn line(what: String, today: String, then: String) -> AnyView {
    let then = if today == then { "stays".to_owned() } else { then };
    view! {
        <tr>
            <th scope="row">{what}</th>
            <td data-label="Today">{today}</td>
            <td data-label="Then">{then}</td>
        </tr>
    }
    .into_any()
}

#[component]
fn Difference(org: OrgView, workspace: WorkspaceView, today: Today, wanted: Wanted) -> impl IntoView {
    let action = ServerAction::<ApplySetUp>::new();
    let form = FormState::of(action, &request().draft);
    let there: Vec<TokenAccess> = today.tokens.iter().map(|token| token.access).collect();
    let missing = wanted.set_up.missing(&there);
    let personal = wanted.set_up.personal_access();
    let is_so = missing.is_empty() && today.id == wanted.id && today.personal == personal;
    let token = |access: TokenAccess| {
        let names: Vec<_> = today.tokens.iter().filter(|token| token.access == access).map(|token| token.name.to_string()).collect();
        let now = match names.as_slice() {
            [] => "none".to_owned(),
            [name] => format!("“{name}”"),
            many => format!("{} tokens", many.len()),
        };
        let new = missing.iter().find(|token| token.access == access).map(|token| format!("a new one, “{}”", token.name));
        line(format!("CI access tokens, {access}"), now.clone(), new.unwrap_or(now))
    };
    let tokens = TokenAccess::ALL.map(token);
    let lead = if is_so { "The workspace is set up like this. Nothing would change." } else { "A change takes effect at once." };
    let apply = (!is_so).then(|| {
        view! {
            <ActionForm action>
                <FormError form/>
                {which(&org, &workspace)}
                <input type="hidden" name="set_up" value=wanted.set_up.as_str()/>
                <input type="hidden" name="id_access" value=wanted.id.as_str()/>
                <div class="form-end">
                    <button class="button button-primary">"Set it up like this"</button>
                </div>
            </ActionForm>
        }
    });
    view! {
        <Section id="difference" title=format!("What would change: {}", wanted.set_up.title()) lead>
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"What"</th>
                        <th scope="col">"Today"</th>
                        <th scope="col">"Then"</th>
                    </tr>
                </thead>
                <tbody>
                    {line("The nxCloudId alone".to_owned(), today.id.to_string(), wanted.id.to_string())}
                    {line("Personal access tokens of members".to_owned(), today.personal.to_string(), personal.to_string())}
                    {tokens.collect_view()}
                </tbody>
            </table>
            {apply}
        </Section>
    }
    .into_any()
}

#[component]
fn Files(url: String, workspace: WorkspaceView, wanted: Wanted) -> impl IntoView {
    let nx_json = workspace.nx_cloud_id.map(|id| cache_setup::nx_json(&url, &id)).unwrap_or_default();
    let system = move |system: CiSystem| {
        let id = format!("ci-{}", system.title().split(' ').next().unwrap_or_default().to_lowercase());
        view! {
            <details class="disclosure">
                <summary>{system.title()}</summary>
                <CodeBlock id caption=system.path() text=system.file(wanted.set_up)/>
                <p class="hint mt-2">{system.secrets(wanted.set_up)}</p>
            </details>
        }
    };
    view! {
        <Section id="nx-json" title="nx.json" lead="For everybody: these lines, and no token. Commit them.">
            <CodeBlock id="nx-json-lines" caption="nx.json" text=nx_json/>
        </Section>
        <Section id="ci" title="CI" lead="A file to start from, and where its tokens go. If you have one, take over the part with NX_CLOUD_ACCESS_TOKEN.">
            {CiSystem::ALL.map(system).collect_view()}
        </Section>
        <Section id="encryption" title="Encryption, if you want it" lead="With a key that only you have, nx encrypts artifacts before they leave the machine: this server cannot read them.">
            <p>
                "Set " <code>"NX_CLOUD_ENCRYPTION_KEY"</code>
                " to any long random text, the same in CI and for everybody who builds, such as in a file that is not committed. Whoever has another key, or none, builds as if nothing were stored."
            </p>
        </Section>
    }
    .into_any()
}
