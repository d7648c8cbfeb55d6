//! The last step of linking an account at the OpenID provider: the password, as it is a way in from then on.

use leptos::prelude::*;

use crate::components::form::{ActionForm, FormError, FormState, TextField};
use crate::components::page_header::PageHeader;
use crate::error::{AppError, Field};
use crate::pages::frame::Frame;
use crate::pages::loaded;
use crate::paths;
use crate::request::request;
use crate::server_fns::identities::LinkIdentity;

/// Enter the password.
#[component]
pub fn LinkPage() -> impl IntoView {
    let request = request();
    let provider = request.site.provider.clone().unwrap_or_default();
    let load = async move {
        request.caller.user()?;
        let sealed = request.visit.pending_link().await?.ok_or(AppError::LinkUnusable)?;
        let address = request.backend.identities.pending_link(&request.caller, &sealed).await?;
        let has_password = request.backend.identities.ways_in(&request.caller).await?.password;
        Ok((address, has_password))
    };
    loaded(load, move |(address, has_password)| view! { <Form provider address has_password/> })
}

#[component]
fn Form(provider: String, address: String, has_password: bool) -> impl IntoView {
    let action = ServerAction::<LinkIdentity>::new();
    let form = FormState::of(action, &request().draft);
    let lead = format!("{address} at {provider} will open your account here.");
    let password = has_password.then(|| {
        let form = form.clone();
        view! {
            <TextField
                form
                field=Field::CurrentPassword
                name="current"
                label="Password"
                kind="password"
                autocomplete="current-password"
                hint="Of your account here, so that nobody else links an account of theirs."
            />
        }
    });
    view! {
        <Frame title="Link the account" narrow=true>
            <PageHeader title="Link the account" lead/>
            <ActionForm action>
                <div class="form">
                    <FormError form/>
                    {password}
                    <button class="button button-primary button-wide">"Link it"</button>
                </div>
            </ActionForm>
            <p class="aside">
                <a href=paths::ACCOUNT_SECURITY>"Do not link it"</a>
            </p>
        </Frame>
    }
    .into_any()
}
