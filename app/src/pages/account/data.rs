//! What is kept about a person, and the end of their account.

use leptos::prelude::*;

use crate::backend::orgs::OrgView;
use crate::components::form::{ActionForm, FormError, FormState, TextField};
use crate::components::icon::Icon;
use crate::components::last_admin::LastAdmin;
use crate::components::nav::{AccountTab, Place};
use crate::components::page_header::PageHeader;
use crate::components::section::{DangerZone, Section};
use crate::error::Field;
use crate::pages::frame::Frame;
use crate::pages::loaded;
use crate::paths;
use crate::request::{SignedIn, request};
use crate::server_fns::account_deletion::DeleteAccount;

/// Download and deletion.
#[component]
pub fn DataPage() -> impl IntoView {
    let request = request();
    let load = async move {
        let user = request.caller.user()?.clone();
        let has_password = request.backend.accounts.has_password(&request.caller).await?;
        let obstacles = request.backend.account_deletion.obstacles(&request.caller).await?;
        Ok((user, has_password, obstacles))
    };
    loaded(load, move |(user, has_password, obstacles)| {
        let title = AccountTab::Data.words();
        view! {
            <Frame title place=Place::Account(AccountTab::Data)>
                <PageHeader title lead="What this server keeps about you, and how to end it."/>
                <Section
                    id="export"
                    title="Export your data"
                    lead="One JSON file with your profile, addresses, linked account, sessions, memberships, the invites that you sent and that wait for you, and the events of the audit log about you."
                >
                    <p>
                        // Not followed by a program that only looks what is behind a link: it counts, and is audited.
                        <a class="button" href=paths::ACCOUNT_EXPORT download rel="nofollow">
                            <Icon of=icondata_lu::LuDownload/>
                            "Download"
                        </a>
                    </p>
                </Section>
                <Deletion user has_password obstacles/>
            </Frame>
        }
    })
}

#[component]
fn Deletion(user: SignedIn, has_password: bool, obstacles: Vec<OrgView>) -> impl IntoView {
    let action = ServerAction::<DeleteAccount>::new();
    let form = FormState::of(action, &request().draft);
    let content = if obstacles.is_empty() {
        let password = has_password.then(|| {
            view! {
                <TextField
                    form=form.clone()
                    field=Field::CurrentPassword
                    name="current"
                    label="Your password"
                    kind="password"
                    autocomplete="current-password"
                />
            }
        });
        view! {
            <ActionForm action>
                <div class="form">
                    <FormError form=form.clone()/>
                    <TextField form=form.clone() field=Field::Confirmation name="confirmation" label=format!("Type “{}” to confirm", user.email)/>
                    {password}
                    <div class="form-end">
                        <button class="button button-danger">"Delete your account"</button>
                    </div>
                </div>
            </ActionForm>
        }
        .into_any()
    } else {
        let row = |org: OrgView| {
            view! {
                <li>
                    <a class="row-link" href=paths::org(&org.slug)>
                        {org.name.to_string()}
                    </a>
                    <LastAdmin org/>
                </li>
            }
        };
        view! {
            <FormError form/>
            <p>"These organizations would be left without an Admin:"</p>
            <ul class="obstacles">{obstacles.into_iter().map(row).collect_view()}</ul>
        }
        .into_any()
    };
    view! {
        <DangerZone
            title="Delete your account"
            lead="Ends your memberships and sessions and deletes your addresses, your password and the link with an account elsewhere, for good. Domains that you vouched for close unless DNS proves them. What you did stays in the audit logs of your organizations under your name. CI access tokens that you created and invites that you sent go on working."
        >
            {content}
        </DangerZone>
    }
}
