//! What is in the made-up organization.

use std::fmt::Debug;
use std::str::FromStr;

use app::backend::addresses::AddressRow;
use app::backend::artifacts::{ArtifactRow, PurgeProgress};
use app::backend::billing::{BillingContact, Counted, UsageDay, UsageView};
use app::backend::ci_tokens::CiTokenRow;
use app::backend::domain_invites::{DomainInviteRow, JoinOffer};
use app::backend::invites::{Invitation, InviteRow, LinkProves};
use app::backend::members::{JoinedBy, MemberRow};
use app::backend::orgs::OrgView;
use app::backend::sessions::SessionRow;
use app::backend::workspaces::{Usage, WorkspaceView};
use app::domain::access::{IdAccess, TokenAccess};
use app::domain::audit::{AuditActor, AuditEvent, AuditObject, Details};
use app::domain::domain_invite::{DnsAnswer, DomainState};
use app::domain::identity::SignInRule;
use app::domain::invite::{Delivery, InviteState};
use app::domain::names::PersonName;
use app::domain::plan::{Limits, Plan, Used};
use app::domain::retention::Retention;
use app::domain::role::Role;
use app::domain::standing::Standing;
use app::domain::token::TokenState;
use app::domain::visibility::{Visibility, VisitorLogs};
use chrono::{DateTime, TimeDelta, Utc};

/// The organization that everybody can look at.
pub const PUBLIC: &str = "open-rooms";

/// Fingerprint of the client.
pub const CLIENT_SHA256: &str = "89d44c4c6ce6c8b04ac339585a52f07a7b223299c7001842f6203480d2a3a6b8";

/// The workspace that has been used.
pub const USED: u32 = 1;
/// The workspace in which a purge is going on.
pub const PURGED: u32 = 2;
/// The workspace in which nothing has happened.
pub const FRESH: u32 = 3;

pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a time")
}

fn ago(minutes: i64) -> DateTime<Utc> {
    now() - TimeDelta::minutes(minutes)
}

/// The id of this kind with this number.
pub fn id<T: FromStr<Err: Debug>>(kind: &str, number: u32) -> T {
    name(&format!("{kind}_{number:026}"))
}

pub fn name<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().expect("a name")
}

pub fn ada() -> PersonName {
    name("Ada Lovelace")
}

pub fn orgs(standing: Standing) -> Vec<OrgView> {
    let org = |number, slug, title, visibility, members, workspaces| OrgView {
        id: id("org", number),
        slug: name(slug),
        name: name(title),
        standing,
        visibility,
        visitor_logs: VisitorLogs::Shown,
        visitors_accepted: false,
        kept_out: None,
        created_at: ago(90_000),
        members,
        workspaces,
        warnings: if standing == Standing::Member(Role::Admin) && workspaces > 0 { limits().warnings(&used()) } else { Vec::new() },
    };
    vec![
        org(1, "acme", "Acme GmbH", Visibility::Private, 1204, 3),
        org(2, "empty", "Empty Rooms", Visibility::Private, 1, 0),
        org(3, PUBLIC, "Open Rooms", Visibility::Public, 3, 3),
    ]
}

pub fn workspaces() -> Vec<WorkspaceView> {
    let workspace = |number, title, retention, usage| WorkspaceView {
        id: id("wks", number),
        name: name(title),
        nx_cloud_id: Some(name("65f0c1d2e3a4b5c6d7e8f901")),
        id_access: Some(IdAccess::ReadOnly),
        created_at: ago(60_000),
        retention,
        usage,
    };
    vec![
        workspace(USED, "web-shop", Retention::DEFAULT, Usage { artifacts: 48_213, bytes: 31 << 30, hits: 912_044, misses: 131_220 }),
        workspace(
            PURGED,
            "a workspace with a rather long name, as some have it",
            Retention { days: None, gibibytes: None },
            Usage { artifacts: 3, bytes: 900, hits: 1, misses: 3 },
        ),
        workspace(FRESH, "mobile-app", Retention::DEFAULT, Usage::default()),
    ]
}

fn limits() -> Limits {
    Limits { members: Some(2000), workspaces: Some(3), artifact_bytes: Some(36 << 30), transfer_bytes: None, runs: Some(5000) }
}

fn used() -> Used {
    Used { members: 1204, workspaces: 3, artifact_bytes: 31 << 30, transfer_bytes: 900 << 30, runs: 321 }
}

