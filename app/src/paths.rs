//! Every address of ours: pages, mails and tests take them from here.

use crate::domain::ids::{RunId, WorkspaceId};
use crate::domain::login::UserCode;
use crate::domain::names::OrgSlug;
use crate::domain::set_up::Wanted;

/// The start page: the visitor's organizations, or what Buildkeep is.
pub const HOME: &str = "/";
/// Sign in.
pub const SIGN_IN: &str = "/sign-in";
/// Go to the OpenID provider, to sign in or to link.
pub const SSO_START: &str = "/sso/start";
/// Create an account.
pub const SIGN_UP: &str = "/sign-up";
/// What to do after signing up: open the mail.
pub const CHECK_MAIL: &str = "/check-mail";
/// Ask for a link to choose a new password.
pub const FORGOT_PASSWORD: &str = "/forgot-password";
/// Target of the links in mails: choose a password, which proves the mailbox. The secret is the query's `link`.
pub const CHOOSE_PASSWORD: &str = "/choose-password";
/// Target of the links of invites. The secret is the query's `link`.
pub const INVITE: &str = "/invite";
/// Enter the password to link an account at the OpenID provider.
pub const ACCOUNT_LINK: &str = "/account/link";
/// The signed-in person's own account: name and appearance.
pub const ACCOUNT: &str = "/account";
/// Their e-mail addresses.
pub const ACCOUNT_ADDRESSES: &str = "/account/addresses";
/// How they sign in, and where they are signed in.
pub const ACCOUNT_SECURITY: &str = "/account/security";
/// Their personal access tokens.
pub const ACCOUNT_TOKENS: &str = "/account/tokens";
/// Where a person confirms that a terminal of theirs logs in. The code may be the query's `code`.
pub const LOGIN_DEVICE: &str = "/login/device";
/// The organizations that they are in.
pub const ACCOUNT_ORGS: &str = "/account/organizations";
/// What is kept about them, and the end of the account.
pub const ACCOUNT_DATA: &str = "/account/data";
/// What is kept about them, to download.
pub const ACCOUNT_EXPORT: &str = "/account/export.json";
/// Target of the links that prove another mailbox. The secret is the query's `link`.
pub const CONFIRM_ADDRESS: &str = "/confirm-address";
/// What each credential may do.
pub const ACCESS_MATRIX: &str = "/help/access";
/// Create an organization.
pub const NEW_ORG: &str = "/orgs/new";

/// Begins every link that `nx connect` prints.
pub const CONNECT_PREFIX: &str = "/connect/";

/// Begins the join link of every organization.
pub const JOIN_PREFIX: &str = "/join/";

/// The little picture in the browser's tab.
pub const FAVICON: &str = "/favicon.svg";

/// Every organization's address begins with it.
pub const ORG_PREFIX: &str = "/o/";

/// Begins every address that forms are sent to.
pub const FORMS_PREFIX: &str = "/do/";

/// No address of ours that a redirect leads to is longer, in bytes: proxies take 4 KiB of headers.
const LONGEST_LOCAL: usize = 2048;

/// The stylesheet in the folder of the built site.
pub fn stylesheet(folder: &str, name: &str) -> String {
    format!("/{folder}/{name}.css")
}

/// Where a browser is sent to sign in, and brought back from.
pub fn sign_in_then(path: &str) -> String {
    with_query(SIGN_IN, &[("next", path.to_owned())])
}

/// Where a browser is sent to sign up, and brought back from; the way goes through the mail.
pub fn sign_up_then(path: &str) -> String {
    then(SIGN_UP, path)
}

/// Where a browser is sent to ask for a new password, and brought back from.
pub fn forgot_password_then(path: &str) -> String {
    then(FORGOT_PASSWORD, path)
}

/// Where a browser is told to open its mail, and can sign in meanwhile.
pub fn check_mail_then(path: &str) -> String {
    then(CHECK_MAIL, path)
}

fn then(page: &str, path: &str) -> String {
    if path == HOME { page.to_owned() } else { with_query(page, &[("next", path.to_owned())]) }
}

/// Where a link in a mail leads on to, if anywhere: a page of ours that is not the start page.
///
/// Anybody can ask for a mail to anybody. So the way never holds the code of a terminal that waits: the person enters it.
pub fn way_through_mail(next: &str) -> Option<String> {
    const LONGEST: usize = 1000;
    let next = local_or_home(next);
    let (path, _) = next.split_once(['?', '#']).unwrap_or((&next, ""));
    let way = if path == LOGIN_DEVICE { path } else { &next };
    (way != HOME && way.len() <= LONGEST).then(|| way.to_owned())
}

