//! Where `nx connect` leads when it got no link: how to connect by hand.

use leptos::prelude::*;

use super::frame::Frame;
use crate::components::code::CodeBlock;
use crate::components::page_header::PageHeader;
use crate::components::section::Section;
use crate::domain::connection::suggested_name;
use crate::pages::query;
use crate::paths;
use crate::request::request;

/// The way to a workspace without a link.
#[component]
pub fn ConnectByHandPage() -> impl IntoView {
    let request = request();
    let name = suggested_name(&query("name"));
    let again = format!("NX_CLOUD_API={} npx nx connect", request.site.public_url);
    let called = name.map(|name| format!(", such as {name}")).unwrap_or_default();
    view! {
        <Frame title="Connect a workspace">
            <PageHeader title="Connect a workspace" lead="nx got no link from this server: it was asked too often, or could not be reached. There are two ways on."/>
            <Section id="again" title="Try again in a moment" lead="In the workspace's folder, with nx 19.7 or later:">
                <CodeBlock id="again-line" caption="Shell" text=again/>
            </Section>
            <Section id="by-hand" title="Or connect by hand">
                <ol class="steps">
                    <li><a href=paths::HOME>"Open one of your organizations"</a>", or create one."</li>
                    <li>{format!("Create a workspace in it{called}. Its page shows two lines for nx.json.")}</li>
                    <li>"Put them into nx.json, in place of an nxCloudId that is there, and commit."</li>
                </ol>
            </Section>
        </Frame>
    }
}