/// With a history, or on the first day.
pub fn usage(is_old: bool) -> UsageView {
    let today = now().date_naive();
    let day = |back: u64| {
        let grown = 90 - back;
        UsageDay {
            day: today - chrono::Days::new(back),
            counted: (back % 17 != 3).then_some(Counted { members: 1100 + grown, workspaces: 3, artifact_bytes: grown << 28 }),
            bytes_in: (grown % 7) << 29,
            bytes_out: (grown % 7) << 32,
        }
    };
    let contact = BillingContact {
        name: name("Acme GmbH"),
        email: name("invoices@example.com"),
        address: name("Beispielweg 1\n10115 Berlin\nGermany"),
        tax_id: Some(name("DE999999999")),
    };
    if is_old {
        let plan = Plan { name: "Team".to_owned(), limits: limits() };
        UsageView { plan, used: used(), days: (0..90).rev().map(day).collect(), contact: Some(contact) }
    } else {
        let plan = Plan { name: "Self-hosted".to_owned(), limits: Limits::default() };
        UsageView { plan, used: Used::default(), days: vec![day(0)], contact: None }
    }
}

pub fn members() -> Vec<MemberRow> {
    let member = |number, title, email, role, joined_by| MemberRow {
        user: id("usr", number),
        name: name(title),
        email: name(email),
        role,
        joined_at: ago(i64::from(number) * 30_000),
        joined_by,
    };
    vec![
        member(1, "Ada Lovelace", "ada@example.com", Role::Admin, JoinedBy::Created),
        member(2, "Grace Hopper", "grace@example.com", Role::Member, JoinedBy::Operator),
        member(
            3,
            "Karl-Theodor Maria Nikolaus von Beispielhausen",
            "karl-theodor.maria.von.beispielhausen@long.example.com",
            Role::Admin,
            JoinedBy::Operator,
        ),
    ]
}

pub fn invites() -> Vec<InviteRow> {
    let invite = |number: u32, email, state, delivery| InviteRow {
        id: id("inv", number),
        email: name(email),
        role: Role::Member,
        invited_by: "Ada Lovelace".to_owned(),
        sent_at: ago(i64::from(number) * 90),
        expires_at: now() + TimeDelta::days(6),
        requires_provider: false,
        state,
        delivery,
    };
    let why = || "permanent error (550): 5.1.1 no such mailbox".to_owned();
    vec![
        invite(1, "bob@example.com", InviteState::Pending, Delivery::Queued),
        invite(2, "carol@example.com", InviteState::Pending, Delivery::Sent),
        invite(3, "dave@example.com", InviteState::Pending, Delivery::Delayed { why: why(), next: now() + TimeDelta::minutes(5) }),
        invite(4, "erin@example.com", InviteState::Pending, Delivery::Failed { why: why() }),
        invite(5, "frank@example.com", InviteState::Expired, Delivery::Sent),
        invite(6, "gil@example.com", InviteState::Accepted, Delivery::Sent),
        invite(7, "heidi@example.com", InviteState::Revoked, Delivery::Sent),
    ]
}

pub fn domain_invites() -> Vec<DomainInviteRow> {
    let row = |number: u32, domain, state, answer: Option<DnsAnswer>| DomainInviteRow {
        id: id("dom", number),
        domain: name(domain),
        readable: None,
        role: Role::Member,
        added_by: "Ada Lovelace".to_owned(),
        added_at: ago(9000),
        state,
        challenge: format!("4tQ0challenge{number}"),
        checked: answer.map(|answer| (ago(3), answer)),
        may_vouch: true,
    };
    let others = DnsAnswer::Others(vec!["v=spf1 -all".to_owned()]);
    let silent = DomainState::Proven { since: ago(9000), silent_since: Some(ago(60)) };
    vec![
        row(1, "acme.com", DomainState::Proven { since: ago(9000), silent_since: None }, Some(DnsAnswer::Found)),
        row(2, "acme.de", DomainState::Vouched { by: "Ada Lovelace".to_owned() }, None),
        row(3, "acme.fr", DomainState::Lapsed { since: ago(600) }, Some(others)),
        row(4, "acme.it", DomainState::Closed, Some(DnsAnswer::NoRecord)),
        DomainInviteRow {
            readable: Some("äcme.nl".to_owned()),
            ..row(5, "xn--cme-pla.nl", silent, Some(DnsAnswer::Failed("SERVFAIL".to_owned())))
        },
    ]
}

pub fn join_offer() -> JoinOffer {
    JoinOffer { slug: name("acme"), org: name("Acme"), domain: name("example.com"), role: Role::Member, sign_in: SignInRule::default() }
}

/// The invite that a link stands for: the link says in which case.
pub fn invitation(link: &str) -> Option<Invitation> {
    let (email, link) = match link {
        "mine" => ("ada@example.com", LinkProves::Nothing),
        "new" => ("zoe@example.com", LinkProves::Mailbox { has_account: false }),
        "known" => ("zoe@example.com", LinkProves::Mailbox { has_account: true }),
        "copied" => ("zoe@example.com", LinkProves::Nothing),
        _ => return None,
    };
    Some(Invitation {
        id: id("inv", 1),
        org: name("Zoo"),
        email: name(email),
        role: Role::Member,
        invited_by: "Grace Hopper".to_owned(),
        expires_at: now() + TimeDelta::days(6),
        sign_in: SignInRule::default(),
        is_yours: email == "ada@example.com",
        link,
    })
}

