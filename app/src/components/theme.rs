//! The choice between light and dark.

use icondata_core::Icon as Drawing;
use leptos::prelude::*;

use super::form::ActionForm;
use super::icon::Icon;
use crate::islands::theme_switch::ThemeSwitch;
use crate::request::Theme;
use crate::server_fns::accounts::ChooseTheme;

const fn words(theme: Theme) -> (&'static str, Drawing) {
    match theme {
        Theme::System => ("System", icondata_lu::LuMonitor),
        Theme::Light => ("Light", icondata_lu::LuSun),
        Theme::Dark => ("Dark", icondata_lu::LuMoon),
    }
}

/// Three buttons; the page comes back in the chosen theme, or changes at once where scripts run.
#[component]
pub fn ThemeForm(
    /// The theme now.
    theme: Theme,
    /// Where to come back to.
    next: String,
) -> impl IntoView {
    let button = move |choice: Theme| {
        let (word, icon) = words(choice);
        view! {
            <button class="segment" name="theme" value=choice.as_str() aria-pressed=(choice == theme).to_string()>
                <Icon of=icon/>
                {word}
            </button>
        }
    };
    let action = ServerAction::<ChooseTheme>::new();
    view! {
        <ThemeSwitch>
            <ActionForm action>
                <input type="hidden" name="next" value=next/>
                <div class="segments" role="group" aria-label="Theme">
                    {Theme::ALL.map(button).collect_view()}
                </div>
            </ActionForm>
        </ThemeSwitch>
    }
    .into_any()
}
