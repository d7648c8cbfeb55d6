//! What each role and each credential may do, printed from the same functions that the server asks.

use leptos::prelude::*;

use super::frame::Frame;
use crate::components::icon::Icon;
use crate::components::page_header::PageHeader;
use crate::components::section::Section;
use crate::domain::access::{CachePermission, Grant};
use crate::domain::permission::Permission;
use crate::domain::standing::Standing;

/// Both matrices.
#[component]
pub fn AccessMatrixPage() -> impl IntoView {
    let people = Permission::ALL
        .map(|permission| (permission.describe().to_owned(), Standing::ALL.map(|standing| standing.grants(permission)).to_vec()));
    // The other way round than people: with this many credentials a screen of a telephone shows them below each other.
    let tokens = Grant::ALL.map(|grant| (grant.to_string(), CachePermission::ALL.map(|permission| grant.grants(permission)).to_vec()));
    view! {
        <Frame title="Who may do what">
            <PageHeader title="Who may do what" lead="Printed from the rules that the server applies to every request."/>
            <Section
                id="roles"
                title="People, in the browser"
                lead="By their role in the organization. Visitors, with an account or without, look at public organizations; a private one does not exist for them. A role says nothing about nx: that is governed by tokens alone."
            >
                <Matrix caption="Permissions of roles" corner="May" columns=Standing::ALL.map(|standing| standing.to_string()).to_vec() rows=people.to_vec()/>
            </Section>
            <Section
                id="tokens"
                title="Credentials, at the command line and in CI"
                lead="A CI access token by its access, in the one workspace that it belongs to; a member's personal access token and the Nx Cloud id alone by the levels that the workspace's Admins chose. A token that does not work opens nothing. An artifact is stored once and never replaced."
            >
                <Matrix
                    caption="Permissions of credentials"
                    corner="Credential"
                    columns=CachePermission::ALL.map(|permission| permission.describe().to_owned()).to_vec()
                    rows=tokens.to_vec()
                    stacks=true
                />
            </Section>
        </Frame>
    }
}

#[component]
fn Matrix(
    caption: &'static str,
    corner: &'static str,
    columns: Vec<String>,
    rows: Vec<(String, Vec<bool>)>,
    /// Whether a narrow screen shows each row as a list.
    #[prop(optional)]
    stacks: bool,
) -> impl IntoView {
    let cell = |(column, granted): (&String, bool)| {
        let (class, icon, word) = if granted { ("yes", icondata_lu::LuCheck, "Yes") } else { ("no", icondata_lu::LuMinus, "No") };
        view! {
            <td class=format!("matrix-cell {class}") data-label=column.clone()>
                <Icon of=icon/>
                <span class="sr-only">{word}</span>
            </td>
        }
    };
    let head = columns.iter().map(|name| {
        view! {
            <th class="matrix-cell" scope="col">
                {name.clone()}
            </th>
        }
    });
    let rows = rows.into_iter().map(|(words, granted)| {
        view! {
            <tr>
                <th scope="row">{words}</th>
                {columns.iter().zip(granted).map(cell).collect_view()}
            </tr>
        }
    });
    view! {
        <table class=if stacks { "table" } else { "table matrix" }>
            <caption class="sr-only">{caption}</caption>
            <thead>
                <tr>
                    <th scope="col">{corner}</th>
                    {head.collect_view()}
                </tr>
            </thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
    }
}
