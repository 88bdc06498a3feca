//! Fresh tables for each test, and events to put into them.

use std::sync::atomic::{AtomicU32, Ordering};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use jiff::Timestamp;
use layerguard_aws::config::{Aws, Settings};
use layerguard_aws::{AuditTable, StateTable};
use layerguard_core::cloudtrail::{Event, Origin, Principal};
use layerguard_core::engine::{Assessment, FiredRule, Severity, Verdict};
use layerguard_core::incident::{IncidentEvent, IncidentKey};

pub(crate) const REGION: &str = "eu-central-1";

/// The emulator, with what a test needs of it.
pub(crate) struct World {
    /// The root of the emulator's account.
    pub(crate) aws: Aws,
    pub(crate) sdk: SdkConfig,
    unique: String,
}

impl World {
    /// `None`, and a line that says so, where no emulator is named.
    pub(crate) async fn open(test: &str) -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let Some(endpoint) = std::env::var("LAYERGUARD_TEST_ENDPOINT").ok().filter(|value| !value.is_empty()) else {
            println!("skipped `{test}`: LAYERGUARD_TEST_ENDPOINT names no emulator");
            return None;
        };
        let settings =
            Settings { region: Some(REGION.to_owned()), endpoint_url: Some(endpoint.clone()), ..Settings::default() };
        let aws = Aws::load(&settings).await.unwrap().with_credentials("test", "test", None);
        let sdk = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .endpoint_url(&endpoint)
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .load()
            .await;
        let unique = format!("{}-{}", Timestamp::now().as_nanosecond(), COUNT.fetch_add(1, Ordering::Relaxed));
        Some(Self { aws, sdk, unique })
    }

    /// A name that nothing else has.
    pub(crate) fn name(&self, what: &str) -> String {
        format!("{what}-{}", self.unique)
    }

    pub(crate) async fn state(&self) -> StateTable {
        let name = self.name("state");
        let index = GlobalSecondaryIndex::builder()
            .index_name("by_listing")
            .key_schema(key("listing", KeyType::Hash))
            .key_schema(key("listed_at", KeyType::Range))
            .projection(Projection::builder().projection_type(ProjectionType::All).build())
            .build()
            .unwrap();
        let texts = ["pk", "sk", "listing", "listed_at"].map(|name| attribute(name, ScalarAttributeType::S));
        aws_sdk_dynamodb::Client::new(&self.sdk)
            .create_table()
            .table_name(&name)
            .set_attribute_definitions(Some(texts.to_vec()))
            .key_schema(key("pk", KeyType::Hash))
            .key_schema(key("sk", KeyType::Range))
            .global_secondary_indexes(index)
            .billing_mode(BillingMode::PayPerRequest)
            .send()
            .await
            .unwrap();
        self.aws.state_table(&name)
    }

    /// Write an item as somebody else does, past the ports.
    pub(crate) async fn put(&self, attributes: &[(&str, &str)]) {
        let item = attributes.iter().map(|(name, value)| ((*name).to_owned(), AttributeValue::S((*value).to_owned())));
        let put = aws_sdk_dynamodb::Client::new(&self.sdk).put_item().table_name(self.name("state"));
        put.set_item(Some(item.collect())).send().await.unwrap();
    }

    /// The content of the first record of a chain, as it stands in the table.
    pub(crate) async fn audit_body(&self, incident: &str) -> AttributeValue {
        let get = aws_sdk_dynamodb::Client::new(&self.sdk).get_item().table_name(self.name("audit"));
        let get = get.key("incident", AttributeValue::S(incident.to_owned())).key("seq", AttributeValue::N("0".into()));
        get.consistent_read(true).send().await.unwrap().item.unwrap().remove("body").unwrap()
    }

    pub(crate) async fn audit(&self) -> AuditTable {
        let name = self.name("audit");
        let copies = ["kind", "principals", "accounts", "rules", "partial"].map(str::to_owned).to_vec();
        let projection =
            Projection::builder().projection_type(ProjectionType::Include).set_non_key_attributes(Some(copies)).build();
        let index = GlobalSecondaryIndex::builder()
            .index_name("by_day")
            .key_schema(key("day", KeyType::Hash))
            .key_schema(key("at", KeyType::Range))
            .projection(projection)
            .build()
            .unwrap();
        aws_sdk_dynamodb::Client::new(&self.sdk)
            .create_table()
            .table_name(&name)
            .attribute_definitions(attribute("incident", ScalarAttributeType::S))
            .attribute_definitions(attribute("seq", ScalarAttributeType::N))
            .attribute_definitions(attribute("day", ScalarAttributeType::S))
            .attribute_definitions(attribute("at", ScalarAttributeType::S))
            .global_secondary_indexes(index)
            .key_schema(key("incident", KeyType::Hash))
            .key_schema(key("seq", KeyType::Range))
            .billing_mode(BillingMode::PayPerRequest)
            .send()
            .await
            .unwrap();
        self.aws.audit_table(&name)
    }
}

fn attribute(name: &str, kind: ScalarAttributeType) -> AttributeDefinition {
    AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
}

fn key(name: &str, kind: KeyType) -> KeySchemaElement {
    KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// An incident's key, for a session of this name.
pub(crate) fn incident_key(session: &str) -> IncidentKey {
    IncidentKey {
        family: "exfiltration".to_owned(),
        subject: format!("AROAEXAMPLEID:{session}"),
        account: "111122223333".to_owned(),
        region: REGION.to_owned(),
    }
}

pub(crate) fn event(id: &str, time: &str) -> Event {
    Event {
        event_id: id.to_owned(),
        dedupe_id: id.to_owned(),
        is_shared: false,
        time: at(time),
        source_service: "ecr.amazonaws.com".to_owned(),
        name: "GetDownloadUrlForLayer".to_owned(),
        region: Some(REGION.to_owned()),
        recipient_account: Some("111122223333".to_owned()),
        principal: Principal { access_key: Some("ASIAIOSFODNN7EXAMPLE".to_owned()), ..Principal::unknown() },
        origin: Origin::Address("203.0.113.7".parse().unwrap()),
        vpc_endpoint: None,
        user_agent: Some("docker/27".to_owned()),
        error_code: None,
        call: None,
        flaws: Vec::new(),
        unreadable: Vec::new(),
    }
}

/// An event that violated a rule.
pub(crate) fn violation(id: &str, time: &str) -> IncidentEvent {
    let rule = FiredRule {
        id: "ecr_layer_download_unlisted_principal".to_owned(),
        title: "a layer was downloaded by a principal that is not listed".to_owned(),
        family: "exfiltration".to_owned(),
        severity: Severity::High,
        playbook: "layer_download".to_owned(),
        attack: "T1530".to_owned(),
        controls: String::new(),
        exception: None,
    };
    IncidentEvent {
        event: event(id, time),
        facts: None,
        assessment: Assessment {
            verdict: Verdict::Violation,
            rules: vec![rule],
            reasons: Vec::new(),
            errors: Vec::new(),
            policy_version: "test".to_owned(),
        },
        record_hash: "ab".repeat(32),
    }
}