pub fn addresses() -> Vec<AddressRow> {
    let address = |email, is_primary, confirmed: bool| AddressRow {
        email: name(email),
        is_primary,
        added_at: ago(9000),
        confirmed_at: confirmed.then(|| ago(8990)),
        link_expires_at: ago(-60),
    };
    vec![
        address("ada@example.com", true, true),
        address("ada.lovelace@mathematics.example.org", false, true),
        address("countess@example.net", false, false),
    ]
}

pub fn tokens() -> Vec<CiTokenRow> {
    let token = |number, title: &str, access, state| CiTokenRow {
        id: id("tok", number),
        name: name(title),
        access,
        last_four: "x7Qa".to_owned(),
        created_by: "Ada Lovelace".to_owned(),
        created_at: ago(50_000),
        expires_at: Some(now() + TimeDelta::days(55)),
        old_works_until: None,
        last_used: None,
        state,
    };
    let teams = (10..14).map(|number| token(number, &format!("Team {number}"), TokenAccess::ReadOnly, TokenState::Active));
    let mut tokens = vec![
        CiTokenRow {
            last_used: Some((ago(4), "203.0.113.20".to_owned())),
            old_works_until: Some(now() + TimeDelta::hours(20)),
            ..token(1, "GitHub, main branch", TokenAccess::ReadWrite, TokenState::Active)
        },
        CiTokenRow { expires_at: None, ..token(5, "Nightly build", TokenAccess::ReadOnly, TokenState::Active) },
        CiTokenRow { expires_at: Some(now() + TimeDelta::days(3)), ..token(2, "Pull requests", TokenAccess::ReadOnly, TokenState::Active) },
        CiTokenRow { expires_at: Some(ago(2000)), ..token(3, "Old runner", TokenAccess::ReadOnly, TokenState::Expired) },
        token(4, "Leaked in a log", TokenAccess::ReadWrite, TokenState::Revoked),
    ];
    tokens.extend(teams);
    tokens
}

pub fn artifacts() -> Vec<ArtifactRow> {
    (1..=20_u32)
        .map(|number| ArtifactRow {
            hash: name(&format!("{}", 11_668_468_414_769_122_100_u64 - u64::from(number) * 7_919_191_919_191)),
            bytes: u64::from(number).pow(5) * 733,
            created_by: Some("GitHub, main branch".to_owned()),
            created_at: ago(i64::from(number) * 37),
            last_read_at: (number % 3 > 0).then(|| ago(i64::from(number) * 11)),
            hits: u64::from(number % 7) * 310,
        })
        .collect()
}

pub fn purge() -> PurgeProgress {
    PurgeProgress { done: 12_000, total: 48_213, finished_at: None }
}

pub fn sessions() -> Vec<SessionRow> {
    let session = |number, device: &str, current| SessionRow {
        id: id("ses", number),
        device: device.to_owned(),
        address: "192.0.2.7".to_owned(),
        created_at: ago(i64::from(number) * 2000),
        last_seen_at: ago(i64::from(number - 1) * 300),
        current,
    };
    vec![session(1, "Firefox on Linux", true), session(2, "Chrome on Android", false)]
}

pub fn events() -> Vec<AuditEvent> {
    let event = |number: u32, action: &str, kind: &str, title: &str, details: &[(&str, &str)]| AuditEvent {
        id: id("evt", number),
        at: ago(i64::from(number) * 70),
        actor: AuditActor {
            kind: "user".to_owned(),
            id: Some("usr_00000000000000000000000001".to_owned()),
            name: "Ada Lovelace".to_owned(),
        },
        action: action.to_owned(),
        object: AuditObject { kind: kind.to_owned(), id: format!("{kind}-{number}"), name: title.to_owned() },
        details: Details::new(details.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()),
        address: "192.0.2.7".to_owned(),
        request: format!("inc_{number:026}"),
    };
    vec![
        event(1, "role-changed", "member", "Grace Hopper", &[("before", "member"), ("after", "admin")]),
        event(2, "refused", "org", "Acme GmbH", &[("permission", "EditOrg")]),
        event(3, "created", "ci-token", "GitHub, main branch", &[("access", "read-write")]),
        event(4, "renamed", "workspace", "web", &[("before", "web"), ("after", "web-shop")]),
        event(5, "joined", "member", "Karl-Theodor Maria Nikolaus von Beispielhausen", &[("role", "member")]),
    ]
}