/// Where a browser is sent to the OpenID provider, and brought back to; `domain` is the one to suggest there.
pub fn sso_then(path: &str, domain: Option<&str>) -> String {
    let next = ("next", path.to_owned());
    let domain = domain.map(|domain| ("domain", domain.to_owned()));
    with_query(SSO_START, &[next].into_iter().chain(domain).collect::<Vec<_>>())
}

/// The page on which a password is chosen by a link from a mail.
pub fn choose_password(link: &str) -> String {
    format!("{CHOOSE_PASSWORD}?link={}", percent_encode(link))
}

/// The page of a link that proves another mailbox.
pub fn confirm_address(link: &str) -> String {
    format!("{CONFIRM_ADDRESS}?link={}", percent_encode(link))
}

/// The page on which the login of a terminal with this code is confirmed.
pub fn login_device(code: &UserCode) -> String {
    format!("{LOGIN_DEVICE}?code={code}")
}

/// The page of an invite.
pub fn invite(link: &str) -> String {
    format!("{INVITE}?link={}", percent_encode(link))
}

/// The page of a link that `nx connect` prints; nx makes this address itself.
pub fn connect(code: &str) -> String {
    format!("{CONNECT_PREFIX}{}", percent_encode(code))
}

/// Where nx downloads its client.
pub fn client_bundle(version: &str) -> String {
    format!("/nx-cloud/client/{version}/client.tar.gz")
}

/// Where it downloads the part that fetches the rest.
pub fn client_start(version: &str) -> String {
    format!("/nx-cloud/client/{version}/start.tar.gz")
}

/// Overview of an organization.
pub fn org(slug: &OrgSlug) -> String {
    format!("/o/{slug}")
}

/// Its members.
pub fn org_members(slug: &OrgSlug) -> String {
    format!("/o/{slug}/members")
}

/// What happened in it.
pub fn org_audit(slug: &OrgSlug) -> String {
    format!("/o/{slug}/audit")
}

/// What happened to one thing in it, by the thing's id.
pub fn org_history(slug: &OrgSlug, object: impl std::fmt::Display) -> String {
    with_query(&org_audit(slug), &[("object", object.to_string())])
}

/// What happened in it, as a table to download.
pub fn org_audit_csv(slug: &OrgSlug) -> String {
    format!("/o/{slug}/audit.csv")
}

/// What happened in it, as lines of JSON to download.
pub fn org_audit_ndjson(slug: &OrgSlug) -> String {
    format!("/o/{slug}/audit.ndjson")
}

/// Its plan, and what it uses.
pub fn org_usage(slug: &OrgSlug) -> String {
    format!("/o/{slug}/usage")
}

/// What it used, day by day, as a table to download.
pub fn org_usage_csv(slug: &OrgSlug) -> String {
    format!("/o/{slug}/usage.csv")
}

/// Who is asked to come in.
pub fn org_invites(slug: &OrgSlug) -> String {
    format!("/o/{slug}/invites")
}

/// How its members have to sign in.
pub fn org_sign_in(slug: &OrgSlug) -> String {
    format!("/o/{slug}/sign-in")
}

/// The domains whose people may join.
pub fn org_domains(slug: &OrgSlug) -> String {
    format!("/o/{slug}/domains")
}

/// Where people of these domains join.
pub fn join(slug: &OrgSlug) -> String {
    format!("{JOIN_PREFIX}{slug}")
}

/// Its settings.
pub fn org_settings(slug: &OrgSlug) -> String {
    format!("/o/{slug}/settings")
}

/// Create a workspace in it.
pub fn new_workspace(slug: &OrgSlug) -> String {
    format!("/o/{slug}/workspaces/new")
}

/// Overview of a workspace.
pub fn workspace(slug: &OrgSlug, id: WorkspaceId) -> String {
    format!("/o/{slug}/w/{id}")
}

/// How to point nx at it.
pub fn workspace_connect(slug: &OrgSlug, id: WorkspaceId) -> String {
    format!("/o/{slug}/w/{id}/connect")
}

/// Who may read and store: its access levels and CI access tokens.
pub fn workspace_tokens(slug: &OrgSlug, id: WorkspaceId) -> String {
    format!("/o/{slug}/w/{id}/tokens")
}

/// Who reads and who stores in it: three set-ups.
pub fn workspace_set_up(slug: &OrgSlug, id: WorkspaceId) -> String {
    format!("/o/{slug}/w/{id}/setup")
}

/// The same, with one of them chosen.
pub fn workspace_set_up_as(slug: &OrgSlug, id: WorkspaceId, wanted: Wanted) -> String {
    let parts = [("setup", wanted.set_up.to_string()), ("anonymous", wanted.id.to_string())];
    with_query(&workspace_set_up(slug, id), &parts)
}

/// What to mend about its access.
pub fn workspace_check_up(slug: &OrgSlug, id: WorkspaceId) -> String {
    format!("/o/{slug}/w/{id}/check-up")
}

