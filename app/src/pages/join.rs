//! Target of an organization's join link: for people of its domains. Everybody else learns nothing here.

use leptos::prelude::*;

use super::frame::Frame;
use super::{loaded, org_slug};
use crate::backend::domain_invites::{JoinLink, JoinOffer};
use crate::components::form::{ActionForm, FormError, FormState};
use crate::components::page_header::PageHeader;
use crate::components::provider::SignInFirst;
use crate::request::{SignedIn, request};
use crate::server_fns::domain_invites::JoinByDomain;
use crate::{http, paths};

/// Join by the domain of one's address.
#[component]
pub fn JoinPage() -> impl IntoView {
    let (request, slug) = (request(), org_slug());
    let load = async move {
        // First, whatever the address: nobody is to find out which organizations exist.
        let user = request.caller.user()?.clone();
        Ok((request.backend.domain_invites.open(&request.caller, &slug?).await?, user))
    };
    loaded(load, |(link, user)| match link {
        JoinLink::Offer(offer) => view! { <Offer offer user/> }.into_any(),
        JoinLink::Inside(slug) => {
            http::redirect(&paths::org(&slug));
            ().into_any()
        }
    })
}

#[component]
fn Offer(offer: JoinOffer, user: SignedIn) -> impl IntoView {
    let action = ServerAction::<JoinByDomain>::new();
    let form = FormState::of(action, &request().draft);
    let title = format!("Join {}", offer.org);
    let lead = format!("You may come in as {}, because you have an address at {}.", offer.role, offer.domain);
    let words = title.clone();
    let way = match offer.sign_in.admits(user.proof.as_ref()) {
        Ok(()) => view! {
            <ActionForm action>
                <div class="form">
                    <FormError form/>
                    <input type="hidden" name="org_slug" value=offer.slug.to_string()/>
                    <button class="button button-primary button-wide">{words}</button>
                </div>
            </ActionForm>
        }
        .into_any(),
        Err(problem) => {
            let domain = offer.sign_in.suggestion().map(ToOwned::to_owned);
            view! { <SignInFirst problem next=paths::join(&offer.slug) domain/> }.into_any()
        }
    };
    view! {
        <Frame title=title.clone() narrow=true>
            <PageHeader title lead/>
            {way}
            <p class="aside">"Its members will see your name and your address."</p>
        </Frame>
    }
    .into_any()
}
