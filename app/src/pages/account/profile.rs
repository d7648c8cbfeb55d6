//! How a person is called, and how Buildkeep looks to them.

use leptos::prelude::*;

use crate::components::form::{ActionForm, FormError, FormState, TextField};
use crate::components::nav::{AccountTab, Place};
use crate::components::page_header::PageHeader;
use crate::components::section::Section;
use crate::components::theme::ThemeForm;
use crate::error::Field;
use crate::pages::frame::Frame;
use crate::pages::loaded;
use crate::paths;
use crate::request::{SignedIn, request};
use crate::server_fns::accounts::Rename;

/// Name and theme.
#[component]
pub fn ProfilePage() -> impl IntoView {
    let request = request();
    let theme = request.theme;
    let load = async move { request.caller.user().cloned() };
    loaded(load, move |user| {
        let title = AccountTab::Profile.words();
        view! {
            <Frame title place=Place::Account(AccountTab::Profile)>
                <PageHeader title lead=format!("Signed in as {}", user.email)/>
                <Profile user/>
                <Section id="appearance" title="Appearance" lead="Kept in this browser.">
                    <ThemeForm theme next=paths::ACCOUNT.to_owned()/>
                </Section>
            </Frame>
        }
    })
}

#[component]
fn Profile(user: SignedIn) -> impl IntoView {
    let action = ServerAction::<Rename>::new();
    let form = FormState::of(action, &request().draft);
    view! {
        <Section id="profile" title="Name" lead="As other members see it.">
            <ActionForm action>
                <div class="form">
                    <FormError form=form.clone()/>
                    <TextField form field=Field::Name name="name" label="Your name" stored=user.name.to_string() autocomplete="name"/>
                    <div class="form-end">
                        <button class="button button-primary">"Save"</button>
                    </div>
                </div>
            </ActionForm>
        </Section>
    }
}
