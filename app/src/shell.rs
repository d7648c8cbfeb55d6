//! The document around every page.

use leptos::hydration::{AutoReload, HydrationScripts, HydrationScriptsProps};
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos::tachys::html::InertElement;
use leptos_meta::{MetaTags, provide_meta_context};

use crate::error::AppError;
use crate::pages::problem::explained;
use crate::paths;
use crate::request::{Request, Theme};
use crate::routes::App;

/// The document with the page of the address.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    document(options, || view! { <App/> }.into_any())
}

/// The document that says why a form was refused, when no page can.
pub fn refusal(options: LeptosOptions, error: AppError) -> impl IntoView {
    document(options, || {
        provide_meta_context();
        explained(error)
    })
}

/// The document. Without a request (list of routes) it has the system's theme.
fn document(options: LeptosOptions, body: impl FnOnce() -> AnyView) -> impl IntoView {
    let theme = use_context::<Request>().map_or(Theme::System, |request| request.theme);
    let stylesheet = paths::stylesheet(&options.site_pkg_dir, &options.output_name);
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme.as_str()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <link rel="stylesheet" href=stylesheet/>
                <link rel="icon" href=paths::FAVICON type="image/svg+xml"/>
                <AutoReload options=options.clone()/>
                {scripts(options)}
                <MetaTags/>
            </head>
            <body>
                {body()}
            </body>
        </html>
    }
}

/// The tags that wake the islands. Leptos writes the nonce of the security policy also into `crossorigin` of its links, where
/// a style sheet or a script could read it; browsers keep only the attribute `nonce` from them.
fn scripts(options: LeptosOptions) -> impl IntoView {
    let html = HydrationScripts(HydrationScriptsProps::builder().options(options).islands(true).build()).to_html();
    let html = match use_nonce() {
        Some(nonce) => html.replace(&format!("crossorigin=\"{nonce}\""), "crossorigin=\"anonymous\""),
        None => html,
    };
    InertElement::new(html)
}
