//! One HTTP connector for everything: the SDK's clients and the proof of identity. Its certificates are read once, its
//! connections are shared.

use std::time::Duration;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Connector, ConnectorBuilder};
use aws_smithy_runtime_api::client::http::{
    HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};

use crate::trust;

/// How long a connection may take. Far below a function's own limit, so that there is time for another attempt.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long an answer may take to begin.
pub(crate) const READ_TIMEOUT: Duration = Duration::from_secs(4);

/// The connector; honours the usual proxy variables, as the SDK does.
pub(crate) fn connector() -> SharedHttpConnector {
    let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT).build();
    let builder: ConnectorBuilder = Connector::builder();
    let builder = builder
        .connector_settings(settings)
        .proxy_config(ProxyConfig::from_env())
        .tls_provider(Provider::Rustls(CryptoMode::Ring));
    let connector = match trust::context() {
        Some(context) => builder.tls_context(context).build(),
        None => builder.build(),
    };
    SharedHttpConnector::new(connector)
}

/// The client that all SDK clients share.
pub(crate) fn client(connector: &SharedHttpConnector) -> SharedHttpClient {
    let connector = connector.clone();
    http_client_fn(move |_, _| connector.clone())
}
