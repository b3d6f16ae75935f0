//! How long a chat is, before it is answered.

use axum::extract::State;
use karen_core::{Code, Permission};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::choice::ToolChoiceIn;
use super::content::{Content, MessageIn};
use super::request::{ToolIn, messages, tools};
use crate::app::App;
use crate::extract::{Caller, Json};
use crate::problem::Problem;
use crate::routes::Routes;
use crate::routes::openai::named;

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(count_tokens))
}

/// A chat as it would be sent. What changes the answer alone is accepted and not used.
#[derive(Deserialize, ToSchema)]
#[schema(as = AnthropicCountTokensRequest)]
#[serde(deny_unknown_fields)]
struct CountTokensRequest {
    /// `default` asks for the default model.
    model: String,
    messages: Vec<MessageIn>,
    system: Option<Content>,
    #[serde(default)]
    tools: Vec<ToolIn>,
    #[serde(default)]
    tool_choice: ToolChoiceIn,
    #[serde(rename = "output_config")]
    #[schema(value_type = Option<Object>)]
    _output_config: Option<Value>,
    #[serde(rename = "thinking")]
    #[schema(value_type = Option<Object>)]
    _thinking: Option<Value>,
    #[serde(rename = "cache_control")]
    #[schema(value_type = Option<Object>)]
    _cache_control: Option<Value>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AnthropicTokenCount)]
struct TokenCount {
    /// Of the whole prompt, as the model counts them, or as near as can be told without asking its
    /// provider.
    input_tokens: u32,
}

/// Count the tokens of a chat, for Anthropic's clients
#[utoipa::path(
    post, path = "/v1/messages/count_tokens", tag = "anthropic",
    responses((status = 200, body = TokenCount)),
)]
async fn count_tokens(
    State(app): State<App>,
    Caller(session): Caller,
    Json(request): Json<CountTokensRequest>,
) -> Result<Json<TokenCount>, Problem> {
    session.principal().require(Permission::ModelsUse)?;
    let models = app.karen.models();
    let nobody = || Problem::new(Code::ModelMissing, "no model is loaded").at("/model");
    let asked = named(&request.model)?.or_else(|| models.default_name());
    let model = asked.ok_or_else(nobody)?;
    let messages = messages(request.system, request.messages)?;
    let tools = tools(request.tools, &request.tool_choice)?;
    let input_tokens = models.count_prompt(&model, &messages, &tools).await?;
    Ok(Json(TokenCount { input_tokens }))
}
