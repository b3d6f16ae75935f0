//! What slows down those who guess passwords, and locks nobody out.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::{AuthError, AuthErrorKind, Grant, Quota, RateKey, RateLimiter};

/// Tries at one account: five at once, then one in 12 s, and after thirty one a minute. No more
/// than ten reach the hasher in the first minute, and the delay stops growing there.
const ACCOUNT: &[(&str, Quota)] = &[
    ("login.account.minute", quota(5, 12)),
    ("login.account.hour", quota(30, 60)),
];
/// Tries at one account from a device that has logged in to it before: as many as at an account.
const DEVICE: &[(&str, Quota)] = &[
    ("login.device.minute", quota(5, 12)),
    ("login.device.hour", quota(30, 60)),
];
/// Tries from one address, behind which may stand a whole office.
const ADDRESS: (&str, Quota) = ("login.address", quota(60, 2));
/// Tries at the six digits of one account, by somebody who knows its password. A try hits one of
/// three codes in a million, so that who guesses for a year is right with a chance of one in four.
const CODE: (&str, Quota) = ("code.account", quota(10, 360));
/// Mails to one address, so that nobody's mailbox is flooded.
const MAIL: (&str, Quota) = ("mail.email", quota(3, 600));
/// Mails that one network address asks for.
const MAIL_ADDRESS: (&str, Quota) = ("mail.address", quota(10, 60));
/// New accounts from one address.
const REGISTER: (&str, Quota) = ("register.address", quota(5, 60));

const fn quota(burst: u32, period_s: u64) -> Quota {
    Quota {
        burst,
        period: Duration::from_secs(period_s),
    }
}

/// Counts tries to log in and to register.
#[derive(Clone)]
pub(crate) struct Throttle(Arc<dyn RateLimiter>);

impl Throttle {
    pub(crate) fn new(limiter: Arc<dyn RateLimiter>) -> Self {
        Self(limiter)
    }

    /// Counts a try at the account that `email` names, whether or not there is one.
    ///
    /// # Errors
    /// `RateLimited`, with the time of the next try that counts.
    pub(crate) async fn log_in(
        &self,
        email: &str,
        address: Option<IpAddr>,
    ) -> Result<(), AuthError> {
        self.visit(address).await?;
        for limit in ACCOUNT {
            self.take(limit, email).await?;
        }
        Ok(())
    }

    /// Counts a try from a device that has logged in to the account before, whoever else tries.
    ///
    /// # Errors
    /// `RateLimited`.
    pub(crate) async fn log_in_from_known(
        &self,
        device: &str,
        address: Option<IpAddr>,
    ) -> Result<(), AuthError> {
        self.visit(address).await?;
        for limit in DEVICE {
            self.take(limit, device).await?;
        }
        Ok(())
    }

    /// Counts a try from an address at nobody in particular.
    ///
    /// # Errors
    /// `RateLimited`.
    pub(crate) async fn visit(&self, address: Option<IpAddr>) -> Result<(), AuthError> {
        match address {
            Some(address) => self.take(&ADDRESS, &address_block(address)).await,
            None => Ok(()),
        }
    }

    /// Forgets the tries at an account whose password was right.
    pub(crate) async fn forgive(&self, email: &str) -> Result<(), AuthError> {
        for (class, _) in ACCOUNT {
            self.0.reset(&RateKey::new(class, email)).await?;
        }
        Ok(())
    }

    /// Counts a try at the authenticator of an account.
    ///
    /// # Errors
    /// `RateLimited`.
    pub(crate) async fn code(&self, account: &str) -> Result<(), AuthError> {
        self.take(&CODE, account).await
    }

    /// Forgets the tries at an authenticator whose code was right.
    pub(crate) async fn forgive_codes(&self, account: &str) -> Result<(), AuthError> {
        self.0.reset(&RateKey::new(CODE.0, account)).await
    }

    /// Counts a mail to `email`, whether or not there is an account.
    ///
    /// # Errors
    /// `RateLimited`.
    pub(crate) async fn mail(&self, email: &str, from: Option<IpAddr>) -> Result<(), AuthError> {
        if let Some(address) = from {
            self.take(&MAIL_ADDRESS, &address_block(address)).await?;
        }
        self.take(&MAIL, email).await
    }

    /// Counts a new account.
    ///
    /// # Errors
    /// `RateLimited`.
    pub(crate) async fn register(&self, address: Option<IpAddr>) -> Result<(), AuthError> {
        match address {
            Some(address) => self.take(&REGISTER, &address_block(address)).await,
            None => Ok(()),
        }
    }

    async fn take(&self, (class, quota): &(&str, Quota), subject: &str) -> Result<(), AuthError> {
        match self.0.take(&RateKey::new(class, subject), quota).await? {
            Grant::Granted { .. } => Ok(()),
            Grant::Denied { retry_after } => {
                let seconds = retry_after.as_millis().div_ceil(1000);
                let reason = format!("too many tries: wait {seconds} s");
                let error = AuthError::new(AuthErrorKind::RateLimited, "do this", reason);
                Err(error.after(retry_after))
            }
        }
    }
}

/// One IPv4 address, or the /64 that one IPv6 host can pick from.
fn address_block(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests;
