//! What concerns accounts: `[auth]` and `[passwords]`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use karen_auth::{HashingConfig, PasswordPolicy};
use serde::{Deserialize, Serialize};

use super::{OidcSettings, Secret, within};
use crate::{Code, Error, Result};

/// `[auth]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuthSettings {
    /// Signs tokens and encrypts what is secret: at least 32 bytes. Empty: one is made at the first
    /// start and kept in the data folder, which a server that listens beyond this machine refuses.
    pub secret: Secret,
    /// A file to read the secret from, instead of `secret`: its first line. Further lines are
    /// secrets that were in use before.
    pub secret_file: PathBuf,
    /// A program that prints what `secret_file` would hold, and its arguments, such as
    /// `["pass", "show", "karen"]`. It is run at every start, without a shell, for 30 seconds at most.
    pub secret_command: Vec<String>,
    /// Secrets that were in use before: what they have signed and encrypted is still good.
    pub earlier_secrets: Vec<Secret>,
    /// What access tokens are signed with. All but `HS256` can be checked by others, with the keys
    /// at `/.well-known/jwks.json`.
    pub signing: SigningSetting,
    /// Days for which a key signs, 1 to 3,650. `HS256` has no keys to change.
    pub rotate_days: u32,
    /// Whether strangers may make themselves an account.
    pub registration: Registration,
    /// Providers that people may sign in with, by a name of lower-case letters, digits and hyphens,
    /// each a table such as `{ issuer = "https://accounts.example.com", client_id = "karen" }`.
    pub oidc: BTreeMap<String, OidcSettings>,
    /// Minutes an access token is good for, 1 to 60.
    pub access_minutes: u32,
    /// Days after which a session ends however much it is used, 1 to 365.
    pub session_days: u32,
    /// Minutes after showing their credentials for which somebody may do what is dangerous, 1 to
    /// 1,440.
    pub recent_minutes: u32,
    /// Days for which entries of the audit log are kept, 0 to 3,650. 0: for ever.
    pub audit_days: u32,
    /// What people know the installation by, in their authenticator and in mails.
    pub display_name: String,
}

/// Who may make an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Registration {
    /// Only somebody who may manage users.
    #[default]
    Closed,
    /// Anybody who reaches the server.
    Open,
}

/// What access tokens are signed with (RFC 7518, RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum SigningSetting {
    /// A key made from the secret.
    #[default]
    #[serde(rename = "HS256")]
    Hs256,
    /// ECDSA on P-256; keys are kept in the database, encrypted, and rotated. So are the next two.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// RSA with 3,072 bits.
    #[serde(rename = "RS256")]
    Rs256,
}

/// `[passwords]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PasswordSettings {
    /// Characters of a password that stands alone, 8 to 128.
    pub chars_min: u32,
    /// Characters of a password beside a second factor, 8 to 128.
    pub chars_min_with_second_factor: u32,
    /// Earlier passwords that cannot come back, 0 to 24.
    pub history: u32,
    /// Memory of one argon2id hash in KiB, 12,288 to 1,048,576.
    pub memory_kib: u32,
    /// Passes of one hash over its memory, 1 to 20.
    pub passes: u32,
    /// Hashes at once, 0 to 256. 0: one a core.
    pub at_once: u32,
    /// A list of breached passwords that is asked for the first five digits of a new one's SHA-1,
    /// such as `https://api.pwnedpasswords.com/range/`. Empty: nobody is asked.
    pub breach_list: String,
    /// Whether new passwords are refused while that list does not answer.
    pub breach_list_required: bool,
}

impl Default for AuthSettings {
    fn default() -> Self {
        Self {
            secret: Secret::default(),
            secret_file: PathBuf::new(),
            secret_command: Vec::new(),
            earlier_secrets: Vec::new(),
            signing: SigningSetting::default(),
            rotate_days: 90,
            registration: Registration::default(),
            oidc: BTreeMap::new(),
            access_minutes: 5,
            session_days: 30,
            recent_minutes: 10,
            audit_days: 0,
            display_name: "Karen".to_owned(),
        }
    }
}

impl Default for PasswordSettings {
    fn default() -> Self {
        let (policy, hashing) = (PasswordPolicy::default(), HashingConfig::default());
        Self {
            chars_min: policy.chars_min,
            chars_min_with_second_factor: policy.chars_min_with_second_factor,
            history: policy.history,
            memory_kib: hashing.memory_kib,
            passes: hashing.passes,
            at_once: 0,
            breach_list: String::new(),
            breach_list_required: false,
        }
    }
}

impl AuthSettings {
    pub(super) fn validate(&self) -> Result<()> {
        within("auth.access_minutes", self.access_minutes, 1, 60)?;
        within("auth.session_days", self.session_days, 1, 365)?;
        within("auth.recent_minutes", self.recent_minutes, 1, 1440)?;
        within("auth.rotate_days", self.rotate_days, 1, 3650)?;
        within("auth.audit_days", self.audit_days, 0, 3650)?;
        for (name, provider) in &self.oidc {
            provider.validate(name)?;
        }
        if self.display_name.trim().is_empty() {
            let message = "auth.display_name is empty: say what people know the installation by";
            return Err(Error::new(Code::InvalidArgument, message));
        }
        if self.secret_sources() > 1 {
            let message = "set one of auth.secret, auth.secret_file and auth.secret_command";
            return Err(Error::new(Code::InvalidArgument, message));
        }
        Ok(())
    }

    /// Whether the secret comes from anywhere but the data folder.
    #[must_use]
    pub fn has_secret(&self) -> bool {
        self.secret_sources() > 0
    }

    fn secret_sources(&self) -> usize {
        let sources = [
            !self.secret.is_empty(),
            !self.secret_file.as_os_str().is_empty(),
            !self.secret_command.is_empty(),
        ];
        sources.into_iter().filter(|is_set| *is_set).count()
    }
}

impl PasswordSettings {
    pub(super) fn validate(&self) -> Result<()> {
        let beside = self.chars_min_with_second_factor;
        within("passwords.chars_min", self.chars_min, 8, 128)?;
        within("passwords.chars_min_with_second_factor", beside, 8, 128)?;
        within("passwords.history", self.history, 0, 24)?;
        within("passwords.memory_kib", self.memory_kib, 12_288, 1 << 20)?;
        within("passwords.passes", self.passes, 1, 20)?;
        within("passwords.at_once", self.at_once, 0, 256)
    }
}
