//! How a person signs in, and where they are signed in.

use leptos::prelude::*;

use crate::backend::sessions::SessionRow;
use crate::components::chip::{Chip, Tone};
use crate::components::form::{ActionForm, FormError, FormState, RevokeTokens, TextField};
use crate::components::identity::Identity;
use crate::components::nav::{AccountTab, Place};
use crate::components::page_header::PageHeader;
use crate::components::section::Section;
use crate::components::when::When;
use crate::domain::password;
use crate::domain::token::TokenState;
use crate::error::Field;
use crate::pages::frame::Frame;
use crate::pages::loaded;
use crate::paths;
use crate::request::{SignedIn, request};
use crate::server_fns::accounts::{ChangePassword, SendPasswordLink};
use crate::server_fns::sessions::{EndOtherSessions, EndSession};

/// Password, linked account and sessions.
#[component]
pub fn SecurityPage() -> impl IntoView {
    let request = request();
    let provider = request.site.provider.clone();
    let load = async move {
        let user = request.caller.user()?.clone();
        let has_password = request.backend.accounts.has_password(&request.caller).await?;
        let sessions = request.backend.sessions.list(&request.caller).await?;
        let ways = request.backend.identities.ways_in(&request.caller).await?;
        let tokens = request.backend.personal_tokens.list(&request.caller).await?.tokens;
        let has_tokens = tokens.iter().any(|token| token.state == TokenState::Active);
        Ok((user, has_password, sessions, ways, has_tokens))
    };
    loaded(load, move |(user, has_password, sessions, ways, has_tokens)| {
        let title = AccountTab::Security.words();
        view! {
            <Frame title place=Place::Account(AccountTab::Security)>
                <PageHeader title lead="How you sign in, and where you are signed in."/>
                {if has_password { view! { <Password has_tokens/> }.into_any() } else { view! { <NoPassword user/> }.into_any() }}
                {provider.map(|provider| view! { <Identity provider ways/> })}
                <Sessions sessions/>
            </Frame>
        }
    })
}

/// The mail proves that it is not somebody at a browser that was left open who chooses the first password.
#[component]
fn NoPassword(user: SignedIn) -> impl IntoView {
    let action = ServerAction::<SendPasswordLink>::new();
    let form = FormState::of(action, &request().draft);
    view! {
        <Section id="password-title" title="Password" lead="Your account has no password.">
            <FormError form/>
            <p>
                {format!("To sign in with a password as well, choose one by a link that we send to {}. All sessions end then.", user.email)}
            </p>
            <ActionForm action>
                <button class="button button-primary">"Send me the link"</button>
            </ActionForm>
        </Section>
    }
}

#[component]
fn Password(has_tokens: bool) -> impl IntoView {
    let action = ServerAction::<ChangePassword>::new();
    let form = FormState::of(action, &request().draft);
    view! {
        <Section id="password-title" title="Password" lead="All other sessions end when you change it.">
            <ActionForm action>
                <div class="form">
                    <FormError form=form.clone()/>
                    <TextField
                        form=form.clone()
                        field=Field::CurrentPassword
                        name="current"
                        label="Current password"
                        kind="password"
                        autocomplete="current-password"
                    />
                    <TextField
                        form=form.clone()
                        field=Field::Password
                        name="password"
                        label="New password"
                        kind="password"
                        autocomplete="new-password"
                        hint=format!("At least {} characters; a phrase is easiest to remember.", password::SHORTEST)
                    />
                    {has_tokens.then(|| view! { <RevokeTokens form checked=false/> })}
                    <div class="form-end">
                        <button class="button button-primary">"Change the password"</button>
                    </div>
                </div>
            </ActionForm>
        </Section>
    }
}

#[component]
fn Sessions(sessions: Vec<SessionRow>) -> impl IntoView {
    let end = ServerAction::<EndSession>::new();
    let end_others = ServerAction::<EndOtherSessions>::new();
    let form = FormState::of(end, &request().draft);
    let others = sessions.iter().any(|session| !session.current);
    view! {
        <Section id="sessions" title="Sessions" lead="Where you are signed in. End what you do not recognize, and change your password.">
            <FormError form/>
            <p class="hint">
                "Machines where you ran " <code>"npx nx login"</code> " are not in this list. They have "
                <a href=paths::ACCOUNT_TOKENS>"personal access tokens"</a> ", which go on working until you revoke them."
            </p>
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Browser"</th>
                        <th scope="col">"Address"</th>
                        <th scope="col">"Last used"</th>
                        <th scope="col">"Signed in"</th>
                        <th scope="col">
                            <span class="sr-only">"Actions"</span>
                        </th>
                    </tr>
                </thead>
                <tbody>{sessions.into_iter().map(|session| session_row(session, end)).collect_view()}</tbody>
            </table>
            {others
                .then(|| {
                    view! {
                        <ActionForm action=end_others>
                            <div class="form-end">
                                <button class="button">"End all other sessions"</button>
                            </div>
                        </ActionForm>
                    }
                })}
        </Section>
    }
}

fn session_row(session: SessionRow, end: ServerAction<EndSession>) -> impl IntoView {
    let now = request().now;
    let action = if session.current {
        view! { <Chip tone=Tone::Good>"This session"</Chip> }.into_any()
    } else {
        let label = format!("End the session of {}", session.device);
        view! {
            <ActionForm action=end>
                <input type="hidden" name="session" value=session.id.to_string()/>
                <button class="button" aria-label=label>
                    "End"
                </button>
            </ActionForm>
        }
        .into_any()
    };
    view! {
        <tr>
            <th scope="row">{session.device}</th>
            <td data-label="Address">{session.address}</td>
            <td data-label="Last used">
                <When at=session.last_seen_at now/>
            </td>
            <td data-label="Signed in">
                <When at=session.created_at now/>
            </td>
            <td class="actions">{action}</td>
        </tr>
    }
    .into_any()
}
