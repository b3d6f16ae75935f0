//! Opening accounts as the settings say.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use karen_auth::{
    Auth, AuthConfig, Breaches, Email, FileOutbox, HashingConfig, Mailer, PasswordPolicy,
    Registration as AuthRegistration, Signing, SigningAlgorithm,
};
use karen_sql::Database;

#[cfg(feature = "oidc")]
use crate::config::OidcSettings;
use crate::config::{
    AuthSettings, Config, MailSettings, MailTransport, PasswordSettings, Registration,
    SigningSetting,
};
use crate::folder::DataFolder;
use crate::secrets::Secrets;
use crate::{Code, Error, Result};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const OUTBOX: &str = "outbox";

pub(crate) async fn open_auth(
    config: &Config,
    database: &Database,
    folder: Option<&DataFolder>,
) -> Result<Auth> {
    let settings = &config.auth;
    let secrets = Secrets::of(settings, folder).await?;
    let auth = AuthConfig {
        earlier_secrets: secrets.earlier,
        signing: signing(settings),
        access_lifetime: settings.access_minutes * MINUTE,
        refresh_absolute: settings.session_days * DAY,
        recent: settings.recent_minutes * MINUTE,
        audit_retention: (settings.audit_days > 0).then(|| settings.audit_days * DAY),
        display_name: settings.display_name.clone(),
        public_url: config.server.public_url.clone(),
        mailer: mailer(&config.mail, folder)?,
        registration: match settings.registration {
            Registration::Closed => AuthRegistration::Closed,
            Registration::Open => AuthRegistration::Open,
        },
        passwords: policy(&config.passwords),
        hashing: hashing(&config.passwords),
        breaches: breaches(&config.passwords)?,
        plans: config.tenants.all()?,
        plan: config.tenants.usual()?,
        ..AuthConfig::new(database.clone(), secrets.current)
    };
    let auth = with_providers(auth, settings)?;
    Ok(Auth::open(with_instances(auth, config)?).await?)
}

/// Providers that people may sign in with, and what reaches them.
#[cfg(feature = "oidc")]
fn with_providers(auth: AuthConfig, settings: &AuthSettings) -> Result<AuthConfig> {
    use karen_auth::HttpTransport;

    if settings.oidc.is_empty() {
        return Ok(auth);
    }
    let oidc = settings.oidc.iter();
    let oidc: Result<_> = oidc.map(|(name, one)| provider(name, one)).collect();
    Ok(AuthConfig {
        oidc: oidc?,
        oidc_transport: Some(Arc::new(HttpTransport::new()?)),
        ..auth
    })
}

#[cfg(feature = "oidc")]
fn provider(name: &str, settings: &OidcSettings) -> Result<karen_auth::OidcConfig> {
    use karen_auth::{ClientSecret, OidcConfig, TenantId};

    let file = &settings.client_secret_file;
    let secret = match file.as_os_str().is_empty() {
        true => settings.client_secret.expose().to_owned(),
        false => read(&format!("auth.oidc.{name}.client_secret_file"), file)?,
    };
    let label = Some(settings.label.clone()).filter(|label| !label.is_empty());
    Ok(OidcConfig {
        name: name.to_owned(),
        label: label.unwrap_or_else(|| name.to_owned()),
        issuer: settings.issuer.clone(),
        client_id: settings.client_id.clone(),
        client_secret: Some(secret)
            .filter(|s| !s.is_empty())
            .map(ClientSecret::new),
        scopes: settings.scopes.clone(),
        tenant: TenantId::parse(&settings.tenant)?,
        sign_up: settings.role(),
        email_domains: settings.email_domains.clone(),
    })
}

#[cfg(not(feature = "oidc"))]
fn with_providers(auth: AuthConfig, settings: &AuthSettings) -> Result<AuthConfig> {
    if settings.oidc.is_empty() {
        return Ok(auth);
    }
    let message = "auth.oidc is set, which is not in this build: it takes the feature oidc";
    Err(Error::new(Code::Unsupported, message))
}

/// Limits are counted with the other instances, and each hears at once what another ends.
#[cfg(feature = "redis")]
fn with_instances(auth: AuthConfig, config: &Config) -> Result<AuthConfig> {
    use karen_auth::{RedisBell, RedisConfig, RedisRateLimiter};

    let nodes = config.redis.nodes();
    if nodes.is_empty() {
        return Ok(auth);
    }
    let redis = RedisConfig::new(&config.data.namespace, nodes);
    Ok(AuthConfig {
        limiter: Some(Arc::new(RedisRateLimiter::new(&redis)?)),
        bell: Some(Arc::new(RedisBell::new(&redis)?)),
        ..auth
    })
}

#[cfg(not(feature = "redis"))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "with the feature an address may be none"
)]
fn with_instances(auth: AuthConfig, _: &Config) -> Result<AuthConfig> {
    Ok(auth)
}

