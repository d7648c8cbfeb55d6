//! An event as a person would tell it.

use super::{Action, AuditActor, AuditEvent, ObjectKind};
use crate::domain::permission::Permission;
use crate::domain::role::Role;
use crate::domain::set_up::SetUp;
use crate::domain::visibility::{Visibility, VisitorLogs};

impl AuditActor {
    /// Who, at the beginning of a sentence.
    pub fn describe(&self) -> &str {
        match self.kind.as_str() {
            "operator" => "The operator",
            "server" => "Buildkeep",
            "anonymous" => "Somebody",
            _ => &self.name,
        }
    }
}

impl AuditEvent {
    /// The whole sentence.
    pub fn sentence(&self) -> String {
        format!("{} {}", self.actor.describe(), self.predicate())
    }

    /// The sentence without who did it.
    pub fn predicate(&self) -> String {
        let name = &self.object.name;
        let Ok(action) = self.action.parse() else {
            return format!("did something that this version of Buildkeep has no words for ({}) to {}", self.action, self.thing());
        };
        match action {
            Action::PasswordChosen => format!("chose a password for {} by a link", self.thing()),
            Action::PasswordChanged => "changed their password".to_owned(),
            Action::SignedIn => {
                format!("signed in as {name}{}", self.details.get("with").map(|name| format!(" with {name}")).unwrap_or_default())
            }
            Action::SignInFailed if name.is_empty() => "tried to sign in with an address that has no account".to_owned(),
            Action::SignInFailed => format!("tried to sign in as {name} with a wrong password"),
            Action::PasswordRefused => "entered a wrong current password".to_owned(),
            Action::AddressAdded => format!("asked for a link to confirm {}", self.address()),
            Action::AddressConfirmed => format!("confirmed {}", self.address()),
            Action::AddressRemoved => format!("removed {} from their addresses", self.address()),
            Action::PrimaryChanged => format!("changed their primary address from {} to {}", self.before(), self.after()),
            Action::SessionEnded if self.object.id.is_empty() => "ended all other sessions of their own".to_owned(),
            Action::SessionEnded => "ended a session of their own".to_owned(),
            Action::Linked => format!("linked {} with the account of {name}", self.provider()),
            Action::Unlinked => format!("removed the link of {} with the account of {name}", self.provider()),
            Action::Created => format!("created {}{}", self.thing(), self.access()),
            Action::Claimed => format!("claimed {}, which `nx connect` had created", self.thing()),
            Action::SetUp => self.set_up(),
            Action::Renamed => format!("renamed {} to “{}”", self.kind_of(self.before()), self.after()),
            Action::Moved => format!("changed the address of {} from {} to {}", self.thing(), self.before(), self.after()),
            Action::VisibilityChanged => self.visibility(),
            Action::VisitorLogsChanged if self.after() == VisitorLogs::Shown.as_str() => {
                format!("let visitors of {} read task logs", self.thing())
            }
            Action::VisitorLogsChanged => format!("hid task logs from visitors of {}", self.thing()),
            Action::Deleted => format!("deleted {}", self.thing()),
            Action::Invited => format!("invited {name}{}", self.role("role", " as ")),
            Action::InviteResent => format!("sent {} again", self.thing()),
            Action::InviteLinked => format!("made a link to hand over for {}", self.thing()),
            Action::DomainAdded => format!("added {}{}", self.thing(), self.role("role", ", whose people may join as ")),
            Action::DomainRemoved => format!("removed {} from the list of those who may join", self.thing()),
            Action::DomainVouched => format!("vouched for {}", self.thing()),
            Action::DomainProven => format!("proved {} by DNS", self.thing()),
            Action::DomainLapsed => format!("found that DNS no longer proves {}", self.thing()),
            Action::Joined if self.is_own() => format!("joined{}{}{}", self.role("role", " as "), self.inviter(), self.domain()),
            Action::Joined => format!("added {name}{}", self.role("role", " as ")),
            Action::RoleChanged => {
                let whose = if self.is_own() { "their own".to_owned() } else { format!("{name}'s") };
                format!("changed {whose} role{}{}", self.role("before", " from "), self.role("after", " to "))
            }
            Action::Removed => format!("removed {name} from the organization{}", self.role("role", ", who was ")),
            Action::Left if self.details.get("account") == Some("deleted") => "left the organization by deleting their account".to_owned(),
            Action::Left => "left the organization".to_owned(),
            Action::SignInRuleChanged => {
                format!("changed how members sign in to “{name}” from {} to {}", self.sign_in("before"), self.sign_in("after"))
            }
            Action::ProviderRefused => format!("shut {name} out, because {} does not confirm their account any more", self.provider()),
            Action::RetentionChanged => {
                format!("changed what {} keeps from {} to {}", self.thing(), self.limits("before"), self.limits("after"))
            }
            Action::PlanChanged => format!("changed the plan of {} from “{}” to “{}”", self.thing(), self.before(), self.after()),
            Action::BillingContactChanged => format!("changed the billing contact of {}", self.thing()),
            Action::AccessLevelChanged => self.access_level(),
            Action::TokenPolicyChanged => {
                format!("changed how long “{name}” lets tokens live from {} to {}", self.lives("before"), self.lives("after"))
            }
            Action::LoginConfirmed => format!("logged in the terminal “{name}”{}", self.asked_from()),
            Action::LoginRefused => format!("refused to log in the terminal “{name}”{}", self.asked_from()),
            Action::LoggedOut => format!("logged out the terminal “{}”", self.details.get("token").unwrap_or(name)),
            Action::Rotated => format!("gave {} a new value", self.thing()),
            Action::Revoked => {
                let why = self.details.get("joined").map(|name| format!(", because {name} is in")).unwrap_or_default();
                format!("revoked {}{why}", self.thing())
            }
            Action::Purged => self.purge(),
            Action::Refused if self.object.kind == ObjectKind::CiToken.as_str() => {
                let why = self.details.get("why").unwrap_or("dead");
                format!("was refused with the {why} value of {}", self.thing())
            }
            Action::Refused => match self.permission() {
                Some(permission) => format!("was refused, because only Admins may do this: {}", permission.describe()),
                None => "was refused something that their role does not allow".to_owned(),
            },
            Action::Exported if self.object.kind == ObjectKind::Account.as_str() => "downloaded what is kept about them".to_owned(),
            Action::Exported => {
                let what = if self.details.get("what") == Some("usage") { "the usage" } else { "the audit log" };
                let format = self.details.get("format").map(|format| format!(" as {}", format.to_uppercase())).unwrap_or_default();
                format!("downloaded {what}{format}")
            }
        }
    }

