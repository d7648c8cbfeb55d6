//! Plan and usage of an organization, and who is written to about money; Admins only.

use leptos::prelude::*;

use crate::backend::billing::{BillingContact, Counted, UsageDay, UsageView};
use crate::backend::orgs::OrgView;
use crate::backend::workspaces::percent;
use crate::components::form::{ActionForm, FormError, FormState, TextArea, TextField};
use crate::components::icon::Icon;
use crate::components::nav::{OrgTab, Place};
use crate::components::page_header::PageHeader;
use crate::components::plot::{Line, Plot, Unit};
use crate::components::section::Section;
use crate::components::stat::{Bar, Stat};
use crate::domain::plan::{Measure, Plan, Used};
use crate::domain::time::{bytes, count};
use crate::error::Field;
use crate::pages::frame::Frame;
use crate::pages::{loaded, org_slug};
use crate::paths;
use crate::request::request;
use crate::server_fns::billing::SaveBillingContact;

/// Plan, plots, table and contact.
#[component]
pub fn UsagePage() -> impl IntoView {
    let (request, slug) = (request(), org_slug());
    let load = async move {
        let slug = slug?;
        let org = request.backend.orgs.open(&request.caller, &slug).await?;
        let usage = request.backend.billing.usage(&request.caller, &slug).await?;
        Ok((org, usage))
    };
    loaded(load, |(org, usage)| {
        let UsageView { plan, used, days, contact } = usage;
        let csv = paths::org_usage_csv(&org.slug);
        view! {
            <Frame title="Plan and usage" place=Place::Org(org.clone(), OrgTab::Usage)>
                <PageHeader title="Plan and usage" lead=format!("The plan is “{}”. The operator of this server sets it.", plan.name)>
                    <a class="button" href=csv download="">
                        <Icon of=icondata_lu::LuDownload/>
                        "CSV"
                    </a>
                </PageHeader>
                <Now plan used/>
                <History days/>
                <Contact org contact/>
            </Frame>
        }
    })
}

/// What is used now, of what is allowed.
#[component]
fn Now(plan: Plan, used: Used) -> impl IntoView {
    let stat = |measure: Measure| {
        let used = used.of(measure);
        let limit = plan.limits.of(measure).and_then(|limit| Some((limit, percent(used, limit)?)));
        view! {
            <Stat label=measure.title() value=measure.amount(used)>
                {match limit {
                    Some((limit, percent)) => {
                        view! {
                            <Bar label=format!("{}: part of the limit that is used", measure.title()) percent/>
                            <span>{format!("{percent} % of {}", measure.amount(limit))}</span>
                        }
                            .into_any()
                    }
                    None => "No limit".into_any(),
                }}
            </Stat>
        }
    };
    view! {
        <dl class="stats">{Measure::ALL.map(stat).collect_view()}</dl>
    }
    .into_any()
}

/// The last days, as lines and as a table.
#[component]
fn History(days: Vec<UsageDay>) -> impl IntoView {
    let dates: Vec<_> = days.iter().map(|day| day.day).collect();
    let held = |part: fn(Counted) -> u64| days.iter().map(|day| day.counted.map(part)).collect::<Vec<_>>();
    let moved = |part: fn(&UsageDay) -> u64| days.iter().map(|day| Some(part(day))).collect::<Vec<_>>();
    let plot = |what: &str, lines: Vec<Line>, unit: Unit| {
        let label = format!("{what} on each of the last {} days", days.len());
        view! { <Plot label days=dates.clone() lines unit/> }
    };
    let stored = plot("Size of the stored artifacts", vec![Line { name: "Stored", values: held(|all| all.artifact_bytes) }], Unit::Bytes);
    let (read, written) = (moved(|day| day.bytes_out), moved(|day| day.bytes_in));
    let lines = vec![Line { name: "Read", values: read }, Line { name: "Stored", values: written }];
    let transfer = plot("Bytes read and stored", lines, Unit::Bytes);
    let (members, workspaces) = (held(|all| all.members), held(|all| all.workspaces));
    let lines = vec![Line { name: "Members", values: members }, Line { name: "Workspaces", values: workspaces }];
    let people = plot("Members and workspaces", lines, Unit::Count);
    view! {
        <Section id="stored" title="Stored artifacts" lead="Their size, once a day.">
            {stored}
        </Section>
        <Section id="transfer" title="Transfer" lead="Artifacts that were read and stored, each day (UTC).">
            {transfer}
        </Section>
        <Section id="people" title="Members and workspaces" lead="How many there were, once a day.">
            {people}
        </Section>
        <Section id="days" title="Day by day" lead="The numbers behind the lines. The CSV file goes back up to three years.">
            <Days days/>
        </Section>
    }
    .into_any()
}