fn signing(settings: &AuthSettings) -> Signing {
    let algorithm = match settings.signing {
        SigningSetting::Hs256 => return Signing::Secret,
        SigningSetting::Es256 => SigningAlgorithm::Es256,
        SigningSetting::EdDsa => SigningAlgorithm::EdDsa,
        SigningSetting::Rs256 => SigningAlgorithm::Rs256,
    };
    Signing::Stored {
        algorithm,
        rotate_after: settings.rotate_days * DAY,
    }
}

fn policy(settings: &PasswordSettings) -> PasswordPolicy {
    PasswordPolicy {
        chars_min: settings.chars_min,
        chars_min_with_second_factor: settings.chars_min_with_second_factor,
        history: settings.history,
    }
}

fn hashing(settings: &PasswordSettings) -> HashingConfig {
    let default = HashingConfig::default();
    HashingConfig {
        memory_kib: settings.memory_kib,
        passes: settings.passes,
        at_once: match settings.at_once {
            0 => default.at_once,
            at_once => at_once as usize,
        },
        ..default
    }
}

/// The list that new passwords are asked for.
#[cfg(feature = "breaches")]
fn breaches(settings: &PasswordSettings) -> Result<Option<Breaches>> {
    if settings.breach_list.is_empty() {
        return Ok(None);
    }
    let list = karen_auth::HttpBreachList::new(&settings.breach_list)?;
    Ok(Some(Breaches {
        list: Arc::new(list),
        required: settings.breach_list_required,
    }))
}

#[cfg(not(feature = "breaches"))]
fn breaches(settings: &PasswordSettings) -> Result<Option<Breaches>> {
    if settings.breach_list.is_empty() {
        return Ok(None);
    }
    let message =
        "passwords.breach_list is set, which is not in this build: it takes the feature breaches";
    Err(Error::new(Code::Unsupported, message))
}

fn mailer(settings: &MailSettings, folder: Option<&DataFolder>) -> Result<Option<Arc<dyn Mailer>>> {
    let from = Email::parse(&settings.from).map_err(|e| {
        let message = "mail.from is no address such as karen@example.com";
        Error::new(Code::InvalidArgument, message).caused_by(e)
    })?;
    match settings.transport {
        MailTransport::None => Ok(None),
        MailTransport::Files => Ok(outbox(settings, folder, from)),
        MailTransport::Smtp => smtp(settings, from).map(Some),
    }
}

/// None where everything is in memory and no folder is named: nobody would look into it.
fn outbox(
    settings: &MailSettings,
    folder: Option<&DataFolder>,
    from: Email,
) -> Option<Arc<dyn Mailer>> {
    let own = || folder.map(|folder| folder.path().join(OUTBOX));
    let named = Some(settings.folder.clone()).filter(|path| !path.as_os_str().is_empty());
    let folder = named.or_else(own)?;
    Some(Arc::new(FileOutbox::new(folder, from)))
}

#[cfg(feature = "smtp")]
fn smtp(settings: &MailSettings, from: Email) -> Result<Arc<dyn Mailer>> {
    use karen_auth::{SmtpConfig, SmtpMailer, SmtpTls};

    use crate::config::MailTls;

    let (tls, usual_port) = match settings.tls {
        MailTls::Implicit => (SmtpTls::Implicit, 465),
        MailTls::Upgrade => (SmtpTls::Upgrade, 587),
        MailTls::Plain => (SmtpTls::Plain, 25),
    };
    let config = SmtpConfig {
        host: settings.host.clone(),
        port: Some(settings.port)
            .filter(|port| *port != 0)
            .unwrap_or(usual_port),
        tls,
        credentials: credentials(settings)?,
        from,
    };
    Ok(Arc::new(SmtpMailer::new(config)?))
}

#[cfg(feature = "smtp")]
fn credentials(settings: &MailSettings) -> Result<Option<(String, String)>> {
    if settings.user.is_empty() {
        return Ok(None);
    }
    let file = &settings.password_file;
    let password = match file.as_os_str().is_empty() {
        true => settings.password.expose().to_owned(),
        false => read("mail.password_file", file)?,
    };
    Ok(Some((settings.user.clone(), password)))
}

#[cfg(not(feature = "smtp"))]
fn smtp(_: &MailSettings, _: Email) -> Result<Arc<dyn Mailer>> {
    let message =
        "mail.transport is \"smtp\", which is not in this build: it takes the feature smtp";
    Err(Error::new(Code::Unsupported, message))
}

/// The text of a file that a setting names, without the blanks around it.
pub(crate) fn read(setting: &str, file: &Path) -> Result<String> {
    let text = std::fs::read_to_string(file).map_err(|e| {
        let message = format!("{setting} {} cannot be read", file.display());
        Error::new(Code::InvalidArgument, message).caused_by(e)
    })?;
    Ok(text.trim().to_owned())
}
