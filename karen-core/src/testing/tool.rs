//! The suite of [`Tool`].

use karen_auth::Principal;
use serde_json::Value;

use crate::tool::{Plugins, Tool, ToolInvocation};

/// Checks the contract that [`Tool`] states; `arguments` are some that it takes.
///
/// # Panics
/// With what is not as promised.
pub async fn tool(tool: impl Tool + 'static, arguments: Value) {
    let principal = Principal::local();
    let call = ToolInvocation {
        principal: &principal,
        arguments: &arguments,
    };
    assert_eq!(
        tool.spec(),
        tool.spec(),
        "what it says of itself does not change"
    );
    drop(tool.call(call));
    let (first, second) = futures::future::join(tool.call(call), tool.call(call)).await;
    first.expect("answers while another call runs");
    second.expect("answers while another call runs");
    let plugins = Plugins::default();
    plugins
        .register(tool)
        .expect("its name and parameters are as they must be");
}
