//! Target of the links in mails. Opening it changes nothing, as mail scanners open links too: the form does.

use leptos::prelude::*;

use super::frame::Frame;
use super::{loaded, problem, query};
use crate::backend::accounts::PasswordLink;
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
    let action = ServerAction::<ChoosePassword>::new();
    let request = request();
    let form = FormState::of(action, &request.draft);
    let load = async move {
        match request.backend.accounts.open_link(&request.caller, &PlainSecret::new(link.clone())).await {
            Ok(opened) => Ok(Some((link, opened))),
            Err(AppError::LinkUnusable) => Ok(None),
            Err(error) => Err(error),
        }
    };
    loaded(load, move |opened| match opened {
        Some((link, opened)) => view! { <Choice form action link opened/> }.into_any(),
        None => problem::dead_link(
            "It was used, or it is too old. If you have chosen a password with it, sign in with that one; else ask for a new link.",
            ("Ask for a new link", paths::FORGOT_PASSWORD),
        ),
    })
    .into_any()
}

#[component]
fn Choice(form: FormState, action: ServerAction<ChoosePassword>, link: String, opened: PasswordLink) -> impl IntoView {
    let name = opened.new_name.map(|name| {
        view! {
            <TextField
                form=form.clone()
                field=Field::Name
                name="name"
                label="Your name"
                stored=String::from(name)
                autocomplete="name"
                hint="As other members see it."
            />
        }
    });
    view! {
        <Frame title="Choose a password" narrow=true>
            <PageHeader title="Choose a password" lead="It confirms your e-mail address, ends all other sessions of your account, and signs you in here."/>
            <ActionForm action>
                <div class="form">
                    <FormError form=form.clone()/>
                    <input type="hidden" name="link" value=link/>
                    {name}
                    <TextField
                        form=form.clone()
                        field=Field::Password
                        name="password"
                        label="New password"
                        kind="password"
                        autocomplete="new-password"
                        hint=format!("At least {} characters; a phrase is easiest to remember.", password::SHORTEST)
                    />
                    {opened.has_tokens.then(|| view! { <RevokeTokens form checked=true/> })}
                    <button class="button button-primary button-wide">"Set the password"</button>
                </div>
            </ActionForm>
            <p class="aside">
                <a href=paths::FORGOT_PASSWORD>"Ask for a new link"</a>
            </p>
        </Frame>
    }
    .into_any()
}