    fn thing(&self) -> String {
        self.kind_of(&self.object.name)
    }

    fn kind_of(&self, name: &str) -> String {
        self.object.kind.parse::<ObjectKind>().map_or_else(|_| format!("{} {name}", self.object.kind), |kind| kind.named(name))
    }

    fn address(&self) -> &str {
        self.details.get("address").unwrap_or("an address")
    }

    fn is_own(&self) -> bool {
        self.actor.id.as_ref() == Some(&self.object.id)
    }

    fn before(&self) -> &str {
        self.details.get("before").unwrap_or(&self.object.name)
    }

    fn after(&self) -> &str {
        self.details.get("after").unwrap_or("another one")
    }

    fn role(&self, detail: &str, lead: &str) -> String {
        let role = self.details.get(detail).and_then(|word| word.parse::<Role>().ok());
        role.map(|role| format!("{lead}{role}")).unwrap_or_default()
    }

    fn provider(&self) -> &str {
        self.details.get("with").unwrap_or("the provider")
    }

    fn sign_in(&self, when: &str) -> String {
        match (self.details.get(&format!("{when}.with")), self.details.get(&format!("{when}.domains"))) {
            (None, _) => "any way".to_owned(),
            (Some(provider), None) => format!("{provider} only"),
            (Some(provider), Some(domains)) => format!("{provider} only, with accounts of {domains}"),
        }
    }

    fn inviter(&self) -> String {
        self.details.get("invited_by").map(|name| format!(", invited by {name}")).unwrap_or_default()
    }

    fn domain(&self) -> String {
        self.details.get("domain").map(|domain| format!(", by an address at {domain}")).unwrap_or_default()
    }

    fn access(&self) -> String {
        self.details.get("access").map(|access| format!(" ({access})")).unwrap_or_default()
    }

    fn access_level(&self) -> String {
        let whose = match self.details.get("of") {
            Some("personal") => "personal access tokens",
            _ => "the nxCloudId alone",
        };
        format!("changed what {whose} may do in {} from {} to {}", self.thing(), self.before(), self.after())
    }

    fn lives(&self, when: &str) -> String {
        let days =
            |kind: &str| self.details.get(&format!("{when}.{kind}_days")).map_or("any time".to_owned(), |days| format!("{days} days"));
        format!("{} (CI) and {} (personal)", days("ci"), days("personal"))
    }

    fn asked_from(&self) -> String {
        self.details.get("asked_from").map(|address| format!(", which asked from {address}")).unwrap_or_default()
    }

