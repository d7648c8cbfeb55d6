//! Forms: fields with their label, hint and error, filled again after a refusal.

use leptos::prelude::*;
use server_fn::ServerFn;

use super::icon::Icon;
use super::provider::ProviderLink;
use crate::domain::names::Reason;
use crate::error::{AppError, Field};
use crate::request::{Draft, request};

/// How a form was last sent on this page: why it was refused, and what stood in it.
#[derive(Debug, Clone, Default)]
pub struct FormState {
    error: Option<AppError>,
    draft: Draft,
}

impl FormState {
    /// The state of the form that posts this action. The draft belongs to it only if it was this one that was refused.
    ///
    /// The action is there for its type only: what Leptos would read into it from the address, anybody can write into a link.
    pub fn of<F>(_action: ServerAction<F>, draft: &Draft) -> Self
    where
        F: ServerFn<Error = AppError> + Clone + Send + Sync + 'static,
        F::Output: Clone + Send + Sync + 'static,
    {
        match draft.error_of(F::PATH) {
            Some(error) => Self { error: Some(error), draft: draft.clone() },
            None => Self::default(),
        }
    }

    /// Why the form was refused.
    pub fn error(&self) -> Option<AppError> {
        self.error.clone()
    }

    /// What a field starts with: what was typed, or else what is stored.
    pub fn value(&self, name: &str, stored: &str) -> String {
        if self.error.is_some() { self.draft.get(name) } else { stored.to_owned() }
    }

    /// Whether a box starts ticked: as it was sent, or else as is usual.
    pub fn ticked(&self, name: &str, usual: bool) -> bool {
        if self.error.is_some() { self.draft.get(name) == "true" } else { usual }
    }

    /// What is wrong with this field.
    pub fn reason(&self, field: Field) -> Option<Reason> {
        self.error.as_ref().and_then(|error| error.reason_for(field))
    }
}

/// The name of the hidden field by which a form says on which page it stands.
pub const PAGE: &str = "form_page";

/// A form that posts to a server function. Refused, it is answered with the page that it names here.
#[component]
pub fn ActionForm<F>(
    /// The server function.
    action: ServerAction<F>,
    /// Its fields and buttons.
    children: Children,
) -> impl IntoView
where
    F: ServerFn<Error = AppError> + Clone + Send + Sync + 'static,
    F::Output: Clone + Send + Sync + 'static,
{
    let _ = action;
    view! {
        <form action=F::PATH method="post">
            <input type="hidden" name=PAGE value=request().address/>
            {children()}
        </form>
    }
}

/// Why a form was refused, above its fields.
#[component]
pub fn FormError(
    /// The form below.
    form: FormState,
) -> impl IntoView {
    form.error.map(|error| {
        form.draft.note_shown();
        let request = request();
        let provider = request.site.provider.clone().filter(|_| matches!(error, AppError::SignIn(_)));
        let provider = provider.map(|provider| view! { <ProviderLink provider next=request.address/> });
        view! {
            // The page begins at its top, and the form may be far below: the focus leads there, without scripts too.
            <div class="alert alert-bad" role="alert" tabindex="-1" autofocus=true>
                <Icon of=icondata_lu::LuCircleAlert/>
                <p>{error.to_string()}</p>
            </div>
            {provider}
        }
    })
}

/// One line of text to fill in.
#[component]
pub fn TextField(
    /// The form it stands in.
    form: FormState,
    /// The field that errors name.
    field: Field,
    /// The name under which it is sent, and its id.
    name: &'static str,
    /// What to fill in.
    #[prop(into)]
    label: String,
    /// `email`, `password`, `number`, …
    #[prop(default = "text")]
    kind: &'static str,
    /// What is stored now.
    #[prop(optional, into)]
    stored: String,
    /// What browsers and password managers may fill in.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// Whether it may stay empty.
    #[prop(optional)]
    optional: bool,
    /// What stands before it and belongs to the value.
    #[prop(optional, into)]
    before: String,
    /// A unit or the like behind it.
    #[prop(optional)]
    unit: &'static str,
    /// A sentence below it.
    #[prop(optional, into)]
    hint: String,
) -> impl IntoView {
    let reason = form.reason(field);
    // A password is typed again: a page never holds one.
    let value = (kind != "password").then(|| form.value(name, &stored));
    let (hint_id, error_id) = (format!("{name}-hint"), format!("{name}-error"));
    let described = [(!hint.is_empty()).then(|| hint_id.clone()), reason.map(|_| error_id.clone())];
    let described = described.into_iter().flatten().collect::<Vec<_>>().join(" ");
    view! {
        <div class="field">
            <label class="label" for=name>
                {label}
            </label>
            <span class="input-row">
                {(!before.is_empty()).then(|| view! { <span class="unit truncate">{before}</span> })}
                <input
                    class="input"
                    id=name
                    name=name
                    type=kind
                    value=value
                    autocomplete=autocomplete
                    required=!optional
                    spellcheck="false"
                    aria-describedby=(!described.is_empty()).then_some(described)
                    aria-invalid=reason.map(|_| "true")
                />
                {(!unit.is_empty()).then(|| view! { <span class="unit">{unit}</span> })}
            </span>
            {(!hint.is_empty())
                .then(|| {
                    view! {
                        <p class="hint" id=hint_id>
                            {hint}
                        </p>
                    }
                })}
            {reason
                .map(|reason| {
                    view! {
                        <p class="field-error" id=error_id>
                            {reason.to_string()}
                        </p>
                    }
                })}
        </div>
    }
    .into_any()
}

