//! Where a person confirms that a terminal of theirs logs in, or says that it is none of theirs.

use leptos::prelude::*;

use super::account::personal_tokens::lives;
use super::frame::Frame;
use super::{loaded, query};
use crate::backend::logins::WaitingLogin;
use crate::components::form::{ActionForm, FormError, FormState, SelectField};
use crate::components::icon::Icon;
use crate::components::page_header::PageHeader;
use crate::components::when::When;
use crate::domain::login::UserCode;
use crate::domain::names::Reason;
use crate::domain::time::absolute;
use crate::domain::token::TokenLife;
use crate::error::{AppError, Field};
use crate::paths;
use crate::request::{SignedIn, request};
use crate::server_fns::logins::{ConfirmLogin, RefuseLogin};

/// What the page is about.
enum Asked {
    /// Nothing yet, or nothing that waits: the code has to be entered.
    Nothing(Option<String>),
    /// A terminal that waits.
    Waiting(UserCode, WaitingLogin),
}

/// Enter the code, compare it, confirm or refuse.
#[component]
pub fn LoginPage() -> impl IntoView {
    let request = request();
    let entered = query("code");
    let code = UserCode::parse(&entered);
    let load = async move {
        let user = request.caller.user()?.clone();
        let asked = match code {
            Err(Reason::Missing) => Asked::Nothing(None),
            Err(reason) => Asked::Nothing(Some(reason.to_string())),
            Ok(code) => match request.backend.logins.open(&request.caller, &code).await {
                Ok(login) => Asked::Waiting(code, login),
                // The next code may be right.
                Err(error @ (AppError::Conflict(_) | AppError::RateLimited(_))) => Asked::Nothing(Some(error.to_string())),
                Err(error) => return Err(error),
            },
        };
        Ok((user, asked))
    };
    loaded(load, move |(user, asked)| match asked {
        Asked::Nothing(problem) => view! { <Entry entered problem/> }.into_any(),
        Asked::Waiting(code, login) => view! { <Confirmation user code login/> }.into_any(),
    })
}

#[component]
fn Entry(entered: String, problem: Option<String>) -> impl IntoView {
    let described = if problem.is_some() { "code-hint code-error" } else { "code-hint" };
    view! {
        <Frame title="Log in a terminal" narrow=true>
            <PageHeader title="Log in a terminal" lead="Run npx nx login, and enter the code that it shows."/>
            <form method="get" action=paths::LOGIN_DEVICE>
                <div class="form">
                    <div class="field">
                        <label class="label" for="code">
                            "Code"
                        </label>
                        <input
                            class="input"
                            id="code"
                            name="code"
                            value=entered
                            required=true
                            autocomplete="off"
                            autocapitalize="characters"
                            spellcheck="false"
                            placeholder="BCDF-GHJK"
                            aria-describedby=described
                            aria-invalid=problem.as_ref().map(|_| "true")
                        />
                        <p class="hint" id="code-hint">
                            "Eight letters. Never enter a code that somebody else has sent you."
                        </p>
                        {problem
                            .map(|problem| {
                                view! {
                                    <p class="field-error" id="code-error">
                                        {problem}
                                    </p>
                                }
                            })}
                    </div>
                    <button class="button button-primary button-wide">"Go on"</button>
                </div>
            </form>
        </Frame>
    }
    .into_any()
}

#[component]
fn Confirmation(user: SignedIn, code: UserCode, login: WaitingLogin) -> impl IntoView {
    let request = request();
    let (confirm, refuse) = (ServerAction::<ConfirmLogin>::new(), ServerAction::<RefuseLogin>::new());
    let (confirmed, refused) = (FormState::of(confirm, &request.draft), FormState::of(refuse, &request.draft));
    let address = if login.address == request.caller.address {
        format!("{}, the same as this browser's", login.address)
    } else {
        format!("{}, which is not the address of this browser ({})", login.address, request.caller.address)
    };
    let (for_confirm, for_refuse) = (code.to_string(), code.to_string());
    let chosen = confirmed.value("expires", &TokenLife::DEFAULT.to_string());
    let expires_refused = confirmed.reason(Field::Expires);
    view! {
        <Frame title="Log in a terminal" narrow=true>
            <PageHeader title="Log in this terminal?" lead=format!("It would act as you, {} ({}).", user.name, user.email)/>
            <div class="alert alert-care" role="note">
                <Icon of=icondata_lu::LuTriangleAlert/>
                <p>"Confirm only what you have started yourself, a moment ago. Whoever sent you this link or code wants to act in your name."</p>
            </div>
            <FormError form=confirmed/>
            <FormError form=refused/>
            <dl class="facts">
                <dt>"Code"</dt>
                <dd>
                    <strong class="login-code">{code.to_string()}</strong>
                    <span class="hint">"Compare it with the terminal."</span>
                </dd>
                <dt>"Calls itself"</dt>
                <dd>{login.device.to_string()}</dd>
                <dt>"Asked from"</dt>
                <dd>{address}</dd>
                <dt>"Asked"</dt>
                <dd>
                    <When at=login.asked_at now=request.now/>
                    <span class="hint">{format!("It waits until {}.", absolute(login.ends_at))}</span>
                </dd>
            </dl>
            <ActionForm action=confirm>
                <div class="form">
                    <input type="hidden" name="code" value=for_confirm/>
                    <SelectField
                        name="expires"
                        id="expires"
                        label="Its token expires"
                        choices=lives()
                        chosen=chosen
                        hint="You can revoke it in your account at any time."
                        refused=expires_refused
                    />
                    <button class="button button-primary button-wide">"Log in this terminal"</button>
                </div>
            </ActionForm>
            <ActionForm action=refuse>
                <input type="hidden" name="code" value=for_refuse/>
                <button class="button button-wide">"That is not me"</button>
            </ActionForm>
        </Frame>
    }
    .into_any()
}
