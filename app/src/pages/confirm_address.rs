//! Target of the links that prove another mailbox. Opening it changes nothing, as mail scanners open links too: the form
//! does, and only for the account that asked. The page names that account, so that nobody gives it a mailbox unawares.

use leptos::prelude::*;

use super::frame::Frame;
use super::{loaded, problem, query};
use crate::components::form::{ActionForm, FormError, FormState};
use crate::components::page_header::PageHeader;
use crate::domain::names::Email;
use crate::domain::secret::PlainSecret;
use crate::error::AppError;
use crate::request::{SignedIn, request};
use crate::server_fns::accounts::SignOut;
use crate::server_fns::addresses::ConfirmAddress;
use crate::{http, paths};

/// Confirm an address.
#[component]
pub fn ConfirmAddressPage() -> impl IntoView {
    let request = request();
    let link = query("link");
    let secret = PlainSecret::new(link.clone());
    let load = async move {
        let opened = request.backend.addresses.open(&request.caller, &secret).await;
        if opened == Err(AppError::LinkUnusable) {
            return Ok(None);
        }
        let user = request.caller.user()?.clone();
        match opened {
            Ok(claim) => Ok(Some((user, Some(claim)))),
            Err(AppError::Forbidden) => Ok(Some((user, None))),
            Err(error) => Err(error),
        }
    };
    loaded(load, move |opened| match opened {
        Some((_, Some(claim))) if claim.is_confirmed => {
            http::redirect(paths::ACCOUNT_ADDRESSES);
            ().into_any()
        }
        Some((user, Some(claim))) => view! { <Asking user email=claim.email link/> }.into_any(),
        Some((user, None)) => view! { <OtherAccount user/> }.into_any(),
        None => problem::dead_link(
            "It is too old, or the address was removed. In your account you can send a new one to the address.",
            ("To your addresses", paths::ACCOUNT_ADDRESSES),
        ),
    })
}

#[component]
fn Asking(user: SignedIn, email: Email, link: String) -> impl IntoView {
    let action = ServerAction::<ConfirmAddress>::new();
    let form = FormState::of(action, &request().draft);
    view! {
        <Frame title="Confirm an address" narrow=true>
            <PageHeader title="Confirm an address" lead=format!("Add {email} to the account of {} ({})?", user.name, user.email)/>
            <ActionForm action>
                <div class="form">
                    <FormError form/>
                    <input type="hidden" name="link" value=link/>
                    <p>"Whoever has this account can then sign in with the address, and gets the invites to it."</p>
                    <button class="button button-primary button-wide">{format!("Add {email}")}</button>
                    <a class="button button-wide" href=paths::ACCOUNT_ADDRESSES>
                        "Not now"
                    </a>
                </div>
            </ActionForm>
        </Frame>
    }
    .into_any()
}

#[component]
fn OtherAccount(user: SignedIn) -> impl IntoView {
    let action = ServerAction::<SignOut>::new();
    view! {
        <Frame title="Confirm an address" narrow=true>
            <PageHeader title="Confirm an address"/>
            <div class="alert alert-care" role="status">
                <p>
                    {format!("You are signed in as {} ({}), and this link was asked for by another account, which the mail names. It works only there.", user.name, user.email)}
                </p>
            </div>
            <p>"To confirm the address, sign in there and open the link again. Is that account not yours? Then do nothing: without you the address stays as it is."</p>
            <ActionForm action>
                <button class="button button-wide">"Sign out"</button>
            </ActionForm>
        </Frame>
    }
    .into_any()
}
