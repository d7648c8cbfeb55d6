//! How the members of an organization have to sign in. A rule is looked at before it is made: who it keeps out, and
//! whether the Admin who makes it would still get in.

use leptos::prelude::*;

use crate::backend::identities::{KeptOut, Preview};
use crate::backend::orgs::OrgView;
use crate::components::empty_state::EmptyState;
use crate::components::form::{ActionForm, FormError, FormState};
use crate::components::nav::{OrgTab, Place};
use crate::components::page_header::PageHeader;
use crate::components::provider::ProviderLink;
use crate::components::section::Section;
use crate::domain::identity::{SignInRule, read_hosted_domains};
use crate::domain::names::Reason;
use crate::domain::time::count;
use crate::error::AppError;
use crate::islands::confirm::Confirm;
use crate::pages::frame::Frame;
use crate::pages::{loaded, org_slug, query};
use crate::paths;
use crate::request::request;
use crate::server_fns::identities::SetSignInRule;

/// What is asked for in the address: nothing, or a rule to look at.
type Asked = Option<Result<SignInRule, Reason>>;

/// How members have to sign in; Admins only.
#[component]
pub fn SignInRulePage() -> impl IntoView {
    let (request, slug) = (request(), org_slug());
    let provider = request.site.provider.clone();
    let domains = query("domains");
    let asked: Asked = (query("preview") == "1")
        .then(|| read_hosted_domains(&domains).map(|hosted_domains| SignInRule { provider_only: true, hosted_domains }));
    let load = {
        let asked = asked.clone();
        async move {
            let slug = slug?;
            let org = request.backend.orgs.open(&request.caller, &slug).await?;
            let rule = request.backend.identities.rule(&request.caller, &slug).await?;
            let preview = match &asked {
                Some(Ok(asked)) => Some(request.backend.identities.preview(&request.caller, &slug, asked).await?),
                Some(Err(_)) | None => None,
            };
            Ok::<_, AppError>((org, rule, preview))
        }
    };
    loaded(load, move |(org, rule, preview)| {
        let settings = paths::org_settings(&org.slug);
        let content = match provider {
            Some(provider) => {
                let shown = asked.zip(preview).and_then(|(asked, preview)| asked.ok().map(|asked| (asked, preview)));
                let refused = if domains.is_empty() { None } else { read_hosted_domains(&domains).err() };
                view! {
                    <Now org=org.clone() rule=rule.clone() provider=provider.clone()/>
                    <Choice org=org.clone() rule domains refused provider=provider.clone()/>
                    {shown.map(|(asked, preview)| view! { <Consequences org=org.clone() asked preview provider/> })}
                }
                .into_any()
            }
            None => view! { <NoProvider/> }.into_any(),
        };
        view! {
            <Frame title="Sign-in" place=Place::Org(org.clone(), OrgTab::Settings)>
                <PageHeader title="Sign-in" lead="How members have to sign in to open this organization.">
                    <a class="button" href=settings>
                        "Settings"
                    </a>
                </PageHeader>
                {content}
            </Frame>
        }
    })
}

#[component]
fn NoProvider() -> impl IntoView {
    view! {
        <EmptyState icon=icondata_lu::LuLogIn title="No provider is configured">
            <p>"Members sign in with their password. Whoever runs this server can let them sign in with Google, or with another OpenID provider: the settings begin with oidc_ and stand in the README."</p>
        </EmptyState>
    }
}

/// The rule in words.
fn sentence(rule: &SignInRule, provider: &str) -> String {
    match (rule.provider_only, rule.hosted_domains.as_slice()) {
        (false, _) => format!("Members open this organization with their password or with {provider}."),
        (true, []) => format!("Only members who have signed in with {provider} open this organization."),
        (true, _) => {
            format!("Only members who have signed in with {provider}, with an account of {}, open this organization.", rule.domains(" or "))
        }
    }
}

#[component]
fn Now(org: OrgView, rule: SignInRule, provider: String) -> impl IntoView {
    let action = ServerAction::<SetSignInRule>::new();
    let form = FormState::of(action, &request().draft);
    let lead = sentence(&rule, &provider);
    let stop = rule.provider_only.then(|| {
        view! {
            <p>{format!("Buildkeep asks {provider} from time to time whether each account still works; where {provider} gives no permission to ask, members have to sign in with it again after a while. When an account does not work any more, the organization does not open for that member any more; their other organizations stay open.")}</p>
            <Confirm label="Let members in with a password…".to_owned() title="Let members in with a password?".to_owned()>
                <p>{format!("From then on a member whose account at {provider} has ended gets in with a password as before.")}</p>
                <ActionForm action>
                    <input type="hidden" name="org_slug" value=org.slug.to_string()/>
                    <input type="hidden" name="provider_only" value="false"/>
                    <button class="button button-danger">"Let them in"</button>
                </ActionForm>
            </Confirm>
        }
    });
    view! {
        <Section id="now" title="Now" lead>
            <FormError form/>
            {stop}
        </Section>
    }
    .into_any()
}

