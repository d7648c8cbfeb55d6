//! The mails that Buildkeep sends, each from three templates: subject, text, HTML.
//!
//! Many can be caused by people whom the recipient does not know. So a name that nobody has proven never stands in one, and
//! names and messages of an invite stand there as `domain::quoted` leaves them.

use std::sync::LazyLock;

use app::domain::names::{Email, InviteMessage, OrgName, OrgSlug, PersonName};
use app::domain::plan::{Level, Warning};
use app::domain::role::Role;
use app::domain::secret::PlainSecret;
use app::domain::{address, invite, quoted};
use app::paths;
use minijinja::{Environment, context};

use super::{Draft, lines};
use crate::error::{Error, Result};

/// A mail with what goes into it.
pub enum Mail<'a> {
    /// To a new person: choose a password, which proves the mailbox. Whoever signed up may be anybody, so without their name.
    Welcome {
        /// The link's secret.
        link: &'a PlainSecret,
    },
    /// To somebody who has an account and signed up again.
    AccountExists {
        /// Who.
        name: &'a PersonName,
    },
    /// To somebody who forgot the password.
    NewPassword {
        /// Who.
        name: &'a PersonName,
        /// The link's secret.
        link: &'a PlainSecret,
    },
    /// To an Admin: a limit of the plan is near or reached.
    Limit {
        /// The organization.
        org: &'a OrgName,
        /// Its address.
        slug: &'a OrgSlug,
        /// Which limit.
        warning: &'a Warning,
    },
    /// To a mailbox that somebody claims: prove it.
    ConfirmAddress {
        /// The primary address of whoever claims it: their name is their own word.
        account: &'a Email,
        /// The link's secret.
        link: &'a PlainSecret,
    },
    /// To a mailbox that somebody claims and that belongs to another account.
    AddressTaken {
        /// The primary address of whoever claims it.
        account: &'a Email,
    },
    /// To somebody whose addresses or account have changed: it may have been somebody else.
    AccountChanged {
        /// Whose.
        name: &'a PersonName,
        /// What.
        change: AccountChange<'a>,
    },
    /// To somebody who is asked to come into an organization.
    Invite {
        /// Into which.
        org: &'a OrgName,
        /// Name of the Admin who invites.
        invited_by: &'a str,
        /// The Admin's address; the operator has none.
        address: Option<&'a Email>,
        /// As what.
        role: Role,
        /// Words of that Admin.
        message: Option<&'a InviteMessage>,
        /// The link's secret.
        link: &'a PlainSecret,
    },
}

/// What has changed about an account.
#[derive(Debug, Clone, Copy)]
pub enum AccountChange<'a> {
    /// It has another address.
    Added(&'a Email),
    /// An address was taken away.
    Removed(&'a Email),
    /// Mail goes to this address.
    Primary(&'a Email),
    /// An account at the OpenID provider, with this address, was linked.
    Linked(&'a str),
    /// The link with the account at the OpenID provider was removed.
    Unlinked,
    /// It is gone.
    Deleted,
}

impl AccountChange<'_> {
    fn subject(self) -> &'static str {
        match self {
            Self::Added(_) => "An address was added to your account",
            Self::Removed(_) => "An address was removed from your account",
            Self::Primary(_) => "Your account has another primary address",
            Self::Linked(_) => "A way to sign in was added to your account",
            Self::Unlinked => "A way to sign in was removed from your account",
            Self::Deleted => "Your account is deleted",
        }
    }

    fn sentence(self) -> String {
        match self {
            Self::Added(email) => format!("the address {email} was confirmed and is now one of your account. You can sign in with it."),
            Self::Removed(email) => format!("the address {email} is no longer one of your account. Nobody can sign in with it."),
            Self::Primary(email) => format!("the primary address of your account is now {email}. Mail to you goes there."),
            Self::Linked(address) => {
                format!("an account at the sign-in provider ({address}) was linked with yours. It opens your account from now on.")
            }
            Self::Unlinked => "the link between your account and the one at the sign-in provider was removed.".to_owned(),
            Self::Deleted => "your account is deleted, with its addresses, sessions and memberships.".to_owned(),
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::Added(_) | Self::Removed(_) | Self::Primary(_) | Self::Linked(_) | Self::Unlinked => {
                "If that was not you, sign in now, remove what is not yours, choose another password, and tell the operator of the server."
            }
            Self::Deleted => "If that was not you, tell the operator of the server.",
        }
    }
}

macro_rules! templates {
    ($($mail:literal),*) => {
        [$(
            (concat!($mail, "/subject.txt"), include_str!(concat!("templates/", $mail, "/subject.txt"))),
            (concat!($mail, "/body.txt"), include_str!(concat!("templates/", $mail, "/body.txt"))),
            (concat!($mail, "/body.html"), include_str!(concat!("templates/", $mail, "/body.html"))),
        )*]
    };
}

static TEMPLATES: LazyLock<Result<Environment<'static>, String>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    for (name, source) in
        templates!["welcome", "account_exists", "new_password", "confirm_address", "address_taken", "account_changed", "invite", "limit"]
    {
        templates.add_template(name, source).map_err(|error| error.to_string())?;
    }
    Ok(templates)
});

