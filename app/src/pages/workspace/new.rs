//! Create a workspace.

use leptos::prelude::*;

use crate::components::form::{ActionForm, ChoiceField, FormError, FormState, TextField};
use crate::components::nav::{OrgTab, Place};
use crate::components::page_header::PageHeader;
use crate::domain::access::IdAccess;
use crate::domain::permission::Permission;
use crate::error::Field;
use crate::pages::frame::Frame;
use crate::pages::{loaded, org_slug, require};
use crate::request::request;
use crate::server_fns::workspaces::CreateWorkspace;

/// The name of a new workspace; Admins only.
#[component]
pub fn NewPage() -> impl IntoView {
    let (request, slug) = (request(), org_slug());
    let draft = request.draft.clone();
    let load = async move {
        let org = request.backend.orgs.open(&request.caller, &slug?).await?;
        require(&request.caller, org.standing, Permission::CreateWorkspace)?;
        Ok(org)
    };
    loaded(load, move |org| {
        let action = ServerAction::<CreateWorkspace>::new();
        let form = FormState::of(action, &draft);
        let levels = IdAccess::ALL.map(|access| (access.as_str(), title(access), access.describe())).to_vec();
        view! {
            <Frame title="New workspace" place=Place::Org(org.clone(), OrgTab::Workspaces) narrow=true>
                <PageHeader title="New workspace" lead="One for each repository with an nx.json. It has its own cache and its own CI access tokens."/>
                <ActionForm action>
                    <div class="form">
                        <FormError form=form.clone()/>
                        <input type="hidden" name="org_slug" value=org.slug.to_string()/>
                        <TextField form=form.clone() field=Field::Name name="name" label="Name" hint="Usually the name of the repository."/>
                        <ChoiceField
                            form
                            field=Field::Access
                            name="id_access"
                            label="What the nxCloudId in nx.json opens by itself"
                            choices=levels
                            chosen=""
                        />
                        <button class="button button-primary button-wide">"Create the workspace"</button>
                    </div>
                </ActionForm>
            </Frame>
        }
    })
}

fn title(access: IdAccess) -> String {
    match access {
        IdAccess::None => "Nothing (recommended)".to_owned(),
        IdAccess::ReadOnly => "It reads".to_owned(),
        IdAccess::ReadWrite => "It reads and stores".to_owned(),
    }
}
