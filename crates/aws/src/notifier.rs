//! The alert topic.

use async_trait::async_trait;
use aws_sdk_sns::Client;
use aws_sdk_sns::types::MessageAttributeValue;
use layerguard_core::ports::{Message, Notifier, PortError, PortErrorKind, PortResult};

use crate::error::failed;

/// What SNS allows for a subject.
const SUBJECT_CHARACTERS: usize = 100;

/// An existing SNS topic.
#[derive(Debug, Clone)]
pub struct AlertTopic {
    client: Client,
    arn: String,
}

impl AlertTopic {
    pub(crate) fn new(client: Client, arn: impl Into<String>) -> Self {
        Self { client, arn: arn.into() }
    }
}

#[async_trait]
impl Notifier for AlertTopic {
    async fn publish(&self, message: &Message) -> PortResult<String> {
        let operation = "publish to the alert topic".to_owned();
        let mut publish = self
            .client
            .publish()
            .topic_arn(&self.arn)
            .subject(subject(&message.subject))
            .message_structure("json")
            .message(structure(&message.body, &message.chat));
        for (name, value) in message.attributes.iter().filter(|(_, value)| !value.is_empty()) {
            let value = MessageAttributeValue::builder().data_type("String").string_value(value).build();
            let value = value.map_err(|_| PortError {
                operation: operation.clone(),
                kind: PortErrorKind::Refused("a message attribute could not be built".to_owned()),
            })?;
            publish = publish.message_attributes(name, value);
        }
        let answer = publish.send().await.map_err(failed(operation))?;
        Ok(answer.message_id.unwrap_or_default())
    }
}

/// The message per kind of subscription: text for people, the chat schema for `https` (AWS facts, section 12).
fn structure(body: &str, chat: &str) -> String {
    serde_json::json!({"default": body, "https": chat}).to_string()
}

/// A subject that SNS accepts. An alert must not be lost because of a character in its subject.
fn subject(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    let subject: String = text.trim().chars().map(plain).take(SUBJECT_CHARACTERS).collect();
    if subject.is_empty() { "layerguard".to_owned() } else { subject }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_one_line_of_ascii() {
        assert_eq!(subject("approve\u{202e}?\n now é"), "approve??? now ?");
        assert_eq!(subject(&"x".repeat(300)).len(), 100);
        assert_eq!(subject("  "), "layerguard");
    }

    #[test]
    fn the_chat_form_travels_as_text() {
        let structure: serde_json::Value =
            serde_json::from_str(&structure("plain \"text\"", "{\"version\":\"1.0\"}")).unwrap();
        assert_eq!(structure["default"], "plain \"text\"");
        assert_eq!(structure["https"], "{\"version\":\"1.0\"}");
    }
}
