//! Ask for a link to choose a new password.

use leptos::prelude::*;

use super::frame::Frame;
use super::query;
use crate::components::form::{ActionForm, FormError, FormState, TextField};
use crate::components::page_header::PageHeader;
use crate::error::Field;
use crate::paths;
use crate::request::request;
use crate::server_fns::accounts::ForgotPassword;

/// Ask for a link.
#[component]
pub fn ForgotPasswordPage() -> impl IntoView {
    let action = ServerAction::<ForgotPassword>::new();
    let form = FormState::of(action, &request().draft);
    let next = paths::local_or_home(&query("next"));
    let sign_in = paths::sign_in_then(&next);
    view! {
        <Frame title="Forgotten password" narrow=true>
            <PageHeader title="Forgotten your password?" lead="Enter the address of your account. We send a link with which you choose a new password."/>
            <ActionForm action>
                <div class="form">
                    <FormError form=form.clone()/>
                    <input type="hidden" name="next" value=next/>
                    <TextField form field=Field::Email name="email" label="E-mail address" kind="email" autocomplete="username"/>
                    <button class="button button-primary button-wide">"Send the link"</button>
                </div>
            </ActionForm>
            <p class="aside">
                <a href=sign_in>"Back to sign in"</a>
            </p>
        </Frame>
    }
}