#[component]
fn Choice(org: OrgView, rule: SignInRule, domains: String, refused: Option<Reason>, provider: String) -> impl IntoView {
    let title = if rule.provider_only { "Change the domains".to_owned() } else { format!("Require {provider}") };
    let shown = if domains.is_empty() { rule.domains(" ") } else { domains };
    view! {
        <Section
            id="require"
            title
            lead="Look first at what would follow. Nothing changes until you confirm; CI access tokens are not affected in any case."
        >
            <form method="get" action=paths::org_sign_in(&org.slug)>
                <div class="form">
                    <input type="hidden" name="preview" value="1"/>
                    <div class="field">
                        <label class="label" for="domains">
                            "Only accounts of these domains (optional)"
                        </label>
                        <input
                            class="input"
                            id="domains"
                            name="domains"
                            value=shown
                            spellcheck="false"
                            autocomplete="off"
                            aria-describedby="domains-hint"
                            aria-invalid=refused.map(|_| "true")
                        />
                        <p class="hint" id="domains-hint">
                            {format!("As {provider} names the organization of an account, such as example.com; apart by blanks. Empty lets every account in that a member has linked.")}
                        </p>
                        {refused.map(|reason| view! { <p class="field-error">{reason.to_string()}</p> })}
                    </div>
                    <div class="form-end">
                        <button class="button">"See what would follow"</button>
                    </div>
                </div>
            </form>
        </Section>
    }
    .into_any()
}

#[component]
fn Consequences(org: OrgView, asked: SignInRule, preview: Preview, provider: String) -> impl IntoView {
    let action = ServerAction::<SetSignInRule>::new();
    let request = request();
    let form = FormState::of(action, &request.draft);
    let domains = asked.domains(" ");
    let suggestion = asked.suggestion().map(ToOwned::to_owned);
    let address = request.address.clone();
    let (slug, fits) = (org.slug.to_string(), format!("Your own sign-in with {provider} fits, so you stay in."));
    let require = format!("Require {provider}");
    let own = match preview.own {
        Ok(()) => view! {
            <p>{fits}</p>
            <ActionForm action>
                <FormError form/>
                <input type="hidden" name="org_slug" value=slug/>
                <input type="hidden" name="provider_only" value="true"/>
                <input type="hidden" name="domains" value=domains/>
                <div class="form-end">
                    <button class="button button-primary">{require}</button>
                </div>
            </ActionForm>
        }
        .into_any(),
        Err(problem) => view! {
            <div class="alert alert-care" role="status">
                <p>"This would keep you out, so sign in that way first. " {problem.to_string()}</p>
            </div>
            <ProviderLink provider=provider.clone() next=address domain=suggestion primary=true/>
        }
        .into_any(),
    };
    view! {
        <Section id="follows" title="What would follow" lead=sentence(&asked, &provider)>
            <People org preview_count=preview.kept_out first=preview.first provider/>
            {own}
        </Section>
    }
    .into_any()
}

#[component]
fn People(org: OrgView, preview_count: u64, first: Vec<KeptOut>, provider: String) -> impl IntoView {
    if preview_count == 0 {
        return view! { <p>{format!("All {} members have linked an account that fits.", count(org.members))}</p> }.into_any();
    }
    let more = preview_count.saturating_sub(first.len() as u64);
    let who = |person: KeptOut| {
        let note = match person.linked.as_deref() {
            None => "no account linked".to_owned(),
            Some("") => "linked with an account of no domain".to_owned(),
            Some(domain) => format!("linked with an account of {domain}"),
        };
        view! {
            <li>
                <span class="row-title">{person.name.to_string()}</span>
                <span class="row-note">{format!("{}, {note}", person.email)}</span>
            </li>
        }
    };
    let sentence = if preview_count == 1 {
        "1 member cannot get in from their next click on, until they sign in that way:".to_owned()
    } else {
        format!("{} members cannot get in from their next click on, until they sign in that way:", count(preview_count))
    };
    view! {
        <p>{sentence}</p>
        <ul class="people">{first.into_iter().map(who).collect_view()}</ul>
        {(more > 0).then(|| view! { <p class="muted">{format!("… and {} more.", count(more))}</p> })}
        <p class="muted">{format!("They see a page that leads them to {provider}.")}</p>
    }
    .into_any()
}
