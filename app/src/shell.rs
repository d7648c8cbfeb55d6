//! The document around every page.

use leptos::hydration::{AutoReload, HydrationScripts};
use leptos::prelude::*;
use leptos_meta::MetaTags;

use crate::paths;
use crate::request::{Request, Theme};
use crate::routes::App;

/// The document. Without a request (list of routes) it has the system's theme.
pub fn shell(options: LeptosOptions) -> impl IntoView {
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
                <HydrationScripts options islands=true/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}