#[component]
fn Days(days: Vec<UsageDay>) -> impl IntoView {
    let row = |day: UsageDay| {
        let held = |words: &dyn Fn(Counted) -> String| day.counted.map_or_else(|| "–".to_owned(), words);
        view! {
            <tr>
                <th scope="row">{day.day.to_string()}</th>
                <td class="number" data-label="Members">
                    {held(&|all| count(all.members))}
                </td>
                <td class="number" data-label="Workspaces">
                    {held(&|all| count(all.workspaces))}
                </td>
                <td class="number" data-label="Artifacts">
                    {held(&|all| bytes(all.artifact_bytes))}
                </td>
                <td class="number" data-label="Read">
                    {bytes(day.bytes_out)}
                </td>
                <td class="number" data-label="Stored">
                    {bytes(day.bytes_in)}
                </td>
            </tr>
        }
        .into_any()
    };
    view! {
        <details class="disclosure">
            <summary>"Show the table"</summary>
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Day"</th>
                        <th scope="col" class="number">"Members"</th>
                        <th scope="col" class="number">"Workspaces"</th>
                        <th scope="col" class="number">"Artifacts"</th>
                        <th scope="col" class="number">"Read"</th>
                        <th scope="col" class="number">"Stored"</th>
                    </tr>
                </thead>
                <tbody>{days.into_iter().rev().map(row).collect_view()}</tbody>
            </table>
        </details>
    }
    .into_any()
}

#[component]
fn Contact(org: OrgView, contact: Option<BillingContact>) -> impl IntoView {
    let action = ServerAction::<SaveBillingContact>::new();
    let form = FormState::of(action, &request().draft);
    let stored = |part: fn(&BillingContact) -> String| contact.as_ref().map(part).unwrap_or_default();
    let (name, email) = (stored(|contact| contact.name.to_string()), stored(|contact| contact.email.to_string()));
    let address = stored(|contact| contact.address.to_string());
    let tax_id = stored(|contact| contact.tax_id.as_ref().map(ToString::to_string).unwrap_or_default());
    view! {
        <Section id="contact" title="Billing contact" lead="Whom the operator writes to about the plan. It is stored encrypted, and only Admins see it.">
            <ActionForm action>
                <div class="form">
                    <FormError form=form.clone()/>
                    <input type="hidden" name="org_slug" value=org.slug.to_string()/>
                    <TextField
                        form=form.clone()
                        field=Field::Name
                        name="name"
                        label="Company or person"
                        stored=name
                        autocomplete="organization"
                    />
                    <TextField
                        form=form.clone()
                        field=Field::Email
                        name="email"
                        label="E-mail address for invoices"
                        kind="email"
                        stored=email
                        autocomplete="email"
                    />
                    <TextArea
                        form=form.clone()
                        field=Field::PostalAddress
                        name="address"
                        label="Postal address"
                        stored=address
                        rows=4
                        hint="As on an envelope: street, postal code and city, country."
                    />
                    <TextField form field=Field::TaxId name="tax_id" label="Tax id" stored=tax_id optional=true hint="If you have one, such as a VAT number."/>
                    <div class="form-end">
                        <button class="button button-primary">"Save"</button>
                    </div>
                </div>
            </ActionForm>
        </Section>
    }
    .into_any()
}
