//! Runs of all workspaces of an organization, the newest first.

use leptos::prelude::*;

use crate::components::nav::{OrgTab, Place};
use crate::components::page_header::PageHeader;
use crate::domain::run_filter::RunFilter;
use crate::error::AppError;
use crate::pages::frame::Frame;
use crate::pages::run::list::RunList;
use crate::pages::{loaded, org_slug, query};
use crate::request::request;

/// Runs, part by part.
#[component]
pub fn RunsPage() -> impl IntoView {
    let (request, slug) = (request(), org_slug());
    let filter = RunFilter::parse(query).map_err(|_| AppError::BadForm);
    let after = query("after");
    let later = !after.is_empty();
    let load = async move {
        let slug = slug?;
        let org = request.backend.orgs.open(&request.caller, &slug).await?;
        let sought = RunFilter { task: String::new(), hash: String::new(), ..filter? };
        let page = request.backend.runs.list(&request.caller, &slug, None, &sought, later.then_some(after.as_str())).await?;
        Ok((org, sought, page))
    };
    loaded(load, move |(org, filter, page)| {
        view! {
            <Frame title="Runs" place=Place::Org(org.clone(), OrgTab::Runs)>
                <PageHeader title="Runs" lead="The nx commands of all workspaces, the newest first."/>
                <RunList org workspace=None filter later page/>
            </Frame>
        }
    })
}