    fn limits(&self, when: &str) -> String {
        let days = self.details.get(&format!("{when}.days")).map(|days| format!("{days} days"));
        let size = self.details.get(&format!("{when}.gibibytes")).map(|size| format!("{size} GiB"));
        match (days, size) {
            (Some(days), Some(size)) => format!("{days} and {size}"),
            (Some(limit), None) | (None, Some(limit)) => limit,
            (None, None) => "everything".to_owned(),
        }
    }

    fn set_up(&self) -> String {
        let thing = self.thing();
        let how = self.details.get("set_up").and_then(|word| word.parse::<SetUp>().ok());
        let how = how.map(|how| format!(" as “{}”", how.title())).unwrap_or_default();
        let level = |of, name: &str| {
            let level = |when| self.details.get(&format!("{when}.{name}"));
            level("before")
                .zip(level("after"))
                .filter(|(before, after)| before != after)
                .map(|(before, after)| format!("{of} from {before} to {after}"))
        };
        let levels = [level("the nxCloudId alone", "id"), level("personal access tokens", "personal")];
        let levels = levels.into_iter().flatten().collect::<Vec<_>>();
        let levels = if levels.is_empty() { String::new() } else { format!(": {}", levels.join(", ")) };
        format!("set up {thing}{how}{levels}")
    }

    fn visibility(&self) -> String {
        let when = |detail| self.details.get(detail).and_then(|word| word.parse::<Visibility>().ok()).unwrap_or_default();
        let thing = self.thing();
        match (when("before"), when("after")) {
            (_, Visibility::Private) => format!("made {thing} private"),
            (Visibility::Listed, Visibility::Public) => format!("told search engines to leave out {thing}"),
            (Visibility::Private | Visibility::Public, Visibility::Public) => format!("made {thing} public"),
            (_, Visibility::Listed) => format!("let search engines list {thing}"),
        }
    }

    fn purge(&self) -> String {
        let name = &self.object.name;
        match (self.details.get("hash"), self.details.get("days")) {
            (Some(hash), _) => format!("deleted the artifact {hash} of “{name}”"),
            (None, Some(days)) => format!("deleted the artifacts of “{name}” that nobody had used for {days} days"),
            (None, None) => format!("deleted all artifacts of “{name}”"),
        }
    }

