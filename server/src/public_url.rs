//! The address under which people and nx reach this server, in the one spelling in which browsers compare it.

use url::Url;

/// `https://build.example.com` for every way to write it: lower case, names in Punycode, no default port, no slash at the end.
/// Or what is wrong with it.
pub fn normalised(text: &str) -> Result<String, &'static str> {
    const SHAPE: &str = "write it as https://build.example.com";
    let text = text.trim();
    // The standard's parser mends much that is only a mistake here.
    if text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\') || !text.contains("://") {
        return Err(SHAPE);
    }
    let mut url = Url::parse(text).map_err(|_| SHAPE)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("begin it with https:// or http://");
    }
    if text.contains('@') {
        return Err("leave out user name and password");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("leave out what begins with ? or #");
    }
    if url.path() != "/" {
        return Err("leave out the path: Buildkeep has its host, or its port, for itself");
    }
    if url.port() == Some(0) {
        return Err(SHAPE);
    }
    if let Some(host) = url.domain().and_then(|host| host.strip_suffix('.')).map(ToOwned::to_owned) {
        url.set_host(Some(&host)).map_err(|_| SHAPE)?;
    }
    Ok(url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_an_address_becomes_the_one_of_browsers() {
        for (text, origin) in [
            ("https://build.example.com", "https://build.example.com"),
            ("https://build.example.com/", "https://build.example.com"),
            ("https://Build.EXAMPLE.com:443", "https://build.example.com"),
            ("HTTPS://build.example.com:8443/", "https://build.example.com:8443"),
            ("http://build.example.com:80", "http://build.example.com"),
            ("http://build.example.com:443", "http://build.example.com:443"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
            ("https://build.example.com.", "https://build.example.com"),
            (" https://build.example.com\n", "https://build.example.com"),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("http://[::1]:3000", "http://[::1]:3000"),
            ("http://[2001:DB8:0::1]", "http://[2001:db8::1]"),
            ("http://localhost:3000", "http://localhost:3000"),
        ] {
            assert_eq!(normalised(text).as_deref(), Ok(origin), "{text}");
            assert_eq!(normalised(origin).as_deref(), Ok(origin), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_of_a_host_is_refused() {
        for text in [
            "",
            "build.example.com",
            "https:build.example.com",
            "https:\\\\build.example.com",
            "https://",
            "https:///",
            "https://.",
            "https://build.example.com/buildkeep",
            "https://build.example.com//",
            "https://build.example.com?",
            "https://build.example.com/?a=b",
            "https://build.example.com#",
            "https://ada@build.example.com",
            "https://ada:secret@build.example.com",
            "https://@build.example.com",
            "ftp://build.example.com",
            "file:///srv",
            "javascript://build.example.com",
            "https://build.example.com:0",
            "https://build.example.com:99999",
            "https://build example.com",
            "https://build.exa\tmple.com",
        ] {
            assert!(normalised(text).is_err(), "{text}: {:?}", normalised(text));
        }
    }
}
