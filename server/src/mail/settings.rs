//! What the settings say about mail.

use std::net::IpAddr;

use lettre::message::Mailbox;

use crate::config::Config;

/// Host and options of an address such as `smtp://user:password@host:587?tls=required`.
fn parts(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (authority, query) = rest.split_once('?').unwrap_or((rest, ""));
    let authority = authority.split('/').next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    (without_port(host), query)
}

fn without_port(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(literal) => literal.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

impl Config {
    /// The name of this server among mail servers: the setting, the host of `public_url`, or the domain of the sender where
    /// that is a number. Mail servers distrust whoever calls itself `[127.0.0.1]`.
    pub fn mail_host(&self) -> String {
        if let Some(host) = &self.mail_host {
            return host.clone();
        }
        let public_url = self.public_url();
        let (host, _) = parts(&public_url);
        if is_host_name(host) && host != "localhost" {
            return host.to_owned();
        }
        self.mail_from.parse::<Mailbox>().map_or_else(|_| "localhost".to_owned(), |sender| sender.email.domain().to_owned())
    }

    /// What is wrong with the way to the mail server: links and passwords must not cross a network in clear.
    pub fn mail_warning(&self) -> Option<String> {
        let url = self.smtp_url.as_deref()?;
        let (host, query) = parts(url);
        let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let is_safe = url.starts_with("smtps://") || query.split('&').any(|option| option == "tls=required" || option == "tls=wrapper");
        (!is_here && !is_safe).then(|| {
            format!(
                "mail, with its links and the password for the mail server, goes to {host} without TLS; add ?tls=required to `smtp_url`"
            )
        })
    }
}

/// Whether mail servers take this for the name of a host (RFC 5321, 4.1.2).
pub fn is_host_name(host: &str) -> bool {
    let fits = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    host.len() <= 253 && host.split('.').all(fits) && host.parse::<IpAddr>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_url(public_url: &str) -> Config {
        Config { public_url: Some(public_url.to_owned()), mail_from: "Keep <keep@mail.example.com>".to_owned(), ..Config::default() }
    }

    #[test]
    fn the_server_has_a_name_among_mail_servers() {
        for (url, host) in [
            ("https://build.example.com", "build.example.com"),
            ("https://build.example.com:8443/", "build.example.com"),
            ("http://192.0.2.7:3000", "mail.example.com"),
            ("http://[2001:db8::1]:3000", "mail.example.com"),
            ("http://localhost:3000", "mail.example.com"),
        ] {
            assert_eq!(with_url(url).mail_host(), host, "{url}");
        }
        assert_eq!(Config::default().mail_host(), "localhost");
        assert_eq!(
            Config { mail_host: Some("mx.example.com".to_owned()), ..with_url("https://x.example.com") }.mail_host(),
            "mx.example.com"
        );
    }

    #[test]
    fn a_way_to_the_mail_server_in_clear_is_told() {
        for (url, safe) in [
            ("smtp://user:secret@mail.example.com:587?tls=required", true),
            ("smtps://user:secret@mail.example.com", true),
            ("smtp://127.0.0.1:25", true),
            ("smtp://localhost", true),
            ("smtp://[::1]:25", true),
            ("smtp://user:secret@mail.example.com:587", false),
            ("smtp://user:secret@mail.example.com?tls=opportunistic", false),
            ("smtp://10.0.0.5", false),
            ("smtp://127.0.0.1@mail.example.com", false),
        ] {
            let warning = Config { smtp_url: Some(url.to_owned()), ..Config::default() }.mail_warning();
            assert_eq!(warning.is_none(), safe, "{url}: {warning:?}");
            assert!(!warning.unwrap_or_default().contains("secret"), "{url}");
        }
        assert_eq!(Config::default().mail_warning(), None);
    }
}