    fn permission(&self) -> Option<Permission> {
        let word = self.details.get("permission")?;
        Permission::ALL.into_iter().find(|permission| format!("{permission:?}") == word)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::DateTime;

    use super::super::{AuditObject, Details};
    use super::*;

    fn event(action: &str, kind: &str, details: &[(&str, &str)]) -> AuditEvent {
        let details: BTreeMap<_, _> = details.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        AuditEvent {
            id: "evt_00000000000000000000000001".parse().unwrap(),
            at: DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
            actor: AuditActor { kind: "user".to_owned(), id: Some("usr_1".to_owned()), name: "Ada".to_owned() },
            action: action.to_owned(),
            object: AuditObject { kind: kind.to_owned(), id: "x".to_owned(), name: "Bob".to_owned() },
            details: Details::new(details),
            address: "192.0.2.7".to_owned(),
            request: "inc_1".to_owned(),
        }
    }

    #[test]
    fn events_read_like_sentences() {
        for (action, kind, details, sentence) in [
            ("role-changed", "member", &[("before", "member"), ("after", "admin")][..], "Ada changed Bob's role from Member to Admin"),
            ("invited", "invite", &[("role", "member")], "Ada invited Bob as Member"),
            ("revoked", "invite", &[], "Ada revoked the invite for Bob"),
            ("revoked", "invite", &[("joined", "Eve")], "Ada revoked the invite for Bob, because Eve is in"),
            ("domain-added", "domain-invite", &[("role", "member")], "Ada added the domain Bob, whose people may join as Member"),
            ("created", "ci-token", &[("access", "read-only")], "Ada created the CI access token “Bob” (read-only)"),
            ("renamed", "workspace", &[("before", "web"), ("after", "shop")], "Ada renamed the workspace “web” to “shop”"),
            ("moved", "org", &[("before", "a1"), ("after", "b2")], "Ada changed the address of the organization “Bob” from a1 to b2"),
            ("visibility-changed", "org", &[("before", "private"), ("after", "public")], "Ada made the organization “Bob” public"),
            ("visibility-changed", "org", &[("before", "listed"), ("after", "private")], "Ada made the organization “Bob” private"),
            ("visitor-logs-changed", "org", &[("after", "hidden")], "Ada hid task logs from visitors of the organization “Bob”"),
            ("visitor-logs-changed", "org", &[("after", "shown")], "Ada let visitors of the organization “Bob” read task logs"),
            ("visibility-changed", "org", &[("after", "listed")], "Ada let search engines list the organization “Bob”"),
            (
                "plan-changed",
                "org",
                &[("before", "Free"), ("after", "Team")],
                "Ada changed the plan of the organization “Bob” from “Free” to “Team”",
            ),
            ("joined", "member", &[("role", "member")], "Ada added Bob as Member"),
            ("removed", "member", &[("role", "admin")], "Ada removed Bob from the organization, who was Admin"),
            (
                "retention-changed",
                "workspace",
                &[("before.days", "30"), ("before.gibibytes", "50"), ("after.days", "3")],
                "Ada changed what the workspace “Bob” keeps from 30 days and 50 GiB to 3 days",
            ),
            ("claimed", "workspace", &[], "Ada claimed the workspace “Bob”, which `nx connect` had created"),
            (
                "set-up",
                "workspace",
                &[
                    ("set_up", "main-writes"),
                    ("before.id", "read-only"),
                    ("after.id", "none"),
                    ("before.personal", "read-only"),
                    ("after.personal", "read-only"),
                ],
                "Ada set up the workspace “Bob” as “Only the main branch stores”: the nxCloudId alone from read-only to none",
            ),
            ("purged", "artifacts", &[("which", "all")], "Ada deleted all artifacts of “Bob”"),
            ("purged", "artifacts", &[("hash", "77")], "Ada deleted the artifact 77 of “Bob”"),
            ("refused", "org", &[("permission", "DeleteOrg")], "Ada was refused, because only Admins may do this: Delete the organization"),
            ("refused", "ci-token", &[("why", "revoked")], "Ada was refused with the revoked value of the CI access token “Bob”"),
            ("left", "member", &[("account", "deleted")], "Ada left the organization by deleting their account"),
            ("exported", "account", &[], "Ada downloaded what is kept about them"),
            ("address-removed", "account", &[("address", "a@b.example")], "Ada removed a@b.example from their addresses"),
            (
                "access-level-changed",
                "workspace",
                &[("of", "id"), ("before", "read-only"), ("after", "none")],
                "Ada changed what the nxCloudId alone may do in the workspace “Bob” from read-only to none",
            ),
            (
                "access-level-changed",
                "workspace",
                &[("of", "personal"), ("before", "read-only"), ("after", "read-write")],
                "Ada changed what personal access tokens may do in the workspace “Bob” from read-only to read-write",
            ),
            (
                "token-policy-changed",
                "org",
                &[("after.ci_days", "90")],
                "Ada changed how long “Bob” lets tokens live from any time (CI) and any time (personal) to 90 days (CI) and any time (personal)",
            ),
            (
                "login-confirmed",
                "personal-token",
                &[("asked_from", "192.0.2.1")],
                "Ada logged in the terminal “Bob”, which asked from 192.0.2.1",
            ),
            ("logged-out", "account", &[("token", "laptop")], "Ada logged out the terminal “laptop”"),
            ("exported", "org", &[("format", "csv")], "Ada downloaded the audit log as CSV"),
            ("exported", "org", &[("what", "usage"), ("format", "csv")], "Ada downloaded the usage as CSV"),
        ] {
            assert_eq!(event(action, kind, details).sentence(), sentence);
        }
    }

    #[test]
    fn every_action_has_a_sentence_whatever_details_it_lacks() {
        for action in Action::ALL {
            for kind in ObjectKind::ALL {
                let sentence = event(action.as_str(), kind.as_str(), &[]).sentence();
                assert!(sentence.len() > "Ada ".len() && !sentence.ends_with(' ') && !sentence.contains("no words"), "{sentence}");
            }
        }
        assert!(event("eaten", "cake", &[]).sentence().contains("no words for (eaten) to cake Bob"));
    }

    #[test]
    fn who_joins_alone_was_added_by_nobody() {
        let mut own = event("joined", "member", &[("role", "admin")]);
        own.actor.id = Some(own.object.id.clone());
        assert_eq!(own.sentence(), "Ada joined as Admin");
        own.details = Details::new([("invited_by".to_owned(), "Grace".to_owned())].into());
        assert_eq!(own.sentence(), "Ada joined, invited by Grace");
        own.details = Details::new([("domain".to_owned(), "acme.com".to_owned())].into());
        assert_eq!(own.sentence(), "Ada joined, by an address at acme.com");
        own.action = "left".to_owned();
        assert_eq!(own.sentence(), "Ada left the organization");
    }
}
