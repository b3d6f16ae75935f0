//! How often somebody may ask: by address, user, key and tenant, and by the kind of route.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use karen_core::auth::{Grant, Quota, RateKey, RateLimiter};
use karen_core::config::LimitSettings;
use karen_core::{Code, Error, Principal};

use crate::problem::Problem;

const MINUTE: Duration = Duration::from_secs(60);
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STANDING: HeaderName = HeaderName::from_static("ratelimit");

/// What kind of route it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RouteClass {
    /// Anybody may call it.
    Open,
    /// It answers at once.
    Prompt,
    /// It takes as long as a model or a large file takes.
    Lasting,
}

/// Counts requests. Clones count together.
#[derive(Clone)]
pub(crate) struct Limits {
    limiter: Arc<dyn RateLimiter>,
    settings: LimitSettings,
}

/// One limit, and who it is for.
struct Limit<'a> {
    name: &'static str,
    per_minute: u32,
    subject: Option<&'a str>,
}

/// Where a caller stands with the limit that is nearest: the fields of
/// draft-ietf-httpapi-ratelimit-headers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standing {
    policies: String,
    nearest: Option<(&'static str, u32, u64)>,
}

impl Limits {
    pub(crate) fn new(limiter: Arc<dyn RateLimiter>, settings: LimitSettings) -> Self {
        Self { limiter, settings }
    }

    /// Counts a request from an address, before it is known who asks.
    pub(crate) async fn visit(
        &self,
        class: RouteClass,
        address: Option<IpAddr>,
    ) -> Result<Standing, (Problem, Standing)> {
        let (name, per_minute) = match class {
            RouteClass::Open => ("open", self.settings.open_requests_per_minute),
            _ => ("address", self.settings.address_requests_per_minute),
        };
        let address = address.map(block_of);
        let subject = address.as_deref();
        self.count(&[Limit {
            name,
            per_minute,
            subject,
        }])
        .await
    }

    /// Counts a request of somebody who is known, whose tenant may make `tenant_per_minute` of them; 0:
    /// as many as any tenant.
    pub(crate) async fn call(
        &self,
        class: RouteClass,
        principal: &Principal,
        tenant_per_minute: u32,
    ) -> Result<Standing, (Problem, Standing)> {
        let settings = &self.settings;
        let (user, tenant) = (principal.account().as_str(), principal.tenant().as_str());
        let lasting = match class {
            RouteClass::Lasting => settings.lasting_requests_per_minute,
            _ => 0,
        };
        let of = |name, per_minute, subject| Limit {
            name,
            per_minute,
            subject,
        };
        let tenant_per_minute = match tenant_per_minute {
            0 => settings.tenant_requests_per_minute,
            own => own,
        };
        let key = principal.api_key().map(karen_core::auth::ApiKeyId::as_str);
        self.count(&[
            of("user", settings.user_requests_per_minute, Some(user)),
            of("key", settings.key_requests_per_minute, key),
            of("tenant", tenant_per_minute, Some(tenant)),
            of("lasting", lasting, Some(user)),
        ])
        .await
    }

    /// The first limit that refuses decides; those before it have counted the request.
    async fn count(&self, limits: &[Limit<'_>]) -> Result<Standing, (Problem, Standing)> {
        let mut standing = Standing::default();
        for limit in limits {
            let (Some(subject), 1..) = (limit.subject, limit.per_minute) else {
                continue;
            };
            let quota = Quota {
                burst: limit.per_minute,
                period: MINUTE / limit.per_minute,
            };
            let key = RateKey::new(limit.name, subject);
            match self.limiter.take(&key, &quota).await {
                Ok(Grant::Granted { left, full_in }) => standing.meet(limit, left, full_in),
                Ok(Grant::Denied { retry_after }) => {
                    standing.meet(limit, 0, retry_after);
                    return Err((too_many(limit, retry_after), standing));
                }
                Err(error) => return Err((error.into(), standing)),
            }
        }
        Ok(standing)
    }
}

impl Standing {
    fn meet(&mut self, limit: &Limit<'_>, left: u32, wait: Duration) {
        let gap = if self.policies.is_empty() { "" } else { ", " };
        let Limit {
            name, per_minute, ..
        } = limit;
        self.policies
            .push_str(&format!("{gap}\"{name}\";q={per_minute};w=60"));
        if self.nearest.is_none_or(|(_, nearest, _)| left < nearest) {
            self.nearest = Some((name, left, seconds(wait)));
        }
    }

    /// Says it in the headers of an answer.
    pub(crate) fn tell(&self, headers: &mut HeaderMap) {
        let Some((name, left, wait)) = self.nearest else {
            return;
        };
        let text = |text: &str| HeaderValue::from_str(text).expect("names and numbers");
        headers.append(POLICY, text(&self.policies));
        headers.append(STANDING, text(&format!("\"{name}\";r={left};t={wait}")));
    }
}

fn too_many(limit: &Limit<'_>, wait: Duration) -> Problem {
    let whose = match limit.name {
        "open" | "address" => "from your network address",
        "key" => "with this key",
        "tenant" => "of your tenant",
        _ => "of yours",
    };
    let seconds = seconds(wait);
    let message = format!("too many requests {whose} in a minute: wait {seconds} s");
    Error::new(Code::RateLimited, message)
        .retry_after(wait)
        .into()
}

/// Whole seconds, never too few.
fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// One IPv4 address, or the /64 that one IPv6 host can pick from.
fn block_of(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}
