//! What stands in place of a page that cannot be shown, with the right status.

use icondata_core::Icon as Drawing;
use leptos::prelude::*;

use super::frame::Frame;
use crate::components::empty_state::EmptyState;
use crate::components::provider::ProviderLink;
use crate::error::AppError;
use crate::request::request;
use crate::{http, paths};

/// Redirects where that helps, and says what is wrong otherwise.
pub fn problem(error: AppError) -> AnyView {
    let address = request().address;
    let address = paths::without_error(&address);
    let (status, icon, title): (u16, Drawing, _) = match &error {
        AppError::Unauthenticated => {
            http::redirect(&paths::sign_in_then(address));
            return ().into_any();
        }
        AppError::Moved(slug) => {
            http::redirect(&paths::moved(address, slug));
            return ().into_any();
        }
        AppError::SignIn(_) => (403, icondata_lu::LuLogIn, "Sign in another way"),
        AppError::Forbidden => (403, icondata_lu::LuLock, "This is for Admins"),
        AppError::NotFound => (404, icondata_lu::LuSearchX, "Nothing here"),
        AppError::Conflict(_) => (409, icondata_lu::LuCircleAlert, "This is not possible now"),
        AppError::Invalid(_) | AppError::BadForm | AppError::LinkUnusable => (400, icondata_lu::LuCircleAlert, "This cannot be shown"),
        AppError::RateLimited(_) => (429, icondata_lu::LuHourglass, "Too many attempts"),
        AppError::WrongCredentials => (403, icondata_lu::LuLock, "This cannot be shown"),
        AppError::Internal(_) => (500, icondata_lu::LuServerCrash, "This did not work"),
    };
    http::set_status(status);
    let provider = request().site.provider.clone().filter(|_| matches!(error, AppError::SignIn(_)));
    let provider = provider.map(|provider| view! { <ProviderLink provider next=address primary=true/> });
    view! {
        <Frame title narrow=true>
            <EmptyState icon title level=1>
                <p>{error.to_string()}</p>
                {provider}
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
