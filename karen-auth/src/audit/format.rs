//! Entries as lines of text, for whatever collects logs.

use jiff::Timestamp;
use serde_json::json;

use super::{AuditEntry, Outcome};
use crate::AccountId;

/// How entries are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuditFormat {
    /// A JSON object a line.
    JsonLines,
    /// Syslog of RFC 5424, with the facility `log audit` and the entry as structured data.
    Syslog,
}

/// The facility of audit logs, and the severities informational and warning (RFC 5424 section 6.2.1).
const FACILITY: u8 = 13;
const INFORMATIONAL: u8 = 6;
const WARNING: u8 = 4;
/// The private enterprise number that is set aside for what has none of its own (RFC 5612).
const ENTERPRISE: &str = "32473";

impl AuditEntry {
    /// The entry as one line, without its end.
    #[must_use]
    pub fn line(&self, format: AuditFormat) -> String {
        match format {
            AuditFormat::JsonLines => self.json(),
            AuditFormat::Syslog => self.syslog(),
        }
    }

    fn json(&self) -> String {
        let event = &self.event;
        let line = json!({
            "tenant": event.tenant.as_str(),
            "seq": self.seq,
            "at": event.at_ms,
            "action": event.action.as_str(),
            "outcome": event.outcome.as_str(),
            "actor": event.actor.as_ref().map(AccountId::as_str),
            "subject": event.subject,
            "address": event.address.map(|address| address.to_string()),
            "hash": self.hash_hex(),
        });
        line.to_string()
    }

    fn syslog(&self) -> String {
        let event = &self.event;
        let severity = match event.outcome {
            Outcome::Allowed => INFORMATIONAL,
            Outcome::Refused => WARNING,
        };
        let priority = FACILITY * 8 + severity;
        let time = Timestamp::from_millisecond(event.at_ms).unwrap_or_default();
        let address = event.address.map(|address| address.to_string());
        let (seq, hash) = (self.seq.to_string(), self.hash_hex());
        let fields = [
            ("tenant", Some(event.tenant.as_str())),
            ("seq", Some(&seq)),
            ("outcome", Some(event.outcome.as_str())),
            ("actor", event.actor.as_ref().map(AccountId::as_str)),
            ("subject", event.subject.as_deref()),
            ("address", address.as_deref()),
            ("hash", Some(&hash)),
        ];
        let fields = fields.into_iter();
        let fields = fields.filter_map(|(name, value)| value.map(|value| parameter(name, value)));
        let (fields, action): (String, _) = (fields.collect(), event.action);
        format!("<{priority}>1 {time:.3} - karen - {action} [audit@{ENTERPRISE}{fields}]")
    }

    fn hash_hex(&self) -> String {
        self.hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A parameter of structured data; quotes, backslashes and brackets are escaped (section 6.3.3).
fn parameter(name: &str, value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for character in value.chars() {
        if matches!(character, '"' | '\\' | ']') {
            escaped.push('\\');
        }
        // A line is one entry, whatever somebody wrote.
        escaped.push(if character.is_control() {
            ' '
        } else {
            character
        });
    }
    format!(" {name}=\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AuditAction, AuditEvent, TenantId};

    fn entry(subject: &str) -> AuditEntry {
        AuditEntry {
            seq: 7,
            event: AuditEvent {
                tenant: TenantId::default(),
                at_ms: 1_700_000_000_123,
                action: AuditAction::LogIn,
                outcome: Outcome::Refused,
                actor: None,
                subject: Some(subject.to_owned()),
                address: Some("192.0.2.7".parse().expect("an address")),
            },
            hash: [0xab; 32],
        }
    }

    #[test]
    fn a_line_of_syslog_is_this() {
        let hash = "ab".repeat(32);
        let expected = format!(
            "<108>1 2023-11-14T22:13:20.123Z - karen - login [audit@32473 tenant=\"default\" \
             seq=\"7\" outcome=\"refused\" subject=\"usr_1\" address=\"192.0.2.7\" hash=\"{hash}\"]"
        );
        assert_eq!(entry("usr_1").line(AuditFormat::Syslog), expected);
    }

    #[test]
    fn nobody_writes_an_entry_into_another() {
        let line = entry("a\"] x\\\r\n<13>1 forged").line(AuditFormat::Syslog);
        assert_eq!(line.lines().count(), 1);
        assert!(
            line.contains("subject=\"a\\\"\\] x\\\\  <13>1 forged\""),
            "{line}"
        );
        let line = entry("a\n{\"b\":1}").line(AuditFormat::JsonLines);
        assert_eq!(line.lines().count(), 1);
        let json: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(json["subject"], "a\n{\"b\":1}");
        assert_eq!((&json["seq"], &json["actor"]), (&json!(7), &json!(null)));
    }
}
