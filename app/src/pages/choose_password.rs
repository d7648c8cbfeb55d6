//! Target of the links in mails. Opening it changes nothing, as mail scanners open links too: the form does.

use leptos::prelude::*;

use super::frame::Frame;
use super::{loaded, problem, query};
use crate::components::form::{ActionForm, FormError, FormState, RevokeTokens, TextField};
use crate::components::page_header::PageHeader;
use crate::domain::password;
use crate::domain::secret::PlainSecret;
use crate::error::{AppError, Field};
use crate::paths;
use crate::request::request;
use crate::server_fns::accounts::ChoosePassword;

/// Choose a password.
#[component]
pub fn ChoosePasswordPage() -> impl IntoView {
    let link = query("link");
    if link.is_empty() {
        return problem::problem(AppError::LinkUnusable);
    }
    let action = ServerAction::<ChoosePassword>::new();
    let request = request();
    let form = FormState::of(action, &request.draft);
    let load = async move {
        let has_tokens = request.backend.accounts.has_tokens(&request.caller, &PlainSecret::new(link.clone())).await?;
        Ok((link, has_tokens))
    };
    loaded(load, move |(link, has_tokens)| view! {
        <Frame title="Choose a password" narrow=true>
            <PageHeader title="Choose a password" lead="It confirms your e-mail address, ends all other sessions of your account, and signs you in here."/>
            <ActionForm action>
                <div class="form">
                    <FormError form=form.clone()/>
                    <input type="hidden" name="link" value=link/>
                    <TextField
                        form=form.clone()
                        field=Field::Password
                        name="password"
                        label="New password"
                        kind="password"
                        autocomplete="new-password"
                        hint=format!("At least {} characters; a phrase is easiest to remember.", password::SHORTEST)
                    />
                    {has_tokens.then(|| view! { <RevokeTokens form checked=true/> })}
                    <button class="button button-primary button-wide">"Set the password"</button>
                </div>
            </ActionForm>
            <p class="aside">
                <a href=paths::FORGOT_PASSWORD>"Ask for a new link"</a>
            </p>
        </Frame>
    })
    .into_any()
}
