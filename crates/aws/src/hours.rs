//! How far reconciling is, in the state table; which calls have their record, in the audit table; and the states of rules.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use aws_sdk_dynamodb::types::KeysAndAttributes;
use aws_sdk_eventbridge::Client;
use jiff::{SignedDuration, Timestamp};
use layerguard_core::ports::{
    AssessedCalls, HourDone, HourStore, PortError, PortErrorKind, PortResult, RuleNow, RuleStates,
};

use crate::AuditTable;
use crate::error::{failed, unreadable};
use crate::table::{
    EXPIRES_AT, Item, Range, StateTable, document, item, number, read_document, read_text, sortable, text,
};

/// How long it is kept which hours are done. The proof is the record, which stays.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);

/// The first record of a chain.
const FIRST: u8 = 0;

/// How often what DynamoDB left out of a batch is asked for again.
const ROUNDS: u32 = 8;

#[async_trait]
impl HourStore for StateTable {
    async fn hours_done(&self, account: &str, region: &str, since: Timestamp) -> PortResult<Vec<HourDone>> {
        let operation = "read which hours are reconciled";
        let range = Range::Between(sort(since), sort(Timestamp::MAX));
        let items = self.query(operation, &partition(account, region), range).await?;
        items.iter().map(|item| read_document(operation, item)).collect()
    }

    async fn put_hour(&self, account: &str, region: &str, done: &HourDone) -> PortResult<()> {
        let operation = format!("keep that the hour {} is reconciled", done.hour);
        let mut stored = item(partition(account, region), sort(done.hour));
        let expires = done.covered_until.checked_add(KEPT).unwrap_or(Timestamp::MAX);
        stored.insert(EXPIRES_AT.to_owned(), number(expires.as_second()));
        stored.insert("doc".to_owned(), document(&operation, done)?);
        self.put(&operation, stored).await
    }
}

fn partition(account: &str, region: &str) -> String {
    format!("reconcile#{account}#{region}")
}

fn sort(hour: Timestamp) -> String {
    format!("hour#{}", sortable(hour))
}

#[async_trait]
impl AssessedCalls for AuditTable {
    async fn assessed(&self, chains: &[String]) -> PortResult<BTreeMap<String, Timestamp>> {
        let operation = "tell which calls have their record";
        let mut found = BTreeMap::new();
        for some in chains.chunks(100) {
            let mut keys: Vec<Item> = some.iter().map(|chain| key(chain)).collect();
            for _ in 0..ROUNDS {
                if keys.is_empty() {
                    break;
                }
                let (items, left) = self.batch(operation, keys).await?;
                for item in items {
                    let time = read_text(operation, &item, "time")?;
                    let time = time.parse().map_err(|_| unreadable(operation, "attribute `time`"))?;
                    found.insert(read_text(operation, &item, "incident")?.to_owned(), time);
                }
                keys = left;
            }
            if !keys.is_empty() {
                let kind = PortErrorKind::Unavailable("the table left out a part each time".to_owned());
                return Err(PortError { operation: operation.to_owned(), kind });
            }
        }
        Ok(found)
    }
}

fn key(chain: &str) -> Item {
    HashMap::from([("incident".to_owned(), text(chain)), ("seq".to_owned(), number(FIRST))])
}

impl AuditTable {
    /// Some items of a batch, and the keys that were left out. Read without consistency, which costs half: what is asked about happened
    /// half an hour ago.
    async fn batch(&self, operation: &str, keys: Vec<Item>) -> PortResult<(Vec<Item>, Vec<Item>)> {
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(keys))
            .projection_expression("incident, #time")
            .expression_attribute_names("#time", "time")
            .build()
            .map_err(|_| unreadable(operation, "the request"))?;
        let sent = self.client.batch_get_item().request_items(&self.name, wanted).send().await;
        let answer = sent.map_err(failed(operation))?;
        let left = answer.unprocessed_keys.into_iter().flatten().flat_map(|(_, keys)| keys.keys).collect();
        Ok((answer.responses.into_iter().flatten().flat_map(|(_, items)| items).collect(), left))
    }
}

/// The rules of the default event bus.
#[derive(Debug, Clone)]
pub struct BusRules(Client);

impl BusRules {
    pub(crate) const fn new(client: Client) -> Self {
        Self(client)
    }
}

#[async_trait]
impl RuleStates for BusRules {
    async fn rule_state(&self, name: &str) -> PortResult<Option<RuleNow>> {
        match self.0.describe_rule().name(name).send().await {
            Ok(rule) => Ok(rule.state().map(|state| RuleNow {
                state: state.as_str().to_owned(),
                pattern: rule.event_pattern().map(str::to_owned),
            })),
            Err(error) => {
                let error = failed(format!("read the state of rule `{name}`"))(error);
                if error.kind == PortErrorKind::NotFound { Ok(None) } else { Err(error) }
            }
        }
    }
}
