//! Runs of a workspace, the newest first.

use leptos::prelude::*;

use super::open;
use crate::components::nav::{Place, WorkspaceTab};
use crate::components::page_header::PageHeader;
use crate::domain::run_filter::RunFilter;
use crate::error::AppError;
use crate::pages::frame::Frame;
use crate::pages::run::list::RunList;
use crate::pages::{loaded, query};
use crate::request::request;

/// Runs, part by part.
#[component]
pub fn RunsPage() -> impl IntoView {
    let request = request();
    let opened = open(&request);
    let filter = RunFilter::parse(query).map_err(|_| AppError::BadForm);
    let after = query("after");
    let later = !after.is_empty();
    let load = async move {
        let (org, workspace) = opened.await?;
        let filter = filter?;
        let page =
            request.backend.runs.list(&request.caller, &org.slug, Some(workspace.id), &filter, later.then_some(after.as_str())).await?;
        Ok((org, workspace, filter, page))
    };
    loaded(load, move |(org, workspace, filter, page)| {
        let id = workspace.id;
        view! {
            <Frame title="Runs" place=Place::Workspace(org.clone(), workspace, WorkspaceTab::Runs)>
                <PageHeader title="Runs" lead="The nx commands of this workspace, the newest first."/>
                <RunList org workspace=Some(id) filter later page/>
            </Frame>
        }
    })
}
