//! Create an account: the password is chosen behind the link in the mail.

use leptos::prelude::*;

use super::frame::Frame;
use super::{purpose, query};
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
    let next = paths::local_or_home(&query("next"));
    if matches!(request.caller.actor, Actor::User(_)) {
        http::redirect(&next);
        return ().into_any();
    }
    let action = ServerAction::<SignUp>::new();
    let form = FormState::of(action, &request.draft);
    let provider = request.site.provider.clone().map(|provider| {
        view! {
            <ProviderLink provider next=next.clone()/>
            <Or/>
        }
    });
    let lead = Suspend::new(purpose::lead("Sign up", next.clone()));
    let rule = request.site.sign_up.describe().map(|words| view! { <p>{words}</p> });
    let sign_in = paths::sign_in_then(&next);
    view! {
        <Frame title="Sign up" narrow=true>
            <PageHeader title="Create an account"/>
            {lead}
            {rule}
            {provider}
            <ActionForm action>
                <div class="form">
                    <FormError form=form.clone()/>
                    <input type="hidden" name="next" value=next/>
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
                "You have an account? " <a href=sign_in>"Sign in"</a>
            </p>
        </Frame>
    }
    .into_any()
}
