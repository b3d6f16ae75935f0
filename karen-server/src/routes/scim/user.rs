//! A user as directories have it: RFC 7643 section 4.1.

use jiff::Timestamp;
use karen_core::Code;
use karen_core::auth::{Account, AccountState, DirectoryEntry, Email};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::error::Refusal;
use crate::entity_tag::EntityTag;
use crate::problem::Problem;

pub(super) const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// A user.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ScimUser {
    schemas: [&'static str; 1],
    #[schema(example = "usr_01890a5d63ac7b1c8b4e1f9f2d3c4b5a")]
    id: String,
    /// The address that the account logs in with.
    #[schema(required = false, example = "grace@example.com")]
    user_name: String,
    #[schema(required = false, example = "Grace Hopper")]
    display_name: String,
    #[schema(required = false)]
    name: ScimName,
    #[schema(required = false)]
    emails: Vec<ScimEmail>,
    /// Whether it may log in.
    #[schema(required = false)]
    active: bool,
    #[schema(required = false)]
    meta: ScimMeta,
}

#[derive(Serialize, ToSchema)]
pub(super) struct ScimName {
    /// The `displayName`.
    #[schema(required = false)]
    formatted: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct ScimEmail {
    /// The `userName`.
    #[schema(required = false)]
    value: String,
    #[schema(required = false)]
    primary: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ScimMeta {
    #[schema(required = false)]
    resource_type: &'static str,
    #[schema(required = false, format = DateTime)]
    created: String,
    #[schema(required = false)]
    location: String,
    /// What the header `ETag` says; it goes into `If-Match`.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
}

/// What a directory says of a user. Attributes beside these are ignored.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ScimUserRequest {
    /// The address that the account logs in with.
    #[schema(example = "grace@example.com")]
    pub(super) user_name: String,
    /// If absent the `name` counts, then what stands before the `@`.
    display_name: Option<String>,
    name: Option<ScimNameRequest>,
    /// Whether it may log in; a new account may if absent, another one as before.
    #[serde(default, deserialize_with = "truth_if_any")]
    #[schema(value_type = Option<bool>)]
    active: Option<bool>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ScimNameRequest {
    formatted: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
}

impl ScimUser {
    /// The user, with its place below `public_url`.
    pub(super) fn of(account: &Account, public_url: &str) -> Self {
        let created = Timestamp::from_millisecond(account.created_at_ms);
        let base = public_url.trim_end_matches('/');
        let mut user = Self {
            schemas: [SCHEMA],
            id: account.id.to_string(),
            user_name: account.email.as_str().to_owned(),
            display_name: account.name.clone(),
            name: ScimName {
                formatted: account.name.clone(),
            },
            emails: vec![ScimEmail {
                value: account.email.as_str().to_owned(),
                primary: true,
            }],
            active: account.state == AccountState::Active,
            meta: ScimMeta {
                resource_type: "User",
                created: created.unwrap_or_default().to_string(),
                location: format!("{base}/scim/v2/Users/{}", account.id),
                version: None,
            },
        };
        user.meta.version = Some(user.tag().as_str().to_owned());
        user
    }

    /// Names what the user is at this moment.
    pub(super) fn tag(&self) -> EntityTag {
        EntityTag::of(&(&self.id, &self.user_name, &self.display_name, self.active))
    }

    pub(super) fn location(&self) -> &str {
        &self.meta.location
    }
}

impl ScimUserRequest {
    /// What an account is to be; `before` says what it is, if it exists.
    pub(super) fn entry(self, before: Option<&Account>) -> Result<DirectoryEntry, Refusal> {
        let email = Email::parse(&self.user_name)?;
        let name = self
            .display_name
            .or(self.name.and_then(ScimNameRequest::whole));
        let was_active = before.is_none_or(|account| account.state == AccountState::Active);
        Ok(DirectoryEntry {
            name: name.unwrap_or_else(|| usual_name(&email, before)),
            email,
            state: state(self.active.unwrap_or(was_active)),
        })
    }
}

impl ScimNameRequest {
    fn whole(self) -> Option<String> {
        let parts = [self.given_name, self.family_name];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let joined = (!parts.is_empty()).then(|| parts.join(" "));
        self.formatted.or(joined)
    }
}

fn usual_name(email: &Email, before: Option<&Account>) -> String {
    let address = email.as_str();
    let local = address.rsplit_once('@').map_or(address, |(local, _)| local);
    before.map_or_else(|| local.chars().take(100).collect(), |a| a.name.clone())
}

pub(super) fn state(is_active: bool) -> AccountState {
    match is_active {
        true => AccountState::Active,
        false => AccountState::Disabled,
    }
}

/// The name of an attribute as it is compared: without the schema, in lower case.
pub(super) fn plain(attribute: &str) -> String {
    let lower = attribute.to_ascii_lowercase();
    let schema = format!("{}:", SCHEMA.to_ascii_lowercase());
    lower.strip_prefix(&schema).unwrap_or(&lower).to_owned()
}

/// A truth value; Microsoft Entra sends it as text.
pub(super) fn truth(value: &Value) -> Result<bool, Problem> {
    let text = value.as_str().map(str::to_ascii_lowercase);
    match (value, text.as_deref()) {
        (Value::Bool(truth), _) => Ok(*truth),
        (_, Some("true")) => Ok(true),
        (_, Some("false")) => Ok(false),
        _ => {
            let detail = "active is true or false";
            Err(Problem::new(Code::InvalidArgument, detail).at("/active"))
        }
    }
}

fn truth_if_any<'de, D: Deserializer<'de>>(json: D) -> Result<Option<bool>, D::Error> {
    let value = Option::<Value>::deserialize(json)?;
    let read = value.as_ref().map(truth).transpose();
    read.map_err(|problem| serde::de::Error::custom(&problem.detail))
}
