//! Create an account: the password is chosen behind the link in the mail.

use leptos::prelude::*;

use super::frame::Frame;
use crate::components::form::{ActionForm, FormError, FormState, TextField};
use crate::components::page_header::PageHeader;
use crate::components::provider::{Or, ProviderLink};
use crate::error::Field;
use crate::request::{Actor, request};
use crate::server_fns::accounts::SignUp;
use crate::{http, paths};

/// Name and address of a new account.
#[component]
pub fn SignUpPage() -> impl IntoView {
    let request = request();
    if matches!(request.caller.actor, Actor::User(_)) {
        http::redirect(paths::HOME);
        return ().into_any();
    }
    let action = ServerAction::<SignUp>::new();
    let form = FormState::of(action, &request.draft);
    let provider = request.site.provider.clone().map(|provider| {
        view! {
            <ProviderLink provider next=paths::HOME/>
            <Or/>
        }
    });
    view! {
        <Frame title="Sign up" narrow=true>
            <PageHeader title="Create an account"/>
            {provider}
            <ActionForm action>
                <div class="form">
                    <FormError form=form.clone()/>
                    <TextField form=form.clone() field=Field::Name name="name" label="Your name" autocomplete="name" hint="As other members see it."/>
                    <TextField
                        form
                        field=Field::Email
                        name="email"
                        label="E-mail address"
                        kind="email"
                        autocomplete="username"
                        hint="We send a link there, with which you choose your password."
                    />
                    <button class="button button-primary button-wide">"Sign up"</button>
                </div>
            </ActionForm>
            <p class="aside">
                "You have an account? " <a href=paths::SIGN_IN>"Sign in"</a>
            </p>
        </Frame>
    }
    .into_any()
}
