//! The e-mail addresses of a person.

use leptos::prelude::*;

use crate::backend::addresses::AddressRow;
use crate::components::chip::{Chip, Tone};
use crate::components::form::{ActionForm, FormError, FormState, TextField};
use crate::components::nav::{AccountTab, Place};
use crate::components::page_header::PageHeader;
use crate::components::section::Section;
use crate::components::when::When;
use crate::domain::address::CLAIM_DAYS;
use crate::error::Field;
use crate::islands::confirm::Confirm;
use crate::pages::frame::Frame;
use crate::pages::loaded;
use crate::request::request;
use crate::server_fns::addresses::{AddAddress, MakeAddressPrimary, RemoveAddress, ResendAddress};

/// Addresses, and one more.
#[component]
pub fn AddressesPage() -> impl IntoView {
    let request = request();
    let load = async move {
        let rows = request.backend.addresses.list(&request.caller).await?;
        let has_password = request.backend.accounts.has_password(&request.caller).await?;
        Ok((rows, has_password))
    };
    loaded(load, move |(rows, has_password)| {
        let title = AccountTab::Addresses.words();
        view! {
            <Frame title place=Place::Account(AccountTab::Addresses)>
                <PageHeader
                    title
                    lead="You sign in with any confirmed address, and invites to any of them wait for you. Mail to you goes to the primary one, and other members see it."
                />
                <Addresses rows/>
                <Adding has_password/>
            </Frame>
        }
    })
}

#[component]
fn Addresses(rows: Vec<AddressRow>) -> impl IntoView {
    let draft = request().draft;
    let resend = ServerAction::<ResendAddress>::new();
    let remove = ServerAction::<RemoveAddress>::new();
    let make_primary = ServerAction::<MakeAddressPrimary>::new();
    let errors = [FormState::of(resend, &draft), FormState::of(remove, &draft), FormState::of(make_primary, &draft)];
    let row = move |address: AddressRow| view! { <Row address resend remove make_primary/> };
    view! {
        {errors.map(|form| view! { <FormError form/> }).collect_view()}
        <div class="card">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Address"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col">"Added"</th>
                        <th scope="col">
                            <span class="sr-only">"Actions"</span>
                        </th>
                    </tr>
                </thead>
                <tbody>{rows.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}

#[component]
fn Row(
    address: AddressRow,
    resend: ServerAction<ResendAddress>,
    remove: ServerAction<RemoveAddress>,
    make_primary: ServerAction<MakeAddressPrimary>,
) -> impl IntoView {
    let now = request().now;
    let status = if address.confirmed_at.is_some() {
        view! { <Chip tone=Tone::Good>"Confirmed"</Chip> }.into_any()
    } else {
        let works = address.link_expires_at > now;
        let words = if works { "Open the link in the mail to it." } else { "The link in the mail is too old: send it again." };
        view! {
            <span>
                <Chip tone=Tone::Care>"Not confirmed"</Chip>
                <span class="row-note">{words}</span>
            </span>
        }
        .into_any()
    };
    view! {
        <tr>
            <th scope="row">
                <span class="row-title">
                    {address.email.to_string()} {address.is_primary.then(|| view! { <Chip tone=Tone::Accent>"Primary"</Chip> })}
                </span>
            </th>
            <td data-label="Status">{status}</td>
            <td data-label="Added">
                <When at=address.added_at now/>
            </td>
            <td class="actions">{(!address.is_primary).then(|| view! { <Actions address resend remove make_primary/> })}</td>
        </tr>
    }
    .into_any()
}

#[component]
fn Actions(
    address: AddressRow,
    resend: ServerAction<ResendAddress>,
    remove: ServerAction<RemoveAddress>,
    make_primary: ServerAction<MakeAddressPrimary>,
) -> impl IntoView {
    let email = address.email.to_string();
    let confirmed = address.confirmed_at.is_some();
    let (removed, title) = (email.clone(), format!("Remove {email}?"));
    let first = if confirmed {
        let label = format!("Make primary: {email}");
        view! {
            <ActionForm action=make_primary>
                <input type="hidden" name="address" value=email.clone()/>
                <button class="button" aria-label=label>
                    "Make primary"
                </button>
            </ActionForm>
        }
        .into_any()
    } else {
        let label = format!("Send again: {email}");
        view! {
            <ActionForm action=resend>
                <input type="hidden" name="address" value=email.clone()/>
                <button class="button" aria-label=label>
                    "Send again"
                </button>
            </ActionForm>
        }
        .into_any()
    };
    let follows = if confirmed {
        "You can no longer sign in with it, and invites to it no longer wait for you."
    } else {
        "The link in the mail to it stops working."
    };
    view! {
        <div class="action-row">
            {first}
            <Confirm label="Remove…".to_owned() title>
                <p>{follows}</p>
                <ActionForm action=remove>
                    <input type="hidden" name="address" value=removed/>
                    <button class="button button-danger">"Remove"</button>
                </ActionForm>
            </Confirm>
        </div>
    }
    .into_any()
}

#[component]
fn Adding(has_password: bool) -> impl IntoView {
    let action = ServerAction::<AddAddress>::new();
    let form = FormState::of(action, &request().draft);
    let password = has_password.then(|| {
        view! {
            <TextField
                form=form.clone()
                field=Field::CurrentPassword
                name="current"
                label="Your password"
                kind="password"
                autocomplete="current-password"
                hint="Whoever has a confirmed address can choose a new password by it."
            />
        }
    });
    view! {
        <Section
            id="add-address"
            title="Add an address"
            lead=format!("We send a link to it. Until you open it, nothing changes; after {CLAIM_DAYS} days without it we forget the address again.")
        >
            <ActionForm action>
                <div class="form">
                    <FormError form=form.clone()/>
                    <TextField form=form.clone() field=Field::Email name="email" label="E-mail address" kind="email" autocomplete="off"/>
                    {password}
                    <div class="form-end">
                        <button class="button button-primary">"Add the address"</button>
                    </div>
                </div>
            </ActionForm>
        </Section>
    }
}