/// Several lines of text to fill in.
#[component]
pub fn TextArea(
    /// The form it stands in.
    form: FormState,
    /// The field that errors name.
    field: Field,
    /// The name under which it is sent, and its id.
    name: &'static str,
    /// What to fill in.
    #[prop(into)]
    label: String,
    /// What is stored now.
    #[prop(optional, into)]
    stored: String,
    /// Lines that are visible.
    rows: u8,
    /// Whether it may stay empty.
    #[prop(optional)]
    optional: bool,
    /// A sentence below it.
    #[prop(into)]
    hint: String,
) -> impl IntoView {
    let reason = form.reason(field);
    let (hint_id, error_id) = (format!("{name}-hint"), format!("{name}-error"));
    let described = if reason.is_some() { format!("{hint_id} {error_id}") } else { hint_id.clone() };
    view! {
        <div class="field">
            <label class="label" for=name>
                {label}
            </label>
            <textarea
                class="input"
                id=name
                name=name
                rows=rows
                required=!optional
                spellcheck="false"
                aria-describedby=described
                aria-invalid=reason.map(|_| "true")
            >
                {form.value(name, &stored)}
            </textarea>
            <p class="hint" id=hint_id>
                {hint}
            </p>
            {reason
                .map(|reason| {
                    view! {
                        <p class="field-error" id=error_id>
                            {reason.to_string()}
                        </p>
                    }
                })}
        </div>
    }
    .into_any()
}

/// One of a few values to choose.
#[component]
pub fn SelectField(
    /// The name under which it is sent.
    name: &'static str,
    /// Its id, unique on the page.
    #[prop(into)]
    id: String,
    /// What to choose.
    #[prop(into)]
    label: String,
    /// Value and words of each choice.
    choices: Vec<(String, String)>,
    /// The value chosen at first.
    #[prop(into)]
    chosen: String,
    /// A sentence below it.
    #[prop(optional, into)]
    hint: String,
    /// Why what was chosen is refused.
    #[prop(optional_no_strip)]
    refused: Option<Reason>,
) -> impl IntoView {
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let described = [(!hint.is_empty()).then(|| hint_id.clone()), refused.map(|_| error_id.clone())];
    let described = described.into_iter().flatten().collect::<Vec<_>>().join(" ");
    view! {
        <div class="field">
            <label class="label" for=id.clone()>
                {label}
            </label>
            <select
                class="input"
                id=id
                name=name
                aria-describedby=(!described.is_empty()).then_some(described)
                aria-invalid=refused.map(|_| "true")
            >
                {choices
                    .into_iter()
                    .map(|(value, words)| {
                        let selected = value == chosen;
                        view! {
                            <option value=value selected=selected>
                                {words}
                            </option>
                        }
                    })
                    .collect_view()}
            </select>
            {(!hint.is_empty())
                .then(|| {
                    view! {
                        <p class="hint" id=hint_id>
                            {hint}
                        </p>
                    }
                })}
            {refused
                .map(|reason| {
                    view! {
                        <p class="field-error" id=error_id>
                            {reason.to_string()}
                        </p>
                    }
                })}
        </div>
    }
    .into_any()
}

/// One of a few values, each with what follows from it.
#[component]
pub fn ChoiceField(
    /// The form it stands in.
    form: FormState,
    /// The field that errors name.
    field: Field,
    /// The name under which it is sent.
    name: &'static str,
    /// What to choose.
    label: &'static str,
    /// Value, title and consequence of each choice.
    choices: Vec<(&'static str, String, &'static str)>,
    /// The value chosen at first.
    chosen: &'static str,
) -> impl IntoView {
    let chosen = form.value(name, chosen);
    let reason = form.reason(field);
    let choice = |(value, title, words): (&'static str, String, &'static str)| {
        view! {
            <label class="choice">
                <input type="radio" name=name value=value checked=value == chosen required=true/>
                <span>
                    <span class="choice-title">{title}</span>
                    <span class="hint">{words}</span>
                </span>
            </label>
        }
    };
    view! {
        <fieldset class="field">
            <legend class="label">{label}</legend>
            <div class="choices">{choices.into_iter().map(choice).collect_view()}</div>
            {reason.map(|reason| view! { <p class="field-error">{reason.to_string()}</p> })}
        </fieldset>
    }
    .into_any()
}

/// The choice to revoke personal access tokens together with an old password.
#[component]
pub fn RevokeTokens(
    /// The form it stands in.
    form: FormState,
    /// Whether it is chosen until the person says otherwise.
    checked: bool,
) -> impl IntoView {
    view! {
        <label class="choice">
            <input type="checkbox" name="revoke_tokens" value="true" checked=form.ticked("revoke_tokens", checked)/>
            <span>
                <span class="choice-title">"Revoke all my personal access tokens too"</span>
                <span class="hint">
                    "They work without the password. Do it if somebody else may have been in your account. Where you build, run npx nx login again; until then nx builds as if you were not logged in."
                </span>
            </span>
        </label>
    }
}
