//! The short link to a run leads to its page.

use leptos::prelude::*;

use super::run_id;
use crate::pages::loaded;
use crate::request::request;
use crate::{http, paths};

/// Redirects whoever may see the run.
#[component]
pub fn LinkPage() -> impl IntoView {
    let (request, id) = (request(), run_id());
    let load = async move {
        // What is no id at all looks like a run of others.
        let id = match id {
            Ok(id) => id,
            Err(error) => return Err(request.caller.user().err().unwrap_or(error)),
        };
        let (slug, workspace) = request.backend.runs.locate(&request.caller, id).await?;
        Ok(paths::run(&slug, workspace, id))
    };
    loaded(load, |path| {
        http::redirect(&path);
        view! { <a href=path>"To the run"</a> }
    })
}