/// Its artifacts.
pub fn workspace_artifacts(slug: &OrgSlug, id: WorkspaceId) -> String {
    format!("/o/{slug}/w/{id}/artifacts")
}

/// Runs of all its workspaces.
pub fn org_runs(slug: &OrgSlug) -> String {
    format!("/o/{slug}/runs")
}

/// Runs of a workspace.
pub fn workspace_runs(slug: &OrgSlug, id: WorkspaceId) -> String {
    format!("/o/{slug}/w/{id}/runs")
}

/// A run: its tasks.
pub fn run(slug: &OrgSlug, id: WorkspaceId, run: RunId) -> String {
    format!("/o/{slug}/w/{id}/runs/{run}")
}

/// Its tasks over time.
pub fn run_timeline(slug: &OrgSlug, id: WorkspaceId, run: RunId) -> String {
    format!("/o/{slug}/w/{id}/runs/{run}/timeline")
}

/// A task of it, with its log.
pub fn run_task(slug: &OrgSlug, id: WorkspaceId, run: RunId, number: u32) -> String {
    format!("/o/{slug}/w/{id}/runs/{run}/tasks/{number}")
}

/// The task beside the same one of another run.
pub fn run_compare(slug: &OrgSlug, id: WorkspaceId, run: RunId, number: u32) -> String {
    format!("/o/{slug}/w/{id}/runs/{run}/tasks/{number}/compare")
}

/// The log of an attempt at a task, to download.
pub fn run_log(slug: &OrgSlug, id: WorkspaceId, run: RunId, number: u32, attempt: u16) -> String {
    format!("/o/{slug}/w/{id}/runs/{run}/tasks/{number}/log.txt?attempt={attempt}")
}

/// What is counted of the runs of a workspace.
pub fn workspace_statistics(slug: &OrgSlug, id: WorkspaceId) -> String {
    format!("/o/{slug}/w/{id}/statistics")
}

/// The same as a table to download.
pub fn workspace_statistics_csv(slug: &OrgSlug, id: WorkspaceId) -> String {
    format!("/o/{slug}/w/{id}/statistics.csv")
}

/// Where an editor fetches a log with a ticket.
pub fn log_by_ticket(ticket: &str) -> String {
    format!("/nx-cloud/nx-console/terminal-outputs/{ticket}")
}

/// The short link to a run, wherever it is: what clients print.
pub fn run_link(run: RunId) -> String {
    format!("/runs/{run}")
}

/// Its settings.
pub fn workspace_settings(slug: &OrgSlug, id: WorkspaceId) -> String {
    format!("/o/{slug}/w/{id}/settings")
}

/// Part of a long list: what is searched for, and the cursor of an earlier part.
pub fn list(path: &str, search: &str, after: Option<&str>) -> String {
    let search = (!search.is_empty()).then(|| ("q", search.to_owned()));
    let after = after.map(|after| ("after", after.to_owned()));
    with_query(path, &search.into_iter().chain(after).collect::<Vec<_>>())
}

/// An address with these names and values as its query.
pub fn with_query(path: &str, parts: &[(&str, String)]) -> String {
    let query = parts.iter().map(|(name, value)| format!("{name}={}", percent_encode(value))).collect::<Vec<_>>().join("&");
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// The same page of an organization under its new address.
pub fn moved(address: &str, new: &OrgSlug) -> String {
    let rest = address.strip_prefix(ORG_PREFIX).and_then(|rest| rest.find(['/', '?']).map(|end| &rest[end..])).unwrap_or_default();
    format!("{}{rest}", org(new))
}

/// A path of this site, or the start page: what a `next` parameter may lead to.
pub fn local_or_home(next: &str) -> String {
    local(next).unwrap_or_else(|| HOME.to_owned())
}

/// The text as an address of this site that a `Location` can hold: ASCII, percent-encoded where it was not. `None` for all that
/// a browser or a proxy could read as something else: another site (`//host`, `/\\host`, a scheme), control characters, dot
/// segments, whatever the path's percent-encoding hides, however often; and for what is no page (`/do/`, `/sso/`).
pub fn local(text: &str) -> Option<String> {
    let encoded = encode_where_needed(text);
    let path = fully_decoded(encoded.split(['?', '#']).next().unwrap_or_default())?;
    let inside = path.starts_with(b"/") && !path.starts_with(b"//") && !path.starts_with(b"/do/") && !path.starts_with(b"/sso/");
    let dotted = path.split(|byte| *byte == b'/').any(|segment| segment == b"." || segment == b"..");
    let strange = path.iter().any(|byte| byte.is_ascii_control() || *byte == b'\\') || text.contains(|c: char| c == '\\' || c.is_control());
    (inside && !dotted && !strange && encoded.len() <= LONGEST_LOCAL).then_some(encoded)
}

/// The path without any percent-encoding; `None` when it is encoded more often than anybody does it.
fn fully_decoded(path: &str) -> Option<Vec<u8>> {
    let mut path = path.as_bytes().to_vec();
    for _ in 0..4 {
        let decoded = decoded(&path);
        if decoded == path {
            return Some(path);
        }
        path = decoded;
    }
    None
}

fn decoded(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let byte = escaped(&text[at..]);
        out.push(byte.unwrap_or(text[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    out
}

/// The byte that the text begins with, when it is written `%41`.
fn escaped(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = text else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some((digit(*high)? << 4) | digit(*low)?)
}

/// Percent-encodes what cannot stand in an address (RFC 3986), and leaves what is encoded.
fn encode_where_needed(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    for (at, byte) in bytes.iter().copied().enumerate() {
        let stays = byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=".contains(&byte);
        if stays || (byte == b'%' && escaped(&bytes[at..]).is_some()) {
            out.push(char::from(byte));
        } else {
            push_encoded(&mut out, byte);
        }
    }
    out
}

/// Percent-encodes a value for a query (RFC 3986 unreserved characters stay).
pub fn percent_encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            push_encoded(&mut out, byte);
        }
        out
    })
}

