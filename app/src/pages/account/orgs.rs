//! The organizations that a person is in, and the way out.

use leptos::prelude::*;

use crate::backend::orgs::OrgView;
use crate::components::chip::RoleChip;
use crate::components::empty_state::EmptyState;
use crate::components::form::{ActionForm, FormError, FormState};
use crate::components::last_admin::LastAdmin;
use crate::components::nav::{AccountTab, Place};
use crate::components::page_header::PageHeader;
use crate::domain::ids::OrgId;
use crate::islands::confirm::Confirm;
use crate::pages::frame::Frame;
use crate::pages::loaded;
use crate::paths;
use crate::request::request;
use crate::server_fns::members::LeaveOrg;

/// Organizations with the person's role.
#[component]
pub fn OrgsPage() -> impl IntoView {
    let request = request();
    let load = async move {
        let orgs = request.backend.orgs.list(&request.caller).await?;
        let kept = request.backend.account_deletion.obstacles(&request.caller).await?;
        Ok((orgs, kept.into_iter().map(|org| org.id).collect::<Vec<_>>()))
    };
    loaded(load, move |(orgs, kept)| {
        let title = AccountTab::Orgs.words();
        let list = if orgs.is_empty() { view! { <None/> }.into_any() } else { view! { <Orgs orgs kept/> }.into_any() };
        view! {
            <Frame title place=Place::Account(AccountTab::Orgs)>
                <PageHeader title lead="The organizations that you are in. Whoever leaves comes back by a new invite, or by an address at one of its domains."/>
                {list}
            </Frame>
        }
    })
}

#[component]
fn None() -> impl IntoView {
    view! {
        <EmptyState icon=icondata_lu::LuBuilding2 title="You are in no organization">
            <p>"Invites that are waiting for you are on the start page."</p>
            <p>
                <a class="button" href=paths::HOME>
                    "To the start page"
                </a>
            </p>
        </EmptyState>
    }
}

#[component]
fn Orgs(orgs: Vec<OrgView>, kept: Vec<OrgId>) -> impl IntoView {
    let leave = ServerAction::<LeaveOrg>::new();
    let form = FormState::of(leave, &request().draft);
    let row = move |org: OrgView| {
        let path = paths::org(&org.slug);
        let way_out = if kept.contains(&org.id) {
            view! { <LastAdmin org=org.clone()/> }.into_any()
        } else {
            view! { <Leaving org=org.clone() leave/> }.into_any()
        };
        view! {
            <tr>
                <th scope="row">
                    <a class="row-link" href=path.clone()>
                        {org.name.to_string()}
                    </a>
                    <span class="row-note">{path}</span>
                </th>
                <td data-label="Your role">
                    {org.standing.role().map(|role| view! { <RoleChip role/> })}
                </td>
                <td class="actions">{way_out}</td>
            </tr>
        }
        .into_any()
    };
    view! {
        <FormError form/>
        <div class="card">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Organization"</th>
                        <th scope="col">"Your role"</th>
                        <th scope="col">
                            <span class="sr-only">"Actions"</span>
                        </th>
                    </tr>
                </thead>
                <tbody>{orgs.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}

#[component]
fn Leaving(org: OrgView, leave: ServerAction<LeaveOrg>) -> impl IntoView {
    view! {
        <div class="action-row">
            <Confirm label="Leave…".to_owned() title=format!("Leave {}?", org.name)>
                <p>"You lose access to its workspaces at once. To come back takes a new invite, or an address at one of its domains."</p>
                <ActionForm action=leave>
                    <input type="hidden" name="org_slug" value=org.slug.to_string()/>
                    <input type="hidden" name="next" value=paths::ACCOUNT_ORGS/>
                    <button class="button button-danger">"Leave"</button>
                </ActionForm>
            </Confirm>
        </div>
    }
    .into_any()
}
