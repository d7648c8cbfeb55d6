//! After a form that sends a mail. The words are the same whether there is an account or not.

use leptos::prelude::*;

use super::frame::Frame;
use super::query;
use crate::components::empty_state::EmptyState;
use crate::paths;
use crate::request::request;

/// Open your mail.
#[component]
pub fn CheckMailPage() -> impl IntoView {
    let sign_in = paths::sign_in_then(&paths::local_or_home(&query("next")));
    let folder = request().site.mail_folder.clone();
    view! {
        <Frame title="Check your mail" narrow=true>
            <EmptyState icon=icondata_lu::LuMail title="Check your mail" level=1>
                <p>"If the address can be used, a message is on its way to it. Open the link in it to go on; it works once."</p>
                <p>"Nothing there after a few minutes? Look into the spam folder, or try again. One mailbox gets a few such messages an hour, and the link in each of them works."</p>
                {folder
                    .map(|folder| {
                        view! {
                            <div class="alert alert-care">
                                <p>
                                    "This server has no mail server configured: it writes each message as an "<code>".eml"</code>" file into "
                                    <code>{folder}</code> " on its own disk, and the link into its log. Ask the operator for it, or look there."
                                </p>
                            </div>
                        }
                    })}
                <p>
                    <a class="button" href=sign_in>
                        "To the sign-in page"
                    </a>
                </p>
            </EmptyState>
        </Frame>
    }
}
