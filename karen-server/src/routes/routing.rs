//! Names that stand for models.

use axum::extract::State;
use axum::http::StatusCode;
use karen_core::infer::{Choose, ModelName, Route, RouteInfo};
use karen_core::{Code, Permission};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;
use crate::app::App;
use crate::extract::{Caller, Json, Path};
use crate::problem::Problem;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_routes))
        .routes(routes!(put_route, remove_route))
}

#[derive(Serialize, ToSchema)]
#[schema(as = Route)]
struct RouteBody {
    /// What is asked for.
    name: String,
    #[serde(flatten)]
    route: RouteIn,
    /// Whether it is kept; one of the settings is not.
    kept: bool,
    /// The models behind it that failed a moment ago, and are passed over.
    cooling: Vec<CoolingBody>,
}

/// How a name is answered: the first target is chosen, the others answer when it fails.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = RouteTargets)]
#[serde(deny_unknown_fields)]
struct RouteIn {
    /// `order`, `balance` (in turn, by weight) or `split` (by user, by weight).
    #[serde(default)]
    #[schema(value_type = String)]
    choose: Choose,
    /// Models, or further routes.
    targets: Vec<String>,
    /// Shares, one a target; equal if empty.
    #[serde(default)]
    weights: Vec<u32>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CoolingModel)]
struct CoolingBody {
    model: String,
    /// Seconds until it is asked again.
    seconds: u64,
}

#[derive(Serialize, ToSchema)]
struct RouteList {
    data: Vec<RouteBody>,
}

/// The routes
#[utoipa::path(get, path = "/api/v1/routing", tag = "models", responses((status = 200, body = RouteList)))]
async fn list_routes(
    State(app): State<App>,
    Caller(session): Caller,
) -> Result<Json<RouteList>, Problem> {
    session.principal().require(Permission::ModelsRead)?;
    let routes = app.karen.models().routes();
    let data = routes.into_iter().map(RouteBody::of).collect();
    Ok(Json(RouteList { data }))
}

/// Set what a name stands for
#[utoipa::path(put, path = "/api/v1/routing/{name}", tag = "models", responses((status = 204)))]
async fn put_route(
    State(app): State<App>,
    Caller(session): Caller,
    Path(name): Path<String>,
    Json(route): Json<RouteIn>,
) -> Result<StatusCode, Problem> {
    session.principal().require(Permission::ModelsWrite)?;
    let name = ModelName::parse(&name)?;
    app.karen.models().set_route(&name, route.read()?)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove a route; its models stay
#[utoipa::path(delete, path = "/api/v1/routing/{name}", tag = "models", responses((status = 204)))]
async fn remove_route(
    State(app): State<App>,
    Caller(session): Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    session.principal().require(Permission::ModelsWrite)?;
    if app.karen.models().remove_route(&ModelName::parse(&name)?)? {
        return Ok(StatusCode::NO_CONTENT);
    }
    let detail = "there is no such route: list them with GET /api/v1/routing";
    Err(Problem::new(Code::ModelMissing, detail))
}

impl RouteBody {
    fn of(info: RouteInfo) -> Self {
        let cooling = info.cooling.into_iter().map(|(model, left)| CoolingBody {
            model: model.to_string(),
            // Whole seconds, never too early.
            seconds: left.as_secs() + 1,
        });
        Self {
            name: info.name.to_string(),
            route: RouteIn {
                choose: info.route.choose,
                targets: info.route.targets.iter().map(ToString::to_string).collect(),
                weights: info.route.weights,
            },
            kept: info.is_kept,
            cooling: cooling.collect(),
        }
    }
}

impl RouteIn {
    fn read(self) -> Result<Route, Problem> {
        let targets: Result<Vec<ModelName>, _> = self
            .targets
            .iter()
            .map(|target| ModelName::parse(target))
            .collect();
        Ok(Route {
            choose: self.choose,
            targets: targets?,
            weights: self.weights,
        })
    }
}
