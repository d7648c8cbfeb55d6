//! Target of an organization's join link: for people of its domains. Everybody else learns nothing here.

use leptos::form::ActionForm;
use leptos::prelude::*;

use super::frame::Frame;
use super::{loaded, org_slug};
use crate::backend::domain_invites::{JoinLink, JoinOffer};
use crate::components::form::{FormError, FormState};
use crate::components::page_header::PageHeader;
use crate::request::request;
use crate::server_fns::domain_invites::JoinByDomain;
use crate::{http, paths};

/// Join by the domain of one's address.
#[component]
pub fn JoinPage() -> impl IntoView {
    let (request, slug) = (request(), org_slug());
    let load = async move {
        // First, whatever the address: nobody is to find out which organizations exist.
        request.caller.user()?;
        request.backend.domain_invites.open(&request.caller, &slug?).await
    };
    loaded(load, |link| match link {
        JoinLink::Offer(offer) => view! { <Offer offer/> }.into_any(),
        JoinLink::Inside(slug) => {
            http::redirect(&paths::org(&slug));
            ().into_any()
        }
    })
}

#[component]
fn Offer(offer: JoinOffer) -> impl IntoView {
    let action = ServerAction::<JoinByDomain>::new();
    let form = FormState::of(action, &request().draft);
    let title = format!("Join {}", offer.org);
    let lead = format!("You may come in as {}, because you have an address at {}.", offer.role, offer.domain);
    view! {
        <Frame title=title.clone() narrow=true>
            <PageHeader title=title.clone() lead/>
            <ActionForm action>
                <div class="form">
                    <FormError form/>
                    <input type="hidden" name="org_slug" value=offer.slug.to_string()/>
                    <button class="button button-primary button-wide">{title}</button>
                </div>
            </ActionForm>
            <p class="aside">"Its members will see your name and your address."</p>
        </Frame>
    }
    .into_any()
}