fn push_encoded(out: &mut String, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    out.push('%');
    out.push(char::from(HEX[usize::from(byte >> 4)]));
    out.push(char::from(HEX[usize::from(byte & 15)]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_next_address_cannot_leave_the_site() {
        assert_eq!(local_or_home("/o/acme?q=1"), "/o/acme?q=1");
        for elsewhere in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "javascript:alert(1)",
            "",
            "/a\r\nSet-Cookie: x",
            "/do/accounts/sign-out",
            "/sso/start",
            "/\u{b}",
            "/a?b=\u{7f}",
            "/\u{85}",
            "/%0b",
            "/%250b",
            "/%2525252525250b",
            "/%2Fevil.example",
            "/%5Cevil.example",
            "/%255Cevil.example",
            "/x/../sso/start",
            "/x/%2e%2E/sso/start",
            "/./do/accounts/sign-out",
            "/%73so/start",
            "?next=/",
            "#/",
        ] {
            assert_eq!(local_or_home(elsewhere), HOME, "{elsewhere}");
        }
    }

    #[test]
    fn a_local_address_is_percent_encoded_ascii() {
        for (text, address) in [
            ("/é", "/%C3%A9"),
            ("/o/acme?q=a b\"<>`{|}^", "/o/acme?q=a%20b%22%3C%3E%60%7B%7C%7D%5E"),
            ("/100%", "/100%25"),
            ("/a%2Fb?next=%2Fo%2Facme#part", "/a%2Fb?next=%2Fo%2Facme#part"),
            ("/a?q=%0b&r=../..", "/a?q=%0b&r=../.."),
            ("/", "/"),
        ] {
            assert_eq!(local(text).as_deref(), Some(address), "{text}");
        }
        assert_eq!(local(&format!("/{}", "é".repeat(400))), None, "too long once it is encoded");
    }

    #[test]
    fn the_way_through_a_mail_is_a_page_of_ours_without_the_code_of_a_terminal() {
        assert_eq!(way_through_mail("/join/acme").as_deref(), Some("/join/acme"));
        assert_eq!(way_through_mail("/login/device?code=BCDF-GHJK").as_deref(), Some(LOGIN_DEVICE));
        for nowhere in ["", "/", "//evil.example", "/do/accounts/sign-out", &format!("/{}", "x".repeat(1000))] {
            assert_eq!(way_through_mail(nowhere), None, "{nowhere}");
        }
        assert_eq!(sign_up_then("/join/acme"), "/sign-up?next=%2Fjoin%2Facme");
        assert_eq!(sign_up_then(HOME), SIGN_UP);
    }

    #[test]
    fn an_address_moves_with_its_organization() {
        let new = OrgSlug::parse("new-acme").unwrap();
        assert_eq!(moved("/o/acme", &new), "/o/new-acme");
        assert_eq!(moved("/o/acme/members?q=a", &new), "/o/new-acme/members?q=a");
        assert_eq!(moved("/o/acme?x=1", &new), "/o/new-acme?x=1");
    }

    #[test]
    fn a_list_keeps_its_search() {
        assert_eq!(list("/m", "a b", Some("x")), "/m?q=a%20b&after=x");
    }

    #[test]
    fn a_query_value_is_encoded() {
        assert_eq!(sign_in_then("/o/acme?a=ü b"), "/sign-in?next=%2Fo%2Facme%3Fa%3D%C3%BC%20b");
    }
}
