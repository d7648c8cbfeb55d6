//! Sign in with address and password.

use leptos::prelude::*;

use super::frame::Frame;
use super::{purpose, query};
use crate::components::form::{ActionForm, FormError, FormState, TextField};
use crate::components::page_header::PageHeader;
use crate::components::provider::{Or, ProviderLink};
use crate::error::Field;
use crate::request::{Actor, request};
use crate::server_fns::accounts::SignIn;
use crate::{http, paths};

/// Sign in, and go on to where the person wanted to be.
#[component]
pub fn SignInPage() -> impl IntoView {
    let request = request();
    let next = paths::local_or_home(&query("next"));
    if matches!(request.caller.actor, Actor::User(_)) {
        http::redirect(&next);
        return ().into_any();
    }
    let action = ServerAction::<SignIn>::new();
    let form = FormState::of(action, &request.draft);
    let provider = request.site.provider.clone().map(|provider| {
        view! {
            <ProviderLink provider next=next.clone()/>
            <Or/>
        }
    });
    let lead = Suspend::new(purpose::lead("Sign in", next.clone()));
    let (forgot, sign_up) = (paths::forgot_password_then(&next), paths::sign_up_then(&next));
    view! {
        <Frame title="Sign in" narrow=true>
            <PageHeader title="Sign in"/>
            {lead}
            {provider}
            <ActionForm action>
                <div class="form">
                    <FormError form=form.clone()/>
                    <input type="hidden" name="next" value=next/>
                    <TextField form=form.clone() field=Field::Email name="email" label="E-mail address" kind="email" autocomplete="username"/>
                    <TextField form field=Field::Password name="password" label="Password" kind="password" autocomplete="current-password"/>
                    <button class="button button-primary button-wide">"Sign in"</button>
                </div>
            </ActionForm>
            <p class="aside">
                <a href=forgot>"Forgotten your password?"</a>
            </p>
            <p class="aside">
                "No account yet? " <a href=sign_up>"Sign up"</a>
            </p>
        </Frame>
    }
    .into_any()
}
