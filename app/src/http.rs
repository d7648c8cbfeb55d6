//! Status and redirects of the answer: the only file (with the id macro) that knows the `ssr` feature.

/// Sets the status of the page that is being rendered. Never call it in a server function: it would
/// overwrite the redirect of a plain form post.
pub fn set_status(status: u16) {
    #[cfg(feature = "ssr")]
    if let (Some(options), Ok(status)) =
        (leptos::prelude::use_context::<leptos_axum::ResponseOptions>(), http::StatusCode::from_u16(status))
    {
        options.set_status(status);
    }
    #[cfg(not(feature = "ssr"))]
    let _ = status;
}

/// Takes back, for the page that is being rendered, what every answer tells search engines: to leave it out.
pub fn let_robots_index() {
    #[cfg(feature = "ssr")]
    if let Some(options) = leptos::prelude::use_context::<leptos_axum::ResponseOptions>() {
        options.insert_header(http::HeaderName::from_static("x-robots-tag"), http::HeaderValue::from_static("all"));
    }
}

/// Sends the browser to another page of ours, or to the start page if this is none. It does not return from the caller: follow
/// it with `return`.
#[cfg_attr(feature = "ssr", expect(clippy::disallowed_methods, reason = "the one place where a page or form redirects"))]
pub fn redirect(path: &str) {
    #[cfg(feature = "ssr")]
    leptos_axum::redirect(&crate::paths::local_or_home(path));
    #[cfg(not(feature = "ssr"))]
    let _ = path;
}
