//! Whom passkeys are made for: this installation, by the address that people reach it at.

use std::net::IpAddr;

/// The id and the origin of the installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RelyingParty {
    /// The host's name.
    pub(crate) id: String,
    /// Scheme, host and port, as browsers write them.
    pub(crate) origin: String,
}

impl RelyingParty {
    /// `None` where browsers make no passkeys: they ask for a name, and for TLS unless it is
    /// `localhost` (Web Authentication Level 2, sections 5.1.3 and 13.4.9).
    pub(crate) fn of(public_url: &str) -> Option<Self> {
        let (scheme, rest) = public_url.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        let (scheme, authority) = (scheme.to_ascii_lowercase(), authority.to_ascii_lowercase());
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority.as_str(), None),
        };
        if !is_name(host) || !is_secure(&scheme, host) {
            return None;
        }
        let usual = if scheme == "https" { "443" } else { "80" };
        let origin = match port.filter(|port| *port != usual) {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        };
        Some(Self {
            id: host.to_owned(),
            origin,
        })
    }
}

fn is_name(host: &str) -> bool {
    let is_letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
    !host.is_empty() && host.bytes().all(is_letter) && host.parse::<IpAddr>().is_err()
}

fn is_secure(scheme: &str, host: &str) -> bool {
    scheme == "https" || (scheme == "http" && (host == "localhost" || host.ends_with(".localhost")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_url_says_who_the_relying_party_is() {
        for (url, id, origin) in [
            (
                "https://karen.example.com",
                "karen.example.com",
                "https://karen.example.com",
            ),
            (
                "https://Karen.example.com:443/chat",
                "karen.example.com",
                "https://karen.example.com",
            ),
            (
                "https://karen.example.com:8443",
                "karen.example.com",
                "https://karen.example.com:8443",
            ),
            (
                "http://localhost:8000",
                "localhost",
                "http://localhost:8000",
            ),
            ("http://localhost", "localhost", "http://localhost"),
        ] {
            let found = RelyingParty::of(url).expect(url);
            assert_eq!((found.id.as_str(), found.origin.as_str()), (id, origin));
        }
    }

    #[test]
    fn where_browsers_make_no_passkeys_there_is_none() {
        for url in [
            "http://127.0.0.1:8000",
            "https://10.0.0.1",
            "https://[::1]:8000",
            "http://karen.example.com",
            "http://localhost.example.com",
            "https://ada@karen.example.com",
            "ftp://karen.example.com",
            "karen.example.com",
            "https://",
            "",
        ] {
            assert_eq!(RelyingParty::of(url), None, "{url}");
        }
    }
}