impl Mail<'_> {
    /// A word for the kind of mail, which is also the folder of its templates.
    const fn kind(&self) -> &'static str {
        match self {
            Self::Welcome { .. } => "welcome",
            Self::AccountExists { .. } => "account_exists",
            Self::NewPassword { .. } => "new_password",
            Self::Limit { .. } => "limit",
            Self::ConfirmAddress { .. } => "confirm_address",
            Self::AddressTaken { .. } => "address_taken",
            Self::AccountChanged { .. } => "account_changed",
            Self::Invite { .. } => "invite",
        }
    }

    /// The address to open, of a mail that is about one.
    fn link(&self, public_url: &str) -> Option<String> {
        let path = match self {
            Self::Welcome { link } | Self::NewPassword { link, .. } => paths::choose_password(link.expose()),
            Self::ConfirmAddress { link, .. } => paths::confirm_address(link.expose()),
            Self::Invite { link, .. } => paths::invite(link.expose()),
            Self::AccountExists { .. } | Self::Limit { .. } | Self::AddressTaken { .. } | Self::AccountChanged { .. } => return None,
        };
        Some(format!("{public_url}{path}"))
    }
}

/// Writes a mail. `public_url` starts every link.
pub fn render(mail: &Mail<'_>, public_url: &str) -> Result<Draft> {
    let link = mail.link(public_url);
    let values = match mail {
        Mail::Welcome { .. } => context! { link, public_url },
        Mail::AccountExists { name } => {
            let sign_in = format!("{public_url}{}", paths::SIGN_IN);
            let forgot = format!("{public_url}{}", paths::FORGOT_PASSWORD);
            context! { name => name.as_str(), sign_in, forgot, public_url }
        }
        Mail::NewPassword { name, .. } => context! { name => name.as_str(), link, public_url },
        Mail::Limit { org, slug, warning } => {
            let (title, consequence) = (warning.measure.title(), warning.measure.consequence());
            let (used, limit) = (warning.measure.amount(warning.used), warning.measure.amount(warning.limit));
            let (reached, link) = (warning.level == Level::Reached, format!("{public_url}{}", paths::org_usage(slug)));
            context! { org => quoted::name(org.as_str()), title, used, limit, consequence, reached, link }
        }
        Mail::ConfirmAddress { account, .. } => {
            let hours = address::LINK_HOURS;
            context! { account => account.as_str(), link, hours, public_url }
        }
        Mail::AddressTaken { account } => context! { account => account.as_str(), public_url },
        Mail::AccountChanged { name, change } => {
            let (subject, sentence, advice) = (change.subject(), change.sentence(), change.advice());
            context! { name => name.as_str(), subject, sentence, advice, public_url }
        }
        Mail::Invite { org, invited_by, address, role, message, .. } => {
            let lines: Vec<_> = message.iter().flat_map(|message| message.as_str().lines()).map(quoted::without_links).collect();
            let (org, invited_by, address) = (quoted::name(org.as_str()), quoted::name(invited_by), address.map(Email::as_str));
            let (role, days) = (role.to_string(), invite::DAYS);
            context! { org, invited_by, address, role, lines, link, days, public_url }
        }
    };
    let templates = TEMPLATES.as_ref().map_err(|error| Error::Mail(error.clone()))?;
    let kind = mail.kind();
    let part = |part: &str| {
        let rendered = templates.get_template(&format!("{kind}/{part}")).and_then(|template| template.render(&values));
        rendered.map_err(|error| Error::Mail(error.to_string()))
    };
    Ok(Draft {
        kind: kind.to_owned(),
        subject: part("subject.txt")?.trim().to_owned(),
        text: lines::folded(&part("body.txt")?),
        html: part("body.html")?,
        link: link.map(PlainSecret::new),
    })
}

