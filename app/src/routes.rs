//! Which page answers which address. The addresses are those of `paths`, as patterns.

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::{SsrMode, path};

use crate::pages::access_matrix::AccessMatrixPage;
use crate::pages::check_mail::CheckMailPage;
use crate::pages::choose_password::ChoosePasswordPage;
use crate::pages::confirm_address::ConfirmAddressPage;
use crate::pages::connect_by_hand::ConnectByHandPage;
use crate::pages::connection::ConnectionPage;
use crate::pages::forgot_password::ForgotPasswordPage;
use crate::pages::home::HomePage;
use crate::pages::invite::InvitePage;
use crate::pages::join::JoinPage;
use crate::pages::login::LoginPage;
use crate::pages::new_org::NewOrgPage;
use crate::pages::not_found::NotFound;
use crate::pages::sign_in::SignInPage;
use crate::pages::sign_up::SignUpPage;
use crate::pages::{account, org, run, workspace};

/// The application. It also runs once without a request, when the server asks for the list of routes.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Router>
            <Routes fallback=NotFound>
                <Route path=path!("/") view=HomePage ssr=SsrMode::Async/>
                <Route path=path!("/sign-in") view=SignInPage ssr=SsrMode::Async/>
                <Route path=path!("/sign-up") view=SignUpPage ssr=SsrMode::Async/>
                <Route path=path!("/check-mail") view=CheckMailPage ssr=SsrMode::Async/>
                <Route path=path!("/choose-password") view=ChoosePasswordPage ssr=SsrMode::Async/>
                <Route path=path!("/forgot-password") view=ForgotPasswordPage ssr=SsrMode::Async/>
                <Route path=path!("/invite") view=InvitePage ssr=SsrMode::Async/>
                <Route path=path!("/join/:slug") view=JoinPage ssr=SsrMode::Async/>
                <Route path=path!("/account") view=account::profile::ProfilePage ssr=SsrMode::Async/>
                <Route path=path!("/account/addresses") view=account::addresses::AddressesPage ssr=SsrMode::Async/>
                <Route path=path!("/account/link") view=account::link::LinkPage ssr=SsrMode::Async/>
                <Route path=path!("/account/security") view=account::security::SecurityPage ssr=SsrMode::Async/>
                <Route path=path!("/account/tokens") view=account::personal_tokens::PersonalTokensPage ssr=SsrMode::Async/>
                <Route path=path!("/account/organizations") view=account::orgs::OrgsPage ssr=SsrMode::Async/>
                <Route path=path!("/account/data") view=account::data::DataPage ssr=SsrMode::Async/>
                <Route path=path!("/confirm-address") view=ConfirmAddressPage ssr=SsrMode::Async/>
                <Route path=path!("/login/device") view=LoginPage ssr=SsrMode::Async/>
                <Route path=path!("/help/access") view=AccessMatrixPage ssr=SsrMode::Async/>
                <Route path=path!("/connect/:code") view=ConnectionPage ssr=SsrMode::Async/>
                <Route path=path!("/setup/connect-workspace/manual") view=ConnectByHandPage ssr=SsrMode::Async/>
                <Route path=path!("/setup/connect-workspace/github/connect") view=ConnectByHandPage ssr=SsrMode::Async/>
                <Route path=path!("/setup/connect-workspace/github/select") view=ConnectByHandPage ssr=SsrMode::Async/>
                <Route path=path!("/orgs/new") view=NewOrgPage ssr=SsrMode::Async/>
                <Route path=path!("/o/:slug") view=org::overview::OverviewPage ssr=SsrMode::Async/>
                <Route path=path!("/runs/:run") view=run::link::LinkPage ssr=SsrMode::Async/>
                <Route path=path!("/o/:slug/runs") view=org::runs::RunsPage ssr=SsrMode::Async/>
                <Route path=path!("/o/:slug/members") view=org::members::MembersPage ssr=SsrMode::Async/>
                <Route path=path!("/o/:slug/audit") view=org::audit::AuditPage ssr=SsrMode::Async/>
                <Route path=path!("/o/:slug/usage") view=org::usage::UsagePage ssr=SsrMode::Async/>
                <Route path=path!("/o/:slug/invites") view=org::invites::InvitesPage ssr=SsrMode::Async/>
                <Route path=path!("/o/:slug/sign-in") view=org::sign_in::SignInRulePage ssr=SsrMode::Async/>
                <Route path=path!("/o/:slug/domains") view=org::domain_invites::DomainInvitesPage ssr=SsrMode::Async/>
                <Route path=path!("/o/:slug/settings") view=org::settings::SettingsPage ssr=SsrMode::Async/>
                <Route path=path!("/o/:slug/workspaces/new") view=workspace::new::NewPage ssr=SsrMode::Async/>
                <Route path=path!("/o/:slug/w/:workspace") view=workspace::overview::OverviewPage ssr=SsrMode::Async/>
                <Route path=path!("/o/:slug/w/:workspace/runs") view=workspace::runs::RunsPage ssr=SsrMode::Async/>
                <Route path=path!("/o/:slug/w/:workspace/runs/:run") view=run::overview::OverviewPage ssr=SsrMode::Async/>
                <Route path=path!("/o/:slug/w/:workspace/runs/:run/timeline") view=run::timeline::TimelinePage ssr=SsrMode::Async/>
                <Route path=path!("/o/:slug/w/:workspace/runs/:run/tasks/:number") view=run::task::TaskPage ssr=SsrMode::Async/>
                <Route path=path!("/o/:slug/w/:workspace/runs/:run/tasks/:number/compare") view=run::compare::ComparePage ssr=SsrMode::Async/>
                <Route path=path!("/o/:slug/w/:workspace/statistics") view=workspace::statistics::StatisticsPage ssr=SsrMode::Async/>
                <Route path=path!("/o/:slug/w/:workspace/connect") view=workspace::connect::ConnectPage ssr=SsrMode::Async/>
                <Route path=path!("/o/:slug/w/:workspace/tokens") view=workspace::tokens::TokensPage ssr=SsrMode::Async/>
                <Route path=path!("/o/:slug/w/:workspace/setup") view=workspace::set_up::SetUpPage ssr=SsrMode::Async/>
                <Route path=path!("/o/:slug/w/:workspace/check-up") view=workspace::check_up::CheckUpPage ssr=SsrMode::Async/>
                <Route path=path!("/o/:slug/w/:workspace/artifacts") view=workspace::artifacts::ArtifactsPage ssr=SsrMode::Async/>
                <Route path=path!("/o/:slug/w/:workspace/settings") view=workspace::settings::SettingsPage ssr=SsrMode::Async/>
            </Routes>
        </Router>
    }
}
