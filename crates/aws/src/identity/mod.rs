//! Proof of identity: a person signs an `sts:GetCallerIdentity` request that names what is answered, and STS says who signed it.

mod answer;
mod proof;
mod sign;

pub use layerguard_core::approval::Statement;
pub use proof::Sts;

pub(crate) use sign::sign;

/// Scheme, host and port of an endpoint, and the host and port alone; `None` when it is no `http` or `https` URL.
pub(crate) fn origin(endpoint: &str) -> Option<(String, String)> {
    let (scheme, rest) = endpoint.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let plain = !authority.is_empty() && !authority.contains(['@', ' ']);
    (plain && matches!(scheme, "http" | "https")).then(|| (format!("{scheme}://{authority}"), authority.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let (origin_of, host) = origin("http://127.0.0.1:4566/").unwrap();
        assert_eq!((origin_of.as_str(), host.as_str()), ("http://127.0.0.1:4566", "127.0.0.1:4566"));
        assert_eq!(origin("https://sts.eu-central-1.amazonaws.com").unwrap().1, "sts.eu-central-1.amazonaws.com");
        assert!(origin("https://sts.amazonaws.com@203.0.113.7/").is_none());
        assert!(origin("file:///etc/passwd").is_none());
        assert!(origin("sts.amazonaws.com").is_none());
    }
}
