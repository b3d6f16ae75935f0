//! Tokens: what is handed out, and what is believed when it comes back.

mod access;
mod believed;
mod device;
mod jws;
mod opaque;
mod refresh;

pub(crate) use access::{AccessTokens, Bearer, Disbelief};
pub(crate) use believed::BelievedTokens;
pub(crate) use device::DeviceKey;
pub use opaque::TokenHash;
pub(crate) use opaque::{API_KEY_PREFIX, CHALLENGE_PREFIX, LINK_PREFIX, SETUP_PREFIX, draw};
pub(crate) use refresh::{RefreshKey, RefreshTicket, Reuse, judge};

use std::fmt;
use std::time::Duration;

use crate::Account;

macro_rules! secret_text {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(Box<str>);

        impl $name {
            pub(crate) fn new(text: String) -> Self {
                Self(text.into())
            }

            /// The text, to be handed to its owner and to nobody else.
            #[must_use]
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(***)"))
            }
        }
    };
}

secret_text! {
    /// Opens the doors for some minutes: a JWT after RFC 9068.
    AccessToken
}
secret_text! {
    /// Fetches the next access token. Each use answers with the one to use next.
    RefreshToken
}
secret_text! {
    /// Tells that somebody has logged in from a device before; good for 400 days. It opens nothing.
    DeviceToken
}
secret_text! {
    /// Creates the first account, once.
    SetupToken
}
secret_text! {
    /// The text of an API key, shown once, when it is made.
    ApiKeySecret
}

secret_text! {
    /// A login that needs a code to be finished; good for five minutes and five tries.
    LogInChallenge
}

secret_text! {
    /// A sign-in on its way to a provider and back, sealed; the browser that began it keeps it.
    OidcFlow
}

/// Where a login stands after the password was right.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LogIn {
    /// It is done.
    SignedIn(SignedIn),
    /// It takes a code: [`Auth::finish_log_in`](crate::Auth::finish_log_in); or a passkey:
    /// [`Auth::begin_passkey_step`](crate::Auth::begin_passkey_step).
    CodeNeeded(LogInChallenge),
}

/// What somebody gets who has logged in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignedIn {
    /// For the `Authorization` of requests.
    pub access: AccessToken,
    /// For [`Auth::refresh`](crate::Auth::refresh).
    pub refresh: RefreshToken,
    /// For the device to keep, and to show at its next login: [`Device::known`](crate::Device::known).
    /// `None` where nobody has logged in, but refreshed.
    pub device: Option<DeviceToken>,
    /// How long the access token is good for.
    pub expires_in: Duration,
    /// Who it is.
    pub account: Account,
}
