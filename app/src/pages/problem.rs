//! What stands in place of a page that cannot be shown, with the right status.

use icondata_core::Icon as Drawing;
use leptos::prelude::*;

use super::frame::Frame;
use crate::components::empty_state::EmptyState;
use crate::components::provider::ProviderLink;
use crate::error::AppError;
use crate::request::request;
use crate::{http, paths};

/// A link that works no more, told before anything is typed: what became of it, and where another one comes from.
pub fn dead_link(words: &'static str, (label, path): (&'static str, &'static str)) -> AnyView {
    http::set_status(410);
    view! {
        <Frame title="This link works no more" narrow=true>
            <EmptyState icon=icondata_lu::LuUnlink title="This link works no more" level=1>
                <p>{words}</p>
                <p>
                    <a class="button button-primary" href=path>
                        {label}
                    </a>
                </p>
                <p>
                    <a href=paths::HOME>"To the start page"</a>
                </p>
            </EmptyState>
        </Frame>
    }
    .into_any()
}

/// Redirects where that helps, and says what is wrong otherwise.
pub fn problem(error: AppError) -> AnyView {
    let address = request().address;
    match &error {
        AppError::Unauthenticated => {
            http::redirect(&paths::sign_in_then(&address));
            ().into_any()
        }
        AppError::Moved(slug) => {
            http::redirect(&paths::moved(&address, slug));
            ().into_any()
        }
        _ => explained(error),
    }
}

/// Says what is wrong, also where a redirect would help: the answer to a form of which no page can say it.
pub fn explained(error: AppError) -> AnyView {
    let address = request().address;
    let (status, icon, title): (u16, Drawing, _) = match &error {
        AppError::Unauthenticated => (401, icondata_lu::LuLogIn, "Sign in"),
        AppError::OtherSite => (403, icondata_lu::LuLock, "Not sent from here"),
        AppError::TooLarge | AppError::TooSlow => (400, icondata_lu::LuCircleAlert, "This form was not taken"),
        AppError::SignIn(_) => (403, icondata_lu::LuLogIn, "Sign in another way"),
        AppError::Forbidden => (403, icondata_lu::LuLock, "This is for Admins"),
        AppError::NotFound | AppError::Moved(_) => (404, icondata_lu::LuSearchX, "Nothing here"),
        AppError::Conflict(_) => (409, icondata_lu::LuCircleAlert, "This is not possible now"),
        AppError::LinkUnusable => (400, icondata_lu::LuUnlink, "This link works no more"),
        AppError::Invalid(_) | AppError::BadForm => (400, icondata_lu::LuCircleAlert, "This cannot be shown"),
        AppError::RateLimited(_) => (429, icondata_lu::LuHourglass, "Too many attempts"),
        AppError::WrongCredentials => (401, icondata_lu::LuLock, "This cannot be shown"),
        AppError::Internal(_) => (500, icondata_lu::LuServerCrash, "This did not work"),
    };
    http::set_status(status);
    let provider = request().site.provider.clone().filter(|_| matches!(error, AppError::SignIn(_)));
    let provider = provider.map(|provider| view! { <ProviderLink provider next=address.clone() primary=true/> });
    let sign_in = matches!(error, AppError::Unauthenticated).then(|| paths::sign_in_then(&address));
    let moved = if let AppError::Moved(slug) = &error { Some(paths::moved(&address, slug)) } else { None };
    view! {
        <Frame title narrow=true>
            <EmptyState icon title level=1>
                <p>{error.to_string()}</p>
                {provider}
                {sign_in.map(|to| view! { <p><a class="button button-primary" href=to>"Sign in"</a></p> })}
                {moved.map(|to| view! { <p><a class="button button-primary" href=to>"Go there"</a></p> })}
                <p>
                    <a class="button" href=paths::HOME>
                        "To the start page"
                    </a>
                </p>
            </EmptyState>
        </Frame>
    }
    .into_any()
}
