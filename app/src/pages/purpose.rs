//! What a person signs in or up for, as far as everybody may be told it who has the address.

use leptos::prelude::*;

use crate::domain::names::OrgSlug;
use crate::paths;
use crate::request::{Request, request};

/// A sentence below the heading of a page on which somebody signs in or up to go on to `next`.
pub fn lead(verb: &'static str, next: String) -> impl Future<Output = Option<AnyView>> + Send {
    let request = request();
    async move {
        let purpose = purpose(&request, &next).await?;
        Some(view! { <p>{format!("{verb} {purpose}.")}</p> }.into_any())
    }
}

async fn purpose(request: &Request, next: &str) -> Option<String> {
    let path = next.split(['?', '#']).next().unwrap_or_default();
    if let Some(slug) = path.strip_prefix(paths::JOIN_PREFIX) {
        // The name of one that is public: whether there is another one is told to nobody.
        let org = match OrgSlug::parse(slug) {
            Ok(slug) => request.backend.orgs.open(&request.caller, &slug).await.ok(),
            Err(_) => None,
        };
        return Some(org.map_or_else(|| "to join the organization".to_owned(), |org| format!("to join {}", org.name)));
    }
    let words = match path {
        paths::LOGIN_DEVICE => "to log in a terminal",
        paths::INVITE => "to accept the invite",
        _ if path.starts_with(paths::CONNECT_PREFIX) => "to connect the workspace",
        _ => return None,
    };
    Some(words.to_owned())
}
