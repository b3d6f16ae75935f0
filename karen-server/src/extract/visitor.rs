//! Where a request comes from.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use karen_core::auth::{Device, KnownDevice};

use crate::cookie;
use crate::peer::ClientAddress;

/// The device that somebody logs in from, as it appears in their list of sessions.
pub(crate) struct Visitor(pub(crate) Device);

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let agent = parts
            .headers
            .get(USER_AGENT)
            .and_then(|value| value.to_str().ok());
        let known = cookie::device::token(&parts.headers);
        let address = parts.extensions.get::<ClientAddress>();
        Ok(Self(Device {
            name: agent.map(str::to_owned),
            address: address.map(|address| address.0),
            known: known.map(KnownDevice::new),
        }))
    }
}
