//! What happened in an organization, the newest first; Admins only.

use chrono::SecondsFormat;
use leptos::prelude::*;

use crate::backend::Page;
use crate::backend::orgs::OrgView;
use crate::components::audit_filter::FilterForm;
use crate::components::empty_state::EmptyState;
use crate::components::icon::Icon;
use crate::components::nav::{OrgTab, Place};
use crate::components::page_header::PageHeader;
use crate::components::pager::PagerLinks;
use crate::domain::audit::{AuditEvent, AuditFilter};
use crate::domain::time::{exact, relative};
use crate::error::AppError;
use crate::pages::frame::Frame;
use crate::pages::{loaded, org_slug, query};
use crate::paths;
use crate::request::request;

/// Events, part by part.
#[component]
pub fn AuditPage() -> impl IntoView {
    let (request, slug) = (request(), org_slug());
    let filter = AuditFilter::parse(query).map_err(|_| AppError::BadForm);
    let after = query("after");
    let later = !after.is_empty();
    let load = async move {
        let slug = slug?;
        // Who may not look at the page is told that, whatever stands in the address.
        let org = request.backend.orgs.open(&request.caller, &slug).await?;
        let sought = filter.clone().unwrap_or_default();
        let page = request.backend.audit.list(&request.caller, &slug, &sought, later.then_some(after.as_str())).await?;
        Ok((org, filter?, page))
    };
    loaded(load, move |(org, filter, page)| {
        let path = paths::org_audit(&org.slug);
        let parts = filter.parts();
        let part_from = |after: &str| paths::with_query(&path, &[&parts[..], &[("after", after.to_owned())]].concat());
        let (first, next) = (paths::with_query(&path, &parts), page.next.as_deref().map(part_from));
        let csv = paths::with_query(&paths::org_audit_csv(&org.slug), &parts);
        let ndjson = paths::with_query(&paths::org_audit_ndjson(&org.slug), &parts);
        view! {
            <Frame title="Audit" place=Place::Org(org.clone(), OrgTab::Audit)>
                <PageHeader title="Audit" lead="Who changed what in this organization, and who was refused. An event is never edited.">
                    <a class="button" href=csv download="">
                        <Icon of=icondata_lu::LuDownload/>
                        "CSV"
                    </a>
                    <a class="button" href=ndjson download="">
                        <Icon of=icondata_lu::LuDownload/>
                        "NDJSON"
                    </a>
                </PageHeader>
                <FilterForm path=path.clone() filter=filter.clone()/>
                <Events org filter page/>
                <PagerLinks first later next/>
            </Frame>
        }
    })
}

#[component]
fn Events(org: OrgView, filter: AuditFilter, page: Page<AuditEvent>) -> impl IntoView {
    if page.rows.is_empty() {
        return if filter.is_empty() { view! { <NoEvent/> }.into_any() } else { view! { <NoMatch/> }.into_any() };
    }
    let row = move |event: AuditEvent| view! { <EventRow org=org.clone() event/> };
    view! {
        <div class="card">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"What happened"</th>
                        <th scope="col">"When"</th>
                        <th scope="col">"From"</th>
                        <th scope="col">"Request"</th>
                    </tr>
                </thead>
                <tbody>{page.rows.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

#[component]
fn EventRow(org: OrgView, event: AuditEvent) -> impl IntoView {
    let (at, now) = (event.at, request().now);
    let who = event.actor.describe().to_owned();
    let who = match event.actor.id.clone() {
        Some(id) => {
            let theirs = paths::with_query(&paths::org_audit(&org.slug), &[("actor", id)]);
            view! {
                <a class="row-link" href=theirs>
                    {who}
                </a>
            }
            .into_any()
        }
        None => who.into_any(),
    };
    view! {
        <tr>
            <th scope="row" class="event">
                {who}
                " "
                {event.predicate()}
            </th>
            <td data-label="When">
                <time datetime=at.to_rfc3339_opts(SecondsFormat::Micros, true) title=exact(at)>
                    {relative(at, now)}
                </time>
            </td>
            <td data-label="From">{event.address}</td>
            <td data-label="Request">
                <code class="hash">{event.request}</code>
            </td>
        </tr>
    }
    .into_any()
}

#[component]
fn NoMatch() -> impl IntoView {
    view! {
        <EmptyState icon=icondata_lu::LuSearchX title="No such event">
            <p>"No event that is kept fits all of the filter. A name has to be written exactly as it was at that time; days are days in UTC."</p>
        </EmptyState>
    }
}

#[component]
fn NoEvent() -> impl IntoView {
    view! {
        <EmptyState icon=icondata_lu::LuScrollText title="Nothing recorded">
            <p>"Every change in the organization appears here with who made it, when and from where: members, roles, workspaces, tokens, settings. The operator of this server decides how long it is kept."</p>
        </EmptyState>
    }
}
