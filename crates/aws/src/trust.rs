//! Which certificate authorities are trusted.
//!
//! To parse the hundreds of roots of a system is most of a function's cold start. A function in a commercial region talks to AWS alone,
//! whose endpoints stand under Amazon's own few roots; it begins with those. This is a choice and not a pin: whoever names a bundle of
//! authorities or a proxy, for example because their network looks into TLS, gets what they named, and so do all other partitions and
//! every command line.

use std::path::{Path, PathBuf};

use aws_smithy_http_client::tls::{TlsContext, TrustStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

/// The roots of Amazon Trust Services.
const AMAZON: &[u8] = include_bytes!("../certs/amazon.pem");

/// Variables that name authorities for the system's store, and those that name a proxy, which may have authorities of its own.
const SYSTEM: [&str; 8] = [
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
];

/// Beginnings of the names of commercial regions, and of those of other partitions that begin alike.
const COMMERCIAL: [&str; 10] = ["us-", "eu-", "ap-", "ca-", "sa-", "me-", "af-", "il-", "mx-", "nz-"];
const ELSEWHERE: [&str; 4] = ["us-gov-", "us-iso", "eu-iso", "eusc-"];

/// Who is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Trust {
    /// The authorities in this file (`AWS_CA_BUNDLE`, as the AWS command line and the other SDKs read it).
    Bundle(PathBuf),
    /// Those of the system.
    System,
    /// Amazon's own.
    Amazon,
}

impl Trust {
    /// What an environment asks for.
    fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let stated = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        if let Some(bundle) = stated("AWS_CA_BUNDLE") {
            return Self::Bundle(PathBuf::from(bundle));
        }
        let is_function = stated("AWS_LAMBDA_RUNTIME_API").is_some();
        let is_commercial = stated("AWS_REGION").is_some_and(|region| {
            COMMERCIAL.iter().any(|name| region.starts_with(name))
                && !ELSEWHERE.iter().any(|name| region.starts_with(name))
        });
        if is_function && is_commercial && !SYSTEM.iter().any(|name| stated(name).is_some()) {
            return Self::Amazon;
        }
        Self::System
    }

    fn store(&self) -> TrustStore {
        match self {
            Self::Amazon => TrustStore::empty().with_pem_certificate(AMAZON),
            Self::System => TrustStore::default(),
            Self::Bundle(path) => match bundle(path) {
                Ok(bundle) => TrustStore::empty().with_pem_certificate(bundle),
                Err(error) => {
                    let path = path.display().to_string();
                    tracing::error!(
                        path,
                        error,
                        "could not read AWS_CA_BUNDLE; the system's authorities are trusted instead"
                    );
                    TrustStore::default()
                }
            },
        }
    }
}

/// The text of a bundle. Looked at before, because the SDK ends the program over one that is no PEM.
fn bundle(path: &Path) -> Result<Vec<u8>, String> {
    let text = std::fs::read(path).map_err(|error| error.to_string())?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match certificates {
        Ok(certificates) if certificates.is_empty() => Err("there is no certificate in it".to_owned()),
        Ok(_) => Ok(text),
        Err(error) => Err(error.to_string()),
    }
}

/// How TLS is spoken here; `None` for the SDK's own way.
pub(crate) fn context() -> Option<TlsContext> {
    let trust = Trust::of(|name| std::env::var(name).ok());
    TlsContext::builder().with_trust_store(trust.store()).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Trust {
        Trust::of(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    const FUNCTION: (&str, &str) = ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001");

    #[test]
    fn a_function_in_a_commercial_region_trusts_amazon() {
        for region in ["eu-central-1", "us-east-1", "ap-southeast-7", "mx-central-1"] {
            assert_eq!(of(&[FUNCTION, ("AWS_REGION", region)]), Trust::Amazon, "{region}");
        }
    }

    #[test]
    fn other_partitions_unknown_regions_and_people_trust_the_system() {
        for region in
            ["cn-north-1", "us-gov-west-1", "us-iso-east-1", "eu-isoe-west-1", "eusc-de-east-1", "xx-new-1", ""]
        {
            assert_eq!(of(&[FUNCTION, ("AWS_REGION", region)]), Trust::System, "{region}");
        }
        assert_eq!(of(&[("AWS_REGION", "eu-central-1")]), Trust::System);
    }

    #[test]
    fn what_is_named_is_trusted() {
        let region = ("AWS_REGION", "eu-central-1");
        assert_eq!(of(&[FUNCTION, region, ("HTTPS_PROXY", "http://192.0.2.1:3128")]), Trust::System);
        assert_eq!(of(&[FUNCTION, region, ("SSL_CERT_FILE", "/opt/ca.pem")]), Trust::System);
        assert_eq!(of(&[FUNCTION, region, ("AWS_CA_BUNDLE", "/opt/ca.pem")]), Trust::Bundle("/opt/ca.pem".into()));
        assert_eq!(of(&[FUNCTION, region, ("AWS_CA_BUNDLE", " ")]), Trust::Amazon);
    }

    #[test]
    fn a_bundle_that_is_none_is_not_taken() {
        let certs = Path::new(env!("CARGO_MANIFEST_DIR")).join("certs/amazon.pem");
        assert!(bundle(&certs).is_ok());
        assert!(bundle(Path::new(file!())).is_err() && bundle(Path::new("/nonexistent")).is_err());
        assert!(bundle(&Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).is_err());
    }

    #[test]
    fn amazons_roots_are_read() {
        assert!(TlsContext::builder().with_trust_store(Trust::Amazon.store()).build().is_ok());
        let text = String::from_utf8_lossy(AMAZON);
        assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 5);
    }
}