#[cfg(test)]
mod tests {
    use app::domain::plan::Measure;

    use super::*;

    #[test]
    fn each_mail_reads_as_it_was_approved() {
        let name = PersonName::parse("Ada <b>Lovelace</b>").unwrap();
        let account = Email::parse("ada@example.com").unwrap();
        let link = PlainSecret::new("bklnk_0000000000000000000000000000000000".to_owned());
        let org = OrgName::parse("Acme <b>GmbH</b>").unwrap();
        let message = InviteMessage::parse("Hi Bob,\n<b>welcome</b> to the team!").unwrap();
        let invited_by = name.as_str();
        let slug = OrgSlug::parse("acme").unwrap();
        let near = Warning { measure: Measure::Artifacts, level: Level::Near, used: 83 << 30, limit: 100 << 30 };
        let mails = [
            Mail::Welcome { link: &link },
            Mail::AccountExists { name: &name },
            Mail::NewPassword { name: &name, link: &link },
            Mail::ConfirmAddress { account: &account, link: &link },
            Mail::AddressTaken { account: &account },
            Mail::AccountChanged { name: &name, change: AccountChange::Added(&account) },
            Mail::AccountChanged { name: &name, change: AccountChange::Removed(&account) },
            Mail::AccountChanged { name: &name, change: AccountChange::Primary(&account) },
            Mail::AccountChanged { name: &name, change: AccountChange::Linked("ada@gmail.com") },
            Mail::AccountChanged { name: &name, change: AccountChange::Unlinked },
            Mail::AccountChanged { name: &name, change: AccountChange::Deleted },
            Mail::Invite { org: &org, invited_by, address: Some(&account), role: Role::Member, message: Some(&message), link: &link },
            Mail::Invite { org: &org, invited_by, address: None, role: Role::Admin, message: None, link: &link },
            Mail::Limit { org: &org, slug: &slug, warning: &near },
            Mail::Limit { org: &org, slug: &slug, warning: &Warning { level: Level::Reached, used: 100 << 30, ..near } },
        ];
        let mut all = String::new();
        for mail in mails {
            let draft = render(&mail, "https://build.example.com").unwrap();
            assert!(!draft.html.contains("<b>"), "a name must not become markup");
            all.extend(["=== ", &draft.subject, "\n\n", &draft.text, "\n--- html\n", &draft.html, "\n"]);
        }
        insta::assert_snapshot!(all);
    }

    #[test]
    fn an_invite_holds_no_link_but_its_own() {
        let org = OrgName::parse("You won! see http://evil.example/x and more than that, and more").unwrap();
        let message = InviteMessage::parse("Get it at www.evil.example\nor write to bob@evil.example").unwrap();
        let (mallory, link) = (Email::parse("mallory@example.com").unwrap(), PlainSecret::new("bkinv_0".to_owned()));
        let (address, message) = (Some(&mallory), Some(&message));
        let mail = Mail::Invite { org: &org, invited_by: "https://evil.example", address, role: Role::Member, message, link: &link };
        let draft = render(&mail, "https://build.example.com").unwrap();
        for part in [&draft.subject, &draft.text, &draft.html] {
            assert!(!part.contains("evil.example") && !part.contains("http://"), "{part}");
        }
        assert!(draft.subject.chars().count() < 120, "{}", draft.subject);
        assert!(draft.text.contains("mallory@example.com"), "who it was stands there: {}", draft.text);
    }
}
