//! What the Nx Cloud id alone and members' personal access tokens may do. Everybody in the organization sees it; Admins
//! choose, and are asked first.

use leptos::prelude::*;

use super::which;
use crate::backend::access_levels::Levels;
use crate::backend::orgs::OrgView;
use crate::backend::workspaces::WorkspaceView;
use crate::components::chip::{AccessChip, IdAccessChip};
use crate::components::form::{ActionForm, FormError, FormState};
use crate::components::icon::Icon;
use crate::components::section::Section;
use crate::domain::access::{CachePermission, Grant, IdAccess, TokenAccess};
use crate::domain::permission::Permission;
use crate::islands::confirm::Confirm;
use crate::paths;
use crate::request::request;
use crate::server_fns::access_levels::{SetIdAccess, SetPersonalAccess};

/// Both levels, and how to change them.
#[component]
pub fn LevelsSection(org: OrgView, workspace: WorkspaceView, levels: Levels) -> impl IntoView {
    let draft = request().draft;
    let (id, personal) = (ServerAction::<SetIdAccess>::new(), ServerAction::<SetPersonalAccess>::new());
    let errors = [FormState::of(id, &draft), FormState::of(personal, &draft)];
    let may_choose = org.standing.grants(Permission::ManageTokens);
    let writes = |grant: Grant| grant.grants(CachePermission::WriteShared);
    let pointless = writes(Grant::NxCloudId(levels.id)) && !writes(Grant::PersonalToken(levels.personal));
    let (for_id, for_personal) = ((org.clone(), workspace.clone()), (org, workspace));
    view! {
        <Section id="levels" title="Without a CI access token" lead="What people may do with the shared cache on their machines. A change takes effect at once.">
            {errors.map(|form| view! { <FormError form/> }).collect_view()}
            <div class="switch">
                <div>
                    <h3 class="row-title">"The nxCloudId alone " <IdAccessChip access=levels.id/></h3>
                    <p class="hint">{levels.id.describe()}</p>
                </div>
                {may_choose.then(|| id_choices(&for_id, levels.id, id))}
            </div>
            <hr class="rule"/>
            <div class="switch">
                <div>
                    <h3 class="row-title">"Personal access tokens " <AccessChip access=levels.personal/></h3>
                    <p class="hint">
                        {levels.personal.describe_personal()} " Somebody who is no member, or no longer, counts as the nxCloudId alone. " "Yours are in your "
                        <a href=paths::ACCOUNT_TOKENS>"account"</a> "."
                    </p>
                </div>
                {may_choose.then(|| personal_choices(&for_personal, levels.personal, personal))}
            </div>
            {pointless
                .then(|| {
                    view! {
                        <p class="alert alert-care" role="status">
                            <Icon of=icondata_lu::LuCircleAlert/>
                            <span>"Whoever logs in may do less than whoever does not: the nxCloudId alone stores, and a personal access token only reads."</span>
                        </p>
                    }
                })}
        </Section>
    }
    .into_any()
}

fn id_choices((org, workspace): &(OrgView, WorkspaceView), now: IdAccess, action: ServerAction<SetIdAccess>) -> AnyView {
    let choice = |access: IdAccess| {
        let title = match access {
            IdAccess::None => "Take all access from the nxCloudId?",
            IdAccess::ReadOnly => "Let the nxCloudId read?",
            IdAccess::ReadWrite => "Let everyone who knows the nxCloudId write?",
        };
        let danger = access == IdAccess::ReadWrite;
        let hidden = which(org, workspace);
        let form = view! {
            <ActionForm action>
                {hidden}
                <input type="hidden" name="access" value=access.as_str()/>
                <button class=if danger { "button button-danger" } else { "button button-primary" }>{format!("Change to {access}")}</button>
            </ActionForm>
        };
        view! {
            <Confirm label=format!("nxCloudId: {access}…") title=title.to_owned()>
                <p>{access.describe()}</p>
                {danger.then(|| view! { <p>"An artifact is written once: what was stored by anybody stays until an Admin deletes it."</p> })}
                {form}
            </Confirm>
        }
    };
    let others = IdAccess::ALL.into_iter().filter(|access| *access != now);
    view! { <div class="action-row">{others.map(choice).collect_view()}</div> }.into_any()
}

fn personal_choices((org, workspace): &(OrgView, WorkspaceView), now: TokenAccess, action: ServerAction<SetPersonalAccess>) -> AnyView {
    let choice = |access: TokenAccess| {
        let (title, class) = match access {
            TokenAccess::ReadOnly => ("Let members only read?", "button button-primary"),
            TokenAccess::ReadWrite => ("Let members’ machines write?", "button button-danger"),
        };
        let hidden = which(org, workspace);
        let form = view! {
            <ActionForm action>
                {hidden}
                <input type="hidden" name="access" value=access.as_str()/>
                <button class=class>{format!("Change to {access}")}</button>
            </ActionForm>
        };
        view! {
            <Confirm label=format!("Personal access tokens: {access}…") title=title.to_owned()>
                <p>{access.describe_personal()}</p>
                {form}
            </Confirm>
        }
    };
    let others = TokenAccess::ALL.into_iter().filter(|access| *access != now);
    view! { <div class="action-row">{others.map(choice).collect_view()}</div> }.into_any()
}
