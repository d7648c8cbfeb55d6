//! The person's own access tokens: what they are logged in with at the command line.

use leptos::prelude::*;

use crate::backend::personal_tokens::PersonalTokenRow;
use crate::components::empty_state::EmptyState;
use crate::components::form::{ActionForm, FormError, FormState, SelectField, TextField};
use crate::components::nav::{AccountTab, Place};
use crate::components::page_header::PageHeader;
use crate::components::section::Section;
use crate::components::token::TokenCells;
use crate::components::when::When;
use crate::domain::names::OrgName;
use crate::domain::token::{TokenLife, TokenState};
use crate::error::Field;
use crate::islands::confirm::Confirm;
use crate::pages::frame::Frame;
use crate::pages::loaded;
use crate::paths;
use crate::request::request;
use crate::server_fns::personal_tokens::{CreatePersonalToken, RevokePersonalToken};

/// The tokens, and a form for one more.
#[component]
pub fn PersonalTokensPage() -> impl IntoView {
    let request = request();
    let load = async move {
        let own = request.backend.personal_tokens.list(&request.caller).await?;
        Ok((own, request.backend.accounts.has_password(&request.caller).await?))
    };
    loaded(load, |(own, has_password)| {
        let title = AccountTab::Tokens.words();
        let list = if own.tokens.is_empty() { view! { <NoToken/> }.into_any() } else { view! { <Tokens tokens=own.tokens/> }.into_any() };
        view! {
            <Frame title place=Place::Account(AccountTab::Tokens)>
                <PageHeader title lead="They stand for you at the command line, in the workspaces of your organizations and nowhere else.">
                    <a class="button" href=paths::LOGIN_DEVICE>
                        "Enter a code"
                    </a>
                </PageHeader>
                {list}
                <Creation limits=own.limits has_password/>
            </Frame>
        }
    })
}

#[component]
fn NoToken() -> impl IntoView {
    view! {
        <EmptyState icon=icondata_lu::LuKeyRound title="No token yet">
            <p>"Run npx nx login in a connected workspace: it opens a page here, and you confirm. The token then stands on your machine alone, and in this list."</p>
        </EmptyState>
    }
}

#[component]
fn Tokens(tokens: Vec<PersonalTokenRow>) -> impl IntoView {
    let revoke = ServerAction::<RevokePersonalToken>::new();
    let form = FormState::of(revoke, &request().draft);
    view! {
        <Section id="tokens" title="Your tokens" lead="Revoke what you do not recognize, and what you no longer use.">
            <FormError form/>
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Token"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col">"Last used"</th>
                        <th scope="col">"Expires"</th>
                        <th scope="col">"Created"</th>
                        <th scope="col">
                            <span class="sr-only">"Actions"</span>
                        </th>
                    </tr>
                </thead>
                <tbody>{tokens.into_iter().map(|token| row(token, revoke)).collect_view()}</tbody>
            </table>
        </Section>
    }
    .into_any()
}

fn row(token: PersonalTokenRow, revoke: ServerAction<RevokePersonalToken>) -> AnyView {
    let now = request().now;
    let works = token.state == TokenState::Active;
    let (name, id) = (token.name.to_string(), token.id.to_string());
    let question = works.then(|| {
        view! {
            <Confirm label="Revoke…".to_owned() title=format!("Revoke “{name}”?")>
                <p>"From this moment no request with it succeeds. The machine that has it is logged out. This cannot be undone."</p>
                <ActionForm action=revoke>
                    <input type="hidden" name="token" value=id/>
                    <button class="button button-danger">"Revoke"</button>
                </ActionForm>
            </Confirm>
        }
    });
    view! {
        <tr>
            <th scope="row">
                <span class="row-title">{token.name.to_string()}</span>
                <code class="row-note">{format!("bkpat_…{}", token.last_four)}</code>
            </th>
            <TokenCells state=token.state last_used=token.last_used expires_at=token.expires_at/>
            <td data-label="Created">
                <When at=token.created_at now/>
            </td>
            <td class="actions">
                <div class="action-row">{question}</div>
            </td>
        </tr>
    }
    .into_any()
}

/// How long a token may live, as forms offer it.
pub fn lives() -> Vec<(String, String)> {
    TokenLife::choices(None).into_iter().map(|life| (life.to_string(), life.describe())).collect()
}

#[component]
fn Creation(limits: Vec<(OrgName, u16)>, has_password: bool) -> impl IntoView {
    let action = ServerAction::<CreatePersonalToken>::new();
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
                hint="A token works without it, wherever it is."
            />
        }
    });
    let limit = |(org, days): (OrgName, u16)| view! { <li>{format!("{org}: at most {days} days after it was made")}</li> };
    let limits = (!limits.is_empty()).then(|| {
        view! {
            <p class="hint">"Some of your organizations take a token for a limited time, whatever you choose here:"</p>
            <ul class="bullets hint">{limits.into_iter().map(limit).collect_view()}</ul>
        }
    });
    view! {
        <Section
            id="new"
            title="New token by hand"
            lead="Where nx login cannot be used. Its value is shown once, on the next page. For CI, use the CI access tokens of a workspace instead."
        >
            <ActionForm action>
                <div class="form">
                    <FormError form=form.clone()/>
                    <TextField form=form.clone() field=Field::Name name="name" label="Name" hint="The machine on which it will be, such as “laptop”."/>
                    <SelectField
                        name="expires"
                        id="expires"
                        label="Expires"
                        choices=lives()
                        chosen=form.value("expires", &TokenLife::DEFAULT.to_string())
                        refused=form.reason(Field::Expires)
                    />
                    {limits}
                    {password}
                    <div class="form-end">
                        <button class="button button-primary">"Create the token"</button>
                    </div>
                </div>
            </ActionForm>
        </Section>
    }
    .into_any()
}
