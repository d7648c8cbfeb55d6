//! What stands around the content of every page: header, tabs, the message of the last form, footer.

use leptos::prelude::*;
use leptos_meta::{Meta, Title};

use crate::backend::orgs::OrgView;
use crate::components::icon::Icon;
use crate::components::menu::{Trail, UserMenu, VisitorTrail};
use crate::components::nav::{Place, Tabs};
use crate::components::notice::NoticeView;
use crate::components::theme::ThemeForm;
use crate::domain::identity::SignInProblem;
use crate::domain::permission::Permission;
use crate::domain::plan::{Level, Warning};
use crate::request::{Actor, request};
use crate::{http, paths};

/// Header, content and footer.
#[component]
pub fn Frame(
    /// The page's own name, for the browser's tab.
    #[prop(into)]
    title: String,
    /// Where the page stands.
    #[prop(default = Place::Site)]
    place: Place,
    /// Whether it is one form in the middle of the page.
    #[prop(optional)]
    narrow: bool,
    /// The content.
    children: Children,
) -> impl IntoView {
    let request = request();
    let title = [vec![title], place.names(), vec!["Buildkeep".to_owned()]].concat().join(" · ");
    // leptos_meta writes it as it is, and names are other people's words.
    let title = title.replace('&', "&amp;").replace('<', "&lt;");
    // Only what a crawler sees, as a visitor of an organization that wants it.
    let listed = place.org().is_some_and(|org| org.standing.is_visitor() && org.visibility.is_listed());
    if listed {
        http::let_robots_index();
    } else {
        // Now, as it goes into the head by being written: with the page, that happens wherever the task goes on then, and
        // a thread that knows nothing of this request leaves it out.
        let _ = view! { <Meta name="robots" content="noindex"/> }.to_html();
    }
    let visits = place.org().filter(|org| org.standing.is_visitor()).map(|org| org.kept_out);
    let org = place.org().cloned();
    let notice = request.notice.map(|notice| view! { <NoticeView notice public_url=request.site.public_url.clone()/> });
    view! {
        <Title text=title/>
        <a class="skip-link" href="#content">
            "Skip to the content"
        </a>
        <header class="header">
            <div class="header-row">
                <a class="brand" href=paths::HOME>
                    <img src=paths::FAVICON alt="" width="24" height="24"/>
                    <span class="brand-name">"Buildkeep"</span>
                </a>
                <Visitor place=place.clone()/>
            </div>
            <Tabs place/>
        </header>
        <main class=if narrow { "main main-narrow" } else { "main" } id="content" tabindex="-1">
            {notice}
            <UnseenVisitors org=org.clone()/>
            <Warnings org=org/>
            {visits.map(|kept_out| view! { <VisitorNote kept_out/> })}
            {children()}
        </main>
        <footer class="footer">
            <div class="footer-row">
                <span>"Buildkeep " {request.site.version}</span>
                <a class="footer-link" href=paths::ACCESS_MATRIX>
                    <Icon of=icondata_lu::LuShieldCheck/>
                    "Who may do what"
                </a>
                <div class="footer-end">
                    <ThemeForm theme=request.theme next=request.address.clone()/>
                </div>
            </div>
        </footer>
    }
    .into_any()
}

/// The part of the header that depends on who looks.
#[component]
fn Visitor(place: Place) -> impl IntoView {
    let request = request();
    let sign_in = match place {
        Place::Site => paths::SIGN_IN.to_owned(),
        Place::Account(_) | Place::Org(..) | Place::Workspace(..) => paths::sign_in_then(&request.address),
    };
    match request.caller.actor.clone() {
        Actor::User(user) => Suspend::new(async move {
            // A page without this list is still of use; what is wrong with the server, its content says.
            let orgs = request.backend.orgs.list(&request.caller).await.unwrap_or_default();
            view! {
                <Trail place orgs/>
                <UserMenu user/>
            }
        })
        .into_any(),
        Actor::Anonymous | Actor::Operator | Actor::Server => view! {
            <VisitorTrail place=place.clone()/>
            <nav class="header-end" aria-label="Account">
                <a class="button button-quiet" href=sign_in>
                    "Sign in"
                </a>
                <a class="button button-primary" href=paths::SIGN_UP>
                    "Sign up"
                </a>
            </nav>
        }
        .into_any(),
    }
}

/// Where members find more than is here, for those who are not, or not yet signed in.
#[component]
fn VisitorNote(kept_out: Option<SignInProblem>) -> impl IntoView {
    let request = request();
    let more = match request.caller.actor {
        Actor::User(_) => match (kept_out, request.site.provider.clone()) {
            (None, _) => "You are no member: you can look, and change nothing.".into_any(),
            (Some(problem), None) => problem.to_string().into_any(),
            (Some(problem), Some(provider)) => {
                let to_provider = paths::sso_then(&request.address, None);
                view! {
                    {problem.to_string()}
                    " "
                    <a href=to_provider rel="nofollow">
                        {format!("Continue with {provider}")}
                    </a>
                }
                .into_any()
            }
        },
        Actor::Anonymous | Actor::Operator | Actor::Server => {
            let sign_in = paths::sign_in_then(&request.address);
            view! {
                "You look at it as a visitor. If you are a member, "
                <a href=sign_in>"sign in"</a>
                " to see and do more."
            }
            .into_any()
        }
    };
    view! {
        <p class="alert page-alert">
            <Icon of=icondata_lu::LuGlobe/>
            <span>"This organization is public. " {more}</span>
        </p>
    }
    .into_any()
}

/// An organization that became public before its Admins were told in full what visitors see. They are told until one of
/// them has chosen about task logs.
#[component]
fn UnseenVisitors(org: Option<OrgView>) -> impl IntoView {
    let org =
        org.filter(|org| org.visibility.is_public() && !org.visitors_accepted && org.standing.grants(Permission::ChangeVisibility))?;
    Some(view! {
        <p class="alert alert-care page-alert">
            <Icon of=icondata_lu::LuGlobe/>
            <span>
                "This organization is public: everybody reads its runs, commit messages, names of authors and complete task logs, past ones too. "
                <a href=format!("{}#visibility", paths::org_settings(&org.slug))>"Decide about task logs"</a>
            </span>
        </p>
    })
}

/// Limits of the plan that are near; only Admins are told.
#[component]
fn Warnings(org: Option<OrgView>) -> impl IntoView {
    let org = org.filter(|org| !org.warnings.is_empty())?;
    let path = paths::org_usage(&org.slug);
    let warning = |warning: Warning| {
        let class = match warning.level {
            Level::Near => "alert alert-care page-alert",
            Level::Reached => "alert alert-bad page-alert",
        };
        view! {
            <div class=class>
                <Icon of=icondata_lu::LuGauge/>
                <p>{warning.describe()} " " <a href=path.clone()>"Plan and usage"</a></p>
            </div>
        }
    };
    Some(view! { <section aria-label="Limits of the plan">{org.warnings.into_iter().map(warning).collect_view()}</section> })
}
